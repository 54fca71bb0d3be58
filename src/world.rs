//! The clock and the random numbers. They are passed in, so that tests can set them.

use std::sync::Arc;
use std::time::Duration;

/// A point in time as the ledger stores it: UTC, milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This point in time moved later by `by`.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// This point in time moved earlier by `by`.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// The time since `earlier`; zero when it lies ahead (clocks are sometimes set back).
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// ISO-8601 in UTC with milliseconds and `Z`, the spelling of the service (`service.md#common`).
    #[must_use]
    pub fn to_iso(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| "1970-01-01T00:00:00.000Z".to_owned(), |at| format!("{at:.3}"))
    }

    /// Reads an ISO-8601 time with an offset or `Z`.
    #[must_use]
    pub fn from_iso(text: &str) -> Option<Self> {
        text.trim().parse::<jiff::Timestamp>().ok().map(|at| Self(at.as_millisecond()))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the wall-clock time. Waiting is `tokio::time`, which tests can pause.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Timestamp;
}

/// Makes random numbers: for keys and for the jitter of retries, never for secrets.
pub trait Rng: Send + Sync {
    /// Any number in the range of `u64`.
    fn next_u64(&self) -> u64;
}

/// The clock and the random numbers together, as functions receive them.
#[derive(Clone)]
pub struct World {
    /// The source of the time.
    pub clock: Arc<dyn Clock>,
    /// The source of random numbers.
    pub rng: Arc<dyn Rng>,
}

impl World {
    /// The world of the machine that runs this process.
    #[must_use]
    pub fn real() -> Self {
        Self { clock: Arc::new(SystemClock), rng: Arc::new(SystemDice) }
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A number from 0 up to 1, 1 excluded.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        f64::from(u32::try_from(self.rng.next_u64() >> 32).unwrap_or(0)) / f64::from(u32::MAX).next_up()
    }
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }
}

struct SystemDice;

impl Rng for SystemDice {
    fn next_u64(&self) -> u64 {
        // Without a source of randomness the time still makes two numbers differ.
        getrandom::u64().unwrap_or_else(|_| SystemClock.now().0.unsigned_abs())
    }
}
