//! Exact seconds: movies are written in tenths, which binary fractions can't express.

use std::fmt;
use std::ops::{Add, Sub};

use crate::movie::json::Number;

/// A time in whole microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seconds(i64);

const MICROS: i64 = 1_000_000;
const MICROS_IN_ONE: f64 = 1e6;

/// A time longer than any movie: 30 years.
const LONGEST: f64 = 1e9;

impl Seconds {
    /// Zero.
    pub const ZERO: Self = Self(0);

    /// A number of whole seconds.
    #[must_use]
    pub const fn whole(seconds: u32) -> Self {
        Self(seconds as i64 * MICROS)
    }

    /// The time of a number of seconds; `None` if no movie is that long.
    #[must_use]
    pub fn of(number: &Number) -> Option<Self> {
        Self::from_f64(number.as_f64())
    }

    /// The time of a number of seconds; `None` if no movie is that long.
    #[must_use]
    pub fn from_f64(seconds: f64) -> Option<Self> {
        #[expect(clippy::cast_possible_truncation, reason = "what is left is a whole number far below the largest")]
        (seconds.abs() <= LONGEST).then(|| Self((seconds * MICROS_IN_ONE).round() as i64))
    }

    /// The time as the nearest `f64` to the exact number.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285 years, where no digit of a microsecond is left to lose")]
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / MICROS_IN_ONE
    }

    /// The whole seconds, rounded up.
    #[must_use]
    pub fn rounded_up(self) -> u64 {
        let whole = self.0.max(0);
        u64::try_from(whole / MICROS + i64::from(whole % MICROS > 0)).unwrap_or_default()
    }

    /// The whole seconds, rounded down.
    #[must_use]
    pub fn rounded_down(self) -> u64 {
        u64::try_from(self.0.max(0) / MICROS).unwrap_or_default()
    }

    /// Whether it is a whole number of seconds.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0 % MICROS == 0
    }

    /// The time multiplied by a number.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(i64::from(count)))
    }

    /// The time as a number, for JSON.
    #[must_use]
    pub fn to_number(self) -> serde_json::Number {
        self.to_string().parse().unwrap_or_else(|_| serde_json::Number::from(0))
    }
}

impl Add for Seconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Seconds {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

/// `14.5`: no more digits than needed.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micros = self.0.unsigned_abs();
        let (whole, fraction) = (micros / MICROS.unsigned_abs(), micros % MICROS.unsigned_abs());
        let digits = format!("{fraction:06}");
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{digits}") }
    }
}
