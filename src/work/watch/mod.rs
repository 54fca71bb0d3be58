//! Watching many renders with one poller. A handful or more are read through the list, fewer singly. One process reads
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
use super::until::until;
use crate::ledger::Render;
use crate::policy::{READING_LIST, READS_ABREAST};
use crate::render::identity::ProjectId;
use crate::render::outcome::{Refusal, Report};
use crate::render::schedule::PollInterval;
use crate::world::Timestamp;

/// How long a request in flight may take after the deadline.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// A render to watch.
#[derive(Debug, Clone)]
pub struct Target {
    /// The project.
    pub project: ProjectId,
    /// Its row, if the ledger has one.
    pub render: Option<Render>,
    /// When the service accepted it; the best time that the ledger has.
    pub since: Timestamp,
}

impl Target {
    /// The render of a row; `None` while its project is not known.
    #[must_use]
    pub fn of_render(render: &Render) -> Option<Self> {
        let project = render.submission.project.clone()?;
        Some(Self { project, render: Some(render.clone()), since: render.listed_at() })
    }

    /// How long ago it was accepted.
    fn age(&self, now: Timestamp) -> Duration {
        now.since(self.render.as_ref().map_or(self.since, Render::accepted_at))
    }
}

/// How often and how long to watch.
#[derive(Debug, Clone, Copy)]
pub struct WaitPolicy {
    /// The polling interval.
    pub poll_interval: PollInterval,
    /// When to stop; `None` for no limit.
    pub deadline: Option<Tick>,
    /// Read once and stop.
    pub once: bool,
}

/// The last result for a render.
#[derive(Debug, Clone, PartialEq)]
pub enum PollResult {
    /// It ended, or the API calls it a timeout.
    Ended(Box<Report>),
    /// The single requested look: it still runs, or could not be read.
    Looked(Option<Box<Report>>),
    /// The deadline passed and it still runs, as far as is known.
    Runs {
        /// The last report.
        last: Option<Box<Report>>,
        /// Why the last read failed, if it did.
        unread: Option<String>,
    },
    /// The service knows no such project.
    Missing,
    /// The service can't be reached, and the ledger knows nothing of the project.
    Unreachable(String),
    /// The service refuses the request.
    Refused(Refusal),
    /// The ledger failed.
    Broken(String),
    /// The user interrupted.
    Interrupted(Option<Box<Report>>),
}

/// Watches all targets and sends one result for each, with its index.
pub async fn watch(context: Context, targets: Vec<Target>, wait: WaitPolicy, poll_results: UnboundedSender<(usize, PollResult)>) {
    let slots: Vec<Slot> = targets.into_iter().map(|target| Slot::new(target, wait.poll_interval)).collect();
    let (own, shared_reads) = (slots.len(), SharedReads::new(context.world.rng.next_u64()));
    let watcher = Watcher {
        context,
        slots,
        own,
        shared_reads,
        wait,
        poll_results,
        others: Vec::new(),
        listed: Tick::now(),
        waiting: VecDeque::new(),
    };
    watcher.run().await;
}

struct Watcher {
    context: Context,
    /// This process's slots, then the slots of other watchers.
    slots: Vec<Slot>,
    /// The number of this process's slots.
    own: usize,
    shared_reads: SharedReads,
    wait: WaitPolicy,
    poll_results: UnboundedSender<(usize, PollResult)>,
    /// The creation times of the account's other projects, from the last sweep.
    others: Vec<i64>,
    /// The list is not read again before this time, even when a target is added.
    listed: Tick,
    /// Renders to read singly once fewer than [`READS_ABREAST`] reads are in flight.
    waiting: VecDeque<usize>,
}

impl Watcher {
    /// Runs reads beside the loop, so that a slow answer delays neither the other renders nor the deadline.
    async fn run(mut self) {
        self.begin().await;
        let interrupt = self.context.interrupt.clone();
        let mut reads = FuturesUnordered::new();
        let mut news = pin!(self.news());
        while self.slots[..self.own].iter().any(|slot| slot.open) {
            while reads.len() < READS_ABREAST
                && let Some(index) = self.waiting.pop_front()
            {
                reads.push(self.read(index));
            }
            let due = self.next_due().filter(|_| reads.len() < READS_ABREAST);
            let limit = self.limit(due.map(|due| due.max(Tick::now())));
            let step = tokio::select! {
                biased;
                () = interrupt.cancelled() => return self.leave(|slot| PollResult::Interrupted(slot.last())).await,
                Some(answer) = reads.next() => self.answered(answer).await,
                mark = &mut news => {
                    let heard = self.heard(mark).await;
                    news.set(self.news());
                    heard
                }
                () = until(due) => tokio::select! {
                    looked = self.look() => looked.map(|single| self.queue(single)),
                    () = until(limit) => return self.leave(Slot::runs).await,
                    () = interrupt.cancelled() => return self.leave(|slot| PollResult::Interrupted(slot.last())).await,
                },
                () = until(self.limit(self.asked_since())) => return self.leave(Slot::runs).await,
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
            if !self.wait.once {
                self.slots[index].due = self.slots[index].first_due(now);
            } else if self.slots[index].is_fresh(now) {
                self.end(index, PollResult::Looked(self.slots[index].last()));
            }
        }
        if !self.wait.once {
            self.ask_for_turn().await;
        }
    }

    /// When the next look is due, unless the deadline comes first.
    fn next_due(&self) -> Option<Tick> {
        let due = self.slots.iter().filter(|slot| slot.open && slot.asked.is_none()).map(|slot| slot.due).min();
        due.filter(|due| self.wait.deadline.is_none_or(|deadline| *due <= deadline))
    }

    /// When to give up. A request that was sent at `asked` and is in flight at the deadline gets a little longer.
    fn limit(&self, asked: Option<Tick>) -> Option<Tick> {
        self.wait.deadline.map(|deadline| asked.map_or(deadline, |asked| deadline.max(asked + LAST_LOOK)))
    }

    fn asked_since(&self) -> Option<Tick> {
        self.slots[..self.own].iter().filter(|slot| slot.open).filter_map(|slot| slot.asked).max()
    }

    /// How long a request may be tried: a failure is known before the deadline, and can be reported then.
    fn reading(&self) -> Duration {
        let left = self.wait.deadline.map(|deadline| deadline.saturating_duration_since(Tick::now()).saturating_sub(LAST_LOOK));
        left.map_or(READING_LIST, |left| left.min(READING_LIST))
    }

    async fn leave(mut self, poll_result: impl Fn(&Slot) -> PollResult) {
        for index in 0..self.own {
            if self.slots[index].open {
                self.end(index, poll_result(&self.slots[index]));
            }
        }
        self.leave_company().await;
    }

    fn end(&mut self, index: usize, poll_result: PollResult) {
        self.slots[index].open = false;
        if index < self.own {
            // The receiver is gone only when its caller no longer needs the result.
            let _ = self.poll_results.send((index, poll_result));
        }
    }
}
