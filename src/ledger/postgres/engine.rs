//! Transactions: begun, repeated when another one conflicts, repeated when the server is back after an outage, and
//! committed exactly once.
//!
//! A connection that breaks during `COMMIT` leaves open whether the commit happened. So every transaction writes its
//! number beside the name of its connection (`receipt`), and that row shows it afterwards. Only transactions are ever
//! repeated; they include no request to the service (`faults.md` row 86).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{join, join3};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::address::Address;
use super::channel::Channel;
use super::failure::{Failure, Remedy};
use super::news::News;
use super::owner;
use super::pool::{Lent, PATIENCE, Pool};
use crate::ledger::LedgerError;
use crate::ledger::mark::RestoreDetector;
use crate::ledger::sharing::NewsPosition;
use crate::render::token::LedgerName;
use crate::world::World;

/// How often a transaction is repeated after conflicts.
const MOST_RACES: u32 = 20;

/// How long a living server may take to answer.
const ANSWER: Duration = Duration::from_secs(30);

/// How long closing may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a job needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// A view of the ledger, by one statement.
    Read,
    /// A commit.
    Write,
    /// A commit under this store's own name, while its lease is valid.
    Claim,
    /// The same, without news for others.
    Share,
}

impl Need {
    fn is_named(self) -> bool {
        matches!(self, Self::Claim | Self::Share)
    }
}

/// What a job works with.
pub(super) struct Session<'a> {
    /// The connection, inside a transaction.
    pub(super) channel: &'a Channel,
    /// The name under which this store claims, once it has claimed.
    pub(super) owner: Option<String>,
}

/// The state of the ledger's thread.
pub(super) struct Engine {
    pool: Rc<Pool>,
    news: Rc<News>,
    address: Address,
    owner: RefCell<Option<String>>,
    /// The names of the connections that have receipts.
    wrote: RefCell<Vec<i64>>,
}

impl Engine {
    /// An engine for the server at an address.
    pub(super) fn new(address: Address, world: World, detector: Arc<RestoreDetector>) -> Result<Self, LedgerError> {
        let news = Rc::new(News::new(format!("{:016x}", world.rng.next_u64())));
        let pool = Rc::new(Pool::new(address.clone(), world, detector).map_err(|failure| failure.at(&address))?);
        Ok(Self { pool, news, address, owner: RefCell::default(), wrote: RefCell::default() })
    }

    /// Connects for the first time, so that opening a ledger reports what is wrong with it.
    pub(super) async fn meet(&self) -> Result<(), LedgerError> {
        let met = self.pool.lend(Instant::now() + PATIENCE / 3).await;
        met.map(Lent::keep).map_err(|failure| failure.at(&self.address))
    }

    /// The ledger's own name.
    ///
    /// # Errors
    /// When no connection was ever made.
    pub(super) fn name(&self) -> Result<LedgerName, LedgerError> {
        self.pool.name().ok_or(LedgerError::Closed)
    }

    /// Runs a job and commits it exactly once.
    pub(super) async fn run<T>(&self, need: Need, job: impl AsyncFn(&Session<'_>) -> Result<T, Failure>) -> Result<T, LedgerError> {
        let deadline = Instant::now() + PATIENCE;
        let done = timeout_at(deadline + ANSWER, self.persist(deadline, need, job)).await;
        done.unwrap_or(Err(Failure::Silent((PATIENCE + ANSWER).as_secs()))).map_err(|failure| failure.at(&self.address))
    }

    async fn persist<T>(&self, deadline: Instant, need: Need, job: impl AsyncFn(&Session<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let mut races = 0;
        loop {
            let failure = match self.once(deadline, need, &job).await {
                Err(failure) => failure,
                done => return done,
            };
            races += u32::from(failure.remedy() == Remedy::Again);
            if failure.remedy() == Remedy::None || races > MOST_RACES || Instant::now() >= deadline {
                return Err(failure);
            }
            match failure {
                Failure::LeaseOver => drop(self.owner.replace(None)),
                Failure::Replaced => self.pool.forget(),
                _ => {}
            }
            sleep(Duration::from_millis(2 << races.min(6)).mul_f64(self.pool.world().fraction())).await;
        }
    }

    async fn once<T>(&self, deadline: Instant, need: Need, job: impl AsyncFn(&Session<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
        let lent = self.pool.lend(deadline).await?;
        let channel = lent.channel()?;
        if need == Need::Read {
            let read = job(&Session { channel, owner: self.me() }).await;
            lent.keep();
            return read;
        }
        if need.is_named() {
            self.enter(channel).await?;
        }
        let number = channel.next_commit();
        self.note(channel.name);
        match self.inside(channel, need, number, job).await {
            Ok(answer) => match channel.batch("COMMIT").await {
                Err(failure) if failure.remedy() == Remedy::Reconnect => {
                    let name = channel.name;
                    drop(lent);
                    if self.is_committed(deadline, name, number).await? { Ok(answer) } else { Err(failure) }
                }
                committed => {
                    lent.keep();
                    if need != Need::Share {
                        self.news.wrote();
                    }
                    committed.map(|()| answer)
                }
            },
            Err(failure) => {
                if !channel.is_closed() && channel.batch("ROLLBACK").await.is_ok() {
                    lent.keep();
                }
                Err(failure)
            }
        }
    }

    /// Runs a job; `BEGIN`, the lease check and the job's first statement are sent together.
    async fn inside<T>(
        &self,
        channel: &Channel,
        need: Need,
        number: i64,
        job: impl AsyncFn(&Session<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let session = Session { channel, owner: self.me() };
        // A claim sets again that its commit is on disk before the answer, in case the session's setting was changed.
        let begin = async {
            let (opened, noted) = join(channel.batch(if need == Need::Claim { DURABLE } else { BEGIN }), receipt(channel, number)).await;
            opened.and(noted)
        };
        if let Some(name) = session.owner.as_deref().filter(|_| need.is_named()) {
            let (opened, held, done) = join3(begin, owner::hold(channel, name), job(&session)).await;
            opened?;
            if self.pool.is_of(&held?) { done } else { Err(Failure::Replaced) }
        } else {
            let (opened, done) = join(begin, job(&session)).await;
            opened.and(done)
        }
    }

    /// Whether a commit whose connection broke succeeded. Waits for a transaction that is still running.
    async fn is_committed(&self, deadline: Instant, channel: i64, number: i64) -> Result<bool, Failure> {
        const SQL: &str = "INSERT INTO receipt (channel, nth, at) VALUES ($1, 0, now()) \
             ON CONFLICT (channel) DO UPDATE SET at = excluded.at RETURNING nth";
        loop {
            let lent = self.pool.lend(deadline).await?;
            match lent.channel()?.optional(SQL, &[&channel]).await {
                Ok(row) => {
                    lent.keep();
                    return row.map_or(Ok(false), |row| Ok(row.try_get::<_, i64>(0)? == number));
                }
                Err(failure) if failure.remedy() == Remedy::Reconnect && Instant::now() < deadline => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The name under which this store claims, once it has claimed.
    pub(super) fn me(&self) -> Option<String> {
        self.owner.borrow().clone()
    }

    async fn enter(&self, channel: &Channel) -> Result<(), Failure> {
        if self.owner.borrow().is_some() {
            return Ok(());
        }
        let name = owner::name(self.pool.world());
        owner::enter(channel, &name).await?;
        // Another task may have entered meanwhile: then this name stays unused.
        let is_mine = {
            let mut mine = self.owner.borrow_mut();
            mine.get_or_insert_with(|| name.clone()) == &name
        };
        if !is_mine {
            return owner::leave(channel, &name).await;
        }
        channel.execute("DELETE FROM receipt WHERE at < now() - interval '1 day'", &[]).await.map(drop)
    }

    fn note(&self, channel: i64) {
        let mut wrote = self.wrote.borrow_mut();
        if !wrote.contains(&channel) {
            wrote.push(channel);
        }
    }

    /// Waits until others have written since `heard`.
    pub(super) async fn news(&self, heard: Option<NewsPosition>) -> Result<NewsPosition, LedgerError> {
        self.news.wait(&self.pool, heard).await.map_err(|failure| failure.at(&self.address))
    }

    /// Renews the lease and sends news to other stores, for as long as this store lives.
    pub(super) async fn live(&self) {
        join(self.beat(), self.news.tell(&self.pool)).await;
    }

    async fn beat(&self) {
        loop {
            sleep(owner::HEARTBEAT).await;
            let Some(name) = self.me() else { continue };
            let beaten = async {
                let lent = self.pool.lend_at_once(Instant::now() + owner::HEARTBEAT).await?;
                let beaten = owner::beat(lent.channel()?, &name).await?;
                lent.keep();
                Ok::<_, Failure>(beaten)
            };
            // A server that is away is asked again at the next heartbeat. A store whose lease was deleted takes another name.
            if matches!(timeout(owner::HEARTBEAT, beaten).await, Ok(Ok(false))) && self.me() == Some(name) {
                self.owner.replace(None);
            }
        }
    }

    /// Ends the lease and deletes the receipts. If the server doesn't answer, other stores wait for the end of the lease.
    pub(super) async fn close(&self) {
        let goodbye = async {
            self.news.tell_now(&self.pool).await?;
            let (me, wrote) = (self.owner.take(), self.wrote.take());
            if me.is_none() && wrote.is_empty() {
                return Ok(());
            }
            let lent = self.pool.lend_at_once(Instant::now()).await?;
            if let Some(name) = me {
                owner::leave(lent.channel()?, &name).await?;
            }
            lent.channel()?.execute("DELETE FROM receipt WHERE channel = ANY($1)", &[&wrote]).await.map(drop)
        };
        // No caller is left to get an error.
        let _: Result<Result<(), Failure>, _> = timeout(GOODBYE, goodbye).await;
    }
}

/// Begins a transaction.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// Begins a transaction whose commit is on disk before its answer; a session that also waits for a standby keeps doing so.
const DURABLE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') \
     WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true)";

/// Writes the number of a channel's next commit, so that it can be looked up when the commit's answer is lost.
async fn receipt(channel: &Channel, number: i64) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO receipt (channel, nth, at) VALUES ($1, $2, now()) \
         ON CONFLICT (channel) DO UPDATE SET nth = excluded.nth, at = excluded.at";
    channel.execute(SQL, &[&channel.name, &number]).await.map(drop)
}
