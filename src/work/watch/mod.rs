//! Watching many renders with one poller: through the list from a handful on, one by one below that, and one process
//! for all that wait on the same ledger.

mod doubt;
mod looking;
mod shared_reads;
mod slot;

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant as Tick;

use self::shared_reads::SharedReads;
use self::slot::Slot;
use super::Context;
use crate::ledger::Render;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Refusal, Report};
use crate::render::schedule::PollInterval;
use crate::world::Timestamp;

/// For how long one look is tried before the next one takes over.
const READING: Duration = Duration::from_secs(30);

/// A question that is out when the deadline passes may take this long.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// Single reads that are out at once.
const ABREAST: usize = 4;

/// A render to watch.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which.
    pub project: ProjectId,
    /// Its row, if the ledger has one.
    pub render: Option<Render>,
    /// When the service took it, as far as anyone knows.
    pub since: Timestamp,
}

impl Target {
    /// The render of a row; `None` while its project is not known.
    #[must_use]
    pub fn of_render(render: &Render) -> Option<Self> {
        let project = render.submission.project.clone()?;
        let created = render.report.as_ref().and_then(|report| report.created_at);
        let since = created.or(render.bound_at).unwrap_or(render.touched_at);
        Some(Self { project, render: Some(render.clone()), since })
    }

    /// How long it has been ours: our own clock's word goes before the service's, which may be a day off.
    fn age(&self, now: Timestamp) -> Duration {
        now.since(self.render.as_ref().and_then(|render| render.bound_at).unwrap_or(self.since))
    }
}

/// How long to watch.
#[derive(Debug, Clone, Copy)]
pub struct WaitPolicy {
    /// How often.
    pub poll_interval: PollInterval,
    /// Until when.
    pub deadline: Option<Tick>,
    /// Look once, and be content with that.
    pub once: bool,
}

/// What was seen of a render at last.
#[derive(Debug, Clone, PartialEq)]
pub enum PollResult {
    /// It ended, or the API calls it a timeout.
    Ended(Box<Report>),
    /// The one look that was asked for: it still runs, or could not be read.
    Looked(Option<Box<Report>>),
    /// The deadline passed and it still runs.
    Runs(Option<Box<Report>>),
    /// The service knows no such project.
    Missing,
    /// The service can't be reached, and nobody else knows anything of it either.
    Unreachable(String),
    /// The service refuses to tell.
    Refused(Refusal),
    /// The ledger failed.
    Broken(String),
    /// The user interrupted.
    Interrupted(Option<Box<Report>>),
}

/// Watches all targets and sends what was seen of each, by its index, once.
pub async fn watch(context: Context, targets: Vec<Target>, patience: WaitPolicy, poll_results: UnboundedSender<(usize, PollResult)>) {
    let slots: Vec<Slot> = targets.into_iter().map(|target| Slot::new(target, patience.poll_interval)).collect();
    let (own, shared_reads) = (slots.len(), SharedReads::new(context.world.rng.next_u64()));
    let watcher = Watcher {
        context,
        slots,
        own,
        shared_reads,
        patience,
        poll_results,
        others: Vec::new(),
        listed: Tick::now(),
        waiting: VecDeque::new(),
    };
    watcher.run().await;
}

struct Watcher {
    context: Context,
    /// What we watch for ourselves, and then what for others.
    slots: Vec<Slot>,
    /// How many of them are our own.
    own: usize,
    shared_reads: SharedReads,
    patience: WaitPolicy,
    poll_results: UnboundedSender<(usize, PollResult)>,
    /// When the account's other projects were made, as the last sweep saw them.
    others: Vec<i64>,
    /// Before this the list is not read again, whoever joins.
    listed: Tick,
    /// Renders to be read alone, as soon as fewer than [`ABREAST`] reads are out.
    waiting: VecDeque<usize>,
}

impl Watcher {
    /// A read that is slow to answer holds up neither the other renders nor the deadline.
    async fn run(mut self) {
        self.begin().await;
        let interrupt = self.context.interrupt.clone();
        let mut reads = FuturesUnordered::new();
        let mut news = pin!(self.news());
        while self.slots[..self.own].iter().any(|slot| slot.open) {
            while reads.len() < ABREAST
                && let Some(index) = self.waiting.pop_front()
            {
                reads.push(self.read(index));
            }
            let due = self.next_due().filter(|_| reads.len() < ABREAST);
            let limit = self.limit(due.map(|due| due.max(Tick::now())));
            let step = tokio::select! {
                biased;
                () = interrupt.cancelled() => return self.leave(PollResult::Interrupted).await,
                Some(answer) = reads.next() => self.answered(answer).await,
                mark = &mut news => {
                    let heard = self.heard(mark).await;
                    news.set(self.news());
                    heard
                }
                () = until(due) => tokio::select! {
                    looked = self.look() => looked.map(|single| self.queue(single)),
                    () = until(limit) => return self.leave(PollResult::Runs).await,
                    () = interrupt.cancelled() => return self.leave(PollResult::Interrupted).await,
                },
                () = until(self.limit(self.asked_since())) => return self.leave(PollResult::Runs).await,
            };
            if let Err(error) = step {
                return self.leave(|_| PollResult::Broken(error.to_string())).await;
            }
            self.tell_of_rest().await;
        }
        self.leave_company().await;
    }

    async fn begin(&mut self) {
        let now = self.context.world.now();
        for index in 0..self.own {
            if !self.patience.once {
                self.slots[index].due = self.slots[index].first_due(now);
            } else if self.slots[index].is_fresh(now) {
                let last = self.slots[index].last.clone().map(Box::new);
                self.end(index, PollResult::Looked(last));
            }
        }
        if !self.patience.once {
            self.ask_for_turn().await;
        }
    }

    /// When the next look is due, unless the deadline comes first.
    fn next_due(&self) -> Option<Tick> {
        let due = self.slots.iter().filter(|slot| slot.open && slot.asked.is_none()).map(|slot| slot.due).min();
        due.filter(|due| self.patience.deadline.is_none_or(|deadline| *due <= deadline))
    }

    /// When to give up: a question that is out at the deadline, asked at `asked`, gets a little longer.
    fn limit(&self, asked: Option<Tick>) -> Option<Tick> {
        self.patience.deadline.map(|deadline| asked.map_or(deadline, |asked| deadline.max(asked + LAST_LOOK)))
    }

    fn asked_since(&self) -> Option<Tick> {
        self.slots[..self.own].iter().filter(|slot| slot.open).filter_map(|slot| slot.asked).max()
    }

    async fn leave(mut self, poll_result: impl Fn(Option<Box<Report>>) -> PollResult) {
        for index in 0..self.own {
            if self.slots[index].open {
                let last = self.slots[index].last.clone().map(Box::new);
                self.end(index, poll_result(last));
            }
        }
        self.leave_company().await;
    }

    fn end(&mut self, index: usize, poll_result: PollResult) {
        self.slots[index].open = false;
        if index < self.own {
            // Nobody listens any more: then nobody wants to know.
            let _ = self.poll_results.send((index, poll_result));
        }
    }
}

async fn until(when: Option<Tick>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// Whether the service has deleted the file after its 7 days.
pub(super) fn is_long_over(report: &Report, now: Timestamp) -> bool {
    report.kept_until().is_some_and(|until| now >= until)
}
