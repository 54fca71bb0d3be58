//! A remark about a row: what is wrong or doubtful, and whether it is in a cell, in the row, or in the movie.

use std::borrow::Cow;
use std::sync::Arc;

use crate::movie::diagnostic::Severity;
use crate::movie::json::Span;

/// The place of a remark. Rows that share it are reported together.
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

/// One remark about a row.
#[derive(Debug, Clone)]
pub(super) struct Remark {
    /// The rule; without one, the kind of fault.
    pub(super) code: &'static str,
    /// Its place.
    pub(super) place: Place,
    /// The row, in the table that the place is in.
    pub(super) row: u64,
    /// Its severity.
    pub(super) severity: Severity,
    /// Whether it keeps the row from being rendered.
    pub(super) stops: bool,
    /// What was found.
    pub(super) message: String,
    /// What to do about it.
    pub(super) help: Option<Cow<'static, str>>,
}

impl Remark {
    /// A fault of a row that belongs to no rule: it stops the row.
    pub(super) fn fault(kind: &'static str, row: u64, message: impl Into<String>, help: impl Into<Cow<'static, str>>) -> Self {
        let (severity, message, help) = (Severity::Error, message.into(), Some(help.into()));
        Self { code: kind, place: Place::Row, row, severity, stops: true, message, help }
    }

    /// The same as a warning, which stops no row.
    pub(super) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, stops: false, ..self }
    }

    /// The same in a column.
    pub(super) fn in_column(self, table: &Arc<str>, column: &Arc<str>) -> Self {
        Self { place: Place::Column { table: Arc::clone(table), column: Arc::clone(column) }, ..self }
    }

    /// The rule and a colon, if there is a rule.
    pub(super) fn rule(code: &str) -> String {
        if code.starts_with("J2V") { format!("{code}: ") } else { String::new() }
    }

    /// Its text for its row: ``column `photo`: J2V065: …``.
    pub(super) fn why(&self) -> String {
        let column = if let Place::Column { column, .. } = &self.place { format!("column `{column}`: ") } else { String::new() };
        format!("{column}{}{}", Self::rule(self.code), self.message)
    }
}
