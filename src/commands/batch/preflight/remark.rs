//! What there is to say about a row: what is wrong or doubtful, and where: in a cell, in the row, or in the movie.

use std::borrow::Cow;
use std::sync::Arc;

use crate::movie::diagnostic::Severity;
use crate::movie::json::Span;

/// Where it is. Rows that share it are reported together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// In the movie, or in a flag.
    Movie(Span),
    /// In a column of a table.
    Column {
        /// The table's name.
        table: Arc<str>,
        /// The column's.
        column: Arc<str>,
    },
    /// In the row as a whole.
    Row,
}

/// One thing to say about a row.
#[derive(Debug, Clone)]
pub(super) struct Remark {
    /// The rule; or of what is no rule's the kind of fault.
    pub(super) code: &'static str,
    /// Where.
    pub(super) place: Place,
    /// The row, in the table that the place is in.
    pub(super) row: u64,
    /// How much it matters.
    pub(super) severity: Severity,
    /// Whether the row can't be rendered for it.
    pub(super) stops: bool,
    /// What was found.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<Cow<'static, str>>,
}

impl Remark {
    /// A fault of a row that is no rule's: it stops the row.
    pub(super) fn fault(kind: &'static str, row: u64, message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        let (severity, message, help) = (Severity::Error, message.into(), Some(help.into()));
        Self { code: kind, place: Place::Row, row, severity, stops: true, message, help }
    }

    /// The same in a column.
    pub(super) fn in_column(self, table: &Arc<str>, column: &Arc<str>) -> Self {
        Self { place: Place::Column { table: Arc::clone(table), column: Arc::clone(column) }, ..self }
    }

    /// The rule and a colon, if it is a rule's.
    pub(super) fn rule(code: &str) -> String {
        if code.starts_with("J2V") { format!("{code}: ") } else { String::new() }
    }

    /// What it says of its row: ``column `photo`: J2V065: …``.
    pub(super) fn why(&self) -> String {
        let column = if let Place::Column { column, .. } = &self.place { format!("column `{column}`: ") } else { String::new() };
        format!("{column}{}{}", Self::rule(self.code), self.message)
    }
}
