//! A table of rows, whatever it is written in: CSV, TSV, a JSON array, JSON Lines or XLSX.
//!
//! A [`Table`] is gone through more than once, since everything is checked before anything is sent: it is read from a copy
//! that nobody else can change. Rows are streamed; a workbook is gone through once and kept as lines.
//! What a column means for a movie is [`binding`]'s business.

mod archive;
pub mod binding;
mod bounded;
pub mod column;
mod delimited;
mod encoding;
mod error;
pub mod format;
mod join;
mod join_reading;
mod json;
mod lines;
pub mod mapping;
mod origin;
mod sheet;
mod spelling;

use std::io::Read;
use std::sync::Arc;

pub use encoding::Encoding;
pub use error::RowsError;
pub use join::Join;

use self::bounded::Bounded;
use self::delimited::Delimited;
use self::format::Format;
use self::origin::Origin;
use self::sheet::Sheet;
use crate::movie::json::{CellPlace, Node, Span, Text, Value};

/// Where a table is and how it is read.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// A path, or `-` for stdin.
    pub name: String,
    /// The format; if `None`, detected from the name and the first bytes.
    pub format: Option<Format>,
    /// The delimiter of a CSV file; if `None`, detected from its first line.
    pub delimiter: Option<u8>,
    /// What its text is encoded in: UTF-8 where nobody says, and where it begins with the mark of another one, that.
    pub encoding: Option<Encoding>,
    /// The row that is the header, from 1; if `None`, the first that is not blank.
    pub header_row: Option<u64>,
    /// The sheet of a workbook; if `None`, the first one.
    pub sheet: Option<String>,
    /// Whether cells of a workbook are the texts that a spreadsheet shows: `2,462,662 €` instead of `2462662`.
    pub as_shown: bool,
}

impl Source {
    /// A table at a path, or `-`.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number: in a sheet or a CSV file the header is row 1; of a JSON array or of JSON Lines it is the n-th item.
    pub number: u64,
    /// Its cells, in the order of the columns.
    pub cells: Vec<Cell>,
    /// The row's faults. This row can't become a movie; the rows after it can.
    pub faults: Vec<RowsError>,
}

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The header of its column.
    pub column: Arc<str>,
    /// What it holds: a text, unless the table is JSON. An empty cell is an empty text.
    pub value: Node,
}

impl Row {
    /// The same row, each value at the place of its cell: so a finding about it leads there.
    #[must_use]
    pub fn placed(mut self) -> Self {
        let row = u32::try_from(self.number).unwrap_or(u32::MAX);
        for (column, cell) in (0..).zip(&mut self.cells) {
            cell.value.place_at(Span::cell(CellPlace { table: 0, row, column }));
        }
        self
    }

    /// The cell of a column. If a column is duplicated, the last one counts, as in a movie.
    #[must_use]
    pub fn cell(&self, column: &str) -> Option<&Cell> {
        self.cells.iter().rev().find(|cell| &*cell.column == column)
    }

    /// The text of the cell in a column.
    #[must_use]
    pub fn text(&self, column: &str) -> Option<String> {
        self.cell(column).map(Cell::to_text)
    }

    /// Whether each of its cells is known to belong to its column: of a row with too few or too many cells that is a guess.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.iter().all(|fault| fault.column.is_some())
    }

    /// Whether every cell is empty, as in the rows that a spreadsheet leaves at its end.
    fn is_blank(&self) -> bool {
        self.faults.is_empty() && self.cells.iter().all(Cell::is_empty)
    }
}

impl Cell {
    /// Whether the cell is empty: an empty text, or JSON's `null`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match &self.value.value {
            Value::String(text) => text.raw().is_empty(),
            value => matches!(value, Value::Null),
        }
    }

    /// The error that a spreadsheet has left in it, in place of the value of a formula: `#N/A`.
    #[must_use]
    pub fn error(&self) -> Option<String> {
        let text = self.value.as_text().map(Text::raw)?;
        ERRORS.contains(&text).then(|| text.to_owned())
    }

    /// What it says, as a text: numbers as they are spelled, lists and objects as JSON, `null` as nothing.
    #[must_use]
    pub fn to_text(&self) -> String {
        match &self.value.value {
            Value::String(text) => text.decoded().into_owned(),
            Value::Null => String::new(),
            _ => self.value.to_compact(),
        }
    }
}

/// What a spreadsheet writes into a cell whose formula has no value, in CSV as on the screen.
const ERRORS: [&str; 9] = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"];

/// The rows of a table, as they are read.
pub type Rows = Box<dyn Iterator<Item = Result<Row, RowsError>> + Send>;

/// A table that was found and whose header was read.
pub struct Table {
    origin: Origin,
    content: Content,
}

enum Content {
    Delimited(Delimited),
    Array,
    Lines,
    Sheet(Sheet),
}

impl Table {
    /// Opens a table and reads as much of it as says what it is.
    ///
    /// # Errors
    /// When it can't be read, is of no known format, or its header can't be used.
    pub fn open(source: &Source) -> Result<Self, RowsError> {
        Self::read(Origin::open(&source.name)?, source)
    }

    /// The same of a table that is at hand; the source's name is what messages call it.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn of(source: &Source, from: &mut impl Read) -> Result<Self, RowsError> {
        Self::read(Origin::copied(&source.name, from)?, source)
    }

    fn read(origin: Origin, source: &Source) -> Result<Self, RowsError> {
        let beginning = origin.beginning()?;
        if let Some(what) = format::other_document(&beginning) {
            return Err(RowsError::new(&source.name, what).helped("open it in Excel or LibreOffice and save it as .xlsx or as CSV UTF-8"));
        }
        let format = source.format.unwrap_or_else(|| Format::find(&source.name, &beginning));
        let header = source.header_row;
        let refuse = |flag: &str, why: &str| Err(RowsError::new(&source.name, format!("{flag} is not for this table: {why}")));
        match format {
            Format::Xlsx if source.encoding.is_some() => return refuse("--encoding", "a workbook says its own"),
            Format::Json | Format::JsonLines if header.is_some() => return refuse("--header-row", "JSON has no header"),
            Format::Xlsx => {}
            _ if source.as_shown => return refuse("--as-shown", "only a workbook knows how its cells are shown"),
            _ => {}
        }
        let origin = if format == Format::Xlsx { origin } else { encoding::to_utf8(origin, source.encoding)? };
        let content = match format {
            Format::Csv => Content::Delimited(Delimited::open(&origin, source.delimiter, header)?),
            Format::Tsv => Content::Delimited(Delimited::open(&origin, source.delimiter.or(Some(b'\t')), header)?),
            Format::Json => Content::Array,
            Format::JsonLines => Content::Lines,
            Format::Xlsx => Content::Sheet(Sheet::open(&origin, source)?),
        };
        Ok(Self { origin, content })
    }

    /// Whether it is at home in Excel: a workbook, or CSV with the mark by which Excel knows UTF-8.
    #[must_use]
    pub fn is_for_excel(&self) -> bool {
        match &self.content {
            Content::Delimited(table) => table.is_marked,
            Content::Sheet(_) => true,
            Content::Array | Content::Lines => false,
        }
    }

    /// The table's name in messages.
    #[must_use]
    pub fn name(&self) -> &str {
        self.origin.name()
    }

    /// The columns, where the table has a header; a JSON item names its own.
    #[must_use]
    pub fn columns(&self) -> Option<&[Arc<str>]> {
        match &self.content {
            Content::Delimited(table) => Some(&table.columns),
            Content::Sheet(sheet) => Some(&sheet.columns),
            Content::Array | Content::Lines => None,
        }
    }

    /// What a row is called, with its number after it: `row`, or `item` in JSON.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        if self.columns().is_some() { "row" } else { "item" }
    }

    /// Notes for people on how the table was read.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        match &self.content {
            Content::Delimited(table) => table.notes(self.name()),
            Content::Sheet(sheet) => sheet.notes(self.name()),
            Content::Array | Content::Lines => Vec::new(),
        }
    }

    /// The rows from the first on; those that a spreadsheet leaves blank are left out. An item of JSON that is empty was
    /// written so, and stays. A row with faults doesn't stop the others; after an error nothing follows.
    ///
    /// # Errors
    /// When the table can't be read again.
    pub fn rows(&self) -> Result<Rows, RowsError> {
        let rows: Rows = match &self.content {
            Content::Delimited(table) => Box::new(table.rows(&self.origin)?),
            Content::Array => Box::new(json::items(&self.origin)),
            Content::Lines => Box::new(json::lines(&self.origin)),
            Content::Sheet(sheet) => Box::new(sheet.rows()),
        };
        Ok(Box::new(Bounded::new(rows, self.name(), self.unit(), self.columns().is_some())))
    }
}

#[cfg(test)]
mod tests;
