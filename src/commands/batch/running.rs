//! The run itself: rows from the table; outcomes to people, to stdout and into the file.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::mpsc;

use super::super::session::{Session, ledger_failed};
use super::super::waiting::{self, PollMode};
use super::super::{Call, CliError};
use super::outcomes::{Commands, Outcomes};
use super::preflight::CheckedRows;
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::ledger::RenderQuery;
use crate::ledger::batch::Batch;
use crate::quantity::counted;
use crate::render::event::{Event, Listener};
use crate::render::schedule::PollInterval;
use crate::render::state::OnUnknown;
use crate::service::page::Window;
use crate::work::Context;
use crate::work::batch::{Follow, Run, StopReason, Survey, run as run_batch};
use crate::work::save::Saving;

/// How long the query for the account's balance may take.
const BALANCE: Duration = Duration::from_secs(5);

/// Chunks of rows that wait for the run: the next one is made while one is placed.
const CHUNKS: usize = 1;

pub(super) async fn run(call: &Call, args: &BatchArgs, batch: Batch, checked: CheckedRows, saving: Option<Saving>) -> anyhow::Result<Exit> {
    let mut outcomes = Outcomes::new(call, args, checked.rows, checked.for_excel)?;
    let mut session = Session::without_past(call).await?;
    session.context.listener = Arc::new(Few(Arc::clone(&session.context.listener)));
    let context = session.context.clone();
    let standing = context.store.keep(batch.clone()).await.map_err(ledger_failed)?;
    tell_of_budget(call, args, &standing.batch);
    compare_with_balance(call, &context, &checked.survey).await;
    let run = plan(call, args, &batch, &checked, saving, &session);
    let (sender, rows) = mpsc::channel(CHUNKS);
    let table = thread::spawn(move || (checked.feed)(sender));
    let commands = Commands { call, batch: &batch };
    let resume = commands.run(&[]);
    let stopped = tokio::select! {
        // First, so that a run that ends at once for this reason is still explained.
        biased;
        () = tell_of_interruption(call, &resume) => Ok(None),
        stopped = run_batch(&context, &run, rows, |ended| outcomes.end(&ended)) => stopped,
    };
    if table.join().is_err() {
        return Err(CliError::new(Exit::Internal, "the table's reader failed; what was sent is in the ledger").then(resume).into());
    }
    let ended = Batch { ended_at: Some(context.world.now()), ..batch.clone() };
    let stopped = match stopped {
        Ok(stopped) => context.store.keep(ended).await.map(|_| stopped),
        lost => lost,
    };
    // Outcomes that arrived before the ledger was lost are still reported.
    let (stopped, lost) = match stopped {
        Ok(stopped) => (stopped, None),
        Err(error) => (Some(StopReason::Ledger(error.to_string())), Some(ledger_failed(error).exit)),
    };
    let exit = outcomes.finish(stopped.as_ref(), &commands);
    if exit == Exit::Done && !args.no_wait {
        tell_of_rows_elsewhere(call, args, &context, &batch).await;
    }
    session.close().await;
    Ok(if stopped == Some(StopReason::Interrupted) { Exit::Interrupted } else { lost.unwrap_or(exit) })
}

fn plan(call: &Call, args: &BatchArgs, batch: &Batch, checked: &CheckedRows, saving: Option<Saving>, session: &Session) -> Run {
    let locality = session.context.locality;
    let follow = (!args.no_wait).then(|| {
        // Only its warning is used: a batch's time runs from its last submission.
        waiting::patience(call, &session.context, &args.waiting, PollMode::Many);
        Follow { poll_interval: PollInterval::new(locality, args.waiting.interval), timeout: args.waiting.timeout }
    });
    Run {
        name: batch.name.clone(),
        source: batch.source.clone(),
        flags: batch.flags.clone(),
        rows: checked.rows,
        rules: super::rules(args),
        concurrency: args.pace.concurrency.map_or(call.settings.concurrency, usize::from),
        interval: args.pace.rate,
        follow,
        saving,
        tells_client_data: args.json || args.results.is_some(),
        traceable: !args.lost.no_token,
        on_unknown: args.lost.on_unknown.map(OnUnknown::from),
        quarantine: args.lost.quarantine,
        settle_for: args.lost.settle_for,
    }
}

/// Names the paid renders of rows that have left the table: all rows of the table are done, but nothing follows these.
async fn tell_of_rows_elsewhere(call: &Call, args: &BatchArgs, context: &Context, batch: &Batch) {
    // It is a remark: what the run did is reported whether the ledger answers or not.
    let mut left = context.store.find(Some(batch.space.clone()), RenderQuery::Unfinished).await.unwrap_or_default();
    left.retain(|render| render.batch() == Some(batch.name.as_str()));
    if left.is_empty() {
        return;
    }
    let count = counted(left.len(), "render");
    call.out.warning(&format!("the batch has {count} of rows that are not in the table: unfinished, and followed by:"));
    let saved = args.saving.download.iter().flat_map(|place| ["--download", place.as_str()]);
    let words: Vec<&str> = ["poll", "--batch", batch.name.as_str()].into_iter().chain(saved).collect();
    call.out.hint(&context.command.spell(&words));
}

/// The budget of an earlier run still applies. A user whose command line doesn't show it gets a notice.
fn tell_of_budget(call: &Call, args: &BatchArgs, kept: &Batch) {
    if let Some(renders) = kept.budget.renders.filter(|_| args.pace.max_renders.is_none()) {
        call.out.note(&format!("an earlier run set --max-renders {renders} for this batch; --max-renders changes it"));
    }
    if let Some(credits) = kept.budget.credits.filter(|_| args.gate.max_credits.is_none()) {
        call.out.note(&format!("an earlier run set --max-credits {credits} for this batch; --max-credits changes it"));
    }
}

/// Warns of a balance too small for all rows before any credit is spent. Asks the service once; without an answer, no warning.
async fn compare_with_balance(call: &Call, context: &Context, survey: &Survey) {
    let wanted = survey.new.credits.saturating_add(survey.renewed.credits);
    if wanted == 0 {
        return;
    }
    let now = context.world.now();
    let window = Window { from: now.minus(BALANCE), to: now };
    let Some(Ok(page)) = context.unless_interrupted(context.client.list_page(window, None, 1, BALANCE)).await else { return };
    let left = page.remaining_credits.and_then(|left| Some((left, f64::from(u32::try_from(wanted).ok()?))));
    if let Some((left, wanted)) = left.filter(|(left, wanted)| left < wanted) {
        call.out.warning(&format!(
            "the account has {left:.0} credits left, and the rows to send may cost {wanted:.0}: the batch stops when they are used up"
        ));
    }
}

/// Reports at the first Ctrl-C what happens now, because the second ends the process at once. Never returns.
async fn tell_of_interruption(call: &Call, resume: &str) {
    call.interrupt.cancelled().await;
    call.out.note("interrupted: nothing more is sent; waiting up to 10 s for requests under way (interrupt again to leave at once). Accepted renders continue and will be charged. To continue:");
    call.out.hint(resume);
    std::future::pending::<()>().await;
}

/// A listener for the important events of one render among thousands.
struct Few(Arc<dyn Listener>);

impl Listener for Few {
    fn hear(&self, event: &Event) {
        if !matches!(event, Event::FoundAgain { .. } | Event::LookingFor { .. } | Event::Downloading { .. }) {
            self.0.hear(event);
        }
    }
}
