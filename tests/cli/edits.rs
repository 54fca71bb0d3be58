//! Rows of a batch that were edited, rendered again and edited back: which of a key's renders is the row's.

use crate::support::World;

const BATCH: &str = "batch m.json --rows t.csv --key id --batch g --download v/";

/// A movie with one text, for the rows 1 and 2.
fn world() -> World {
    let world = World::new();
    movie(&world, 2);
    row(&world, "b");
    world
}

fn movie(world: &World, seconds: u32) {
    let scene = format!(r#"{{"duration":{seconds},"elements":[{{"type":"text","text":"{{{{t}}}}"}}]}}"#);
    world.write("m.json", format!(r#"{{"resolution":"sd","scenes":[{scene}]}}"#));
}

/// The table, with this text in row 2.
fn row(world: &World, text: &str) {
    world.write("t.csv", format!("id,t\n1,a\n2,{text}\n"));
}

fn project(world: &World, name: &str) -> String {
    world.run(&["show", name, "--json"]).exits(0).json()["project"].as_str().unwrap().to_owned()
}

#[test]
fn a_row_whose_edit_was_taken_back_keeps_that_video_when_the_movie_changes() {
    let world = world();
    world.j2v(BATCH).exits(0).prints(&["v/1.mp4", "v/2.mp4"]);
    let first = project(&world, "g/2");
    row(&world, "bb");
    world.j2v(&format!("{BATCH} --update")).exits(0).prints(&["v/1.mp4", "v/2-2.mp4"]);
    let second = project(&world, "g/2");
    row(&world, "b");
    world.j2v(&format!("{BATCH} --update")).exits(0).prints(&["v/1.mp4", "v/2.mp4"]);
    assert_eq!((project(&world, "g/2"), project(&world, "g/2#2")), (first.clone(), second.clone()));
    world.j2v("download g/2 -o out/ --name {key}").exits(0);
    assert_eq!(world.read("out/2.mp4"), world.read("v/2.mp4"));
    movie(&world, 3);
    for _ in 0..2 {
        world.j2v(&format!("{BATCH} --keep")).exits(0).prints(&["v/1.mp4", "v/2.mp4"]);
    }
    // The edit is made once more: its video is there, and counts again.
    movie(&world, 2);
    row(&world, "bb");
    world.j2v(BATCH).exits(0).prints(&["v/1.mp4", "v/2-2.mp4"]);
    assert_eq!(project(&world, "g/2"), second);
    movie(&world, 3);
    world.j2v(&format!("{BATCH} --keep")).exits(0).prints(&["v/1.mp4", "v/2-2.mp4"]);
    assert_eq!(world.accepted(), 3);
    world.j2v(&format!("{BATCH} --update")).exits(0).prints(&["v/1-2.mp4", "v/2-3.mp4"]);
}

#[test]
fn an_edit_that_replaced_the_video_and_was_taken_back_names_the_run_that_repairs_the_folder() {
    let world = world();
    world.j2v(BATCH).exits(0);
    let first = world.read("v/2.mp4");
    row(&world, "bb");
    world.j2v(&format!("{BATCH} --update --replace")).exits(0).prints(&["v/1.mp4", "v/2.mp4"]);
    let second = world.read("v/2.mp4");
    assert_ne!(first, second);
    row(&world, "b");
    let repair = format!("j2v {BATCH} --replace");
    for rule in [" --update", ""] {
        let run = world.j2v(&format!("{BATCH}{rule}")).exits(12).prints(&["v/1.mp4", ""]);
        let run = run.tells("v/2.mp4 already exists: it is the video of g/2#2, another render of this key");
        assert_eq!((run.next(), world.read("v/2.mp4") == second), (vec![repair.as_str()], true), "{run:?}");
    }
    world.j2v(repair.strip_prefix("j2v ").unwrap()).exits(0).prints(&["v/1.mp4", "v/2.mp4"]);
    assert_eq!((world.read("v/2.mp4"), world.read("v/old/2-2.mp4")), (first, second));
    world.j2v(BATCH).exits(0).prints(&["v/1.mp4", "v/2.mp4"]).hides("next:");
    assert_eq!(world.accepted(), 3);
}

#[test]
fn a_place_for_one_video_is_refused_without_a_number_that_nobody_gave() {
    let run = world().j2v("batch m.json --rows t.csv --key id --download film.mp4").exits(2);
    run.tells("film.mp4 is one file, but a batch has a video for each row: name a folder").hides("18446744073709551615");
}

#[test]
fn with_nothing_to_send_no_cost_is_told() {
    let world = world();
    world.j2v(BATCH).exits(0);
    world.j2v(&format!("{BATCH} --dry-run")).exits(0).tells("2 rows: 0 to send; 4 s of video").hides("credits");
}

#[test]
fn a_dry_run_names_the_rows_that_failed() {
    let world = World::with_faults(&["error=Scene #1: too dark"]);
    movie(&world, 2);
    row(&world, "b");
    world.j2v(BATCH).exits(9);
    world.j2v(&format!("{BATCH} --dry-run")).exits(0).tells("0 to send, 2 failed");
    world.j2v(&format!("{BATCH} --retry-failed --dry-run")).exits(0).tells("2 to send");
}

#[test]
fn a_row_that_is_found_again_is_named_with_its_batch() {
    let world = World::with_faults(&["post-hang*1"]);
    movie(&world, 2);
    row(&world, "b");
    world.crash("batch m.json --rows t.csv --key id --batch g --concurrency 1");
    world.movie("a.json", &serde_json::json!({}));
    world.j2v("submit a.json --key l").exits(0).tells("found again: key g/1 is project ");
}
