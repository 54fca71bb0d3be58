//! A sheet of a workbook. Its cells become the texts that a CSV file of the same sheet holds: numbers as they are
//! spelled, dates as ISO 8601, so that a table is the same in either form.

use std::sync::Arc;

use calamine::{Data, ExcelDateTime, Range, Reader, Xlsx};

use super::column::header;
use super::origin::Origin;
use super::{Cell, Row, RowsError};
use crate::movie::json::Node;

/// A sheet, read whole.
pub(super) struct Sheet {
    name: String,
    cells: Arc<Range<Data>>,
    /// The header; a column without a name has none.
    pub(super) columns: Vec<Arc<str>>,
    /// Its name, when it was not asked for and others stand beside it.
    chosen: Option<String>,
}

impl Sheet {
    /// Reads a sheet: the one of that name, or the first.
    pub(super) fn open(origin: &Origin, wanted: Option<&str>) -> Result<Self, RowsError> {
        let name = origin.name();
        let fail = |why: calamine::XlsxError| {
            RowsError::new(name, format!("this is no workbook that can be read: {why}")).helped("save it as .xlsx, or export it as CSV")
        };
        let mut book: Xlsx<_> = Xlsx::new(origin.read()?).map_err(fail)?;
        let sheets = book.sheet_names();
        let sheet = match wanted {
            Some(wanted) => sheets.iter().find(|sheet| *sheet == wanted).cloned(),
            None => sheets.first().cloned(),
        };
        let Some(sheet) = sheet else {
            return Err(RowsError::new(name, format!("it has no sheet `{}`", wanted.unwrap_or_default())).helped(listed(&sheets)));
        };
        let cells = book.worksheet_range(&sheet).map_err(fail)?;
        let first = cells.rows().next().unwrap_or_default();
        let row = cells.start().map_or(1, |(row, _)| row + 1);
        let names: Vec<String> = first.iter().map(|cell| text(name, row.into(), "", cell)).collect::<Result<_, _>>()?;
        let columns = header(name, names.iter().map(String::as_str))?;
        let chosen = (wanted.is_none() && sheets.len() > 1).then_some(sheet);
        Ok(Self { name: name.to_owned(), cells: Arc::new(cells), columns, chosen })
    }

    /// What people should know of how it was read.
    pub(super) fn notes(&self, name: &str) -> Vec<String> {
        let note = |sheet: &String| format!("{name}: its first sheet, `{sheet}`, is read (--sheet names another)");
        self.chosen.iter().map(note).collect()
    }

    /// The rows after the header.
    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row, RowsError>> + Send + use<> {
        let (name, cells, columns) = (self.name.clone(), Arc::clone(&self.cells), self.columns.clone());
        let above = cells.start().map_or(0, |(row, _)| row);
        (1..cells.height()).map(move |at| {
            let number = u64::from(above) + at as u64 + 1;
            let named = columns.iter().enumerate().filter(|(_, column)| !column.is_empty());
            let made = named.map(|(place, column)| {
                let value = Node::string(&text(&name, number, column, cells.get((at, place)).unwrap_or(&Data::Empty))?);
                Ok(Cell { column: Arc::clone(column), value })
            });
            Ok(Row { number, cells: made.collect::<Result<_, RowsError>>()? })
        })
    }
}

fn listed(sheets: &[String]) -> String {
    let names: Vec<_> = sheets.iter().map(|sheet| format!("`{sheet}`")).collect();
    format!("its sheets are {}", names.join(", "))
}

/// What a cell says.
fn text(name: &str, number: u64, column: &str, cell: &Data) -> Result<String, RowsError> {
    Ok(match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => value.to_string(),
        Data::Float(value) => spelled(*value),
        Data::DateTime(moment) if moment.is_duration() => moment.as_f64().to_string(),
        Data::DateTime(moment) => iso(moment),
        Data::Error(error) => {
            let place = if column.is_empty() { format!("row {number}") } else { format!("row {number}, column `{column}`") };
            return Err(RowsError::at(name, place, format!("the cell holds the error {error}")).helped("mend its formula"));
        }
    })
}

/// A number with the 15 digits that a spreadsheet shows: what it stores as 19.989999999999998 was typed as 19.99.
fn spelled(value: f64) -> String {
    format!("{value:.14e}").parse().unwrap_or(value).to_string()
}

/// A date without its midnight, a time without a date, or both.
fn iso(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let time =
        if milli == 0 { format!("{hour:02}:{minute:02}:{second:02}") } else { format!("{hour:02}:{minute:02}:{second:02}.{milli:03}") };
    let date = format!("{year:04}-{month:02}-{day:02}");
    match moment.as_f64() {
        // A time of day without a day.
        days if (0.0..1.0).contains(&days) => time,
        days if days.fract() == 0.0 => date,
        _ => format!("{date}T{time}"),
    }
}
