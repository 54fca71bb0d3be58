//! The sources of a movie: YAML, JSON Lines, a folder, parts in separate files, the environment.

use std::fs;

use serde_json::json;

use crate::support::World;

const YAML: &str = "\
# a listing
resolution: sd
variables: {city: Köln}
scenes:
  - duration: 2
    elements:
      - {type: text, text: '{{city}}'}
";

#[test]
fn a_movie_in_yaml_is_sent_as_json() {
    let world = World::new();
    world.write("a.yaml", YAML);
    let sent =
        r#"{"resolution":"sd","variables":{"city":"Köln"},"scenes":[{"duration":2,"elements":[{"type":"text","text":"{{city}}"}]}]}"#;
    world.j2v("build a.yaml --compact").exits(0).prints(&[sent]);
    world.pipe(&["build", "-", "--compact"], YAML).exits(0).prints(&[sent]);
    world.j2v("submit a.yaml --wait").exits(0);
    let project = world.accepted_fields("project").remove(0);
    let status: serde_json::Value = serde_json::from_slice(&world.ask("GET", &format!("/v2/movies?project={project}"), "")).unwrap();
    assert!(status["movie"]["json"].as_str().unwrap().contains(r#""variables":{"city":"Köln"}"#), "{status}");
}

#[test]
fn findings_point_into_the_yaml() {
    let world = World::new();
    world.write("a.yml", "resolution: sd\nscenes:\n  - duration: 2\n    elements:\n      - type: image\n        duration: 1\n");
    let run = world.j2v("check a.yml --json").exits(3);
    let finding = run.jsons().into_iter().find(|finding| finding["severity"] == "error").unwrap();
    assert_eq!((&finding["file"], &finding["line"], &finding["column"]), (&json!("a.yml"), &json!(5), &json!(15)), "{finding}");
    let run = world.j2v("check a.yml").exits(3);
    assert!(run.stdout.contains("a.yml:5:15"), "{run:?}");
    world.write("b.yaml", "scenes:\n\t- duration: 2\n");
    world.j2v("build b.yaml").exits(3).tells("error: b.yaml:2:").tells("indent with spaces");
    world.write("c.yaml", "- a\n");
    world.j2v("build c.yaml").exits(3).tells("c.yaml:1:1: a movie is an object, this is an array");
}

#[test]
fn fragments_may_be_yaml_and_elements_go_to_the_end_of_the_movies_own() {
    let world = World::new();
    world.write("a.json", r#"{"scenes":[],"elements":[{"type":"audio"}]}"#);
    world.write("logo.yaml", "type: image\nsrc: https://example.com/logo.png\n");
    world.write("more.json", r#"[{"type":"text"},{"type":"html"}]"#);
    world.write("scene.yml", "- duration: 1.50\n");
    let run = world.j2v("build a.json --compact --element logo.yaml --element more.json --scene scene.yml").exits(0);
    run.prints(&[
        r#"{"scenes":[{"duration":1.50}],"elements":[{"type":"audio"},{"type":"image","src":"https://example.com/logo.png"},{"type":"text"},{"type":"html"}]}"#,
    ]);
    world.write("whole.json", r#"{"elements":[]}"#);
    world.j2v("build a.json --element whole.json").exits(3).tells("whole.json:1:1: this is a movie or a scene, not an element");
    world.write("bad.json", r#"{"elements":5}"#);
    world.j2v("build bad.json --element more.json").exits(3).tells("--element").tells("bad.json:1:13");
}

#[test]
fn stdin_may_hold_a_movie_a_line() {
    let world = World::new();
    let line = |text: &str| format!(r#"{{"resolution":"sd","scenes":[{{"duration":1,"elements":[{{"type":"text","text":"{text}"}}]}}]}}"#);
    let lines = format!("{}\n\n{}\n", line("a"), line("b"));
    let run = world.pipe(&["submit", "-", "--wait", "--json"], &lines).exits(0);
    let mut sources: Vec<_> = run.jsons().iter().map(|line| line["source"].clone()).collect();
    sources.sort_by_key(ToString::to_string);
    assert_eq!(sources, [json!("-:1"), json!("-:3")]);
    assert_eq!(world.accepted(), 2);
    let broken = format!("{}\n{{\"scenes\": [}}\n", line("a"));
    world.pipe(&["check", "-"], &broken).exits(3).hides("1 movie:");
    let run = world.pipe(&["build", "-", "--compact"], &broken).exits(12);
    assert_eq!(run.lines(), [line("a")]);
    run.tells("error: -:2:13: ");
    // One document over several lines is one movie.
    world.pipe(&["build", "-", "--compact"], "{\n\"scenes\": []\n}\n").exits(0).prints(&[r#"{"scenes":[]}"#]);
    world.pipe(&["batch", "-", "--rows", "t.csv", "--key", "id", "--batch", "b"], &lines).exits(2).tells("takes one movie; 2 were given");
}

#[test]
fn the_movies_of_a_folder_have_their_names_for_keys_and_are_paid_once() {
    let world = World::new();
    fs::create_dir_all(world.path("movies/.hidden")).unwrap();
    world.write("movies/b.yaml", YAML);
    world.movie("movies/a.json", &json!({}));
    world.write("movies/notes.txt", "not a movie");
    world.write("movies/.hidden/c.json", "{");
    let run = world.j2v("submit movies --wait --json").exits(0);
    let mut keys: Vec<_> = run.jsons().iter().map(|line| line["key"].clone()).collect();
    keys.sort_by_key(ToString::to_string);
    assert_eq!(keys, [json!("a"), json!("b")]);
    world.j2v("submit movies --wait").exits(0);
    assert_eq!(world.accepted(), 2, "a second run pays nothing");
    world.j2v("submit movies --again --wait").exits(0);
    assert_eq!(world.accepted(), 4);
    world.write("movies/a.yml", YAML);
    world.j2v("submit movies").exits(2).tells("movies/a.json and movies/a.yml would both have the key a; nothing was sent");
    fs::create_dir(world.path("empty")).unwrap();
    world.j2v("submit empty").exits(2).tells("empty: there is no movie in this folder");
}

#[test]
fn a_variable_without_a_value_takes_the_environments() {
    let world = World::new();
    world.write("a.json", "{}");
    let run = world.j2v_with(&[("CITY", "Köln=1"), ("NONE", "")], "build a.json --compact --var CITY --var NONE").exits(0);
    run.prints(&[r#"{"variables":{"CITY":"Köln=1","NONE":""}}"#]);
    world.j2v("build a.json --var CITY").exits(2).tells("--var: the environment variable `CITY` is not set").tells("`CITY=TEXT`");
}
