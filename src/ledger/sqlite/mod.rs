//! The embedded store: one `SQLite` file in WAL mode. One thread owns it and commits together the requests that wait at
//! the same time. A ledger in memory is the same without a file and without a thread. `engine` describes which commits a power
//! cut may take, `job` what a call can ask of its commit, `owner` which processes are alive.

mod batches;
pub mod damage;
mod engine;
mod failure;
mod file;
mod holder;
mod inbox;
mod job;
mod memory;
mod outbox;
mod owner;
mod recovery;
mod restored;
mod rows;
mod schema;
mod sharing;
mod tally;
mod thread;
mod transfer;
mod values;
mod work;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use self::engine::Engine;
use self::failure::Failure;
use self::job::{Asked, Need, Session};
use self::memory::Memory;
use self::owner::Owners;
use self::thread::Thread;
use super::mark::{Marks, RestoreDetector};
use super::recovery::{Lost, Recovery};
use super::sharing::{NewsPosition, ReadLease, Share, Sharing, WatcherId};
use super::{
    Change, Completeness, Event, InvalidTransition, LedgerError, NewRender, PlaceResult, Record, Recorded, Render, RenderId, RenderQuery,
    Reply, Space, Store,
};
use crate::render::state::Fact;
use crate::render::token::LedgerName;
use crate::world::{Timestamp, World};

/// How long to wait while another process keeps the ledger locked.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many statements are kept prepared: all fixed ones, and some for the queries.
const STATEMENTS: usize = 80;

/// The embedded store. When dropped, it finishes its requests and closes the file.
pub struct Sqlite {
    runner: Runner,
    commits: Arc<AtomicU64>,
    name: LedgerName,
    detector: Arc<RestoreDetector>,
}

/// What runs the requests.
enum Runner {
    /// The only thread that waits for the disk.
    Thread(Thread),
    /// The caller itself: memory is never waited for.
    Caller(Box<Memory>),
}

impl Sqlite {
    /// Makes an empty ledger in memory (`--no-ledger`). It keeps every promise for as long as it lives.
    ///
    /// # Errors
    /// When the engine can't be started.
    pub fn in_memory(world: &World) -> Result<Self, LedgerError> {
        let memory = Memory::new(world).map_err(|failure| failure.at(Path::new("memory")))?;
        let (commits, detector) = (memory.commits(), Arc::new(RestoreDetector::new(None)));
        Ok(Self { runner: Runner::Caller(Box::new(memory)), commits, name: LedgerName::unkept(), detector })
    }

    /// Opens the ledger at `path`; creates it, and its folder, if it isn't there. Normally blocks for less than a
    /// millisecond, and for up to 5 s when another process changes the schema.
    ///
    /// # Errors
    /// When it can't be opened or created, other users may read it, a newer `j2v` or another program made it, or it is damaged.
    pub fn open(path: &Path, world: &World) -> Result<Self, LedgerError> {
        Self::open_marked(path, world, None)
    }

    /// Like [`Self::open`], and compares the ledger with this machine's mark of its last claim in it.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub fn open_marked(path: &Path, world: &World, marks: Option<&Marks>) -> Result<Self, LedgerError> {
        Self::begin(path, world, marks, connect)
    }

    /// Opens the ledger of a newer `j2v` for reading, as far as this version understands it. Every write fails.
    ///
    /// # Errors
    /// As for [`Self::open`], except that a newer ledger is accepted.
    pub fn open_to_read(path: &Path, world: &World) -> Result<Self, LedgerError> {
        Self::begin(path, world, None, connect_to_read)
    }

    fn begin(
        path: &Path,
        world: &World,
        marks: Option<&Marks>,
        connect: fn(&Path) -> Result<Connection, Failure>,
    ) -> Result<Self, LedgerError> {
        let real = file::ensure(path, world)?;
        let fail = |failure: Failure| holder::told(&failure, path);
        let mut connection = connect(&real).map_err(fail)?;
        let name = schema::name(&connection).map_err(fail)?;
        let detector = Arc::new(RestoreDetector::new(marks.cloned()));
        if marks.is_some() {
            let file = detector.file(&name, &real.to_string_lossy());
            detector.found(restored::compare(&mut connection, file, world.now()).map_err(fail)?);
        }
        let owners = Owners::of(&real, world.clone());
        let engine = Engine::new(connection, path, real, owners);
        let commits = engine.commits();
        let thread = Thread::start(engine).map_err(|error| fail(error.into()))?;
        Ok(Self { runner: Runner::Thread(thread), commits, name, detector })
    }

    /// The number of transactions that have written so far: concurrent requests share one.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Checks the whole file and writes a transaction without content. Returns the damage in the engine's words; nothing for
    /// a sound ledger.
    #[must_use]
    pub fn faults(&self) -> Reply<'_, Vec<String>> {
        self.ask(Need::Write, |session| {
            let mut check = session.connection.prepare("PRAGMA quick_check(10)")?;
            let told = check.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
            Ok(told.into_iter().filter(|line| line != "ok").collect())
        })
    }

    fn ask<T, F>(&self, need: Need, work: F) -> Reply<'_, T>
    where
        T: Send + 'static,
        F: FnMut(&Session<'_>) -> Result<T, Failure> + Send + 'static,
    {
        let (job, answer) = Asked::new(need, work);
        match &self.runner {
            Runner::Thread(thread) => thread.ask(Box::new(job)),
            Runner::Caller(memory) => memory.run(Box::new(job)),
        }
        Box::pin(async { answer.await.unwrap_or(Err(LedgerError::Closed)) })
    }
}

impl Store for Sqlite {
    fn name(&self) -> LedgerName {
        self.name.clone()
    }

    fn completeness(&self) -> Completeness {
        self.detector.completeness()
    }

    fn place(&self, drafts: Vec<NewRender>) -> Reply<'_, Vec<PlaceResult>> {
        self.ask(Need::Write, move |session| drafts.iter().map(|draft| work::place(session, draft)).collect())
    }

    fn record(&self, records: Vec<Record>) -> Reply<'_, Vec<Result<Recorded, InvalidTransition>>> {
        let claims = records.iter().any(|record| record.change == Change::Fact(Fact::Claimed));
        let need = if claims { Need::Synced } else { Need::Write };
        let recorded = self.ask(need, move |session| records.iter().map(|record| work::record(session, record)).collect());
        if need == Need::Synced { self.detector.of_claims(recorded) } else { recorded }
    }

    fn find(&self, space: Option<Space>, which: RenderQuery) -> Reply<'_, Vec<Render>> {
        self.ask(Need::Read, move |session| rows::find(session.connection, space.as_ref(), &which))
    }

    fn body(&self, render: RenderId) -> Reply<'_, Option<Vec<u8>>> {
        self.ask(Need::Read, move |session| rows::body(session.connection, render))
    }

    fn history(&self, render: RenderId) -> Reply<'_, Vec<Event>> {
        self.ask(Need::Read, move |session| rows::history(session.connection, render))
    }

    fn reap(&self, at: Timestamp) -> Reply<'_, Vec<Render>> {
        self.ask(Need::Write, move |session| work::reap(session, at))
    }
}

impl Recovery for Sqlite {
    fn restore(&self, lost: Vec<Lost>) -> Reply<'_, Vec<Option<Render>>> {
        self.ask(Need::Write, move |session| lost.iter().map(|lost| recovery::restore(session, lost)).collect())
    }
}

impl Sharing for Sqlite {
    fn share(&self, share: Share) -> Reply<'_, ReadLease> {
        self.ask(Need::Named, move |session| sharing::share(session, &share))
    }

    fn leave(&self, space: Space, watcher: WatcherId) -> Reply<'_, ()> {
        self.ask(Need::Write, move |session| sharing::leave(session, &space, watcher))
    }

    fn news(&self, heard: Option<NewsPosition>) -> Reply<'_, NewsPosition> {
        match &self.runner {
            Runner::Thread(thread) => {
                let news = thread.news(heard);
                Box::pin(async { news.await.unwrap_or(Err(LedgerError::Closed)) })
            }
            Runner::Caller(memory) => Box::pin(memory.news(heard)),
        }
    }
}

/// Opens an existing file.
fn opened(path: &Path) -> Result<Connection, Failure> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A page that can't be read as one is reported as damaged, and not read as rows.
    connection.pragma_update(None, "cell_size_check", true)?;
    // Without this, SQLite plans a statement again for each new value, which takes as long as everything else together.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

/// Opens an existing file for reading. A newer program may have made it, and its folder may be read-only.
fn connect_to_read(path: &Path) -> Result<Connection, Failure> {
    let connection = opened(path).and_then(|connection| looked_at(&connection).map(|()| connection));
    let connection = match connection {
        Err(Failure::Sqlite(error)) if is_closed(&error) => as_it_is(path)?,
        connection => connection?,
    };
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn looked_at(connection: &Connection) -> Result<(), Failure> {
    match schema::check(connection) {
        Ok(()) | Err(Failure::Newer { .. }) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Whether a file, or the log beside it, can't be opened for lack of write permission.
fn is_closed(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied))
}

/// Opens a file in a read-only folder. A log with content can't be read there.
fn as_it_is(path: &Path) -> Result<Connection, Failure> {
    if std::fs::metadata(file::beside(path, "-wal")).is_ok_and(|log| log.len() > 0) {
        let why = "its log holds what was written last, and can't be read in a folder that can't be written to: copy both files elsewhere";
        return Err(io::Error::other(why).into());
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let escaped = path.to_string_lossy().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let connection = Connection::open_with_flags(format!("file:{escaped}?immutable=1"), flags)?;
    looked_at(&connection)?;
    Ok(connection)
}

/// Opens an existing file and checks that it is a ledger before writing to it.
fn connect(path: &Path) -> Result<Connection, Failure> {
    let mut connection = opened(path)?;
    schema::check(&connection)?;
    let mode: String = connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        return Err(io::Error::other(format!("its folder can't hold a write-ahead log (journal mode {mode})")).into());
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 0)?;
    if cfg!(target_vendor = "apple") {
        // On other systems a sync reaches the disk; on Apple's only under this name.
        connection.pragma_update(None, "fullfsync", true)?;
    }
    schema::migrate(&mut connection, schema::MIGRATIONS)?;
    Ok(connection)
}
