//! One connection to the server with its prepared statements, set up so that a commit is on disk before it is answered.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::rc::Rc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::UnboundedSender;
use tokio::task::{AbortHandle, spawn_local};
use tokio::time::timeout;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Connection, NoTls, Row, Statement};

use super::address::Address;
use super::failure::Failure;
use super::tls::Tls;

/// The oldest major version of a server that supports the statements.
const OLDEST: u32 = 15;

/// The settings that the ledger's promises depend on, whatever the defaults of the role or the database. A
/// `synchronous_commit` that waits for more than the disk stays.
const SET_UP: &str = "SELECT set_config('search_path', 'j2v, pg_temp', false), \
     set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false), \
     set_config('lock_timeout', '5s', false), set_config('idle_in_transaction_session_timeout', '10s', false), \
     set_config('client_min_messages', 'warning', false), \
     pg_is_in_recovery(), current_setting('server_version_num')::integer, current_setting('server_version')";

/// The database's identifier and its history: a failover to a standby, or the restoration of a backup, begins another
/// history. A standby has no write position, and so returns no row.
const HISTORY: &str = "SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || \
     substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8)";

/// One connection. It is closed when dropped.
pub(super) struct Channel {
    client: Client,
    /// Its name among the receipts: the server keeps the number of its last commit.
    pub(super) name: i64,
    commits: Cell<i64>,
    /// The statements that were prepared, by their texts: there are a few dozen.
    prepared: RefCell<HashMap<String, Statement>>,
    driver: AbortHandle,
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Channel {
    /// Connects and sets up the connection. Notifications of others (`NOTIFY`) go to `told`.
    ///
    /// # Errors
    /// Also when the server accepts the connection and then sends nothing for as long as a connection may take.
    pub(super) async fn open(address: &Address, tls: Option<&Tls>, name: i64, told: Option<Told>) -> Result<Self, Failure> {
        let patience = address.patience();
        let opened = timeout(patience, Self::shake_hands(address, tls, name, told)).await;
        opened.unwrap_or(Err(Failure::Silent(patience.as_secs())))
    }

    async fn shake_hands(address: &Address, tls: Option<&Tls>, name: i64, told: Option<Told>) -> Result<Self, Failure> {
        let (client, driver) = if let Some(tls) = tls {
            let (client, connection) = address.config().connect(tls.clone()).await?;
            (client, spawn_local(drive(connection, told)))
        } else {
            let (client, connection) = address.config().connect(NoTls).await?;
            (client, spawn_local(drive(connection, told)))
        };
        let driver = driver.abort_handle();
        let channel = Self { client, name, commits: Cell::new(0), prepared: RefCell::default(), driver };
        let row = channel.client.query_typed_one(SET_UP, &[]).await?;
        if row.try_get::<_, i32>(6)?.cast_unsigned() / 10_000 < OLDEST {
            return Err(Failure::Old(row.try_get(7)?));
        }
        if row.try_get(5)? { Err(Failure::Standby) } else { Ok(channel) }
    }

    /// The database and its history; `None` where the server doesn't show it, like some hosted ones.
    pub(super) async fn history(&self) -> Result<Option<String>, Failure> {
        match self.client.query_typed_one(HISTORY, &[]).await {
            Ok(row) => Ok(row.try_get(0)?),
            Err(error) if error.as_db_error().is_some() && !self.client.is_closed() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether the connection is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// The number of the next commit.
    pub(super) fn next_commit(&self) -> i64 {
        self.commits.set(self.commits.get() + 1);
        self.commits.get()
    }

    /// Runs statements without parameters.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.client.batch_execute(sql).await?)
    }

    /// The rows of a query.
    pub(super) async fn query(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        let statement = self.prepared(sql).await?;
        Ok(self.client.query(&statement, values).await?)
    }

    /// The row of a query that returns at most one.
    pub(super) async fn optional(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Failure> {
        Ok(self.query(sql, values).await?.pop())
    }

    /// Runs a statement; returns the number of rows that it changed.
    pub(super) async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<u64, Failure> {
        let statement = self.prepared(sql).await?;
        Ok(self.client.execute(&statement, values).await?)
    }

    /// The rows of a query that runs only once: the statement is not kept prepared.
    pub(super) async fn query_once(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        Ok(self.client.query(sql, values).await?)
    }

    /// The row, if any, of a query that runs only once, in one round trip.
    pub(super) async fn once(&self, sql: &str, values: &[(&(dyn ToSql + Sync), Type)]) -> Result<Option<Row>, Failure> {
        Ok(self.client.query_typed(sql, values).await?.pop())
    }

    async fn prepared(&self, sql: &str) -> Result<Statement, Failure> {
        let known = self.prepared.borrow().get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        self.prepared.borrow_mut().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

/// Where notifications of others go.
pub(super) type Told = UnboundedSender<String>;

/// Moves bytes until the connection ends.
async fn drive<S, T>(mut connection: Connection<S, T>, told: Option<Told>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let (AsyncMessage::Notification(word), Some(told)) = (message, &told) {
            // A receiver that is gone has dropped the connection, too.
            told.send(word.payload().to_owned()).ok();
        }
    }
}

/// A connection that several tasks of the ledger's thread may share.
pub(super) type Shared = Rc<Channel>;
