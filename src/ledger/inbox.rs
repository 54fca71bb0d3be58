//! The inbox: every callback as it arrived, but without the API key, stored before it is answered. A body is only a hint.
//! Its content changes no render; the process that acts on it asks the service first, unless the ledger knows the end already
//! or `--trust` was given.

use sha2::{Digest, Sha256};

use super::{Reply, Space};
use crate::render::identity::ProjectId;
use crate::world::Timestamp;

/// A callback as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The space of the receiver that it arrived at.
    pub space: Space,
    /// The project that its body names, if the body can be read.
    pub project: Option<ProjectId>,
    /// The text in the token's place in its `client-data`, if there is one.
    pub token: Option<String>,
    /// The Content-Type header.
    pub content_type: String,
    /// The body as it arrived, but without the API key.
    pub raw: Vec<u8>,
    /// When it arrived.
    pub at: Timestamp,
}

impl Callback {
    /// The SHA-256 of the body. It identifies a callback that arrives twice (`faults.md` row 51).
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.raw).into()
    }
}

/// A callback's number inside its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallbackId(pub i64);

impl CallbackId {
    /// A number before that of the first callback.
    pub const NONE: Self = Self(0);
}

/// The result of storing a callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It was stored.
    New(CallbackId),
    /// The same body for the same project was stored before.
    Known(CallbackId),
}

/// A stored callback without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number.
    pub id: CallbackId,
    /// The space of the receiver that it arrived at.
    pub space: Space,
    /// The project that its body names.
    pub project: Option<ProjectId>,
    /// The text in the token's place.
    pub token: Option<String>,
    /// The Content-Type header.
    pub content_type: String,
    /// The body's size in bytes.
    pub size: u64,
    /// When it first arrived.
    pub received_at: Timestamp,
    /// When the outcome that it announced was handled.
    pub settled_at: Option<Timestamp>,
}

/// Which callbacks to return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callbacks {
    /// One callback.
    Id(CallbackId),
    /// Those that are not settled and came after another one, oldest first, up to a number.
    Open {
        /// The one that they came after.
        after: CallbackId,
        /// The most that are returned.
        most: u32,
    },
    /// Those of some projects, oldest first. A render's callbacks are those of its project, whenever they arrived.
    Of(Vec<ProjectId>),
    /// The latest ones, newest first, up to a number.
    Last(u32),
}

/// The inbox calls of a ledger.
pub trait Inbox: Send + Sync {
    /// Stores callbacks: they are on disk, synced, before the reply. Callbacks with the same space, project and body are
    /// stored once.
    fn receive(&self, callbacks: Vec<Callback>) -> Reply<'_, Vec<Received>>;

    /// Callbacks of one space, or of all, without their bodies.
    fn callbacks(&self, space: Option<Space>, which: Callbacks) -> Reply<'_, Vec<Kept>>;

    /// The stored body.
    fn raw(&self, callback: CallbackId) -> Reply<'_, Option<Vec<u8>>>;

    /// Marks callbacks as settled; the first time is kept.
    fn handled(&self, callbacks: Vec<CallbackId>, at: Timestamp) -> Reply<'_, ()>;

    /// Drops callbacks that arrived before `before` and whose project belongs to no render of the ledger; returns their number.
    fn forget(&self, before: Timestamp) -> Reply<'_, u64>;
}
