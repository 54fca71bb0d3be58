//! `j2v submit`: what it prints, how it exits, what it leaves in the ledger.

use serde_json::json;

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
fn with_wait_and_download_it_prints_the_path_of_the_video() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --wait --download videos/").exits(0);
    let video = world.read(run.line());
    assert_eq!(&video[4..8], b"ftyp");
}
