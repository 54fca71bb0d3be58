//! Faulty tables: each fault is reported with its place and the fix, and nothing is sent.

use std::process::Stdio;

use serde_json::json;

use crate::support::{Run, World};

/// A movie with one variable.
fn world() -> World {
    let world = World::new();
    world.write("flat.json", r#"{"scenes":[{"duration":1,"elements":[{"type":"text","text":"{{city}}"}]}]}"#);
    world
}

#[test]
fn a_header_of_too_many_levels_is_refused_at_once_in_the_dry_run_too() {
    let world = world();
    let deep = |levels: usize| format!("a{}", ".b".repeat(levels - 1));
    world.write("deep.csv", format!("id,city,{}\n1,Berlin,x\n2,Rome,y\n", deep(100_000)));
    world.write("deep.jsonl", format!("{{\"id\":\"1\",\"city\":\"Berlin\",\"{}\":1}}\n", deep(33)));
    world.write("flat.csv", "id,city\n1,Berlin\n2,Rome\n");
    for more in ["", " --dry-run"] {
        let csv =
            world.j2v(&format!("batch flat.json --rows deep.csv --key id{more}")).exits(3).tells("row 1").tells("more than 32 levels");
        assert!(csv.stderr.len() < 2000, "a message is no file: {}", csv.stderr.len());
        world.j2v(&format!("batch flat.json --rows deep.jsonl --key id{more}")).exits(3).tells("more than 32 levels");
        let map = format!("city={}", deep(1000));
        let line = ["batch", "flat.json", "--rows", "flat.csv", "--key", "id", "--map", &map, "--dry-run"];
        world.run(&line).exits(2).tells("--map").tells("more than 32 levels");
    }
    world.write("good.csv", format!("id,city,{}\n1,Berlin,x\n2,Rome,y\n", deep(32)));
    world.j2v("batch flat.json --rows good.csv --key id --dry-run").exits(0);
    assert_eq!((world.posts(), world.has("ledger.db")), (0, true));
    world.j2v("history").exits(0).hides("intent");
}

#[test]
fn what_never_ends_or_is_too_large_is_refused_with_the_limit() {
    let world = world();
    world.j2v("build /dev/zero").exits(2).tells("/dev/zero: this is a device");
    world.j2v("check flat.json --vars /dev/zero").exits(2).tells("this is a device");
    world.j2v("batch flat.json --rows /dev/zero --key id").exits(2).tells("this is a device");
    let endless = std::fs::File::open("/dev/zero").unwrap();
    let child = world.command(&["check", "-"]).stdin(Stdio::from(endless)).spawn().unwrap();
    Run::of(child).exits(3).tells("more than 64 MB");
    world.write("many.json", format!("{{\"scenes\":[],\"x\":[{}0]}}", "0,".repeat(500_000)));
    let many = world.j2v("check many.json").exits(3);
    assert!(many.stdout.contains("more than 500,000 values") && many.stdout.len() < 2000, "{many:?}");
    std::fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write(".config/j2v/config.toml", "#".repeat((1 << 20) + 1));
    world.j2v("check flat.json").exits(2).tells("config.toml").tells("more than 1 MB");
}

/// The most memory that a command takes until it ends, in bytes.
#[cfg(target_os = "linux")]
fn most_memory(world: &World, line: &str) -> u64 {
    let mut command = world.command(&line.split_whitespace().collect::<Vec<_>>());
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let told = std::fs::read_to_string(&status).unwrap_or_default();
        let peak = told.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        most = most.max(peak.unwrap_or(0) << 10);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    most
}

#[cfg(target_os = "linux")]
#[test]
fn iterating_over_half_a_million_objects_is_refused_and_over_half_as_many_takes_less_than_256_mb() {
    let world = world();
    let iterating = |count: usize| {
        let items: Vec<_> = (0..count).map(|nth| format!("{{\"a\":{nth}}}")).collect();
        let scene = r#"{"duration":1,"iterate":"items","elements":[{"type":"text","text":"{{a}}"}]}"#;
        format!("{{\"variables\":{{\"items\":[{}]}},\"scenes\":[{scene}]}}", items.join(","))
    };
    world.write("many.json", iterating(500_000));
    world.write("half.json", iterating(249_000));
    let run = world.j2v("submit many.json --dry-run").exits(3).tells("many.json:1:").tells("more than 500,000 values");
    run.tells("split the movie");
    for line in ["check many.json", "check half.json", "submit half.json --dry-run"] {
        let most = most_memory(&world, line);
        assert!((1 << 20..256 << 20).contains(&most), "{line}: {most} bytes");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_worst_movies_take_less_than_256_mb() {
    let world = world();
    let elements = |element: &str, count| format!(r#"{{"scenes":[{{"elements":[{}]}}]}}"#, vec![element; count].join(","));
    let variables: Vec<String> = (0..490_000).map(|nth| format!(r#""v{nth}":"a""#)).collect();
    let worst = [
        ("unknown.json", elements(r#"{"t":{}}"#, 249_000)),
        ("texts.json", elements(r#"{"type":"text","text":"a"}"#, 166_000)),
        ("untyped.json", elements(r#"{"text":"a"}"#, 249_000)),
        ("key.json", elements(&format!(r#"{{"{}":1}}"#, "k".repeat(60_000_000)), 1)),
        ("word.json", elements(&format!(r#"{{"comment":"{}"}}"#, "k".repeat(60_000_000)), 1)),
        ("variables.json", format!(r#"{{"variables":{{{}}},"scenes":[{{"duration":1}}]}}"#, variables.join(","))),
    ];
    for (name, movie) in worst {
        world.write(name, movie);
        let most = most_memory(&world, &format!("check {name}"));
        assert!((1 << 20..256 << 20).contains(&most), "{name}: {} MB", most >> 20);
    }
}

#[test]
fn a_movie_with_more_mistakes_than_are_collected_says_that_the_rest_was_not_checked() {
    let world = world();
    world.write("bad.json", format!(r#"{{"scenes":[{{"elements":[{}]}}]}}"#, vec![r#"{"a":1,"b":1,"c":1}"#; 20_000].join(",")));
    let run = world.j2v("check bad.json --json").exits(3);
    assert!(run.stdout.contains("more than 50,000 findings: the rest of the movie was not checked"), "{}", run.stderr);
}

#[test]
fn more_mistakes_behind_variables_than_are_collected_are_said_as_well() {
    let world = World::new();
    let elements = vec![r#"{"type":"image","src":"{{p}}"}"#; 50_001].join(",");
    world.write("bad.json", format!(r#"{{"variables":{{"p":"photos/3.jpg"}},"scenes":[{{"elements":[{elements}]}}]}}"#));
    let run = world.j2v("check bad.json --json").exits(3);
    assert!(run.stdout.contains("more than 50,000 findings: the rest of the movie was not checked"), "{}", run.stderr);
}

#[test]
fn a_row_that_never_ends_and_too_many_columns_are_named_limits() {
    let world = world();
    world.write("open.csv", format!("id,city\n1,\"{}", "x".repeat(17 << 20)));
    world.j2v("batch flat.json --rows open.csv --key id").exits(3).tells("row 2").tells("more than 16 MB").tells("closing quote");
    let names: Vec<String> = (0..1_000_001).map(|column| format!("c{column}")).collect();
    world.write("wide.csv", format!("id,{}\n1,{}\n", names.join(","), ",".repeat(1_000_000)));
    world.j2v("batch flat.json --rows wide.csv --key id").exits(3).tells("row 1").tells("more than 16,384 columns");
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_table_of_another_encoding_is_read_by_its_mark_or_by_a_flag() {
    let world = world();
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    world.write("wide.csv", wide("\u{feff}id;city\n1;Köln\n2;Łódź\n"));
    world.write("west.csv", b"id,city\n1,K\xf6ln\n2,Bonn\n");
    world.write("movie.json", wide("\u{feff}{}"));
    let flags = "--key id --no-wait";
    world.j2v(&format!("batch flat.json --rows west.csv {flags}")).exits(3).tells("column `city`").tells("--encoding windows-1252");
    world.j2v(&format!("batch flat.json --rows west.csv {flags} --encoding cp9999")).exits(2).tells("--encoding");
    assert_eq!(world.posts(), 0);
    world.j2v(&format!("batch flat.json --rows wide.csv {flags}")).exits(0);
    world.j2v(&format!("batch flat.json --rows west.csv {flags} --encoding windows-1252 --batch west")).exits(0);
    assert_eq!(world.accepted(), 4);
    let check = || world.j2v("check movie.json").exits(3).stdout;
    assert!(check().contains("UTF-16"));
    world.write("movie.json", b"\xff\xfe\0\0{\0\0\0}\0\0\0");
    assert!(check().contains("UTF-32") && !check().contains("UTF-16"));
}

#[test]
fn one_bad_cell_stops_its_row_alone_where_that_is_asked_for() {
    let world = world();
    world.write("t.jsonl", "{\"id\":\"1\",\"city\":\"Berlin\"}\n{\"id\":\"2\",\n{\"id\":\"3\",\"city\":\"Rome\"}\n");
    world.j2v("batch flat.json --rows t.jsonl --key id").exits(3).tells("this is not JSON");
    assert_eq!(world.posts(), 0);
    world.j2v("batch flat.json --rows t.jsonl --key id --skip-invalid --no-wait").exits(12);
    assert_eq!(world.accepted(), 2);
    world.write("t.csv", "id,city\n1,Berlin\n2\n3,Rome\n");
    world
        .j2v("batch flat.json --rows t.csv --key id --skip-invalid --no-wait --batch b")
        .exits(12)
        .tells("it has 1 cell, the header has 2");
    assert_eq!(world.accepted(), 4);
}

#[test]
fn words_of_a_library_and_options_that_nobody_gave_are_not_told() {
    let world = world();
    world.write("t.xlsx", "PK\u{3}\u{4} and then nothing");
    world.j2v("batch flat.json --rows t.xlsx --key id").exits(2).tells("this is not a workbook").hides("EOCD");
    world.write("text.json", r#"{"variables":"none","scenes":[]}"#);
    world.write("t.csv", "id,city\n1,Berlin\n2,Rome\n");
    let told = world.j2v("batch text.json --rows t.csv --key id").exits(3).tells("text.json:1:14: `variables` must be an object");
    told.hides("--var");
    world.j2v("batch flat.json --rows t.csv --key id --rate -1/s").exits(2).tells("--rate");
}

#[test]
fn variables_that_stand_twice_are_refused_and_deep_yaml_is_not_waited_for() {
    let world = world();
    world.write("twice.json", "{\"city\": \"Berlin\",\n \"city\": \"Rome\"}");
    world.j2v("build flat.json --vars twice.json").exits(3).tells("twice.json:2:2: the variable `city` is set twice, first in line 1");
    world.write("twice.yaml", "city: Berlin\ncity: Rome\n");
    world.j2v("build flat.json --vars twice.yaml").exits(3).tells("twice.yaml:2:1").tells("twice");
    world.write("deep.yaml", format!("a: {}", "[".repeat(100_000)));
    let deep = world.j2v("build flat.json --vars deep.yaml").exits(3).tells("deep.yaml:1:");
    assert!(deep.stderr.len() < 2000, "{}", deep.stderr.len());
    let many: String = (0..20_000).map(|number| format!("v{number}: {number}\n")).collect();
    world.write("many.yaml", many);
    world.j2v("build flat.json --vars many.yaml").exits(0);
}

/// A movie whose variables are `address` and `city`, and a marketer's table for it.
fn marketer() -> World {
    let world = World::new();
    let movie = r#"{"variables":{"address":"Sample Road 1","city":"Sample"},"scenes":[{"duration":1,"elements":[
        {"type":"text","text":"{{address}}, {{city}}"}]}]}"#;
    world.write("listing.json", movie);
    let rows: String = (1..=40).map(|row| format!("L-{row},Elm Road {row},Town {row},{row}00\n")).collect();
    world.write("listings.csv", format!("id,Street / Address,City ,Price\n{rows}"));
    world
}

const MARKETER: &str = "batch listing.json --rows listings.csv --key id";

#[test]
fn a_dry_run_shows_what_each_column_becomes_and_what_nothing_fills() {
    let world = marketer();
    let run = world.j2v(&format!("{MARKETER} --dry-run")).exits(0);
    let run = run
        .tells("City → city → \"Town 1\"")
        .tells("Street / Address: ignored")
        .tells("Price → Price → \"100\" (the movie does not use it");
    let run = run.tells("no column fills the variable `address`; did you mean the column `Street / Address`?");
    let run = run.tells("--map 'Street / Address=address' --map 'City=city'").tells("column `City` fills the variable `city`");
    assert_eq!(run.lines()[1..3], ["\"Street / Address\" = \"\"  # \"Elm Road 1\"", "\"City\" = \"city\"  # \"Town 1\""]);
    assert_eq!(world.posts(), 0);
}

#[test]
fn the_map_that_a_dry_run_prints_is_a_file_that_a_run_takes() {
    let world = marketer();
    let printed = world.j2v(&format!("{MARKETER} --dry-run")).exits(0).stdout;
    world.write("map.toml", printed.replace("\"Street / Address\" = \"\"", "\"Street / Address\" = \"address\""));
    world.write("map.json", r#"{"Street / Address": "address", "City": "city", "Price": ""}"#);
    for file in ["map.toml", "map.json"] {
        let told = world.j2v(&format!("{MARKETER} --map-file {file} --dry-run")).exits(0).hides("no column fills");
        told.tells("Street / Address → address → \"Elm Road 1\"");
    }
    world.j2v(&format!("{MARKETER} --map-file map.toml --no-wait")).exits(0);
    assert_eq!(world.accepted(), 40);
    world.write("bad.toml", "\"City\" = 7\n");
    world.j2v(&format!("{MARKETER} --map-file bad.toml")).exits(2).tells("--map-file bad.toml").tells("`City` must be a text");
    world.j2v(&format!("{MARKETER} --map-file none.toml")).exits(2).tells("there is no such file");
}

#[test]
fn forty_rows_that_make_one_and_the_same_movie_are_refused() {
    let world = marketer();
    let rows: String = (1..=40).map(|row| format!("L-{row},Elm Road {row},Town {row}\n")).collect();
    world.write("listings.csv", format!("id,Street / Address,Town\n{rows}"));
    for more in ["", " --dry-run"] {
        let told = world.j2v(&format!("{MARKETER}{more}")).exits(3).tells("all 40 rows make the same movie");
        let told =
            told.tells("the movie does not use any column of `id`, `Street / Address`, `Town`").tells("no column fills `address`, `city`");
        told.tells("--map 'Street / Address=address'").tells("--no-check");
    }
    let told = world.j2v(&format!("{MARKETER} --map Town=")).exits(3).tells("map the columns: --map 'Street / Address=address';");
    told.hides("--map 'Town='");
    world.write("listings.csv", "id,city\n1,Rome\n2,Rome\n");
    world.j2v(MARKETER).exits(3).tells("the columns that it uses, `city`, are the same in all");
    assert_eq!(world.posts(), 0);
    world.write("listings.csv", "id,city\n1,Rome\n");
    world.j2v(&format!("{MARKETER} --no-wait")).exits(0);
    world.write("listings.csv", "id,city\n1,Rome\n2,Rome\n");
    world.j2v(&format!("{MARKETER} --no-wait --no-check")).exits(0);
    assert_eq!(world.accepted(), 2);
}

#[test]
fn a_dry_run_says_how_many_rows_fit_into_the_budget_and_all_of_it_as_json() {
    let world = marketer();
    world.j2v(&format!("{MARKETER} --dry-run --max-credits 14")).exits(12).tells("14 of 40 rows fit into --max-credits 14");
    let plan = world.j2v(&format!("{MARKETER} --dry-run --json --max-credits 14")).exits(12).json();
    assert_eq!((&plan["rows"], &plan["to_send"], &plan["invalid"]), (&40.into(), &40.into(), &0.into()));
    assert_eq!(plan["budget"], serde_json::json!({"max_renders": null, "max_credits": 14, "rows_to_send": 40, "rows_that_fit": 14}));
    assert_eq!((&plan["credits_at_least"], &plan["credits_at_most"]), (&40.into(), &40.into()));
    let column = serde_json::json!({"column": "City", "variable": "city", "how": "alike", "used": true, "first": "Town 1"});
    assert_eq!(plan["columns"][2], column);
    assert_eq!(plan["unfilled"][0], serde_json::json!({"variable": "address", "did_you_mean": "Street / Address"}));
    world.write("listings.csv", "id,city\nL-1,Rome\nL-1,Oslo\n");
    let plan = world.j2v(&format!("{MARKETER} --dry-run --json")).exits(3).json();
    assert_eq!((&plan["invalid"], &plan["faults"][0]["first_rows"][0]), (&1.into(), &3.into()));
    assert_eq!(world.posts(), 0);
}

#[test]
fn dotted_variables_json_columns_and_json_tables_are_mapped_alike() {
    let world = World::new();
    world.write(
        "m.json",
        r#"{"variables":{"agent":{},"rooms":[]},"scenes":[{"duration":1,"elements":[{"type":"text","text":"{{agent.name}}"}]},
            {"duration":1,"iterate":"rooms","elements":[{"type":"text","text":"{{name}}"}]}]}"#,
    );
    world.write("t.csv", "id,agent.name,Rooms:=\n1,Ann,\"[{\"\"name\"\":\"\"Bath\"\"}]\"\n2,Bob,\"[{\"\"name\"\":\"\"Hall\"\"}]\"\n");
    let told = world.j2v("batch m.json --rows t.csv --key id --dry-run").exits(0).tells("Rooms:= → rooms:=");
    told.tells("agent.name → agent.name → \"Ann\"").hides("no column fills");
    world.write("t.jsonl", "{\"id\":\"1\",\"Agent\":{\"name\":\"Ann\"},\"rooms\":[{\"name\":\"a\"}]}\n{\"id\":\"2\",\"Agent\":{\"name\":\"Bob\"},\"rooms\":[{\"name\":\"b\"}]}\n");
    world.j2v("batch m.json --rows t.jsonl --key id --dry-run").exits(0).tells("Agent → agent").tells("(item 1)");
    let line = ["batch", "m.json", "--rows", "t.csv", "--key", "id", "--map", "Rooms:==rooms:=", "--dry-run"];
    world.run(&line).exits(0).tells("Rooms:= → rooms:=").hides("fills the variable");
}

#[test]
fn videos_keep_the_names_that_people_gave_and_results_are_at_home_where_the_table_is() {
    let world = marketer();
    let rows: String = (1..=9).map(|row| format!("L-{row},\"Größe {row}, Hof\",Köln\n")).collect();
    world.write("listings.csv", format!("\u{feff}id,address,city\n{rows}"));
    let line = ["batch", "listing.json", "--rows", "listings.csv", "--key", "id", "--name", "{address} ({city})", "--download", "videos/"];
    let run = world.run(&[&line[..], &["--results", "results.csv"]].concat()).exits(0);
    assert_eq!(run.lines()[8], "videos/Größe 9, Hof (Köln).mp4");
    assert!(world.has("videos/Größe 1, Hof (Köln).mp4"));
    let results = String::from_utf8(world.read("results.csv")).unwrap();
    let rows: Vec<&str> = results.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert!(results.starts_with("\u{feff}row,key,"), "{results}");
    assert_eq!(rows, ["2", "3", "4", "5", "6", "7", "8", "9", "10"]);
}

#[test]
fn rows_whose_length_is_unknown_are_told_beside_the_known_seconds() {
    let world = World::new();
    world.write("v.json", r#"{"resolution": "sd", "scenes": [{"elements": [{"type": "video", "src": "{{ file }}"}]}]}"#);
    world.write("r.csv", "key,file\na,https://e.com/a.mp4\nb,https://e.com/b.mp4\n");
    world.j2v("batch v.json --rows r.csv --key key --dry-run").exits(0).tells("0 s of video and 2 of unknown length\n");
}

#[test]
fn a_map_of_a_column_that_is_not_there_stops_and_a_variable_without_a_column_is_named() {
    let world = World::new();
    let movie = json!({
        "resolution": "sd",
        "variables": {"price": "0 €", "city": "Rome"},
        "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{city}} {{price}}"}]}],
    });
    world.write("flat.json", movie.to_string());
    world.write("flats.csv", "id,city,Preis\n1,Bonn,5\n2,Oslo,7\n");
    let line = "batch flat.json --rows flats.csv --key id --no-wait";
    world.j2v(&format!("{line} --map Pris=price")).exits(2).tells("there is no column `Pris`; did you mean `Preis`?");
    world.j2v(&format!("{line} --map Stadt=city")).exits(2).tells("its columns are `id`, `city`, `Preis`");
    assert_eq!(world.accepted(), 0);
    world.j2v(&format!("{line} --map Stadt= --dry-run")).exits(0).tells("no column fills the variable `price`");
    world.j2v(line).exits(0).tells("no column fills price: the movie's own value stays");
    world.j2v(&format!("{line} --batch mapped --map Preis=price")).exits(0).hides("no column fills");
}

#[test]
fn a_file_that_only_looks_like_a_table_is_called_what_it_is() {
    let world = world();
    world.write("old.xls", [0xd0_u8, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0]);
    world.write("page.xls", "<html><table><tr><td>id</td></tr></table></html>");
    world.write("titled.csv", "Our flats\nid,city\n1,Bonn\n");
    let line = |table: &str| format!("batch flat.json --rows {table} --key id");
    world.j2v(&line("old.xls")).exits(2).tells("a workbook of an old Excel").tells("save it as .xlsx");
    world.j2v(&line("page.xls")).exits(2).tells("it is a web page").tells("save it as .xlsx");
    world.j2v(&line("titled.csv")).exits(2).tells("its columns are `Our flats`").tells("--header-row N");
    world.j2v(&format!("{} --header-row 2 --no-wait", line("titled.csv"))).exits(0);
}
