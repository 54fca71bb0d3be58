//! A command that only looks creates no ledger: a mistyped `--ledger` would otherwise become an empty one.

use serde_json::json;

use crate::support::World;

#[test]
fn a_command_that_only_looks_creates_no_ledger() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let elsewhere = |line: &str| world.j2v(&format!("{line} --ledger other.db"));
    let id = world.j2v("submit a.json").exits(0).line().to_owned();
    let lines = [
        "list".to_owned(),
        "poll".to_owned(),
        format!("poll {id}"),
        format!("show {id}"),
        format!("download {id} -o film.mp4"),
        "reconcile".to_owned(),
        "webhook replay".to_owned(),
        format!("delete {id} --yes"),
    ];
    for line in &lines {
        elsewhere(line).exits(0);
        assert!(!world.has("other.db"), "{line}");
    }
    for (line, code) in [("settle nobody", 6), ("show nobody", 6), ("explain EMU0000000000000", 6), ("webhook replay nobody", 2)] {
        elsewhere(line).exits(code);
        assert!(!world.has("other.db"), "{line}");
    }
    elsewhere("submit a.json").exits(0);
    assert!(world.has("other.db"));
}
