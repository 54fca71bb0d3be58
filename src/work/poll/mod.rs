//! The poller: it follows accepted renders, one or a whole batch of them. From a handful on they are read through the
//! list, fewer singly. One process reads for all that wait on the same ledger.

mod doubt;
mod looking;
mod shared_reads;
mod slot;
mod watched;

use std::collections::VecDeque;
use std::pin::pin;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant as Tick;

use self::shared_reads::SharedReads;
use self::slot::Slot;
pub use self::watched::Target;
pub(super) use self::watched::Watched;
use super::Context;
use super::until::until;
use crate::ledger::LedgerError;
use crate::policy::{READING_LIST, READS_ABREAST};
use crate::render::outcome::{Refusal, Report};
use crate::render::schedule::PollInterval;

/// How long a request in flight may take after the deadline.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// How often and how long to poll.
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

/// Polls all targets and sends one result for each, with its index.
pub async fn poll(context: Context, targets: Vec<Target>, wait: WaitPolicy, poll_results: UnboundedSender<(usize, PollResult)>) {
    let (sender, fed) = unbounded_channel();
    for (index, target) in targets.iter().enumerate() {
        // The receiving end is below.
        let _ = sender.send((index, Watched::of_target(target)));
    }
    drop(sender);
    let mut poller = Poller::new(context, fed, Extent::Few, wait, poll_results);
    if let Err(error) = poller.run().await {
        poller.end_all(|_| PollResult::Broken(error.to_string()));
    }
    poller.leave_watchers().await;
}

/// Polls every render that `fed` delivers, as long as it is open, and sends one result for each, with what came with it.
/// The `timeout` counts from the last render that came. Once `stopped` is ready, or the user interrupts, all end at once, and
/// also those that come later.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn poll_many<T>(
    context: Context,
    fed: UnboundedReceiver<(T, Watched)>,
    (poll_interval, timeout): (PollInterval, Duration),
    stopped: impl Future<Output = PollResult>,
    poll_results: UnboundedSender<(T, PollResult)>,
) -> Result<(), LedgerError> {
    let wait = WaitPolicy { poll_interval, deadline: None, once: false };
    let mut poller = Poller::new(context, fed, Extent::Many { timeout }, wait, poll_results);
    let ended = tokio::select! {
        biased;
        poll_result = stopped => {
            poller.end_all(|_| poll_result.clone());
            Ok(poll_result)
        }
        ran = poller.run() => ran.map(|()| PollResult::Interrupted(None)),
    };
    poller.leave_watchers().await;
    let last = ended?;
    while let Some((own, _)) = poller.fed.recv().await {
        // The receiver is gone only when its caller no longer needs the result.
        let _ = poller.poll_results.send((own, last.clone()));
    }
    Ok(())
}

/// How many renders are followed, and so how much is kept of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Those that a command names: each read is written and shown, and other processes may read for this one.
    Few,
    /// The rows of a batch, without a limit: only a changed status is written, and no report is kept. One request
    /// reads a hundred of them, so other processes don't read them for this one.
    Many {
        /// How long to follow after the last render that came.
        timeout: Duration,
    },
}

/// The poller. With each render comes a value of its caller, which goes back with the result.
struct Poller<T> {
    context: Context,
    fed: UnboundedReceiver<(T, Watched)>,
    /// Whether `fed` is open.
    is_fed: bool,
    extent: Extent,
    wait: WaitPolicy,
    poll_results: UnboundedSender<(T, PollResult)>,
    /// This process's renders, and those that other pollers wait for.
    slots: Vec<Slot<T>>,
    /// Slots that hold no render any more.
    vacant: Vec<usize>,
    /// When the last render came.
    came_at: Tick,
    /// How many of this process's renders are open.
    open: usize,
    /// When the first render is due, of those that are not being read.
    soonest: Option<Tick>,
    shared_reads: SharedReads,
    /// The creation times of the account's other projects, from the last sweep.
    others: Vec<i64>,
    /// The list is not read again before this time, even when a render comes.
    listed: Tick,
    /// The largest movie that came, bytes. It limits the size of the list's pages, which echo the movies.
    heaviest: u32,
    /// Renders to read singly once fewer than [`READS_ABREAST`] reads are in flight.
    waiting: VecDeque<usize>,
}

impl<T> Poller<T> {
    fn new(
        context: Context,
        fed: UnboundedReceiver<(T, Watched)>,
        extent: Extent,
        wait: WaitPolicy,
        poll_results: UnboundedSender<(T, PollResult)>,
    ) -> Self {
        let shared_reads = SharedReads::new(context.world.rng.next_u64());
        Self {
            context,
            fed,
            is_fed: true,
            extent,
            wait,
            poll_results,
            slots: Vec::new(),
            vacant: Vec::new(),
            came_at: Tick::now(),
            open: 0,
            soonest: None,
            shared_reads,
            others: Vec::new(),
            listed: Tick::now(),
            heaviest: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Runs reads beside the loop, so that a slow answer delays neither the other renders nor the deadline.
    async fn run(&mut self) -> Result<(), LedgerError> {
        self.begin().await;
        let interrupt = self.context.interrupt.clone();
        let mut reads = FuturesUnordered::new();
        let mut news = pin!(self.news());
        while self.is_fed || self.open > 0 {
            if self.open == 0 {
                self.leave_watchers().await;
            }
            while reads.len() < READS_ABREAST
                && let Some(index) = self.waiting.pop_front()
            {
                reads.push(self.read(index));
            }
            let due = self.next_due().filter(|_| reads.len() < READS_ABREAST);
            let limit = self.limit(due.map(|due| due.max(Tick::now())));
            let asked = if reads.is_empty() { None } else { self.asked_since() };
            let asked_limit = self.limit(asked);
            tokio::select! {
                biased;
                () = interrupt.cancelled() => {
                    self.end_all(|slot| PollResult::Interrupted(slot.last()));
                    return Ok(());
                }
                fed = self.fed.recv(), if self.is_fed => {
                    self.add(fed);
                    continue;
                }
                Some(answer) = reads.next() => self.answered(answer).await?,
                mark = &mut news => {
                    self.heard(mark).await?;
                    news.set(self.news());
                }
                () = until(due) => tokio::select! {
                    looked = self.look() => {
                        let single = looked?;
                        self.queue(single);
                    }
                    () = until(limit) => self.end_all(Slot::runs),
                    () = interrupt.cancelled() => {}
                },
                () = until(asked_limit) => self.end_all(Slot::runs),
            }
            self.tell_of_rest().await;
            self.plan();
        }
        Ok(())
    }

    async fn begin(&mut self) {
        while let Ok(fed) = self.fed.try_recv() {
            self.add(Some(fed));
        }
        if self.wait.once {
            let now = self.context.world.now();
            for index in 0..self.slots.len() {
                self.slots[index].due = Tick::now();
                if self.slots[index].is_fresh(now) {
                    self.end(index, PollResult::Looked(self.slots[index].last()));
                }
            }
        } else if self.extent == Extent::Few {
            self.ask_for_lease().await;
        }
        self.plan();
    }

    /// Takes in a render, or the end of all.
    fn add(&mut self, fed: Option<(T, Watched)>) {
        let Some((own, watched)) = fed else {
            self.is_fed = false;
            return;
        };
        self.heaviest = self.heaviest.max(watched.weight);
        let mut slot = Slot::new(watched, self.wait.poll_interval, self.context.world.now(), Some(own));
        if self.extent != Extent::Few {
            // The next sweep shows it, too.
            slot.due = slot.due.max(self.listed);
        }
        self.soonest = Some(self.soonest.map_or(slot.due, |soonest| soonest.min(slot.due)));
        (self.came_at, self.open) = (Tick::now(), self.open + 1);
        self.place(slot);
    }

    /// Gives a render a slot; returns its index.
    fn place(&mut self, slot: Slot<T>) -> usize {
        let Some(index) = self.vacant.pop() else {
            self.slots.push(slot);
            return self.slots.len() - 1;
        };
        self.slots[index] = slot;
        index
    }

    /// Finds out when the first render is due, after a step that may have changed it.
    fn plan(&mut self) {
        self.soonest = self.slots.iter().filter(|slot| slot.open && slot.asked.is_none()).map(|slot| slot.due).min();
    }

    /// When the next look is due, unless the deadline comes first.
    fn next_due(&self) -> Option<Tick> {
        self.soonest.filter(|due| self.open > 0 && self.deadline().is_none_or(|deadline| *due <= deadline))
    }

    /// When to give up what is open.
    fn deadline(&self) -> Option<Tick> {
        match self.extent {
            Extent::Few => self.wait.deadline,
            Extent::Many { timeout } => Some(self.came_at + timeout).filter(|_| self.open > 0),
        }
    }

    /// When to give up. A request that was sent at `asked` and is in flight at the deadline gets a little longer.
    fn limit(&self, asked: Option<Tick>) -> Option<Tick> {
        self.deadline().map(|deadline| asked.map_or(deadline, |asked| deadline.max(asked + LAST_LOOK)))
    }

    fn asked_since(&self) -> Option<Tick> {
        self.slots.iter().filter(|slot| slot.open && slot.is_own()).filter_map(|slot| slot.asked.as_deref().copied()).max()
    }

    /// How long a request may be tried: a failure is known before the deadline, and can be reported then.
    fn reading(&self) -> Duration {
        let left = self.deadline().map(|deadline| deadline.saturating_duration_since(Tick::now()).saturating_sub(LAST_LOOK));
        left.map_or(READING_LIST, |left| left.min(READING_LIST))
    }

    fn end_all(&mut self, poll_result: impl Fn(&Slot<T>) -> PollResult) {
        for index in 0..self.slots.len() {
            if self.slots[index].open && self.slots[index].is_own() {
                self.end(index, poll_result(&self.slots[index]));
            }
        }
    }

    fn end(&mut self, index: usize, poll_result: PollResult) {
        if !std::mem::replace(&mut self.slots[index].open, false) {
            return;
        }
        if let Some(own) = self.slots[index].own.take() {
            self.open -= 1;
            // The receiver is gone only when its caller no longer needs the result.
            let _ = self.poll_results.send((own, poll_result));
            self.forget(index);
        }
    }

    /// No poller waits for a render any more.
    fn forget(&mut self, index: usize) {
        let slot = &mut self.slots[index];
        (slot.open, slot.is_wanted) = (false, false);
        self.vacate(index);
    }

    /// Makes a slot free for another render, unless a request in flight still belongs to it.
    fn vacate(&mut self, index: usize) {
        let slot = &self.slots[index];
        if !slot.is_wanted && slot.asked.is_none() {
            self.vacant.push(index);
        }
    }
}
