//! When to try again, as pure functions: exponential back-off with full jitter; `Retry-After` is obeyed.

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;

use super::answer::{ConnectFault, TlsFault};
use crate::policy::{LONGEST_RETRY_AFTER, REFUSED_FOR};
use crate::world::Timestamp;

/// The upper bound of the first wait; it doubles with each attempt.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The upper bound of any wait that the service did not ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// How long and how often to try a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// No try begins later than this after the first one.
    pub total: Duration,
    /// The largest number of tries.
    pub tries: u32,
}

/// The progress of the tries of one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Failed {
    /// How many tries have failed, from 1.
    pub tries: u32,
    /// The time since the first began.
    pub elapsed: Duration,
    /// How long the service asks us to wait.
    pub retry_after: Option<Duration>,
    /// A random number, from 0 up to 1.
    pub fraction: f64,
}

/// What to do after a failed try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this long.
    Wait(Duration),
    /// Give up.
    Stop,
}

impl RetryPolicy {
    /// As many tries as fit into `total`.
    #[must_use]
    pub fn lasting(total: Duration) -> Self {
        Self { total, tries: u32::MAX }
    }

    /// The patience for this fault of the connection: a fault that a typing error or a broken set-up explains gets
    /// a short patience (`faults.md` rows 1 to 4).
    #[must_use]
    pub fn with(self, fault: &ConnectFault) -> Self {
        match fault {
            ConnectFault::Refused | ConnectFault::Dns | ConnectFault::Tls(TlsFault::Certificate(_)) => {
                Self { total: self.total.min(REFUSED_FOR), ..self }
            }
            ConnectFault::Proxy(_) => Self { tries: self.tries.min(2), ..self },
            ConnectFault::Tls(TlsFault::NoRoots) | ConnectFault::Private => Self { tries: 1, ..self },
            ConnectFault::Tls(TlsFault::Handshake(_)) | ConnectFault::Timeout | ConnectFault::Network(_) => self,
        }
    }

    /// Decides about the next try. A wait that the service asks for is kept in full or not started.
    #[must_use]
    pub fn after(self, failed: &Failed) -> Next {
        let left = self.total.saturating_sub(failed.elapsed);
        if failed.tries >= self.tries || left.is_zero() {
            return Next::Stop;
        }
        let jitter = back_off(failed.tries).mul_f64(failed.fraction.clamp(0.0, 1.0));
        match failed.retry_after {
            None => Next::Wait(jitter.min(left)),
            Some(asked) if asked <= left => Next::Wait((asked + jitter).min(left)),
            Some(_) => Next::Stop,
        }
    }
}

fn back_off(tries: u32) -> Duration {
    FIRST_WAIT.saturating_mul(2_u32.saturating_pow(tries.saturating_sub(1))).min(LONGEST_WAIT)
}

/// Reads `Retry-After`: seconds or an HTTP date, at most [`LONGEST_RETRY_AFTER`]; `None` for any other text.
#[must_use]
pub fn retry_after(header: &str, now: Timestamp) -> Option<Duration> {
    let header = header.trim();
    let asked = if header.starts_with(|first: char| first.is_ascii_digit()) {
        let seconds: f64 = header.parse().ok()?;
        Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_RETRY_AFTER)
    } else {
        http_date(header)?.since(now)
    };
    Some(asked.min(LONGEST_RETRY_AFTER))
}

/// Reads the date of an HTTP header.
#[must_use]
pub fn http_date(text: &str) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(text.trim()).ok().map(|at| Timestamp(at.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BUDGET: RetryPolicy = RetryPolicy { total: Duration::from_secs(60), tries: u32::MAX };

    fn failed(tries: u32, elapsed: u64, retry_after: Option<u64>) -> Failed {
        Failed { tries, elapsed: Duration::from_secs(elapsed), retry_after: retry_after.map(Duration::from_secs), fraction: 0.5 }
    }

    #[test]
    fn waits_double_up_to_thirty_seconds() {
        let waits: Vec<_> =
            [1, 2, 3, 4, 10, u32::MAX].into_iter().map(|tries| BUDGET.after(&failed(tries.min(u32::MAX - 1), 0, None))).collect();
        let millis = [250, 500, 1000, 2000, 15_000, 15_000].map(|wait| Next::Wait(Duration::from_millis(wait)));
        assert_eq!(waits, millis);
    }

    #[test]
    fn rows_1_to_3_a_closed_port_an_unknown_name_and_a_bad_certificate_are_tried_for_ten_seconds() {
        for fault in [ConnectFault::Refused, ConnectFault::Dns, ConnectFault::Tls(TlsFault::Certificate(String::new()))] {
            let patience = BUDGET.with(&fault);
            assert!(matches!(patience.after(&failed(3, 9, None)), Next::Wait(_)));
            assert_eq!(patience.after(&failed(3, 10, None)), Next::Stop);
        }
    }

    #[test]
    fn row_3_a_machine_without_roots_is_not_tried_again() {
        assert_eq!(BUDGET.with(&ConnectFault::Tls(TlsFault::NoRoots)).after(&failed(1, 0, None)), Next::Stop);
    }

    #[test]
    fn row_18_retry_after_is_obeyed_whole_or_not_at_all() {
        assert!(matches!(BUDGET.after(&failed(1, 0, Some(20))), Next::Wait(wait) if wait >= Duration::from_secs(20)));
        assert_eq!(BUDGET.after(&failed(1, 50, Some(20))), Next::Stop);
    }

    #[test]
    fn row_18_retry_after_comes_in_every_spelling() {
        let now = http_date("Sun, 06 Nov 1994 08:49:37 GMT").unwrap();
        let read = |header| retry_after(header, now).map(|wait| wait.as_secs());
        assert_eq!(read("120"), Some(120));
        assert_eq!(read(" 1.5 "), Some(1));
        assert_eq!(read("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(read("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(read("Sat, 06 Nov 2094 08:00:00 GMT"), Some(600), "absurd");
        assert_eq!(read("99999999999999999999999999"), Some(600), "absurd");
        assert_eq!((read("-5"), read("soon"), read(""), read("1e999x")), (None, None, None, None));
    }

    proptest! {
        #[test]
        fn row_18_no_header_makes_it_panic_or_wait_over_ten_minutes(header in ".*", now in any::<i64>()) {
            if let Some(wait) = retry_after(&header, Timestamp(now)) {
                prop_assert!(wait <= LONGEST_RETRY_AFTER);
            }
        }

        #[test]
        fn no_wait_passes_the_budget(tries in 1_u32.., elapsed in 0_u64..200, after in proptest::option::of(0_u64..700), fraction in 0.0..1.0) {
            let failed = Failed { fraction, ..failed(tries, elapsed, after) };
            if let Next::Wait(wait) = BUDGET.after(&failed) {
                prop_assert!(failed.elapsed + wait <= BUDGET.total);
                prop_assert!(failed.retry_after.is_none_or(|asked| wait >= asked));
            }
        }
    }
}
