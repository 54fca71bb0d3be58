//! The outbox: outcomes to deliver to an application, one entry for each space, project and final status. Each is delivered
//! at least once.
//!
//! As soon as a space has a receiver, the store itself puts an outcome here, in the transaction in which the render
//! ends, whichever command saw it end: no outcome is lost in between. A delivery that a process has taken belongs to that
//! process until it records the result, or ends.

use std::collections::HashSet;

use super::{Reply, Space};
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::render::state::State;
use crate::world::Timestamp;

/// An outcome to deliver to an application.
#[derive(Debug, Clone, PartialEq)]
pub struct Announcement {
    /// The account and API URL.
    pub space: Space,
    /// How the project ended: its final status, and the service's report.
    pub report: Report,
    /// Since when it is due.
    pub at: Timestamp,
    /// Whether to deliver it, or the application knows it already.
    pub heard: Heard,
}

/// Whether an application knows an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is still to be delivered.
    NotYet,
    /// The application's own receiver has it: do not deliver it again.
    Already,
}

/// A delivery's number inside its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(pub i64);

/// The progress of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It waits for its time.
    Due,
    /// A process is delivering it.
    Taken,
    /// The application has it.
    Done,
    /// It was tried the maximum number of times.
    GivenUp,
}

impl Progress {
    const ALL: [Self; 4] = [Self::Due, Self::Taken, Self::Done, Self::GivenUp];

    /// The progress as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Taken => "taken",
            Self::Done => "done",
            Self::GivenUp => "given-up",
        }
    }

    /// Reads a stored progress.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|progress| progress.as_str() == word)
    }
}

/// One outcome on its way to the application.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its number.
    pub id: DeliveryId,
    /// The account and API URL.
    pub space: Space,
    /// The project of its render.
    pub project: ProjectId,
    /// The final status: `done`, `error`, `deleted`. An `error` that becomes `done` is an outcome of its own.
    pub status: String,
    /// The service's report when it ended.
    pub report: Report,
    /// Its progress.
    pub progress: Progress,
    /// The number of times that it was taken.
    pub attempts: u32,
    /// When to try it next. At first that is when the service accepted the movie: the deliveries that have waited longest
    /// come first, and those that are too young to be missed can be left out.
    pub due_at: Timestamp,
    /// The process that delivers it, by the name that its store gave it.
    pub owner: Option<String>,
    /// When its progress last changed.
    pub touched_at: Timestamp,
    /// The result of the last attempt, for people.
    pub detail: Option<String>,
}

/// The result of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The application has it.
    Over,
    /// Try it again at this time.
    Again(Timestamp),
    /// It was tried the maximum number of times.
    GivenUp,
    /// The attempt was not begun and does not count; it may begin from this time on.
    Later(Timestamp),
    /// A user wants it delivered once more, at this time, whatever its progress; ignored while a process is delivering it.
    Wanted(Timestamp),
}

impl AttemptResult {
    /// The delivery's progress after it, when it is due where that changes, and the number of attempts that don't count.
    pub(super) fn comes_to(&self) -> (Progress, Option<Timestamp>, u32) {
        match *self {
            Self::Over => (Progress::Done, None, 0),
            Self::GivenUp => (Progress::GivenUp, None, 0),
            Self::Again(at) | Self::Wanted(at) => (Progress::Due, Some(at), 0),
            Self::Later(at) => (Progress::Due, Some(at), 1),
        }
    }

    /// Whether any process may record it, and not only the one that has taken the delivery.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self, Self::Wanted(_))
    }
}

/// An attempt, as recorded by the process that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The delivery's number.
    pub delivery: DeliveryId,
    /// Its result.
    pub result: AttemptResult,
    /// Its result for people.
    pub detail: String,
    /// When it ended.
    pub at: Timestamp,
}

/// Which deliveries to return, oldest first in every case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deliveries {
    /// Those of some projects.
    Of(Vec<ProjectId>),
    /// Those that are due or taken, up to a number.
    Open(u32),
    /// Those that were given up, up to a number.
    GivenUp(u32),
}

/// The result, for people, of an outcome that did not have to be delivered.
pub(super) const BY_ITSELF: &str = "the application's own receiver has heard of it";

/// What a space keeps about the receiver of its callbacks and outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The path that callbacks are sent to. It holds a secret, as the stored movies that name it do.
    pub path: Option<String>,
    /// The URL under which the service reaches that path; together they replace `--webhook @listen`.
    pub public_url: Option<String>,
    /// Since when the space has had a receiver: outcomes that were known before are not delivered.
    pub since: Timestamp,
}

/// What to change about the receiver; a field that is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keeping {
    /// Another path.
    pub path: Option<String>,
    /// The path to use if there is none yet.
    pub path_if_none: Option<String>,
    /// Another public URL.
    pub public_url: Option<String>,
}

/// The outbox calls of a ledger.
pub trait Outbox: Send + Sync {
    /// Adds the outcomes that aren't here yet; returns which were new. An outcome that the application knows already is
    /// done, unless a process is delivering it just now.
    fn announce(&self, outcomes: Vec<Announcement>) -> Reply<'_, Vec<bool>>;

    /// When the next delivery of a space may be taken. This is in the past if one waits, or if another process has one and
    /// may be gone by now.
    fn next_due(&self, space: Space) -> Reply<'_, Option<Timestamp>>;

    /// Takes, in the name of this process, up to `most` deliveries that are due at `at`, or whose process is gone. Never two
    /// of one project at a time, in this process or another.
    fn take(&self, space: Space, most: u32, at: Timestamp) -> Reply<'_, Vec<Delivery>>;

    /// Records the results of attempts. Only the process that has taken a delivery can record its result. Any process can
    /// ask for another delivery of one that is not taken ([`AttemptResult::Wanted`]), whether it is due, done or given up.
    fn record_attempts(&self, attempts: Vec<Attempt>) -> Reply<'_, ()>;

    /// The deliveries of one space, or of all spaces.
    fn deliveries(&self, space: Option<Space>, which: Deliveries) -> Reply<'_, Vec<Delivery>>;

    /// What the space keeps about its receiver, if it ever had one.
    fn receiver(&self, space: Space) -> Reply<'_, Option<Receiver>>;

    /// Changes what is kept about the receiver, and creates it if there is none. Returns what is kept afterwards.
    fn keep_receiver(&self, space: Space, keeping: Keeping, at: Timestamp) -> Reply<'_, Receiver>;
}

/// Whether a render that went from one state to another has an outcome that is news to an application.
#[must_use]
pub fn is_news(before: State, after: State) -> bool {
    (after.has_ended() && !before.has_ended()) || (before == State::Error && after == State::Done)
}

/// The due deliveries that a process takes, as they are afterwards: one of each project, so that no other process delivers
/// another outcome of the same project meanwhile.
pub(super) fn taken(mut due: Vec<Delivery>, owner: Option<&str>, at: Timestamp) -> Vec<Delivery> {
    let mut projects = HashSet::new();
    due.retain(|delivery| projects.insert(delivery.project.clone()));
    for delivery in &mut due {
        delivery.progress = Progress::Taken;
        delivery.owner = owner.map(str::to_owned);
        delivery.attempts += 1;
        delivery.touched_at = at;
    }
    due
}
