//! How the protocol's words are stored in columns.

use std::ffi::OsString;
use std::path::PathBuf;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};

use crate::ledger::RenderId;
use crate::ledger::inbox::CallbackId;
use crate::ledger::outbox::{DeliveryId, Progress};
use crate::render::identity::{Key, MovieHash, ProjectId};
use crate::render::outcome::{Refusal, Report};
use crate::render::state::{OnUnknown, State};
use crate::world::Timestamp;

fn unreadable(what: &'static str, text: &str) -> FromSqlError {
    FromSqlError::other(Unreadable { what, text: text.chars().take(80).collect() })
}

/// A column whose content no version of `j2v` writes.
#[derive(Debug, thiserror::Error)]
#[error("a {what} reads {text:?}")]
struct Unreadable {
    what: &'static str,
    text: String,
}

/// Stores a type as its text: the conversions in both directions.
macro_rules! spelled {
    ($type:ty, $what:literal, $write:expr, $read:expr) => {
        impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from($write(self)))
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let text = value.as_str()?;
                $read(text).ok_or_else(|| unreadable($what, text))
            }
        }
    };
}

spelled!(State, "state", |state: &State| state.as_str(), State::parse);
spelled!(Key, "key", Key::as_str, |text| Key::parse(text).ok());
spelled!(ProjectId, "project", ProjectId::as_str, |text| ProjectId::parse(text).ok());
spelled!(MovieHash, "hash", |hash: &MovieHash| hash.to_hex(), MovieHash::from_hex);
spelled!(OnUnknown, "rule", |rule: &OnUnknown| rule.as_str(), OnUnknown::parse);
spelled!(Progress, "progress", |progress: &Progress| progress.as_str(), Progress::parse);
spelled!(Report, "report", |report: &Report| report.raw.to_string(), |text| Report::read(&serde_json::from_str(text).ok()?));

impl ToSql for Refusal {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let text = serde_json::to_string(self).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(ToSqlOutput::from(text))
    }
}

impl FromSql for Refusal {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let text = value.as_str()?;
        serde_json::from_str(text).map_err(|_| unreadable("refusal", text))
    }
}

/// Stores a row's number, or a timestamp, as a number.
macro_rules! numbered {
    ($($type:ident),*) => {
        $(impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(ToSqlOutput::from(self.0))
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                value.as_i64().map(Self)
            }
        })*
    };
}

numbered!(Timestamp, RenderId, CallbackId, DeliveryId);

/// A path: stored as text, or as bytes if it is not valid text (a Unix path may hold any byte).
pub(super) struct FilePath(pub(super) PathBuf);

impl ToSql for FilePath {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0.to_str() {
            Some(text) => ToSqlOutput::from(text),
            None => ToSqlOutput::Owned(Value::Blob(self.0.as_os_str().as_encoded_bytes().to_vec())),
        })
    }
}

impl FromSql for FilePath {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = match value {
            ValueRef::Blob(bytes) => os_string(bytes),
            text => OsString::from(text.as_str()?),
        };
        Ok(Self(PathBuf::from(name)))
    }
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    OsString::from(String::from_utf8_lossy(bytes).into_owned())
}
