//! `j2v batch`: a table full of mistakes is one report with the row and the column of each, and nothing is sent.

use crate::support::{Run, World};

const MOVIE: &str = r#"{
  "resolution": "{{ size }}",
  "scenes": [
    {"duration": "{{ seconds }}", "background-color": "{{ colour }}", "elements": [
      {"type": "image", "src": "{{ photo }}"},
      {"type": "text", "text": "{{ headline }}: {{ price }}"},
      {"type": "text", "text": "{{ headline }}"},
      {"type": "audio", "src": "https://cdn.example/song.mp3", "volume": "{{ volume }}"}
    ]},
    {"iterate": "rooms", "duration": 2, "elements": [{"type": "image", "src": "{{ item.image }}"}]}
  ]
}"#;

const COLUMNS: [&str; 9] = ["id", "size", "seconds", "colour", "photo", "headline", "price", "volume", "rooms:="];

const BATCH: &str = "batch listing.json --rows rows.csv --key id";

/// The faults: the row, the column, the wrong value, and the message.
const FAULTS: [(usize, &str, &str, &str); 11] = [
    (3, "photo", "photos/3.jpg", "J2V065: `photos/3.jpg`"),
    (5, "photo", "", "J2V064: "),
    (7, "seconds", "abc", "J2V008: "),
    (9, "seconds", "-5", "J2V042: "),
    (11, "colour", "0E7C66", "J2V048: `0E7C66`"),
    (13, "rooms:=", "[{broken", "it is not JSON: "),
    (15, "price", "#N/A", "the cell holds the error #N/A"),
    (17, "id", "L-2", "key L-2 is already used by row 2"),
    (19, "size", "1080p", "J2V020: `1080p`"),
    (21, "volume", "80", "J2V087: "),
    (23, "headline", "", "J2V120: "),
];

/// The number of rows without one of the eleven faults.
const GOOD: usize = 33;

/// A marketer's table of 40 rows, from row 2 on; the rows of the faults have the wrong value in their column.
fn table(faults: &[(usize, &str, &str, &str)]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let line = |row: usize| {
        let right = |column: &str| match column {
            "id" => format!("L-{row}"),
            "size" => "hd".to_owned(),
            "seconds" => "4".to_owned(),
            "colour" => "#0E7C66".to_owned(),
            "photo" => format!("https://cdn.example/{row}.jpg"),
            "headline" => format!("House {row}"),
            "price" => (200_000 + row).to_string(),
            "volume" => "0.8".to_owned(),
            _ => format!(r#"[{{"image": "https://cdn.example/{row}/bath.jpg"}}]"#),
        };
        let wrong = |column: &str| faults.iter().find(|(at, of, ..)| *at == row && *of == column).map(|(_, _, text, _)| (*text).to_owned());
        COLUMNS.map(|column| quoted(&wrong(column).unwrap_or_else(|| right(column)))).join(",")
    };
    std::iter::once(COLUMNS.join(",")).chain((2..42).map(line)).collect::<Vec<_>>().join("\n")
}

fn world_of(faults: &[(usize, &str, &str, &str)]) -> World {
    let world = World::new();
    world.write("listing.json", MOVIE);
    world.write("rows.csv", table(faults));
    world
}

fn tells_each(mut run: Run) -> Run {
    for (row, column, _, what) in FAULTS {
        run = run.tells(&format!("rows.csv: row {row}, column `{column}`: {what}"));
    }
    run
}

#[test]
fn every_mistake_of_a_table_is_told_at_once_with_its_row_and_column_and_nothing_is_sent() {
    let world = world_of(&FAULTS);
    let stopped = tells_each(world.j2v(BATCH).exits(3).tells("7 of 40 rows can't be rendered; nothing was sent").tells("--skip-invalid"));
    for (row, column, _, what) in FAULTS {
        let line = format!("row {row}, column `{column}`: {what}");
        assert_eq!(stopped.stderr.matches(&line).count(), 1, "{line}: {stopped:?}");
    }
    tells_each(world.j2v(&format!("{BATCH} --dry-run")).exits(3));
    tells_each(world.j2v(&format!("{BATCH} --dry-run --skip-invalid")).exits(12).tells(&format!("{GOOD} to send")));
    assert_eq!(world.posts(), 0);
    world.write("rows.csv", table(&[]));
    world.j2v(&format!("{BATCH} --download videos/")).exits(0).tells("40 rows: 40 done");
    assert_eq!(std::fs::read_dir(world.path("videos")).unwrap().count(), 40);
    assert_eq!(world.accepted(), 40);
}

#[test]
fn a_table_that_was_skipped_through_leaves_out_what_is_wrong_and_nothing_else() {
    let stopping = FAULTS.iter().filter(|(row, ..)| [3, 5, 7, 13, 15, 17, 19].contains(row)).copied().collect::<Vec<_>>();
    let world = world_of(&stopping);
    let run = world.j2v(&format!("{BATCH} --skip-invalid --json")).exits(12);
    let of = |status: &str| run.jsons().iter().filter(|line| line["status"] == status).count();
    assert_eq!((of("done"), of("invalid"), world.accepted()), (GOOD, 7, GOOD));
    let told = run.jsons().iter().filter(|line| line["status"] == "invalid").map(|line| line["message"].to_string()).collect::<String>();
    assert!(told.contains("column `photo`: J2V065") && told.contains("column `price`"), "{told}");
}

#[test]
fn rows_that_share_a_mistake_are_named_together_and_others_are_not_among_them() {
    let many: Vec<_> = (2..42).filter(|row| row % 2 == 0).map(|row| (row, "size", "1080p", "")).collect();
    let world = world_of(&many);
    let run = world.j2v(BATCH).exits(3).tells("rows.csv: rows 2, 4, 6, 8, 10 and 15 more, column `size`: J2V020: ");
    assert_eq!(run.stderr.matches("J2V020: ").count(), 1, "{run:?}");
    let each: Vec<(usize, String)> = (2..42).map(|row| (row, format!("photos/{row}.jpg"))).collect();
    let each: Vec<_> = each.iter().map(|(row, photo)| (*row, "photo", photo.as_str(), "")).collect();
    world.write("rows.csv", table(&each));
    let run = world.j2v(BATCH).exits(3).tells("rows.csv: row 11, column `photo`: J2V065: `photos/11.jpg`");
    run.tells("rows.csv: rows 12, 13, 14, 15, 16 and 25 more, column `photo`: J2V065: the same mistake with other values");
    assert_eq!(world.posts(), 0);
}

#[test]
fn each_collision_of_names_names_its_own_rows() {
    let world = World::new();
    world.write("flat.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ city }}"}]}]}"#);
    let rows = (0..20).map(|row| format!("k{row},C{}\n", row / 2)).collect::<String>();
    world.write("flats.csv", format!("id,city\n{rows}"));
    let run = world.j2v("batch flat.json --rows flats.csv --key id --name {city} --download videos/").exits(3);
    let run = run.tells("flats.csv: row 15: its video would be saved as C6.mp4, like that of row 14");
    run.tells("flats.csv: row 17: its video would be saved as C7.mp4, like that of row 16");
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_mistake_in_a_joined_table_is_told_with_the_row_and_column_there() {
    let world = World::new();
    world.write("listing.json", MOVIE);
    let rows = table(&[]).replace(",rooms:=", "");
    let rows: Vec<_> = rows.lines().map(|line| line.split(",\"[{").next().unwrap_or_default()).collect();
    world.write("rows.csv", rows.join("\n"));
    world.write("rooms.csv", "id,image\nL-2,https://cdn.example/bath.jpg\nL-7,kitchen.jpg\n");
    let run = world.j2v(&format!("{BATCH} --join rooms.csv --on id --as rooms")).exits(3);
    run.tells("rooms.csv: row 3, column `image`: J2V065: `kitchen.jpg`").tells("1 of 40 rows can't be rendered");
    assert_eq!(world.posts(), 0);
}

#[test]
fn what_a_condition_leaves_out_stops_no_row() {
    let world = World::new();
    let movie = MOVIE.replace(
        r#"{"type": "image", "src": "{{ photo }}"}"#,
        r#"{"type": "image", "condition": "{{ photo != '' }}", "src": "{{ photo }}"}"#,
    );
    world.write("listing.json", movie);
    world.write("rows.csv", table(&[(5, "photo", "", ""), (6, "rooms:=", "[]", "")]));
    world.j2v(&format!("{BATCH} --dry-run")).exits(0).hides("J2V064").tells("40 to send");
}

#[test]
fn of_a_row_whose_cells_are_in_no_columns_nothing_else_is_said() {
    let world = world_of(&[]);
    let rows = table(&[]).replace("L-4\",", "L-4\",\"hd\",").replace("\"L-6\",", "\"L-5\",");
    world.write("rows.csv", rows);
    let run = world.j2v(BATCH).exits(3).tells("rows.csv: row 4: it has 10 cells, the header has 9").tells("2 of 40 rows can't be rendered");
    run.tells("row 6, column `id`: key L-5 is already used by row 5").hides("row 4, column");
    assert_eq!(world.posts(), 0);
}

/// A table with a cell that goes on after its closing quote, and a photo that is not on the internet.
fn quotes(separator: char) -> String {
    let rows = "id,address,photo\nA,x,https://example.com/1.jpg\nB,\"€21\"x,https://example.com/2.jpg\nC,z,photos/3.jpg\nD,w,https://example.com/4.jpg\n";
    rows.replace(',', &separator.to_string())
}

#[test]
fn a_cell_that_goes_on_after_its_closing_quote_is_a_fault_of_its_row_alone() {
    for (table, separator) in [("q.csv", ','), ("q.tsv", '\t')] {
        let world = World::new();
        let movie = r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "image", "src": "{{ photo }}"},
                        {"type": "text", "text": "{{ address }}"}]}]}"#;
        world.write("movie.json", movie);
        world.write(table, quotes(separator));
        let line = format!("batch movie.json --rows {table} --key id");
        let run = world.j2v(&line).exits(3).tells("2 of 4 rows can't be rendered; nothing was sent");
        let run = run.tells(&format!("{table}: row 3, column `address`: the cell goes on after the quote that closes it"));
        run.tells("a quote inside of a quoted cell is written twice").tells(&format!("{table}: row 4, column `photo`: J2V065"));
        assert_eq!(world.posts(), 0);
        world.j2v(&format!("{line} --skip-invalid --no-wait")).exits(12);
        assert_eq!(world.accepted(), 2);
        world.write(table, quotes(separator).replace("\"x", ""));
        world.j2v(&format!("{line} --skip-invalid")).exits(3).tells("row 3: a quote opens in it and never closes");
        world.write(table, quotes(separator).replace("photo\n", "\"photo\"s\n"));
        world.j2v(&format!("{line} --skip-invalid")).exits(3).tells("row 1: the name of column 3 goes on after the quote");
        assert_eq!(world.posts(), 2);
    }
}

#[test]
fn of_a_row_with_too_few_cells_no_column_is_said_to_be_missing_and_an_item_that_lacks_one_is_named() {
    let world = World::new();
    let movie = r#"{"variables": {"photo": "https://example.com/0.jpg"}, "scenes": [{"duration": 2, "elements": [
                    {"type": "image", "src": "{{ photo }}"}, {"type": "text", "text": "{{ city }}"}]}]}"#;
    world.write("movie.json", movie);
    world.write("short.csv", "id,city,photo\nA,Rome,https://example.com/1.jpg\nB\nC,Oslo,https://example.com/3.jpg\n");
    let line = "batch movie.json --key id --dry-run --skip-invalid --rows";
    let run = world.j2v(&format!("{line} short.csv --upload")).exits(12).tells("short.csv: row 3: it has 1 cell, the header has 3");
    run.hides("movie's own value").hides("item");
    world.write("some.jsonl", "{\"id\":\"A\",\"city\":\"Rome\"}\n{\"id\":\"B\",\"city\":\"Oslo\",\"photo\":\"https://example.com/2.jpg\"}\n{\"id\":\"C\",\"city\":\"Bonn\"}\n{\"id\":\"D\"}\n");
    let run = world.j2v(&format!("{line} some.jsonl --upload")).exits(0);
    let run = run.tells("some.jsonl: item 1 and 2 more have no `photo`: they take the movie's own value\n");
    run.tells("some.jsonl: item 4 has no `city`: it takes the movie's own value\n");
}

#[test]
fn a_row_that_is_skipped_is_named_once() {
    let world = world_of(&FAULTS.iter().filter(|(row, ..)| [3, 7].contains(row)).copied().collect::<Vec<_>>());
    let run = world.j2v(&format!("{BATCH} --skip-invalid")).exits(12).tells("40 rows: 38 done, 2 invalid");
    assert_eq!((run.stderr.matches("J2V065").count(), run.stderr.matches("J2V008").count()), (1, 1), "{run:?}");
}

#[test]
fn videos_whose_names_differ_only_in_case_are_told_and_stop_only_where_they_are_one_file() {
    let world = World::new();
    world.write("flat.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ city }}"}]}]}"#);
    world.write("flats.csv", "id,city\nP-28,Rome\np-28,Oslo\n");
    let line = "batch flat.json --rows flats.csv --key id --dry-run";
    let told = "flats.csv: row 3: its video p-28.mp4 and that of row 2 are one file on macOS and Windows";
    let is_one_file = cfg!(any(target_os = "macos", windows));
    world.j2v(&format!("{line} --download v/")).exits(if is_one_file { 3 } else { 0 }).tells(told).tells("use --name");
    world.j2v(line).exits(0).hides("one file");
}

#[test]
fn a_key_column_in_another_case_is_suggested_and_the_right_one_is_no_unused_variable() {
    let world = World::new();
    world.write("flat.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ city }}"}]}]}"#);
    world.write("flats.csv", "listing_id,city\n1,Rome\n2,Oslo\n");
    let line = "batch flat.json --rows flats.csv --dry-run --key";
    world.j2v(&format!("{line} Listing_ID")).exits(2).tells("there is no column `Listing_ID`; did you mean `listing_id`?");
    world.j2v(&format!("{line} listing_id")).exits(0).tells("listing_id → listing_id → \"1\" (the key)\n").hides("does not use it");
}
