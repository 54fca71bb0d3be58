//! When a POST may leave: one pause for all workers, one rate, one circuit breaker, and one reason to send nothing
//! more (`faults.md` rows 15 to 19, 24 and 25).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant as Tick;

use super::stop::StopReason;
use crate::service::retry::{Failed, Next, RetryPolicy};

/// So many lost answers in a row open the circuit.
const IN_A_ROW: u32 = 3;

/// Of so many answers …
const RECENT: usize = 100;

/// … more than so many lost ones open it.
const LOST_OF_RECENT: usize = 5;

/// When POSTs may leave.
pub(super) struct SendLimits {
    state: Mutex<State>,
    /// Grows with everything that makes a wait end early.
    stopped: watch::Sender<bool>,
    /// The time between two POSTs.
    interval: Option<Duration>,
    /// How long an open circuit stays open.
    open_for: Duration,
}

#[derive(Default)]
struct State {
    stop: Option<StopReason>,
    pause: Option<Pause>,
    failing: Option<Failing>,
    breaker: Breaker,
    next: Option<Tick>,
}

#[derive(Clone, Copy)]
struct Pause {
    since: Tick,
    until: Tick,
}

#[derive(Clone, Copy)]
struct Failing {
    since: Tick,
    tries: u32,
}

/// The answers of this run, as far as they were lost.
#[derive(Default)]
struct Breaker {
    in_a_row: u32,
    recent: VecDeque<bool>,
}

impl Breaker {
    /// Takes in an answer; whether the circuit opens by it.
    fn opens(&mut self, is_lost: bool) -> bool {
        self.in_a_row = if is_lost { self.in_a_row + 1 } else { 0 };
        self.recent.push_back(is_lost);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        let lost = self.recent.iter().filter(|is_lost| **is_lost).count();
        let opens = self.in_a_row >= IN_A_ROW || lost > LOST_OF_RECENT;
        if opens {
            *self = Self::default();
        }
        opens
    }
}

/// What a failure that sent nothing means for all workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slowed {
    /// All wait for so long; it was not known before.
    Anew(Duration),
    /// All wait already.
    Already,
    /// It has failed for too long.
    TooLong,
}

impl SendLimits {
    /// A pace with this time between two POSTs, whose circuit stays open for `open_for`.
    pub(super) fn new(interval: Option<Duration>, open_for: Duration) -> Self {
        Self { state: Mutex::default(), stopped: watch::Sender::new(false), interval, open_for }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is sent any more. The first reason is the one that counts.
    pub(super) fn stop(&self, why: StopReason) {
        self.state().stop.get_or_insert(why);
        self.stopped.send_replace(true);
    }

    /// Why nothing is sent any more.
    pub(super) fn stopped(&self) -> Option<StopReason> {
        self.state().stop.clone()
    }

    /// Comes back once nothing is sent any more.
    pub(super) async fn until_stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        // The sender lives in this pace, so it is never closed while somebody waits here.
        drop(stopped.wait_for(|stopped| *stopped).await);
    }

    /// Whether a POST may leave at this moment.
    pub(super) fn is_open(&self) -> bool {
        let state = self.state();
        state.stop.is_none() && state.pause.is_none_or(|pause| Tick::now() >= pause.until)
    }

    /// Waits for the next turn to send; `false` when there won't be one.
    pub(super) async fn turn(&self) -> bool {
        while let Some(until) = self.wait() {
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = self.until_stopped() => return false,
            }
        }
        self.state().stop.is_none()
    }

    /// Until when to wait before asking again; `None` when it is this one's turn.
    fn wait(&self) -> Option<Tick> {
        let (mut state, now) = (self.state(), Tick::now());
        if state.stop.is_some() {
            return None;
        }
        if let Some(pause) = state.pause.filter(|pause| pause.until > now) {
            return Some(pause.until);
        }
        let interval = self.interval?;
        let later = state.next.filter(|next| *next > now);
        if later.is_none() {
            state.next = Some(now + interval);
        }
        later
    }

    /// A POST was answered: what failed before is over.
    pub(super) fn answered(&self) {
        let mut state = self.state();
        state.failing = None;
        // An answer that isn't lost never opens the circuit.
        state.breaker.opens(false);
    }

    /// An answer was lost; for how long nothing is sent, when that opens the circuit.
    pub(super) fn lost(&self) -> Option<Duration> {
        let mut state = self.state();
        state.failing = None;
        if !state.breaker.opens(true) {
            return None;
        }
        state.hold(self.open_for);
        Some(self.open_for)
    }

    /// A POST that began at `began` was not accepted, for a reason that is no movie's: everybody waits.
    pub(super) fn failed(&self, began: Tick, patience: RetryPolicy, retry_after: Option<Duration>, fraction: f64) -> Slowed {
        let (mut state, now) = (self.state(), Tick::now());
        // What left before the pause was decided on adds nothing to it, unless the service asks for a longer one.
        if state.pause.is_some_and(|pause| began <= pause.since) {
            if let Some(asked) = retry_after {
                state.hold(asked);
            }
            return Slowed::Already;
        }
        let failing = state.failing.map_or(Failing { since: now, tries: 1 }, |failing| Failing { tries: failing.tries + 1, ..failing });
        state.failing = Some(failing);
        let failed = Failed { tries: failing.tries, elapsed: now - failing.since, retry_after, fraction };
        match patience.after(&failed) {
            Next::Wait(pause) => {
                state.hold(pause);
                Slowed::Anew(pause)
            }
            Next::Stop => Slowed::TooLong,
        }
    }
}

impl State {
    fn hold(&mut self, length: Duration) {
        let now = Tick::now();
        let until = self.pause.map_or(now + length, |pause| pause.until.max(now + length));
        self.pause = Some(Pause { since: now, until });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: RetryPolicy = RetryPolicy { total: Duration::from_secs(60), tries: u32::MAX };

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    async fn waits(limits: &SendLimits) -> Duration {
        let start = Tick::now();
        assert!(limits.turn().await);
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_spreads_the_posts_of_all_workers() {
        let limits = SendLimits::new(Some(Duration::from_millis(500)), seconds(60));
        let start = Tick::now();
        let worker = async || {
            for _ in 0..5 {
                assert!(limits.turn().await);
            }
        };
        tokio::join!(worker(), worker());
        assert_eq!(start.elapsed(), Duration::from_millis(500 * 9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_asks_for_a_pause_gets_it_from_everybody_at_once() {
        let limits = SendLimits::new(None, seconds(60));
        let began = Tick::now();
        assert_eq!(limits.failed(began, PATIENCE, Some(seconds(7)), 0.0), Slowed::Anew(seconds(7)));
        assert!(!limits.is_open());
        // Another worker's POST was out at the same time.
        assert_eq!(limits.failed(began, PATIENCE, Some(seconds(9)), 0.0), Slowed::Already);
        assert_eq!(waits(&limits).await, seconds(9));
        assert!(limits.is_open());
        tokio::time::advance(seconds(52)).await;
        assert_eq!(limits.failed(Tick::now(), PATIENCE, None, 1.0), Slowed::TooLong);
        limits.answered();
        assert!(matches!(limits.failed(Tick::now(), PATIENCE, None, 1.0), Slowed::Anew(_)));
    }

    #[tokio::test(start_paused = true)]
    async fn three_lost_answers_in_a_row_open_the_circuit_and_it_closes_after_its_time() {
        let limits = SendLimits::new(None, seconds(60));
        for is_lost in [true, true, false, true, true] {
            assert_eq!(if is_lost { limits.lost() } else { None }, None);
            if !is_lost {
                limits.answered();
            }
        }
        assert_eq!(limits.lost(), Some(seconds(60)));
        assert_eq!(waits(&limits).await, seconds(60));
        assert_eq!([limits.lost(), limits.lost()], [None, None], "what was before is forgotten");
    }

    #[tokio::test(start_paused = true)]
    async fn more_than_five_of_a_hundred_answers_lost_open_it_too() {
        let limits = SendLimits::new(None, seconds(60));
        let mut opened = Vec::new();
        for answer in 1..=60 {
            if answer % 10 == 0 { opened.extend(limits.lost().map(|_| answer)) } else { limits.answered() }
        }
        assert_eq!(opened, [60]);
        for answer in 1..=400 {
            if answer % 20 == 0 { assert_eq!(limits.lost(), None) } else { limits.answered() }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_every_wait_and_its_first_reason_stays() {
        let limits = SendLimits::new(None, seconds(60));
        limits.failed(Tick::now(), PATIENCE, Some(seconds(50)), 0.0);
        let (turn, ()) = tokio::join!(limits.turn(), async {
            tokio::time::sleep(seconds(1)).await;
            limits.stop(StopReason::Interrupted);
            limits.stop(StopReason::Unreachable("too late".to_owned()));
        });
        assert!(!turn && !limits.is_open());
        assert_eq!(limits.stopped(), Some(StopReason::Interrupted));
    }
}
