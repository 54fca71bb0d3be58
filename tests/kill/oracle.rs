//! The conditions at the end, whatever was killed: at most one accepted POST per key, every accepted project in the ledger,
//! no output lost, a sound ledger. (Every world checks at its end that no file holds the API key.)

use std::collections::BTreeMap;
use std::fs;

use j2v::render::token::Token;
use rusqlite::{Connection, OpenFlags};

use crate::support::World;

/// The accepted projects of each token's key and generation: the renders that were paid for.
pub(crate) fn paid(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut paid: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in world.oracle()["accepted"].as_array().unwrap() {
        let token = Token::parse(entry["token"].as_str().unwrap()).unwrap();
        let name = format!("{}#{}", token.spelled_key(), token.generation());
        paid.entry(name).or_default().push(entry["project"].as_str().unwrap().to_owned());
    }
    paid
}

/// Whether the first render of a key was paid for.
pub(crate) fn is_paid(world: &World, key: &str) -> bool {
    paid(world).contains_key(&format!("{key}#1"))
}

/// Checks that each of these keys was paid for once, that the ledger names its project, and that its video exists.
#[track_caller]
pub(crate) fn all_is_well(world: &World, keys: &[String], told: &str) {
    let (paid, known) = (paid(world), known(world));
    for key in keys {
        let projects = paid.get(&format!("{key}#1")).cloned().unwrap_or_default();
        assert_eq!(projects.len(), 1, "{told}: {key} was paid for as {projects:?}");
        assert_eq!(known.get(key), Some(&projects[0]), "{told}: {key} in the ledger");
        let (saved, sent) = (world.read(&format!("out/{key}.mp4")), world.ask("GET", &format!("/files/{}.mp4", projects[0]), ""));
        assert!(saved == sent, "{told}: the video of {key} has {} bytes of {}", saved.len(), sent.len());
    }
    assert_eq!((paid.len(), known.len()), (keys.len(), keys.len()), "{told}: {paid:?} {known:?}");
    nothing_is_left_over(world, keys.len(), told);
    is_sound(world, told);
}

/// The project of each key in the ledger.
fn known(world: &World) -> BTreeMap<String, String> {
    let rows = world.j2v("history --json").exits(0).jsons();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(row, "key"), text(row, "project"))).collect()
}

/// Checks that only the videos are in their folder, and only the ledger's own files beside it.
#[track_caller]
fn nothing_is_left_over(world: &World, videos: usize, told: &str) {
    let names = |folder: &str| fs::read_dir(world.path(folder)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let out: Vec<String> = names("out").filter(|name| !name.starts_with('k') || name.contains(".partial")).collect();
    assert!(out.is_empty() && names("out").count() == videos, "{told}: {out:?}");
    let odd: Vec<String> = names("").filter(|name| name.starts_with("ledger.db.new")).collect();
    assert!(odd.is_empty(), "{told}: {odd:?}");
}

/// Checks that the ledger is intact.
#[track_caller]
pub(crate) fn is_sound(world: &World, told: &str) {
    let ledger = Connection::open_with_flags(world.path("ledger.db"), OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let verdict: String = ledger.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok", "{told}");
}
