//! A request to the store: it runs inside a transaction, possibly with others, and is answered after the commit.

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::failure::Failure;
use super::owner::Owners;
use crate::ledger::LedgerError;

/// What a job needs of its transaction; the greatest need of a batch of jobs decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// A consistent view of the ledger.
    Read,
    /// A commit that survives the end of the process.
    Write,
    /// The same, under this store's own name.
    Named,
    /// A commit that survives a power cut, under this store's own name: a claim, a callback.
    Synced,
}

/// What the jobs of one transaction work with.
pub(super) struct Session<'a> {
    /// The connection, inside a transaction.
    pub(super) connection: &'a Connection,
    /// The name under which this store claims, and the other living owners.
    pub(super) owners: &'a Owners,
}

/// A request. It may run more than once: a failed transaction leaves nothing behind.
pub(super) trait Job: Send {
    /// The job's need.
    fn need(&self) -> Need;

    /// Runs the job inside a transaction.
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure>;

    /// Answers, once the transaction is committed or has failed.
    fn reply(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// A job made of a function, and the channel for its answer.
pub(super) struct Asked<T, F> {
    need: Need,
    work: F,
    answer: Option<T>,
    to: oneshot::Sender<Result<T, LedgerError>>,
}

impl<T, F> Asked<T, F>
where
    F: FnMut(&Session<'_>) -> Result<T, Failure>,
{
    /// A job, and the receiver of its answer.
    pub(super) fn new(need: Need, work: F) -> (Self, oneshot::Receiver<Result<T, LedgerError>>) {
        let (to, answer) = oneshot::channel();
        (Self { need, work, answer: None, to }, answer)
    }
}

impl<T, F> Job for Asked<T, F>
where
    T: Send,
    F: FnMut(&Session<'_>) -> Result<T, Failure> + Send,
{
    fn need(&self) -> Need {
        self.need
    }

    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure> {
        self.answer = Some((self.work)(session)?);
        Ok(())
    }

    fn reply(self: Box<Self>, committed: Result<(), LedgerError>) {
        let Self { answer, to, .. } = *self;
        // The caller may be gone; the job is done all the same.
        to.send(committed.and_then(|()| answer.ok_or(LedgerError::Closed))).ok();
    }
}
