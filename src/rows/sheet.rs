//! A sheet of a workbook. It is gone through once and kept as lines in a temporary file: a workbook can't be read from its
//! middle, and what it holds is many times as large in memory.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use calamine::{DataRef, Reader, Xlsx, XlsxError};
use csv::{ReaderBuilder, StringRecord, Writer, WriterBuilder};

use super::column::header;
use super::origin::{Origin, unreadable};
use super::{Cell, Row, RowsError, spelling};
use crate::movie::json::Node;

/// A sheet.
pub(super) struct Sheet {
    /// The rows after the header: of each its number, and its cells after it.
    lines: Origin,
    /// The header; a column without a name has none.
    pub(super) columns: Vec<Arc<str>>,
    /// Its name, when it was not asked for and others stand beside it.
    chosen: Option<String>,
}

impl Sheet {
    /// Reads a sheet: the one of that name, or the first.
    pub(super) fn open(origin: &Origin, wanted: Option<&str>) -> Result<Self, RowsError> {
        let name = origin.name();
        let fail = |why: XlsxError| {
            RowsError::new(name, format!("this is no workbook that can be read: {why}")).helped("save it as .xlsx, or export it as CSV")
        };
        let mut book: Xlsx<_> = Xlsx::new(BufReader::new(origin.read())).map_err(fail)?;
        let sheets = book.sheet_names();
        let sheet = match wanted {
            Some(wanted) => sheets.iter().find(|sheet| *sheet == wanted).cloned(),
            None => sheets.first().cloned(),
        };
        let Some(sheet) = sheet else {
            return Err(RowsError::new(name, format!("it has no sheet `{}`", wanted.unwrap_or_default())).helped(listed(&sheets)));
        };
        let mut taken = Taken::new(name)?;
        let mut cells = book.worksheet_cells_reader(&sheet).map_err(fail)?;
        while let Some(cell) = cells.next_cell().map_err(fail)? {
            let (row, column) = cell.get_position();
            taken.cell(u64::from(row) + 1, column as usize, cell.get_value())?;
        }
        let chosen = (wanted.is_none() && sheets.len() > 1).then_some(sheet);
        let (lines, columns) = taken.end()?;
        Ok(Self { lines, columns, chosen })
    }

    /// What people should know of how it was read.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let note = |sheet: &String| format!("{name}: its first sheet, `{sheet}`, is read (--sheet names another)");
        self.chosen.iter().map(note).collect()
    }

    /// The rows after the header.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row, RowsError>> + Send + use<> {
        let (name, columns) = (self.lines.name().to_owned(), self.columns.clone());
        let mut builder = ReaderBuilder::new();
        builder.has_headers(false).flexible(true).buffer_capacity(1 << 16);
        let mut reader = builder.from_reader(self.lines.read());
        let mut record = StringRecord::new();
        std::iter::from_fn(move || match reader.read_record(&mut record) {
            Ok(true) => Some(Ok(row(&columns, &record))),
            Ok(false) => None,
            Err(why) => Some(Err(unreadable(&name, &why.into()))),
        })
    }
}

fn row(columns: &[Arc<str>], record: &StringRecord) -> Row {
    let mut cells = record.iter();
    let number = cells.next().and_then(|number| number.parse().ok()).unwrap_or_default();
    let named = columns.iter().zip(cells).filter(|(column, _)| !column.is_empty());
    Row { number, cells: named.map(|(column, text)| Cell { column: Arc::clone(column), value: Node::string(text) }).collect() }
}

fn listed(sheets: &[String]) -> String {
    let names: Vec<_> = sheets.iter().map(|sheet| format!("`{sheet}`")).collect();
    format!("its sheets are {}", names.join(", "))
}

/// What was taken from a sheet so far.
struct Taken<'n> {
    name: &'n str,
    columns: Vec<Arc<str>>,
    /// The row at hand.
    number: u64,
    cells: Vec<String>,
    lines: Writer<File>,
}

impl<'n> Taken<'n> {
    fn new(name: &'n str) -> Result<Self, RowsError> {
        let file = tempfile::tempfile().map_err(|why| Origin::uncopied(name, &why))?;
        let lines = WriterBuilder::new().flexible(true).buffer_capacity(1 << 16).from_writer(file);
        Ok(Self { name, columns: Vec::new(), number: 0, cells: Vec::new(), lines })
    }

    /// Takes a cell: after those of the rows above it.
    fn cell(&mut self, number: u64, column: usize, cell: &DataRef<'_>) -> Result<(), RowsError> {
        if number < self.number {
            return Err(RowsError::at(self.name, format!("row {number}"), "it stands after a later one in the workbook"));
        }
        if number > self.number {
            self.row()?;
            self.number = number;
        }
        let is_header = self.columns.is_empty();
        let name = self.columns.get(column).map_or("", |name| name);
        if !is_header && name.is_empty() {
            return Ok(());
        }
        let text = spelling::text(cell).map_err(|error| {
            let place = if is_header { format!("row {number}") } else { format!("row {number}, column `{name}`") };
            RowsError::at(self.name, place, format!("the cell holds the error {error}")).helped("mend its formula")
        })?;
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
        Ok(())
    }

    /// Ends the row at hand. The first in which something stands is the header.
    fn row(&mut self) -> Result<(), RowsError> {
        let mut cells = std::mem::take(&mut self.cells);
        if cells.iter().all(String::is_empty) {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = header(self.name, self.number, cells.iter().map(String::as_str))?;
            return Ok(());
        }
        cells.resize(self.columns.len(), String::new());
        let number = std::iter::once(self.number.to_string());
        self.lines.write_record(number.chain(cells)).map_err(|why| Origin::uncopied(self.name, &why.into()))
    }

    fn end(mut self) -> Result<(Origin, Vec<Arc<str>>), RowsError> {
        self.row()?;
        if self.columns.is_empty() {
            header(self.name, 1, std::iter::empty())?;
        }
        let file = self.lines.into_inner().map_err(|why| Origin::uncopied(self.name, &why.into_error()))?;
        Ok((Origin::kept(self.name, file)?, self.columns))
    }
}
