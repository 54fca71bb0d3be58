//! The thread that owns the connection. It takes all that waits, has it committed together, and tidies the log
//! when nobody wants anything.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant as Moment};

use tokio::sync::oneshot;

use super::engine::Engine;
use super::job::Job;
use crate::ledger::LedgerError;
use crate::ledger::sharing::Mark;

/// The most jobs that share a transaction: enough to make a sync cheap, few enough that none waits long.
const BATCH: usize = 512;

/// From how many bytes on the log is copied when nobody wants anything. The next process reads it from its start:
/// a quarter of a millisecond a megabyte.
const LARGE_LOG: u64 = 512 << 10;

/// From how many bytes on it is copied even if everybody waits, lest a busy day fill the disk.
const HUGE_LOG: u64 = 64 << 20;

/// How long nobody must want anything before a large log is copied.
const IDLE: Duration = Duration::from_millis(500);

/// How soon it is noticed that another process has written, while somebody waits for that: a look takes microseconds.
const PEEK: Duration = Duration::from_millis(100);

/// A handle on the thread. Dropped, it waits until all that was asked is done.
pub(super) struct Thread {
    messages: Option<Sender<Message>>,
    handle: Option<JoinHandle<()>>,
}

enum Message {
    Job(Box<dyn Job>),
    Listener(Listener),
}

/// Somebody who waits for news.
struct Listener {
    heard: Option<Mark>,
    to: oneshot::Sender<Result<Mark, LedgerError>>,
}

impl Thread {
    /// Starts it.
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let (messages, waiting) = channel();
        let desk = Worker { engine, waiting, listeners: Vec::new(), idle_since: None };
        let handle = Builder::new().name("ledger".to_owned()).spawn(move || desk.work())?;
        Ok(Self { messages: Some(messages), handle: Some(handle) })
    }

    /// Asks. Jobs run in the order in which they were asked.
    pub(super) fn ask(&self, job: Box<dyn Job>) {
        self.send(Message::Job(job));
    }

    /// Waits for what other processes write.
    pub(super) fn news(&self, heard: Option<Mark>) -> oneshot::Receiver<Result<Mark, LedgerError>> {
        let (to, news) = oneshot::channel();
        self.send(Message::Listener(Listener { heard, to }));
        news
    }

    fn send(&self, message: Message) {
        if let Some(messages) = &self.messages {
            // Without its thread a message is dropped, and whoever waits for the answer is told so.
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

/// What the thread has before it.
struct Worker {
    engine: Engine,
    waiting: Receiver<Message>,
    listeners: Vec<Listener>,
    /// Since when nobody has wanted anything, while the log is large.
    idle_since: Option<Moment>,
}

impl Worker {
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

    /// The next message, however long it takes; `None` when nobody can ask any more.
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

    /// Answers those who wait for news, if there are any.
    fn tell_news(&mut self) {
        self.listeners.retain(|listener| !listener.to.is_closed());
        if self.listeners.is_empty() {
            return;
        }
        let version = self.engine.version().map(Mark);
        let is_over = |listener: &mut Listener| version.as_ref().map_or(true, |now| listener.heard != Some(*now));
        for listener in self.listeners.extract_if(.., is_over) {
            // Whoever asked may have gone.
            listener.to.send(version.as_ref().copied().map_err(|failure| self.engine.told(failure))).ok();
        }
    }

    /// A log that can't be copied now is copied another time: there is nobody to tell.
    fn tidy(&mut self, most: u64) {
        if self.engine.log_size() > most {
            self.engine.checkpoint().ok();
        }
    }
}
