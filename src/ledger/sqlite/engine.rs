//! One connection and its transactions. Jobs that wait at the same time are committed together, and the commit is
//! synced if one of them needs it.
//!
//! # What is on disk when
//!
//! `protocol.md#what-is-on-disk-when` says which entries are written at which moment of a render.
//!
//! A commit with a [`Need::Synced`] (a claim of a render or of a delivery, a callback, an import) runs with `synchronous=FULL`: the
//! log (WAL) is synced before the reply. A sync covers the whole file, so it includes every earlier commit, also those of
//! other processes. All other commits are not synced. After a power cut some of their pages may be missing from the log.
//! But each frame's checksum continues that of the frame before it, so recovery stops at the first gap and finds a prefix
//! of the commits.
//!
//! Two steps would break that, and are therefore synced. A *checkpoint* copies pages into the database. From an
//! unsynced log it could leave pages of a commit that recovery then doesn't find. So automatic checkpoints are off, at
//! commit and at close, and ours run under `FULL`. When the log *starts over* after a checkpoint, its new header must be
//! on disk before frames overwrite the old ones. Every level but `OFF` ensures that, and we do it as part of the
//! checkpoint. `OFF` is used only while the log is empty and there is nothing to overwrite. So the first render of a new
//! ledger waits for no more syncs than any other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

use super::failure::Failure;
use super::file::{Home, beside};
use super::holder;
use super::job::{Job, Need, Session};
use super::owner::Owners;
use crate::ledger::LedgerError;
use crate::world::World;

/// The connection and its state.
pub(super) struct Engine {
    connection: Connection,
    path: PathBuf,
    /// The file and its log; `None` for a ledger in memory.
    file: Option<(Home, PathBuf)>,
    owners: Owners,
    level: Option<Level>,
    commits: Arc<AtomicU64>,
}

/// How much a commit is synced (`PRAGMA synchronous`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    /// Not at all.
    Off,
    /// Only the header of a log that starts over.
    Normal,
    /// Before it returns.
    Full,
}

/// The failure of a batch of jobs.
struct FailedJobs {
    failure: Failure,
    /// Whether running the jobs one by one may succeed.
    begun: bool,
}

impl Engine {
    /// An engine on a connection to the file at `real`; `path` names the file in errors.
    pub(super) fn new(connection: Connection, path: &Path, real: PathBuf, owners: Owners) -> Self {
        let log = beside(&real, "-wal");
        Self { connection, path: path.to_owned(), file: Some((Home::of(real), log)), owners, level: None, commits: Arc::default() }
    }

    /// An engine on a connection to a ledger in memory.
    pub(super) fn in_memory(connection: Connection, world: World) -> Self {
        Self { connection, path: "memory".into(), file: None, owners: Owners::alone(world), level: None, commits: Arc::default() }
    }

    /// A live counter of the commits that wrote.
    pub(super) fn commits(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.commits)
    }

    /// Runs jobs in one transaction and replies after its commit. When one of them fails, all run again one by one, so that
    /// no job fails because of another.
    pub(super) fn run(&mut self, mut jobs: Vec<Box<dyn Job>>) {
        match self.together(&mut jobs) {
            Ok(()) => jobs.into_iter().for_each(|job| job.reply(Ok(()))),
            Err(fallen) if fallen.begun && jobs.len() > 1 => jobs.into_iter().for_each(|job| self.run(vec![job])),
            Err(fallen) => jobs.into_iter().for_each(|job| job.reply(Err(self.told(&fallen.failure)))),
        }
    }

    fn together(&mut self, jobs: &mut [Box<dyn Job>]) -> Result<(), FailedJobs> {
        let need = jobs.iter().map(|job| job.need()).max().unwrap_or(Need::Read);
        if need >= Need::Named {
            self.owners.enter().map_err(|failure| FailedJobs { failure, begun: true })?;
        }
        self.begin(need).map_err(|failure| FailedJobs { failure, begun: false })?;
        let session = Session { connection: &self.connection, owners: &self.owners };
        let ran = jobs.iter_mut().try_for_each(|job| job.run(&session));
        ran.and_then(|()| self.commit(need)).map_err(|failure| {
            self.roll_back();
            FailedJobs { failure, begun: true }
        })
    }

    /// Readers begin without a lock: they never wait for a writer.
    fn begin(&mut self, need: Need) -> Result<(), Failure> {
        match need {
            Need::Read => return self.execute("BEGIN"),
            Need::Synced => self.set(Level::Full)?,
            Need::Write | Need::Named if self.log_size() == 0 => self.set(Level::Off)?,
            Need::Write | Need::Named => self.set(Level::Normal)?,
        }
        self.execute("BEGIN IMMEDIATE")?;
        if self.level == Some(Level::Off) && self.log_size() != 0 {
            // Another process wrote between the check and the lock. The level can't change inside a transaction.
            self.execute("ROLLBACK")?;
            self.set(Level::Normal)?;
            self.execute("BEGIN IMMEDIATE")?;
        }
        Ok(())
    }

    fn commit(&self, need: Need) -> Result<(), Failure> {
        if let Some((home, _)) = self.file.as_ref().filter(|_| need > Need::Read) {
            home.check()?;
        }
        self.execute("COMMIT")?;
        if need > Need::Read {
            self.commits.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Rolls back. After some failures, a full disk for one, the engine has already done so by itself.
    fn roll_back(&self) {
        if !self.connection.is_autocommit() {
            // A failure here occurs again at the next `BEGIN`, which reports it.
            self.execute("ROLLBACK").ok();
        }
    }

    fn execute(&self, sql: &'static str) -> Result<(), Failure> {
        self.connection.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn set(&mut self, level: Level) -> Result<(), Failure> {
        if self.level != Some(level) {
            self.execute(match level {
                Level::Off => "PRAGMA synchronous = OFF",
                Level::Normal => "PRAGMA synchronous = NORMAL",
                Level::Full => "PRAGMA synchronous = FULL",
            })?;
            self.level = Some(level);
        }
        Ok(())
    }

    /// The size of the log's file in bytes.
    pub(super) fn log_size(&self) -> u64 {
        self.file.as_ref().and_then(|(_, log)| fs::metadata(log).ok()).map_or(0, |found| found.len())
    }

    /// A number that changes when another connection has written, and only then.
    pub(super) fn version(&self) -> Result<u64, Failure> {
        let version: i64 = self.connection.prepare_cached("PRAGMA data_version")?.query_row([], |row| row.get(0))?;
        Ok(version.cast_unsigned())
    }

    /// The failure as a [`LedgerError`] for callers.
    pub(super) fn told(&self, failure: &Failure) -> LedgerError {
        holder::told(failure, &self.path)
    }

    /// Copies the log into the database and starts the log over.
    ///
    /// # Errors
    /// When the disk failed or another process held a lock. Nothing is lost: the log still holds everything.
    pub(super) fn checkpoint(&mut self) -> Result<(), Failure> {
        self.set(Level::Full)?;
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        // The next commit syncs the new header and truncates the file: better now than before a claim.
        self.set(Level::Normal)?;
        let version = super::schema::version(&self.connection)?;
        Ok(self.connection.pragma_update(None, "user_version", version)?)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tempfile::TempDir;
    use tokio::sync::oneshot::Receiver;

    use super::*;
    use crate::ledger::sqlite::job::Asked;
    use crate::ledger::sqlite::{connect, file};

    fn engine(folder: &TempDir) -> Engine {
        let path = file::ensure(&folder.path().join("ledger.db"), &World::real()).unwrap();
        let owners = Owners::of(&path, World::real());
        Engine::new(connect(&path).unwrap(), &path, path.clone(), owners)
    }

    type Answer = Receiver<Result<usize, LedgerError>>;

    /// A job that inserts a body of `length` bytes.
    fn writes(length: u32) -> (Box<dyn Job>, Answer) {
        let (job, answer) = Asked::new(Need::Write, move |session: &Session<'_>| {
            let sql = "INSERT INTO body (render, bytes) SELECT count(*) + 1, zeroblob(?1) FROM body";
            Ok(session.connection.execute(sql, [length])?)
        });
        (Box::new(job), answer)
    }

    fn run(engine: &mut Engine, lengths: &[u32]) -> Vec<Result<usize, LedgerError>> {
        let (jobs, answers): (Vec<_>, Vec<Answer>) = lengths.iter().map(|length| writes(*length)).unzip();
        engine.run(jobs);
        answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect()
    }

    fn with_room_for(folder: &TempDir, pages: u32) -> Engine {
        let engine = engine(folder);
        engine.connection.pragma_update(None, "foreign_keys", false).unwrap();
        let used: u32 = engine.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        engine.connection.pragma_update_and_check(None, "max_page_count", used + pages, |_| Ok(())).unwrap();
        engine
    }

    #[test]
    fn what_finds_no_space_leaves_what_was_asked_with_it_alone() {
        let folder = TempDir::new().unwrap();
        let mut engine = with_room_for(&folder, 4);
        let results = run(&mut engine, &[10, 1 << 20, 10]);
        assert!(matches!(results[..], [Ok(1), Err(LedgerError::Full { .. }), Ok(1)]), "{results:?}");
        let kept: u32 = engine.connection.query_row("SELECT count(*) FROM body", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, 2);
    }

    #[test]
    fn a_lock_that_is_held_too_long_is_told_and_harms_nothing() {
        let folder = TempDir::new().unwrap();
        let mut engine = with_room_for(&folder, 99);
        engine.connection.busy_timeout(Duration::ZERO).unwrap();
        let other = connect(&engine.path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let results = run(&mut engine, &[1, 2]);
        assert!(results.iter().all(|result| matches!(result, Err(LedgerError::Busy { .. }))), "{results:?}");
        other.execute_batch("COMMIT").unwrap();
        assert!(run(&mut engine, &[1, 2]).iter().all(Result::is_ok));
        assert_eq!(engine.commits.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn only_a_claim_is_synced_and_only_an_empty_log_is_begun_unsynced() {
        let folder = TempDir::new().unwrap();
        let mut engine = with_room_for(&folder, 99);
        let mut level_of = |need: Need| {
            engine.begin(need).unwrap();
            engine.connection.execute("UPDATE body SET bytes = zeroblob(9)", []).unwrap();
            engine.connection.pragma_update(None, "user_version", 1).unwrap();
            engine.commit(need).unwrap();
            engine.level.unwrap()
        };
        assert_eq!(
            [Need::Write, Need::Write, Need::Synced, Need::Write].map(&mut level_of),
            [Level::Off, Level::Normal, Level::Full, Level::Normal]
        );
        engine.checkpoint().unwrap();
        assert!(engine.log_size() > 0, "the next commit must not be the first of its log");
        engine.run(vec![writes(5).0]);
        assert_eq!(engine.level, Some(Level::Normal));
    }
}
