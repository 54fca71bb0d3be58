//! The thread that talks to the server. It has its own runtime, so that a lease is renewed however busy the rest of the
//! process is.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use futures_util::future::LocalBoxFuture;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::{JoinSet, LocalSet, spawn_local};

use super::address::Address;
use super::engine::Engine;
use crate::ledger::LedgerError;
use crate::ledger::mark::RestoreDetector;
use crate::world::World;

/// A request to the ledger.
pub(super) type Job = Box<dyn FnOnce(Rc<Engine>) -> LocalBoxFuture<'static, ()> + Send>;

/// A handle on the thread. When dropped, it waits until all jobs are done.
pub(super) struct Thread {
    jobs: Option<UnboundedSender<Job>>,
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    /// Starts the thread; returns after its first connection to the server.
    pub(super) fn start(
        address: Address,
        world: World,
        detector: Arc<RestoreDetector>,
    ) -> io::Result<(Self, oneshot::Receiver<Result<(), LedgerError>>)> {
        let (jobs, waiting) = unbounded_channel();
        let (opened, answer) = oneshot::channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || LocalSet::new().block_on(&runtime, work(Engine::new(address, world, detector), opened, waiting));
        let handle = Builder::new().name("ledger".to_owned()).spawn(work)?;
        Ok((Self { jobs: Some(jobs), handle: Some(handle) }, answer))
    }

    /// Sends a job to the thread. Jobs run concurrently: a caller that needs an order waits for the answer.
    pub(super) fn ask(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Without its thread a job is dropped, and its caller gets an error.
            jobs.send(job).ok();
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(handle) = self.handle.take() {
            handle.join().ok();
        }
    }
}

/// Runs a question before a ledger is open, on a thread that ends with it.
pub(super) async fn ask_once<T: Send + 'static>(question: impl FnOnce() -> LocalBoxFuture<'static, T> + Send + 'static) -> io::Result<T> {
    let (to, answer) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Builder::new().name("ledger".to_owned()).spawn(move || {
        // The caller may be gone.
        to.send(LocalSet::new().block_on(&runtime, async { question().await })).ok();
    })?;
    answer.await.map_err(io::Error::other)
}

async fn work(engine: Result<Engine, LedgerError>, opened: oneshot::Sender<Result<(), LedgerError>>, mut waiting: UnboundedReceiver<Job>) {
    let engine = match engine {
        Ok(engine) => Rc::new(engine),
        Err(error) => return drop(opened.send(Err(error))),
    };
    let met = engine.meet().await;
    let has_met = met.is_ok();
    if opened.send(met).is_err() || !has_met {
        return;
    }
    let living = spawn_local({
        let engine = Rc::clone(&engine);
        async move { engine.live().await }
    });
    let mut running = JoinSet::new();
    while let Some(job) = waiting.recv().await {
        running.spawn_local(job(Rc::clone(&engine)));
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
    living.abort();
    engine.close().await;
}
