//! Sending rows, a few at once: what each answer means for its row, and what it means for all others.

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::Instant as Tick;

use super::pipeline::Pipeline;
use super::row::{How, Row};
use crate::ledger::{LedgerError, Render};
use crate::policy::{BATCH_THROTTLED_FOR, REFUSED_FOR};
use crate::render::event::{Event, Outcome};
use crate::render::identity::ProjectId;
use crate::render::outcome::Reason;
use crate::service::retry::RetryPolicy;
use crate::work::send::{AHEAD, Admission, PostObserver, Posted, Setback, Slowed, StopReason, post};

/// Sends every row that the queue delivers, as long as the pipeline lives.
pub(super) async fn send_all(pipeline: &Pipeline<'_>, mut queue: mpsc::Receiver<(Row, Render)>) -> Result<(), LedgerError> {
    let workers = pipeline.run.concurrency + pipeline.run.concurrency.div_ceil(4).min(AHEAD);
    let mut out = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some((row, render)) = queue.recv(), if out.len() < workers => out.push(send(pipeline, row, render)),
            Some(()) = out.next(), if !out.is_empty() => {}
            else => std::future::pending().await,
        }
    }
}

/// The result of one attempt.
enum Tried {
    /// The row has another state by now.
    Moved(Box<Render>),
    /// Nothing was sent: try again when it is this row's turn.
    Again(Box<Render>),
    /// The run sends nothing more.
    Unsent,
    /// The row's outcome.
    Over(Box<Outcome>),
}

async fn send(pipeline: &Pipeline<'_>, mut row: Row, mut render: Render) {
    while pipeline.limits.turn().await {
        match pipeline.look_again(row, render).await {
            Some(ready) => (row, render) = ready,
            None => return,
        }
        match attempt(pipeline, &row, &render).await {
            Ok(Tried::Again(next)) => render = *next,
            Ok(Tried::Moved(next)) => return pipeline.route(row, *next).await,
            Ok(Tried::Over(outcome)) => return pipeline.end(row, How::Over(outcome)),
            Ok(Tried::Unsent) => break,
            Err(error) => {
                pipeline.ledger_failed(&error);
                break;
            }
        }
    }
    pipeline.unsent(row, Some(&render));
}

/// One POST. Returns a ledger error only when nothing was accepted.
async fn attempt(pipeline: &Pipeline<'_>, row: &Row, render: &Render) -> Result<Tried, LedgerError> {
    let began = Tick::now();
    let admission = Admission::Paced { limits: pipeline.limits.clone(), slots: pipeline.slots.clone(), looked: row.looked };
    Ok(match post(pipeline.context, render, None, &admission, pipeline).await? {
        Posted::Moved(render) => Tried::Moved(render),
        Posted::Refused(render, refusal) => {
            pipeline.limits.answered();
            // A refusal for the key or the credits applies to every other row, too.
            if matches!(refusal.reason, Reason::Key | Reason::Credits) {
                pipeline.limits.stop(StopReason::Refused(refusal));
            }
            Tried::Moved(render)
        }
        Posted::HeldBack(render) => Tried::Again(render),
        Posted::OverBudget(budget) => {
            pipeline.limits.stop(StopReason::Budget(budget));
            Tried::Unsent
        }
        Posted::Setback(render, setback) => {
            slow_down(pipeline, &setback, began);
            Tried::Again(render)
        }
        Posted::Over(outcome) => Tried::Over(outcome),
        Posted::Unwritten(outcome, error) => {
            pipeline.ledger_failed(&error);
            Tried::Over(outcome)
        }
    })
}

fn slow_down(pipeline: &Pipeline<'_>, setback: &Setback, began: Tick) {
    let why = setback.why(pipeline.context.client.url().host());
    let (policy, retry_after) = match setback {
        Setback::Unconnected(fault) => (RetryPolicy::lasting(REFUSED_FOR).with(fault), None),
        Setback::Throttled { retry_after } => (RetryPolicy::lasting(BATCH_THROTTLED_FOR), *retry_after),
    };
    match pipeline.limits.failed(began, policy, retry_after, pipeline.context.world.fraction()) {
        Slowed::Anew(after) => pipeline.context.tell(&Event::TryingAgain { why, after }),
        Slowed::Already => {}
        Slowed::TooLong => pipeline.limits.stop(StopReason::Unreachable(why)),
    }
}

impl PostObserver for Pipeline<'_> {
    fn accepted(&self, _: &Render, _: &ProjectId) {
        self.limits.answered();
    }

    async fn lost(&self, _: &Render, why: &str) {
        if let Some(open_for) = self.limits.lost() {
            self.context.tell(&Event::Warning(format!(
                "too many answers were lost ({why}): sending pauses for {} s while they are looked for",
                open_for.as_secs_f64()
            )));
        }
    }

    /// The interruption is told once for all rows.
    fn awaits_answer(&self, _: &Render) {}
}
