//! One render of a watcher: when it was read last, when it is due, and what was read.

use std::time::Duration;

use tokio::time::Instant as Tick;

use super::{PollResult, Target};
use crate::render::outcome::Report;
use crate::render::schedule::PollInterval;
use crate::render::state::State;
use crate::work::belief::Doubt;
use crate::world::Timestamp;

/// One watched render, for this process or for another one.
pub(super) struct Slot {
    pub(super) target: Target,
    pub(super) open: bool,
    /// The polling interval: the shortest one that this process or another one asked for.
    pub(super) poll_interval: PollInterval,
    pub(super) due: Tick,
    /// Since when it has waited for another process to read it.
    pub(super) overdue: Option<Tick>,
    /// Since when a request about it is in flight.
    pub(super) asked: Option<Tick>,
    pub(super) last: Option<Report>,
    /// Why the last read failed, if it did.
    pub(super) unread: Option<String>,
    pub(super) failures: u32,
    pub(super) doubt: Doubt,
}

impl Slot {
    pub(super) fn new(target: Target, poll_interval: PollInterval) -> Self {
        let last = target.render.as_ref().and_then(|render| render.report.clone());
        Self {
            target,
            open: true,
            poll_interval,
            due: Tick::now(),
            overdue: None,
            asked: None,
            last,
            unread: None,
            failures: 0,
            doubt: Doubt::default(),
        }
    }

    /// The last report, for a result.
    pub(super) fn last(&self) -> Option<Box<Report>> {
        self.last.clone().map(Box::new)
    }

    /// The result at the deadline.
    pub(super) fn runs(&self) -> PollResult {
        PollResult::Runs { last: self.last(), unread: self.unread.clone() }
    }

    /// Whether its creation time is known.
    pub(super) fn is_dated(&self) -> bool {
        self.target.render.is_some() || self.last.is_some()
    }

    /// Whether it is due at `now`.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        self.open && self.asked.is_none() && self.due <= now
    }

    /// The time from one read to the next.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        self.poll_interval.pause(self.target.age(now))
    }

    /// Whether the last read is younger than the shortest interval that the service allows.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let render = self.target.render.as_ref().filter(|render| render.submission.state == State::Bound);
        render.and_then(|render| render.read_at).is_some_and(|at| now.since(at) < self.poll_interval.floor())
    }

    /// When to read it first: one pause after it was accepted or last read, when that is recent. At once otherwise,
    /// since a render that has ended may have changed.
    pub(super) fn first_due(&self, now: Timestamp) -> Tick {
        let Some(render) = &self.target.render else { return Tick::now() };
        let pause = self.pause(now);
        let young = Some(self.target.age(now)).filter(|age| *age < pause);
        let read = render.read_at.filter(|_| render.submission.state == State::Bound).map(|at| now.since(at));
        let known_for = young.into_iter().chain(read).min();
        Tick::now() + known_for.map_or(Duration::ZERO, |known_for| pause.saturating_sub(known_for))
    }
}
