//! Waiting for a moment that may never come.

use tokio::time::Instant as Tick;

/// Returns at a moment; never if there is none.
pub(super) async fn until(when: Option<Tick>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
