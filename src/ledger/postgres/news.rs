//! News between the stores of one ledger: who has written says so (`NOTIFY`), who waits listens (`LISTEN`).
//!
//! The server lets one transaction with a notification commit at a time. So it is sent in one of its own, which writes
//! nothing and syncs nothing, after the commit that it is about; and a burst of commits is told once.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep};

use super::failure::Failure;
use super::pool::Pool;
use crate::ledger::sharing::Mark;

/// How long the next commits of a burst may wait until they are told.
const BURST: Duration = Duration::from_millis(20);

/// How long to wait with another try to listen.
const PAUSE: Duration = Duration::from_millis(500);

/// What a store tells, and what it hears.
pub(super) struct News {
    /// Its own name: what it tells itself is no news.
    name: String,
    untold: Notify,
    is_untold: Cell<bool>,
    listens: Cell<bool>,
    heard: watch::Sender<u64>,
}

impl News {
    /// Nothing told, nothing heard.
    pub(super) fn new(name: String) -> Self {
        Self { name, untold: Notify::new(), is_untold: Cell::new(false), listens: Cell::new(false), heard: watch::Sender::new(0) }
    }

    /// This store has written.
    pub(super) fn wrote(&self) {
        self.is_untold.set(true);
        self.untold.notify_one();
    }

    /// Tells the others, for as long as the store lives. What the server can't be told now it is told with the next.
    pub(super) async fn tell(&self, pool: &Pool) {
        loop {
            self.untold.notified().await;
            self.tell_now(pool).await.ok();
            sleep(BURST).await;
        }
    }

    /// Tells what is untold.
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
    pub(super) async fn wait(self: &Rc<Self>, pool: &Rc<Pool>, heard: Option<Mark>) -> Result<Mark, Failure> {
        let mut news = self.heard.subscribe();
        if !self.listens.replace(true) {
            let (this, pool) = (Rc::clone(self), Rc::clone(pool));
            tokio::task::spawn_local(async move { this.listen(&pool).await });
        }
        // What was written before anybody listened is news to whoever has heard nothing.
        let is_news = |now: &u64| *now > 0 && heard != Some(Mark(*now));
        let now = news.wait_for(is_news).await.map_err(|_| Failure::Raced)?;
        Ok(Mark(*now))
    }

    /// Listens for as long as the store lives. Whenever it begins to, something may have been missed.
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
