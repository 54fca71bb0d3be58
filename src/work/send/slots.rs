//! The slots for POSTs in flight, and how many rows are claimed before a slot is free.
//!
//! A claim waits for the disk. When that time is short beside an answer of the service, no row is claimed before it has
//! a slot. A process that is killed then leaves as few rows as possible for which it is unknown whether they were sent.
//! When the service answers so fast that slots would be idle during a claim, enough rows are claimed ahead to keep them
//! busy.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most rows claimed ahead. A run has this many workers beyond the POSTs that may be in flight: while those wait
/// for their answers, these read their movies and connect.
pub(in crate::work) const AHEAD: usize = 8;

/// The weight of one more measurement.
const WEIGHT: f64 = 0.1;

/// The slots of a run.
pub(in crate::work) struct Slots {
    claims: Arc<Semaphore>,
    posts: Arc<Semaphore>,
    concurrency: usize,
    measured: Mutex<Measured>,
}

/// The recent times of claims and answers, in seconds.
#[derive(Debug, Default)]
struct Measured {
    claim: f64,
    post: f64,
    /// Slots for claims beyond those for POSTs.
    granted: usize,
}

/// A slot, held until it is dropped.
pub(in crate::work) type Place = OwnedSemaphorePermit;

impl Slots {
    /// One slot for each POST that may be in flight at once.
    pub(in crate::work) fn new(concurrency: usize) -> Self {
        let places = || Arc::new(Semaphore::new(concurrency));
        Self { claims: places(), posts: places(), concurrency, measured: Mutex::default() }
    }

    /// Waits for a slot to claim a row; it is held until the POST has ended. `None` when the run is over.
    pub(in crate::work) async fn to_claim(&self) -> Option<Place> {
        Arc::clone(&self.claims).acquire_owned().await.ok()
    }

    /// Waits for a slot to post. `None` when the run is over.
    pub(in crate::work) async fn to_post(&self) -> Option<Place> {
        Arc::clone(&self.posts).acquire_owned().await.ok()
    }

    /// Records how long a claim took.
    pub(in crate::work) fn claimed(&self, took: Duration) {
        let mut measured = self.measured();
        measured.claim = smoothed(measured.claim, took);
    }

    /// Records the time from a POST's first byte to its answer.
    pub(in crate::work) fn answered(&self, took: Duration) {
        let mut measured = self.measured();
        measured.post = smoothed(measured.post, took);
        let wanted = measured.ahead(self.concurrency);
        if wanted > measured.granted {
            self.claims.add_permits(wanted - measured.granted);
            measured.granted = wanted;
        } else {
            measured.granted -= self.claims.forget_permits(measured.granted - wanted);
        }
    }

    fn measured(&self) -> MutexGuard<'_, Measured> {
        self.measured.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Measured {
    /// Twice the number of slots that become free during one claim, since both times vary.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a few, never negative")]
    fn ahead(&self, concurrency: usize) -> usize {
        if self.post <= 0.0 {
            return 0;
        }
        ((2.0 * concurrency as f64 * self.claim / self.post) as usize).min(AHEAD)
    }
}

fn smoothed(before: f64, took: Duration) -> f64 {
    let took = took.as_secs_f64();
    if before > 0.0 { WEIGHT.mul_add(took - before, before) } else { took }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(slots: &Slots, claim: u64, post: u64) -> usize {
        for _ in 0..100 {
            slots.claimed(Duration::from_millis(claim));
            slots.answered(Duration::from_millis(post));
        }
        slots.claims.available_permits()
    }

    #[tokio::test]
    async fn rows_are_claimed_ahead_only_where_answers_are_as_fast_as_the_disk() {
        let slots = Slots::new(32);
        assert_eq!(places(&slots, 3, 1_500), 32);
        assert_eq!(places(&slots, 2, 20), 32 + 6);
        assert_eq!(places(&slots, 100, 20), 32 + AHEAD);
        let all: Vec<Place> = futures_util::future::join_all((0..40).map(|_| slots.to_claim())).await.into_iter().flatten().collect();
        // Existing claims keep their slots; no new slot is given.
        assert_eq!(places(&slots, 3, 1_500), 0);
        drop(all);
        assert_eq!(places(&slots, 3, 1_500), 32);
        assert_eq!(slots.posts.available_permits(), 32);
    }
}
