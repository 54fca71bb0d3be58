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

/// A workbook of one sheet, by the XML of its rows and of its formats.
fn workbook_in_xml(rows: &str, formats: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relation = |kind: &str, target: &str| {
        format!(r#"<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#)
    };
    let book =
        format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#);
    let styles = format!(r#"<styleSheet xmlns="{MAIN}">{formats}</styleSheet>"#);
    let sheet = format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#);
    let parts = [
        ("_rels/.rels", relation("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", book),
        ("xl/_rels/workbook.xml.rels", relation("worksheet", "worksheets/sheet1.xml")),
        ("xl/styles.xml", styles),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut archive, text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Texts and formulas of one row.
fn xml_row(number: u32, cells: &str) -> String {
    format!(r#"<row r="{number}">{cells}</row>"#)
}

fn xml_text(place: &str, text: &str) -> String {
    format!(r#"<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>"#)
}

#[test]
fn a_formula_without_a_value_is_told_and_the_other_rows_are_read() {
    let header = xml_row(1, &(xml_text("A1", "id") + &xml_text("B1", "price")));
    let empty = r#"<c r="B2" t="str"><f>""</f><v></v></c>"#;
    let rows =
        [xml_text("A2", "1") + empty, xml_text("A3", "2") + "<c r=\"B3\"><f>1+2</f></c>", xml_text("A4", "3") + "<c r=\"B4\"><v>7</v></c>"];
    let body: String = rows.iter().zip(2..).map(|(cells, number)| xml_row(number, cells)).collect();
    let book = workbook_in_xml(&(header + &body), "");
    let told = read("t.xlsx", &book).unwrap_err();
    assert_eq!(told, "T: row 3, column `price`: the cell holds a formula whose value is not in the workbook");
    let table = Table::of(&Source::new("t.xlsx"), &mut book.as_slice()).unwrap();
    let rows: Vec<_> = table.rows().unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.iter().map(|row| (row.number, row.faults.len())).collect::<Vec<_>>(), [(2, 0), (3, 1), (4, 0)]);
    assert_eq!(rows[2].cells[1].to_text(), "7");
}

#[test]
fn a_cell_beyond_the_header_is_told_as_in_a_csv() {
    let book = workbook(&[("S", &|sheet| {
        texts(sheet, 0, &["id", "price"]);
        texts(sheet, 1, &["1", "2", "", ""]);
        texts(sheet, 2, &["2", "3", "", "x"]);
    })]);
    assert_eq!(read("t.xlsx", &book).unwrap_err(), "T: row 3: it has 4 cells, the header has 2");
    assert_eq!(read("t.csv", b"id,price\n1,2,,\n2,3,,x\n").unwrap_err(), "T: row 3: it has 4 cells, the header has 2");
}

#[test]
fn cells_are_taken_as_they_are_shown_where_that_is_asked_for() {
    let day = ExcelDateTime::from_ymd(2026, 11, 5).unwrap();
    let book = workbook(&[("S", &|sheet| {
        texts(sheet, 0, &["price", "share", "on", "padded", "sold", "plain", "none"]);
        sheet.write_with_format(1, 0, 2_462_662.4, &shown_as("#,##0 \"€\"")).unwrap();
        sheet.write_with_format(1, 1, 0.125, &shown_as("0.0%")).unwrap();
        sheet.write_with_format(1, 2, &day, &shown_as("dd.mm.yyyy")).unwrap();
        sheet.write_with_format(1, 3, 1234.5, &shown_as("_-* #,##0.00 \"€\"_-")).unwrap();
        sheet.write_boolean(1, 4, true).unwrap();
        sheet.write_number(1, 5, 19.99).unwrap();
    })]);
    let source = Source { as_shown: true, ..Source::new("t.xlsx") };
    let table = Table::of(&source, &mut book.as_slice()).unwrap();
    let row = table.rows().unwrap().next().unwrap().unwrap();
    let texts: Vec<_> = row.cells.iter().map(Cell::to_text).collect();
    assert_eq!(texts, ["2,462,662 €", "12.5%", "05.11.2026", "1,234.50 €", "TRUE", "19.99", ""]);
}

#[test]
fn a_workbook_that_unpacks_to_too_much_is_refused_before_it_is_read() {
    let book = workbook_in_xml(&xml_row(1, &xml_text("A1", &"x".repeat(5 << 20))), "");
    assert!(book.len() < 100_000, "{}", book.len());
    let told = read("t.xlsx", &book).unwrap_err();
    assert!(told.starts_with("T: a cell of it has more than 4 MB"), "{told}");
    let far = workbook_in_xml(&xml_row(1, &(xml_text("A1", "id") + &xml_text("XFE1", "beyond"))), "");
    let told = read("t.xlsx", &far).unwrap_err();
    assert!(told.contains("16,384 columns") || told.contains("not a workbook"), "{told}");
}

#[test]
fn the_header_may_be_named_by_its_row() {
    let book = workbook(&[("S", &|sheet| {
        texts(sheet, 0, &["Our listings"]);
        texts(sheet, 2, &["id", "n"]);
        texts(sheet, 3, &["1", "x"]);
    })]);
    let csv = b"Our listings, 2026\n\nid;n\n1;x\n";
    for (name, bytes) in [("t.xlsx", book.as_slice()), ("t.csv", csv)] {
        let open = |row| Table::of(&Source { header_row: Some(row), ..Source::new(name) }, &mut { bytes });
        let row = open(3).unwrap().rows().unwrap().next().unwrap().unwrap();
        assert_eq!((row.number, row.cells[1].to_text().as_str()), (4, "x"), "{name}");
        assert_eq!(open(2).err().unwrap().why, "row 2, which --header-row names, is blank", "{name}");
    }
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
    assert!(open(None).unwrap().notes()[0].contains("reading its first sheet, `Cover`"));
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
