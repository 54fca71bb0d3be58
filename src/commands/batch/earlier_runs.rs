//! What the ledger has of a batch before a run, and the rules by which this run treats it.

use super::super::CliError;
use super::super::session::ledger_failed;
use crate::ledger::batch::BatchStatus;
use crate::ledger::{Render, Space, Store};
use crate::render::identity::{Key, MovieHash};
use crate::work::batch::{Rules, current};

/// The earlier runs of a batch.
pub(super) struct EarlierRuns<'a> {
    /// The ledger.
    pub(super) store: &'a dyn Store,
    /// The account and API of this run.
    pub(super) space: &'a Space,
    /// The batch's name.
    pub(super) name: &'a str,
    /// What is sent again.
    pub(super) rules: Rules,
}

impl EarlierRuns<'_> {
    /// The standing of the batch, if it ran before.
    pub(super) async fn standing(&self) -> Result<Option<BatchStatus>, CliError> {
        let known = self.store.batches(Some(self.space.clone()), Some(self.name.to_owned())).await.map_err(ledger_failed)?;
        Ok(known.into_iter().next())
    }

    /// The last render of each row.
    pub(super) async fn latest(&self, rows: &[(Key, MovieHash)]) -> Result<Vec<Option<Render>>, CliError> {
        current(self.store, self.space, self.name, rows, self.rules.changed).await.map_err(ledger_failed)
    }
}
