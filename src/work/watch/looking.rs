//! Reading the service: the list for many renders, a single read for each of a few, and what an answer means for a
//! render.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant as Tick;

use super::slot::Slot;
use super::{PollResult, Watcher};
use crate::ledger::{Change, LedgerError, Record};
use crate::policy::LIST_MARGIN;
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::schedule;
use crate::render::state::{Fact, State};
use crate::service::page::Window;
use crate::service::read::ReadError;
use crate::work::belief::tell_of_unknown_word;

impl Watcher {
    /// Reads the due renders: first the results of other processes, then the list. Returns those to read singly.
    pub(super) async fn look(&mut self) -> Result<Vec<usize>, LedgerError> {
        self.take_over().await?;
        let is_due = |slots: &[Slot], index: usize| slots[index].is_due(Tick::now());
        if !(0..self.slots.len()).any(|index| is_due(&self.slots, index)) {
            return Ok(Vec::new());
        }
        self.may_read().await;
        let open: Vec<usize> = (0..self.slots.len()).filter(|&index| self.slots[index].open && self.slots[index].asked.is_none()).collect();
        if !open.iter().any(|&index| is_due(&self.slots, index)) {
            return Ok(Vec::new());
        }
        // The creation time of a project that the ledger does not know is unknown until a single read has returned it.
        // Only then can the list be used.
        let (open, strangers): (Vec<usize>, Vec<usize>) = open.into_iter().partition(|&index| self.slots[index].is_dated());
        let since: Vec<i64> = open.iter().map(|&index| self.slots[index].target.since.0).collect();
        let split = schedule::split(&since, &self.others);
        let listed: Vec<usize> = split.listed.iter().map(|&place| open[place]).collect();
        let single = split.single.iter().map(|&place| open[place]).filter(|&index| is_due(&self.slots, index));
        let mut single: Vec<usize> = single.chain(strangers.into_iter().filter(|&index| is_due(&self.slots, index))).collect();
        if self.listed > Tick::now() {
            // A render that was added during this sweep waits for the next one.
            for &index in &listed {
                self.slots[index].due = self.slots[index].due.max(self.listed);
            }
        } else if listed.iter().any(|&index| is_due(&self.slots, index)) {
            single.extend(self.read_list(&listed).await?);
        }
        Ok(single)
    }

    fn shortest_pause(&self, listed: &[usize]) -> Duration {
        let now = self.context.world.now();
        listed.iter().map(|&index| self.slots[index].pause(now)).min().unwrap_or_default()
    }

    pub(super) fn age(&self, index: usize) -> Duration {
        self.slots[index].target.age(self.context.world.now())
    }

    /// The creation times of those renders, on the service's clock.
    fn window(&self, listed: &[usize]) -> Window {
        let now = self.context.world.now();
        let oldest = listed.iter().map(|&index| self.slots[index].target.since).min().unwrap_or(now);
        self.context.window(oldest.minus(LIST_MARGIN), now.plus(LIST_MARGIN))
    }

    /// Sweeps the list once for all of `listed`. Returns those that the list did not show, to be read singly.
    async fn read_list(&mut self, listed: &[usize]) -> Result<Vec<usize>, LedgerError> {
        let window = self.window(listed);
        let reports = match self.context.client.sweep(window, self.reading()).await {
            Ok(sweep) => sweep.reports,
            Err(error) => {
                self.unreadable(listed, None, error);
                self.listed = listed.iter().map(|&index| self.slots[index].due).min().unwrap_or(self.listed);
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
        self.listed = Tick::now() + self.shortest_pause(listed);
        for &index in listed {
            self.slots[index].due = self.listed;
        }
        self.take_in(read).await?;
        Ok(absent)
    }

    pub(super) fn queue(&mut self, single: Vec<usize>) {
        for index in single {
            self.slots[index].asked = Some(Tick::now());
            self.waiting.push_back(index);
        }
    }

    pub(super) fn read(&mut self, index: usize) -> impl Future<Output = (usize, Result<Report, ReadError>)> + use<> {
        self.slots[index].asked = Some(Tick::now());
        let (client, project) = (Arc::clone(&self.context.client), self.slots[index].target.project.clone());
        let patience = self.reading();
        async move { (index, client.read(&project, patience).await) }
    }

    pub(super) async fn answered(&mut self, (index, answer): (usize, Result<Report, ReadError>)) -> Result<(), LedgerError> {
        self.slots[index].asked = None;
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
        let row = |index: usize| self.slots[index].target.render.as_ref().map(|render| render.id);
        let records = read.iter().filter_map(|(index, report)| {
            Some(Record { render: row(*index)?, change: Change::Fact(Fact::Seen(Box::new(report.clone()))), at })
        });
        let records: Vec<Record> = records.collect();
        let recorded = if records.is_empty() { Vec::new() } else { self.context.store.record(records).await? };
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

    pub(super) fn seen(&mut self, index: usize, report: Report, state: State) {
        let age = self.age(index);
        self.rest_no_more();
        let slot = &mut self.slots[index];
        slot.failures = 0;
        slot.doubt.seen();
        slot.overdue = None;
        if !slot.open {
            return;
        }
        if index < self.own && slot.last.as_ref().is_none_or(|last| last.status != report.status) {
            self.context.listener.hear(&Event::Status { project: report.project.clone(), status: report.status.clone(), age });
            tell_of_unknown_word(&self.context, &report);
        }
        slot.last = Some(report.clone());
        slot.unread = None;
        if let Some(created) = report.created_at.filter(|_| slot.target.render.is_none()) {
            slot.target.since = created;
        }
        if !self.wait.once && slot.doubt.awaits_url(state, &report, self.context.service_now()) {
            return;
        }
        if state.has_ended() || state == State::Timeout {
            self.end(index, PollResult::Ended(Box::new(report)));
        } else if self.wait.once {
            self.end(index, PollResult::Looked(Some(Box::new(report))));
        }
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
