//! The inbox: every callback as it came, kept before it is answered. A body is a hint and nothing more: what it
//! says changes no render; whoever acts on it asks the service first.

use sha2::{Digest, Sha256};

use super::{Reply, Space};
use crate::render::identity::ProjectId;
use crate::world::Timestamp;

/// A callback as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Whose receiver it came to.
    pub space: Space,
    /// The project that its body names, if it can be read.
    pub project: Option<ProjectId>,
    /// The text in the token's place of its `client-data`, if there is one.
    pub token: Option<String>,
    /// What its head said that the body is.
    pub content_type: String,
    /// The body, byte for byte.
    pub raw: Vec<u8>,
    /// When it came.
    pub at: Timestamp,
}

impl Callback {
    /// The SHA-256 of the body: by it a callback that comes twice is known (`faults.md` row 51).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.raw).into()
    }
}

/// A callback's name inside its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallbackId(pub i64);

/// What became of a callback that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is kept.
    New(CallbackId),
    /// The same body for the same project was kept before.
    Known(CallbackId),
}

/// A callback that is kept, less its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Which.
    pub id: CallbackId,
    /// Whose.
    pub space: Space,
    /// The project that its body names.
    pub project: Option<ProjectId>,
    /// The text in the token's place.
    pub token: Option<String>,
    /// What its head said that the body is.
    pub content_type: String,
    /// Bytes of the body.
    pub size: u64,
    /// When it came first.
    pub received_at: Timestamp,
    /// When what it announced was taken care of.
    pub settled_at: Option<Timestamp>,
}

/// Which callbacks are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callbacks {
    /// One.
    Id(CallbackId),
    /// Those that nobody has taken care of, oldest first, up to a number.
    Open(u32),
    /// Those of some projects, oldest first. A render's callbacks are those of its project, whenever they came.
    Of(Vec<ProjectId>),
    /// The last ones, newest first, up to a number.
    Last(u32),
}

/// The callbacks that a ledger keeps.
pub trait Inbox: Send + Sync {
    /// Keeps callbacks: they are on disk, synced, before the reply. One with the space, project and body of
    /// another is kept once.
    fn receive(&self, callbacks: Vec<Callback>) -> Reply<'_, Vec<Received>>;

    /// Callbacks of one space, or of all, without their bodies.
    fn callbacks(&self, space: Option<Space>, which: Callbacks) -> Reply<'_, Vec<Kept>>;

    /// The body as it came.
    fn raw(&self, callback: CallbackId) -> Reply<'_, Option<Vec<u8>>>;

    /// What these announced is taken care of; the first time counts.
    fn settle(&self, callbacks: Vec<CallbackId>, at: Timestamp) -> Reply<'_, ()>;

    /// Drops callbacks that came before `before` and whose project no render of the ledger has; says how many.
    fn forget(&self, before: Timestamp) -> Reply<'_, u64>;
}
