//! The durable step of a batch's POST: a free place among the POSTs that are out, then a claim that the budget
//! allows, then the first byte. The connection stands already, so that a place is never idle for want of one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::pace::Pace;
use crate::ledger::batch::Unclaimed;
use crate::ledger::{LedgerError, Render, RenderId};
use crate::service::first_byte::{BeforeFirstByte, HookRefused};
use crate::work::Desk;

/// What the hook between the connection and the first byte leaves behind.
#[derive(Clone, Default)]
pub(super) struct Claim(Arc<Mutex<Claimed>>);

/// What became of a claim.
#[derive(Default)]
pub(super) struct Claimed {
    begun: bool,
    /// The row, once it was claimed.
    pub(super) render: Option<Render>,
    /// Why it was not.
    pub(super) refused: Option<Unclaimed>,
    /// Why the ledger could not take the claim.
    pub(super) failed: Option<LedgerError>,
    /// The place among the POSTs that are out, until this is dropped.
    slot: Option<OwnedSemaphorePermit>,
}

/// What a claim needs to know of its run.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) desk: Desk,
    pub(super) pace: Arc<Pace>,
    pub(super) slots: Arc<Semaphore>,
}

impl Claim {
    /// Makes `sending` durable. Nothing is written to the connection unless this says yes.
    pub(super) fn hook(&self, terms: Terms, id: RenderId) -> BeforeFirstByte {
        let claim = self.clone();
        Box::new(move || Box::pin(async move { claim.pass(&terms, id).await.map_err(|why| HookRefused(why.to_owned())) }))
    }

    async fn pass(&self, terms: &Terms, id: RenderId) -> Result<(), &'static str> {
        let slot = Arc::clone(&terms.slots).acquire_owned().await.map_err(|_| "the run is over")?;
        if !terms.pace.is_open() {
            return Err("held back");
        }
        self.hold().begun = true;
        let claims = claim(&terms.desk, id).await;
        let mut claimed = self.hold();
        match claims {
            Ok(Some(Ok(render))) => {
                claimed.render = Some(render);
                claimed.slot = Some(slot);
                return Ok(());
            }
            Ok(Some(Err(why))) => claimed.refused = Some(why),
            Ok(None) => {}
            Err(error) => claimed.failed = Some(error),
        }
        Err("not claimed")
    }

    /// Whether the ledger was asked, so that a byte may leave at any moment.
    pub(super) fn has_begun(&self) -> bool {
        self.hold().begun
    }

    /// What became of it; the place is free from here on.
    pub(super) fn take(&self) -> Claimed {
        let mut claimed = std::mem::take(&mut *self.hold());
        claimed.slot = None;
        claimed
    }

    fn hold(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Claims a row as its batch allows; nothing when the claim stands no more by the time it is made.
async fn claim(desk: &Desk, id: RenderId) -> Result<Option<Result<Render, Unclaimed>>, LedgerError> {
    match desk.store.claim(vec![id], desk.world.now()).await?.pop() {
        Some(Ok(recorded)) => Ok(if desk.stands(&recorded.render).await? { Some(Ok(recorded.render)) } else { None }),
        Some(Err(why)) => Ok(Some(Err(why))),
        None => Ok(None),
    }
}
