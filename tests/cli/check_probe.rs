//! `check --probe`: whether the files of a movie exist and have the required type.

use serde_json::json;

use crate::support::World;

/// Renders a movie of 2 s and returns its URL: an MP4 for other movies.
fn film(world: &World) -> String {
    world.movie("film.json", &json!({}));
    world.j2v("submit film.json --wait --no-ledger").exits(0).line().to_owned()
}

/// A movie with these elements, each on a line of its own from line 2 on.
fn movie(elements: &[String]) -> String {
    format!("{{\"resolution\": \"hd\", \"scenes\": [{{\"duration\": 1, \"elements\": [\n{}\n]}}]}}", elements.join(",\n"))
}

fn element(kind: &str, src: &str) -> String {
    json!({"type": kind, "src": src}).to_string()
}

#[test]
fn what_is_not_there_or_of_another_type_is_an_error_with_its_place() {
    let world = World::new();
    let film = film(&world);
    let missing = world.url().replace("/v2", "/files/nothing.mp4");
    world.write("m.json", movie(&[element("video", &film), element("video", &missing), element("image", &film)]));
    let errors = |line: &str| {
        let found = world.j2v(line).jsons();
        let errors = found.iter().filter(|one| one["severity"] == "error");
        errors.map(|one| format!("{} {} {}", one["code"].as_str().unwrap(), one["line"], one["stops"])).collect::<Vec<_>>()
    };
    assert_eq!(errors("check m.json --json"), [""; 0], "nobody is asked without the flag");
    assert_eq!(errors("check m.json --json --probe"), ["J2V113 3 false", "J2V114 4 false"]);
    let run = world.j2v("check m.json --probe").exits(3);
    assert!(run.stdout.contains("the server sends `video/mp4`, which is not an image"), "{}", run.stdout);
    let run = run.tells("looking at 2 files").tells(".mp4: video/mp4, ").tells("2 s\n");
    assert!(run.stdout.contains("the video can't be had: 127.0.0.1 answers with HTTP 404"), "{}", run.stdout);
    world.j2v("submit m.json").exits(0);
}

#[test]
fn a_file_is_asked_for_once_a_command_and_never_without_the_flag() {
    let world = World::new();
    let film = film(&world);
    let asked = || {
        let requests = world.oracle()["requests"].as_object().unwrap().clone();
        requests.iter().filter(|(kind, _)| kind.contains("/files")).map(|(_, count)| count.as_u64().unwrap()).sum::<u64>()
    };
    let line =
        |city: &str| json!({"resolution": "hd", "variables": {"city": city}, "scenes": [{"elements": [{"type": "video", "src": film}]}]});
    world.write("m.jsonl", format!("{}\n{}\n", line("Bonn"), line("Ulm")));
    world.write("n.json", movie(&[element("video", &film), element("video", &film)]));
    let before = asked();
    world.j2v("check m.jsonl n.json").exits(0);
    assert_eq!(asked(), before);
    world.j2v_with(&[("J2V_API_KEY", "")], "check m.jsonl n.json --probe").exits(0).tells("looking at 1 file\n");
    assert_eq!(asked(), before + 2, "a HEAD and a GET, and no key");
}

#[test]
fn a_start_after_the_end_of_the_file_is_found() {
    let world = World::new();
    let film = film(&world);
    world.write("m.json", movie(&[json!({"type": "video", "src": film, "seek": 3}).to_string()]));
    let run = world.j2v("check m.json --probe").exits(0);
    assert!(run.stdout.contains("J2V112") && run.stdout.contains("this starts at 3 s, and the file plays 2 s"), "{}", run.stdout);
}

#[test]
fn private_networks_are_asked_only_where_that_is_allowed() {
    let here = World::new();
    let film = film(&here);
    let away = World::at("https://api.json2video.com/v2");
    away.write("m.json", movie(&[element("video", &film)]));
    let run = away.j2v("check m.json --probe").exits(3);
    assert!(run.stdout.contains("J2V113") && run.stdout.contains("it is on a private network"), "{}", run.stdout);
    assert!(!away.j2v("check m.json --probe --allow-private").stdout.contains("J2V113"));
    away.j2v("check m.json --allow-private").exits(2);
    away.write("m.json", movie(&[element("image", "front.jpg")]));
    assert!(!away.j2v("check m.json --probe").stdout.contains("J2V113"), "J2V065 says it");
}

#[test]
fn a_comment_and_a_project_allow_a_file_that_only_the_service_reaches() {
    let world = World::new();
    let missing = world.url().replace("/v2", "/files/nothing.mp4");
    let element = element("video", &missing);
    world.write("m.json", movie(&[format!("// j2v-allow file-unreachable\n{element}")]));
    world.j2v("check m.json --probe").exits(0);
    assert!(!world.j2v("check m.json").exits(0).stdout.contains("J2V017"), "without a look nobody knows whether it is needed");
    world.write("m.json", movie(&[element]));
    world.write("j2v.toml", "allow = [\"J2V113\"]");
    world.j2v("check m.json --probe").exits(0);
}
