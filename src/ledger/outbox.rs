//! The outbox: outcomes that an application is to hear of, each once for its space, project and final status.
//!
//! From the moment at which a space has a receiver, the store itself puts an outcome here in the transaction in which
//! the render ends, whichever command saw it end: nothing can fall between. What somebody has taken is theirs until
//! they say how it went, or are gone.

use super::{Reply, Space};
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::state::State;
use crate::world::Timestamp;

/// An outcome that an application is to hear of.
#[derive(Debug, Clone, PartialEq)]
pub struct Announcement {
    /// Whose.
    pub space: Space,
    /// How the project ended: its final word, and what the service said.
    pub report: Report,
    /// Since when it is due.
    pub at: Timestamp,
    /// Whether the application is to be told, or has heard of it by itself.
    pub heard: Heard,
}

/// Whether an application has heard of an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It is to be told.
    NotYet,
    /// It has a receiver of its own and has heard: nobody is to tell it again.
    Already,
}

/// A delivery's name inside its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(pub i64);

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Progress {
    /// It waits for its time.
    Due,
    /// Somebody is at it.
    Taken,
    /// The application has heard.
    Done,
    /// It was tried often enough.
    GivenUp,
}

impl Progress {
    const ALL: [Self; 4] = [Self::Due, Self::Taken, Self::Done, Self::GivenUp];

    /// Its word, as it is stored and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Taken => "taken",
            Self::Done => "done",
            Self::GivenUp => "given-up",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|progress| progress.as_str() == word)
    }
}

/// One outcome on its way to the application.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Which.
    pub id: DeliveryId,
    /// Whose.
    pub space: Space,
    /// Of which render.
    pub project: ProjectId,
    /// The final word: `done`, `error`, `deleted`. An `error` that becomes `done` is an outcome of its own.
    pub status: String,
    /// What the service said when it ended.
    pub report: Report,
    /// How far it is.
    pub progress: Progress,
    /// How often it was taken.
    pub attempts: u32,
    /// When it is to be tried next. At first that is when the service took the movie: those that have waited longest
    /// come first, and those that are too young to be missed can be left out.
    pub due_at: Timestamp,
    /// Who is at it, by the name that the store gave them.
    pub owner: Option<String>,
    /// When its progress last changed.
    pub touched_at: Timestamp,
    /// How the last attempt went, for people.
    pub detail: Option<String>,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttemptResult {
    /// The application has heard.
    Over,
    /// It is to be tried again at this time.
    Again(Timestamp),
    /// It was tried often enough.
    GivenUp,
    /// It was not begun, and does not count; it may be from this time on.
    Later(Timestamp),
    /// A user wants it told once more, at this time, however it stands; unless somebody is at it.
    Wanted(Timestamp),
}

impl AttemptResult {
    /// How far the delivery is after it, when it is due where that changes, and how many attempts don't count.
    pub(super) fn comes_to(&self) -> (Progress, Option<Timestamp>, u32) {
        match *self {
            Self::Over => (Progress::Done, None, 0),
            Self::GivenUp => (Progress::GivenUp, None, 0),
            Self::Again(at) | Self::Wanted(at) => (Progress::Due, Some(at), 0),
            Self::Later(at) => (Progress::Due, Some(at), 1),
        }
    }

    /// Whether anybody may say so, and not only who has taken the delivery.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(self, Self::Wanted(_))
    }
}

/// An attempt, told by who made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Which delivery.
    pub delivery: DeliveryId,
    /// How it went.
    pub handed: AttemptResult,
    /// The same for people.
    pub detail: String,
    /// When.
    pub at: Timestamp,
}

/// Which deliveries are asked for. Oldest first, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deliveries {
    /// Those of some projects.
    Of(Vec<ProjectId>),
    /// Those that are due or taken, up to a number.
    Open(u32),
    /// Those that were given up, up to a number.
    GivenUp(u32),
}

/// How an outcome went that nobody had to tell, for people.
pub(super) const BY_ITSELF: &str = "the application's own receiver has heard of it";

/// What a space keeps about who receives its callbacks and outcomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// The path that callbacks come to. It holds a secret, as the stored movies that name it do.
    pub path: Option<String>,
    /// The URL under which the service reaches that path: with it, what `--webhook @listen` stands for.
    pub public_url: Option<String>,
    /// Since when there has been one: outcomes that were known before are nobody's news.
    pub since: Timestamp,
}

/// What is to be kept about the receiver from now on; what is `None` stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keeping {
    /// Another path.
    pub path: Option<String>,
    /// The path to take if there is none yet.
    pub path_if_none: Option<String>,
    /// Another public URL.
    pub public_url: Option<String>,
}

/// The outcomes on their way to an application.
pub trait Outbox: Send + Sync {
    /// Puts outcomes here that aren't here yet; says which were new. One that the application has heard of already is
    /// over, unless somebody is telling it just now.
    fn announce(&self, outcomes: Vec<Announcement>) -> Reply<'_, Vec<bool>>;

    /// When the next delivery of a space may be taken: in the past if one waits, or if somebody else is at one
    /// and may be gone by now.
    fn next_due(&self, space: Space) -> Reply<'_, Option<Timestamp>>;

    /// Takes up to `most` deliveries that are due at `at`, in the name of this process, and those that somebody took
    /// who is gone. Never two of one project at a time, in this process or another.
    fn take(&self, space: Space, most: u32, at: Timestamp) -> Reply<'_, Vec<Delivery>>;

    /// Tells how attempts went. Only who has taken a delivery can say so; but anybody can have one that nobody is at
    /// told once more ([`AttemptResult::Wanted`]), whether it is due, over or was given up.
    fn delivered(&self, attempts: Vec<Attempt>) -> Reply<'_, ()>;

    /// Deliveries of one space, or of all.
    fn deliveries(&self, space: Option<Space>, which: Deliveries) -> Reply<'_, Vec<Delivery>>;

    /// What the space keeps about its receiver, if it ever had one.
    fn receiver(&self, space: Space) -> Reply<'_, Option<Receiver>>;

    /// Keeps something about the receiver; from then on there is one. Tells what is kept after it.
    fn keep_receiver(&self, space: Space, keeping: Keeping, at: Timestamp) -> Reply<'_, Receiver>;
}

/// Whether a render that went from one state to another has an outcome that is news to an application.
#[must_use]
pub fn is_news(before: State, after: State) -> bool {
    (after.is_final() && !before.is_final()) || (before == State::Error && after == State::Done)
}

/// Whether a word of the service's ends a render for good: `timeout` may still become something else.
#[must_use]
pub fn is_final(status: &Status) -> bool {
    matches!(status, Status::Done | Status::Error | Status::Deleted)
}
