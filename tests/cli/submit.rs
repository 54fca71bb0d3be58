//! `j2v submit`: the request, the output, the saved files.

use serde_json::{Value, json};

use crate::support::World;

#[test]
fn it_prints_the_project_id_and_nothing_else() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json").exits(0);
    assert!(run.line().starts_with("EMU"), "{run:?}");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn it_ends_with_the_command_that_follows_the_render() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json").exits(0);
    assert_eq!(run.next(), [format!("j2v poll {}", run.line())]);
    let ledger = world.path("other.db");
    let run = world.j2v(&format!("submit a.json --ledger {}", ledger.display())).exits(0);
    assert_eq!(run.next(), [format!("j2v poll {} --ledger {}", run.line(), ledger.display())]);
}

#[test]
fn a_movie_comes_from_stdin_too() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let movie = String::from_utf8(world.read("a.json")).unwrap();
    world.pipe(&["submit", "-", "--client-data", "from=stdin"], &movie).exits(0);
    let sent = world.j2v("list --json").json();
    assert_eq!(sent["client-data"]["from"], "stdin");
}

#[test]
fn several_movies_are_submitted_in_one_command_even_twice_the_same() {
    let world = World::new();
    for name in ["a.json", "b.json"] {
        world.movie(name, &json!({}));
    }
    let run = world.j2v("submit a.json b.json a.json").exits(0);
    let mut printed = run.lines();
    printed.sort_unstable();
    let mut accepted = world.accepted_fields("project");
    accepted.sort_unstable();
    assert_eq!(printed, accepted);
    assert_eq!(accepted.len(), 3);
}

#[test]
fn the_service_gets_the_bytes_that_were_written_and_the_token_after_them() {
    let world = World::new();
    world.write("a.json", r#"{ "scenes": [{"duration": 1.50, "n": 12345678901234567890123}], "client-data": {"b": 1e3, "a": 2} }"#);
    world.j2v("submit a.json --key K").exits(0);
    let shown = world.j2v("show K --json").json();
    let token = shown["token"].as_str().unwrap();
    let page: Value = serde_json::from_slice(&world.ask("GET", "/v2/movies?limit=1", "")).unwrap();
    let sent = format!(r#"{{"scenes":[{{"duration":1.50,"n":12345678901234567890123}}],"client-data":{{"b":1e3,"a":2,"j2v":"{token}"}}}}"#);
    assert_eq!(page["movies"][0]["json"], sent);
}

#[test]
fn with_wait_it_prints_the_url_of_the_video() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --wait").exits(0);
    let project = &world.accepted_fields("project")[0];
    assert_eq!(run.line(), format!("{}/files/{project}.mp4", world.url().trim_end_matches("/v2")));
}

#[test]
fn with_download_it_waits_and_prints_the_path_of_the_video() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --download videos/").exits(0);
    assert_eq!(run.line(), format!("videos/{}.mp4", world.accepted_fields("project")[0]));
    let video = world.read(run.line());
    assert_eq!(&video[4..8], b"ftyp");
}

#[test]
fn several_videos_go_into_a_folder_and_never_into_one_file() {
    let world = World::new();
    for name in ["a.json", "b.json"] {
        world.movie(name, &json!({}));
    }
    world.j2v("submit a.json b.json --download film.mp4").exits(2).tells("name a folder");
    assert_eq!(world.posts(), 0);
    let run = world.j2v("submit a.json b.json --download .").exits(0);
    assert!(run.lines().iter().all(|path| world.has(path)), "{run:?}");
}

#[test]
fn a_place_that_can_hold_no_video_is_found_before_anything_is_paid() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.write("file", "");
    for place in ["file/inside/", "file/film.mp4", "nowhere/film.mp4"] {
        world.run(&["submit", "a.json", "--download", place]).exits(2).tells(place).tells("nothing was sent");
    }
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_movie_that_is_busy_for_a_moment_is_sent_again_and_paid_once() {
    let world = World::with_faults(&["post-429=0*2"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json").exits(0).tells("429").tells("nothing was accepted; trying again");
    assert_eq!((world.posts(), world.accepted()), (3, 1));
}
