//! The accepted renders of a batch: the poller follows them, and each row ends as the poller says.

use std::collections::HashMap;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::finish::How;
use super::pipeline::{Pipeline, Row};
use crate::ledger::{LedgerError, Render, RenderId};
use crate::render::outcome::Reason;
use crate::work::poll::{PollResult, Watched, poll_many};
use crate::work::send::StopReason;

/// An accepted render to follow.
pub(super) struct Accepted {
    row: Row,
    id: RenderId,
    watched: Watched,
}

impl Accepted {
    /// The render to follow for a row whose batch has movies of at most `heaviest` bytes; the row itself when its project is
    /// not known.
    pub(super) fn of(row: Row, render: &Render, heaviest: usize) -> Result<Self, Row> {
        match Watched::of_row(render, heaviest) {
            Some(watched) => Ok(Self { row, id: render.id, watched }),
            None => Err(row),
        }
    }
}

/// Follows every render that `incoming` delivers, as long as the pipeline lives.
pub(super) async fn follow_all(pipeline: &Pipeline<'_>, mut incoming: UnboundedReceiver<Accepted>) -> Result<(), LedgerError> {
    let Some(follow) = pipeline.run.follow else { return std::future::pending().await };
    let (to_poller, fed) = unbounded_channel();
    let (sender, mut poll_results) = unbounded_channel();
    let polling = poll_many(pipeline.context.clone(), fed, follow.poll_interval, follow.timeout, sender);
    let mut rows = FollowedRows { pipeline, came: 0, open: HashMap::new() };
    let following = async {
        loop {
            rows.end_if_stopped();
            let is_stopped = pipeline.limits.stopped().is_some();
            tokio::select! {
                Some(accepted) = incoming.recv() => {
                    rows.add(accepted.row, accepted.id);
                    // The poller is gone only when the run is stopping.
                    let _ = to_poller.send(accepted.watched);
                }
                Some((number, poll_result)) = poll_results.recv() => rows.end(number, poll_result),
                () = pipeline.limits.until_stopped(), if !is_stopped => {}
            }
        }
    };
    tokio::pin!(polling, following);
    tokio::select! {
        polled = &mut polling => polled?,
        () = &mut following => {}
    }
    // The poller has stopped for an interruption: what comes still is ended so.
    following.await;
    Ok(())
}

/// The rows that are followed, by the number that the poller has for each.
struct FollowedRows<'a> {
    pipeline: &'a Pipeline<'a>,
    came: usize,
    open: HashMap<usize, (Row, RenderId)>,
}

impl FollowedRows<'_> {
    fn add(&mut self, row: Row, id: RenderId) {
        self.open.insert(self.came, (row, id));
        self.came += 1;
    }

    fn end(&mut self, number: usize, poll_result: PollResult) {
        let Some((row, id)) = self.open.remove(&number) else { return };
        let how = match poll_result {
            PollResult::Ended(_) | PollResult::Looked(_) => How::Ended(id),
            PollResult::Runs { .. } | PollResult::Unreachable(_) | PollResult::Broken(_) => How::Runs(id),
            PollResult::Missing => How::Missing(id),
            PollResult::Refused(refusal) => How::Refused(id, refusal),
            PollResult::Interrupted(_) => How::Interrupted(id),
        };
        self.pipeline.finish(row, how);
    }

    /// Ends every row once the key is refused, the run is interrupted or the ledger failed.
    fn end_if_stopped(&mut self) {
        match self.pipeline.limits.stopped() {
            Some(StopReason::Refused(refusal)) if refusal.reason == Reason::Key => self.end_all(|id| How::Refused(id, refusal.clone())),
            Some(StopReason::Interrupted | StopReason::Ledger(_)) => self.end_all(How::Interrupted),
            _ => {}
        }
    }

    fn end_all(&mut self, how: impl Fn(RenderId) -> How) {
        for (row, id) in std::mem::take(&mut self.open).into_values() {
            self.pipeline.finish(row, how(id));
        }
    }
}
