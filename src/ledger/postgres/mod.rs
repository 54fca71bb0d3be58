//! The shared store: a `PostgreSQL` database for many machines (`docs/postgresql.md`).
//!
//! The database coordinates the processes. Rows are locked while the state machine takes its step. Unique keys decide
//! which process was first. Leases on the server's clock show which processes are alive (`owner`). A commit is on the
//! server's disk before it is answered (`channel`).

mod address;
mod batches;
mod channel;
mod engine;
mod failure;
mod inbox;
mod news;
mod outbox;
mod owner;
mod pool;
mod recovery;
mod restored;
mod rows;
mod schema;
mod sharing;
mod tally;
mod thread;
mod tls;
mod transfer;
mod values;
mod work;
mod write;

use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use tokio::sync::oneshot;

pub use self::address::{Address, AddressError, Target};
use self::engine::{Engine, Need, Session};
use self::failure::Failure;
use self::pool::Pool;
use self::thread::Thread;
use super::mark::{Marks, RestoreDetector};
use super::recovery::{Lost, Recovery};
use super::sharing::{NewsPosition, ReadLease, Share, Sharing, WatcherId};
use super::{
    Change, Completeness, Event, InvalidTransition, LedgerError, NewRender, PlaceResult, Record, Recorded, Render, RenderId, RenderQuery,
    Reply, Space, Store,
};
use crate::render::state::Fact;
use crate::render::token::LedgerName;
use crate::world::{Timestamp, World};

/// The shared store. When dropped, it finishes its requests and ends its lease.
pub struct Postgres {
    thread: Thread,
    name: LedgerName,
    detector: Arc<RestoreDetector>,
}

impl Postgres {
    /// Opens the ledger at an address, and creates its tables where there are none.
    ///
    /// # Errors
    /// When the server can't be reached or returns an error, or when a newer `j2v` made the tables.
    pub async fn open(address: Address, world: World) -> Result<Self, LedgerError> {
        Self::open_marked(address, world, None).await
    }

    /// Like [`Self::open`], and compares the ledger with this machine's mark of its last claim in it.
    ///
    /// # Errors
    /// As for [`Self::open`].
    pub async fn open_marked(address: Address, world: World, marks: Option<Marks>) -> Result<Self, LedgerError> {
        let detector = Arc::new(RestoreDetector::new(marks));
        let (thread, opened) =
            Thread::start(address.clone(), world, Arc::clone(&detector)).map_err(|error| Failure::System(error).at(&address))?;
        opened.await.unwrap_or(Err(LedgerError::Closed))?;
        let mut opened = Self { thread, name: LedgerName::unkept(), detector };
        opened.name = opened.ask_engine(|engine| Box::pin(async move { engine.name() })).await?;
        Ok(opened)
    }

    /// Whether there is a ledger at an address. Creates none.
    ///
    /// # Errors
    /// When the server can't be reached or returns an error.
    pub async fn is_there(address: Address, world: World) -> Result<bool, LedgerError> {
        let at = address.clone();
        let asked = thread::ask_once(|| Box::pin(async { Pool::new(at, world, Arc::default())?.has_ledger().await })).await;
        asked.map_err(Failure::System).flatten().map_err(|failure| failure.at(&address))
    }

    /// Runs a job in a transaction of its own.
    fn ask<T, F>(&self, need: Need, job: F) -> Reply<'_, T>
    where
        T: Send + 'static,
        F: AsyncFn(&Session<'_>) -> Result<T, Failure> + Send + 'static,
    {
        self.ask_engine(move |engine| Box::pin(async move { engine.run(need, job).await }))
    }

    fn ask_engine<T, F>(&self, job: F) -> Reply<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(Rc<Engine>) -> LocalBoxFuture<'static, Result<T, LedgerError>> + Send + 'static,
    {
        let (to, answer) = oneshot::channel();
        self.thread.ask(Box::new(move |engine| {
            Box::pin(async move {
                // The caller may be gone; the job is done all the same.
                to.send(job(engine).await).ok();
            })
        }));
        Box::pin(async { answer.await.unwrap_or(Err(LedgerError::Closed)) })
    }
}

impl Store for Postgres {
    fn name(&self) -> LedgerName {
        self.name.clone()
    }

    fn place(&self, drafts: Vec<NewRender>) -> Reply<'_, Vec<PlaceResult>> {
        self.ask(Need::Write, async move |session: &Session<'_>| work::place(session, &drafts).await)
    }

    fn record(&self, records: Vec<Record>) -> Reply<'_, Vec<Result<Recorded, InvalidTransition>>> {
        let claims = records.iter().any(|record| record.change == Change::Fact(Fact::Claimed));
        let need = if claims { Need::Claim } else { Need::Write };
        let recorded = self.ask(need, async move |session: &Session<'_>| work::record(session, &records).await);
        if claims { self.detector.of_claims(recorded) } else { recorded }
    }

    fn find(&self, space: Option<Space>, which: RenderQuery) -> Reply<'_, Vec<Render>> {
        self.ask(Need::Read, async move |session: &Session<'_>| rows::find(session.channel, space.as_ref(), &which).await)
    }

    fn body(&self, render: RenderId) -> Reply<'_, Option<Vec<u8>>> {
        self.ask(Need::Read, async move |session: &Session<'_>| rows::body(session.channel, render).await)
    }

    fn history(&self, render: RenderId) -> Reply<'_, Vec<Event>> {
        self.ask(Need::Read, async move |session: &Session<'_>| rows::history(session.channel, render).await)
    }

    fn reap(&self, at: Timestamp) -> Reply<'_, Vec<Render>> {
        // This is called often and normally finds no row: then nothing is written.
        let asked = self.ask(Need::Read, async |session: &Session<'_>| rows::is_any_orphaned(session.channel).await);
        Box::pin(async move {
            if !asked.await? {
                return Ok(Vec::new());
            }
            self.ask(Need::Write, async move |session: &Session<'_>| work::reap(session, at).await).await
        })
    }

    fn stands(&self, claimed: &Render) -> Reply<'_, bool> {
        let (id, epoch, owner) = (claimed.id, claimed.submission.epoch, claimed.owner.clone());
        self.ask(Need::Read, async move |session: &Session<'_>| rows::stands(session.channel, id, epoch, owner.as_deref()).await)
    }

    fn completeness(&self) -> Completeness {
        self.detector.completeness()
    }
}

impl Recovery for Postgres {
    fn restore(&self, lost: Vec<Lost>) -> Reply<'_, Vec<Option<Render>>> {
        self.ask(Need::Write, async move |session: &Session<'_>| recovery::restore(session.channel, &lost).await)
    }
}

impl Sharing for Postgres {
    fn share(&self, share: Share) -> Reply<'_, ReadLease> {
        self.ask(Need::Share, async move |session: &Session<'_>| sharing::share(session, &share).await)
    }

    fn leave(&self, space: Space, watcher: WatcherId) -> Reply<'_, ()> {
        self.ask(Need::Write, async move |session: &Session<'_>| sharing::leave(session, &space, watcher).await)
    }

    fn news(&self, heard: Option<NewsPosition>) -> Reply<'_, NewsPosition> {
        let (mut to, news) = oneshot::channel();
        self.thread.ask(Box::new(move |engine| {
            Box::pin(async move {
                // News may never arrive: a caller that no longer waits must not keep the thread alive.
                tokio::select! {
                    news = engine.news(heard) => drop(to.send(news)),
                    () = to.closed() => {}
                }
            })
        }));
        Box::pin(async { news.await.unwrap_or(Err(LedgerError::Closed)) })
    }
}
