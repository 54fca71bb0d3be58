//! From the end of a render to the notice of it, and the requests in between, in simulated time: our intervals compared
//! with the SDK's fixed 5 s (`service.md#status`).

use std::time::Duration;

use j2v::render::schedule::{Locality, PollInterval};

use crate::heading;

/// The ends within the five seconds up to each length are spread evenly, so that no interval is favoured.
const ENDS_PER_LENGTH: u32 = 50;

/// The mean and the longest delay, and the mean number of requests.
struct Notice {
    mean: f64,
    worst: f64,
    requests: f64,
}

/// Renders of 5 s to 10 min.
pub(crate) fn from_end_to_notice() {
    heading("from a render's end to the notice, simulated (s; requests)");
    println!("  {:>8}   {:>28}   {:>28}", "render", "j2v mean/worst, requests", "every 5 s mean/worst, requests");
    let ours = PollInterval::new(Locality::Remote, None);
    for length in [5, 15, 30, 60, 119, 180, 300, 600] {
        let j2v = measure(length, |age| ours.pause(age));
        let sdk = measure(length, |_| Duration::from_secs(5));
        let tell = |notice: &Notice| format!("{:.1} / {:.1}, {:.1}", notice.mean, notice.worst, notice.requests);
        println!("  {length:>6} s   {:>28}   {:>28}", tell(&j2v), tell(&sdk));
    }
}

fn measure(length: u64, pause: impl Fn(Duration) -> Duration) -> Notice {
    let (mut sum, mut worst, mut requests) = (0.0, 0.0_f64, 0.0);
    for step in 0..ENDS_PER_LENGTH {
        let end = Duration::from_secs(length - 5) + Duration::from_secs(5) * (step + 1) / ENDS_PER_LENGTH;
        let mut age = Duration::ZERO;
        while age < end {
            age += pause(age);
            requests += 1.0;
        }
        let delay = age.saturating_sub(end).as_secs_f64();
        sum += delay;
        worst = worst.max(delay);
    }
    let ends = f64::from(ENDS_PER_LENGTH);
    Notice { mean: sum / ends, worst, requests: requests / ends }
}
