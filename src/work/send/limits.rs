//! When a POST may leave: one pause for all workers, one rate, one circuit breaker, and one reason to stop sending
//! (`faults.md` rows 15 to 19, 24 and 25).

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant as Tick;

use super::stop::StopReason;
use crate::service::retry::{Failed, Next, RetryPolicy};

/// This many lost answers in a row open the circuit.
const IN_A_ROW: u32 = 3;

/// The number of latest answers that the circuit breaker looks at.
const RECENT: usize = 100;

/// More lost answers than this among the [`RECENT`] ones open the circuit.
const LOST_OF_RECENT: usize = 5;

/// The limits on when POSTs may leave.
pub(in crate::work) struct SendLimits {
    state: Mutex<State>,
    /// Changes when a wait has to end early.
    stopped: watch::Sender<bool>,
    /// The shortest time between two POSTs.
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

/// Which answers of this run were lost.
#[derive(Default)]
struct Breaker {
    in_a_row: u32,
    recent: VecDeque<bool>,
}

impl Breaker {
    /// Records an answer. Returns whether it opens the circuit.
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
pub(in crate::work) enum Slowed {
    /// A new pause of this length for all workers.
    Anew(Duration),
    /// All workers pause already.
    Already,
    /// The service has failed for too long.
    TooLong,
}

impl SendLimits {
    /// Limits with this time between two POSTs, and a circuit that stays open for `open_for`.
    pub(in crate::work) fn new(interval: Option<Duration>, open_for: Duration) -> Self {
        Self { state: Mutex::default(), stopped: watch::Sender::new(false), interval, open_for }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops all sending. The first reason counts.
    pub(in crate::work) fn stop(&self, why: StopReason) {
        self.state().stop.get_or_insert(why);
        self.stopped.send_replace(true);
    }

    /// Why the run sends nothing more; `None` while it sends.
    pub(in crate::work) fn stopped(&self) -> Option<StopReason> {
        self.state().stop.clone()
    }

    /// Returns once the run sends nothing more.
    pub(in crate::work) async fn until_stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        // `self` owns the sender, so the channel is not closed while this waits.
        drop(stopped.wait_for(|stopped| *stopped).await);
    }

    /// Whether a POST may leave now.
    pub(in crate::work) fn is_open(&self) -> bool {
        let state = self.state();
        state.stop.is_none() && state.pause.is_none_or(|pause| Tick::now() >= pause.until)
    }

    /// Waits for the next turn to send. Returns `false` when there is no further turn.
    pub(in crate::work) async fn turn(&self) -> bool {
        while let Some(until) = self.wait() {
            tokio::select! {
                () = tokio::time::sleep_until(until) => {}
                () = self.until_stopped() => return false,
            }
        }
        self.state().stop.is_none()
    }

    /// Until when to wait before asking again; `None` when the POST may leave now.
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

    /// Records that a POST was answered: earlier failures are over.
    pub(in crate::work) fn answered(&self) {
        let mut state = self.state();
        state.failing = None;
        // An answer that is not lost never opens the circuit.
        state.breaker.opens(false);
    }

    /// Records a lost answer. Returns for how long nothing is sent, when that opens the circuit.
    pub(in crate::work) fn lost(&self) -> Option<Duration> {
        let mut state = self.state();
        state.failing = None;
        if !state.breaker.opens(true) {
            return None;
        }
        state.hold(self.open_for);
        Some(self.open_for)
    }

    /// Records that a POST that began at `began` was not accepted, for a reason that does not lie in its movie: all
    /// workers wait.
    pub(in crate::work) fn failed(&self, began: Tick, patience: RetryPolicy, retry_after: Option<Duration>, fraction: f64) -> Slowed {
        let (mut state, now) = (self.state(), Tick::now());
        // A POST that began before the pause does not extend it, unless the service asks for a longer one.
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
        // Another worker's POST was in flight at the same time.
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
