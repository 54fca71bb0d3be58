//! The further guarantees of the embedded store: its file, its log, its thread, its locks.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use futures_util::future::join_all;
use j2v::ledger::sqlite::Sqlite;
use j2v::ledger::{Change, LedgerError, NewRender, Record, RenderId, RenderQuery, Store};
use j2v::render::state::{Fact, State};
use j2v::world::World;
use proptest::prelude::*;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::fixture::{Home, OnFile, accepted, at, fact, named, new, row};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn refused(path: &Path) -> LedgerError {
    match Sqlite::open(path, &World::real()) {
        Err(error) => error,
        Ok(_) => panic!("{} was opened", path.display()),
    }
}

/// The log of a ledger.
fn log_of(path: &Path) -> PathBuf {
    path.with_extension("db-wal")
}

/// The only name in a folder.
fn only_entry(folder: &Path) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

#[tokio::test]
async fn everything_that_it_makes_is_for_its_owner_only() {
    let home = OnFile::new();
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    let folder = home.path().parent().unwrap().to_owned();
    assert_eq!(mode(&folder), 0o700);
    let mut found: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["ledger.db", "ledger.db-shm", "ledger.db-wal", "ledger.db.owners"]);
    assert_eq!(found.iter().map(|path| mode(path)).collect::<Vec<_>>(), [0o600, 0o600, 0o600, 0o700]);
    assert_eq!(mode(&only_entry(&found[3])), 0o600);
    drop(store);
    assert_eq!(fs::read_dir(&found[3]).unwrap().count(), 0);
}

#[test]
fn row_87_a_ledger_that_others_can_read_is_refused_and_the_way_out_is_named() {
    let home = OnFile::new();
    drop(home.open());
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o640)).unwrap();
    let error = refused(&home.path());
    assert!(matches!(error, LedgerError::Exposed { mode: 0o640, .. }), "{error}");
    assert!(error.to_string().contains(&format!("`chmod 600 {}`", home.path().display())), "{error}");
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o600)).unwrap();
    drop(home.open());
}

#[test]
fn row_82_a_ledger_of_a_newer_program_is_refused_and_left_alone() {
    let home = OnFile::new();
    drop(home.open());
    let raw = Connection::open(home.path()).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let before = fs::read(home.path()).unwrap();
    let error = refused(&home.path());
    assert!(matches!(error, LedgerError::Newer { found: 99, .. }), "{error}");
    assert_eq!(fs::read(home.path()).unwrap(), before);
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let folder = TempDir::new().unwrap();
    for (name, sql) in [("unversioned", "CREATE TABLE notes (x)"), ("versioned", "CREATE TABLE notes (x); PRAGMA user_version = 1")] {
        let path = folder.path().join(name);
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let before = fs::read(&path).unwrap();
        assert!(matches!(refused(&path), LedgerError::Open { why, .. } if why.contains("another program")));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_ledger() {
    let home = OnFile::new();
    fs::DirBuilder::new().mode(0o700).create(home.path().parent().unwrap()).unwrap();
    fs::write(home.path(), b"").unwrap();
    fs::set_permissions(home.path(), fs::Permissions::from_mode(0o600)).unwrap();
    let render = new(&home.open(), named("a", "{}")).await;
    assert_eq!(row(&home.open(), render.id).await, render);
}

#[test]
fn what_is_no_database_is_called_damaged() {
    let home = OnFile::new();
    drop(home.open());
    fs::write(home.path(), "lorem ipsum ".repeat(1000)).unwrap();
    assert!(matches!(refused(&home.path()), LedgerError::Corrupt { path, .. } if path == home.path()));
}

#[tokio::test]
async fn a_row_that_no_version_wrote_is_called_damaged() {
    let home = OnFile::new();
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    Connection::open(home.path()).unwrap().execute("UPDATE render SET state = 'asleep'", []).unwrap();
    let error = store.find(None, RenderQuery::Id(render.id)).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Corrupt { why, .. } if why.contains("asleep")), "{error}");
}

#[test]
fn a_place_that_can_hold_no_ledger_is_named() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), b"").unwrap();
    for path in [folder.path().join("file/ledger.db"), folder.path().to_owned(), "/dev/null".into()] {
        assert!(matches!(refused(&path), LedgerError::Open { path: named, .. } if named == path));
    }
}

#[test]
fn sixteen_who_make_it_at_the_same_moment_share_one_ledger() {
    let home = OnFile::new();
    let path = home.path();
    let place = |n: u32| {
        let store = Sqlite::open(&path, &World::real()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(new(&store, named(&format!("key {n}"), "{}")));
    };
    thread::scope(|scope| (0..16).for_each(|n| drop(scope.spawn(move || place(n)))));
    let rows: u32 = Connection::open(&path).unwrap().query_row("SELECT count(*) FROM render", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 16);
    let left =
        fs::read_dir(path.parent().unwrap()).unwrap().filter(|entry| entry.as_ref().unwrap().path().to_string_lossy().contains(".new-"));
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn by_whatever_name_it_is_opened_it_is_the_same_ledger() {
    let home = OnFile::new();
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    let link = home.path().with_file_name("link.db");
    std::os::unix::fs::symlink(home.path(), &link).unwrap();
    let other = Sqlite::open(&link, &World::real()).unwrap();
    assert_eq!(other.reap(at(2)).await.unwrap(), []);
    assert_eq!(row(&other, render.id).await.submission.state, State::Sending);
}

#[tokio::test]
async fn what_was_asked_is_done_though_nobody_waits() {
    let home = OnFile::new();
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    let note = |n: i64| vec![Record { render: render.id, change: Change::Saved(n.to_string().into()), at: at(n) }];
    drop((0..50).map(|n| store.record(note(n))).collect::<Vec<_>>());
    drop(store);
    let events = home.open().history(render.id).await.unwrap();
    let told: Vec<_> = events.iter().skip(1).map(|event| event.detail.clone()).collect();
    assert_eq!(told, (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_waits_together_is_committed_together() {
    let home = OnFile::new();
    let store = home.open();
    let drafts = (0..1000).map(|n| named(&format!("key {n}"), "{}")).collect();
    let placed = store.place(drafts).await.unwrap();
    assert_eq!((placed.len(), store.commits()), (1000, 1));
    // While another process holds the lock, everything waits: then three transactions are enough for 1,000.
    let other = Connection::open(home.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let claim = |id: i64| vec![Record { render: RenderId(id), change: Change::Fact(Fact::Claimed), at: at(1) }];
    let asked: Vec<_> = (1..=1000).map(|id| store.record(claim(id))).collect();
    other.execute_batch("COMMIT").unwrap();
    assert!(join_all(asked).await.into_iter().all(|results| results.unwrap()[0].is_ok()));
    assert!((2..=4).contains(&store.commits()), "{} commits", store.commits());
    assert_eq!(store.find(None, RenderQuery::Unsettled).await.unwrap().len(), 1000);
}

#[tokio::test]
async fn readers_never_wait_for_a_writer() {
    let home = OnFile::new();
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    let writer = Connection::open(home.path()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE render SET source = 'elsewhere'").unwrap();
    assert_eq!(row(&store, render.id).await, render);
    assert_eq!(store.commits(), 1);
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(row(&store, render.id).await.source, "elsewhere");
}

#[tokio::test]
async fn the_log_is_copied_when_it_is_large_and_only_then() {
    let home = OnFile::new();
    let image = fs::metadata({
        home.open();
        home.path()
    })
    .unwrap()
    .len();
    let store = home.open();
    let small = new(&store, named("a", "{}")).await;
    drop(store);
    assert_eq!(fs::metadata(home.path()).unwrap().len(), image);
    let store = home.open();
    let large = new(&store, NewRender { body: vec![b' '; 5 << 20], ..named("b", "{}") }).await;
    drop(store);
    assert!(fs::metadata(home.path()).unwrap().len() > 5 << 20);
    assert!(fs::metadata(log_of(&home.path())).unwrap().len() < 64 << 10);
    let store = home.open();
    assert_eq!(row(&store, small.id).await, small);
    assert_eq!(store.body(large.id).await.unwrap().unwrap().len(), 5 << 20);
}

/// A ledger as a power cut left it: the database, and a log whose first `synced` bytes include the claim.
struct PowerCut {
    database: Vec<u8>,
    log: Vec<u8>,
    synced: usize,
    claimed: RenderId,
}

async fn power_cut() -> PowerCut {
    let home = OnFile::new();
    let store = home.open();
    let claimed = new(&store, named("a", "{}")).await.id;
    fact(&store, claimed, Fact::Claimed, 1).await;
    let synced = fs::read(log_of(&home.path())).unwrap().len();
    fact(&store, claimed, accepted('p'), 2).await;
    for name in ["b", "c"] {
        new(&store, named(name, "{}")).await;
    }
    drop(store);
    PowerCut { database: fs::read(home.path()).unwrap(), log: fs::read(log_of(&home.path())).unwrap(), synced, claimed }
}

/// The keys placed after the claim that survived, and the state of the claimed render.
async fn recovered(cut: &PowerCut, log: &[u8]) -> (State, Vec<String>) {
    let home = OnFile::new();
    drop(home.open());
    fs::write(home.path(), &cut.database).unwrap();
    fs::write(log_of(&home.path()), log).unwrap();
    let store = home.open();
    let rows = store.find(None, RenderQuery::All(9)).await.unwrap();
    let later = rows.iter().filter(|row| row.id != cut.claimed).map(|row| row.key.to_string()).collect();
    (row(&store, cut.claimed).await.submission.state, later)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_claim_survives_whatever_a_power_cut_does_to_what_was_written_after_it(at in any::<prop::sample::Index>(), lost in 1usize..9000, garbage: u8) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (state, later) = runtime.block_on(async {
            let cut = power_cut().await;
            let mut log = cut.log.clone();
            let from = cut.synced + at.index(log.len() - cut.synced);
            let to = (from + lost).min(log.len());
            log[from..to].fill(garbage);
            recovered(&cut, &log).await
        });
        prop_assert!(matches!(state, State::Sending | State::Bound), "{:?}", state);
        let prefixes: [&[&str]; 3] = [&[], &["b"], &["c", "b"]];
        prop_assert!(prefixes.iter().any(|prefix| later == *prefix), "{:?}", later);
        prop_assert!(state == State::Bound || later.is_empty());
    }
}

/// Another process on the ledger, which claims the first render and then waits.
struct Other(Child);

impl Other {
    /// Starts it and waits for its claim.
    fn claims(path: &Path) -> Self {
        let test = "sqlite::in_another_process_claim_and_wait";
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--ignored", "--nocapture"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.as_mut().unwrap(), "{}", path.display()).unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains("claimed")), "the other process ended");
        Self(child)
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[tokio::test]
#[ignore = "the other process of the tests below"]
async fn in_another_process_claim_and_wait() {
    let mut lines = std::io::stdin().lines();
    let path = PathBuf::from(lines.next().unwrap().unwrap());
    let store = Sqlite::open(&path, &World::real()).unwrap();
    fact(&store, RenderId(1), Fact::Claimed, 1).await;
    println!("\nclaimed");
    // There is never a second line: this waits until it is killed, or its parent has ended.
    assert!(lines.next().is_none());
}

#[tokio::test]
async fn a_stopped_process_is_alive_and_a_killed_one_is_not() {
    let home = OnFile::new();
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    let other = Other::claims(&home.path());
    other.signal("-STOP");
    assert_eq!(store.reap(at(2)).await.unwrap(), []);
    drop(other);
    let reaped = store.reap(at(3)).await.unwrap();
    assert_eq!(reaped.iter().map(|render| (render.id, render.submission.state)).collect::<Vec<_>>(), [(render.id, State::Unknown)]);
    let owners = home.path().with_file_name("ledger.db.owners");
    assert_eq!(fs::read_dir(owners).unwrap().count(), 0, "the dead owner's file is left");
}
