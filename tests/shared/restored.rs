//! A ledger that is restored to an earlier state: whatever it has lost, nothing is paid for twice.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::cluster::{Cluster, Disk, program};
use crate::support::World;
use crate::together::start;

/// A batch with this many rows, and with this name.
fn rows(world: &World, file: &str, rows: usize) {
    let lines: Vec<String> = (0..rows).map(|nth| format!("key-{nth},town {nth}")).collect();
    world.write(file, format!("key,city\n{}\n", lines.join("\n")));
}

fn movie(world: &World) {
    world.write("a.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{city}}"}]}]}"#);
}

const FIRST: &str = "batch a.json --batch b --rows first.csv --key key --no-wait";

const ALL: &str = "batch a.json --batch b --rows all.csv --key key --no-wait";

/// Runs half of a batch, copies the ledger, runs the rest, restores the copy and runs all of it again: each row must be
/// accepted once. `machine` is the state folder of the last run.
fn is_paid_once(ledger: &str, machine: &str, copy: impl FnOnce(&World), put_back: impl FnOnce(&World)) {
    let world = World::new();
    movie(&world);
    rows(&world, "first.csv", 12);
    rows(&world, "all.csv", 30);
    let here = [("J2V_LEDGER", ledger)];
    world.j2v_with(&here, FIRST).exits(0);
    copy(&world);
    world.j2v_with(&here, ALL).exits(0);
    world.j2v_with(&here, "submit a.json --var city=x --key single").exits(0);
    assert_eq!(world.accepted(), 31);
    put_back(&world);
    let state = world.path(machine);
    let there = [("J2V_LEDGER", ledger), ("XDG_STATE_HOME", state.to_str().unwrap())];
    world.j2v_with(&there, "submit a.json --var city=x --key single").exits(0).tells("found");
    world.j2v_with(&there, ALL).exits(0);
    assert_eq!(world.accepted(), 31, "paid twice");
    world.j2v_with(&there, "submit a.json --var city=y --key another").exits(0);
    assert_eq!(world.accepted(), 32);
}

fn copy_files(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| format!("{}{suffix}", path.display());
        match fs::read(name(from)) {
            Ok(bytes) => {
                fs::write(name(to), bytes).unwrap();
                fs::set_permissions(name(to), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            }
            Err(_) => drop(fs::remove_file(name(to))),
        }
    }
    fs::remove_file(format!("{}-shm", to.display())).ok();
}

#[test]
fn a_file_that_is_put_back_pays_nothing_twice() {
    for machine in ["state", "another-machine"] {
        let copy = |world: &World| copy_files(&world.path("ledger.db"), &world.path("copy.db"));
        let put_back = |world: &World| copy_files(&world.path("copy.db"), &world.path("ledger.db"));
        is_paid_once("ledger.db", machine, copy, put_back);
    }
}

#[test]
fn a_copy_of_a_file_that_is_older_than_the_file_pays_nothing_twice() {
    let world = World::new();
    world.movie("a.json", &serde_json::json!({}));
    world.j2v("submit a.json --key a").exits(0);
    copy_files(&world.path("ledger.db"), &world.path("copy.db"));
    let paid = world.j2v("submit a.json --key b").exits(0).line().to_owned();
    world.j2v("submit a.json --key b --ledger copy.db").exits(0).prints(&[&paid]).tells("found");
    // A ledger that has lost nothing continues without another search.
    let looks = world.requests("GET /v2/movies");
    world.j2v("submit a.json --key c").exits(0);
    assert_eq!((world.accepted(), world.requests("GET /v2/movies")), (3, looks));
}

#[test]
fn a_list_that_cannot_be_read_stops_what_a_ledger_may_have_forgotten_and_nothing_else() {
    let world = World::with_faults(&["list-status=500"]);
    movie(&world);
    rows(&world, "first.csv", 2);
    rows(&world, "all.csv", 3);
    world.j2v(FIRST).exits(0).tells("could not check");
    copy_files(&world.path("ledger.db"), &world.path("copy.db"));
    world.j2v(ALL).exits(0);
    copy_files(&world.path("copy.db"), &world.path("ledger.db"));
    world.j2v(ALL).exits(12).tells("could not check whether it was sent before");
    assert_eq!(world.accepted(), 3);
}

/// The name of the database in a URL.
fn database(url: &str) -> &str {
    url.rsplit('/').next().unwrap()
}

fn dump(cluster: &Cluster, url: &str) -> Vec<u8> {
    let mut dump = program("pg_dump").unwrap();
    dump.args(["--inserts", "-n", "j2v", "-h", "127.0.0.1", "-U", "j2v", "-p", &cluster.port().to_string(), database(url)]);
    let dumped = dump.current_dir("/").output().unwrap();
    assert!(dumped.status.success(), "{}", String::from_utf8_lossy(&dumped.stderr));
    dumped.stdout
}

#[test]
fn a_dump_that_is_played_in_pays_nothing_twice() {
    let Some(cluster) = crate::cluster::shared() else { return };
    for machine in ["state", "another-machine"] {
        let url = cluster.database();
        let copy = |world: &World| world.write("dump.sql", dump(cluster, &url));
        let put_back = |world: &World| {
            cluster.psql(database(&url), "DROP SCHEMA j2v CASCADE");
            let sql = String::from_utf8(world.read("dump.sql")).unwrap();
            // The last lines are for psql alone.
            cluster.psql(database(&url), &sql.replace("\\restrict", "--").replace("\\unrestrict", "--"));
        };
        is_paid_once(&url, machine, copy, put_back);
    }
}

/// Copies the data of a stopped server.
fn copy_data(from: &Path, to: &Path) {
    fs::remove_dir_all(to).ok();
    let copied = Command::new("cp").arg("-a").args([from, to]).status().unwrap();
    assert!(copied.success());
}

#[test]
fn a_data_directory_that_is_put_back_pays_nothing_twice() {
    for machine in ["state", "another-machine"] {
        let Some(cluster) = Cluster::start(Disk::Fast, &[]) else { return };
        let (url, cluster) = (cluster.database(), std::cell::RefCell::new(cluster));
        let copy = |_: &World| cluster.borrow_mut().while_down(|data| copy_data(data, &data.with_extension("copy")));
        let put_back = |_: &World| cluster.borrow_mut().while_down(|data| copy_data(&data.with_extension("copy"), data));
        is_paid_once(&url, machine, copy, put_back);
    }
}

#[test]
fn a_data_directory_that_is_put_back_under_living_machines_pays_nothing_twice() {
    let Some(mut cluster) = Cluster::start(Disk::Fast, &[]) else { return };
    let (world, url) = (World::new(), cluster.database());
    movie(&world);
    rows(&world, "all.csv", 90);
    let line = format!("{ALL} --rate 15/s");
    let there = world.path("another-machine");
    let here = start(&world, &url, &line);
    let mut other = world.command(&line.split_whitespace().collect::<Vec<_>>());
    other.env("J2V_LEDGER", &url).env("XDG_STATE_HOME", &there);
    let other = crate::running::Running::of(other);
    crate::running::until("rows are accepted", || world.accepted() >= 15);
    cluster.while_down(|data| copy_data(data, &data.with_extension("copy")));
    let before = world.accepted();
    crate::running::until("more are accepted", || world.accepted() >= before + 15);
    cluster.while_down(|data| copy_data(&data.with_extension("copy"), data));
    // These runs may end in any way; the next runs finish the rest.
    drop((here.end(), other.end()));
    let is_through = |_: usize| world.j2v_with(&[("J2V_LEDGER", &url)], ALL).code == 0;
    assert!((0..30).any(is_through), "rows are left");
    let mut tokens = world.accepted_fields("token");
    tokens.sort();
    let twice: Vec<_> = tokens.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(twice.is_empty(), "paid twice: {twice:?}");
    assert_eq!(world.accepted(), 90);
}
