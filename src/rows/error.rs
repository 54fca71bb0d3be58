//! Why a table can't be used: the file, the row, the column, and the way out.

use std::fmt;

/// Why a table can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsError {
    /// The table.
    pub table: String,
    /// Where in it: `row 4712`, `item 3, line 18`. Nothing when it is about the whole.
    pub place: Option<String>,
    /// What is wrong.
    pub why: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl RowsError {
    /// Something is wrong with the table as a whole.
    pub(super) fn new(table: &str, why: impl Into<String>) -> Self {
        Self { table: table.to_owned(), place: None, why: why.into(), help: None }
    }

    /// Something is wrong at a place.
    pub(super) fn at(table: &str, place: impl Into<String>, why: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..Self::new(table, why) }
    }

    /// The same with a way out.
    pub(super) fn helped(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// `listings.csv: row 4712: what is wrong`.
impl fmt::Display for RowsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{}: {place}: {}", self.table, self.why),
            None => write!(f, "{}: {}", self.table, self.why),
        }
    }
}

impl std::error::Error for RowsError {}
