//! Applies the limits of all tables to the rows of one table.

use super::{Row, Rows, RowsError};
use crate::limits::{CELLS, ROWS};

/// The rows, without blank ones; it ends after an error.
pub(super) struct Bounded {
    rows: Rows,
    table: String,
    unit: &'static str,
    leaves_blanks: bool,
    count: u64,
    cells: u64,
    is_over: bool,
}

impl Bounded {
    pub(super) fn new(rows: Rows, table: &str, unit: &'static str, leaves_blanks: bool) -> Self {
        Self { rows, table: table.to_owned(), unit, leaves_blanks, count: 0, cells: 0, is_over: false }
    }

    fn counted(&mut self, row: Row) -> Result<Row, RowsError> {
        self.count += 1;
        self.cells += row.cells.len() as u64;
        let passed = [(self.count, ROWS), (self.cells, CELLS)].into_iter().find(|(count, limit)| *count > limit.most);
        match passed {
            Some((_, limit)) => {
                Err(RowsError::at(&self.table, format!("{} {}", self.unit, row.number), format!("the table has {}", limit.passed())))
            }
            None => Ok(row),
        }
    }
}

impl Iterator for Bounded {
    type Item = Result<Row, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_over {
            let row = self.rows.next()?.and_then(|row| self.counted(row));
            self.is_over = row.is_err();
            if !(self.leaves_blanks && row.as_ref().is_ok_and(Row::is_blank)) {
                return Some(row);
            }
        }
        None
    }
}
