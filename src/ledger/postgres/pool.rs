//! The connections of one store: opened when needed, kept while they work, replaced after a restart of the server.

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

use super::address::Address;
use super::channel::{Channel, Shared};
use super::failure::{Failure, Remedy};
use super::tls::Tls;
use super::{restored, schema};
use crate::ledger::mark::RestoreDetector;
use crate::render::token::LedgerName;
use crate::world::World;

/// The most concurrent transactions: what a server commits together costs one sync, and a team's processes share its
/// connections.
const MOST: usize = 8;

/// How long a server may be away: longer than a restart takes, shorter than a user waits.
pub(super) const PATIENCE: Duration = Duration::from_secs(15);

/// The pause before another try: the first and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(500));

/// The connections, and what is known of the database behind them.
pub(super) struct Pool {
    address: Address,
    world: World,
    tls: Option<Tls>,
    idle: RefCell<Vec<Shared>>,
    turns: Semaphore,
    detector: Arc<RestoreDetector>,
    /// The stamp of the tables when a connection was last made.
    stamp: RefCell<Option<String>>,
    name: OnceCell<LedgerName>,
}

/// A connection, lent for one transaction.
pub(super) struct Lent<'a> {
    pool: &'a Pool,
    channel: Option<Shared>,
    _turn: Option<SemaphorePermit<'a>>,
}

impl Lent<'_> {
    /// The connection.
    pub(super) fn channel(&self) -> Result<&Channel, Failure> {
        self.channel.as_deref().ok_or(Failure::Raced)
    }

    /// Returns it to the pool for the next transaction.
    pub(super) fn keep(mut self) {
        if let Some(channel) = self.channel.take().filter(|channel| !channel.is_closed()) {
            self.pool.idle.borrow_mut().push(channel);
        }
    }
}

impl Pool {
    /// A pool without connections.
    pub(super) fn new(address: Address, world: World, detector: Arc<RestoreDetector>) -> Result<Self, Failure> {
        let tls = match address.config().get_ssl_mode() {
            tokio_postgres::config::SslMode::Disable => None,
            _ => Some(Tls::trusting(address.roots().map(std::path::PathBuf::as_path))?),
        };
        let (idle, turns, stamp, name) = (RefCell::default(), Semaphore::new(MOST), RefCell::default(), OnceCell::new());
        Ok(Self { address, world, tls, idle, turns, detector, stamp, name })
    }

    /// The clock and the random numbers.
    pub(super) fn world(&self) -> &World {
        &self.world
    }

    /// Whether this is the stamp of the tables that the last connection was made to.
    pub(super) fn is_of(&self, stamp: &str) -> bool {
        self.stamp.borrow().as_deref() == Some(stamp)
    }

    /// Closes the idle connections: the next connection checks the ledger again.
    pub(super) fn forget(&self) {
        self.idle.borrow_mut().clear();
    }

    /// The ledger's own name, once a connection was made.
    pub(super) fn name(&self) -> Option<LedgerName> {
        self.name.get().cloned()
    }

    /// A connection, as soon as one is free; tries until `deadline` while the server is away.
    pub(super) async fn lend(&self, deadline: Instant) -> Result<Lent<'_>, Failure> {
        let turn = self.turns.acquire().await.map_err(|_| Failure::Raced)?;
        Ok(Lent { pool: self, channel: Some(self.ready(deadline).await?), _turn: Some(turn) })
    }

    /// A connection beyond the limit, for what must not wait behind transactions, such as the heartbeat.
    pub(super) async fn lend_at_once(&self, deadline: Instant) -> Result<Lent<'_>, Failure> {
        Ok(Lent { pool: self, channel: Some(self.ready(deadline).await?), _turn: None })
    }

    async fn ready(&self, deadline: Instant) -> Result<Shared, Failure> {
        let mut pause = PAUSES.0;
        loop {
            while let Some(channel) = self.idle.borrow_mut().pop() {
                if !channel.is_closed() {
                    return Ok(channel);
                }
            }
            match self.connect().await {
                Err(failure) if failure.remedy() != Remedy::None && Instant::now() + pause < deadline => {
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
                connected => return connected,
            }
        }
    }

    /// A new connection, to a ledger migrated to the newest schema and compared with its mark.
    async fn connect(&self) -> Result<Shared, Failure> {
        let name = self.world.rng.next_u64().cast_signed();
        let channel = Channel::open(&self.address, self.tls.as_ref(), name, None).await?;
        let known = schema::ready(&channel).await?;
        if self.name.get().is_none() {
            let name = schema::name(&channel).await?;
            self.name.get_or_init(|| name);
        }
        let file = self.name.get().and_then(|name| self.detector.file(name, &self.address.to_string()));
        self.detector.found(restored::compare(&channel, known, file, self.world.now()).await?);
        let stamp = restored::tables_stamp(&channel).await?;
        if self.stamp.replace(Some(stamp.clone())).is_some_and(|before| before != stamp) {
            self.detector.doubt();
        }
        Ok(Rc::new(channel))
    }

    /// Whether there are tables. Creates none.
    pub(super) async fn has_ledger(&self) -> Result<bool, Failure> {
        schema::is_there(&Channel::open(&self.address, self.tls.as_ref(), 0, None).await?).await
    }

    /// A separate connection that receives notifications.
    pub(super) async fn listen(&self) -> Result<Listening, Failure> {
        let (told, words) = unbounded_channel();
        let channel = Channel::open(&self.address, self.tls.as_ref(), 0, Some(told)).await?;
        channel.batch("LISTEN j2v_news").await?;
        Ok(Listening { words, _channel: channel })
    }
}

/// The notifications of other stores. Dropping it ends the listening.
pub(super) struct Listening {
    words: UnboundedReceiver<String>,
    _channel: Channel,
}

impl Listening {
    /// The next notification; `None` once the connection has ended.
    pub(super) async fn hear(&mut self) -> Option<String> {
        self.words.recv().await
    }
}
