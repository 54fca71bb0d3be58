//! `j2v templates`: stored once, never over another user's change, and read back byte for byte.

use serde_json::{Value, json};

use crate::support::World;

const MOVIE: &str = "{\n  \"variables\": {\"city\": \"Berlin\", \"price\": 1.50, \"rooms\": [{\"name\": \"Hall\"}]},\n  \"resolution\": \"sd\",\n  \"scenes\": [{\"duration\": 2, \"elements\": [{\"type\": \"text\", \"text\": \"{{city}} {{price}}\"}]}]\n}\n";

fn world(faults: &[&str]) -> World {
    let world = World::with_faults(faults);
    world.write("listing.json", MOVIE);
    world
}

fn pushed(world: &World) -> String {
    world.j2v("templates push listing.json").exits(0).line().to_owned()
}

/// Changes a template from another machine.
fn changed_by_another(world: &World, id: &str) {
    world.ask("POST", &format!("/v2/templates?id={id}"), r#"{"movie": {"scenes": [{"duration": 9}]}}"#);
}

fn count(world: &World) -> usize {
    world.j2v("templates list --json").exits(0).jsons().len()
}

#[test]
fn a_movie_comes_back_to_the_byte() {
    let world = world(&[]);
    let id = pushed(&world);
    assert_eq!(id.len(), 20);
    assert_eq!(world.j2v(&format!("templates get {id}")).exits(0).stdout, MOVIE);
    world.j2v(&format!("templates pull {id} back.json")).exits(0).prints(&["back.json"]);
    assert_eq!(world.read("back.json"), MOVIE.as_bytes());
    world.j2v(&format!("init --from-template {id}")).exits(0).prints(&[&format!("{id}.json")]);
    let run = world.j2v("templates get LerKrmBfiqaIgBuacLWn").exits(6).tells("LerKrmBfiqaIgBuacLWn: the account has no such template");
    assert_eq!(run.next(), ["j2v templates list"]);
    let all = world.j2v("templates list --json").exits(0).json();
    assert_eq!((&all["id"], &all["name"], &all["tags"]), (&json!(id), &json!("listing"), &json!([])));
    world.write("a.yaml", "resolution: sd\nscenes:\n  - duration: 2\n");
    let id = world.j2v("templates push a.yaml --name Yaml --tag One --tag two").exits(0).line().to_owned();
    assert_eq!(world.j2v(&format!("templates get {id}")).exits(0).stdout, r#"{"resolution":"sd","scenes":[{"duration":2}]}"#);
    assert_eq!(world.j2v("templates list --tag ONE --json").exits(0).jsons().len(), 1);
    assert_eq!(world.j2v("templates list --tag three --json").exits(0).jsons().len(), 0);
}

#[test]
fn what_is_stored_already_is_not_sent() {
    let world = world(&[]);
    let id = pushed(&world);
    world.j2v(&format!("templates push listing.json --id {id}")).exits(0).tells("unchanged: nothing was sent");
    assert_eq!(world.requests("POST /v2/templates"), 1);
    world.write("listing.json", MOVIE.replace("Berlin", "Paris"));
    world
        .j2v(&format!("templates diff {id} listing.json"))
        .exits(13)
        .prints(&["- /variables/city: \"Berlin\"", "+ /variables/city: \"Paris\""]);
    world.j2v(&format!("templates push listing.json --id {id}")).exits(0).tells("stored");
    world.j2v(&format!("templates diff {id} listing.json")).exits(0).prints(&[]);
    assert_eq!(world.requests("POST /v2/templates"), 2);
}

#[test]
fn another_s_change_is_not_overwritten_without_force() {
    let world = world(&[]);
    let id = pushed(&world);
    changed_by_another(&world, &id);
    let run = world.j2v(&format!("templates push listing.json --id {id}")).exits(13).tells("was changed on the server at").tells("--force");
    assert_eq!(run.next(), [format!("j2v templates diff {id} listing.json")]);
    world.j2v(&format!("templates push listing.json --id {id} --force")).exits(0);
    assert_eq!(world.j2v(&format!("templates get {id}")).exits(0).stdout, MOVIE);
    changed_by_another(&world, &id);
    world.j2v(&format!("templates pull {id} seen.json")).exits(0);
    world.j2v(&format!("templates push listing.json --id {id}")).exits(0);
}

#[test]
fn a_create_whose_answer_is_lost_makes_one_template() {
    let world = world(&["template-lost*1"]);
    let id = pushed(&world);
    assert_eq!((count(&world), world.requests("POST /v2/templates")), (1, 1));
    assert_eq!(world.j2v(&format!("templates get {id}")).exits(0).stdout, MOVIE);
}

#[test]
fn a_push_that_was_killed_is_found_by_the_next_run() {
    let world = world(&["template-hang*1"]);
    killed_at_post(&world, "templates push listing.json");
    world.j2v("templates push listing.json").exits(0).tells("an earlier run had stored it");
    assert_eq!(count(&world), 1);
    world.j2v("templates push listing.json").exits(0);
    assert_eq!(count(&world), 2, "a second template is one that was asked for");
}

#[test]
fn a_role_that_is_too_low_is_told_with_those_that_are_not() {
    let world = world(&[]);
    let run = world.j2v_with(&[("J2V_API_KEY", "render-0123456789")], "templates push listing.json").exits(4);
    run.tells("Insufficient permissions").tells("`editor`, `manager` or `admin`");
    world.write("broken.json", r#"{"scenes": [{"elements": [{"type": "video"}]}]}"#);
    world.j2v("templates push broken.json").exits(3).tells("J2V064").tells("nothing was sent");
    assert_eq!(world.requests("POST /v2/templates"), 1);
}

#[test]
fn variables_are_a_table_a_header_and_a_schema() {
    let world = world(&[]);
    let id = pushed(&world);
    world.j2v(&format!("templates vars {id} --csv-header")).exits(0).prints(&["id,city,price:=,rooms:="]);
    let names: Vec<Value> = world.j2v(&format!("templates vars {id} --json")).exits(0).jsons();
    assert_eq!(names.iter().map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>(), ["city", "price", "rooms"]);
    let table = world.j2v(&format!("templates vars {id}")).exits(0);
    assert!(table.lines()[0].starts_with("city   text    Berlin") && !table.stdout.contains("[object"), "{table:?}");
    let schema: Value = serde_json::from_str(&world.j2v(&format!("templates vars {id} --schema")).exits(0).stdout).unwrap();
    assert!(schema["properties"]["city"].is_object());
}

#[test]
fn a_template_is_rendered_without_a_file() {
    let world = world(&[]);
    let id = pushed(&world);
    world.j2v(&format!("submit --template {id} --var city=Paris --wait")).exits(0);
    assert_eq!(world.accepted(), 1);
    world.j2v("submit --wait").exits(2);
    world.j2v("submit --template LerKrmBfiqaIgBuacLWn --wait").exits(6).tells("Template LerKrmBfiqaIgBuacLWn not found");
    let copy = world.j2v(&format!("templates duplicate {id} --name Copy --var city=Rom")).exits(0).line().to_owned();
    let movie: Value = serde_json::from_str(&world.j2v(&format!("templates get {copy}")).exits(0).stdout).unwrap();
    assert_eq!((&movie["variables"]["city"], movie["variables"]["price"].to_string().as_str()), (&json!("Rom"), "1.50"));
    world.write("rows.csv", "id,city\n1,Wien\n2,Graz\n");
    world.j2v(&format!("batch --template {id} --rows rows.csv --key id")).exits(0);
    world.j2v(&format!("batch --template {id} --rows rows.csv --key id")).exits(0);
    assert_eq!(world.accepted(), 3);
    world.j2v(&format!("templates delete {id} {copy}")).exits(0).prints(&[&id, &copy]);
    assert_eq!(count(&world), 0);
    world.j2v(&format!("templates delete {id}")).exits(6).tells("no such template");
    assert!(world.j2v("templates library --json").exits(0).jsons().len() > 1);
}

#[test]
fn a_copy_whose_answer_is_lost_is_found_and_made_once() {
    let world = world(&["template-lost*2"]);
    let id = pushed(&world);
    let copy = world.j2v(&format!("templates duplicate {id}")).exits(0).line().to_owned();
    assert_eq!((count(&world), world.requests("POST /v2/templates")), (2, 2));
    assert_ne!(copy, id);
    assert_eq!(world.j2v("templates list --json").exits(0).jsons()[0]["name"], "listing (custom)");
}

#[test]
fn what_a_movie_sets_is_compared_with_what_the_template_has_and_stops_nothing() {
    let world = world(&[]);
    let id = pushed(&world);
    let run = world.j2v(&format!("submit --template {id} --var citty=Paris")).exits(0);
    let run = run.tells(&format!("warning: template {id} has no variable `citty`; did you mean `city`?"));
    run.tells(&format!("template {id} keeps its own `city`, `price`, `rooms`"));
    let run = world.j2v(&format!("submit --template {id} --var city=Paris --var price:=2 --var rooms:=[]")).exits(0);
    assert!(!run.stderr.contains("variable") && !run.stderr.contains("keeps"), "{run:?}");
    world.write("rows.csv", "id,citty\n1,Wien\n2,Graz\n");
    let run = world.j2v(&format!("batch --template {id} --rows rows.csv --key id")).exits(0);
    let run = run.tells("has no variable `citty`; did you mean `city`?");
    assert_eq!(run.stderr.matches("citty").count(), 1, "{run:?}");
    assert_eq!(world.accepted(), 4);
    let asked = world.requests("GET /v2/templates");
    let run = world.j2v(&format!("check --template {id} --var citty=Paris --probe")).exits(0);
    run.tells("has no variable `citty`; did you mean `city`?");
    assert_eq!(world.requests("GET /v2/templates"), asked + 1);
    world.j2v(&format!("check --template {id} --var citty=Paris")).exits(0);
    assert_eq!(world.requests("GET /v2/templates"), asked + 1, "without --probe nobody is asked");
}

#[test]
fn a_template_whose_variables_can_not_be_read_is_rendered_without_a_word() {
    let world = world(&[]);
    let run = world.j2v("submit --template LerKrmBfiqaIgBuacLWn --var city=Paris --wait").exits(0);
    assert!(!run.stderr.contains("variable"), "{run:?}");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_movie_with_local_files_is_not_stored_and_the_command_that_uploads_them_works() {
    let world = world(&[]);
    world.write("logo.png", "\u{89}PNG logo");
    world.write("local.json", r#"{"scenes": [{"duration": 1, "elements": [{"type": "image", "src": "logo.png"}]}]}"#);
    let run = world.j2v("templates push local.json").exits(3).tells("J2V065").tells("nothing was sent");
    assert_eq!(run.next()[1], "j2v build local.json --upload | j2v templates push - --name local");
    world.write("uploaded.json", world.j2v("build local.json --upload").exits(0).stdout);
    world.j2v("templates push uploaded.json --name local").exits(0);
}

#[test]
fn a_copy_that_was_killed_is_found_by_the_next_run() {
    let world = world(&["template-hang*2"]);
    killed_at_post(&world, "templates push listing.json");
    let id = world.j2v("templates push listing.json").exits(0).tells("an earlier run had stored it").line().to_owned();
    let copy = format!("templates duplicate {id} --name Copy");
    killed_at_post(&world, &copy);
    world.j2v(&copy).exits(0).tells("an earlier run had copied it");
    assert_eq!((count(&world), world.requests("POST /v2/templates")), (2, 2));
    world.j2v(&copy).exits(0);
    assert_eq!(count(&world), 3, "a second copy is one that was asked for");
}

/// Starts a command and kills it while it waits for the answer to its POST.
fn killed_at_post(world: &World, line: &str) {
    let before = world.requests("POST /v2/templates");
    let mut child = world.start(line);
    while world.requests("POST /v2/templates") == before {
        assert!(child.try_wait().unwrap().is_none(), "{line} ended before its answer came");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}
