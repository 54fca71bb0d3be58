//! CSV and its relatives: a header, then a row a line; cells in quotes may hold line breaks.

use std::sync::Arc;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};

use super::column::header;
use super::lines::{BadQuote, Lines, Place};
use super::origin::{Origin, Pass};
use super::{Cell, Row, RowsError};
use crate::movie::json::Node;

/// What stands between cells, in the order in which a header is searched for it.
const DELIMITERS: [(u8, &str); 3] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs")];

/// What may stand at the very beginning.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A table with a header.
pub(super) struct Delimited {
    delimiter: u8,
    /// Whether that was found rather than said.
    is_guess: bool,
    /// Where the header begins.
    start: u64,
    /// The header; a column without a name has none.
    pub(super) columns: Vec<Arc<str>>,
}

impl Delimited {
    /// Reads the header.
    pub(super) fn open(origin: &Origin, wanted: Option<u8>) -> Result<Self, RowsError> {
        let beginning = origin.beginning()?;
        let (said, start) = preamble(&beginning);
        let delimiter = wanted.or(said).unwrap_or_else(|| find_delimiter(&beginning[start..]));
        let is_guess = wanted.or(said).is_none();
        let mut table = Self { delimiter, is_guess, start: start as u64, columns: Vec::new() };
        let mut records = table.records(origin);
        records.advance()?;
        table.columns = header(origin.name(), records.place.row, records.record.iter())?;
        Ok(table)
    }

    /// What people should know of how it was read.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let found = DELIMITERS.iter().find(|(byte, _)| self.is_guess && *byte == self.delimiter && *byte != b',');
        found.map(|(_, word)| format!("{name}: its cells stand between {word} (--delimiter says otherwise)")).into_iter().collect()
    }

    /// The rows after the header.
    pub(super) fn rows(&self, origin: &Origin) -> Result<Records, RowsError> {
        let mut records = self.records(origin);
        records.advance()?;
        Ok(records)
    }

    fn records(&self, origin: &Origin) -> Records {
        let bytes = Lines::new(origin.read_from(self.start), self.delimiter);
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.delimiter).buffer_capacity(1 << 16);
        Records {
            name: origin.name().to_owned(),
            reader: builder.from_reader(bytes),
            record: StringRecord::new(),
            columns: self.columns.clone(),
            place: Place { row: 0, line: 0 },
        }
    }
}

/// Where the header begins, and what stands between cells if a line before it says so: Excel reads `sep=;` there, and shows
/// no row for it.
fn preamble(beginning: &[u8]) -> (Option<u8>, usize) {
    let text = beginning.strip_prefix(MARK).unwrap_or(beginning);
    let start = beginning.len() - text.len();
    let Some(line) = text.split_inclusive(|byte| *byte == b'\n').next() else { return (None, start) };
    match line.trim_ascii_end().split_at_checked(4) {
        Some((word, [delimiter])) if word.eq_ignore_ascii_case(b"sep=") => (Some(*delimiter), start + line.len()),
        // The tab of `sep=` and a tab was trimmed away.
        _ if line.strip_prefix(b"sep=\t").is_some_and(|rest| rest.trim_ascii().is_empty()) => (Some(b'\t'), start + line.len()),
        _ => (None, start),
    }
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

/// The rows of a table, one at a time.
pub(super) struct Records {
    name: String,
    reader: Reader<Lines<Pass>>,
    record: StringRecord,
    columns: Vec<Arc<str>>,
    place: Place,
}

impl Iterator for Records {
    type Item = Result<Row, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => Some(self.row()),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Records {
    /// Reads one record; says whether there was one.
    fn advance(&mut self) -> Result<bool, RowsError> {
        let read = self.reader.read_record(&mut self.record);
        let (end, before) = (self.reader.position().byte(), self.place);
        self.place = self.reader.get_mut().place(end);
        // In a file whose lines end with a carriage return alone, all is one line: there a record is a row.
        self.place.row = self.place.row.max(before.row + 1);
        let found = read.map_err(|error| match error.kind() {
            ErrorKind::Utf8 { .. } => {
                self.wrong("it holds bytes that are no UTF-8").helped("save the table as \"CSV UTF-8\", or as a workbook (.xlsx)")
            }
            _ => self.wrong(format!("it can't be read: {error}")),
        })?;
        match self.reader.get_ref().bad_quote(end).filter(|_| found) {
            Some(BadQuote::Open) => Err(self.wrong("a quote opens in it and never closes").helped("close the quote after its cell")),
            Some(BadQuote::Inside) => Err(self
                .wrong("a cell goes on after the quote that closes it")
                .helped("a quote inside of a quoted cell is written twice: \"a 12\"\" TV\"")),
            None => Ok(found),
        }
    }

    fn row(&self) -> Result<Row, RowsError> {
        let surplus = self.record.iter().skip(self.columns.len()).any(|cell| !cell.is_empty());
        if self.record.len() < self.columns.len() || surplus {
            return Err(self.ragged());
        }
        let named = self.columns.iter().zip(&self.record).filter(|(column, _)| !column.is_empty());
        let cells = named.map(|(column, text)| Cell { column: Arc::clone(column), value: Node::string(text) });
        Ok(Row { number: self.place.row, cells: cells.collect() })
    }

    /// A row that the header doesn't fit: as a rule a quote is missing, there or before.
    fn ragged(&self) -> RowsError {
        let (cells, columns) = (self.record.len(), self.columns.len());
        let s = if cells == 1 { "" } else { "s" };
        let error = self.wrong(format!("it has {cells} cell{s}, the header has {columns}"));
        let is_long = self.record.iter().any(|cell| cell.matches('\n').count() > 3);
        if is_long {
            return error.helped("a cell in it goes on over several lines: is a closing quote missing?");
        }
        error.helped("a cell that holds the separator or a line break stands in quotes: \"Elm Road, 7\"")
    }

    /// What is wrong with the row that was read last.
    fn wrong(&self, why: impl Into<String>) -> RowsError {
        let Place { row, line } = self.place;
        let place = if line > row { format!("row {row} (line {line})") } else { format!("row {row}") };
        RowsError::at(&self.name, place, why)
    }
}
