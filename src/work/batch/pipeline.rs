//! What the loops of a run share, and the channels between them.

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant as Tick;

use super::count::Counts;
use super::row::{Accepted, Ending, FinishedRow, How, Lost, Row};
use super::{Ended, Run};
use crate::ledger::{LedgerError, Render, RenderId};
use crate::render::event::Event;
use crate::render::state::State;
use crate::work::Context;
use crate::work::poll::Watched;
use crate::work::presearch::Presearch;
use crate::work::send::{SendLimits, Slots, StopReason};

/// Rows that wait to be sent: enough that no worker waits for the table.
const QUEUED: usize = 256;

/// How often progress is shown.
const SHOWN_EVERY: Duration = Duration::from_millis(250);

/// The receiving ends of the pipeline's channels.
pub(super) struct Inbound {
    pub(super) queue: mpsc::Receiver<(Row, Render)>,
    pub(super) accepted: mpsc::UnboundedReceiver<(Accepted, Watched)>,
    pub(super) lost: mpsc::UnboundedReceiver<Lost>,
    pub(super) endings: mpsc::UnboundedReceiver<Ending>,
}

/// What the loops share.
pub(super) struct Pipeline<'a> {
    pub(super) context: &'a Context,
    pub(super) run: &'a Run,
    pub(super) limits: Arc<SendLimits>,
    /// The slots for POSTs in flight.
    pub(super) slots: Arc<Slots>,
    pub(super) counts: RefCell<Counts>,
    /// The largest movie so far, in bytes. It limits the size of the list's pages, which echo the movies.
    pub(super) heaviest: Cell<usize>,
    /// What the service's list showed of renders that the ledger may have forgotten.
    pub(super) presearch: Presearch,
    began: Tick,
    queue: mpsc::Sender<(Row, Render)>,
    accepted: mpsc::UnboundedSender<(Accepted, Watched)>,
    lost: mpsc::UnboundedSender<Lost>,
    endings: mpsc::UnboundedSender<Ending>,
    /// Rows that were accepted from the table.
    came: Cell<usize>,
    /// Rows among them that have no outcome yet.
    open: Cell<u64>,
    is_all_in: Cell<bool>,
    over: Notify,
}

impl<'a> Pipeline<'a> {
    /// A pipeline without rows.
    pub(super) fn new(context: &'a Context, run: &'a Run) -> (Self, Inbound) {
        let (queue, to_send) = mpsc::channel(QUEUED);
        let (accepted, to_follow) = mpsc::unbounded_channel();
        let (lost, to_find) = mpsc::unbounded_channel();
        let (endings, to_tell) = mpsc::unbounded_channel();
        let pipeline = Self {
            context,
            run,
            limits: Arc::new(SendLimits::new(run.interval, run.settle_for)),
            slots: Arc::new(Slots::new(run.concurrency)),
            counts: RefCell::new(Counts::of(run.rows)),
            heaviest: Cell::new(1),
            presearch: Presearch::default(),
            began: Tick::now(),
            queue,
            accepted,
            lost,
            endings,
            came: Cell::new(0),
            open: Cell::new(0),
            is_all_in: Cell::new(false),
            over: Notify::new(),
        };
        (pipeline, Inbound { queue: to_send, accepted: to_follow, lost: to_find, endings: to_tell })
    }

    /// Counts a new row and returns its index.
    pub(super) fn came_in(&self) -> usize {
        self.open.set(self.open.get() + 1);
        self.came.replace(self.came.get() + 1)
    }

    /// Marks the end of the rows.
    pub(super) fn all_in(&self) {
        self.is_all_in.set(true);
        self.close_when_empty();
    }

    /// Reports a row's outcome.
    pub(super) fn went_out(&self, tell: &mut impl FnMut(Ended), told: FinishedRow) {
        let FinishedRow { row, outcome, was_rendering, is_held_back } = told;
        self.counts.borrow_mut().ends(&outcome, was_rendering);
        tell(Ended { place: row.place, number: row.number, is_left: row.is_left, is_held_back, outcome });
        self.open.set(self.open.get().saturating_sub(1));
        self.close_when_empty();
    }

    fn close_when_empty(&self) {
        if self.is_all_in.get() && self.open.get() == 0 {
            self.over.notify_one();
        }
    }

    /// Returns when every row has its outcome.
    pub(super) async fn until_over(&self) {
        self.over.notified().await;
    }

    /// Routes a row to the loop that its render's state needs.
    pub(super) async fn route(&self, row: Row, render: Render) {
        let id = render.id;
        match render.submission.state {
            // The row has another movie by now: the next run sends that one.
            State::Intent if row.is_left => self.end(row, How::Unbound(id)),
            State::Intent => {
                if let Err(back) = self.queue.send((row, render)).await {
                    let (row, render) = back.0;
                    self.unsent(row, Some(&render));
                }
            }
            State::Sending | State::Unknown => self.lose(row, id),
            State::Held | State::Rejected | State::Abandoned => self.end(row, How::Unbound(id)),
            State::Bound | State::Timeout if self.run.follow.is_some() => self.follow(row, &render),
            State::Bound | State::Timeout => self.end(row, How::Submitted(id)),
            State::Done if self.context.may_be_gone(&render) && self.run.follow.is_some() => self.follow(row, &render),
            State::Done | State::Error | State::Deleted | State::Expired => self.end(row, How::Ended(id)),
        }
    }

    fn follow(&self, row: Row, render: &Render) {
        let Some(watched) = Watched::of_row(render, self.heaviest.get()) else { return self.end(row, How::Unbound(render.id)) };
        self.counts.borrow_mut().begins();
        // The receiving loop lives as long as this pipeline.
        let _ = self.accepted.send((Accepted { row, id: render.id }, watched));
    }

    /// Passes a row to the search for its lost answer.
    pub(super) fn lose(&self, row: Row, id: RenderId) {
        let _ = self.lost.send(Lost { row, id });
    }

    /// Passes a row to `finish`, which reports its outcome.
    pub(super) fn end(&self, row: Row, how: How) {
        let _ = self.endings.send(Ending { row, how, was_rendering: false });
    }

    /// As [`Self::end`], for a row that was followed.
    pub(super) fn finish(&self, row: Row, how: How) {
        let _ = self.endings.send(Ending { row, how, was_rendering: true });
    }

    /// Ends a row that is not sent because the run sends nothing more.
    pub(super) fn unsent(&self, row: Row, render: Option<&Render>) {
        let stop = self.limits.stopped().unwrap_or(StopReason::Interrupted);
        self.end(row, How::HeldBack(Box::new(stop.outcome(render))));
    }

    /// A ledger failure undoes nothing that was sent; the run sends nothing more.
    pub(super) fn ledger_failed(&self, error: &LedgerError) {
        self.limits.stop(StopReason::Ledger(error.to_string()));
    }

    /// Stops the sending at the first Ctrl-C. Never returns.
    pub(super) async fn hear_interruption(&self) {
        self.context.interrupt.cancelled().await;
        self.limits.stop(StopReason::Interrupted);
        std::future::pending::<()>().await;
    }

    /// Shows the progress at intervals. Never returns.
    pub(super) async fn show_progress(&self) {
        loop {
            tokio::time::sleep(SHOWN_EVERY).await;
            let progress = self.counts.borrow().progress(self.began.elapsed());
            self.context.tell(&Event::Progress(Box::new(progress)));
        }
    }
}
