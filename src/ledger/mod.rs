//! The ledger: the record of every render, so that none is paid twice and none is lost.
//!
//! [`Store`] is the interface. Its calls accept batches, and every store keeps the same promises (`tests/store` is the
//! suite). [`crate::render::state`] decides what a row *means*. A store loads a row, applies the state machine's step,
//! and writes the row and its history in one transaction. `protocol.md#what-is-on-disk-when` says what is written when.

pub mod batch;
pub mod cells;
pub mod change;
mod columns;
mod error;
pub mod history;
pub mod inbox;
pub mod mark;
pub mod outbox;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod recovery;
pub mod sharing;
pub mod sqlite;
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

pub use self::error::LedgerError;
pub use crate::render::token::SUBMIT_SCOPE;

/// The owner of renders: each account and API URL is its own space in a ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Space {
    /// The profile's name, never the API key: a rotated key must not pay twice.
    pub account: String,
    /// The API URL without a trailing slash; for the in-process emulator a name that stays the same.
    pub endpoint: String,
}

/// A row's number inside its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RenderId(pub i64);

/// A submission to place.
#[derive(Debug, Clone)]
pub struct NewRender {
    /// The account and API URL.
    pub space: Space,
    /// The scope of its key.
    pub scope: String,
    /// Its key: the user's, or a random one.
    pub key: Key,
    /// Whether the user gave the key.
    pub named: bool,
    /// The hash of the movie before the token.
    pub movie: MovieHash,
    /// The movie as it is sent, without the token.
    pub body: Vec<u8>,
    /// Whether a token goes with it (`--no-token` says no).
    pub traceable: bool,
    /// Where the movie came from: a path, or `-`.
    pub source: String,
    /// The flags that composed it, as they were typed.
    pub flags: Vec<String>,
    /// What to do after the quarantine.
    pub on_unknown: OnUnknown,
    /// How long a POST may stay unknown before it is held.
    pub quarantine: Duration,
    /// Whether an existing render of the key is replaced by a new generation.
    pub again: Again,
    /// The table row that it was made of; only renders of a batch have one.
    pub row: Option<TableRow>,
    /// When it was asked for.
    pub at: Timestamp,
}

/// What to do when the key has a render already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// Attach to it.
    No,
    /// Make the next generation. Attach to the latest one when it is unsettled, or is an intent for the same movie.
    Yes,
}

/// The result of placing a draft.
#[derive(Debug, Clone, PartialEq)]
pub enum PlaceResult {
    /// A new row: an intent.
    New(Render),
    /// The latest generation of the same key, whatever its movie. For a draft without a key of the
    /// user's: an unsettled row with the same movie that this process doesn't own.
    Existing(Render),
}

/// One generation of a key as the ledger holds it, without its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Render {
    /// The number of its row.
    pub id: RenderId,
    /// The account and API URL.
    pub space: Space,
    /// The scope of its key.
    pub scope: String,
    /// Its key.
    pub key: Key,
    /// Whether the user gave the key.
    pub named: bool,
    /// The number of this deliberate render of the key, counted from 1.
    pub generation: u32,
    /// The hash of the movie before the token.
    pub movie: MovieHash,
    /// Whether a token goes with it.
    pub traceable: bool,
    /// Where the movie came from.
    pub source: String,
    /// The flags that composed it, as they were typed.
    pub flags: Vec<String>,
    /// The table row that it was made of; only renders of a batch have one.
    pub row: Option<TableRow>,
    /// The state of the protocol.
    pub submission: Submission,
    /// The process that claimed it last, by the name that its [`Store`] gave it.
    pub owner: Option<String>,
    /// How long it may stay unknown before it is held.
    pub quarantine: Duration,
    /// When it was first asked for.
    pub created_at: Timestamp,
    /// When its history last got a line; polls and searches have times of their own.
    pub touched_at: Timestamp,
    /// When the last POST was claimed.
    pub posted_at: Option<Timestamp>,
    /// When the last POST became unknown.
    pub gave_up_at: Option<Timestamp>,
    /// When the server was last searched for it.
    pub searched_at: Option<Timestamp>,
    /// When the project became known.
    pub bound_at: Option<Timestamp>,
    /// When the service last reported its status.
    pub read_at: Option<Timestamp>,
    /// Why the service last refused it.
    pub refusal: Option<Refusal>,
    /// The service's last report with the highest status.
    pub report: Option<Report>,
    /// Where the video was saved.
    pub file: Option<PathBuf>,
    /// The earlier generation that counts for the row since an edit was taken back. Only the latest generation has one.
    pub gives_way_to: Option<u32>,
}

impl Render {
    /// The scope of its key as its submitter knows it; `None` for a restored row whose token named no scope.
    #[must_use]
    pub fn own_scope(&self) -> Option<&str> {
        recovery::scope_before(&self.scope).unwrap_or(Some(&self.scope))
    }

    /// The batch that it belongs to, if any.
    #[must_use]
    pub fn batch(&self) -> Option<&str> {
        self.own_scope().filter(|scope| *scope != SUBMIT_SCOPE)
    }

    /// Its name, the same in every ledger: `BATCH/KEY`, or `submit/KEY` without a batch.
    #[must_use]
    pub fn full_name(&self) -> String {
        match (self.own_scope(), &self.submission.project) {
            (Some(scope), _) => format!("{scope}/{}", self.key),
            (None, Some(project)) => project.to_string(),
            (None, None) => self.key.to_string(),
        }
    }

    /// Whether the service's list was read for it since its answer was lost: only then is it known not to be there (yet).
    #[must_use]
    pub fn was_searched(&self) -> bool {
        self.gave_up_at.is_some_and(|gave_up| self.searched_at.is_some_and(|at| at >= gave_up))
    }

    /// When the service accepted it, on the service's clock as far as it is known: the list is sorted by that time.
    #[must_use]
    pub fn listed_at(&self) -> Timestamp {
        let created = self.report.as_ref().and_then(|report| report.created_at);
        created.unwrap_or_else(|| self.accepted_at())
    }

    /// When the service accepted it, on this machine's clock: ages are measured by it, since the service's clock may be a day
    /// off.
    #[must_use]
    pub fn accepted_at(&self) -> Timestamp {
        self.bound_at.unwrap_or(self.touched_at)
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
    /// A fact of the protocol: the state machine decides its effect.
    Fact(Fact),
    /// The service was searched for the token, which was not found.
    Searched,
    /// The video was saved.
    Saved(PathBuf),
    /// The file of the video now belongs to another render.
    Overwritten,
    /// The user who submitted it without a key was shown its project: from then on the same movie is another render.
    Shown,
    /// The earlier generation that counts for its row from now on; `None` when it counts itself again.
    GivesWayTo(Option<u32>),
    /// Another rule for what to do after the quarantine.
    Rule(OnUnknown),
    /// Another length of the quarantine.
    Quarantine(Duration),
}

/// A change of one render, and when it happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The render's row.
    pub render: RenderId,
    /// The change.
    pub change: Change,
    /// When it happened.
    pub at: Timestamp,
}

/// The result of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The row after the change.
    pub render: Render,
    /// The next action.
    pub action: Action,
}

/// Which rows to return, newest first in every case.
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
    /// The renders of a project (one, unless a user adopted the wrong project).
    Project(ProjectId),
    /// The renders of some projects.
    Projects(Vec<ProjectId>),
    /// The renders whose video was saved as this file, in any space.
    File(PathBuf),
    /// Intents after their first attempt, which are to be sent again: by their own rule, since a user decided so, or since
    /// their refusal was reopened.
    Resends,
    /// Accepted and not ended: `bound` and `timeout`.
    Unfinished,
    /// `sending`, `unknown` and `held`.
    Unsettled,
    /// All rows, up to a number.
    All(u32),
}

/// A span of time whose writes the ledger may have lost: a standby that lacked the last second took over, or a
/// backup was restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When the last surviving entry was written.
    pub from: Timestamp,
    /// When the gap was noticed.
    pub until: Timestamp,
}

impl Gap {
    /// How long the ledger remembers a gap: the service's list goes no further back in one piece (`service.md#status`).
    pub const REMEMBERED: Duration = Duration::from_secs(93 * 24 * 3600);

    /// The gap of a ledger that has no entry after `last`, noticed at `now`. `known` is the gap noticed before it, which may
    /// not have been reported yet.
    pub(crate) fn noticed(last: Timestamp, known: Option<Self>, now: Timestamp) -> Self {
        let earlier = known.filter(|gap| now.since(gap.until) < Self::REMEMBERED);
        Self { from: earlier.map_or(last, |gap| gap.from.min(last)), until: now }
    }
}

/// How far a ledger can be relied on to hold everything that was written to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Completeness {
    /// The span whose writes it may have lost.
    pub gap: Option<Gap>,
    /// Nothing written before this moment is missing, as far as this machine can prove.
    pub proven: Option<Timestamp>,
    /// When this machine first opened a ledger that was in use already: nothing proves what it held before.
    pub met: Option<Timestamp>,
    /// How many signs were seen, since it was opened, that it was put back to an earlier state.
    pub doubts: u64,
}

/// One line of a render's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// One word: `created`, `claimed`, `accepted`, `seen` …
    pub kind: String,
    /// The details, for people; never a secret.
    pub detail: String,
}

/// A reply that arrives after the store has committed.
pub type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, LedgerError>> + Send + 'a>>;

/// A ledger that accepts batches. One call is one transaction, and its reply arrives after the commit.
pub trait Store: Batches + Inbox + Outbox + Recovery + Sharing + Send + Sync {
    /// The ledger's own name, which the tokens of its renders carry. It is made with the ledger, and a copy keeps it.
    fn name(&self) -> LedgerName;

    /// Places drafts: each becomes a new intent, or finds the row that its key names already. Two processes that
    /// place the same key at the same moment get the same row.
    fn place(&self, drafts: Vec<NewRender>) -> Reply<'_, Vec<PlaceResult>>;

    /// Records changes; the state machine decides the effect of each. A batch that holds a [`Fact::Claimed`] is on disk,
    /// synced, before the reply. A power cut may lose other changes, and they are found again on the server; the end of the
    /// process loses none. A claim makes this process the owner. Where the space has a receiver, a change whose outcome is
    /// [news](outbox::is_news) puts that outcome into the outbox, in the same transaction.
    ///
    /// An inner error marks a change that the state machine rejected as out of turn; it wrote nothing.
    fn record(&self, records: Vec<Record>) -> Reply<'_, Vec<Result<Recorded, InvalidTransition>>>;

    /// Rows of one space, or of all, newest first.
    fn find(&self, space: Option<Space>, which: RenderQuery) -> Reply<'_, Vec<Render>>;

    /// The movie as it is sent, without the token; `None` once it was dropped.
    fn body(&self, render: RenderId) -> Reply<'_, Option<Vec<u8>>>;

    /// The render's history in time order.
    fn history(&self, render: RenderId) -> Reply<'_, Vec<Event>>;

    /// Turns every `sending` row whose owner is gone into `unknown`; returns those rows.
    fn reap(&self, at: Timestamp) -> Reply<'_, Vec<Render>>;

    /// Whether a claim of this store is still valid. Call it between the claim and the first byte: a process that was
    /// stopped for longer than its lease must not send what another process took over meanwhile.
    ///
    /// `true` where owners hold a lock that ends with their process: no process takes over from a living one.
    fn stands(&self, claimed: &Render) -> Reply<'_, bool> {
        let _ = claimed;
        Box::pin(std::future::ready(Ok(true)))
    }

    /// How far this ledger can be relied on. A render from a time that the ledger may have lost is searched for before its
    /// first POST.
    fn completeness(&self) -> Completeness {
        Completeness::default()
    }
}
