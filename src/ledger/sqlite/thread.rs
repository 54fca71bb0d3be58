//! The thread that owns the connection. It takes all that waits, has it committed together, and tidies the log
//! when nobody wants anything.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use super::engine::Engine;
use super::job::Job;

/// The most jobs that share a transaction: enough to make a sync cheap, few enough that none waits long.
const BATCH: usize = 512;

/// From how many bytes on the log is copied when nobody wants anything. The next process reads it from its start:
/// a quarter of a millisecond a megabyte.
const LARGE_LOG: u64 = 512 << 10;

/// From how many bytes on it is copied even if everybody waits, lest a busy day fill the disk.
const HUGE_LOG: u64 = 64 << 20;

/// How long nobody must want anything before a large log is copied.
const IDLE: Duration = Duration::from_millis(500);

/// A handle on the thread. Dropped, it waits until all that was asked is done.
pub(super) struct Thread {
    jobs: Option<Sender<Box<dyn Job>>>,
    handle: Option<JoinHandle<()>>,
}

impl Thread {
    /// Starts it.
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let (jobs, waiting) = channel();
        let handle = Builder::new().name("ledger".to_owned()).spawn(move || work(engine, &waiting))?;
        Ok(Self { jobs: Some(jobs), handle: Some(handle) })
    }

    /// Asks. Jobs run in the order in which they were asked.
    pub(super) fn ask(&self, job: Box<dyn Job>) {
        if let Some(jobs) = &self.jobs {
            // Without its thread a job is dropped, and whoever waits for the answer is told so.
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

fn work(mut engine: Engine, waiting: &Receiver<Box<dyn Job>>) {
    while let Some(first) = next(&mut engine, waiting) {
        let batch = std::iter::once(first).chain(waiting.try_iter()).take(BATCH).collect();
        engine.run(batch);
    }
    tidy(&mut engine, LARGE_LOG);
}

/// The next job, however long it takes; `None` when nobody can ask any more.
fn next(engine: &mut Engine, waiting: &Receiver<Box<dyn Job>>) -> Option<Box<dyn Job>> {
    tidy(engine, HUGE_LOG);
    if engine.log_size() <= LARGE_LOG {
        return waiting.recv().ok();
    }
    match waiting.recv_timeout(IDLE) {
        Ok(job) => Some(job),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            tidy(engine, LARGE_LOG);
            waiting.recv().ok()
        }
    }
}

/// A log that can't be copied now is copied another time: there is nobody to tell.
fn tidy(engine: &mut Engine, most: u64) {
    if engine.log_size() > most {
        engine.checkpoint().ok();
    }
}
