//! Why a ledger could not do what was asked.

use std::path::PathBuf;

/// Why the ledger could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file can't be opened or created.
    #[error("the ledger {path} can't be opened: {why}")]
    Open {
        /// The ledger's path.
        path: PathBuf,
        /// The system's message.
        why: String,
    },
    /// Its server refuses the connection or the access.
    #[error("the ledger {path} can't be used: {why}")]
    Denied {
        /// The ledger's address.
        path: PathBuf,
        /// The server's message.
        why: String,
        /// How to fix it.
        fix: &'static str,
    },
    /// Its server doesn't answer.
    #[error("the ledger {path} can't be reached: {why}")]
    Unreachable {
        /// The ledger's address.
        path: PathBuf,
        /// What happened instead of an answer.
        why: String,
    },
    /// Other users may read or write it.
    #[error("the ledger {path} can be read or written by others (mode {mode:o}): `chmod 600 {path}` closes it")]
    Exposed {
        /// The ledger's path.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A newer `j2v` made it.
    #[error("the ledger {path} has schema {found}, this j2v ({version}) knows up to {known}", version = env!("CARGO_PKG_VERSION"))]
    Newer {
        /// The ledger's path.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The newest that this program knows.
        known: u32,
    },
    /// No space is left on the device.
    #[error("the ledger {path} can't grow: no space is left on the device")]
    Full {
        /// The ledger's path.
        path: PathBuf,
    },
    /// Another process kept it locked for longer than 5 s.
    #[error("the ledger {path} is locked by {by}")]
    Busy {
        /// The ledger's path.
        path: PathBuf,
        /// The process that holds the lock, as far as the system shows it.
        by: String,
    },
    /// The file was moved, deleted or replaced while it was in use: no process would see what is written to it.
    #[error("the ledger {path} was moved, deleted or replaced while j2v was running")]
    Gone {
        /// Its path before that.
        path: PathBuf,
    },
    /// It was put back to an earlier state while it was in use, and lacks what was written since then.
    #[error("the ledger was restored to an earlier state while j2v was running, and lacks what was written since")]
    PutBack,
    /// Its content is damaged.
    #[error("the ledger {path} is damaged: {why}")]
    Corrupt {
        /// The ledger's path.
        path: PathBuf,
        /// The damage.
        why: String,
    },
    /// Any other failure of the engine.
    #[error("the ledger {path} failed: {why}")]
    Engine {
        /// The ledger's path.
        path: PathBuf,
        /// The engine's message.
        why: String,
    },
    /// The store was closed, or its thread ended, before it answered.
    #[error("the ledger was closed before it answered")]
    Closed,
}
