//! A time that is known exactly or within bounds.

use std::fmt;

use super::{Reason, Seconds};

/// A time, or its bounds and the reason why it isn't known exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    low: Seconds,
    high: Option<Seconds>,
    why: Option<Reason>,
}

impl Length {
    /// Zero.
    pub const ZERO: Self = Self::known(Seconds::ZERO);

    /// A known time.
    #[must_use]
    pub const fn known(time: Seconds) -> Self {
        Self { low: time, high: Some(time), why: None }
    }

    /// Any time from zero up.
    #[must_use]
    pub const fn unknown(why: Reason) -> Self {
        Self { low: Seconds::ZERO, high: None, why: Some(why) }
    }

    /// Any time from zero up to another.
    #[must_use]
    pub fn up_to(most: Self, why: Reason) -> Self {
        Self::within(Seconds::ZERO, most.high, Some(why))
    }

    fn within(low: Seconds, high: Option<Seconds>, why: Option<Reason>) -> Self {
        let why = if high == Some(low) { None } else { why };
        Self { low, high, why }
    }

    /// The time, if it is known.
    #[must_use]
    pub fn exactly(&self) -> Option<Seconds> {
        self.high.filter(|high| *high == self.low)
    }

    /// Whether it is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.exactly().is_some()
    }

    /// The lower bound.
    #[must_use]
    pub fn at_least(&self) -> Seconds {
        self.low
    }

    /// The upper bound; `None` if there is none.
    #[must_use]
    pub fn at_most(&self) -> Option<Seconds> {
        self.high
    }

    /// Why it isn't known; `None` if it is.
    #[must_use]
    pub fn why(&self) -> Option<Reason> {
        self.why
    }

    /// The sum of both.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let high = self.high.zip(other.high).map(|(one, other)| one + other);
        Self::within(self.low + other.low, high, self.why.or(other.why))
    }

    /// The difference to another, at least zero.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let low = other.high.map_or(Seconds::ZERO, |high| (self.low - high).max(Seconds::ZERO));
        let high = self.high.map(|high| (high - other.low).max(Seconds::ZERO));
        Self::within(low, high, self.why.or(other.why))
    }

    /// The longer of both.
    #[must_use]
    pub fn longer(&self, other: &Self) -> Self {
        let high = self.high.zip(other.high).map(|(one, other)| one.max(other));
        Self::within(self.low.max(other.low), high, self.why.or(other.why))
    }

    /// The shorter of both.
    #[must_use]
    pub fn shorter(&self, other: &Self) -> Self {
        let high = self.high.into_iter().chain(other.high).min();
        Self::within(self.low.min(other.low), high, self.why.or(other.why))
    }

    /// Whether it can be longer than another.
    #[must_use]
    pub fn may_exceed(&self, other: &Self) -> bool {
        self.high.is_none_or(|high| high > other.low)
    }
}

/// `14.5 s`, `4 s to 5.5 s`, `at least 4 s`, or `unknown`.
impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.low, self.high) {
            (low, Some(high)) if low == high => write!(f, "{low} s"),
            (low, Some(high)) => write!(f, "{low} s to {high} s"),
            (Seconds::ZERO, None) => f.write_str("unknown"),
            (low, None) => write!(f, "at least {low} s"),
        }
    }
}
