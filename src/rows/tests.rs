use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

mod sheets;

/// What every format can hold: of control characters XML has but two, and reads some others as line breaks.
const CELL: &str = "[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\u{2028}\u{2029}\u{fffe}\u{ffff}]{0,12}";

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn read(name: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    let folder = TempDir::new().unwrap();
    let name = written(&folder, name, bytes);
    let shown = |row: Row| {
        if let Some(fault) = row.faults.first() {
            return Err(fault.clone());
        }
        let cells = row.cells.iter().map(|cell| format!("{}={}", cell.column, cell.value.to_compact()));
        Ok(format!("{} {}", row.number, cells.collect::<Vec<_>>().join(" ")))
    };
    let table = Table::open(&Source::new(&name)).map_err(|error| error.to_string());
    let rows = table.and_then(|table| table.rows().map_err(|error| error.to_string()));
    let told = |error: RowsError| error.to_string();
    rows.and_then(|rows| rows.map(|row| row.and_then(shown).map_err(told)).collect::<Result<_, _>>())
        .map_err(|error: String| error.replace(&name, "T"))
}

#[test]
fn a_csv_may_have_a_mark_quotes_line_breaks_and_blank_rows() {
    let text = "\u{feff}id,\"a \"\"title\"\"\"\r\n1,\"Elm Road, 7\nback\"\r\n,\r\n3,\r\n";
    // The row that a break in a cell goes on over is one row in a spreadsheet.
    assert_eq!(read("t.csv", text.as_bytes()).unwrap(), [r#"2 id="1" a "title"="Elm Road, 7\nback""#, r#"4 id="3" a "title"="""#]);
    assert_eq!(read("t.csv", b"\n\nid,n\n1,a\n\n\n2,b").unwrap(), [r#"4 id="1" n="a""#, r#"7 id="2" n="b""#]);
    assert_eq!(read("t.csv", b"id,n\r1,a\r2,b\r").unwrap(), [r#"2 id="1" n="a""#, r#"3 id="2" n="b""#]);
}

#[test]
fn a_quote_that_never_closes_or_closes_too_early_is_told_with_its_row() {
    for (text, told) in [
        ("id,n\n1,a\n\n2,\"open\n3,b\n4,c\n", "row 4: a quote opens in it and never closes"),
        ("id,n\n\"1\n\",a\n2,\"", "row 3 (line 4): a quote opens in it and never closes"),
        ("\"id,n\n", "row 1: a quote opens in it and never closes"),
        ("id,\"n\"x\n1,a\n", "row 1: the name of column 2 goes on after the quote that closes it"),
        ("id,n\n1,\"a 12\" TV\"\n2,b\n", "row 2, column `n`: the cell goes on after the quote that closes it"),
        ("id,n\n1,\"open\n2,\"b\"\n3,c\n", "row 2, column `n`: the cell goes on after the quote that closes it"),
        ("id,\n1,\"a\"x\n", "row 2: cell 2 goes on after the quote that closes it"),
    ] {
        assert_eq!(read("t.csv", text.as_bytes()).unwrap_err(), format!("T: {told}"), "{text}");
        assert_eq!(read("t.tsv", text.replace(',', "\t").as_bytes()).unwrap_err(), format!("T: {told}"), "{text}");
    }
    let good = "id,n\n1,5\" pipe\n2,\"\"\n3,\"a 12\"\" TV\"\r\n4,\"\"\"b\"\"\"";
    let wanted = [r#"2 id="1" n="5\" pipe""#, r#"3 id="2" n="""#, r#"4 id="3" n="a 12\" TV""#, r#"5 id="4" n="\"b\"""#];
    assert_eq!(read("t.csv", good.as_bytes()).unwrap(), wanted);
}

#[test]
fn each_cell_that_goes_on_after_its_closing_quote_is_a_fault_of_its_row_and_the_rows_after_it_are_read() {
    // Longer than the buffer between the file and its reader.
    let good = |from: usize| (from..from + 9000).map(|row| format!("{row},\"x, y\",z\r\n")).collect::<String>();
    let text = format!("id,a,b\r\n{}7,\"€21\"x,\"1\"\"\"2\r\n\"8\",\"open\r\n9,\"c\",d\r\n{}", good(2), good(20));
    let folder = TempDir::new().unwrap();
    let table = Table::open(&Source::new(written(&folder, "t.csv", text.as_bytes()))).unwrap();
    let rows: Vec<Row> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
    let bad: Vec<&Row> = rows.iter().filter(|row| !row.faults.is_empty()).collect();
    let columns = |row: &Row| row.faults.iter().filter_map(|fault| fault.column.as_deref().map(str::to_owned)).collect::<Vec<_>>();
    assert_eq!((rows.len(), bad.len()), (18_002, 2));
    assert_eq!((bad[0].number, columns(bad[0])), (9002, vec!["a".to_owned(), "b".to_owned()]));
    assert_eq!([bad[0].text("a").unwrap(), bad[0].text("b").unwrap()], ["€21x", "1\"2"]);
    assert_eq!((bad[1].number, columns(bad[1])), (9003, vec!["a".to_owned()]));
    assert!(bad[1].faults[0].help.as_deref().unwrap().starts_with("it goes on over 2 lines: close the quote where the cell ends"));
    assert_eq!((rows[9002].number, rows[9002].text("id").unwrap()), (9004, "20".to_owned()));
}

#[test]
fn rows_are_counted_over_many_buffers() {
    let row = |number: usize| if number.is_multiple_of(7) { "\r\n".to_owned() } else { format!("{number},\"{}\"\r\n", "x\n".repeat(100)) };
    let text: String = std::iter::once("id,n\r\n".to_owned()).chain((2..5000).map(row)).collect();
    for row in read("t.csv", text.as_bytes()).unwrap() {
        let (number, id) = row.split_once(" id=\"").unwrap();
        assert!(id.starts_with(&format!("{number}\"")), "row {number}");
    }
}

#[test]
fn a_line_of_excel_that_says_what_stands_between_cells_is_no_row() {
    for text in ["sep=;\r\nid;n\r\n1;a,b\r\n", "\u{feff}SEP=;\nid;n\n1;a,b\n"] {
        assert_eq!(read("t.csv", text.as_bytes()).unwrap(), [r#"2 id="1" n="a,b""#]);
    }
    assert_eq!(read("t.csv", b"sep=\t\nid\tn\n1\ta,b\n").unwrap(), [r#"2 id="1" n="a,b""#]);
}

#[test]
fn semicolons_and_tabs_are_found_and_told() {
    assert_eq!(read("t.csv", b"id;price\n1;1,50\n").unwrap(), [r#"2 id="1" price="1,50""#]);
    assert_eq!(read("t.tsv", b"id\tprice\n1\t1,50\n").unwrap(), [r#"2 id="1" price="1,50""#]);
    let folder = TempDir::new().unwrap();
    let table = Table::open(&Source::new(written(&folder, "t.csv", b"id;price\n1;2\n"))).unwrap();
    assert!(table.notes()[0].contains("separated by semicolons"));
}

#[test]
fn a_row_that_the_header_does_not_fit_is_told_with_its_number() {
    let good: Vec<_> = (2..4712).map(|row| format!("{row},1\n")).collect();
    let text = format!("id,price\n{}4712;1\n4713,1\n", good.concat());
    assert_eq!(read("t.csv", text.as_bytes()).unwrap_err(), "T: row 4712: it has 1 cell, the header has 2");
    assert_eq!(read("t.csv", b"id,price\n\"a\nb\",1\n2,3,4\n").unwrap_err(), "T: row 3 (line 4): it has 3 cells, the header has 2");
    assert_eq!(read("t.csv", b"id\n\xff\n").unwrap_err(), "T: row 2, column `id`: it holds bytes that are not UTF-8");
}

#[test]
fn an_array_is_read_item_by_item_as_it_is_spelled() {
    let text = "[\n {\"id\": 1.50, \"a\": [1, \"]\"]},\n {\"id\": \"x\\\"y\"}\n]\n";
    assert_eq!(read("t.json", text.as_bytes()).unwrap(), [r#"1 id=1.50 a=[1,"]"]"#, r#"2 id="x\"y""#]);
    assert_eq!(read("t.json", b"[{}, {\"id\": \"\"}]").unwrap(), ["1 ", "2 id=\"\""], "somebody wrote them");
    assert_eq!(read("t.json", b" [ ] ").unwrap(), Vec::<String>::new());
}

#[test]
fn a_broken_array_is_told_with_its_item_and_line() {
    for (text, told) in [
        ("", "T: line 1: the file is empty"),
        ("{\"a\": 1}", "T: line 1: a table is an array of objects, this is an object; of an object a line say --format jsonl"),
        ("[{}\n{}]", "T: item 1, line 2: this is not JSON"),
        ("[{\"a\":1},\n7]", "T: item 2, line 2: a row is an object, this is a number"),
        ("[{\"a\":1},\n]", "T: after item 1, line 2: a comma stands before the end of the array"),
        ("[{\"a\":1}", "T: after item 1, line 1: the file ends inside its array: it was cut off"),
        ("[{\"a\":1}] x", "T: after item 1, line 1: something stands after the end of the array"),
        ("[{\"a\":1},{\n\"b\":oops}]", "T: item 2, line 2: this is not JSON"),
    ] {
        let error = read("t.json", text.as_bytes()).unwrap_err();
        assert!(error.starts_with(told), "{text}: {error}");
    }
}

#[test]
fn json_lines_are_objects_and_empty_lines_are_none() {
    assert_eq!(read("t.jsonl", b"{\"a\": 1}\r\n\n{\"a\": 2}").unwrap(), ["1 a=1", "2 a=2"]);
    assert!(read("t.jsonl", b"{\"a\": 1}\n\n{\"a\": }\n").unwrap_err().starts_with("T: item 2, line 3: this is not JSON"));
}

#[test]
fn what_is_no_table_says_so() {
    let told = read("t.xlsx", b"id,price\n").unwrap_err();
    assert!(told.starts_with("T: this is not a workbook that can be read"), "{told}");
    let folder = TempDir::new().unwrap();
    let name = folder.path().to_str().unwrap().to_owned();
    assert_eq!(Table::open(&Source::new(&name)).err().unwrap().why, "this is a folder, not a file");
    assert_eq!(Table::open(&Source::new(format!("{name}/none.csv"))).err().unwrap().why, "there is no such file");
}

#[test]
fn a_table_that_is_saved_while_it_is_read_is_read_as_it_was() {
    for (name, first, second) in
        [("t.csv", "id\n1\n", "id\n2\n3\n"), ("t.json", "[{\"id\":1}]", "[]"), ("t.jsonl", "{\"id\":1}\n", "no JSON")]
    {
        let folder = TempDir::new().unwrap();
        let name = written(&folder, name, first.as_bytes());
        let table = Table::open(&Source::new(&name)).unwrap();
        let mut begun = table.rows().unwrap();
        fs::write(&name, second).unwrap();
        let rows: Vec<_> = table.rows().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!((begun.next().unwrap().unwrap(), begun.next().is_none()), (rows[0].clone(), true));
        assert_eq!((rows.len(), rows[0].cells[0].to_text()), (1, "1".to_owned()));
    }
}

#[test]
fn rows_of_a_second_table_become_lists() {
    let folder = TempDir::new().unwrap();
    let rooms = written(&folder, "rooms.csv", b"listing,name,size:=\n1,Bath,4.0\n2,Hall,\n1,Bed,9\n9,Attic,1\n");
    let join = Join::read(&Source::new(rooms), "listing", "rooms").unwrap();
    let mut binding = binding::Binding::new([("listing".to_owned(), "id".to_owned())].into(), Vec::new(), vec![join]);
    let mut of = |listing: &str| {
        let row = Row { number: 2, cells: vec![Cell { column: "listing".into(), value: Node::string(listing) }], faults: Vec::new() };
        binding.bind(&row).variables[1].value.to_node().to_compact()
    };
    let wanted = r#"[{"listing":"1","name":"Bath","size":4.0},{"listing":"1","name":"Bed","size":9}]"#;
    assert_eq!([of("1"), of(" 3")], [wanted.to_owned(), "[]".to_owned()]);
    assert_eq!(binding.joins()[0].unused(), Some((2, "2")));
}

#[test]
fn what_a_joined_table_leaves_out_is_told() {
    let folder = TempDir::new().unwrap();
    let rooms = written(&folder, "rooms.csv", b"Listing ID;Room Name;name\n1;x;Bath\n");
    let join = Join::read(&Source::new(&rooms), "Listing ID", "rooms").unwrap();
    let notes: Vec<_> = join.notes().iter().map(|note| note.replace(&rooms, "T")).collect();
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(notes[0].contains("separated by semicolons"));
    assert!(notes[1].starts_with("T: the column `Room Name` is in no item: `Room Name` is not a variable's name"), "{}", notes[1]);
    let rooms = written(&folder, "rooms.json", b"[{\"id\": 1, \"name\": \"Bath\"}, {\"id\": 1}]");
    let join = Join::read(&Source::new(&rooms), "id", "rooms").unwrap();
    assert_eq!(join.notes(), [format!("{rooms}: `name` is missing in 1 of its items, first in item 2")]);
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn each_format_reads_the_same_table(rows in prop::collection::vec(prop::collection::vec(CELL, 3), 0..8)) {
        let rows: Vec<_> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.is_empty())).collect();
        let lines = |separator: &str| {
            let header = ["a", "b", "c"].join(separator);
            let body = rows.iter().map(|row| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(separator));
            std::iter::once(header).chain(body).collect::<Vec<_>>().join("\r\n")
        };
        let object = |row: &Vec<String>| {
            let object = Node::object().with("a", row[0].as_str()).with("b", row[1].as_str()).with("c", row[2].as_str());
            object.to_compact()
        };
        let objects: Vec<String> = rows.iter().map(object).collect();
        let cells = |read: Vec<String>| read.into_iter().map(|row| row.split_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>();
        let csv = cells(read("t.csv", lines(",").as_bytes()).unwrap());
        prop_assert_eq!(csv.len(), rows.len());
        prop_assert_eq!(&cells(read("t.tsv", lines("\t").as_bytes()).unwrap()), &csv);
        prop_assert_eq!(&cells(read("t.json", format!("[{}]", objects.join(",")).as_bytes()).unwrap()), &csv);
        prop_assert_eq!(&cells(read("t.jsonl", objects.join("\n").as_bytes()).unwrap()), &csv);
        prop_assert_eq!(&cells(read("t.xlsx", &sheets::workbook_of(&rows)).unwrap()), &csv);
    }

    #[test]
    fn a_row_of_a_csv_has_the_number_that_a_spreadsheet_shows(
        rows in prop::collection::vec(prop::option::of(prop::collection::vec("[ab,\"\r\n]{0,4}", 2)), 0..12),
        ending in prop::sample::select(vec!["\n", "\r\n"]),
        is_ended in any::<bool>(),
    ) {
        // Nothing is a blank line.
        let line = |row: &Option<Vec<String>>| row.iter().flatten().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
        let mut text = std::iter::once("a,b".to_owned()).chain(rows.iter().map(line)).collect::<Vec<_>>().join(ending);
        if is_ended {
            text.push_str(ending);
        }
        let is_written = |row: &Option<Vec<String>>| row.iter().flatten().any(|cell| !cell.is_empty());
        let wanted: Vec<_> = rows.iter().zip(2..).filter(|(row, _)| is_written(row)).map(|(_, number)| number.to_string()).collect();
        let read = read("t.csv", text.as_bytes()).unwrap();
        prop_assert_eq!(read.iter().map(|row| row.split_once(' ').unwrap().0).collect::<Vec<_>>(), wanted);
    }
}
