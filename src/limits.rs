//! The limits on input that j2v accepts from others, in one table, each with its reason. Without them a file of a few bytes
//! could use all memory, or hours. Input over a limit is refused, with its place, before anything is sent.

use std::fmt;

/// A limit, and the reason for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The largest value that is accepted.
    pub most: u64,
    /// What is counted.
    pub of: Unit,
    /// Why there is a limit, or what to do where it is too small.
    pub why: &'static str,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Items of this name, in the plural.
    Things(&'static str),
}

/// A movie, and each file whose variables or scenes become part of one.
pub const MOVIE: Limit = bytes(64 << 20, "a movie is sent in one request");

/// The values of a movie: each number, text, list and object is one; in YAML each key, too.
pub const VALUES: Limit = things(500_000, "values", "each takes many times its length in memory");

/// How deep arrays and objects may nest.
pub const NESTING: Limit = things(512, "levels", "a movie nests 10 levels or so: look for a file that contains itself");

/// `config.toml`, a map of columns.
pub const SETTINGS: Limit = bytes(1 << 20, "it is a file that a person writes");

/// A table, as it is stored.
pub const TABLE: Limit = bytes(1 << 30, "a table is copied before it is read: split it, --batch NAME joins the parts");

/// A row of a table.
pub const ROW: Limit = bytes(16 << 20, "a row is held in memory: is a closing quote missing?");

/// A cell of a table.
pub const CELL: Limit = bytes(4 << 20, "a cell is a value of one variable: is a closing quote missing?");

/// The rows of a table: a record of each is held in memory.
pub const ROWS: Limit = things(1_000_000, "rows", "split the table, --batch NAME joins the parts");

/// The cells of all rows of a table: each takes time.
pub const CELLS: Limit = things(50_000_000, "cells", "split the table, --batch NAME joins the parts");

/// The columns of a table.
pub const COLUMNS: Limit = things(16_384, "columns", "a sheet of Excel has no more");

/// The levels of a dotted header, such as `agent.name`.
pub const HEADER: Limit = things(32, "levels", "a column may hold JSON: `agent:=`");

/// A workbook, as it is stored.
pub const WORKBOOK: Limit = bytes(64 << 20, "a CSV of the sheet is read a row at a time");

/// The sheets of a workbook, unpacked.
pub const SHEETS: Limit = bytes(512 << 20, "a CSV of the sheet is read a row at a time");

/// The other parts of a workbook, unpacked: its texts and formats are held in memory.
pub const PARTS: Limit = bytes(64 << 20, "a CSV of the sheet is read a row at a time");

/// The findings about one movie that are shown: nobody reads more, and each takes a look at its line.
pub const FINDINGS: Limit = things(1_000, "findings", "fix these, and check it again");

/// The findings about one movie that are collected: each takes memory, and with so many mistakes the rest says nothing new.
pub const COLLECTED: Limit = things(50_000, "findings", "fix these, and check the movie again");

/// The files that the movies of one command use, where each is probed.
pub const FILES: Limit = things(10_000, "files", "each is a request to another host: look at fewer movies at once");

const fn bytes(most: u64, why: &'static str) -> Limit {
    Limit { most, of: Unit::Bytes, why }
}

const fn things(most: u64, of: &'static str, why: &'static str) -> Limit {
    Limit { most, of: Unit::Things(of), why }
}

impl Limit {
    /// Whether a length or a number is over the limit.
    #[must_use]
    pub fn is_passed_by(&self, found: usize) -> bool {
        u64::try_from(found).map_or(true, |found| found > self.most)
    }

    /// `more than 64 MB (a movie is sent in one request)`.
    #[must_use]
    pub fn passed(&self) -> String {
        format!("more than {self} ({})", self.why)
    }
}

/// `64 MB`, `16,384 columns`.
impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.of {
            Unit::Bytes if self.most >= 1 << 30 => write!(f, "{} GB", self.most >> 30),
            Unit::Bytes => write!(f, "{} MB", self.most >> 20),
            Unit::Things(name) => write!(f, "{} {name}", grouped(self.most)),
        }
    }
}

/// A number with commas between its thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let first = digits.len() % 3;
    let groups = digits.as_bytes()[first..].chunks(3).map(String::from_utf8_lossy);
    let first = Some(digits[..first].into()).filter(|first: &std::borrow::Cow<'_, str>| !first.is_empty());
    first.into_iter().chain(groups).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_said_in_the_unit_that_people_use() {
        assert_eq!(
            [MOVIE.to_string(), TABLE.to_string(), COLUMNS.to_string(), HEADER.to_string()],
            ["64 MB", "1 GB", "16,384 columns", "32 levels"]
        );
        assert_eq!(ROWS.to_string(), "1,000,000 rows");
        assert_eq!(SETTINGS.passed(), "more than 1 MB (it is a file that a person writes)");
        assert!(HEADER.is_passed_by(33) && !HEADER.is_passed_by(32));
    }
}
