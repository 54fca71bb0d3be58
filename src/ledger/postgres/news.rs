//! News between the stores of one ledger: a store that has written sends it (`NOTIFY`), a store that waits receives it
//! (`LISTEN`).
//!
//! The server commits only one transaction with a notification at a time. So news is sent in a transaction of its own,
//! which writes and syncs nothing, after the commit that it is about. One notification covers a burst of commits.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::failure::Failure;
use super::pool::Pool;
use crate::ledger::sharing::NewsPosition;

/// How long the later commits of a burst may wait for their notification.
const BURST: Duration = Duration::from_millis(20);

/// How long to wait before trying to listen again.
const PAUSE: Duration = Duration::from_millis(500);

/// The news that a store sends and receives.
pub(super) struct News {
    /// Its own name: a store ignores its own news.
    name: String,
    untold: Notify,
    is_untold: Cell<bool>,
    listens: Cell<bool>,
    heard: watch::Sender<u64>,
}

impl News {
    /// Nothing sent, nothing received.
    pub(super) fn new(name: String) -> Self {
        Self { name, untold: Notify::new(), is_untold: Cell::new(false), listens: Cell::new(false), heard: watch::Sender::new(0) }
    }

    /// Records that this store has written.
    pub(super) fn wrote(&self) {
        self.is_untold.set(true);
        self.untold.notify_one();
    }

    /// Sends news for as long as the store lives. After a failure the next commit's news covers it.
    pub(super) async fn tell(&self, pool: &Pool) {
        loop {
            self.untold.notified().await;
            self.tell_now(pool).await.ok();
            sleep(BURST).await;
        }
    }

    /// Sends unsent news.
    pub(super) async fn tell_now(&self, pool: &Pool) -> Result<(), Failure> {
        if !self.is_untold.replace(false) {
            return Ok(());
        }
        let lent = pool.lend_at_once(Instant::now()).await?;
        lent.channel()?.query("SELECT pg_notify('j2v_news', $1)", &[&self.name]).await?;
        lent.keep();
        Ok(())
    }

    /// Waits until others have written since `heard`.
    pub(super) async fn wait(self: &Rc<Self>, pool: &Rc<Pool>, heard: Option<NewsPosition>) -> Result<NewsPosition, Failure> {
        let mut news = self.heard.subscribe();
        if !self.listens.replace(true) {
            let (this, pool) = (Rc::clone(self), Rc::clone(pool));
            tokio::task::spawn_local(async move { this.listen(&pool).await });
        }
        // Writes before the first `LISTEN` are news to a caller that has received none.
        let is_news = |now: &u64| *now > 0 && heard != Some(NewsPosition(*now));
        let now = news.wait_for(is_news).await.map_err(|_| Failure::Raced)?;
        Ok(NewsPosition(*now))
    }

    /// Listens for as long as the store lives. News may have been missed whenever listening begins.
    async fn listen(&self, pool: &Pool) {
        loop {
            if let Ok(mut listening) = pool.listen().await {
                self.heard.send_modify(|count| *count += 1);
                while let Some(from) = listening.hear().await {
                    if from != self.name {
                        self.heard.send_modify(|count| *count += 1);
                    }
                }
            }
            sleep(PAUSE).await;
        }
    }
}
