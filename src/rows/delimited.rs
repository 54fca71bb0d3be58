//! CSV and its relatives: a header, then a row a line; cells in quotes may hold line breaks.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::column::header;
use super::origin::Origin;
use super::{Cell, Row, RowsError};
use crate::movie::json::Node;

/// What stands between cells, in the order in which a header is searched for it.
const DELIMITERS: [(u8, &str); 3] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs")];

/// A table with a header.
pub(super) struct Delimited {
    delimiter: u8,
    /// Whether that was found rather than said.
    is_guess: bool,
    /// The header; a column without a name has none.
    pub(super) columns: Vec<Arc<str>>,
}

impl Delimited {
    /// Reads the header.
    pub(super) fn open(origin: &Origin, delimiter: Option<u8>) -> Result<Self, RowsError> {
        let (delimiter, is_guess) = match delimiter {
            Some(delimiter) => (delimiter, false),
            None => (find_delimiter(&origin.beginning()?), true),
        };
        let mut reader = reader(origin, delimiter)?;
        let mut record = StringRecord::new();
        read(origin.name(), &mut reader, &mut record, 1)?;
        let columns = header(origin.name(), record.iter())?;
        Ok(Self { delimiter, is_guess, columns })
    }

    /// What people should know of how it was read.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let found = DELIMITERS.iter().find(|(byte, _)| self.is_guess && *byte == self.delimiter && *byte != b',');
        found.map(|(_, word)| format!("{name}: its cells stand between {word} (--delimiter says otherwise)")).into_iter().collect()
    }

    /// The rows after the header.
    pub(super) fn rows(&self, origin: &Origin) -> Result<Records, RowsError> {
        let mut reader = reader(origin, self.delimiter)?;
        let mut record = StringRecord::new();
        read(origin.name(), &mut reader, &mut record, 1)?;
        Ok(Records { name: origin.name().to_owned(), reader, record, columns: self.columns.clone(), number: 1 })
    }
}

fn reader(origin: &Origin, delimiter: u8) -> Result<Reader<BufReader<File>>, RowsError> {
    Ok(ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(origin.read()?))
}

/// What stands between the names of the header: Excel writes semicolons where the comma is the decimal mark.
fn find_delimiter(beginning: &[u8]) -> u8 {
    let line = beginning.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [0; DELIMITERS.len()];
    for byte in line {
        is_quoted ^= *byte == b'"';
        if let Some(place) = DELIMITERS.iter().position(|(delimiter, _)| delimiter == byte && !is_quoted) {
            counts[place] += 1;
        }
    }
    let most = counts.iter().max().copied().unwrap_or_default();
    counts.iter().position(|count| *count == most).map_or(b',', |place| DELIMITERS[place].0)
}

/// Reads one record; says whether there was one.
fn read(name: &str, reader: &mut Reader<BufReader<File>>, record: &mut StringRecord, number: u64) -> Result<bool, RowsError> {
    reader.read_record(record).map_err(|error| match error.kind() {
        ErrorKind::Utf8 { .. } => RowsError::at(name, format!("row {number}"), "it holds bytes that are no UTF-8")
            .helped("save the table as \"CSV UTF-8\", or as a workbook (.xlsx)"),
        _ => RowsError::at(name, format!("row {number}"), format!("it can't be read: {error}")),
    })
}

/// The rows of a table, one at a time.
pub(super) struct Records {
    name: String,
    reader: Reader<BufReader<File>>,
    record: StringRecord,
    columns: Vec<Arc<str>>,
    number: u64,
}

impl Iterator for Records {
    type Item = Result<Row, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.number += 1;
        match read(&self.name, &mut self.reader, &mut self.record, self.number) {
            Ok(true) => Some(self.row()),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Records {
    fn row(&self) -> Result<Row, RowsError> {
        let surplus = self.record.iter().skip(self.columns.len()).any(|cell| !cell.is_empty());
        if self.record.len() < self.columns.len() || surplus {
            return Err(self.ragged());
        }
        let named = self.columns.iter().zip(&self.record).filter(|(column, _)| !column.is_empty());
        let cells = named.map(|(column, text)| Cell { column: Arc::clone(column), value: Node::string(text) });
        Ok(Row { number: self.number, cells: cells.collect() })
    }

    /// A row that the header doesn't fit: as a rule a quote is missing, there or before.
    fn ragged(&self) -> RowsError {
        let (cells, columns) = (self.record.len(), self.columns.len());
        let line = self.record.position().map(csv::Position::line).filter(|line| *line != self.number);
        let place = line.map_or_else(|| format!("row {}", self.number), |line| format!("row {} (line {line})", self.number));
        let s = if cells == 1 { "" } else { "s" };
        let error = RowsError::at(&self.name, place, format!("it has {cells} cell{s}, the header has {columns}"));
        let is_long = self.record.iter().any(|cell| cell.matches('\n').count() > 3);
        if is_long {
            return error.helped("a cell in it goes on over several lines: is a closing quote missing?");
        }
        error.helped("a cell that holds the separator or a line break stands in quotes: \"Elm Road, 7\"")
    }
}
