//! `faults.md#ledger-and-process` without the kills: a ledger that is locked, full, newer, damaged, restored, exposed, moved or missing. A movie is
//! not sent when it can't be recorded, and an acceptance that can't be recorded is reported.

use std::fs;
use std::path::Path;
use std::process::{self, Stdio};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use crate::running::{Running, abreast, until};
use crate::support::{Run, World};

fn world(emulator: &serde_json::Value) -> World {
    let world = World::new();
    world.movie("a.json", emulator);
    world
}

/// The ledger as another program opens it.
fn ledger(world: &World) -> Connection {
    Connection::open(world.path("ledger.db")).unwrap()
}

/// The ledger, locked for writing by the test process.
fn locked(world: &World) -> Connection {
    let ledger = ledger(world);
    ledger.busy_timeout(Duration::from_secs(20)).unwrap();
    ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
    ledger
}

fn move_away(world: &World) {
    for ending in ["", "-wal", "-shm"] {
        fs::rename(world.path(&format!("ledger.db{ending}")), world.path(&format!("moved.db{ending}"))).unwrap();
    }
}

#[test]
fn row_79_a_ledger_that_stays_locked_names_the_holder_and_sends_nothing() {
    let world = world(&json!({}));
    world.j2v("reconcile --fix").exits(0);
    let lock = locked(&world);
    let run = world.j2v("submit a.json --key k").exits(1);
    let run = run.tells(&format!("is locked by process {}", process::id()));
    assert_eq!((run.stdout.as_str(), world.posts()), ("\n", 0));
    world.j2v("history").exits(0);
    lock.execute_batch("COMMIT").unwrap();
    world.j2v("submit a.json --key k").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn row_79_a_ledger_that_is_locked_for_a_moment_is_waited_for() {
    let world = world(&json!({}));
    world.j2v("reconcile --fix").exits(0);
    let lock = locked(&world);
    thread::spawn(move || {
        // Long enough for a submission to meet the lock, and within its patience.
        thread::sleep(Duration::from_secs(1));
        lock.execute_batch("COMMIT").unwrap();
    });
    world.j2v("submit a.json --key k").exits(0);
    assert_eq!((world.accepted(), world.posts()), (1, 1));
}

#[test]
fn row_78_an_answer_that_the_locked_ledger_can_t_take_is_told_and_found_again() {
    let world = world(&json!({ "fault": ["post-slow=700ms"] }));
    let running = Running::start(&world, "submit a.json --key k");
    until("the movie is accepted", || world.accepted() == 1);
    let lock = locked(&world);
    let run = running.end().exits(1);
    let project = world.oracle()["accepted"][0]["project"].as_str().unwrap().to_owned();
    let run = run.tells(&project).tells("key k").tells("could not be written").tells(&format!("next: j2v poll {project}"));
    assert_eq!(run.line(), project);
    lock.execute_batch("COMMIT").unwrap();
    assert_eq!(world.j2v("submit a.json --key k").exits(0).line(), project);
    assert_eq!((world.accepted(), world.posts()), (1, 1));
}

#[test]
fn row_82_a_ledger_of_a_newer_program_is_left_alone_and_nothing_is_sent() {
    let world = world(&json!({}));
    world.j2v("submit a.json --key k").exits(0);
    ledger(&world).pragma_update(None, "user_version", 999).unwrap();
    for line in ["submit a.json --key k", "submit a.json --key other", "poll", "settle k"] {
        world.j2v(line).exits(1).tells("schema 999").tells("update j2v").tells("`j2v history` reads this one");
    }
    assert_eq!(world.j2v("history --json").exits(0).tells("it is only read").json()["key"], "k");
    let version: u32 = ledger(&world).pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 999, "it is left alone");
    assert_eq!((world.accepted(), world.posts()), (1, 1));
}

#[test]
fn row_82_an_answer_is_still_written_when_a_newer_program_took_the_ledger_over_meanwhile() {
    let world = world(&json!({ "fault": ["post-slow=700ms"] }));
    let running = Running::start(&world, "submit a.json --key k");
    until("the movie is accepted", || world.accepted() == 1);
    let newer = ledger(&world);
    newer.busy_timeout(Duration::from_secs(20)).unwrap();
    newer.execute_batch("BEGIN IMMEDIATE; ALTER TABLE render ADD COLUMN novelty TEXT; PRAGMA user_version = 999; COMMIT").unwrap();
    let project = running.end().exits(0).line().to_owned();
    let row = world.j2v("history --json").exits(0).json();
    assert_eq!((row["state"].as_str(), row["project"].as_str()), (Some("bound"), Some(project.as_str())));
}

#[test]
fn row_83_a_damaged_ledger_is_told_and_never_a_crash() {
    abreast(0..8_usize, |nth| {
        let world = world(&json!({}));
        for key in ["k", "l", "m"] {
            world.j2v(&format!("submit a.json --key {key}")).exits(0);
        }
        let ledger = ledger(&world);
        ledger.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(ledger);
        let mut bytes = fs::read(world.path("ledger.db")).unwrap();
        let page = 4096 * (nth % (bytes.len() / 4096));
        bytes[page + 100..page + 4000]
            .iter_mut()
            .enumerate()
            .for_each(|(place, byte)| *byte ^= u8::try_from((place * 7 + nth) % 251).unwrap());
        fs::write(world.path("ledger.db"), bytes).unwrap();
        for line in ["history", "show k", "poll --timeout 1s", "submit a.json --key k"] {
            let run = world.j2v(line);
            assert!(matches!(run.code, 0 | 1 | 6 | 11 | 12), "{nth}, {line}: {run:?}");
            assert!(run.code != 1 || run.stderr.contains("ledger"), "{nth}, {line}: {run:?}");
        }
    });
}

#[test]
fn row_84_an_intent_of_a_restored_backup_is_looked_for_before_it_is_sent() {
    let world = world(&json!({ "fault": ["post-429=700*1"] }));
    world.j2v("submit a.json --key k").exits(7).tells("nothing was accepted");
    let backup = world.path("backup.db");
    ledger(&world).execute("VACUUM INTO ?1", [backup.to_str().unwrap()]).unwrap();
    let project = world.j2v("submit a.json --key k").exits(0).line().to_owned();
    restore(&world, &backup);
    // The backup is three minutes old.
    ledger(&world).execute("UPDATE render SET created_at = created_at - 180000, touched_at = touched_at - 180000", []).unwrap();
    assert_eq!(world.j2v("submit a.json --key k").exits(0).tells("found again").line(), project);
    assert_eq!((world.accepted(), world.posts()), (1, 2), "the refused one and the accepted one");
}

#[test]
fn row_84_without_a_look_at_the_server_nothing_of_a_restored_backup_is_sent() {
    let world = world(&json!({ "fault": ["post-429=700*1"] }));
    world.j2v("submit a.json --key k").exits(7);
    // Another clock wrote it, such as this machine's of yesterday: it counts as old.
    ledger(&world).execute("UPDATE render SET touched_at = touched_at + 86400000", []).unwrap();
    let gone = World::with_faults(&["list-status=503"]);
    ledger(&world).execute("UPDATE render SET endpoint = ?1", [gone.url()]).unwrap();
    let run = world.j2v(&format!("submit a.json --key k --api-url {}", gone.url())).exits(7);
    run.tells("could not check").tells("nothing was sent");
    assert_eq!((gone.accepted(), gone.posts()), (0, 0));
}

fn restore(world: &World, backup: &Path) {
    for ending in ["-wal", "-shm"] {
        fs::remove_file(world.path(&format!("ledger.db{ending}"))).unwrap();
    }
    fs::rename(backup, world.path("ledger.db")).unwrap();
    private(&world.path("ledger.db"), 0o600);
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) {
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
}

#[cfg(unix)]
#[test]
fn row_87_a_ledger_that_others_can_read_is_refused_and_nothing_is_sent() {
    let world = world(&json!({}));
    world.j2v("reconcile --fix").exits(0);
    private(&world.path("ledger.db"), 0o644);
    world.j2v("submit a.json --key k").exits(1).tells("can be read or written by others").tells("next: chmod 600");
    assert_eq!(world.posts(), 0);
    private(&world.path("ledger.db"), 0o600);
    world.j2v("submit a.json --key k").exits(0);
}

/// A command line of a user whom the permissions of files stop; root they don't.
fn heeding_permissions(world: &World, line: &str) -> Run {
    let words: Vec<_> = line.split_whitespace().collect();
    let own = world.command(&words);
    if !rustix::process::getuid().is_root() {
        return world.run(&words);
    }
    let mut command = process::Command::new("/usr/bin/setpriv");
    command.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(own.get_program()).args(own.get_args());
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(world.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Run::of(command.spawn().unwrap())
}

/// Sets the permissions of the files of a folder, and of the folder.
fn permit(folder: &Path, files: u32, folders: u32) {
    private(folder, 0o700);
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() { permit(&entry.path(), files, folders) } else { private(&entry.path(), files) }
    }
    private(folder, folders);
}

#[test]
fn a_ledger_that_can_only_be_read_is_read_and_a_submit_says_so_and_sends_nothing() {
    let world = World::new();
    fs::create_dir(world.path("shared")).unwrap();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --wait --ledger shared/ledger.db").exits(0);
    permit(&world.path("shared"), 0o400, 0o500);
    let told = heeding_permissions(&world, "history --ledger shared/ledger.db --json").exits(0).json();
    assert_eq!((&told["key"], &told["status"]), (&json!("k"), &json!("done")));
    let refused = heeding_permissions(&world, "submit a.json --key l --ledger shared/ledger.db").exits(1);
    refused.tells("the ledger shared/ledger.db can't be opened").tells("--ledger or J2V_LEDGER");
    heeding_permissions(&world, "listen --bind 127.0.0.1:0 --ledger shared/ledger.db").exits(1).tells("--ledger or J2V_LEDGER");
    let doctor = heeding_permissions(&world, "doctor --ledger shared/ledger.db").exits(1);
    assert!(doctor.stdout.contains("can't be written to"), "{}", doctor.stdout);
    permit(&world.path("shared"), 0o600, 0o700);
    assert_eq!(world.posts(), 1);
    world.j2v("submit a.json --key l --ledger shared/ledger.db").exits(0);
}

#[test]
fn row_84_a_ledger_that_is_moved_before_the_claim_takes_none() {
    let world = world(&json!({ "fault": ["post-429=1*1"] }));
    let running = Running::start(&world, "submit a.json --key k");
    running.until_it_tells("trying again");
    move_away(&world);
    running.end().exits(1).tells("was moved, deleted or replaced");
    assert_eq!((world.accepted(), world.posts()), (0, 1), "the refused one");
    // The moved ledger is intact: put back, it takes the submission.
    for ending in ["", "-wal", "-shm"] {
        fs::rename(world.path(&format!("moved.db{ending}")), world.path(&format!("ledger.db{ending}"))).unwrap();
    }
    world.j2v("submit a.json --key k").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn row_78_an_answer_that_comes_after_the_ledger_was_replaced_is_told() {
    let world = world(&json!({ "fault": ["post-slow=700ms"] }));
    let running = Running::start(&world, "submit a.json --key k");
    until("the movie is accepted", || world.accepted() == 1);
    move_away(&world);
    world.j2v("reconcile --fix").exits(0);
    let project = world.oracle()["accepted"][0]["project"].as_str().unwrap().to_owned();
    let run = running.end().exits(1).tells(&project).tells("was moved, deleted or replaced");
    assert_eq!(run.line(), project);
}

#[test]
fn row_80_four_people_who_resubmit_at_once_send_once() {
    let world = world(&json!({ "fault": ["post-reset-before*1"] }));
    world.j2v("submit a.json --key k --settle-for 100ms").exits(8);
    let running: Vec<Running> = (0..4).map(|_| Running::start(&world, "settle k --resubmit")).collect();
    let ended: Vec<Run> = running.into_iter().map(Running::end).collect();
    assert!(ended.iter().any(|run| run.code == 0) && ended.iter().all(|run| matches!(run.code, 0 | 2)), "{ended:?}");
    assert_eq!((world.accepted(), world.posts()), (1, 2));
}

#[test]
fn row_80_forty_processes_that_poll_one_ledger_all_hear_the_end() {
    let world = world(&json!({ "render-time": "1s" }));
    world.movie("b.json", &json!({ "render-time": "1s" }));
    world.j2v("submit a.json b.json").exits(0);
    let running: Vec<Running> = (0..40).map(|_| Running::start(&world, "poll --interval 100ms")).collect();
    for one in running {
        let run = one.end().exits(0);
        assert!(run.lines().len() <= 2, "{run:?}");
    }
    world.j2v("poll").exits(0).tells("no render in the ledger is unfinished");
}
