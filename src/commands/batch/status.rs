//! `j2v batch --status`: the state of batches, from the ledger alone.

use serde_json::{Map, Value, json};

use super::super::session::{self, ledger_failed};
use super::super::{Call, CliError};
use super::{command, command_that_waits};
use crate::exit::Exit;
use crate::ledger::batch::{Batch, BatchStatus, Tally, Worker};
use crate::ledger::{Render, RenderId, Store};
use crate::output::table::{self, Cell};
use crate::quantity::counted;
use crate::render::state::State;
use crate::world::World;

/// Failing rows that are shown of each batch.
const SHOWN: usize = 20;

/// Rows that one query reads from the ledger.
const PAGE: u32 = 500;

/// Not accepted yet.
const QUEUED: &[State] = &[State::Intent, State::Rejected];

/// It is unknown whether they were accepted.
const UNKNOWN: &[State] = &[State::Sending, State::Unknown, State::Held];

/// Accepted and not ended.
const RENDERING: &[State] = &[State::Bound];

/// Rendered.
const DONE: &[State] = &[State::Done, State::Deleted, State::Expired];

/// Ended in another way.
const FAILED: &[State] = &[State::Error, State::Timeout, State::Abandoned];

pub(super) async fn run(call: &Call, json: bool, name: Option<&str>) -> anyhow::Result<Exit> {
    let store = session::store_to_read(call).await?;
    let standings = store.batches(None, name.map(str::to_owned)).await.map_err(ledger_failed)?;
    if let Some(name) = name.filter(|_| standings.is_empty()) {
        let known = session::spell(call, &["batch", "--status"]);
        return Err(CliError::new(Exit::Usage, format!("the ledger has no batch called {name}")).then(known).into());
    }
    if json {
        for standing in &standings {
            let workers = if name.is_some() { Some(workers(store.as_ref(), standing).await?) } else { None };
            call.out.data(&facts(standing, workers.as_deref()).to_string());
        }
        return Ok(Exit::Done);
    }
    let head = ["BATCH", "ROWS", "QUEUED", "UNKNOWN", "RENDERING", "DONE", "FAILED", "CREDITS", "BUDGET", "STARTED", "ENDED"];
    show_table(call, &head, standings.iter().map(row));
    if name.is_some() {
        for standing in &standings {
            show_workers(call, &workers(store.as_ref(), standing).await?);
            show_failing(call, store.as_ref(), standing).await?;
        }
    }
    Ok(Exit::Done)
}

fn show_table(call: &Call, head: &[&str], rows: impl Iterator<Item = Vec<Cell>>) {
    for line in table::list(head, rows, call.settings.canvas, World::real().now()) {
        call.out.drawn(&line);
    }
}

fn row(standing: &BatchStatus) -> Vec<Cell> {
    let BatchStatus { batch, tally } = standing;
    let count = |states: &[State]| tally.rows(states).to_string();
    let limits = [batch.budget.renders.map(|cap| counted(cap, "render")), batch.budget.credits.map(|cap| counted(cap, "credit"))];
    vec![
        batch.name.clone().into(),
        tally.all().rows.to_string().into(),
        count(QUEUED).into(),
        count(UNKNOWN).into(),
        count(RENDERING).into(),
        count(DONE).into(),
        count(FAILED).into(),
        format!("{:.0}", spent(tally)).into(),
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ").into(),
        Cell::Time(Some(batch.created_at)),
        batch.ended_at.map_or_else(|| "open".into(), |at| Cell::Time(Some(at))),
    ]
}

/// The cost of all generations, as far as the service reported it.
fn spent(tally: &Tally) -> f64 {
    tally.all().consumed + tally.earlier.consumed
}

async fn workers(store: &dyn Store, standing: &BatchStatus) -> anyhow::Result<Vec<Worker>> {
    let Batch { space, name, .. } = standing.batch.clone();
    Ok(store.workers(space, name).await.map_err(ledger_failed)?)
}

/// The workers, for people: those at work, and those that died in the middle of something.
fn show_workers(call: &Call, workers: &[Worker]) {
    let (shown, gone): (Vec<_>, Vec<_>) = workers.iter().partition(|worker| worker.is_alive || worker.sending > 0);
    if !shown.is_empty() {
        call.out.data("");
        show_table(call, &["WORKER", "IS", "SUBMITTED", "SENDING", "LAST"], shown.into_iter().map(worker));
    }
    if !gone.is_empty() {
        let rows: u64 = gone.iter().map(|worker| worker.claimed).sum();
        let processes = if gone.len() == 1 { "1 earlier process".to_owned() } else { format!("{} earlier processes", gone.len()) };
        call.out.note(&format!("{processes} submitted {}", counted(rows, "row")));
    }
}

fn worker(worker: &Worker) -> Vec<Cell> {
    let is = if worker.is_alive { "at work" } else { "gone" };
    let (claimed, sending) = (worker.claimed.to_string(), worker.sending.to_string());
    vec![worker.name.clone().into(), is.into(), claimed.into(), sending.into(), Cell::Time(Some(worker.last_at))]
}

/// A batch as an object; `workers` are included when it is asked for by name.
fn facts(standing: &BatchStatus, workers: Option<&[Worker]>) -> Value {
    let workers = workers.map(|workers| workers.iter().map(worker_facts).collect::<Vec<_>>());
    let BatchStatus { batch, tally } = standing;
    let states: Map<String, Value> = tally.current.iter().map(|(state, count)| (state.as_str().to_owned(), count.rows.into())).collect();
    let all = tally.all();
    json!({
        "batch": batch.name,
        "account": batch.space.account,
        "endpoint": batch.space.endpoint,
        "source": batch.source,
        "rows": all.rows,
        "queued": tally.rows(QUEUED),
        "unknown": tally.rows(UNKNOWN),
        "rendering": tally.rows(RENDERING),
        "done": tally.rows(DONE),
        "failed": tally.rows(FAILED),
        "states": states,
        "renders": all.paid_rows + tally.earlier.paid_rows,
        "credits": spent(tally),
        "credits_estimated": all.estimated + tally.earlier.estimated,
        "max_renders": batch.budget.renders,
        "max_credits": batch.budget.credits,
        "created_at": batch.created_at.to_iso(),
        "ended_at": batch.ended_at.map(crate::world::Timestamp::to_iso),
        "workers": workers,
    })
}

fn worker_facts(worker: &Worker) -> Value {
    json!({
        "name": worker.name,
        "alive": worker.is_alive,
        "submitted": worker.claimed,
        "sending": worker.sending,
        "last_at": worker.last_at.to_iso(),
    })
}

/// The rows that need a decision, for people.
async fn show_failing(call: &Call, store: &dyn Store, standing: &BatchStatus) -> anyhow::Result<()> {
    let batch = &standing.batch;
    let (mut after, mut shown) = (RenderId(0), 0);
    let mut left = standing.tally.rows(FAILED) + standing.tally.rows(&[State::Held, State::Rejected]);
    while left > 0 && shown < SHOWN {
        let page = store.members(batch.space.clone(), batch.name.clone(), after, PAGE).await.map_err(ledger_failed)?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for render in page.iter().filter(|render| needs_somebody(render)).take(SHOWN - shown) {
            call.out.note(&line(render));
            if render.submission.state == State::Held {
                call.out.hint(&session::spell(call, &["settle", &render.full_name()]));
            }
            shown += 1;
            left = left.saturating_sub(1);
        }
    }
    if left > 0 {
        call.out.note(&format!("and {left} more"));
    }
    for run in next_runs(call, standing) {
        call.out.hint(&run);
    }
    Ok(())
}

/// The runs of the batch that have something to do.
fn next_runs(call: &Call, standing: &BatchStatus) -> Vec<String> {
    let BatchStatus { batch, tally } = standing;
    let has = |states: &[State]| tally.rows(states) > 0;
    let mut runs = Vec::new();
    if has(QUEUED) || has(&[State::Sending, State::Unknown]) {
        runs.push(command(call, batch, &[]));
    } else if has(RENDERING) || has(&[State::Timeout]) {
        runs.push(command_that_waits(call, batch));
    }
    if has(&[State::Error]) {
        runs.push(command(call, batch, &["--retry-failed"]));
    }
    runs
}

fn needs_somebody(render: &Render) -> bool {
    let state = render.submission.state;
    FAILED.contains(&state) || matches!(state, State::Held | State::Rejected)
}

fn line(render: &Render) -> String {
    let row = render.row.map(|row| format!("row {}, ", row.number)).unwrap_or_default();
    let message = render.report.as_ref().and_then(|report| report.message.clone());
    let message = message.or_else(|| render.refusal.as_ref().map(|refusal| refusal.message.clone()));
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    format!("{row}{}: {}{message}", render.key, render.submission.state.as_str())
}
