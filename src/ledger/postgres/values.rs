//! Values as PostgreSQL holds them.

use std::borrow::Cow;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::failure::Failure;
use crate::ledger::cells::{Cell, Kind, Unreadable};

/// A parameter of a statement.
pub(super) type Parameter<'a> = Box<dyn ToSql + Sync + 'a>;

/// Parameters as the client takes them.
pub(super) fn borrowed<'a>(parameters: &'a [Parameter<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    parameters.iter().map(|parameter| &**parameter as &(dyn ToSql + Sync)).collect()
}

/// The values of a row, by the number and the type of their columns.
pub(super) fn cells<'a>(row: &'a Row) -> impl Fn(usize, Kind) -> Result<Cell<'a>, Failure> {
    |nth, kind| {
        read(row, nth, kind).map_err(|_| {
            let (name, of) = row.columns().get(nth).map_or(("", ""), |column| (column.name(), column.type_().name()));
            Unreadable { column: name.to_owned(), content: format!("a value of the type {of}") }.into()
        })
    }
}

fn read(row: &Row, nth: usize, kind: Kind) -> Result<Cell<'_>, tokio_postgres::Error> {
    let cell = match kind {
        Kind::Number => row.try_get::<_, Option<i64>>(nth)?.map(Cell::Number),
        Kind::Flag => row.try_get::<_, Option<bool>>(nth)?.map(|flag| Cell::Number(i64::from(flag))),
        Kind::Fraction => row.try_get::<_, Option<f64>>(nth)?.map(Cell::Fraction),
        Kind::Text => row.try_get::<_, Option<&str>>(nth)?.map(|text| Cell::Text(text.into())),
        Kind::Bytes | Kind::Path => row.try_get::<_, Option<&[u8]>>(nth)?.map(|bytes| Cell::Bytes(bytes.into())),
    };
    Ok(cell.unwrap_or(Cell::Null))
}

/// One value as a parameter.
pub(super) fn parameter(cell: Cell<'_>, kind: Kind) -> Parameter<'_> {
    match kind {
        Kind::Number => Box::new(number(&cell)),
        Kind::Flag => Box::new(flag(&cell)),
        Kind::Fraction => Box::new(fraction(&cell)),
        Kind::Text => Box::new(text(cell)),
        Kind::Bytes | Kind::Path => Box::new(bytes(cell)),
    }
}

/// The values of one column, of any number of rows, as a parameter of the type [`array_of`].
pub(super) fn array<'a>(cells: impl Iterator<Item = Cell<'a>>, kind: Kind) -> Parameter<'a> {
    match kind {
        Kind::Number => Box::new(cells.map(|cell| number(&cell)).collect::<Vec<_>>()),
        Kind::Flag => Box::new(cells.map(|cell| flag(&cell)).collect::<Vec<_>>()),
        Kind::Fraction => Box::new(cells.map(|cell| fraction(&cell)).collect::<Vec<_>>()),
        Kind::Text => Box::new(cells.map(text).collect::<Vec<_>>()),
        Kind::Bytes | Kind::Path => Box::new(cells.map(bytes).collect::<Vec<_>>()),
    }
}

/// The type of an array of values, in SQL.
pub(super) fn array_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "bigint[]",
        Kind::Flag => "boolean[]",
        Kind::Fraction => "double precision[]",
        Kind::Text => "text[]",
        Kind::Bytes | Kind::Path => "bytea[]",
    }
}

fn number(cell: &Cell<'_>) -> Option<i64> {
    if let Cell::Number(number) = cell { Some(*number) } else { None }
}

fn flag(cell: &Cell<'_>) -> Option<bool> {
    number(cell).map(|number| number != 0)
}

fn fraction(cell: &Cell<'_>) -> Option<f64> {
    if let Cell::Fraction(number) = cell { Some(*number) } else { None }
}

fn text(cell: Cell<'_>) -> Option<Cow<'_, str>> {
    if let Cell::Text(text) = cell { Some(without_zeros(text)) } else { None }
}

fn bytes(cell: Cell<'_>) -> Option<Vec<u8>> {
    if let Cell::Bytes(bytes) = cell { Some(bytes.into_owned()) } else { None }
}

/// A text that the server accepts: U+FFFD replaces NUL, the one character that it can't store.
pub(super) fn without_zeros<'a>(text: impl Into<Cow<'a, str>>) -> Cow<'a, str> {
    let text = text.into();
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{fffd}")) } else { text }
}
