//! The durable step of a batch's POST: a claim within the budget, a free slot among the POSTs in flight, then the first
//! byte. The connection is open before, so that no slot waits for one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant as Tick;

use super::send_limits::SendLimits;
use super::slots::{Place, Slots};
use crate::ledger::batch::Unclaimed;
use crate::ledger::{Change, LedgerError, Recorded, Render};
use crate::render::state::{Fact, InvalidTransition};
use crate::service::first_byte::{BeforeFirstByte, HookRefused};
use crate::work::Context;

const OVER: &str = "the run is over";
const HELD_BACK: &str = "held back";
const NOT_CLAIMED: &str = "not claimed";

/// The result of the hook that runs between the connection and the first byte.
#[derive(Clone, Default)]
pub(super) struct Claim(Arc<Mutex<Claimed>>);

/// The result of a claim.
#[derive(Default)]
pub(super) struct Claimed {
    begun: bool,
    /// The claimed row; the released row when it was not sent after all.
    pub(super) render: Option<Render>,
    /// Why it was not claimed.
    pub(super) refused: Option<Unclaimed>,
    /// Why the ledger failed to write the claim.
    pub(super) failed: Option<LedgerError>,
    /// When its first byte was allowed to leave.
    pub(super) left_at: Option<Tick>,
    /// The slots for claiming and for posting, held until this is dropped.
    places: Option<(Place, Place)>,
}

/// The values that a claim needs from its run.
#[derive(Clone)]
pub(super) struct Terms {
    pub(super) context: Context,
    pub(super) limits: Arc<SendLimits>,
    pub(super) slots: Arc<Slots>,
    /// The number of doubts in the ledger when the service's list was read last.
    pub(super) looked: u64,
}

impl Claim {
    /// Makes `sending` durable. Nothing is written to the connection unless the hook returns `Ok`.
    pub(super) fn hook(&self, terms: Terms, wanted: Render) -> BeforeFirstByte {
        let claim = self.clone();
        Box::new(move || Box::pin(async move { claim.pass(&terms, &wanted).await.map_err(|why| HookRefused(why.to_owned())) }))
    }

    async fn pass(&self, terms: &Terms, wanted: &Render) -> Result<(), &'static str> {
        let Terms { context, limits, slots, looked } = terms;
        let id = wanted.id;
        let to_claim = slots.to_claim().await.ok_or(OVER)?;
        if !limits.is_open() {
            return Err(HELD_BACK);
        }
        self.hold().begun = true;
        let began = Tick::now();
        let claims = context.store.claim(vec![id], context.world.now()).await;
        slots.claimed(began.elapsed());
        let render = self.claimed(claims.map(|mut claims| claims.pop()))?;
        let to_post = slots.to_post().await.ok_or(OVER)?;
        // A ledger that was restored in between may have forgotten that the row was sent, or given its number to
        // another row.
        let is_another = render.identity() != wanted.identity();
        if is_another || context.store.completeness().doubts != *looked || !limits.is_open() {
            let given_back = context.record(id, Change::Fact(Fact::NotSent { epoch: render.submission.epoch })).await;
            self.given_back(if is_another { Err(LedgerError::PutBack) } else { given_back });
            return Err(HELD_BACK);
        }
        let stands = context.stands(&render).await;
        let mut claimed = self.hold();
        match stands {
            Ok(true) => {
                claimed.places = Some((to_claim, to_post));
                claimed.left_at = Some(Tick::now());
                return Ok(());
            }
            Ok(false) => claimed.render = None,
            Err(error) => claimed.failed = Some(error),
        }
        Err(NOT_CLAIMED)
    }

    fn claimed(&self, claims: Result<Option<Result<Recorded, Unclaimed>>, LedgerError>) -> Result<Render, &'static str> {
        let mut claimed = self.hold();
        match claims {
            Ok(Some(Ok(recorded))) => return Ok(claimed.render.insert(recorded.render).clone()),
            Ok(Some(Err(why))) => claimed.refused = Some(why),
            Ok(None) => {}
            Err(error) => claimed.failed = Some(error),
        }
        Err(NOT_CLAIMED)
    }

    /// A row that was claimed ahead and not sent can be claimed by any process again.
    fn given_back(&self, recorded: Result<Result<Recorded, InvalidTransition>, LedgerError>) {
        let mut claimed = self.hold();
        match recorded {
            Ok(Ok(recorded)) => claimed.render = Some(recorded.render),
            Ok(Err(_)) => claimed.render = None,
            Err(error) => claimed.failed = Some(error),
        }
    }

    /// Whether the ledger was asked, so that a byte may leave at any moment.
    pub(super) fn has_begun(&self) -> bool {
        self.hold().begun
    }

    /// Returns the result and frees its slots.
    pub(super) fn take(&self) -> Claimed {
        let mut claimed = std::mem::take(&mut *self.hold());
        claimed.places = None;
        claimed
    }

    fn hold(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
