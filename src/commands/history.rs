//! `j2v history`: every render in the ledger, newest first.

use serde_json::json;

use super::Call;
use super::session::{ledger_failed, store_to_read};
use crate::cli::HistoryArgs;
use crate::exit::Exit;
use crate::ledger::{Render, Which};
use crate::output::table;
use crate::service::place::here;
use crate::world::Instant;

pub(super) async fn run(call: &Call, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let rows = store_to_read(call).await?.find(None, Which::All(u32::MAX)).await.map_err(ledger_failed)?;
    if args.json {
        for render in &rows {
            call.out.data(&line(render));
        }
        return Ok(Exit::Done);
    }
    let head = ["CREATED", "BATCH", "KEY", "STATE", "PROJECT", "POSTS", "CREDITS", "SOURCE", "OUTCOME"].map(str::to_owned).to_vec();
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(rows.iter().map(row)).collect();
    for line in table::lay_out(&rows) {
        call.out.data(&line);
    }
    Ok(Exit::Done)
}

/// The key as the token spells it: with its generation from the second on.
fn key(render: &Render) -> String {
    if render.generation == 1 { render.key.to_string() } else { format!("{}#{}", render.key, render.generation) }
}

fn row(render: &Render) -> Vec<String> {
    let report = render.report.as_ref();
    let refusal = render.refusal.as_ref().map(|refusal| refusal.message.clone());
    let outcome = render
        .file
        .as_deref()
        .map(|file| here(file).display().to_string())
        .or_else(|| report.and_then(|report| report.message.clone().or_else(|| report.url.clone())))
        .or(refusal);
    vec![
        render.created_at.to_iso(),
        render.batch().unwrap_or_default().to_owned(),
        key(render),
        render.submission.state.as_str().to_owned(),
        render.submission.project.as_ref().map(ToString::to_string).unwrap_or_default(),
        posts(render).to_string(),
        report.and_then(|report| report.credits).map(|credits| credits.to_string()).unwrap_or_default(),
        render.source.clone(),
        outcome.unwrap_or_default(),
    ]
}

/// How many POSTs were claimed for it.
pub(super) fn posts(render: &Render) -> u32 {
    if render.posted_at.is_some() { render.submission.attempt } else { 0 }
}

/// One render as JSON: all that the ledger knows but the movie and the story.
pub(super) fn facts(render: &Render) -> serde_json::Value {
    let report = render.report.as_ref();
    let time = |at: Option<Instant>| at.map(Instant::to_iso);
    json!({
        "key": render.key.as_str(),
        "generation": render.generation,
        "scope": render.scope,
        "batch": render.batch(),
        "account": render.space.account,
        "endpoint": render.space.endpoint,
        "source": render.source,
        "state": render.submission.state.as_str(),
        "project": render.submission.project.as_ref().map(ToString::to_string),
        "attempts": posts(render),
        "status": report.map(|report| report.status.as_str()),
        "url": report.and_then(|report| report.url.clone()),
        "file": render.file.as_deref().map(here).map(|file| file.to_string_lossy().into_owned()),
        "message": report.and_then(|report| report.message.clone()).or_else(|| render.refusal.as_ref().map(|refusal| refusal.message.clone())),
        "credits": report.and_then(|report| report.credits),
        "duration": report.and_then(|report| report.duration.clone()),
        "movie": render.movie.to_hex(),
        "created_at": render.created_at.to_iso(),
        "posted_at": time(render.posted_at),
        "bound_at": time(render.bound_at),
        "ended_at": time(report.and_then(|report| report.ended_at)),
        "kept_until": time(report.and_then(crate::render::outcome::Report::kept_until)),
    })
}

fn line(render: &Render) -> String {
    facts(render).to_string()
}
