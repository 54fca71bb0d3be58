//! The durable step: between the connection and the first byte of the request, the row becomes `sending` on disk.
//! Otherwise, or when the row or the claim no longer stands after that, nothing is sent
//! (`protocol.md#the-order-of-the-durable-step`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant as Tick;

use super::limits::SendLimits;
use super::slots::{Place, Slots};
use crate::ledger::batch::Unclaimed;
use crate::ledger::{Change, LedgerError, Recorded, Render};
use crate::render::state::{Fact, InvalidTransition};
use crate::service::first_byte::{BeforeFirstByte, HookRefused};
use crate::work::Context;

const INTERRUPTED: &str = "interrupted";
const OVER: &str = "the run is over";
const HELD_BACK: &str = "held back";
const NOT_CLAIMED: &str = "not claimed";

/// When a render may be claimed and sent.
#[derive(Clone)]
pub(crate) enum Admission {
    /// At once: a single submission.
    Free,
    /// Within the limits of a run of many.
    Paced {
        /// The pauses, the rate and the circuit breaker, for all workers.
        limits: Arc<SendLimits>,
        /// The slots for claims and for POSTs in flight. The connection is open before, so that no slot waits for one.
        slots: Arc<Slots>,
        /// The number of doubts in the ledger when the service's list was last read for this render.
        looked: u64,
    },
}

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
    left_at: Option<Tick>,
    /// The slots for claiming and for posting, held until this is dropped.
    places: (Option<Place>, Option<Place>),
}

impl Admission {
    /// Waits until a claim may be made.
    async fn to_claim(&self, context: &Context) -> Result<Option<Place>, &'static str> {
        match self {
            Self::Free if context.interrupt.is_cancelled() => Err(INTERRUPTED),
            Self::Free => Ok(None),
            Self::Paced { limits, slots, .. } => {
                let place = slots.to_claim().await.ok_or(OVER)?;
                if limits.is_open() { Ok(Some(place)) } else { Err(HELD_BACK) }
            }
        }
    }

    /// Waits until the first byte may leave.
    async fn to_post(&self) -> Result<Option<Place>, &'static str> {
        match self {
            Self::Free => Ok(None),
            Self::Paced { slots, .. } => slots.to_post().await.ok_or(OVER).map(Some),
        }
    }

    /// Whether the run still sends, and the ledger has given no new sign that it may have forgotten what was sent.
    fn holds(&self, context: &Context) -> bool {
        match self {
            Self::Free => true,
            Self::Paced { limits, looked, .. } => limits.is_open() && context.store.completeness().doubts == *looked,
        }
    }

    fn claimed(&self, began: Tick) {
        if let Self::Paced { slots, .. } = self {
            slots.claimed(began.elapsed());
        }
    }

    fn answered(&self, left_at: Tick) {
        if let Self::Paced { slots, .. } = self {
            slots.answered(left_at.elapsed());
        }
    }
}

impl Claim {
    /// Makes `sending` durable. Nothing is written to the connection unless the hook returns `Ok`.
    pub(super) fn hook(&self, context: &Context, admission: &Admission, wanted: &Render) -> BeforeFirstByte {
        let (claim, context, admission, wanted) = (self.clone(), context.clone(), admission.clone(), wanted.clone());
        Box::new(move || {
            Box::pin(async move { claim.pass(&context, &admission, &wanted).await.map_err(|why| HookRefused(why.to_owned())) })
        })
    }

    async fn pass(&self, context: &Context, admission: &Admission, wanted: &Render) -> Result<(), &'static str> {
        let to_claim = admission.to_claim(context).await?;
        self.hold().begun = true;
        let began = Tick::now();
        let claims = context.store.claim(vec![wanted.id], context.world.now()).await;
        admission.claimed(began);
        let render = self.claimed(claims.map(|mut claims| claims.pop()))?;
        let to_post = admission.to_post().await?;
        // A ledger that was restored in between may have forgotten that the row was sent, or given its number to
        // another row.
        let is_another = render.identity() != wanted.identity();
        if is_another || !admission.holds(context) {
            let released = context.record(wanted.id, Change::Fact(Fact::NotSent { epoch: render.submission.epoch })).await;
            self.released(if is_another { Err(LedgerError::PutBack) } else { released });
            return Err(HELD_BACK);
        }
        let stands = context.stands(&render).await;
        let mut claimed = self.hold();
        match stands {
            Ok(true) => {
                claimed.places = (to_claim, to_post);
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

    /// A row that was claimed and not sent can be claimed by any process again.
    fn released(&self, recorded: Result<Result<Recorded, InvalidTransition>, LedgerError>) {
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

    /// Returns the result and frees its slots. `admission` learns how long the POST took.
    pub(super) fn take(&self, admission: &Admission) -> Claimed {
        let mut claimed = std::mem::take(&mut *self.hold());
        claimed.places = (None, None);
        if let Some(left_at) = claimed.left_at {
            admission.answered(left_at);
        }
        claimed
    }

    fn hold(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
