//! The credits of a run: a render is sent only when the most that it may cost is left.

use std::time::Duration;

/// What is left.
pub(crate) struct Budget {
    left: u64,
}

impl Budget {
    pub(crate) fn of(credits: u64) -> Self {
        Self { left: credits }
    }

    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Sets aside the most that a render may cost.
    ///
    /// # Errors
    /// With the reason when less is left.
    pub(crate) fn reserve(&mut self, most: u64) -> Result<(), String> {
        let left = self.left;
        self.left = left.checked_sub(most).ok_or_else(|| format!("it may cost {most} credits, and {left} of J2V_LIVE_CREDITS are left"))?;
        Ok(())
    }

    /// Takes what a render has cost beyond what was set aside.
    pub(crate) fn settle(&mut self, reserved: u64, paid: f64) {
        // As many whole credits as seconds.
        let paid = Duration::try_from_secs_f64(paid.ceil()).map_or(u64::MAX, |seconds| seconds.as_secs());
        self.left = self.left.saturating_sub(paid.saturating_sub(reserved));
    }
}

#[test]
fn no_render_is_sent_that_may_cost_more_than_is_left() {
    let mut budget = Budget::of(5);
    budget.reserve(2).unwrap();
    assert_eq!(budget.reserve(4).unwrap_err(), "it may cost 4 credits, and 3 of J2V_LIVE_CREDITS are left");
    budget.reserve(3).unwrap();
    assert_eq!(budget.left(), 0);
}

#[test]
fn a_render_that_costs_more_than_was_thought_leaves_less() {
    let mut budget = Budget::of(10);
    budget.reserve(2).unwrap();
    budget.settle(2, 2.0);
    assert_eq!(budget.left(), 8);
    budget.settle(2, 4.5);
    assert_eq!(budget.left(), 5);
    budget.settle(2, 0.0);
    assert_eq!(budget.left(), 5, "what was set aside is spent");
    budget.settle(2, 1000.0);
    assert_eq!(budget.left(), 0);
}
