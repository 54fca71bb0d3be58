//! Values as SQLite holds them.

use std::borrow::Cow;

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::failure::Failure;
use crate::ledger::RenderId;
use crate::ledger::cells::{Cell, Kind, Stored, Unreadable};
use crate::ledger::columns::Column;
use crate::ledger::inbox::CallbackId;
use crate::ledger::outbox::{DeliveryId, Progress};
use crate::render::identity::{Key, MovieHash, ProjectId};
use crate::render::outcome::Report;
use crate::render::state::State;
use crate::world::Timestamp;

/// A value on its way into a column.
pub(super) struct Bound<'a> {
    cell: Cell<'a>,
    kind: Kind,
}

impl<'a> Bound<'a> {
    /// A value of ours.
    pub(super) fn new<V: Stored>(value: &'a V) -> Self {
        Self { cell: value.store(), kind: V::KIND }
    }

    /// The value of a column in a row.
    pub(super) fn of<T>(column: &Column<T>, row: &'a T) -> Self {
        Self { cell: (column.cell)(row), kind: column.kind }
    }

    /// A value of a column of this type.
    pub(super) fn cell(cell: Cell<'a>, kind: Kind) -> Self {
        Self { cell, kind }
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(output(self.cell.borrowed(), self.kind))
    }
}

fn output(cell: Cell<'_>, kind: Kind) -> ToSqlOutput<'_> {
    match cell {
        Cell::Null => ToSqlOutput::Borrowed(ValueRef::Null),
        Cell::Number(number) => ToSqlOutput::from(number),
        Cell::Fraction(number) => ToSqlOutput::from(number),
        Cell::Text(Cow::Borrowed(text)) => ToSqlOutput::from(text),
        Cell::Text(Cow::Owned(text)) => ToSqlOutput::from(text),
        // A path is stored as text where its bytes are valid text: people read ledgers with other tools.
        Cell::Bytes(bytes) if kind == Kind::Path => match String::from_utf8(bytes.into_owned()) {
            Ok(text) => ToSqlOutput::from(text),
            Err(other) => ToSqlOutput::from(other.into_bytes()),
        },
        Cell::Bytes(Cow::Borrowed(bytes)) => ToSqlOutput::from(bytes),
        Cell::Bytes(Cow::Owned(bytes)) => ToSqlOutput::from(bytes),
    }
}

/// The values of a row, by the number and the type of their columns.
pub(super) fn cells<'a>(row: &'a Row<'_>) -> impl Fn(usize, Kind) -> Result<Cell<'a>, Failure> {
    move |nth, kind| {
        read(row.get_ref(nth)?, kind).map_err(|content| Unreadable::new(row.as_ref().column_name(nth).unwrap_or_default(), &content).into())
    }
}

/// A stored value; the content where a text is none.
fn read(value: ValueRef<'_>, kind: Kind) -> Result<Cell<'_>, Cell<'_>> {
    Ok(match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(number) => Cell::Number(number),
        ValueRef::Real(number) => Cell::Fraction(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) if matches!(kind, Kind::Bytes | Kind::Path) => Cell::Bytes(bytes.into()),
        ValueRef::Text(bytes) => Cell::Text(std::str::from_utf8(bytes).map_err(|_| Cell::Bytes(bytes.into()))?.into()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.into()),
    })
}

/// Types that are parameters and results of statements on their own.
macro_rules! alone {
    ($($type:ident),*) => {
        $(impl ToSql for $type {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(output(self.store(), Self::KIND))
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                let unreadable = |content: &Cell<'_>| FromSqlError::other(Unreadable::new(stringify!($type), content));
                let cell = read(value, Self::KIND).map_err(|content| unreadable(&content))?;
                Stored::read(&cell).ok_or_else(|| unreadable(&cell))
            }
        })*
    };
}

alone!(CallbackId, DeliveryId, Key, MovieHash, Progress, ProjectId, RenderId, Report, State, Timestamp);
