//! Workbooks, as a spreadsheet saves them.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet};

use super::*;

/// What fills a sheet.
type Fill<'f> = &'f dyn Fn(&mut Worksheet);

/// A workbook of sheets that are filled so.
fn workbook(sheets: &[(&str, Fill<'_>)]) -> Vec<u8> {
    let mut book = Workbook::new();
    for (name, fill) in sheets {
        fill(book.add_worksheet().set_name(*name).unwrap());
    }
    book.save_to_buffer().unwrap()
}

/// A sheet with the columns `a`, `b` and `c`.
pub(super) fn workbook_of(rows: &[Vec<String>]) -> Vec<u8> {
    let header = ["a", "b", "c"].map(str::to_owned).to_vec();
    workbook(&[("Sheet1", &|sheet| {
        for (row, cells) in (0..).zip(std::iter::once(&header).chain(rows)) {
            texts(sheet, row, &cells.iter().map(String::as_str).collect::<Vec<_>>());
        }
    })])
}

fn texts(sheet: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, cell) in (0..).zip(cells) {
        sheet.write_string(row, column, *cell).unwrap();
    }
}

/// A format of numbers; what a date is in a workbook, its format says.
fn shown_as(format: &str) -> Format {
    Format::new().set_num_format(format)
}

#[test]
fn cells_of_a_sheet_are_the_texts_that_a_csv_has() {
    let moment = ExcelDateTime::from_ymd(2026, 11, 25).unwrap().and_hms(14, 30, 0).unwrap();
    let day = ExcelDateTime::from_ymd(2026, 11, 25).unwrap();
    let time = ExcelDateTime::from_hms(9, 5, 0).unwrap();
    let book = workbook(&[("Listings", &|sheet| {
        texts(sheet, 0, &["id", "price", "sold", "on", "at", "open", "lasts", "sum", "note"]);
        texts(sheet, 1, &["007"]);
        sheet.write_number(1, 1, 19.99).unwrap();
        sheet.write_boolean(1, 2, true).unwrap();
        sheet.write_with_format(1, 3, &day, &shown_as("yyyy-mm-dd")).unwrap();
        sheet.write_with_format(1, 4, &moment, &shown_as("d/m/yyyy hh:mm")).unwrap();
        sheet.write_with_format(1, 5, &time, &shown_as("hh:mm")).unwrap();
        sheet.write_with_format(1, 6, 1.5, &shown_as("[h]:mm:ss")).unwrap();
        sheet.write_formula(1, 7, Formula::new("=1+2").set_result("3")).unwrap();
        texts(sheet, 3, &["8, \"b\"\nback"]);
        sheet.write_number(3, 1, 1_234_567_890_123.0).unwrap();
    })]);
    let wanted = [
        r#"2 id="007" price="19.99" sold="true" on="2026-11-25" at="2026-11-25T14:30:00" open="09:05:00" lasts="36:00:00" sum="3" note="""#,
        r#"4 id="8, \"b\"\nback" price="1234567890123" sold="" on="" at="" open="" lasts="" sum="" note="""#,
    ];
    assert_eq!(read("t.xlsx", &book).unwrap(), wanted);
}

#[test]
fn a_cell_with_an_error_is_told_with_its_row_and_column() {
    let book = workbook(&[("S", &|sheet| {
        texts(sheet, 0, &["id", "price"]);
        texts(sheet, 1, &["1", "2"]);
        texts(sheet, 2, &["2"]);
        sheet.write_formula(2, 1, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    })]);
    assert_eq!(read("t.xlsx", &book).unwrap_err(), "T: row 3, column `price`: the cell holds the error #DIV/0!");
}

#[test]
fn a_header_may_stand_anywhere_and_a_sheet_is_named_or_the_first() {
    let folder = TempDir::new().unwrap();
    let book = workbook(&[
        ("Cover", &|sheet| {
            texts(sheet, 2, &["", "id", "n"]);
            texts(sheet, 4, &["", "1", "x"]);
        }),
        ("Rooms", &|sheet| {
            texts(sheet, 0, &["room"]);
            texts(sheet, 1, &["Bath"]);
        }),
        ("None", &|_| {}),
    ]);
    assert_eq!(read("t.xlsx", &book).unwrap(), [r#"5 id="1" n="x""#]);
    let name = written(&folder, "t.xlsx", &book);
    let open = |sheet: Option<&str>| Table::open(&Source { sheet: sheet.map(str::to_owned), ..Source::new(&name) });
    assert!(open(None).unwrap().notes()[0].contains("its first sheet, `Cover`, is read"));
    let rooms = open(Some("Rooms")).unwrap();
    assert_eq!((rooms.notes().len(), rooms.rows().unwrap().count()), (0, 1));
    let told = open(Some("rooms")).err().unwrap();
    assert_eq!((&*told.why, told.help.as_deref()), ("it has no sheet `rooms`", Some("its sheets are `Cover`, `Rooms`, `None`")));
    assert_eq!(open(Some("None")).err().unwrap().why, "it has no header");
}

#[test]
fn a_thousand_columns_are_a_thousand_variables() {
    let names: Vec<_> = (0..1000).map(|column| format!("c{column}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let book = workbook(&[("S", &|sheet| {
        texts(sheet, 0, &names);
        texts(sheet, 1, &names);
    })]);
    let csv = format!("{0}\n{0}\n", names.join(","));
    let rows = read("t.xlsx", &book).unwrap();
    assert_eq!(rows, read("t.csv", csv.as_bytes()).unwrap());
    assert!(rows[0].ends_with(r#"c998="c998" c999="c999""#));
}
