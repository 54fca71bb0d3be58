//! Shared reads: processes that wait on one ledger share one reader (`ledger::sharing`). The process that holds the
//! read lease reads the renders that it and the other watchers wait for. The others take the results from the ledger's
//! rows, and read for themselves only what the reader does not read in time.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant as Tick;

use super::slot::Slot;
use super::watched::{LedgerRow, Watched};
use super::{Extent, Poller};
use crate::ledger::sharing::{NewsPosition, ReadLease, Share, Wait, WatcherId};
use crate::ledger::{LedgerError, Render, RenderId, RenderQuery};
use crate::policy::LONGEST_REST;
use crate::render::schedule::PollInterval;
use crate::world::Timestamp;

/// Reading other processes' results may use at most a tenth of the time.
const REST_FROM_NEWS: u32 = 10;

/// The longest time that the reader gets for a due render before another watcher asks for the lease. A random factor up
/// to doubles it.
const MOST_SLACK: Duration = Duration::from_secs(1);

/// What a watcher knows of the other watchers.
pub(super) struct SharedReads {
    watcher: WatcherId,
    has_lease: bool,
    /// Whether the ledger holds an entry of this watcher.
    is_registered: bool,
    /// The renders that other watchers wait for, each with its slot.
    for_others: HashMap<RenderId, usize>,
    /// Until when no process asks the service: as this process knows it, and as the ledger has it.
    rest_until: Option<Timestamp>,
    told_rest: Option<Timestamp>,
    heard: Option<NewsPosition>,
    /// Before this time no further results are read from the ledger.
    busy_until: Tick,
}

impl SharedReads {
    pub(super) fn new(watcher: u64) -> Self {
        Self {
            watcher: WatcherId(watcher),
            has_lease: false,
            is_registered: false,
            for_others: HashMap::new(),
            rest_until: None,
            told_rest: None,
            heard: None,
            busy_until: Tick::now(),
        }
    }
}

impl<T> Poller<T> {
    /// The next change of the ledger. Never completes when there is none, or when the ledger can't report changes.
    pub(super) fn news(&self) -> impl Future<Output = NewsPosition> + use<T> {
        let is_alone = self.wait.once || self.waits().is_empty();
        let (store, heard, busy_until) = (Arc::clone(&self.context.store), self.shared_reads.heard, self.shared_reads.busy_until);
        async move {
            if is_alone {
                return std::future::pending().await;
            }
            tokio::time::sleep_until(busy_until).await;
            match store.news(heard).await {
                Ok(mark) => mark,
                Err(_) => std::future::pending().await,
            }
        }
    }

    /// Other processes have written. Takes their results from the ledger; the reader also learns whether a watcher
    /// waits for more renders.
    pub(super) async fn heard(&mut self, mark: NewsPosition) -> Result<(), LedgerError> {
        let began = Tick::now();
        let is_first = self.shared_reads.heard.replace(mark).is_none();
        if !is_first {
            self.take_over().await?;
            if self.shared_reads.has_lease {
                self.ask_for_lease().await;
            }
        }
        self.shared_reads.busy_until = Tick::now() + began.elapsed() * REST_FROM_NEWS;
        Ok(())
    }

    /// Takes the results of other processes from the ledger. A status younger than the interval is not requested again. No
    /// other process reads the rows of a batch.
    pub(super) async fn take_over(&mut self) -> Result<(), LedgerError> {
        let is_few = self.extent == Extent::Few;
        let is_shared = |slot: &Slot<T>| slot.open && (is_few || !slot.is_own());
        let ids: Vec<_> = self.slots.iter().filter(|slot| is_shared(slot)).filter_map(|slot| Some(slot.watched.row?.id)).collect();
        if ids.is_empty() || self.wait.once {
            return Ok(());
        }
        let rows = self.context.store.find(None, RenderQuery::Ids(ids)).await?;
        let rows: HashMap<RenderId, Render> = rows.into_iter().map(|row| (row.id, row)).collect();
        let now = self.context.world.now();
        for index in 0..self.slots.len() {
            let Some(known) = self.slots[index].watched.row.filter(|_| self.slots[index].open) else { continue };
            let Some(render) = rows.get(&known.id) else { continue };
            let row = LedgerRow::of(render);
            let is_news = row.read_at > known.read_at || (row.state.has_ended() && row.state != known.state);
            self.slots[index].watched.row = Some(row);
            if let Some(report) = render.report.clone().filter(|_| is_news) {
                let slack = if self.shared_reads.has_lease { Duration::ZERO } else { self.slack(index) };
                let slot = &mut self.slots[index];
                slot.due = Tick::now() + slack + slot.pause(now).saturating_sub(now.since(row.read_at.unwrap_or_default()));
                self.seen(index, report, row.state);
            }
        }
        Ok(())
    }

    /// Whether this process reads for all. If not, due renders are postponed a little, for the lease holder to read. A
    /// render that is long overdue is not postponed.
    pub(super) async fn may_read(&mut self) -> bool {
        if self.wait.once || self.ask_for_lease().await || self.extent != Extent::Few {
            return true;
        }
        let stands = self.wait.poll_interval.stands();
        let rest = self.rest();
        for index in 0..self.slots.len() {
            let slack = self.slack(index);
            let slot = &mut self.slots[index];
            if slot.watched.row.is_none() || !slot.is_due(Tick::now()) {
                continue;
            }
            let due = slot.due;
            let since = *slot.setbacks().overdue.get_or_insert(due);
            if !rest.is_zero() {
                slot.setbacks().overdue = Some(Tick::now() + rest);
                slot.due = Tick::now() + rest + slack;
            } else if since.elapsed() < stands {
                slot.due = Tick::now() + slack;
            }
        }
        false
    }

    /// How much this process postpones a read that belongs to the lease holder. The random part keeps the waiting
    /// processes from asking all at once.
    fn slack(&self, index: usize) -> Duration {
        let quarter = self.slots[index].pause(self.context.world.now()) / 4;
        quarter.min(MOST_SLACK).mul_f64(1.0 + self.context.world.fraction())
    }

    fn rest(&self) -> Duration {
        let now = self.context.world.now();
        self.shared_reads.rest_until.map_or(Duration::ZERO, |until| until.since(now)).min(LONGEST_REST)
    }

    /// The service fails: the next lease holder rests as long as this process does.
    pub(super) fn rest_for(&mut self, pause: Duration) {
        self.shared_reads.rest_until = Some(self.context.world.now().plus(pause));
    }

    /// The service answers again.
    pub(super) fn rest_no_more(&mut self) {
        self.shared_reads.rest_until = None;
    }

    /// Records what this process waits for, and takes the read lease if it is free. When the ledger fails here, this
    /// process reads all the same.
    pub(super) async fn ask_for_lease(&mut self) -> bool {
        let waits = self.waits();
        if waits.is_empty() && self.extent == Extent::Few {
            self.leave_watchers().await;
            return true;
        }
        let share = Share {
            space: self.context.space.clone(),
            watcher: self.shared_reads.watcher,
            waits,
            rest_until: self.shared_reads.rest_until.filter(|_| self.shared_reads.has_lease),
            at: self.context.world.now(),
            stands: self.wait.poll_interval.stands(),
        };
        self.shared_reads.told_rest = share.rest_until;
        self.shared_reads.is_registered = true;
        match self.context.store.share(share).await {
            Ok(ReadLease::Mine { others, rest_until }) => {
                let is_new = !std::mem::replace(&mut self.shared_reads.has_lease, true);
                self.shared_reads.rest_until = rest_until;
                self.follow_for_others(&others).await;
                if is_new {
                    self.rest_as_the_last_reader();
                }
                true
            }
            Ok(ReadLease::Another { rest_until }) => {
                self.shared_reads.rest_until = rest_until;
                self.shared_reads.has_lease = false;
                self.follow_for_others(&[]).await;
                false
            }
            Err(_) => true,
        }
    }

    fn rest_as_the_last_reader(&mut self) {
        let rested = Tick::now() + self.rest();
        for slot in self.slots.iter_mut().filter(|slot| slot.open && slot.watched.row.is_some()) {
            slot.due = slot.due.max(rested);
        }
    }

    /// Releases the lease and removes this watcher's entry from the ledger. An entry that can't be removed expires
    /// after the process has ended.
    pub(super) async fn leave_watchers(&mut self) {
        if std::mem::take(&mut self.shared_reads.is_registered) {
            self.shared_reads.has_lease = false;
            self.context.store.leave(self.context.space.clone(), self.shared_reads.watcher).await.ok();
        }
    }

    /// Records in the ledger how long the service is left alone, when that has changed.
    pub(super) async fn tell_of_rest(&mut self) {
        if self.shared_reads.has_lease && self.shared_reads.rest_until != self.shared_reads.told_rest {
            self.ask_for_lease().await;
        }
    }

    /// What another process is to read for this one: nothing for a batch, which needs one request for a hundred rows.
    fn waits(&self) -> Vec<Wait> {
        let own = self.slots.iter().filter(|slot| slot.open && slot.is_own() && self.extent == Extent::Few);
        let every = self.wait.poll_interval.interval();
        own.filter_map(|slot| Some(Wait { render: slot.watched.row?.id, every })).collect()
    }

    /// Opens a slot for each render that only other watchers wait for, and closes the slots that no watcher needs any
    /// more.
    async fn follow_for_others(&mut self, others: &[Wait]) {
        if others.is_empty() && self.shared_reads.for_others.is_empty() {
            return;
        }
        let wanted: HashSet<RenderId> = others.iter().map(|wait| wait.render).collect();
        let gone: Vec<RenderId> = self.shared_reads.for_others.keys().filter(|id| !wanted.contains(id)).copied().collect();
        let gone: Vec<usize> = gone.iter().filter_map(|id| self.shared_reads.for_others.remove(id)).collect();
        for index in gone {
            self.forget(index);
        }
        let own = self.slots.iter().filter(|slot| slot.open && slot.is_own());
        let own: HashSet<RenderId> = own.filter_map(|slot| Some(slot.watched.row?.id)).collect();
        let is_new = |id: &RenderId| !own.contains(id) && !self.shared_reads.for_others.contains_key(id);
        let new: Vec<RenderId> = wanted.iter().filter(|id| is_new(id)).copied().collect();
        if !new.is_empty() {
            // A row that the ledger can't return now is read when the lease is renewed.
            for render in self.context.store.find(None, RenderQuery::Ids(new)).await.unwrap_or_default() {
                self.add_for_others(&render);
            }
        }
        self.keep_time(others);
    }

    fn add_for_others(&mut self, render: &Render) {
        let Some(watched) = Watched::of_row(render, 0) else { return };
        let index = self.place(Slot::new(watched, self.wait.poll_interval, self.context.world.now(), None));
        self.shared_reads.for_others.insert(render.id, index);
    }

    /// Polls each render at the shortest interval that any waiter asked for.
    fn keep_time(&mut self, others: &[Wait]) {
        let now = self.context.world.now();
        let mut intervals: HashMap<RenderId, Vec<PollInterval>> = HashMap::new();
        for wait in others {
            intervals.entry(wait.render).or_default().push(PollInterval::new(self.context.locality, wait.every));
        }
        for slot in self.slots.iter_mut().filter(|slot| slot.open) {
            let Some(id) = slot.watched.row.map(|row| row.id) else { continue };
            let age = slot.watched.age(now);
            let of_others = intervals.get(&id).into_iter().flatten().copied();
            let of_ours = slot.is_own().then_some(self.wait.poll_interval);
            let poll_interval = of_others.chain(of_ours).min_by_key(|poll_interval| poll_interval.pause(age)).unwrap_or(slot.poll_interval);
            let sooner = slot.poll_interval.pause(age).saturating_sub(poll_interval.pause(age));
            slot.poll_interval = poll_interval;
            if !slot.fails() {
                slot.due = slot.due.checked_sub(sooner).unwrap_or(slot.due);
            }
        }
    }
}
