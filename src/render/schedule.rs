//! When to ask: the rhythm of polling and of the search for a lost answer. Pure: durations in, durations out.

use std::num::NonZeroU32;
use std::time::Duration;

/// The service asks clients not to poll a project faster (`service.md#status`).
pub const FLOOR: Duration = Duration::from_secs(5);

/// The longest interval between two reads of a render, at any age (`contract.md#talking-to-the-service`).
const SLOWEST: Duration = Duration::from_secs(30);

/// Until this age a render is read at the floor.
const YOUNG: Duration = Duration::from_secs(120);

/// On loopback a request costs nothing; this floor only saves processor time.
const LOOPBACK_FLOOR: Duration = Duration::from_millis(100);

/// Where the API is, as far as manners go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locality {
    /// On this machine: any interval is fine.
    Loopback,
    /// The real service, or anything else across a network.
    Remote,
}

/// How often a render is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PollInterval {
    locality: Locality,
    /// The user's interval in milliseconds: a batch keeps 100,000 of these.
    interval: Option<NonZeroU32>,
}

impl PollInterval {
    /// The rhythm for an API at this distance, with the user's `--interval` if there is one: whole milliseconds, one at least.
    #[must_use]
    pub fn new(locality: Locality, interval: Option<Duration>) -> Self {
        let interval = interval.map(|wanted| if locality == Locality::Remote { wanted.max(FLOOR) } else { wanted });
        let milliseconds = |interval: Duration| NonZeroU32::new(u32::try_from(interval.as_millis()).unwrap_or(u32::MAX).max(1));
        Self { locality, interval: interval.and_then(milliseconds) }
    }

    /// Whether a user's interval would be raised to the floor.
    #[must_use]
    pub fn raises(locality: Locality, interval: Option<Duration>) -> bool {
        locality == Locality::Remote && interval.is_some_and(|wanted| wanted < FLOOR)
    }

    /// How long to wait before the next read of a render of this age.
    #[must_use]
    pub fn pause(&self, age: Duration) -> Duration {
        if let Some(interval) = self.interval() {
            return interval;
        }
        let tenth = (age / 10).min(SLOWEST);
        match self.locality {
            Locality::Loopback => tenth.max(LOOPBACK_FLOOR),
            Locality::Remote if age < YOUNG => FLOOR,
            Locality::Remote => tenth,
        }
    }

    /// The user's interval, raised to the floor.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        self.interval.map(|milliseconds| Duration::from_millis(milliseconds.get().into()))
    }

    /// A status that is younger than this is not read again, whatever interval is asked for.
    #[must_use]
    pub fn floor(&self) -> Duration {
        match self.locality {
            Locality::Loopback => Duration::ZERO,
            Locality::Remote => FLOOR,
        }
    }

    /// How long the process that reads for others keeps its read lease without a sign of life.
    #[must_use]
    pub fn stands(&self) -> Duration {
        match self.locality {
            Locality::Loopback => Duration::from_secs(2),
            Locality::Remote => FLOOR * 2,
        }
    }
}

/// Ages, since the answer was given up, at which the server is searched for it (`protocol.md#searching`).
const REMOTE_SEARCHES: [u64; 9] = [0, 5_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000];

/// The same for a service on this machine, where a second is long.
const LOOPBACK_SEARCHES: [u64; 13] = [0, 100, 300, 600, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 300_000, 900_000];

const HOUR: Duration = Duration::from_secs(3600);

/// The next age at which to search, after a search (or none yet) at `last`.
#[must_use]
pub fn next_search(locality: Locality, last: Option<Duration>) -> Duration {
    let Some(last) = last else { return Duration::ZERO };
    let ages: &[u64] = match locality {
        Locality::Loopback => &LOOPBACK_SEARCHES,
        Locality::Remote => &REMOTE_SEARCHES,
    };
    ages.iter().map(|&age| Duration::from_millis(age)).find(|&age| age > last).unwrap_or(last + HOUR)
}

/// How long the service may take to list an accepted render. Longer than any lag that was reported; a service on this machine
/// has none.
#[must_use]
pub const fn listed_within(locality: Locality) -> Duration {
    match locality {
        Locality::Loopback => Duration::from_secs(2),
        Locality::Remote => Duration::from_secs(60),
    }
}

/// The wait before the next delivery of an outcome, by the number of failed ones, seconds: the schedule of Standard
/// Webhooks, which ends after three days.
const DELIVERIES: [u64; 9] = [5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600];

/// The wait before the next delivery, from the number of attempts. Adds up to a tenth at random (`fraction`, 0 to 1),
/// so that deliveries that failed together do not return together. `None` after the last attempt.
#[must_use]
pub fn next_delivery(attempts: u32, fraction: f64) -> Option<Duration> {
    let place = usize::try_from(attempts).ok()?.checked_sub(1)?;
    DELIVERIES.get(place).map(|&seconds| Duration::from_secs(seconds).mul_f64(1.0 + fraction.clamp(0.0, 1.0) / 10.0))
}

/// How a set of renders is read next: a part through the list, the rest one by one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Split {
    /// Renders, by index, that one sweep of the list answers for.
    pub listed: Vec<usize>,
    /// Renders, by index, that are read one by one.
    pub single: Vec<usize>,
}

/// From this many renders on the list is worth a request (`contract.md#talking-to-the-service`).
pub const HANDFUL: usize = 5;

/// Renders of an account in one page of the list (`service.md#status`).
const PAGE: usize = 100;

/// Splits renders (their creation times, any unit) between the list and single reads so that the requests are
/// fewest: a straggler would widen the window of the list over everything else that the account rendered since.
/// `others` are the creation times of the account's other projects as the last sweep saw them (`service.md#list`).
#[must_use]
pub fn split(watched: &[i64], others: &[i64]) -> Split {
    let mut order: Vec<usize> = (0..watched.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(watched[index]));
    let mut others = others.to_vec();
    others.sort_unstable_by_key(|&at| std::cmp::Reverse(at));
    let mut passed = 0;
    let mut best = (watched.len(), 0);
    for (taken, &index) in order.iter().enumerate().map(|(place, index)| (place + 1, index)) {
        while others.get(passed).is_some_and(|&at| at >= watched[index]) {
            passed += 1;
        }
        let requests = (taken + passed).div_ceil(PAGE) + (watched.len() - taken);
        if requests < best.0 || (requests == best.0 && best.1 > 0) {
            best = (requests, taken);
        }
    }
    if watched.len() < HANDFUL || best.1 < HANDFUL {
        best.1 = 0;
    }
    let single = order.split_off(best.1);
    Split { listed: order, single }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_remote_render_is_read_every_five_seconds_and_then_at_a_tenth_of_its_age() {
        let poll_interval = PollInterval::new(Locality::Remote, None);
        assert_eq!(poll_interval.pause(seconds(1)), seconds(5));
        assert_eq!(poll_interval.pause(seconds(119)), seconds(5));
        assert_eq!(poll_interval.pause(seconds(200)), seconds(20));
        assert_eq!(poll_interval.pause(seconds(4000)), seconds(30));
    }

    #[test]
    fn a_remote_interval_is_raised_to_the_floor_and_a_loopback_one_is_not() {
        let wish = Some(Duration::from_millis(50));
        assert_eq!(PollInterval::new(Locality::Remote, wish).pause(seconds(1)), FLOOR);
        assert!(PollInterval::raises(Locality::Remote, wish));
        assert_eq!(PollInterval::new(Locality::Loopback, wish).pause(seconds(1)), Duration::from_millis(50));
        assert!(!PollInterval::raises(Locality::Loopback, wish));
    }

    #[test]
    fn a_thousand_renders_of_a_quiet_account_take_ten_requests() {
        let split = split(&(0..1000).collect::<Vec<_>>(), &[]);
        assert_eq!((split.listed.len(), split.single.len()), (1000, 0));
    }

    #[test]
    fn a_straggler_is_read_alone_when_the_window_would_grow_over_other_projects() {
        let mut watched: Vec<i64> = (100_000..100_050).collect();
        watched.push(0);
        let split = split(&watched, &(1..5000).collect::<Vec<_>>());
        assert_eq!((split.listed.len(), split.single), (50, vec![50]));
    }

    #[test]
    fn a_few_renders_are_read_one_by_one() {
        assert_eq!(split(&[1, 2, 3, 4], &[]).single.len(), 4);
    }

    #[test]
    fn an_application_that_fails_is_tried_ten_times_over_three_days() {
        assert_eq!(next_delivery(1, 0.0), Some(seconds(5)));
        assert_eq!(next_delivery(2, 1.0), Some(seconds(330)));
        let waits: Vec<_> = (1..=10).map_while(|attempts| next_delivery(attempts, 0.0)).collect();
        assert_eq!((waits.len(), waits.iter().sum::<Duration>()), (9, seconds(5 + 35 * 60 + 75 * 3600)));
        assert_eq!((next_delivery(0, 0.5), next_delivery(u32::MAX, 0.5)), (None, None));
    }

    #[test]
    fn searches_follow_the_table_and_then_go_hourly() {
        assert_eq!(next_search(Locality::Remote, None), Duration::ZERO);
        assert_eq!(next_search(Locality::Remote, Some(Duration::ZERO)), seconds(5));
        assert_eq!(next_search(Locality::Remote, Some(seconds(61))), seconds(120));
        assert_eq!(next_search(Locality::Remote, Some(seconds(1000))), seconds(4600));
    }

    proptest! {
        #[test]
        fn a_split_reads_each_render_once(watched: Vec<i64>, others: Vec<i64>) {
            let split = split(&watched, &others);
            let mut all: Vec<usize> = split.listed.into_iter().chain(split.single).collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..watched.len()).collect::<Vec<_>>());
        }

        #[test]
        fn the_end_of_a_render_is_noticed_within_five_seconds_or_a_tenth(end in 1u64..7200) {
            let (poll_interval, end) = (PollInterval::new(Locality::Remote, None), seconds(end));
            let mut age = Duration::ZERO;
            while age < end {
                age += poll_interval.pause(age);
            }
            prop_assert!(age.saturating_sub(end) <= FLOOR.max(end / 10));
        }
    }
}
