//! The accepted renders of a batch: the poller follows them, and each row ends as the poller says.

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::pipeline::Pipeline;
use super::row::{Accepted, How};
use crate::ledger::{LedgerError, RenderId};
use crate::render::outcome::Reason;
use crate::work::poll::{PollResult, Watched, poll_many};
use crate::work::send::StopReason;

/// Follows every render that `incoming` delivers, as long as the pipeline lives.
pub(super) async fn follow_all(pipeline: &Pipeline<'_>, incoming: UnboundedReceiver<(Accepted, Watched)>) -> Result<(), LedgerError> {
    let Some(follow) = pipeline.run.follow else { return std::future::pending().await };
    let (sender, mut poll_results) = unbounded_channel();
    let times = (follow.poll_interval, follow.timeout);
    let polling = poll_many(pipeline.context.clone(), incoming, times, all_end(pipeline), sender);
    let ending = async {
        while let Some((Accepted { row, id }, poll_result)) = poll_results.recv().await {
            pipeline.finish(row, how(id, poll_result));
        }
        Ok(())
    };
    tokio::try_join!(polling, ending).map(drop)
}

/// Returns how all rows end, once the key is refused, the run is interrupted or the ledger failed.
async fn all_end(pipeline: &Pipeline<'_>) -> PollResult {
    pipeline.limits.until_stopped().await;
    match pipeline.limits.stopped() {
        Some(StopReason::Refused(refusal)) if refusal.reason == Reason::Key => PollResult::Refused(refusal),
        Some(StopReason::Interrupted | StopReason::Ledger(_)) => PollResult::Interrupted(None),
        // What was accepted is followed although nothing more is sent.
        _ => std::future::pending().await,
    }
}

fn how(id: RenderId, poll_result: PollResult) -> How {
    match poll_result {
        PollResult::Ended(_) | PollResult::Looked(_) => How::Ended(id),
        PollResult::Runs { .. } | PollResult::Unreachable(_) | PollResult::Broken(_) => How::Runs(id),
        PollResult::Missing => How::Missing(id),
        PollResult::Refused(refusal) => How::Refused(id, Box::new(refusal)),
        PollResult::Interrupted(_) => How::Interrupted(id),
    }
}
