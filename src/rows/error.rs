//! Why a table, or one of its rows, can't be used: the file, the row, the column, and what to do.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// Why a table can't be used, or one of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsError {
    /// The table.
    pub table: String,
    /// The place in it: `row 4712`, `item 3, line 18`. `None` when the error is about the whole table.
    pub place: Option<String>,
    /// The column, when the error is about one cell.
    pub column: Option<Arc<str>>,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub help: Option<Cow<'static, str>>,
}

impl RowsError {
    /// An error about the whole table.
    pub(super) fn new(table: &str, why: impl Into<String>) -> Self {
        Self { table: table.to_owned(), place: None, column: None, why: why.into(), help: None }
    }

    /// An error about one place.
    pub(super) fn at(table: &str, place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..Self::new(table, why) }
    }

    /// The same error about the cell in a column.
    pub(super) fn in_column(mut self, column: &Arc<str>) -> Self {
        self.column = Some(Arc::clone(column));
        self
    }

    /// The same error with a help text.
    pub(super) fn helped(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The message without the row, so that equal faults of several rows group: ``column `price`: what is wrong``.
    #[must_use]
    pub fn without_row(&self) -> String {
        match &self.column {
            Some(column) => format!("column `{column}`: {}", self.why),
            None => self.why.clone(),
        }
    }
}

/// ``listings.csv: row 4712, column `price`: what is wrong``.
impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.table)?;
        match (&self.place, &self.column) {
            (Some(place), Some(column)) => write!(f, "{place}, column `{column}`: {}", self.why),
            (Some(place), None) => write!(f, "{place}: {}", self.why),
            (None, _) => f.write_str(&self.without_row()),
        }
    }
}

impl std::error::Error for RowsError {}
