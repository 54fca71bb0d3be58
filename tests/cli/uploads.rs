//! `--upload`: a local file works as it is, and each content is uploaded once.

use std::fs;

use serde_json::{Value, json};

use crate::support::World;

/// A movie with one picture.
fn movie(src: &str) -> String {
    json!({"resolution": "sd", "scenes": [{"duration": 1, "elements": [{"type": "image", "src": src}]}]}).to_string()
}

fn uploads(world: &World) -> u64 {
    world.requests("PUT /upload")
}

/// The last movie that was sent.
fn sent(world: &World) -> String {
    let project = world.accepted_fields("project").pop().unwrap();
    let status: Value = serde_json::from_slice(&world.ask("GET", &format!("/v2/movies?project={project}"), "")).unwrap();
    status["movie"]["json"].as_str().unwrap().to_owned()
}

#[test]
fn a_local_file_is_uploaded_once_and_its_url_is_sent() {
    let world = World::new();
    fs::create_dir_all(world.path("films/pics")).unwrap();
    world.write("films/pics/hall.jpg", b"\xff\xd8\xff\xe0 hall");
    world.write("films/copy.jpg", b"\xff\xd8\xff\xe0 hall");
    world.write("films/a.json", movie("./pics/hall.jpg"));
    world.write("films/b.json", movie("copy.jpg"));
    world.j2v("submit films/a.json").exits(3).tells("J2V065").tells("--upload");
    world.j2v("submit films/a.json films/b.json --upload --wait").exits(0);
    assert_eq!((uploads(&world), world.accepted()), (1, 2), "the same content is one file");
    let sent = sent(&world);
    assert!(sent.contains("/emulator/files/j2v/") && sent.contains(".jpg") && !sent.contains("hall"), "{sent}");
    world.j2v("submit films/a.json --upload --upload-to other/place --wait").exits(0);
    assert_eq!(uploads(&world), 2);
    assert_eq!(world.oracle()["keys"]["misplaced"], Value::Null);
    let built = world.j2v("build films/a.json --upload --compact").exits(0);
    assert!(built.line().contains("/emulator/files/j2v/"), "{built:?}");
    assert_eq!(uploads(&world), 2);
}

#[test]
fn a_file_that_is_not_there_is_named_with_its_place_and_nothing_is_sent() {
    let world = World::new();
    world.write(
        "a.json",
        "{\"resolution\": \"sd\", \"scenes\": [{\"duration\": 1, \"elements\": [\n  {\"type\": \"image\", \"src\": \"gone.png\"}]}]}",
    );
    world.j2v("submit a.json --upload").exits(3).tells("a.json:2:28: gone.png: there is no such file");
    world.j2v("check a.json --upload").exits(3).tells("a.json:2:28: gone.png: there is no such file");
    assert_eq!((uploads(&world), world.posts()), (0, 0));
}

#[test]
fn a_file_that_is_not_there_hides_no_other_finding() {
    let world = World::new();
    world.write(
        "a.json",
        r#"{"resolution": "sd", "quality": "best", "scenes": [{"duration": 1, "elements": [
            {"type": "image", "src": "gone.png"}, {"type": "image", "src": "lost.png"}]}]}"#,
    );
    let run =
        world.j2v("check a.json --upload --json").exits(3).tells("gone.png: there is no such file").tells("lost.png: there is no such");
    let found: Vec<(String, u64)> =
        run.jsons().iter().map(|line| (line["pointer"].as_str().unwrap().to_owned(), line["line"].as_u64().unwrap())).collect();
    for (pointer, line) in [("/quality", 1), ("/scenes/0/elements/0/src", 2), ("/scenes/0/elements/1/src", 2)] {
        assert!(found.contains(&(pointer.to_owned(), line)), "{pointer}: {found:?}");
    }
    let sarif: Value = serde_json::from_str(&world.j2v("check a.json --upload --format sarif").exits(0).stdout).unwrap();
    assert!(sarif["runs"][0]["results"].as_array().unwrap().len() >= 3, "{sarif}");
    world.j2v("submit a.json --upload").exits(3).tells("gone.png").tells("lost.png").hides("nothing was sent; nothing was sent");
    assert_eq!((uploads(&world), world.posts()), (0, 0));
}

#[test]
fn nothing_goes_up_for_a_movie_that_is_not_sent() {
    let world = World::new();
    world.write("pic.png", b"\x89PNG\r\n\x1a\n pic");
    world.write("a.json", r#"{"resolution":"sd","scenes":[{"elements":[{"type":"image","src":"pic.png"},{"type":"video"}]}]}"#);
    world.j2v("submit a.json --upload").exits(3).tells("J2V064").hides("J2V065");
    world.write("b.json", movie("pic.png"));
    let run = world.j2v("submit b.json --upload --dry-run").exits(0);
    assert!(run.stdout.contains("not-yet-uploaded/j2v/"), "{run:?}");
    world.j2v("check b.json --upload").exits(0);
    assert_eq!((uploads(&world), world.posts()), (0, 0));
}

#[test]
fn variables_that_name_a_file_are_uploaded_too() {
    let world = World::new();
    fs::create_dir(world.path("vars")).unwrap();
    world.write("vars/pic.png", b"\x89PNG\r\n\x1a\n pic");
    world.write("vars/v.yaml", "photo: pic.png\ntitle: pic.png\n");
    world.write("a.json", movie("{{photo}}"));
    world.j2v("submit a.json --vars vars/v.yaml --upload --wait").exits(0);
    let sent = sent(&world);
    assert!(sent.contains(r#""title":"pic.png""#) && sent.contains("/emulator/files/j2v/"), "{sent}");
}

#[test]
fn what_no_render_and_no_template_needs_is_pruned() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.write(&format!("{name}.png"), format!("\u{89}PNG {name}"));
        world.write(&format!("{name}.json"), movie(&format!("{name}.png")));
    }
    world.write(
        "c.json",
        movie("c.png").replace("\"resolution\"", "\"client-data\":{\"emulator\":{\"render-time\":\"1h\"}},\"resolution\""),
    );
    world.j2v("submit a.json b.json --upload --wait").exits(0);
    world.j2v("submit c.json --upload").exits(0);
    let b = world.j2v("build b.json --upload --compact").exits(0).stdout;
    world.write("template.json", b.trim());
    world.j2v("templates push template.json").exits(0);
    let run = world.j2v("media prune --dry-run").exits(0).tells("would be deleted, 2 still used");
    let path = run.line().to_owned();
    assert_eq!(world.j2v("media list j2v --json").exits(0).jsons().len(), 3);
    world.j2v("media prune").exits(0).prints(&[&path]);
    assert_eq!(world.j2v("media list j2v --json").exits(0).jsons().len(), 2);
}

#[test]
fn a_batch_uploads_each_content_once_also_from_two_processes_and_not_again() {
    let world = World::new();
    fs::create_dir_all(world.path("table/pics")).unwrap();
    for n in 0..40 {
        world.write(&format!("table/pics/{n}.png"), format!("\u{89}PNG {n}"));
    }
    world.write("logo.png", "\u{89}PNG logo");
    let rows: String = (0..200).map(|n| format!("{n},pics/{}.png\n", n % 40)).collect();
    world.write("table/rows.csv", format!("id,photo\n{rows}"));
    let movie = json!({
        "resolution": "sd",
        "elements": [{"type": "image", "src": "logo.png", "duration": 1}],
        "scenes": [{"duration": 1, "elements": [{"type": "image", "src": "{{photo}}"}]}],
    });
    world.write("m.json", movie.to_string());
    let line = "batch m.json --rows table/rows.csv --key id --upload --no-wait";
    let other = world.start(line);
    world.j2v(line).exits(0);
    crate::support::Run::of(other).exits(0);
    assert_eq!((uploads(&world), world.accepted()), (41, 200));
    world.j2v(line).exits(0);
    assert_eq!((uploads(&world), world.accepted()), (41, 200), "a second run sends nothing");
    world.write("table/rows.csv", "id,photo\n1,pics/none.png\n");
    world.j2v("batch m.json --rows table/rows.csv --key id --upload --batch other").exits(3).tells("pics/none.png: there is no such file");
}
