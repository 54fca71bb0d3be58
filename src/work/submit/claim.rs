//! The durable step: between the connection and the first byte of the request, the row becomes `sending` on disk.
//! Otherwise nothing is sent (`protocol.md#the-order-of-the-durable-step`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ledger::{Change, LedgerError, Render, RenderId};
use crate::render::state::Fact;
use crate::service::first_byte::{BeforeFirstByte, HookRefused};
use crate::work::Context;

/// The result of the hook that runs between the connection and the first byte.
#[derive(Clone, Default)]
pub(super) struct Claim(Arc<Mutex<Claimed>>);

/// The result of a claim.
#[derive(Default)]
pub(super) struct Claimed {
    begun: bool,
    /// The claimed row.
    pub(super) render: Option<Render>,
    /// Why the ledger failed to write the claim.
    pub(super) failed: Option<LedgerError>,
}

impl Claim {
    /// Makes `sending` durable. Nothing is written to the connection unless the hook returns `Ok`.
    pub(super) fn hook(&self, context: &Context, render: &Render) -> BeforeFirstByte {
        let (claim, context, id) = (self.clone(), context.clone(), render.id);
        Box::new(move || {
            Box::pin(async move {
                if context.interrupt.is_cancelled() {
                    return Err(HookRefused("interrupted".to_owned()));
                }
                claim.hold().begun = true;
                match claimed(&context, id).await {
                    Ok(Some(render)) => {
                        claim.hold().render = Some(render);
                        Ok(())
                    }
                    Ok(None) => Err(HookRefused("another process did it first".to_owned())),
                    Err(error) => {
                        let why = error.to_string();
                        claim.hold().failed = Some(error);
                        Err(HookRefused(why))
                    }
                }
            })
        })
    }

    /// Whether the ledger was asked, so that a byte may leave at any moment.
    pub(super) fn has_begun(&self) -> bool {
        self.hold().begun
    }

    /// Returns the result.
    pub(super) fn take(&self) -> Claimed {
        std::mem::take(&mut self.hold())
    }

    fn hold(&self) -> MutexGuard<'_, Claimed> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Claims a row, and checks that the claim still holds.
async fn claimed(context: &Context, id: RenderId) -> Result<Option<Render>, LedgerError> {
    let Ok(recorded) = context.record(id, Change::Fact(Fact::Claimed)).await? else { return Ok(None) };
    Ok(if context.stands(&recorded.render).await? { Some(recorded.render) } else { None })
}
