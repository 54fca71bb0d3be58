//! The thread that owns the connection. It takes all waiting jobs, commits them together, and checkpoints the log when
//! no job waits.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant as Moment};

use tokio::sync::oneshot;

use super::engine::Engine;
use super::job::Job;
use crate::ledger::LedgerError;
use crate::ledger::sharing::NewsPosition;

/// The most jobs that share a transaction: enough to make a sync cheap, few enough that no job waits long.
const BATCH: usize = 512;

/// The size in bytes from which the log is checkpointed when no job waits. The next process reads the log from its start,
/// at a quarter of a millisecond per megabyte.
const LARGE_LOG: u64 = 512 << 10;

/// The size in bytes from which it is checkpointed even if jobs wait, so that a busy day doesn't fill the disk.
const HUGE_LOG: u64 = 64 << 20;

/// How long to wait without a job before a large log is checkpointed.
const IDLE: Duration = Duration::from_millis(500);

/// How often to check whether another process has written, while a caller waits for that: a check takes microseconds.
const PEEK: Duration = Duration::from_millis(100);

/// A handle on the thread. When dropped, it waits until all jobs are done.
pub(super) struct Thread {
    messages: Option<Sender<Message>>,
    handle: Option<JoinHandle<()>>,
}

enum Message {
    Job(Box<dyn Job>),
    Listener(Listener),
}

/// A caller that waits for news.
struct Listener {
    heard: Option<NewsPosition>,
    to: oneshot::Sender<Result<NewsPosition, LedgerError>>,
}

impl Thread {
    /// Starts the thread.
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let (messages, waiting) = channel();
        let desk = ThreadState { engine, waiting, listeners: Vec::new(), idle_since: None };
        let handle = Builder::new().name("ledger".to_owned()).spawn(move || desk.work())?;
        Ok(Self { messages: Some(messages), handle: Some(handle) })
    }

    /// Sends a job to the thread. Jobs run in the order in which they are sent.
    pub(super) fn ask(&self, job: Box<dyn Job>) {
        self.send(Message::Job(job));
    }

    /// Waits for what other processes write.
    pub(super) fn news(&self, heard: Option<NewsPosition>) -> oneshot::Receiver<Result<NewsPosition, LedgerError>> {
        let (to, news) = oneshot::channel();
        self.send(Message::Listener(Listener { heard, to }));
        news
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // Without its thread a message is dropped, and its caller gets an error.
            messages.send(message).ok();
        }
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.messages = None;
        if let Some(handle) = self.handle.take() {
            handle.join().ok();
        }
    }
}

/// The thread's state.
struct ThreadState {
    engine: Engine,
    waiting: Receiver<Message>,
    listeners: Vec<Listener>,
    /// Since when no job has arrived, while the log is large.
    idle_since: Option<Moment>,
}

impl ThreadState {
    fn work(mut self) {
        while let Some(first) = self.next() {
            let mut batch = Vec::new();
            for message in std::iter::once(first).chain(self.waiting.try_iter()).take(BATCH) {
                match message {
                    Message::Job(job) => batch.push(job),
                    Message::Listener(listener) => self.listeners.push(listener),
                }
            }
            if !batch.is_empty() {
                self.engine.run(batch);
                self.idle_since = None;
            }
            self.tell_news();
        }
        self.tidy(LARGE_LOG);
    }

    /// The next message; waits for it. `None` when every sender is gone.
    fn next(&mut self) -> Option<Message> {
        self.tidy(HUGE_LOG);
        loop {
            let is_large = self.engine.log_size() > LARGE_LOG;
            let idle = self.idle_since.get_or_insert_with(Moment::now).elapsed();
            let pause = match (self.listeners.is_empty(), is_large) {
                (true, false) => return self.waiting.recv().ok(),
                (true, true) => IDLE.saturating_sub(idle),
                (false, _) => PEEK,
            };
            match self.waiting.recv_timeout(pause) {
                Ok(message) => return Some(message),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => self.tell_news(),
            }
            if is_large && self.idle_since.is_some_and(|since| since.elapsed() >= IDLE) {
                self.tidy(LARGE_LOG);
                self.idle_since = None;
            }
        }
    }

    /// Answers the callers that wait for news, if there are any.
    fn tell_news(&mut self) {
        self.listeners.retain(|listener| !listener.to.is_closed());
        if self.listeners.is_empty() {
            return;
        }
        let version = self.engine.version().map(NewsPosition);
        let is_over = |listener: &mut Listener| version.as_ref().map_or(true, |now| listener.heard != Some(*now));
        for listener in self.listeners.extract_if(.., is_over) {
            // The caller may be gone.
            listener.to.send(version.as_ref().copied().map_err(|failure| self.engine.told(failure))).ok();
        }
    }

    /// Checkpoints the log. A failure is ignored: the log is checkpointed another time, and no caller waits for it.
    fn tidy(&mut self, most: u64) {
        if self.engine.log_size() > most {
            self.engine.checkpoint().ok();
        }
    }
}
