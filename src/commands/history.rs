//! `j2v history`: every render in the ledger, newest first.

use std::collections::HashSet;
use std::fmt;

use serde_json::json;

use super::session::{ledger_failed, store_to_read};
use super::{Call, CliError};
use crate::cli::HistoryArgs;
use crate::exit::Exit;
use crate::ledger::{Render, RenderQuery, Space};
use crate::output::table::{self, Cell};
use crate::quantity::counted;
use crate::render::identity::Key;
use crate::render::state::State;
use crate::service::place::here;
use crate::world::{Timestamp, World};

pub(super) async fn run(call: &Call, args: &HistoryArgs) -> anyhow::Result<Exit> {
    let now = World::real().now();
    let states = args.state.iter().map(|word| known_state(word)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = store_to_read(call).await?.find(None, RenderQuery::All(u32::MAX)).await.map_err(ledger_failed)?;
    let renewed = renewed(&rows);
    rows.retain(|render| is_wanted(render, args, &states, now));
    rows.truncate(args.limit.unwrap_or(usize::MAX));
    if args.sum {
        let sum = Sum::of(&rows);
        call.out.data(&if args.json { sum.to_json() } else { sum.to_string() });
        return Ok(Exit::Done);
    }
    if args.json {
        for render in &rows {
            call.out.data(&line(render));
        }
        return Ok(Exit::Done);
    }
    let head = ["CREATED", "BATCH", "KEY", "STATE", "PROJECT", "POSTS", "CREDITS", "SOURCE", "OUTCOME"];
    for line in table::list(&head, rows.iter().map(|render| row(render, &renewed)), call.settings.canvas, now) {
        call.out.drawn(&line);
    }
    Ok(Exit::Done)
}

/// A state by the word that the list shows.
fn known_state(word: &str) -> Result<State, CliError> {
    State::ALL.into_iter().find(|state| [state.as_str(), state.shown()].contains(&word)).ok_or_else(|| {
        let words = State::ALL.map(State::shown).join(", ");
        CliError::new(Exit::Usage, format!("--state {word}: unknown state; use one of: {words}"))
    })
}

fn is_wanted(render: &Render, args: &HistoryArgs, states: &[State], now: Timestamp) -> bool {
    let in_batch = args.batch.as_ref().is_none_or(|batch| render.scope == *batch);
    let in_state = states.is_empty() || states.contains(&render.submission.state);
    let in_time = args.since.is_none_or(|since| render.created_at >= since.start(now));
    in_batch && in_state && in_time
}

/// The cost of renders, as far as the service reported it.
struct Sum {
    renders: usize,
    credits: f64,
    seconds: f64,
    /// Renders that were accepted and whose cost is not known (yet).
    open: usize,
}

impl Sum {
    fn of(renders: &[Render]) -> Self {
        let reports = || renders.iter().filter_map(|render| render.report.as_ref());
        let is_open =
            |render: &&Render| render.submission.project.is_some() && render.report.as_ref().and_then(|report| report.credits).is_none();
        Self {
            renders: renders.len(),
            credits: total(reports().filter_map(|report| report.credits)),
            seconds: total(reports().filter_map(|report| report.duration.as_ref()?.as_f64())),
            open: renders.iter().filter(is_open).count(),
        }
    }

    fn to_json(&self) -> String {
        json!({"renders": self.renders, "credits": self.credits, "duration": self.seconds, "unknown": self.open}).to_string()
    }
}

/// The sum, 0 of nothing: `Iterator::sum` would begin with -0, and be printed so.
fn total(amounts: impl Iterator<Item = f64>) -> f64 {
    amounts.fold(0.0, |sum, amount| sum + amount)
}

impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}, {} s of video", counted(self.renders, "render"), counted(self.credits, "credit"), self.seconds)?;
        if self.open > 0 { write!(f, "; the cost of {} is unknown", self.open) } else { Ok(()) }
    }
}

/// The keys that have a later generation, each with its space and scope.
fn renewed(rows: &[Render]) -> HashSet<(Space, String, Key)> {
    let later = rows.iter().filter(|render| render.generation > 1);
    later.map(|render| (render.space.clone(), render.scope.clone(), render.key.clone())).collect()
}

/// A key that names this render when it is typed: with the generation, where there are several.
fn key(render: &Render, renewed: &HashSet<(Space, String, Key)>) -> String {
    let is_one_of_several = renewed.contains(&(render.space.clone(), render.scope.clone(), render.key.clone()));
    if is_one_of_several { format!("{}#{}", render.key, render.generation) } else { render.key.to_string() }
}

fn row(render: &Render, renewed: &HashSet<(Space, String, Key)>) -> Vec<Cell> {
    let report = render.report.as_ref();
    let refusal = render.refusal.as_ref().map(|refusal| refusal.message.clone());
    let outcome = render
        .file
        .as_deref()
        .map(|file| here(file).display().to_string())
        .or_else(|| report.and_then(|report| report.message.clone().or_else(|| report.url.clone())))
        .or(refusal);
    vec![
        Cell::Time(Some(render.created_at)),
        render.batch().unwrap_or_default().into(),
        key(render, renewed).into(),
        Cell::State(render.submission.state.shown().to_owned()),
        render.submission.project.as_ref().map(ToString::to_string).unwrap_or_default().into(),
        posts(render).to_string().into(),
        report.and_then(|report| report.credits).map(|credits| credits.to_string()).unwrap_or_default().into(),
        render.source.clone().into(),
        outcome.unwrap_or_default().into(),
    ]
}

/// How many POSTs were claimed for it.
pub(super) fn posts(render: &Render) -> u32 {
    if render.posted_at.is_some() { render.submission.attempt } else { 0 }
}

/// One render as JSON: everything in the ledger except the movie and the history.
pub(super) fn facts(render: &Render) -> serde_json::Value {
    let report = render.report.as_ref();
    let time = |at: Option<Timestamp>| at.map(Timestamp::to_iso);
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
