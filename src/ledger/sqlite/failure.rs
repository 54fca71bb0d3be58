//! The failures of the embedded store, and the errors that callers get for them.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

use crate::ledger::LedgerError;
use crate::ledger::cells::Unreadable;

/// Who holds a lock, where nothing more is known.
pub(super) const ANOTHER: &str = "another process";

/// A failure without the name of the file that it happened in.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The engine returned an error.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The operating system returned an error.
    #[error(transparent)]
    System(#[from] io::Error),
    /// A column holds what no version of `j2v` writes.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A newer program made the file.
    #[error("schema {found} is newer than {known}")]
    Newer {
        /// The file's schema.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// Another program made the file.
    #[error("it is the database of another program")]
    Foreign,
    /// The file was moved, deleted or replaced while it was open.
    #[error("it is no longer at its place")]
    Gone,
    /// The ledger was moved or deleted but its log remains: a new ledger would read the log of another one.
    #[error("it is gone, but its log {} is still there and holds what was written last. Move both together, or remove the log", .0.display())]
    Logless(std::path::PathBuf),
    /// The request makes no sense here.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// The failure as callers of the ledger get it. Who holds the lock of a busy ledger, [`super::holder`] finds out.
    pub(super) fn at(&self, path: &Path) -> LedgerError {
        let path = path.to_owned();
        match self {
            Self::Newer { found, known } => LedgerError::Newer { path, found: *found, known: *known },
            Self::Gone => LedgerError::Gone { path },
            Self::Unreadable(_) => LedgerError::Corrupt { path, why: self.to_string() },
            Self::Foreign | Self::Logless(_) => LedgerError::Open { path, why: self.to_string() },
            Self::Refused(why) => LedgerError::Engine { path, why: why.clone() },
            Self::System(error) if error.kind() == io::ErrorKind::StorageFull => LedgerError::Full { path },
            Self::System(error) => LedgerError::Open { path, why: error.to_string() },
            Self::Sqlite(error) => of_sqlite(error, path),
        }
    }
}

/// Whether a value was read that no version of `j2v` writes.
fn is_of_a_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

fn of_sqlite(error: &rusqlite::Error, path: std::path::PathBuf) -> LedgerError {
    let why = error.to_string();
    if is_of_a_value(error) {
        return LedgerError::Corrupt { path, why };
    }
    // Growing the shared memory fails only for lack of space, yet SQLite calls it an I/O error.
    if error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_IOERR_SHMSIZE) {
        return LedgerError::Full { path };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => LedgerError::Full { path },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LedgerError::Busy { by: ANOTHER.to_owned(), path },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => LedgerError::Corrupt { path, why },
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => LedgerError::Open { path, why },
        _ => LedgerError::Engine { path, why },
    }
}
