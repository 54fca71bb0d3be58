//! One render of the poller: when it was read last, when it is due, and what was read.

use std::time::Duration;

use tokio::time::Instant as Tick;

use super::PollResult;
use super::watched::Watched;
use crate::render::outcome::{Report, Status};
use crate::render::schedule::PollInterval;
use crate::render::state::State;
use crate::work::belief::Doubt;
use crate::world::Timestamp;

/// One render that is polled, for this process or for another one.
pub(super) struct Slot<T> {
    pub(super) watched: Watched,
    /// What came with a render of this process; `None` for one that only other pollers wait for, and once it has ended.
    pub(super) own: Option<T>,
    /// Whether it is still to be read.
    pub(super) open: bool,
    /// Whether a poller waits for it, this one or another.
    pub(super) is_wanted: bool,
    /// The polling interval: the shortest one that this process or another one asked for.
    pub(super) poll_interval: PollInterval,
    pub(super) due: Tick,
    /// Since when a request about it is in flight: true of few slots at once, and there may be 100,000.
    pub(super) asked: Option<Box<Tick>>,
    /// The status that was read last.
    pub(super) status: Option<Status>,
    /// What has kept it from being read or believed since the last good read: rarely anything.
    setbacks: Option<Box<Setbacks>>,
}

/// What keeps a render from being read or believed.
#[derive(Debug, Default)]
pub(super) struct Setbacks {
    /// Since when it has waited for another process to read it.
    pub(super) overdue: Option<Tick>,
    /// Why the last read failed, if it did.
    pub(super) unread: Option<String>,
    /// How many reads in a row have failed.
    pub(super) failures: u32,
    pub(super) doubt: Doubt,
}

impl<T> Slot<T> {
    pub(super) fn new(watched: Watched, poll_interval: PollInterval, now: Timestamp, own: Option<T>) -> Self {
        let status = watched.last.as_ref().map(|report| report.status.clone());
        let mut slot =
            Self { watched, own, open: true, is_wanted: true, poll_interval, due: Tick::now(), asked: None, status, setbacks: None };
        slot.due = slot.first_due(now);
        slot
    }

    /// Whether this process waits for it.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// The last report, for a result.
    pub(super) fn last(&self) -> Option<Box<Report>> {
        self.watched.last.clone()
    }

    /// The result at the deadline.
    pub(super) fn runs(&self) -> PollResult {
        PollResult::Runs { last: self.last(), unread: self.setbacks.as_ref().and_then(|setbacks| setbacks.unread.clone()) }
    }

    /// Its setbacks, to add one.
    pub(super) fn setbacks(&mut self) -> &mut Setbacks {
        self.setbacks.get_or_insert_default()
    }

    /// Whether the last read failed.
    pub(super) fn fails(&self) -> bool {
        self.setbacks.as_ref().is_some_and(|setbacks| setbacks.failures > 0)
    }

    /// Records that the service has answered about it.
    pub(super) fn is_read(&mut self) {
        if let Some(setbacks) = &mut self.setbacks {
            (setbacks.failures, setbacks.overdue, setbacks.unread) = (0, None, None);
            setbacks.doubt.seen();
        }
    }

    /// Whether a `done` without its URL is read again ([`Doubt::awaits_url`]).
    pub(super) fn awaits_url(&mut self, state: State, report: &Report, now: Timestamp) -> bool {
        let is_urlless = state == State::Done && report.url.is_none();
        is_urlless && self.setbacks().doubt.awaits_url(state, report, now)
    }

    /// Whether its creation time is known.
    pub(super) fn is_dated(&self) -> bool {
        self.watched.row.is_some() || self.watched.last.is_some()
    }

    /// Whether it is due at `now`.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        self.open && self.asked.is_none() && self.due <= now
    }

    /// The time from one read to the next.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        self.poll_interval.pause(self.watched.age(now))
    }

    /// Whether the last read is younger than the shortest interval that the service allows.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let row = self.watched.row.filter(|row| row.state == State::Bound);
        row.and_then(|row| row.read_at).is_some_and(|at| now.since(at) < self.poll_interval.floor())
    }

    /// When to read it first: one pause after it was accepted or last read, when that is recent. At once otherwise,
    /// since a render that has ended may have changed.
    fn first_due(&self, now: Timestamp) -> Tick {
        let Some(row) = &self.watched.row else { return Tick::now() };
        let pause = self.pause(now);
        let young = Some(self.watched.age(now)).filter(|age| *age < pause);
        let read = row.read_at.filter(|_| row.state == State::Bound).map(|at| now.since(at));
        let known_for = young.into_iter().chain(read).min();
        Tick::now() + known_for.map_or(Duration::ZERO, |known_for| pause.saturating_sub(known_for))
    }
}
