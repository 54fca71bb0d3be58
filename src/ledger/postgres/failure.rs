//! The failures between here and the server, and the errors that callers get for them.

use std::io;
use std::path::PathBuf;

use tokio_postgres::error::SqlState;

use super::address::Address;
use crate::ledger::LedgerError;
use crate::ledger::cells::Unreadable;

/// A failure without the name of its ledger.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server returned an error, or the connection broke.
    #[error("{}", in_words(.0))]
    Server(#[from] tokio_postgres::Error),
    /// The operating system returned an error.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The server that answered accepts no writes.
    #[error("the server is a standby")]
    Standby,
    /// The server is older than the oldest supported one.
    #[error("the server is PostgreSQL {0}; 15 or newer is needed")]
    Old(String),
    /// Another process was faster: the same transaction, begun again, sees its changes.
    #[error("another transaction was in the way too often")]
    Raced,
    /// This store's lease ended, and another process took over its renders.
    #[error("the lease of this process was over")]
    LeaseOver,
    /// Other tables have replaced those that this store knows.
    #[error("the ledger was replaced while it was in use")]
    Replaced,
    /// A newer program made the tables.
    #[error("schema {found} is newer than {known}")]
    Newer {
        /// The schema of the tables.
        found: u32,
        /// The newest schema that this program knows.
        known: u32,
    },
    /// A column holds what no version of `j2v` writes.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The request makes no sense here.
    #[error("{0}")]
    Refused(String),
    /// The server sent nothing for this many seconds.
    #[error("no answer in {0} s")]
    Silent(u64),
}

const WRONG_USER: &str = "correct the user in the address, or the password in $PGPASSWORD, ~/.pgpass or $J2V_LEDGER";

/// The client's own message where the server wants a password and the address has none.
const NO_PASSWORD: &str = "password missing";

const NO_DATABASE: &str = "create the database, or correct its name in the address";

const NO_RIGHT: &str =
    "let the owner of the database run `j2v poll` once, which makes the tables, and grant this role the rights of docs/postgresql.md";

/// How to handle a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// Run the transaction again: it did not happen.
    Again,
    /// Run it again on a new connection, once one can be made.
    Reconnect,
    /// Do not run it again.
    None,
}

impl Failure {
    /// How to handle it. Only the database transaction is ever run again, never a request to the service.
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Raced | Self::LeaseOver | Self::Replaced => Remedy::Again,
            Self::Server(error) => remedy_of(error),
            // A standby is becoming the primary, or the address will soon lead to the new one. A server that is silent while it
            // starts, or behind a proxy that waits for it, may answer later.
            Self::Standby | Self::Silent(_) => Remedy::Reconnect,
            Self::System(_) | Self::Old(_) | Self::Newer { .. } | Self::Unreadable(_) | Self::Refused(_) => Remedy::None,
        }
    }

    /// The failure as callers of the ledger get it.
    pub(super) fn at(&self, address: &Address) -> LedgerError {
        let path = PathBuf::from(address.to_string());
        let why = address.without_secrets(self.to_string());
        match self {
            Self::Newer { found, known } => LedgerError::Newer { path, found: *found, known: *known },
            Self::Unreadable(_) => LedgerError::Corrupt { path, why },
            Self::System(_) | Self::Standby | Self::Silent(_) => LedgerError::Unreachable { path, why },
            Self::Old(_) => LedgerError::Open { path, why },
            Self::Raced | Self::LeaseOver | Self::Replaced => LedgerError::Busy { path, by: "another process".to_owned() },
            Self::Refused(_) => LedgerError::Engine { path, why },
            Self::Server(error) => of_server(error, path, why),
        }
    }
}

fn remedy_of(error: &tokio_postgres::Error) -> Remedy {
    let Some(code) = error.code() else {
        // An error without a code came from the connection, or from reading a value.
        return if is_of_connection(error) { Remedy::Reconnect } else { Remedy::None };
    };
    let again = [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED];
    let reconnect = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
    ];
    match code {
        code if again.contains(code) => Remedy::Again,
        code if reconnect.contains(code) || code.code().starts_with("08") => Remedy::Reconnect,
        _ => Remedy::None,
    }
}

fn is_of_connection(error: &tokio_postgres::Error) -> bool {
    let error: &dyn std::error::Error = error;
    let refused = |cause: &(dyn std::error::Error + 'static)| {
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        // An untrusted certificate stays untrusted; an unknown host name may become known during a failover.
        kind.is_some_and(|kind| kind != io::ErrorKind::InvalidData)
    };
    error.downcast_ref::<tokio_postgres::Error>().is_some_and(tokio_postgres::Error::is_closed) || error.source().is_some_and(refused)
}

fn of_server(error: &tokio_postgres::Error, path: PathBuf, why: String) -> LedgerError {
    let Some(code) = error.code() else {
        return match error.as_db_error() {
            None if in_words(error) == NO_PASSWORD => LedgerError::Denied { path, why, fix: WRONG_USER },
            None => LedgerError::Unreachable { path, why },
            Some(_) => LedgerError::Engine { path, why },
        };
    };
    match code.code() {
        "53100" => LedgerError::Full { path },
        "55P03" | "57014" => LedgerError::Busy { path, by: "another process".to_owned() },
        "XX001" | "XX002" => LedgerError::Corrupt { path, why },
        "28000" | "28P01" => LedgerError::Denied { path, why, fix: WRONG_USER },
        "3D000" => LedgerError::Denied { path, why, fix: NO_DATABASE },
        "42501" => LedgerError::Denied { path, why, fix: NO_RIGHT },
        "57P03" | "57P01" | "57P02" | "53300" | "25006" => LedgerError::Unreachable { path, why },
        _ => LedgerError::Engine { path, why },
    }
}

/// The server's message, or the last cause. Never a statement, never a value: those may be secrets.
fn in_words(error: &tokio_postgres::Error) -> String {
    if let Some(said) = error.as_db_error() {
        return said.message().to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
