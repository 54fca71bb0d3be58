//! A sheet of a workbook. It is read once and stored as lines in a temporary file: a workbook can't be read from the
//! middle, and in memory it is many times as large.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use calamine::{DataRef, Reader, Xlsx, XlsxCellReader, XlsxError};
use csv::{ReaderBuilder, StringRecord, Writer, WriterBuilder};

use super::archive::{damaged, inspect};
use super::column::{blank_header, header, width};
use super::origin::{Origin, Pass, unreadable};
use super::spelling::{self, Shown};
use super::{Cell, Row, RowsError, Source};
use crate::limits::{CELL, COLUMNS};
use crate::movie::json::Node;

/// An open workbook.
type Book = Xlsx<BufReader<Pass>>;

/// The cells of one sheet.
type Cells<'b> = XlsxCellReader<'b, BufReader<Pass>>;

/// A sheet.
pub(super) struct Sheet {
    /// The rows after the header: for each row its number, its faults and its cells.
    lines: Origin,
    /// The header; a column without a name has an empty one.
    pub(super) columns: Vec<Arc<str>>,
    /// The sheet's name, when the user did not choose a sheet and there are others.
    chosen: Option<String>,
}

impl Sheet {
    /// Reads a sheet: the one with the chosen name, or the first.
    pub(super) fn open(origin: &Origin, source: &Source) -> Result<Self, RowsError> {
        inspect(origin)?;
        let name = origin.name();
        let (mut book, wanted) = (open(origin)?, source.sheet.as_deref());
        let sheets = book.sheet_names();
        let sheet = match wanted {
            Some(wanted) => sheets.iter().find(|sheet| *sheet == wanted).cloned(),
            None => sheets.first().cloned(),
        };
        let Some(sheet) = sheet else {
            return Err(RowsError::new(name, format!("it has no sheet `{}`", wanted.unwrap_or_default())).helped(listed(&sheets)));
        };
        let mut taken = Taken::new(name, source.header_row)?;
        // The workbook reader returns formulas or styles, not both.
        let mut twin = if source.as_shown { Some(open(origin)?) } else { None };
        let styled = twin.as_mut().map(|book| Styled::new(book, &sheet)).transpose().map_err(|why| in_words(name, &why))?;
        let cells = book.worksheet_cells_reader(&sheet).map_err(|why| in_words(name, &why))?;
        taken.all(cells, styled)?;
        let chosen = (wanted.is_none() && sheets.len() > 1).then_some(sheet);
        let (lines, columns) = taken.end()?;
        Ok(Self { lines, columns, chosen })
    }

    /// Notes about how the table was read, for people.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let note = |sheet: &String| format!("{name}: reading its first sheet, `{sheet}` (--sheet reads another)");
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
            Ok(true) => Some(Ok(row(&name, &columns, &record))),
            Ok(false) => None,
            Err(why) => Some(Err(unreadable(&name, &why.into()))),
        })
    }
}

/// The separators between two faults of a row, and inside a fault between the column's place and the message.
const BETWEEN: (char, char) = ('\u{1e}', '\u{1f}');

fn row(table: &str, columns: &[Arc<str>], record: &StringRecord) -> Row {
    let mut cells = record.iter();
    let number = cells.next().and_then(|number| number.parse().ok()).unwrap_or_default();
    let faults = cells.next().unwrap_or_default().split(BETWEEN.0).filter_map(|fault| fault.split_once(BETWEEN.1));
    let fault = |(column, why): (&str, &str)| {
        let error = RowsError::at(table, format!("row {number}"), why).helped("fix the cell in a spreadsheet, and save the workbook there");
        column.parse().ok().and_then(|column: usize| columns.get(column)).map_or(error.clone(), |column| error.in_column(column))
    };
    let faults = faults.map(fault).collect();
    // Empty cells at the end of a row are not stored.
    let named = columns.iter().zip(cells.chain(std::iter::repeat(""))).filter(|(column, _)| !column.is_empty());
    Row { number, cells: named.map(|(column, text)| Cell { column: Arc::clone(column), value: Node::string(text) }).collect(), faults }
}

fn open(origin: &Origin) -> Result<Book, RowsError> {
    Xlsx::new(BufReader::new(origin.read())).map_err(|why| in_words(origin.name(), &why))
}

/// An error about a workbook in our own words.
fn in_words(name: &str, why: &XlsxError) -> RowsError {
    match why {
        XlsxError::Password => RowsError::new(name, "this workbook is protected by a password").helped("save it without one"),
        XlsxError::NotAWorksheet(_) => RowsError::new(name, "this sheet holds a chart, not rows").helped("--sheet NAME names another"),
        _ => damaged(name),
    }
}

/// The styles of the cells, in order.
struct Styled<'b> {
    cells: Cells<'b>,
    shown: Shown,
}

impl<'b> Styled<'b> {
    fn new(book: &'b mut Book, sheet: &str) -> Result<Self, XlsxError> {
        let shown = Shown::new(book.has_1904_epoch());
        Ok(Self { cells: book.worksheet_cells_reader(sheet)?, shown })
    }

    /// The text that a spreadsheet shows for the next cell, whose value is `cell`.
    fn text(&mut self, cell: &DataRef<'_>) -> Result<Result<String, String>, XlsxError> {
        let style = self.cells.next_cell_with_style_id()?.map_or(0, |(_, style)| style);
        Ok(self.shown.text(cell, style, self.cells.styles()))
    }
}

fn listed(sheets: &[String]) -> String {
    let names: Vec<_> = sheets.iter().map(|sheet| format!("`{sheet}`")).collect();
    format!("its sheets are {}", names.join(", "))
}

/// The rows read from a sheet so far.
struct Taken<'n> {
    name: &'n str,
    /// The number of the header's row, if the user chose one.
    header: Option<u64>,
    columns: Vec<Arc<str>>,
    /// The current row.
    number: u64,
    cells: Vec<String>,
    faults: Vec<String>,
    lines: Writer<File>,
}

impl<'n> Taken<'n> {
    fn new(name: &'n str, header: Option<u64>) -> Result<Self, RowsError> {
        let file = tempfile::tempfile().map_err(|why| Origin::uncopied(name, &why))?;
        let lines = WriterBuilder::new().flexible(true).buffer_capacity(1 << 16).from_writer(file);
        Ok(Self { name, header, columns: Vec::new(), number: 0, cells: Vec::new(), faults: Vec::new(), lines })
    }

    fn all(&mut self, mut cells: Cells<'_>, mut styled: Option<Styled<'_>>) -> Result<(), RowsError> {
        let name = self.name;
        let fail = |number: u64, why: XlsxError| RowsError { place: Some(format!("row {number} or below")), ..in_words(name, &why) };
        loop {
            let cell = cells.next_cell_with_formula_metadata().map_err(|why| fail(self.number, why))?;
            let Some(cell) = cell else { return Ok(()) };
            let (number, column) = (u64::from(cell.pos.0) + 1, cell.pos.1 as usize);
            let text = match &mut styled {
                Some(styled) => styled.text(&cell.value).map_err(|why| fail(number, why))?,
                None => spelling::text(&cell.value),
            };
            let has_value = cell.formula.is_none() || !matches!(cell.value, DataRef::Empty);
            let text = if has_value { text } else { Err(UNSAVED.to_owned()) };
            if self.header.is_none_or(|header| number >= header) {
                self.cell(number, column, text)?;
            }
        }
    }

    /// Adds a cell, after those of the rows above it.
    fn cell(&mut self, number: u64, column: usize, text: Result<String, String>) -> Result<(), RowsError> {
        let at = |why: &str| RowsError::at(self.name, format!("row {number}"), why);
        if number < self.number {
            return Err(at("it stands after a later one in the workbook"));
        }
        if COLUMNS.is_passed_by(column + 1) {
            return Err(at(&format!("it has {}", COLUMNS.passed())));
        }
        if number > self.number {
            self.row()?;
            self.number = number;
        }
        let is_header = self.columns.is_empty();
        let is_named = self.columns.get(column).is_some_and(|name| !name.is_empty());
        match text.and_then(|text| if CELL.is_passed_by(text.len()) { Err(format!("the cell has {}", CELL.passed())) } else { Ok(text) }) {
            Ok(text) if is_header || is_named => {
                if self.cells.len() <= column {
                    self.cells.resize(column + 1, String::new());
                }
                self.cells[column] = text;
            }
            Ok(text) if column >= self.columns.len() && !text.is_empty() => self.fault(column, &width(column + 1, self.columns.len())),
            Err(why) if is_header => {
                return Err(RowsError::at(self.name, format!("row {number}"), why)
                    .helped("fix the cell in a spreadsheet, and save the workbook there"));
            }
            Err(why) if is_named => self.fault(column, &why),
            Ok(_) | Err(_) => {}
        }
        Ok(())
    }

    /// Records a fault in a cell of the current row.
    fn fault(&mut self, column: usize, why: &str) {
        self.faults.push(format!("{column}{}{why}", BETWEEN.1));
    }

    /// Ends the current row. The first row that is not blank is the header.
    fn row(&mut self) -> Result<(), RowsError> {
        let (cells, faults) = (std::mem::take(&mut self.cells), std::mem::take(&mut self.faults));
        if cells.iter().all(String::is_empty) && faults.is_empty() {
            return Ok(());
        }
        if self.columns.is_empty() {
            if let Some(wanted) = self.header.filter(|wanted| *wanted != self.number) {
                return Err(blank_header(self.name, wanted));
            }
            self.columns = header(self.name, self.number, cells.iter().map(String::as_bytes))?;
            return Ok(());
        }
        let before = [self.number.to_string(), faults.join(&BETWEEN.0.to_string())];
        self.lines.write_record(before.into_iter().chain(cells)).map_err(|why| Origin::uncopied(self.name, &why.into()))
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

/// The message about a formula whose value is not in the file.
const UNSAVED: &str = "the cell holds a formula whose value is not in the workbook";
