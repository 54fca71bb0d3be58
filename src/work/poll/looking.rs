//! Reading the service: the list for many renders, a single read for each of a few, and what an answer means for a
//! render.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant as Tick;

use super::slot::Slot;
use super::watched::LedgerRow;
use super::{Extent, PollResult, Poller};
use crate::ledger::{Change, LedgerError, Record};
use crate::policy::LIST_MARGIN;
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::schedule;
use crate::render::state::{Fact, State};
use crate::service::page::Window;
use crate::service::read::{MOST_PER_PAGE, ReadError};
use crate::work::belief::tell_of_unknown_word;

/// Renders that one look reads singly although the list should have shown them; one page of the list holds a hundred.
const ALONE: usize = 20;

/// The longest pause between two looks that a slow list can cause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The target for the bytes of movies that one page of the list echoes.
const PAGE: u32 = 2 << 20;

impl<T> Poller<T> {
    /// Reads the due renders: first the results of other processes, then the list. Returns those to read singly.
    pub(super) async fn look(&mut self) -> Result<Vec<usize>, LedgerError> {
        self.take_over().await?;
        let is_due = |slots: &[Slot<T>], index: usize| slots[index].is_due(Tick::now());
        if !(0..self.slots.len()).any(|index| is_due(&self.slots, index)) {
            return Ok(Vec::new());
        }
        self.may_read().await;
        let (listed, mut single) = self.due();
        if self.listed > Tick::now() {
            // A render that was added during this sweep waits for the next one.
            for index in listed {
                self.slots[index].due = self.slots[index].due.max(self.listed);
            }
        } else if listed.iter().any(|&index| is_due(&self.slots, index)) {
            single.extend(self.read_list(&listed).await?);
        }
        Ok(single)
    }

    /// The open renders to read through the list, and the due ones to read singly.
    fn due(&self) -> (Vec<usize>, Vec<usize>) {
        let is_due = |index: &usize| self.slots[*index].is_due(Tick::now());
        let open: Vec<usize> = (0..self.slots.len()).filter(|&index| self.slots[index].open && self.slots[index].asked.is_none()).collect();
        if !open.iter().any(is_due) {
            return (Vec::new(), Vec::new());
        }
        // The creation time of a project that the ledger does not know is unknown until a single read has returned it.
        // Only then can the list be used.
        let (open, strangers): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|&index| self.slots[index].is_dated());
        let since: Vec<i64> = open.iter().map(|&index| self.slots[index].watched.since.0).collect();
        let split = schedule::split(&since, &self.others);
        let listed: Vec<usize> = split.listed.iter().map(|&place| open[place]).collect();
        let single = split.single.iter().map(|&place| open[place]).chain(strangers).filter(is_due).collect();
        (listed, single)
    }

    fn shortest_pause(&self, listed: &[usize]) -> Duration {
        let now = self.context.world.now();
        listed.iter().map(|&index| self.slots[index].pause(now)).min().unwrap_or_default()
    }

    pub(super) fn age(&self, index: usize) -> Duration {
        self.slots[index].watched.age(self.context.world.now())
    }

    /// The creation times of those renders, on the service's clock.
    fn window(&self, listed: &[usize]) -> Window {
        let now = self.context.world.now();
        let oldest = listed.iter().map(|&index| self.slots[index].watched.since).min().unwrap_or(now);
        self.context.window(oldest.minus(LIST_MARGIN), now.plus(LIST_MARGIN))
    }

    /// Sweeps the list once for all of `listed`, page by page: only one page is in memory. Returns those that the list did
    /// not show, to be read singly.
    async fn read_list(&mut self, listed: &[usize]) -> Result<Vec<usize>, LedgerError> {
        let began = Tick::now();
        let client = Arc::clone(&self.context.client);
        let mut pages = client.pages(self.window(listed), self.page_limit(), self.reading());
        let mut unseen = Unseen::of(&self.slots, listed);
        let mut others = Vec::new();
        loop {
            let reports = match pages.next().await {
                Ok(Some(reports)) => reports,
                Ok(None) => break,
                Err(error) => {
                    self.unreadable(listed, None, error);
                    self.listed = listed.iter().map(|&index| self.slots[index].due).min().unwrap_or(self.listed);
                    return Ok(Vec::new());
                }
            };
            let mut read = Vec::new();
            for report in reports {
                match unseen.take(&self.slots, &report.project) {
                    Some(index) => read.push((index, report)),
                    None => others.extend(report.created_at.map(|at| at.0)),
                }
            }
            self.take_in(read).await?;
        }
        self.others = others;
        self.listed = Tick::now() + self.shortest_pause(listed).max(began.elapsed().min(LONGEST_PAUSE));
        for &index in listed {
            self.slots[index].due = self.listed;
        }
        Ok(unseen.left().take(ALONE).collect())
    }

    /// How many renders a page of the list may have: the list echoes their movies.
    fn page_limit(&self) -> u8 {
        u8::try_from(PAGE / self.heaviest.max(1)).unwrap_or(u8::MAX).clamp(1, MOST_PER_PAGE)
    }

    pub(super) fn queue(&mut self, single: Vec<usize>) {
        for index in single {
            self.slots[index].asked = Some(Box::new(Tick::now()));
            self.waiting.push_back(index);
        }
    }

    pub(super) fn read(&mut self, index: usize) -> impl Future<Output = (usize, Result<Report, ReadError>)> + use<T> {
        self.slots[index].asked = Some(Box::new(Tick::now()));
        let (client, project) = (Arc::clone(&self.context.client), self.slots[index].watched.project.clone());
        let patience = self.reading();
        async move { (index, client.read(&project, patience).await) }
    }

    pub(super) async fn answered(&mut self, (index, answer): (usize, Result<Report, ReadError>)) -> Result<(), LedgerError> {
        self.slots[index].asked = None;
        if !self.slots[index].open {
            self.vacate(index);
            // What was read is written, although nobody waits for it now.
            return match answer {
                Ok(report) => self.take_in(vec![(index, report)]).await,
                Err(_) => Ok(()),
            };
        }
        self.slots[index].due = Tick::now() + self.slots[index].pause(self.context.world.now());
        match answer {
            Ok(report) => self.take_in(vec![(index, report)]).await?,
            Err(ReadError::NoSuchProject { .. }) => self.denied(index).await?,
            Err(ReadError::Refused(refusal)) => self.end(index, PollResult::Refused(refusal)),
            Err(error) => self.unreadable(&[index], Some(index), error),
        }
        Ok(())
    }

    /// Writes the results into the ledger in one transaction, and shows the state that the ledger then has.
    pub(super) async fn take_in(&mut self, read: Vec<(usize, Report)>) -> Result<(), LedgerError> {
        let at = self.context.world.now();
        let (mut records, mut recorded) = (Vec::new(), Vec::new());
        for (index, report) in read {
            let Some(row) = self.slots[index].watched.row else {
                let state = state_of(&report.status);
                self.seen(index, report, state);
                continue;
            };
            if self.is_no_news(index, &report) {
                self.is_read(index);
                continue;
            }
            records.push(Record { render: row.id, change: Change::Fact(Fact::Seen(Box::new(report))), at });
            recorded.push(index);
        }
        if records.is_empty() {
            return Ok(());
        }
        for (index, after) in recorded.into_iter().zip(self.context.store.record(records).await?) {
            let Ok(after) = after else { continue };
            self.slots[index].watched.row = Some(LedgerRow::of(&after.render));
            if let Some(report) = after.render.report {
                self.seen(index, report, after.render.submission.state);
            }
        }
        Ok(())
    }

    /// Whether a report says of a batch's render what it said before. Of any other the ledger learns when it was read.
    fn is_no_news(&self, index: usize, report: &Report) -> bool {
        let slot = &self.slots[index];
        self.extent != Extent::Few && slot.is_own() && report.status.is_underway() && slot.status.as_ref() == Some(&report.status)
    }

    /// The service has answered about a render.
    fn is_read(&mut self, index: usize) {
        self.rest_no_more();
        self.slots[index].is_read();
    }

    /// Shows what is known of a render now, and ends it if it has ended.
    pub(super) fn seen(&mut self, index: usize, report: Report, state: State) {
        self.is_read(index);
        let (age, is_few) = (self.age(index), self.extent == Extent::Few);
        let slot = &mut self.slots[index];
        if !slot.open {
            return;
        }
        if slot.is_own() && slot.status.as_ref() != Some(&report.status) {
            if is_few {
                self.context.tell(&Event::Status { project: report.project.clone(), status: report.status.clone(), age });
            }
            tell_of_unknown_word(&self.context, &report);
        }
        slot.status = Some(report.status.clone());
        if let Some(created) = report.created_at.filter(|_| slot.watched.row.is_none()) {
            (slot.watched.since, slot.watched.accepted_at) = (created, created);
        }
        let report = Box::new(report);
        let awaits_url = !self.wait.once && slot.awaits_url(state, &report, self.context.service_now());
        if is_few {
            slot.watched.last = Some(report.clone());
        }
        if awaits_url {
            return;
        }
        if state.has_ended() || state == State::Timeout {
            self.end(index, PollResult::Ended(report));
        } else if self.wait.once {
            self.end(index, PollResult::Looked(Some(report)));
        }
    }
}

/// The renders that a sweep of the list has not shown yet, by their projects: sorted, because a map of 100,000 would hold
/// each project once more.
struct Unseen {
    by_project: Vec<usize>,
    seen: Vec<bool>,
}

impl Unseen {
    fn of<T>(slots: &[Slot<T>], listed: &[usize]) -> Self {
        let mut by_project = listed.to_vec();
        by_project.sort_unstable_by(|&one, &other| slots[one].watched.project.cmp(&slots[other].watched.project));
        Self { seen: vec![false; by_project.len()], by_project }
    }

    /// The slot of a project, when the list shows it for the first time.
    fn take<T>(&mut self, slots: &[Slot<T>], project: &ProjectId) -> Option<usize> {
        let place = self.by_project.binary_search_by(|&index| slots[index].watched.project.cmp(project)).ok()?;
        (!std::mem::replace(&mut self.seen[place], true)).then(|| self.by_project[place])
    }

    /// The slots of those that the list did not show.
    fn left(self) -> impl Iterator<Item = usize> {
        self.by_project.into_iter().zip(self.seen).filter(|(_, is_seen)| !is_seen).map(|(index, _)| index)
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
