//! Watching many renders with one poller: through the list from a handful on, one by one below that, and never a
//! question that another process on the same ledger has just asked.

mod doubt;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant as Tick;

use super::Desk;
use crate::ledger::{Change, LedgerError, Record, Render, RenderId, Which};
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Refusal, Report, Status};
use crate::render::schedule::{self, Rhythm};
use crate::render::state::{Fact, State};
use crate::service::page::Window;
use crate::service::read::ReadError;
use crate::world::Instant;

/// A `done` without a URL is read on for this long (row 36).
const URL_LATE: Duration = Duration::from_secs(120);

/// For how long one look is tried before the next one takes over.
const READING: Duration = Duration::from_secs(30);

/// A question that is out when the deadline passes may take this long.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// How far a render's time on the list may lie from the one that we know.
const MARGIN: Duration = Duration::from_secs(60);

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
    pub since: Instant,
}

impl Target {
    /// How long it has been ours: our own clock's word goes before the service's, which may be a day off.
    fn age(&self, now: Instant) -> Duration {
        now.since(self.render.as_ref().and_then(|render| render.bound_at).unwrap_or(self.since))
    }
}

/// How long to watch.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// How often.
    pub rhythm: Rhythm,
    /// Until when.
    pub deadline: Option<Tick>,
    /// Look once, and be content with that.
    pub once: bool,
}

/// What was seen of a render at last.
#[derive(Debug, Clone, PartialEq)]
pub enum Sight {
    /// It ended, or the API calls it a timeout.
    Ended(Box<Report>),
    /// The one look that was asked for: it still runs, or could not be read.
    Looked(Option<Box<Report>>),
    /// The deadline passed and it still runs.
    Runs(Option<Box<Report>>),
    /// The service knows no such project.
    Missing,
    /// The service refuses to tell.
    Refused(Refusal),
    /// The ledger failed.
    Broken(String),
    /// The user interrupted.
    Interrupted(Option<Box<Report>>),
}

/// Watches all targets and sends what was seen of each, by its index, once.
pub async fn watch(desk: Desk, targets: Vec<Target>, patience: Patience, sights: UnboundedSender<(usize, Sight)>) {
    let slots = targets.into_iter().map(Slot::new).collect();
    Watcher { desk, slots, patience, sights, others: Vec::new(), waiting: VecDeque::new() }.run().await;
}

struct Slot {
    target: Target,
    open: bool,
    due: Tick,
    asked: Option<Tick>,
    last: Option<Report>,
    failures: u32,
    denied: Option<(Tick, u32)>,
    urlless: Option<Tick>,
}

impl Slot {
    fn new(target: Target) -> Self {
        let last = target.render.as_ref().and_then(|render| render.report.clone());
        Self { target, open: true, due: Tick::now(), asked: None, last, failures: 0, denied: None, urlless: None }
    }

    fn is_dated(&self) -> bool {
        self.target.render.is_some() || self.last.is_some()
    }
}

struct Watcher {
    desk: Desk,
    slots: Vec<Slot>,
    patience: Patience,
    sights: UnboundedSender<(usize, Sight)>,
    others: Vec<i64>,
    /// Renders to be read alone, as soon as fewer than [`ABREAST`] reads are out.
    waiting: VecDeque<usize>,
}

impl Watcher {
    /// A read that is slow to answer holds up neither the other renders nor the deadline.
    async fn run(mut self) {
        self.begin();
        let interrupt = self.desk.interrupt.clone();
        let mut reads = FuturesUnordered::new();
        while self.slots.iter().any(|slot| slot.open) {
            while reads.len() < ABREAST
                && let Some(index) = self.waiting.pop_front()
            {
                reads.push(self.read(index));
            }
            let due = self.next_due().filter(|_| reads.len() < ABREAST);
            let limit = self.limit(due.map(|due| due.max(Tick::now())));
            let step = tokio::select! {
                biased;
                () = interrupt.cancelled() => return self.leave(Sight::Interrupted),
                Some(answer) = reads.next() => self.answered(answer).await,
                () = until(due) => tokio::select! {
                    looked = self.look() => looked.map(|single| self.queue(single)),
                    () = until(limit) => return self.leave(Sight::Runs),
                    () = interrupt.cancelled() => return self.leave(Sight::Interrupted),
                },
                () = until(self.limit(self.asked_since())) => return self.leave(Sight::Runs),
            };
            if let Err(error) = step {
                return self.leave(|_| Sight::Broken(error.to_string()));
            }
        }
    }

    /// A render that was just accepted is looked at after one pause; any other at once.
    fn begin(&mut self) {
        let now = self.desk.world.now();
        for slot in &mut self.slots {
            let age = slot.target.age(now);
            let pause = self.patience.rhythm.pause(age);
            let is_new = slot.target.render.is_some() && age < pause && !self.patience.once;
            slot.due = Tick::now() + if is_new { pause.saturating_sub(age) } else { Duration::ZERO };
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
        self.slots.iter().filter(|slot| slot.open).filter_map(|slot| slot.asked).max()
    }

    fn leave(mut self, sight: impl Fn(Option<Box<Report>>) -> Sight) {
        for index in 0..self.slots.len() {
            if self.slots[index].open {
                let last = self.slots[index].last.clone().map(Box::new);
                self.end(index, sight(last));
            }
        }
    }

    fn end(&mut self, index: usize, sight: Sight) {
        self.slots[index].open = false;
        // Nobody listens any more: then nobody wants to know.
        let _ = self.sights.send((index, sight));
    }

    /// Reads what is due: what other processes learned first, then the list; gives back what is to be read alone.
    async fn look(&mut self) -> Result<Vec<usize>, LedgerError> {
        self.learn_from_the_ledger().await?;
        let now = Tick::now();
        let open: Vec<usize> = (0..self.slots.len()).filter(|&index| self.slots[index].open && self.slots[index].asked.is_none()).collect();
        let is_due = |slots: &[Slot], index: usize| slots[index].open && slots[index].due <= now;
        if !open.iter().any(|&index| is_due(&self.slots, index)) {
            return Ok(Vec::new());
        }
        // Of a project that the ledger doesn't know nobody knows when it was made: the list is asked once it has told.
        let (open, strangers): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|&index| self.slots[index].is_dated());
        let since: Vec<i64> = open.iter().map(|&index| self.slots[index].target.since.0).collect();
        let split = schedule::split(&since, &self.others);
        let listed: Vec<usize> = split.listed.iter().map(|&place| open[place]).collect();
        let single = split.single.iter().map(|&place| open[place]).filter(|&index| is_due(&self.slots, index));
        let mut single: Vec<usize> = single.chain(strangers.into_iter().filter(|&index| is_due(&self.slots, index))).collect();
        if listed.iter().any(|&index| is_due(&self.slots, index)) {
            single.extend(self.read_list(&listed).await?);
        }
        Ok(single)
    }

    /// Takes over what another process has read since: a status younger than the interval is not asked again.
    async fn learn_from_the_ledger(&mut self) -> Result<(), LedgerError> {
        let now = Tick::now();
        let ids: Vec<_> = self
            .slots
            .iter()
            .filter(|slot| slot.open && slot.due <= now)
            .filter_map(|slot| Some(slot.target.render.as_ref()?.id))
            .collect();
        if ids.is_empty() || self.patience.once {
            return Ok(());
        }
        let rows = self.desk.store.find(None, Which::Ids(ids)).await?;
        let mut rows: HashMap<RenderId, Render> = rows.into_iter().map(|row| (row.id, row)).collect();
        for index in 0..self.slots.len() {
            let id = self.slots[index].target.render.as_ref().map(|render| render.id);
            let Some(row) = id.and_then(|id| rows.remove(&id)) else { continue };
            let known = self.slots[index].target.render.as_ref().and_then(|render| render.read_at);
            let age = self.desk.world.now().since(row.read_at.unwrap_or_default());
            let fresh = self.patience.rhythm.fresh_for(self.age(index));
            let is_news = row.read_at > known && (age < fresh || row.submission.state.is_final());
            self.slots[index].target.render = Some(row.clone());
            if let Some(report) = row.report.filter(|_| is_news) {
                self.slots[index].due = Tick::now() + fresh.saturating_sub(age);
                self.seen(index, report, row.submission.state);
            }
        }
        Ok(())
    }

    fn age(&self, index: usize) -> Duration {
        self.slots[index].target.age(self.desk.world.now())
    }

    /// When those renders were made, on the service's clock.
    fn window(&self, listed: &[usize]) -> Window {
        let now = self.desk.world.now();
        let oldest = listed.iter().map(|&index| self.slots[index].target.since).min().unwrap_or(now);
        self.desk.window(oldest.minus(MARGIN), now.plus(MARGIN))
    }

    /// One sweep for all of `listed`; gives back those that it didn't show, to be read alone.
    async fn read_list(&mut self, listed: &[usize]) -> Result<Vec<usize>, LedgerError> {
        let window = self.window(listed);
        let reports = match self.desk.client.sweep(window, READING).await {
            Ok(sweep) => sweep.reports,
            Err(error) => {
                self.unreadable(listed, None, error);
                return Ok(Vec::new());
            }
        };
        let mut reports: HashMap<ProjectId, Report> = reports.into_iter().map(|report| (report.project.clone(), report)).collect();
        let mut absent = Vec::new();
        let mut read = Vec::new();
        for &index in listed {
            match reports.remove(&self.slots[index].target.project) {
                Some(report) => read.push((index, report)),
                None => absent.push(index),
            }
        }
        self.others = reports.into_values().filter_map(|report| Some(report.created_at?.0)).collect();
        let youngest = listed.iter().map(|&index| self.age(index)).min().unwrap_or_default();
        let due = Tick::now() + self.patience.rhythm.pause(youngest);
        for &index in listed {
            self.slots[index].due = due;
        }
        self.take_in(read).await?;
        Ok(absent)
    }

    fn queue(&mut self, single: Vec<usize>) {
        for index in single {
            self.slots[index].asked = Some(Tick::now());
            self.waiting.push_back(index);
        }
    }

    fn read(&mut self, index: usize) -> impl Future<Output = (usize, Result<Report, ReadError>)> + use<> {
        self.slots[index].asked = Some(Tick::now());
        let (client, project) = (Arc::clone(&self.desk.client), self.slots[index].target.project.clone());
        async move { (index, client.read(&project, READING).await) }
    }

    async fn answered(&mut self, (index, answer): (usize, Result<Report, ReadError>)) -> Result<(), LedgerError> {
        self.slots[index].asked = None;
        self.slots[index].due = Tick::now() + self.patience.rhythm.pause(self.age(index));
        match answer {
            Ok(report) => self.take_in(vec![(index, report)]).await?,
            Err(ReadError::NoSuchProject { .. }) => self.denied(index).await?,
            Err(ReadError::Refused(refusal)) => self.end(index, Sight::Refused(refusal)),
            Err(error) => self.unreadable(&[index], Some(index), error),
        }
        Ok(())
    }

    /// Writes what was read into the ledger, all in one batch, and shows the state that the ledger keeps.
    async fn take_in(&mut self, read: Vec<(usize, Report)>) -> Result<(), LedgerError> {
        let at = self.desk.world.now();
        let row = |index: usize| self.slots[index].target.render.as_ref().map(|render| render.id);
        let records = read.iter().filter_map(|(index, report)| {
            Some(Record { render: row(*index)?, change: Change::Fact(Fact::Seen(Box::new(report.clone()))), at })
        });
        let records: Vec<Record> = records.collect();
        let recorded = if records.is_empty() { Vec::new() } else { self.desk.store.record(records).await? };
        let mut recorded = recorded.into_iter();
        for (index, report) in read {
            if self.slots[index].target.render.is_none() {
                let state = state_of(&report.status);
                self.seen(index, report, state);
                continue;
            }
            let Some(Ok(after)) = recorded.next() else { continue };
            let kept = after.render.report.clone().unwrap_or(report);
            let state = after.render.submission.state;
            self.slots[index].target.render = Some(after.render);
            self.seen(index, kept, state);
        }
        Ok(())
    }

    fn seen(&mut self, index: usize, report: Report, state: State) {
        let age = self.age(index);
        let slot = &mut self.slots[index];
        slot.failures = 0;
        slot.denied = None;
        if !slot.open {
            return;
        }
        if slot.last.as_ref().is_none_or(|last| last.status != report.status) {
            self.desk.listener.hear(&Event::Status { project: report.project.clone(), status: report.status.clone(), age });
            if let Status::Other(word) = &report.status {
                self.desk.listener.hear(&Event::Warning(format!(
                    "{}: the service says `{word}`, a word that j2v doesn't know; taken as running",
                    report.project
                )));
            }
        }
        slot.last = Some(report.clone());
        if let Some(created) = report.created_at.filter(|_| slot.target.render.is_none()) {
            slot.target.since = created;
        }
        let is_urlless = state == State::Done && report.url.is_none() && !is_long_over(&report, self.desk.service_now());
        if is_urlless && slot.urlless.get_or_insert_with(Tick::now).elapsed() < URL_LATE && !self.patience.once {
            return;
        }
        if state.is_final() || state == State::Timeout {
            self.end(index, Sight::Ended(Box::new(report)));
        } else if self.patience.once {
            self.end(index, Sight::Looked(Some(Box::new(report))));
        }
    }
}

async fn until(when: Option<Tick>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}

fn state_of(status: &Status) -> State {
    match status {
        Status::Done => State::Done,
        Status::Error => State::Error,
        Status::Timeout => State::Timeout,
        Status::Deleted => State::Deleted,
        Status::Pending | Status::Running | Status::Other(_) => State::Bound,
    }
}

/// Whether the service has deleted the file after its 7 days.
pub(super) fn is_long_over(report: &Report, now: Instant) -> bool {
    report.kept_until().is_some_and(|until| now >= until)
}
