//! What goes wrong between here and the server, and what it is called outside.

use std::io;
use std::path::PathBuf;

use tokio_postgres::error::SqlState;

use super::address::Address;
use crate::ledger::LedgerError;

/// A failure that doesn't know yet of which ledger it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server said no, or the connection broke.
    #[error("{}", in_words(.0))]
    Server(#[from] tokio_postgres::Error),
    /// The system said no.
    #[error(transparent)]
    System(#[from] io::Error),
    /// The server that answered takes no writes.
    #[error("the server is a standby")]
    Standby,
    /// The server is older than what is needed.
    #[error("the server is PostgreSQL {0}; 15 or newer is needed")]
    Old(String),
    /// Somebody else was faster: the same transaction, begun anew, sees what they did.
    #[error("another transaction was in the way too often")]
    Raced,
    /// This store's lease was over and somebody took over what it held.
    #[error("the lease of this process was over")]
    LeaseOver,
    /// Other tables are in the place of those that this store knows.
    #[error("the ledger was replaced while it was in use")]
    Replaced,
    /// A newer program made the tables.
    #[error("schema {found} is newer than {known}")]
    Newer {
        /// The schema of the tables.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// A column holds what no version of `j2v` writes.
    #[error("a {what} reads {text:?}")]
    Unreadable {
        /// Which column.
        what: &'static str,
        /// What it holds, in short.
        text: String,
    },
    /// What was asked for makes no sense here.
    #[error("{0}")]
    Refused(String),
    /// Nothing came back for too long.
    #[error("no answer in {0} s")]
    Silent(u64),
}

const WRONG_USER: &str = "correct the user in the address, or the password in $PGPASSWORD, ~/.pgpass or $J2V_LEDGER";

const NO_DATABASE: &str = "create the database, or correct its name in the address";

const NO_RIGHT: &str =
    "let the owner of the database run `j2v poll` once, which makes the tables, and grant this role the rights of docs/postgresql.md";

/// What may be done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The transaction never happened: run it once more.
    Again,
    /// As above, on a new connection, once there is one.
    Reconnect,
    /// Nothing.
    None,
}

impl Failure {
    /// The column `what` holds `text`, which nobody wrote.
    pub(super) fn unreadable(what: &'static str, text: &str) -> Self {
        Self::Unreadable { what, text: text.chars().take(80).collect() }
    }

    /// What may be done about it. Only ever the database transaction is run again, never a request to the service.
    pub(super) fn remedy(&self) -> Remedy {
        match self {
            Self::Raced | Self::LeaseOver | Self::Replaced => Remedy::Again,
            Self::Server(error) => remedy_of(error),
            // A standby is on its way to be the primary, or the address will lead to the new one soon. A server that is silent
            // while it starts, or behind a proxy that waits for it, may speak later.
            Self::Standby | Self::Silent(_) => Remedy::Reconnect,
            Self::System(_) | Self::Old(_) | Self::Newer { .. } | Self::Unreadable { .. } | Self::Refused(_) => Remedy::None,
        }
    }

    /// The failure as callers of the ledger know it.
    pub(super) fn at(&self, address: &Address) -> LedgerError {
        let path = PathBuf::from(address.to_string());
        let why = address.without_secrets(self.to_string());
        match self {
            Self::Newer { found, known } => LedgerError::Newer { path, found: *found, known: *known },
            Self::Unreadable { .. } => LedgerError::Corrupt { path, why },
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
        // What has no code came from the connection, or from reading a value.
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
        // A certificate that isn't trusted stays so; a name that nobody knows may be learned during a failover.
        kind.is_some_and(|kind| kind != io::ErrorKind::InvalidData)
    };
    error.downcast_ref::<tokio_postgres::Error>().is_some_and(tokio_postgres::Error::is_closed) || error.source().is_some_and(refused)
}

fn of_server(error: &tokio_postgres::Error, path: PathBuf, why: String) -> LedgerError {
    let Some(code) = error.code() else {
        return if error.as_db_error().is_none() { LedgerError::Unreachable { path, why } } else { LedgerError::Engine { path, why } };
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

/// The server's own words, or the last cause. Never a statement, never a value: those may be secrets.
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
