//! How the poller applies the rules of `work::belief` to answers that don't count at once, and to answers that are missing: "no such project" for a project that the ledger
//! bound, and a service that can't be read (`faults.md` rows 30, 31 and 38).

use tokio::time::Instant as Tick;

use super::{PollResult, Poller};
use crate::ledger::LedgerError;
use crate::render::event::Event;
use crate::service::read::ReadError;
use crate::work::belief::{Listed, on_the_list, rest_after};

impl<T> Poller<T> {
    /// "No such project" is believed at once for an id that this ledger never bound, and doubted for one that it did.
    pub(super) async fn denied(&mut self, index: usize) -> Result<(), LedgerError> {
        let slot = &self.slots[index];
        // A process that waits for a render doubts and decides; this one only reads for it.
        if !slot.is_own() || !slot.watched.row.is_some_and(|row| row.is_bound) {
            self.end(index, PollResult::Missing);
            return Ok(());
        }
        if self.end_as_remembered(index) {
            return Ok(());
        }
        let age = self.age(index);
        let decides = self.slots[index].setbacks().doubt.denied(age);
        if self.wait.once {
            self.end(index, PollResult::Looked(self.slots[index].last()));
        } else if decides {
            return self.ask_the_list(index).await;
        }
        Ok(())
    }

    /// The last check of a project that the status denies.
    async fn ask_the_list(&mut self, index: usize) -> Result<(), LedgerError> {
        let watched = &self.slots[index].watched;
        match on_the_list(&self.context, &watched.project, watched.since).await {
            Listed::Shown(report) => self.take_in(vec![(index, *report)]).await?,
            Listed::Absent => self.end(index, PollResult::Missing),
            Listed::Unread => {}
        }
        Ok(())
    }

    /// Ends a render from the ledger when the ledger knows that it has ended; no answer of the service is needed.
    fn end_as_remembered(&mut self, index: usize) -> bool {
        let slot = &self.slots[index];
        let is_final = slot.watched.row.is_some_and(|row| row.state.has_ended());
        let Some(last) = slot.last().filter(|_| is_final) else { return false };
        self.end(index, PollResult::Ended(last));
        true
    }

    /// The service can't be read: the pauses grow, but an accepted render is not given up before the deadline. An id
    /// that was never seen may be a typing mistake, so that is reported.
    pub(super) fn unreadable(&mut self, indices: &[usize], alone: Option<usize>, error: ReadError) {
        if let ReadError::Refused(refusal) = error {
            for &index in indices {
                self.end(index, PollResult::Refused(refusal.clone()));
            }
            return;
        }
        if alone.is_none_or(|index| self.slots[index].is_own()) {
            let project = alone.map(|index| self.slots[index].watched.project.clone());
            self.context.listener.hear(&Event::Unreadable { project, why: error.to_string() });
        }
        for &index in indices {
            if self.end_as_remembered(index) {
                continue;
            }
            if !self.slots[index].is_dated() {
                self.end(index, PollResult::Unreachable(error.to_string()));
                continue;
            }
            let pause = self.slots[index].pause(self.context.world.now());
            let slot = &mut self.slots[index];
            let setbacks = slot.setbacks();
            setbacks.failures += 1;
            setbacks.unread = Some(error.to_string());
            let rest = rest_after(setbacks.failures, pause);
            slot.due = Tick::now() + rest;
            self.rest_for(rest);
            if self.wait.once {
                self.end(index, PollResult::Looked(self.slots[index].last()));
            }
        }
    }
}
