//! `--field`: fields of JSON without a JSON reader, and the lists of fields.

use serde_json::{Value, json};

use crate::support::World;

#[test]
fn a_field_is_a_line_whatever_it_holds() {
    let world = World::new();
    world.movie("movie.json", &Value::Null);
    let run = world.j2v("submit movie.json --key one --wait --field project --field status --field client-data --field message").exits(0);
    let lines = run.lines();
    assert!(lines[0].starts_with("EMU") && lines[1] == "done" && lines[3].is_empty(), "{}", run.stdout);
    assert_eq!((lines.len(), serde_json::from_str::<Value>(lines[2]).unwrap()["listing_id"].clone()), (4, json!("L-1")));
    world.j2v("history --field key").exits(0).prints(&["one"]);
    world.j2v("poll one --json --field status").exits(0).prints(&["done"]);
    world.j2v("list --field key --field created_at").exits(0);
    world.write("broken.json", r#"{"scenes": [{"duration": 1, "elements": [{"type": "video"}]}]}"#);
    assert!(world.j2v("check broken.json --field code").exits(3).lines().contains(&"J2V064"));
    assert!(world.j2v("commands --field name").exits(0).lines().contains(&"ledger check"));
    world.write("lines.json", "{\"resolution\": \"two\\nlines\", \"scenes\": [{\"duration\": 1}]}");
    let told = world.j2v("check lines.json --field message");
    assert_eq!(told.lines().len(), world.j2v("check lines.json --json").lines().len());
}

#[test]
fn a_field_that_there_is_none_of_is_told_before_anything_is_sent() {
    let world = World::new();
    world.movie("movie.json", &Value::Null);
    world.j2v("submit movie.json --field projct").exits(2).tells("`j2v submit` has no field `projct`; it has project, status");
    assert_eq!(world.posts(), 0);
    world.j2v("submit movie.json --dry-run --field body").exits(0);
    world.j2v("auth status --field credits").exits(0);
    world.j2v("auth status --field credit").exits(2).tells("`j2v auth status` has no field `credit`");
}

#[test]
fn every_command_with_json_lists_its_fields_and_prints_one() {
    let world = World::new();
    let listed: Vec<Value> = serde_json::from_str(&world.j2v("commands --json").exits(0).stdout).unwrap();
    let mut with_json = 0;
    for command in &listed {
        let name = command["name"].as_str().unwrap();
        let flags: Vec<&str> = command["flags"].as_array().unwrap().iter().map(|flag| flag["name"].as_str().unwrap()).collect();
        let fields: Vec<&str> = command["output"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
        assert_eq!([flags.contains(&"--field"), !fields.is_empty()], [flags.contains(&"--json"); 2], "{name}");
        if fields.is_empty() {
            continue;
        }
        with_json += 1;
        let page = world.j2v(&format!("{name} --help")).exits(0).stdout;
        let list = page.split("\nFields of --json (--field NAME prints one):\n").nth(1).unwrap_or_else(|| panic!("{page}"));
        let list = list.split("\n\n").next().unwrap().replace('\n', " ");
        assert_eq!(list.split(',').map(str::trim).collect::<Vec<_>>(), fields, "{name}");
    }
    assert!(with_json >= 18, "{with_json}");
}

#[test]
fn a_ledger_is_looked_through_for_programs_too() {
    let world = World::new();
    world.movie("movie.json", &Value::Null);
    world.j2v("ledger check --json").exits(2);
    world.j2v("submit movie.json --key one").exits(0);
    let sound = world.j2v("ledger check --json").exits(0).json();
    assert_eq!((&sound["sound"], &sound["faults"]), (&json!(true), &json!([])));
    assert!(sound["ledger"].as_str().unwrap().ends_with("ledger.db"), "{sound}");
    world.j2v("ledger check --field sound").exits(0).prints(&["true"]);
}
