use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> String {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn read(name: &str, bytes: &[u8]) -> Result<Vec<String>, String> {
    let folder = TempDir::new().unwrap();
    let name = written(&folder, name, bytes);
    let shown = |row: Row| {
        let cells = row.cells.iter().map(|cell| format!("{}={}", cell.column, cell.value.to_compact()));
        format!("{} {}", row.number, cells.collect::<Vec<_>>().join(" "))
    };
    let table = Table::open(&Source::new(&name)).map_err(|error| error.to_string());
    let rows = table.and_then(|table| table.rows().map_err(|error| error.to_string()));
    let told = |error: RowsError| error.to_string();
    rows.and_then(|rows| rows.map(|row| row.map(shown).map_err(told)).collect::<Result<_, _>>())
        .map_err(|error: String| error.replace(&name, "T"))
}

#[test]
fn a_csv_may_have_a_mark_quotes_line_breaks_and_blank_rows() {
    let text = "\u{feff}id,\"a \"\"title\"\"\"\r\n1,\"Elm Road, 7\nback\"\r\n,\r\n3,\r\n";
    assert_eq!(read("t.csv", text.as_bytes()).unwrap(), [r#"2 id="1" a "title"="Elm Road, 7\nback""#, r#"4 id="3" a "title"="""#]);
}

#[test]
fn semicolons_and_tabs_are_found_and_told() {
    assert_eq!(read("t.csv", b"id;price\n1;1,50\n").unwrap(), [r#"2 id="1" price="1,50""#]);
    assert_eq!(read("t.tsv", b"id\tprice\n1\t1,50\n").unwrap(), [r#"2 id="1" price="1,50""#]);
    let folder = TempDir::new().unwrap();
    let table = Table::open(&Source::new(written(&folder, "t.csv", b"id;price\n1;2\n"))).unwrap();
    assert!(table.notes()[0].contains("between semicolons"));
}

#[test]
fn a_row_that_the_header_does_not_fit_is_told_with_its_number() {
    let good: Vec<_> = (2..4712).map(|row| format!("{row},1\n")).collect();
    let text = format!("id,price\n{}4712;1\n4713,1\n", good.concat());
    assert_eq!(read("t.csv", text.as_bytes()).unwrap_err(), "T: row 4712: it has 1 cell, the header has 2");
    assert_eq!(read("t.csv", b"id,price\n\"a\nb\",1\n2,3,4\n").unwrap_err(), "T: row 3 (line 4): it has 3 cells, the header has 2");
    assert_eq!(read("t.csv", b"id\n\xff\n").unwrap_err(), "T: row 2: it holds bytes that are no UTF-8");
}

#[test]
fn an_array_is_read_item_by_item_as_it_is_spelled() {
    let text = "[\n {\"id\": 1.50, \"a\": [1, \"]\"]},\n {\"id\": \"x\\\"y\"}\n]\n";
    assert_eq!(read("t.json", text.as_bytes()).unwrap(), [r#"1 id=1.50 a=[1,"]"]"#, r#"2 id="x\"y""#]);
    assert_eq!(read("t.json", b" [ ] ").unwrap(), Vec::<String>::new());
}

#[test]
fn a_broken_array_is_told_with_its_item_and_line() {
    for (text, told) in [
        ("", "T: line 1: the file is empty"),
        ("{\"a\": 1}", "T: line 1: a table is an array of objects, this is an object; of an object a line say --format jsonl"),
        ("[{}\n{}]", "T: item 1, line 2: this is no JSON"),
        ("[{\"a\":1},\n7]", "T: item 2, line 2: a row is an object, this is a number"),
        ("[{\"a\":1},\n]", "T: after item 1, line 2: a comma stands before the end of the array"),
        ("[{\"a\":1}", "T: after item 1, line 1: the file ends inside its array: it was cut off"),
        ("[{\"a\":1}] x", "T: after item 1, line 1: something stands after the end of the array"),
        ("[{\"a\":1},{\n\"b\":oops}]", "T: item 2, line 2: this is no JSON"),
    ] {
        let error = read("t.json", text.as_bytes()).unwrap_err();
        assert!(error.starts_with(told), "{text}: {error}");
    }
}

#[test]
fn json_lines_are_objects_and_empty_lines_are_none() {
    assert_eq!(read("t.jsonl", b"{\"a\": 1}\r\n\n{\"a\": 2}").unwrap(), ["1 a=1", "2 a=2"]);
    assert!(read("t.jsonl", b"{\"a\": 1}\n\n{\"a\": }\n").unwrap_err().starts_with("T: item 2, line 3: this is no JSON"));
}

#[test]
fn what_is_no_table_says_so() {
    let told = read("t.xlsx", b"id,price\n").unwrap_err();
    assert!(told.starts_with("T: this is no workbook that can be read"), "{told}");
    let folder = TempDir::new().unwrap();
    let name = folder.path().to_str().unwrap().to_owned();
    assert_eq!(Table::open(&Source::new(&name)).err().unwrap().why, "this is a folder, not a table");
    assert_eq!(Table::open(&Source::new(format!("{name}/none.csv"))).err().unwrap().why, "there is no such file");
}

#[test]
fn a_table_that_changes_between_two_readings_is_not_read_on() {
    let folder = TempDir::new().unwrap();
    let name = written(&folder, "t.csv", b"id\n1\n");
    let table = Table::open(&Source::new(&name)).unwrap();
    assert_eq!(table.rows().unwrap().count(), 1);
    written(&folder, "t.csv", b"id\n1\n2\n");
    assert!(table.rows().err().unwrap().why.contains("changed while it was read"));
}

#[test]
fn rows_of_a_second_table_become_lists() {
    let folder = TempDir::new().unwrap();
    let rooms = written(&folder, "rooms.csv", b"listing,name,size:=\n1,Bath,4.0\n2,Hall,\n1,Bed,9\n9,Attic,1\n");
    let join = Join::read(&Source::new(rooms), "listing", "rooms").unwrap();
    let mut binding = binding::Binding::new([("listing".to_owned(), "id".to_owned())].into(), Vec::new(), vec![join]);
    let mut of = |listing: &str| {
        let row = Row { number: 2, cells: vec![Cell { column: "listing".into(), value: Node::string(listing) }] };
        binding.bind(&row).unwrap().variables[1].value.to_node().to_compact()
    };
    let wanted = r#"[{"listing":"1","name":"Bath","size":4.0},{"listing":"1","name":"Bed","size":9}]"#;
    assert_eq!([of("1"), of(" 3")], [wanted.to_owned(), "[]".to_owned()]);
    assert_eq!(binding.joins()[0].unused(), Some((2, "2")));
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn each_text_format_reads_the_same_table(rows in prop::collection::vec(prop::collection::vec("[^\0]{0,12}", 3), 0..8)) {
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
        prop_assert_eq!(&cells(read("t.tsv", lines("\t").as_bytes()).unwrap()), &csv);
        prop_assert_eq!(&cells(read("t.json", format!("[{}]", objects.join(",")).as_bytes()).unwrap()), &csv);
        prop_assert_eq!(&cells(read("t.jsonl", objects.join("\n").as_bytes()).unwrap()), &csv);
    }
}
