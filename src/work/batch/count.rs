//! The progress of a run, counted as it goes.

use std::time::Duration;

use crate::render::event::{Cause, Outcome, OutcomeStatus, Progress};

/// This many rows must have ended before the remaining time is estimated.
const ENOUGH: u64 = 5;

/// The counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Counts {
    rows: u64,
    /// Rows that are accepted and have not ended.
    rendering: u64,
    done: u64,
    failed: u64,
    /// Rows that ended after this run had sent or followed them.
    worked_for: u64,
    credits: f64,
}

impl Counts {
    /// The counts of a run over this number of rows.
    pub(super) fn of(rows: u64) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Counts a render as under way.
    pub(super) fn begins(&mut self) {
        self.rendering += 1;
    }

    /// Counts a row that has its outcome. `was_rendering` says whether it was counted as under way. A row that is accepted and
    /// not followed (`--no-wait`) goes on rendering.
    pub(super) fn ends(&mut self, outcome: &Outcome, was_rendering: bool) {
        if outcome.status == OutcomeStatus::Submitted && outcome.cause == Cause::None {
            self.rendering += u64::from(!was_rendering);
            return;
        }
        if was_rendering {
            self.rendering = self.rendering.saturating_sub(1);
            self.worked_for += 1;
        }
        let is_good = outcome.status == OutcomeStatus::Done && outcome.cause == Cause::None;
        *(if is_good { &mut self.done } else { &mut self.failed }) += 1;
        self.credits += outcome.report.as_ref().and_then(|report| report.credits).unwrap_or_default();
    }

    /// The progress to show after a run of this length.
    pub(super) fn progress(&self, elapsed: Duration) -> Progress {
        let ended = self.done + self.failed;
        let left = self.rows.saturating_sub(ended);
        Progress {
            rows: self.rows.max(ended + self.rendering),
            queued: left.saturating_sub(self.rendering),
            rendering: self.rendering,
            done: self.done,
            failed: self.failed,
            credits: self.credits,
            elapsed,
            left: self.guess(left, elapsed),
        }
    }

    /// Estimates the remaining time: each remaining row takes as long as each row that this run has worked for so far.
    fn guess(&self, left: u64, elapsed: Duration) -> Option<Duration> {
        let measured = u32::try_from(self.worked_for).ok().filter(|_| self.worked_for >= ENOUGH)?;
        let left = u32::try_from(left).ok()?;
        Some((elapsed / measured).saturating_mul(left))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_not_followed_is_rendering_and_not_done() {
        let mut counts = Counts::of(3);
        counts.ends(&Outcome::new(OutcomeStatus::Submitted), false);
        let progress = counts.progress(Duration::from_secs(1));
        assert_eq!((progress.queued, progress.rendering, progress.done), (2, 1, 0));
    }

    #[test]
    fn what_is_left_is_guessed_from_what_was_measured() {
        let mut counts = Counts::of(100);
        counts.ends(&Outcome::new(OutcomeStatus::Done), false);
        for _ in 0..9 {
            counts.begins();
        }
        assert_eq!(counts.progress(Duration::from_secs(3)).left, None);
        for _ in 0..4 {
            counts.ends(&Outcome::new(OutcomeStatus::Done), true);
        }
        counts.ends(&Outcome::new(OutcomeStatus::Error), true);
        let progress = counts.progress(Duration::from_secs(10));
        assert_eq!((progress.queued, progress.rendering, progress.done, progress.failed), (90, 4, 5, 1));
        assert_eq!(progress.left, Some(Duration::from_secs(2 * 94)));
    }
}
