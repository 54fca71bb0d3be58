//! CSV and related formats: a header, then one row per line; quoted cells may hold line breaks.

use std::sync::Arc;

use csv::{ByteRecord, ErrorKind, Reader, ReaderBuilder};

use super::column::{ENCODING, blank_header, header, width};
use super::encoding::MARK;
use super::lines::{Lines, Place};
use super::origin::{Origin, Pass, unreadable};
use super::{Cell, Row, RowsError};
use crate::limits::CELL;
use crate::movie::json::Node;

/// The delimiters, in the order in which the header is searched for them.
const DELIMITERS: [(u8, &str); 3] = [(b',', "commas"), (b';', "semicolons"), (b'\t', "tabs")];

/// A table with a header.
pub(super) struct Delimited {
    delimiter: u8,
    /// Whether the delimiter was guessed.
    is_guess: bool,
    /// The offset of the first row, bytes: after a byte order mark and a line `sep=;`.
    start: u64,
    /// The number of the header's row.
    header: u64,
    /// Whether the file begins with the byte order mark by which Excel recognizes UTF-8.
    pub(super) is_marked: bool,
    /// The header; a column without a name has an empty one.
    pub(super) columns: Vec<Arc<str>>,
}

impl Delimited {
    /// Reads the header: the row with that number, or the first row that is not blank.
    pub(super) fn open(origin: &Origin, wanted: Option<u8>, header_row: Option<u64>) -> Result<Self, RowsError> {
        let beginning = origin.beginning()?;
        let (said, start) = preamble(&beginning);
        let above = header_row.unwrap_or(1).saturating_sub(1);
        let delimiter = wanted.or(said).unwrap_or_else(|| find_delimiter(&beginning[start..], above));
        let is_guess = wanted.or(said).is_none();
        let is_marked = beginning.starts_with(MARK);
        let (start, header_at) = (start as u64, header_row.unwrap_or(1));
        let mut table = Self { delimiter, is_guess, start, header: header_at, is_marked, columns: Vec::new() };
        let mut records = table.records(origin);
        records.go_to(header_at)?;
        if header_row.is_some_and(|wanted| wanted != records.place.row) {
            return Err(blank_header(origin.name(), header_at));
        }
        if let Some(cell) = records.strays.first() {
            return Err(records.wrong(format!("the name of column {} {GOES_ON}", cell + 1)).helped(QUOTE_TWICE));
        }
        table.header = records.place.row;
        table.columns = header(origin.name(), records.place.row, records.record.iter())?;
        Ok(table)
    }

    /// Notes about how the table was read, for people.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let found = DELIMITERS.iter().find(|(byte, _)| self.is_guess && *byte == self.delimiter && *byte != b',');
        found.map(|(_, word)| format!("{name}: cells are separated by {word} (--delimiter overrides it)")).into_iter().collect()
    }

    /// The rows after the header.
    pub(super) fn rows(&self, origin: &Origin) -> Result<Records, RowsError> {
        let mut records = self.records(origin);
        records.go_to(self.header)?;
        Ok(records)
    }

    fn records(&self, origin: &Origin) -> Records {
        let bytes = Lines::new(origin.read_from(self.start), self.delimiter);
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).delimiter(self.delimiter).buffer_capacity(1 << 16);
        Records {
            name: origin.name().to_owned(),
            reader: builder.from_reader(bytes),
            record: ByteRecord::new(),
            columns: self.columns.clone(),
            strays: Vec::new(),
            place: Place { row: 0, line: 0 },
        }
    }
}

/// The offset of the first row, and the delimiter if a line `sep=;` before it names one: Excel reads that line and shows
/// no row for it.
fn preamble(beginning: &[u8]) -> (Option<u8>, usize) {
    let text = beginning.strip_prefix(MARK).unwrap_or(beginning);
    let start = beginning.len() - text.len();
    let Some(line) = text.split_inclusive(|byte| *byte == b'\n').next() else { return (None, start) };
    match line.trim_ascii_end().split_at_checked(4) {
        Some((word, [delimiter])) if word.eq_ignore_ascii_case(b"sep=") => (Some(*delimiter), start + line.len()),
        // The line is `sep=` and a tab, and the trim removed the tab.
        _ if line.strip_prefix(b"sep=\t").is_some_and(|rest| rest.trim_ascii().is_empty()) => (Some(b'\t'), start + line.len()),
        _ => (None, start),
    }
}

/// The delimiter of the header: Excel writes semicolons where the comma is the decimal separator.
fn find_delimiter(beginning: &[u8], above: u64) -> u8 {
    let above = usize::try_from(above).unwrap_or(usize::MAX);
    let line = beginning.split(|byte| *byte == b'\n').nth(above).unwrap_or_default();
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
    record: ByteRecord,
    columns: Vec<Arc<str>>,
    /// The cells of the record that go on after the quote that closes them, from 0.
    strays: Vec<usize>,
    place: Place,
}

/// What is wrong with such a cell.
const GOES_ON: &str = "goes on after the quote that closes it";

/// What to do about it.
const QUOTE_TWICE: &str = "a quote inside of a quoted cell is written twice: \"a 12\"\" TV\"";

impl Iterator for Records {
    type Item = Result<Row, RowsError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.advance() {
            Ok(true) => Some(Ok(self.row())),
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl Records {
    /// Reads up to the record in a row, or the first one after it.
    fn go_to(&mut self, row: u64) -> Result<(), RowsError> {
        while self.advance()? && self.place.row < row {}
        Ok(())
    }

    /// Reads one record; returns whether there was one.
    fn advance(&mut self) -> Result<bool, RowsError> {
        let read = self.reader.read_byte_record(&mut self.record);
        let (end, before) = (self.reader.position().byte(), self.place);
        self.place = self.reader.get_mut().place(end);
        // A file whose lines end with a carriage return alone is one line: there each record is a row.
        self.place.row = self.place.row.max(before.row + 1);
        let found = read.map_err(|error| match error.into_kind() {
            ErrorKind::Io(why) if why.kind() == std::io::ErrorKind::FileTooLarge => self.wrong(why.to_string()),
            ErrorKind::Io(why) => unreadable(&self.name, &why),
            _ => self.wrong("it can't be read"),
        })?;
        let lines = self.reader.get_mut();
        self.strays.clear();
        self.strays.extend(std::iter::from_fn(|| lines.next_stray(end)));
        if found && lines.is_open(end) {
            return Err(self.wrong("a quote opens in it and never closes").helped("close the quote after its cell"));
        }
        Ok(found)
    }

    fn row(&self) -> Row {
        let surplus = self.record.iter().skip(self.columns.len()).any(|cell| !cell.is_empty());
        let mut faults = Vec::new();
        if self.record.len() < self.columns.len() || surplus {
            faults.push(self.ragged());
        }
        // The rest of such a cell is read as text, so that the rows after it are read, too. Nobody knows what was meant.
        faults.extend(self.strays.iter().map(|cell| self.stray(*cell)));
        let named = self.columns.iter().zip(&self.record).filter(|(column, _)| !column.is_empty());
        let cells = named.map(|(column, bytes)| {
            let text = std::str::from_utf8(bytes).unwrap_or_else(|_| {
                faults.push(self.wrong("it holds bytes that are not UTF-8").in_column(column).helped(ENCODING));
                ""
            });
            if CELL.is_passed_by(text.len()) {
                faults.push(self.wrong(format!("the cell has {}", CELL.passed())).in_column(column));
            }
            Cell { column: Arc::clone(column), value: Node::string(text) }
        });
        let cells = cells.collect();
        Row { number: self.place.row, cells, faults }
    }

    /// The error for a row that does not match the header: usually a quote is missing, in this row or an earlier one.
    fn ragged(&self) -> RowsError {
        let error = self.wrong(width(self.record.len(), self.columns.len()));
        let is_long = self.record.iter().any(|cell| lines(cell) > 4);
        if is_long {
            return error.helped("a cell in it goes on over several lines: is a closing quote missing?");
        }
        error.helped("a cell that holds the separator or a line break stands in quotes: \"Elm Road, 7\"")
    }

    /// The error for a cell with text after its closing quote: the quote inside should be two, or an earlier one has not closed.
    fn stray(&self, cell: usize) -> RowsError {
        let error = match self.columns.get(cell).filter(|column| !column.is_empty()) {
            Some(column) => self.wrong(format!("the cell {GOES_ON}")).in_column(column),
            None => self.wrong(format!("cell {} {GOES_ON}", cell + 1)),
        };
        match self.record.get(cell).map_or(1, lines) {
            1 => error.helped(QUOTE_TWICE),
            lines => error.helped(format!("it goes on over {lines} lines: close the quote where the cell ends; {QUOTE_TWICE}")),
        }
    }

    /// An error about the last row read.
    fn wrong(&self, why: impl Into<String>) -> RowsError {
        let Place { row, line } = self.place;
        let place = if line > row { format!("row {row} (line {line})") } else { format!("row {row}") };
        RowsError::at(&self.name, place, why)
    }
}

/// How many lines a cell has.
fn lines(cell: &[u8]) -> usize {
    cell.split(|byte| *byte == b'\n').count()
}
