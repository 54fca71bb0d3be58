//! `j2v expand`: the movie that the service will make, and the assumptions about it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::World;

/// A world without a service. Each test that runs a command checks that nothing is written.
fn world() -> World {
    World::at("http://127.0.0.1:1/v2")
}

fn listing() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/listing.json")).unwrap()
}

/// The compact expansion of a movie after flags, with no messages except these.
#[track_caller]
fn expanded(movie: &str, flags: &[&str], told: &[&str]) -> String {
    let world = world();
    world.write("a.json", movie);
    let run = world.run(&[&["expand", "a.json", "--compact"], flags].concat()).exits(0);
    assert_eq!(run.stderr.lines().collect::<Vec<_>>(), told);
    assert!(!world.has("ledger.db") && !world.has("state"), "expanding writes nothing");
    run.line().to_owned()
}

#[test]
fn the_listing_has_a_scene_for_the_headline_and_one_for_each_room() {
    let world = world();
    world.write("listing.json", listing());
    let run = world.j2v("expand listing.json").exits(0);
    let movie: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(movie["scenes"].as_array().unwrap().len(), 4);
    assert_eq!(movie["scenes"][0]["elements"][0]["settings"], json!({"headline": "FOR SALE", "subline": "123 Oak Street"}));
    let rooms: Vec<_> = (1..4).map(|scene| &movie["scenes"][scene]["elements"][1]["text"]).collect();
    assert_eq!(rooms, ["Exterior", "Chef's Kitchen", "Master Bedroom"]);
    assert!(movie.get("variables").is_none() && !run.stdout.contains("iterate"), "{}", run.stdout);
}

#[test]
fn flags_count_before_anything_is_resolved() {
    let movie = r#"{"$schema":"x","variables":{"n":"a"},"scenes":[{"comment":"{{ n }}"}]}"#;
    assert_eq!(expanded(movie, &[], &[]), r#"{"scenes":[{"comment":"a"}]}"#);
    assert_eq!(expanded(movie, &["--var", "n=b", "--quality", "low"], &[]), r#"{"scenes":[{"comment":"b"}],"quality":"low"}"#);
}

#[test]
fn what_has_nothing_to_resolve_stays_as_it_was_written() {
    let movie = r#"{"z":12345678901234567890123,"a":1.50,"text":"\u00e9 \/ é","scenes":[{"duration":1e0}]}"#;
    assert_eq!(expanded(movie, &[], &[]), movie);
}

#[test]
fn what_was_assumed_is_told_with_its_place_and_marked_as_that() {
    let movie = "{\n  \"variables\": {\"n\": 7},\n  \"scenes\": [{\"duration\": \"{{ n }}\"}]\n}";
    let told = "a.json:3:28: assumed: `{{ … }}` alone in a string is taken to become what the variable holds: a number";
    assert_eq!(expanded(movie, &[], &[told]), r#"{"scenes":[{"duration":7}]}"#);
}

#[test]
fn what_can_not_be_resolved_stays_and_is_told_with_the_likely_name() {
    let movie = "{\n  \"variables\": {\"address\": \"x\"},\n  \"scenes\": [{\"comment\": \"at {{ adress }}\"}]\n}";
    let told = "warning: a.json:3:33: the variable `adress` is defined nowhere: it stays as written; did you mean `address`?";
    assert!(expanded(movie, &[], &[told]).contains("{{ adress }}"));
}

#[test]
fn what_is_wrong_with_some_items_is_told_once_and_counted() {
    let movie = json!({
        "variables": {"rooms": [{"name": "a"}, {"name": "b"}, {"title": "c"}]},
        "scenes": [{"iterate": "rooms", "comment": "{{ name }}"}],
    });
    let world = world();
    world.write("a.json", movie.to_string());
    world.j2v("expand a.json").exits(0).tells("item 3 of 3 has no `name`; give every item the field");
}

#[test]
fn more_problems_than_anybody_reads_are_counted() {
    let scenes: Vec<_> = (0..60).map(|at| json!({"comment": format!("{{{{ missing_{at} }}}}")})).collect();
    let world = world();
    world.write("a.json", json!({"scenes": scenes}).to_string());
    let run = world.j2v("expand a.json").exits(0).tells("warning: a.json: 10 more problems");
    assert_eq!(run.stderr.lines().count(), 51);
}

#[test]
fn a_template_s_scenes_are_not_here_and_that_is_told() {
    let told = "warning: a.json:1:13: the scenes are in the template, not here: nothing can be resolved offline";
    let movie = r#"{"template":"LerKrmBfiqaIgBuacLWn","variables":{"a":"b"}}"#;
    assert_eq!(expanded(movie, &[], &[told]), movie);
}

#[test]
fn several_movies_and_stdin_are_each_expanded() {
    let world = world();
    world.write("a.json", r#"{"variables":{"n":"1"},"scenes":[{"id":"{{ n }}"}]}"#);
    world.write("cut.json", "{");
    let arguments = ["expand", "a.json", "-", "--compact"];
    let stdin = r#"{"variables":{"n":"2"},"scenes":[{"id":"{{ n }}"}]}"#;
    world.pipe(&arguments, stdin).exits(0).prints(&[r#"{"scenes":[{"id":"1"}]}"#, r#"{"scenes":[{"id":"2"}]}"#]);
    world.j2v("expand a.json cut.json --compact").exits(12).prints(&[r#"{"scenes":[{"id":"1"}]}"#]).tells("error: cut.json:1:2: ");
    world.j2v("expand cut.json").exits(3).prints(&[]);
}

#[test]
fn a_hostile_movie_costs_a_clear_error_and_nothing_is_printed() {
    let tens = |name: &str| format!("[{}]", vec![format!("\"{{{{ {name} }}}}\""); 10].join(","));
    let variables: Vec<String> = (1..12).map(|level| format!("\"v{level}\":{}", tens(&format!("v{}", level - 1)))).collect();
    let laughs = format!(r#"{{"variables":{{"v0":"ha",{}}},"scenes":[{{"comment":"{{{{ v11 }}}}"}}]}}"#, variables.join(","));
    let items = vec!["{}"; 30_000].join(",");
    let scenes = format!(r#"{{"variables":{{"items":[{items}]}},"scenes":[{{"iterate":"items"}}]}}"#);
    for (movie, limit) in [(laughs, "values"), (scenes, "scenes")] {
        let world = world();
        world.write("a.json", movie);
        let run = world.j2v("expand a.json").exits(3).prints(&[]).tells("error: a.json:1:").tells("nothing was resolved");
        assert!(run.stderr.contains(limit), "{limit}: {run:?}");
    }
}

#[test]
fn an_expression_that_nests_too_deep_stays_as_it_is_written() {
    let movie = format!(r#"{{"scenes":[{{"id":"{{{{ {}1{} }}}}"}}]}}"#, "(".repeat(5_000), ")".repeat(5_000));
    let told = "warning: a.json:1:86: the expression nests deeper than 64 levels; say it with fewer levels";
    assert_eq!(expanded(&movie, &[], &[told]), movie);
}

#[test]
fn a_key_is_neither_needed_nor_used() {
    let world = world();
    world.write("a.json", r#"{"scenes":[]}"#);
    world.j2v_with(&[("J2V_API_KEY", "")], "expand a.json --compact").exits(0).prints(&[r#"{"scenes":[]}"#]);
}

#[test]
fn every_movie_of_the_corpus_is_expanded() {
    let Some(files) = corpus() else {
        println!("skipped: there is no corpus beside the project");
        return;
    };
    let world = world();
    let mut arguments = vec!["expand".into(), "--compact".into()];
    arguments.extend(files.iter().map(|file| file.clone().into_os_string()));
    let run = world.run(&arguments).exits(0);
    assert_eq!(run.lines().len(), files.len());
}

/// The movies that others wrote; `None` where they are not available.
pub(crate) fn corpus() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/movies");
    let mut files: Vec<_> = fs::read_dir(folder).ok()?.map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    Some(files)
}
