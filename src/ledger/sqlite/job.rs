//! Something asked of the store: it runs inside a transaction that it may share, and is answered after the commit.

use tokio::sync::oneshot;

use super::engine::Session;
use super::failure::Failure;
use crate::ledger::LedgerError;

/// What a job needs of its transaction; the greatest need of a batch decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// A view of the ledger.
    Read,
    /// A commit that outlives the process.
    Write,
    /// The same under this store's own name.
    Named,
    /// A commit that outlives the power, under this store's own name.
    Claim,
}

/// Something asked. It may run more than once: a transaction that fell never happened.
pub(super) trait Job: Send {
    /// What it needs.
    fn need(&self) -> Need;

    /// Does it, inside a transaction.
    fn run(&mut self, session: &Session<'_>) -> Result<(), Failure>;

    /// Answers, once the transaction is committed or given up.
    fn reply(self: Box<Self>, committed: Result<(), LedgerError>);
}

/// A job that is a function, and somebody who waits for its answer.
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
    /// A job, and where its answer will come.
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
        // Whoever asked may have gone; what was asked is done all the same.
        to.send(committed.and_then(|()| answer.ok_or(LedgerError::Closed))).ok();
    }
}
