//! Values as columns hold them, the same in every store: which type a column has, how a value of ours is written into it,
//! and how it is read back.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use super::RenderId;
use super::inbox::CallbackId;
use super::outbox::{DeliveryId, Progress};
use crate::render::identity::{Key, MovieHash, ProjectId};
use crate::render::outcome::{Refusal, Report};
use crate::render::state::{OnUnknown, State};
use crate::world::Timestamp;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A whole number.
    Number,
    /// Yes or no.
    Flag,
    /// A fraction.
    Fraction,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A path: on Unix any bytes.
    Path,
}

/// One value of a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    /// SQL's NULL.
    Null,
    /// A whole number; 1 for yes and 0 for no.
    Number(i64),
    /// A fraction.
    Fraction(f64),
    /// A text.
    Text(Cow<'a, str>),
    /// Bytes, also those of a path.
    Bytes(Cow<'a, [u8]>),
}

impl Cell<'_> {
    /// The same value, borrowed from this one.
    pub(super) fn borrowed(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Null,
            Self::Number(number) => Cell::Number(*number),
            Self::Fraction(number) => Cell::Fraction(*number),
            Self::Text(text) => Cell::Text(Cow::Borrowed(text)),
            Self::Bytes(bytes) => Cell::Bytes(Cow::Borrowed(bytes)),
        }
    }

    /// The same value, borrowed from nothing.
    #[must_use]
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Null => Cell::Null,
            Self::Number(number) => Cell::Number(number),
            Self::Fraction(number) => Cell::Fraction(number),
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Bytes(bytes) => Cell::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }
}

/// A column whose content no version of `j2v` writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}` reads {content}")]
pub struct Unreadable {
    /// The column's name.
    pub column: String,
    /// Its content, shortened.
    pub content: String,
}

impl Unreadable {
    /// The failure of a column with this content.
    pub(super) fn new(column: &str, content: &Cell<'_>) -> Self {
        let shown = match content {
            Cell::Null => "nothing".to_owned(),
            Cell::Number(number) => number.to_string(),
            Cell::Fraction(number) => number.to_string(),
            Cell::Text(text) => format!("{:?}", text.chars().take(80).collect::<String>()),
            Cell::Bytes(bytes) => format!("{} bytes", bytes.len()),
        };
        Self { column: column.to_owned(), content: shown }
    }
}

/// A value of ours that columns can hold.
pub(super) trait Stored: Sized {
    /// The type of its columns.
    const KIND: Kind;

    /// The value as it is stored.
    fn store(&self) -> Cell<'_>;

    /// The stored value; `None` where no version of `j2v` writes such a content.
    fn read(cell: &Cell<'_>) -> Option<Self>;
}

impl Stored for i64 {
    const KIND: Kind = Kind::Number;

    fn store(&self) -> Cell<'_> {
        Cell::Number(*self)
    }

    fn read(cell: &Cell<'_>) -> Option<Self> {
        if let Cell::Number(number) = cell { Some(*number) } else { None }
    }
}

/// Stores a type as another one: both conversions.
macro_rules! stored_as {
    ($($type:ty as $other:ty: $write:expr, $read:expr;)*) => {
        $(impl Stored for $type {
            const KIND: Kind = <$other>::KIND;

            fn store(&self) -> Cell<'_> {
                $write(self).store().into_owned()
            }

            fn read(cell: &Cell<'_>) -> Option<Self> {
                <$other>::read(cell).and_then($read)
            }
        })*
    };
}

stored_as! {
    u64 as i64: |number: &u64| number.cast_signed(), |number| Some(number.cast_unsigned());
    u32 as i64: |number: &u32| i64::from(*number), |number| u32::try_from(number).ok();
    Duration as i64: |length: &Duration| millis(*length), |millis| Some(Duration::from_millis(millis.cast_unsigned()));
    Timestamp as i64: |at: &Timestamp| at.0, |millis| Some(Timestamp(millis));
    RenderId as i64: |id: &RenderId| id.0, |number| Some(RenderId(number));
    CallbackId as i64: |id: &CallbackId| id.0, |number| Some(CallbackId(number));
    DeliveryId as i64: |id: &DeliveryId| id.0, |number| Some(DeliveryId(number));
}

/// A length of time in milliseconds, as columns hold it.
pub(super) fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

impl Stored for bool {
    const KIND: Kind = Kind::Flag;

    fn store(&self) -> Cell<'_> {
        Cell::Number(i64::from(*self))
    }

    fn read(cell: &Cell<'_>) -> Option<Self> {
        if let Cell::Number(number) = cell { Some(*number != 0) } else { None }
    }
}

impl Stored for f64 {
    const KIND: Kind = Kind::Fraction;

    fn store(&self) -> Cell<'_> {
        Cell::Fraction(*self)
    }

    fn read(cell: &Cell<'_>) -> Option<Self> {
        if let Cell::Fraction(number) = cell { Some(*number) } else { None }
    }
}

/// Stores a type as its text: both conversions.
macro_rules! spelled {
    ($($type:ty: $write:expr, $read:expr;)*) => {
        $(impl Stored for $type {
            const KIND: Kind = Kind::Text;

            fn store(&self) -> Cell<'_> {
                let write: fn(&Self) -> Cow<'_, str> = $write;
                Cell::Text(write(self))
            }

            fn read(cell: &Cell<'_>) -> Option<Self> {
                let read: fn(&str) -> Option<Self> = $read;
                if let Cell::Text(text) = cell { read(text) } else { None }
            }
        })*
    };
}

spelled! {
    String: |text| text.into(), |text| Some(text.to_owned());
    State: |state| state.as_str().into(), State::parse;
    Key: |key| key.as_str().into(), |text| Key::parse(text).ok();
    ProjectId: |project| project.as_str().into(), |text| ProjectId::parse(text).ok();
    MovieHash: |hash| hash.to_hex().into(), MovieHash::from_hex;
    OnUnknown: |rule| rule.as_str().into(), OnUnknown::parse;
    Progress: |progress| progress.as_str().into(), Progress::parse;
    Report: |report| report.raw.to_string().into(), |text| Report::read(&serde_json::from_str(text).ok()?);
    // A refusal is a number and texts: writing it as JSON doesn't fail.
    Refusal: |refusal| serde_json::to_string(refusal).unwrap_or_default().into(), |text| serde_json::from_str(text).ok();
    Vec<String>: |flags| serde_json::Value::from(flags.clone()).to_string().into(), |text| serde_json::from_str(text).ok();
}

impl Stored for PathBuf {
    const KIND: Kind = Kind::Path;

    fn store(&self) -> Cell<'_> {
        Cell::Bytes(self.as_os_str().as_encoded_bytes().into())
    }

    fn read(cell: &Cell<'_>) -> Option<Self> {
        if let Cell::Bytes(bytes) = cell { Some(path(bytes)) } else { None }
    }
}

#[cfg(unix)]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes.to_vec()))
}

#[cfg(not(unix))]
fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

impl<V: Stored> Stored for Option<V> {
    const KIND: Kind = V::KIND;

    fn store(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, V::store)
    }

    fn read(cell: &Cell<'_>) -> Option<Self> {
        if *cell == Cell::Null { Some(None) } else { V::read(cell).map(Some) }
    }
}

/// Takes the values of one row in the order of its columns. `cell` returns the value of the column with a number, counted
/// from 0, and a type.
pub(super) struct Cells<I, F> {
    /// The names of the columns that are left.
    columns: I,
    cell: F,
    next: usize,
}

impl<I: Iterator<Item = &'static str>, F> Cells<I, F> {
    /// Begins at the first of these columns.
    pub(super) fn new(columns: I, cell: F) -> Self {
        Self { columns, cell, next: 0 }
    }

    /// The value of the next column.
    pub(super) fn take<'a, V: Stored, E: From<Unreadable>>(&mut self) -> Result<V, E>
    where
        F: FnMut(usize, Kind) -> Result<Cell<'a>, E>,
    {
        let column = self.columns.next().unwrap_or_default();
        let cell = (self.cell)(self.next, V::KIND)?;
        self.next += 1;
        V::read(&cell).ok_or_else(|| Unreadable::new(column, &cell).into())
    }
}
