//! What is remembered of every render, so that none is paid twice and none is lost.
//!
//! [`Store`] is the door: it takes batches, and any store keeps the same promises (`tests/store` is the
//! suite). What a row *means* is decided by [`crate::render::state`]; a store loads a row, lets the machine
//! take the step, and writes row and story in one transaction.

pub mod batch;
pub mod change;
pub mod inbox;
pub mod mark;
pub mod memory;
pub mod outbox;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod recovery;
pub mod sharing;
pub mod sqlite;
pub mod story;
pub mod transfer;

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use self::batch::{Batches, TableRow};
use self::inbox::Inbox;
use self::outbox::Outbox;
use self::recovery::Recovery;
use self::sharing::Sharing;
use crate::render::identity::{Key, MovieHash, ProjectId};
use crate::render::outcome::{Refusal, Report};
use crate::render::state::{Action, Fact, InvalidTransition, OnUnknown, Submission};
use crate::render::token::{Identity, LedgerName};
use crate::world::Timestamp;

pub use crate::render::token::SUBMIT_SCOPE;

/// Whose renders: every account and API URL is its own space in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Space {
    /// The profile's name, never the API key: a rotated key must not pay twice.
    pub account: String,
    /// The API URL without a trailing slash; for the in-process emulator a name that stays the same.
    pub endpoint: String,
}

/// A row's name inside its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenderId(pub i64);

/// A submission that is wanted.
#[derive(Debug, Clone)]
pub struct NewRender {
    /// Whose.
    pub space: Space,
    /// The scope of its key.
    pub scope: String,
    /// Its key: the user's, or a random one.
    pub key: Key,
    /// Whether the user gave the key.
    pub named: bool,
    /// The hash of the movie before the token.
    pub movie: MovieHash,
    /// The movie as it is sent, less the token.
    pub body: Vec<u8>,
    /// Whether a token goes with it (`--no-token` says no).
    pub traceable: bool,
    /// Where the movie came from: a path, or `-`.
    pub source: String,
    /// The flags that composed it, as they were typed.
    pub flags: Vec<String>,
    /// What to do past the quarantine.
    pub on_unknown: OnUnknown,
    /// How long a POST may stay unknown before it is held.
    pub quarantine: Duration,
    /// Whether an existing render of the key gives way to a new generation.
    pub again: Again,
    /// The row of a table that it was made of; only renders of a batch have one.
    pub row: Option<TableRow>,
    /// When it was asked for.
    pub at: Timestamp,
}

/// What to do when the key has a render already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Attach to it.
    No,
    /// Make the next generation, unless the latest one is unsettled, or an intent for the same movie: then that
    /// one is it.
    Yes,
}

/// Where a draft went.
#[derive(Debug, Clone, PartialEq)]
pub enum PlaceResult {
    /// A new row, an intent.
    New(Render),
    /// The latest generation of the same key, whatever its movie; or, for a draft without a key of the
    /// user's, an unsettled row with the same movie that this process doesn't own.
    Existing(Render),
}

/// One generation of a key as the ledger holds it, less its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Render {
    /// Its row.
    pub id: RenderId,
    /// Whose.
    pub space: Space,
    /// The scope of its key.
    pub scope: String,
    /// Its key.
    pub key: Key,
    /// Whether the user gave the key.
    pub named: bool,
    /// The n-th deliberate render of the key, from 1.
    pub generation: u32,
    /// The hash of the movie before the token.
    pub movie: MovieHash,
    /// Whether a token goes with it.
    pub traceable: bool,
    /// Where the movie came from.
    pub source: String,
    /// The flags that composed it, as they were typed.
    pub flags: Vec<String>,
    /// The row of a table that it was made of; only renders of a batch have one.
    pub row: Option<TableRow>,
    /// Where the protocol stands.
    pub submission: Submission,
    /// The process that claimed it last, by the name that [`Store`] gave it.
    pub owner: Option<String>,
    /// How long it may stay unknown before it is held.
    pub quarantine: Duration,
    /// When it was first asked for.
    pub created_at: Timestamp,
    /// When its story last got a line; polls and searches have times of their own.
    pub touched_at: Timestamp,
    /// When the last POST was claimed.
    pub posted_at: Option<Timestamp>,
    /// When the last POST became unknown.
    pub gave_up_at: Option<Timestamp>,
    /// When the server was last searched for it.
    pub searched_at: Option<Timestamp>,
    /// When the project became known.
    pub bound_at: Option<Timestamp>,
    /// When the service last told its status.
    pub read_at: Option<Timestamp>,
    /// Why the service refused it last.
    pub refusal: Option<Refusal>,
    /// What the service said last, of the highest status.
    pub report: Option<Report>,
    /// Where the video was saved.
    pub file: Option<PathBuf>,
}

impl Render {
    /// The scope of its key as its submitter knows it; nothing of a restored row whose token named none.
    #[must_use]
    pub fn own_scope(&self) -> Option<&str> {
        recovery::scope_before(&self.scope).unwrap_or(Some(&self.scope))
    }

    /// The batch that it is of, if it is of one.
    #[must_use]
    pub fn batch(&self) -> Option<&str> {
        self.own_scope().filter(|scope| *scope != SUBMIT_SCOPE)
    }

    /// Its name in whatever ledger: `BATCH/KEY`, without a batch `submit/KEY`.
    #[must_use]
    pub fn full_name(&self) -> String {
        match (self.own_scope(), &self.submission.project) {
            (Some(scope), _) => format!("{scope}/{}", self.key),
            (None, Some(project)) => project.to_string(),
            (None, None) => self.key.to_string(),
        }
    }

    /// What its token names.
    #[must_use]
    pub fn identity(&self) -> Identity<'_> {
        let scope = self.own_scope().unwrap_or(&self.scope);
        Identity { scope, key: &self.key, generation: self.generation, movie: self.movie }
    }
}

/// Something to write about a render.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A fact of the protocol: the machine decides.
    Fact(Fact),
    /// The server was searched for the token, in vain.
    Searched,
    /// The video was saved.
    Saved(PathBuf),
    /// The file that the video was saved as is another render's now.
    Overwritten,
    /// A line for the story, without effect on the row.
    Note(String),
    /// Another rule for what to do past the quarantine.
    Rule(OnUnknown),
    /// Another length of the quarantine.
    Quarantine(Duration),
}

/// A change of one render, and when it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which.
    pub render: RenderId,
    /// What.
    pub change: Change,
    /// When.
    pub at: Timestamp,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The row after it.
    pub render: Render,
    /// What is to be done now.
    pub action: Action,
}

/// Which rows are asked for. Newest first, always.
#[derive(Debug, Clone, PartialEq)]
pub enum RenderQuery {
    /// One row.
    Id(RenderId),
    /// Some rows.
    Ids(Vec<RenderId>),
    /// All generations of a key in one scope.
    Key(String, Key),
    /// All generations of a key in any scope.
    AnyKey(Key),
    /// The renders of a project (one, unless somebody adopted wrongly).
    Project(ProjectId),
    /// The renders of some projects.
    Projects(Vec<ProjectId>),
    /// The renders whose video was saved as this file, in whatever space.
    File(PathBuf),
    /// What a lost answer left behind that its own rule has sent again: intents that are not of their first attempt.
    Resends,
    /// Accepted and not final: `bound` and `timeout`.
    Unfinished,
    /// `sending`, `unknown` and `held`.
    Unsettled,
    /// Everything, up to a number of rows.
    All(u32),
}

/// A span of which a ledger may have forgotten what was written: a standby took over that lacked the last second, or a
/// backup was played in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When the last thing was written that is still known.
    pub from: Timestamp,
    /// When it was noticed.
    pub until: Timestamp,
}

impl Gap {
    /// How long it is borne in mind: the service's list goes no further back in one piece (`service.md#status`).
    pub const REMEMBERED: Duration = Duration::from_secs(93 * 24 * 3600);

    /// The gap of a ledger that is noticed `now` to know nothing after `last`. Of the gap before that one, which is
    /// `known`, nobody may have heard yet.
    pub(crate) fn noticed(last: Timestamp, known: Option<Self>, now: Timestamp) -> Self {
        let earlier = known.filter(|gap| now.since(gap.until) < Self::REMEMBERED);
        Self { from: earlier.map_or(last, |gap| gap.from.min(last)), until: now }
    }
}

/// How far a ledger can be relied on to hold all that was written to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completeness {
    /// The span of which it has forgotten something.
    pub gap: Option<Gap>,
    /// Nothing that was written before this moment is missing, as far as this machine can prove.
    pub proven: Option<Timestamp>,
    /// When this machine met a ledger that was in use already: nothing proves what was in it before.
    pub met: Option<Timestamp>,
    /// How often there was a sign since it was opened that it may have been put back to an earlier state.
    pub doubts: u64,
}

/// One line of a render's story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// One word: `created`, `claimed`, `accepted`, `seen` …
    pub kind: String,
    /// What is worth telling, for people; never a secret.
    pub detail: String,
}

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file can't be opened or made.
    #[error("the ledger {path} can't be opened: {why}")]
    Open {
        /// Where.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// Its server lets nobody in like this, or not that far.
    #[error("the ledger {path} can't be used: {why}")]
    Denied {
        /// Where.
        path: PathBuf,
        /// What the server said.
        why: String,
        /// What helps.
        fix: &'static str,
    },
    /// Its server doesn't answer.
    #[error("the ledger {path} can't be reached: {why}")]
    Unreachable {
        /// Where.
        path: PathBuf,
        /// What was seen instead of an answer.
        why: String,
    },
    /// Others may read or write it.
    #[error("the ledger {path} can be read or written by others (mode {mode:o}): `chmod 600 {path}` closes it")]
    Exposed {
        /// Where.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A newer `j2v` made it.
    #[error("the ledger {path} has schema {found}, this j2v ({version}) knows up to {known}", version = env!("CARGO_PKG_VERSION"))]
    Newer {
        /// Where.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// No place is left on the device.
    #[error("the ledger {path} can't grow: no space is left on the device")]
    Full {
        /// Where.
        path: PathBuf,
    },
    /// Another process kept it locked for longer than 5 s.
    #[error("the ledger {path} is locked by {by}")]
    Busy {
        /// Where.
        path: PathBuf,
        /// Which process that is, as far as the system tells.
        by: String,
    },
    /// The file was moved, deleted or replaced while it was in use: nobody would see what is written to it.
    #[error("the ledger {path} was moved, deleted or replaced while j2v was running")]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// It was put back to an earlier state while it was in use, and lacks what was written since.
    #[error("the ledger was restored to an earlier state while j2v was running, and lacks what was written since")]
    PutBack,
    /// Its content is damaged.
    #[error("the ledger {path} is damaged: {why}")]
    Corrupt {
        /// Where.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// Anything else that the engine said.
    #[error("the ledger {path} failed: {why}")]
    Engine {
        /// Where.
        path: PathBuf,
        /// What the engine said.
        why: String,
    },
    /// The store was closed, or its thread is gone, before it answered.
    #[error("the ledger was closed before it answered")]
    Closed,
}

/// A reply that comes after the store has committed.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// A ledger that takes batches. Everything of one call is one transaction, and the reply comes after its commit.
pub trait Store: Batches + Inbox + Outbox + Recovery + Sharing + Send + Sync {
    /// The ledger's own name, which the tokens of its renders carry: made with the ledger, and kept by a copy.
    fn name(&self) -> LedgerName;

    /// Places drafts: each becomes a new intent, or finds what its key names already. Two processes that
    /// place the same key at the same moment get the same row.
    fn place(&self, drafts: Vec<NewRender>) -> Reply<'_, Vec<PlaceResult>>;

    /// Takes in changes, each by the machine. A batch that holds a [`Fact::Claimed`] is on disk, synced,
    /// before the reply; what else it holds may be lost with the power (never with the process) and is found
    /// again on the server. A claim makes this process the owner. Where the space has a receiver, a change whose
    /// outcome is [news](outbox::is_news) puts it into the outbox, in the same transaction.
    ///
    /// The inner results say which changes came out of turn; those wrote nothing.
    fn record(&self, records: Vec<Record>) -> Reply<'_, Vec<Result<Recorded, InvalidTransition>>>;

    /// Rows of one space, or of all, newest first.
    fn find(&self, space: Option<Space>, which: RenderQuery) -> Reply<'_, Vec<Render>>;

    /// The movie as it is sent, less the token; `None` once it was dropped.
    fn body(&self, render: RenderId) -> Reply<'_, Option<Vec<u8>>>;

    /// The render's story in time order.
    fn story(&self, render: RenderId) -> Reply<'_, Vec<Event>>;

    /// Turns every `sending` row whose owner is gone into `unknown`; tells them.
    fn reap(&self, at: Timestamp) -> Reply<'_, Vec<Render>>;

    /// Whether a claim of this store's stands still. Asked between the claim and the first byte: a process that was
    /// stopped for longer than its lease must not send what others took over meanwhile.
    ///
    /// Where owners hold a lock that dies with them nobody takes over from a living one: it always does.
    fn stands(&self, claimed: &Render) -> Reply<'_, bool> {
        let _ = claimed;
        Box::pin(std::future::ready(Ok(true)))
    }

    /// How far this ledger can be relied on: renders of a time that it may have forgotten are looked for before their
    /// first POST.
    fn completeness(&self) -> Completeness {
        Completeness::default()
    }
}
