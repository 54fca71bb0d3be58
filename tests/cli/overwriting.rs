//! What `--out` and `--storyboard` may replace: j2v's own earlier page, never an input or another's file.

use serde_json::json;

use crate::support::World;

/// A movie.
fn world() -> World {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world
}

#[test]
fn a_preview_replaces_its_own_page_and_nothing_else() {
    let world = world();
    let preview = |flags: &str| world.j2v(&format!("preview a.json --offline {flags}"));
    for flag in ["--out", "--storyboard"] {
        world.write("notes.html", "<!doctype html>\n<html lang=\"en\">\nmine");
        let movie = world.read("a.json");
        preview(&format!("{flag} a.json")).exits(2).tells(&format!("{flag} a.json")).tells("choose another name");
        assert_eq!(world.read("a.json"), movie);
        preview(&format!("{flag} notes.html")).exits(2).tells(&format!("{flag} notes.html")).tells("choose another name");
        assert!(world.read("notes.html").ends_with(b"mine"));
        preview(&format!("{flag} page.html")).exits(0);
        let page = world.read("page.html");
        preview(&format!("{flag} page.html")).exits(0);
        assert_eq!(world.read("page.html"), page);
    }
    world.write("empty.html", "");
    preview("--out empty.html").exits(0);
    preview("--out fresh.html --storyboard notes.html").exits(2);
    assert!(!world.has("fresh.html"), "nothing is written where one of both is refused");
    preview("--out gone/page.html").exits(2).tells("gone/page.html");
}
