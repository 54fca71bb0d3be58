//! Repeats a request until its answer can be used or the patience ends.

use std::time::Duration;

use tokio::time::Instant as Moment;

use super::answer::RequestResult;
use super::client::{Client, Question};
use super::retry::{Failed, Next, RetryPolicy};

/// What one try means.
pub(super) enum Judged<T, E> {
    /// No further try is needed, or none would help.
    Over(Result<T, E>),
    /// A later try may succeed.
    Again {
        /// What went wrong.
        why: String,
        /// How long the service asks us to wait.
        after: Option<Duration>,
    },
}

impl Client {
    /// Asks until `judge` ends it. When the patience ends first, `gave_up` turns the last failure into the error.
    ///
    /// # Errors
    /// What `judge` or `gave_up` returns.
    pub(super) async fn persist<T, E>(
        &self,
        question: &Question<'_>,
        patience: Duration,
        judge: impl Fn(&RequestResult) -> Judged<T, E>,
        gave_up: impl Fn(String) -> E,
    ) -> Result<T, E> {
        let (began, policy) = (Moment::now(), RetryPolicy::lasting(patience));
        let mut tries = 0;
        loop {
            tries += 1;
            let happened = self.ask(question).await;
            let (why, retry_after) = match judge(&happened) {
                Judged::Over(ended) => return ended,
                Judged::Again { why, after } => (why, after),
            };
            let policy = if let RequestResult::NotConnected(fault) = &happened { policy.with(fault) } else { policy };
            let failed = Failed { tries, elapsed: began.elapsed(), retry_after, fraction: self.settings.world.fraction() };
            match policy.after(&failed) {
                Next::Wait(wait) => tokio::time::sleep(wait).await,
                Next::Stop => return Err(gave_up(why)),
            }
        }
    }
}
