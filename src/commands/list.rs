//! `j2v list`: the renders on the server, newest first.

use std::time::Duration;

use serde_json::Value;

use super::session::{Session, unreadable};
use super::{Call, CliError};
use crate::cli::ListArgs;
use crate::exit::Exit;
use crate::output::table::{self, Cell};
use crate::policy::{READING_LIST, RETENTION};
use crate::render::event::{Outcome, OutcomeStatus};
use crate::render::identity::Key;
use crate::render::line;
use crate::render::outcome::{Report, Status};
use crate::service::page::Window;
use crate::work::search::token;
use crate::world::Timestamp;

pub(super) async fn run(call: &Call, args: &ListArgs) -> anyhow::Result<Exit> {
    let session = Session::of_what_is_there(call).await?;
    let now = session.context.world.now();
    let to = args.to.map_or(now.plus(Duration::from_secs(60)), |to| to.end(now));
    let from = args.from.map_or_else(|| to.min(now).minus(RETENTION), |from| from.start(now));
    if from > to {
        return Err(CliError::new(Exit::Usage, "--from is after --to").into());
    }
    let sweep = session.context.client.sweep(Window { from, to }, READING_LIST).await.map_err(|error| unreadable(&error))?;
    if !sweep.whole {
        call.out.warning("the list is incomplete: a page of the service's was missing or unreadable");
    }
    let mut reports = sweep.reports;
    reports.retain(|report| args.status.is_empty() || args.status.iter().any(|word| word == report.status.as_str()));
    reports.sort_by_key(|report| std::cmp::Reverse(report.created_at));
    reports.truncate(args.limit.unwrap_or(usize::MAX));
    if args.json {
        for report in &reports {
            call.out.data(&facts(report).to_string());
        }
    } else {
        // A script that splits the lines gets no header.
        let is_for_people = call.settings.canvas.terminal.is_some() && !reports.is_empty();
        let head: &[&str] = if is_for_people { &["PROJECT", "STATUS", "CREATED", "LENGTH", "KEY", "RESULT"] } else { &[] };
        for line in table::list(head, reports.iter().map(row), call.settings.canvas, now) {
            call.out.drawn(&line);
        }
    }
    session.close().await;
    Ok(Exit::Done)
}

fn outcome(report: &Report) -> Outcome {
    let status = match report.status {
        Status::Pending => OutcomeStatus::Pending,
        Status::Running | Status::Other(_) => OutcomeStatus::Running,
        Status::Done => OutcomeStatus::Done,
        Status::Error => OutcomeStatus::Error,
        Status::Timeout => OutcomeStatus::Timeout,
        Status::Deleted => OutcomeStatus::Deleted,
    };
    Outcome {
        project: Some(report.project.clone()),
        key: token(report).and_then(|token| Key::parse(token.spelled_key()).ok()),
        message: report.message.clone(),
        report: Some(report.clone()),
        ..Outcome::new(status)
    }
}

fn facts(report: &Report) -> Value {
    let mut facts = line::facts(&outcome(report));
    let time = |at: Option<Timestamp>| at.map_or(Value::Null, |at| at.to_iso().into());
    facts["created_at"] = time(report.created_at);
    facts["ended_at"] = time(report.ended_at);
    facts["kept_until"] = time(report.kept_until());
    facts
}

fn row(report: &Report) -> Vec<Cell> {
    let detail = report.message.clone().or_else(|| report.url.clone()).unwrap_or_default();
    vec![
        report.project.to_string().into(),
        Cell::State(report.status.as_str().to_owned()),
        Cell::Time(report.created_at),
        report.duration.as_ref().map(|seconds| format!("{seconds} s")).unwrap_or_default().into(),
        token(report).map(|token| token.spelled_key().to_owned()).unwrap_or_default().into(),
        detail.into(),
    ]
}
