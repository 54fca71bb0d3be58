//! A ledger in memory: the engine without a file, used by one process and gone with it. Requests run at once, in the task
//! that makes them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::watch;

use super::engine::Engine;
use super::failure::Failure;
use super::job::Job;
use super::{STATEMENTS, schema};
use crate::ledger::LedgerError;
use crate::ledger::sharing::NewsPosition;
use crate::world::World;

/// The engine, and a signal for the callers that wait for changes.
pub(super) struct Memory {
    engine: Mutex<Engine>,
    commits: Arc<AtomicU64>,
    /// The number of commits that have written.
    written: watch::Sender<u64>,
}

impl Memory {
    /// An empty ledger.
    pub(super) fn new(world: &World) -> Result<Self, Failure> {
        let connection = Connection::open_in_memory()?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        schema::create_in_memory(&connection)?;
        let engine = Engine::in_memory(connection, world.clone());
        Ok(Self { commits: engine.commits(), engine: Mutex::new(engine), written: watch::Sender::new(0) })
    }

    /// A live counter of the commits that wrote.
    pub(super) fn commits(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.commits)
    }

    /// Runs a request to its end.
    pub(super) fn run(&self, job: Box<dyn Job>) {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner).run(vec![job]);
        self.written.send_replace(self.commits.load(Ordering::Relaxed));
    }

    /// Waits until something was written after `heard`.
    pub(super) fn news(&self, heard: Option<NewsPosition>) -> impl Future<Output = Result<NewsPosition, LedgerError>> + use<> {
        let mut written = self.written.subscribe();
        async move {
            let now = written.wait_for(|now| heard != Some(NewsPosition(*now))).await;
            now.map(|now| NewsPosition(*now)).map_err(|_| LedgerError::Closed)
        }
    }
}
