//! A ledger of an earlier `j2v`, with renders in every state, in a file and on a server: it is opened, migrated and led on.

use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::cluster::shared;
use crate::support::World;

/// The ledger in a file, as SQL.
const IN_A_FILE: &str = include_str!("../fixtures/ledger-5.sql");

/// The same on a server.
const ON_A_SERVER: &str = include_str!("../fixtures/ledger-5-postgres.sql");

/// Its renders: batch, key, state, once a command has looked at the service's list. What was on its way belongs to a process
/// that is gone, and is lost since now; the quarantine of what was lost then is over.
const RENDERS: [(&str, &str, &str); 16] = [
    ("", "abandoned", "abandoned"),
    ("", "again", "done"),
    ("", "again", "done"),
    ("", "bound", "bound"),
    ("", "deleted", "deleted"),
    ("", "done", "done"),
    ("", "error", "error"),
    ("", "expired", "expired"),
    ("", "held", "held"),
    ("", "rejected", "rejected"),
    ("", "sending", "unknown"),
    ("", "timeout", "timeout"),
    ("", "unknown", "held"),
    ("flats", "1", "done"),
    ("flats", "2", "done"),
    ("flats", "3", "intent"),
];

/// When the fixtures were made, in milliseconds since 1970.
const MADE: i64 = 1_795_859_350_000;

/// Makes a ledger an hour old, whenever the test runs.
fn an_hour_old(table: &str) -> String {
    let now = j2v::world::World::real().now().0;
    let times = ["created_at", "touched_at", "posted_at", "gave_up_at", "searched_at", "bound_at", "read_at"];
    let later: Vec<String> = times.iter().map(|time| format!("{time} = {time} + {}", now - 3_600_000 - MADE)).collect();
    format!("UPDATE {table} SET {};", later.join(", "))
}

/// The movie of a key, as it was submitted then; `faults` is its `client-data.emulator`.
fn movie(world: &World, key: &str, faults: &str) {
    let elements = format!(r#"[{{"type":"text","text":"{key}"}}]"#);
    world.write(
        &format!("{key}.json"),
        format!(r#"{{"client-data":{{"emulator":{faults}}},"scenes":[{{"duration":2,"elements":{elements}}}]}}"#),
    );
}

fn is_led_on(world: &World, ledger: &str) {
    let j2v = |line: &str| world.j2v_with(&[("J2V_LEDGER", ledger)], line);
    movie(world, "bound", r#"{"render-time":"1h"}"#);
    movie(world, "error", r#"{"fault":["error=Scene 1: no"]}"#);
    movie(world, "held", r#"{"fault":["post-reset-before"]}"#);
    movie(world, "rejected", r#"{"fault":["post-refuse=No, not this"]}"#);
    movie(world, "new", "{}");
    world.write("t.json", r#"{"scenes":[{"duration":1,"elements":[{"type":"text","text":"{{city}}"}]}]}"#);
    world.write("rows.csv", "id,city\n1,Berlin\n2,Rome\n3,Oslo\n");

    // What was accepted, or may have been, is not sent again.
    j2v("submit bound.json --key bound").exits(0).tells("attached");
    j2v("submit error.json --key error").exits(9).tells("Scene 1: no");
    j2v("submit held.json --key held --settle-for 0s").exits(8).tells("nothing was sent");
    assert_eq!(world.posts(), 0);
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let mut renders: Vec<_> =
        j2v("history --json").exits(0).jsons().iter().map(|row| (text(row, "batch"), text(row, "key"), text(row, "state"))).collect();
    renders.retain(|(_, key, _)| !key.starts_with("r-"));
    renders.sort();
    let renders: Vec<_> = renders.iter().map(|(batch, key, state)| (batch.as_str(), key.as_str(), state.as_str())).collect();
    assert_eq!(renders, RENDERS);

    // What was not is sent, once, and what is new gets a number of its own.
    j2v("submit rejected.json --key rejected").exits(6).tells("No, not this");
    j2v("batch t.json --rows rows.csv --key id --batch flats --max-renders 3 --no-wait");
    j2v("submit new.json --key new --wait").exits(0);
    assert_eq!((world.posts(), world.accepted()), (3, 2));
}

#[test]
fn a_ledger_file_of_an_earlier_version_is_led_on() {
    let world = World::new();
    let path = world.path("ledger.db");
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(&(IN_A_FILE.replace("ENDPOINT", world.url()) + &an_hour_old("render")))
        .unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    is_led_on(&world, path.to_str().unwrap());
    world.j2v("ledger check").exits(0).tells("sound");
}

#[test]
fn a_server_s_ledger_of_an_earlier_version_is_led_on() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    cluster.psql(url.rsplit('/').next().unwrap(), &(ON_A_SERVER.replace("ENDPOINT", world.url()) + &an_hour_old("j2v.render")));
    is_led_on(&world, &url);
    // The tests' server is a fast one: nothing else is wrong.
    world.j2v_with(&[("J2V_LEDGER", &url)], "ledger check").exits(1).tells("fsync = off").tells("has 1 fault;");
}
