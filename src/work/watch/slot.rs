//! What a watcher knows of one render: when it was looked at, when it is due, and what was seen.

use std::time::Duration;

use tokio::time::Instant as Tick;

use super::Target;
use crate::render::outcome::Report;
use crate::render::schedule::PollInterval;
use crate::render::state::State;
use crate::world::Timestamp;

/// One render that is watched, for ourselves or for another process.
pub(super) struct Slot {
    pub(super) target: Target,
    pub(super) open: bool,
    /// How often its status is wanted: by us, or more often by another.
    pub(super) poll_interval: PollInterval,
    pub(super) due: Tick,
    /// Since when it has waited for another process to read it.
    pub(super) overdue: Option<Tick>,
    /// Since when a question about it has been out.
    pub(super) asked: Option<Tick>,
    pub(super) last: Option<Report>,
    pub(super) failures: u32,
    pub(super) denied: Option<(Tick, u32)>,
    pub(super) urlless: Option<Tick>,
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
            failures: 0,
            denied: None,
            urlless: None,
        }
    }

    /// Whether anybody knows when it was made.
    pub(super) fn is_dated(&self) -> bool {
        self.target.render.is_some() || self.last.is_some()
    }

    /// Whether it is to be looked at by `now`.
    pub(super) fn is_due(&self, now: Tick) -> bool {
        self.open && self.asked.is_none() && self.due <= now
    }

    /// How long after a look at it the next one is due.
    pub(super) fn pause(&self, now: Timestamp) -> Duration {
        self.poll_interval.pause(self.target.age(now))
    }

    /// Whether the service asks not to be asked again so soon.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        let render = self.target.render.as_ref().filter(|render| render.submission.state == State::Bound);
        render.and_then(|render| render.read_at).is_some_and(|at| now.since(at) < self.poll_interval.floor())
    }

    /// When it is to be looked at first: after one pause when it was just accepted or somebody has just looked, and at
    /// once when whoever asks wants to know whether something has changed that ended before.
    pub(super) fn first_due(&self, now: Timestamp) -> Tick {
        let Some(render) = &self.target.render else { return Tick::now() };
        let pause = self.pause(now);
        let young = Some(self.target.age(now)).filter(|age| *age < pause);
        let read = render.read_at.filter(|_| render.submission.state == State::Bound).map(|at| now.since(at));
        let known_for = young.into_iter().chain(read).min();
        Tick::now() + known_for.map_or(Duration::ZERO, |known_for| pause.saturating_sub(known_for))
    }
}
