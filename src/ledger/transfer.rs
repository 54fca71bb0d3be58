//! A ledger as raw rows: moved whole from one store to another, checked, and pruned.
//!
//! Rows of one table are copied in the order of their keys. So an interrupted copy is a prefix of the whole, and goes on
//! where it stopped.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

use super::columns::{self, Column};
use super::{LedgerError, Reply, Store};
use crate::render::token::LedgerName;
use crate::world::Timestamp;

pub use super::cells::{Cell, Kind};

/// One row, its values in the order of the table's columns.
pub type Row = Vec<Cell<'static>>;

/// A table that every store has.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// The number of its key columns: they come first.
    pub key: usize,
    /// The names and the types of its columns.
    pub columns: Vec<(&'static str, Kind)>,
}

use Kind::{Bytes, Flag, Fraction, Number, Text};

/// Everything that a ledger remembers. Which processes are alive, and what they wait for, is temporary and not included.
pub static TABLES: LazyLock<[Table; 8]> = LazyLock::new(|| {
    [
        Table { name: "render", key: 1, columns: heads(columns::of_render()) },
        table("body", 1, &[("render", Number), ("bytes", Bytes)]),
        table("event", 2, &[("render", Number), ("nth", Number), ("at", Number), ("kind", Text), ("detail", Text)]),
        table(
            "callback",
            1,
            &[
                ("id", Number),
                ("account", Text),
                ("endpoint", Text),
                ("project", Text),
                ("hash", Bytes),
                ("token", Text),
                ("content_type", Text),
                ("received_at", Number),
                ("settled_at", Number),
                ("raw", Bytes),
            ],
        ),
        Table { name: "delivery", key: 1, columns: heads(&columns::DELIVERY) },
        table("receiver", 2, &[("account", Text), ("endpoint", Text), ("path", Text), ("public_url", Text), ("since", Number)]),
        Table { name: "batch", key: 3, columns: heads(&columns::BATCH) },
        table(
            "tally",
            5,
            &[
                ("name", Text),
                ("account", Text),
                ("endpoint", Text),
                ("state", Text),
                ("current", Flag),
                ("renders", Number),
                ("estimated", Number),
                ("consumed", Fraction),
                ("paid_renders", Number),
                ("paid_credits", Fraction),
            ],
        ),
    ]
});

fn table(name: &'static str, key: usize, columns: &[(&'static str, Kind)]) -> Table {
    Table { name, key, columns: columns.to_vec() }
}

fn heads<T: 'static>(columns: impl IntoIterator<Item = &'static Column<T>>) -> Vec<(&'static str, Kind)> {
    columns.into_iter().map(|column| (column.name, column.kind)).collect()
}

/// The rules that a ledger's rows must keep, each with the SQL that counts the rows that break it. Every store can run it.
pub(super) const RULES: [(&str, &str); 7] = [
    (
        "a project belongs to one render",
        "SELECT count(*) FROM (SELECT 1 FROM render WHERE project IS NOT NULL GROUP BY project, account, endpoint HAVING count(*) > 1) AS bad",
    ),
    (
        "a key has one render at most that may still be sent or be on its way",
        "SELECT count(*) FROM (SELECT 1 FROM render WHERE state IN ('intent', 'sending', 'unknown', 'held') \
         GROUP BY key, scope, account, endpoint HAVING count(*) > 1) AS bad",
    ),
    (
        "what was accepted has a project, and nothing else has one",
        "SELECT count(*) FROM render WHERE (project IS NULL) = (state IN ('bound', 'done', 'error', 'timeout', 'deleted', 'expired'))",
    ),
    (
        "what is on its way was claimed",
        "SELECT count(*) FROM render WHERE state IN ('sending', 'unknown', 'held') AND (epoch = 0 OR posted_at IS NULL)",
    ),
    (
        "what is still to be sent has its movie",
        "SELECT count(*) FROM render WHERE state = 'intent' AND NOT EXISTS (SELECT 1 FROM body WHERE body.render = render.id)",
    ),
    (
        "every state is a word of the protocol",
        "SELECT count(*) FROM render WHERE state NOT IN ('intent', 'sending', 'unknown', 'held', 'rejected', 'abandoned', 'bound', 'done', \
         'error', 'timeout', 'deleted', 'expired')",
    ),
    (
        "a batch counts all of its rows",
        "SELECT count(*) FROM (SELECT scope, account, endpoint, count(*) AS rows FROM render WHERE line IS NOT NULL \
         GROUP BY scope, account, endpoint) AS made LEFT JOIN (SELECT name, account, endpoint, sum(renders) AS rows FROM tally \
         GROUP BY name, account, endpoint) AS counted ON counted.name = made.scope AND counted.account = made.account AND \
         counted.endpoint = made.endpoint WHERE made.rows <> coalesce(counted.rows, 0)",
    ),
];

/// What pruning drops of what ended before `$1`, one statement after the other: movies, histories and the bodies of
/// callbacks, and the rows of renders without a key of the user's. A row with such a key stays for ever. So do the hashes
/// of callbacks and the deliveries: they keep a render from being paid, or delivered, twice.
pub(super) const PRUNING: [&str; 4] = [
    "DELETE FROM body WHERE render IN (SELECT id FROM render WHERE state IN ('done', 'error', 'deleted', 'expired', 'abandoned') \
     AND touched_at < $1)",
    "DELETE FROM event WHERE render IN (SELECT id FROM render WHERE state IN ('done', 'error', 'deleted', 'expired', 'abandoned') \
     AND touched_at < $1)",
    "UPDATE callback SET raw = substr(raw, 1, 0) WHERE received_at < $1 AND settled_at IS NOT NULL AND length(raw) > 0",
    "DELETE FROM render WHERE NOT named AND line IS NULL AND state IN ('done', 'error', 'deleted', 'expired', 'abandoned') \
     AND touched_at < $1",
];

/// How much pruning has dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Movies.
    pub movies: u64,
    /// Lines of histories.
    pub lines: u64,
    /// Bodies of callbacks.
    pub callbacks: u64,
    /// Renders without a key of the user's.
    pub renders: u64,
}

impl Pruned {
    /// The counts of the rows that the statements of [`PRUNING`] dropped, in their order.
    pub(super) fn of(counts: [u64; 4]) -> Self {
        let [movies, lines, callbacks, renders] = counts;
        Self { movies, lines, callbacks, renders }
    }
}

/// A store that can be moved, checked and pruned.
pub trait Transfer: Store {
    /// At most `most` rows of a table after a key, in the order of the keys.
    fn export(&self, table: &'static Table, after: Option<Row>, most: u32) -> Reply<'_, Vec<Row>>;

    /// Adds rows that aren't there.
    fn import(&self, table: &'static Table, rows: Vec<Row>) -> Reply<'_, ()>;

    /// Ends the import: new rows get numbers after the imported ones.
    fn imported(&self) -> Reply<'_, ()>;

    /// Takes the name of the ledger that this one is a copy of. A store that is already open keeps the old name.
    fn rename(&self, name: LedgerName) -> Reply<'_, ()>;

    /// The faults of the ledger, in words; normally none.
    fn faults(&self) -> Reply<'_, Vec<String>>;

    /// Drops the data, no longer needed, of renders and callbacks that ended before `before`.
    fn prune(&self, before: Timestamp) -> Reply<'_, Pruned>;
}

/// Why a ledger wasn't copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// A ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The target holds other content.
    #[error("the ledger to copy to holds other rows already (table {table}): an empty one is needed, or one that the same copy has begun")]
    NotEmpty {
        /// The table's name.
        table: &'static str,
    },
    /// The two ledgers differ after the copy.
    #[error("after the copy table {table} differs: {from} rows there, {to} here, or other contents; is somebody using one of them?")]
    Differs {
        /// The table's name.
        table: &'static str,
        /// The number of rows in the source.
        from: u64,
        /// The number of rows in the target.
        to: u64,
    },
}

/// The number of rows that are moved at once: bodies among them may be large.
const PAGE: u32 = 200;

/// Copies a ledger whole, or continues an interrupted copy, and compares both afterwards. Returns the number of rows of
/// each table.
///
/// # Errors
/// When a ledger fails, the target holds other content, or the two differ in the end.
pub async fn copy(from: &dyn Transfer, to: &dyn Transfer) -> Result<Vec<(&'static str, u64)>, CopyError> {
    let mut begun = Vec::new();
    for table in TABLES.iter() {
        begun.push(agree(from, to, table).await?);
    }
    for (table, mut last) in TABLES.iter().zip(begun) {
        loop {
            let rows = from.export(table, last.clone(), PAGE).await?;
            let Some(row) = rows.last() else { break };
            last = Some(row[..table.key].to_vec());
            to.import(table, rows).await?;
        }
    }
    to.imported().await?;
    to.rename(from.name()).await?;
    let mut copied = Vec::new();
    for table in TABLES.iter() {
        let ((there, theirs), (here, ours)) = (digest(from, table).await?, digest(to, table).await?);
        if there != here || theirs != ours {
            return Err(CopyError::Differs { table: table.name, from: there, to: here });
        }
        copied.push((table.name, here));
    }
    Ok(copied)
}

/// The last key that both have, provided that the target's rows are a prefix of the source's.
async fn agree(from: &dyn Transfer, to: &dyn Transfer, table: &'static Table) -> Result<Option<Row>, CopyError> {
    let mut last = None;
    loop {
        let here = to.export(table, last.clone(), PAGE).await?;
        let Some(row) = here.last() else { return Ok(last) };
        let most = u32::try_from(here.len()).unwrap_or(PAGE);
        if from.export(table, last, most).await? != here {
            return Err(CopyError::NotEmpty { table: table.name });
        }
        last = Some(row[..table.key].to_vec());
    }
}

/// The number of rows of a table, and a hash of their content.
async fn digest(store: &dyn Transfer, table: &'static Table) -> Result<(u64, [u8; 32]), LedgerError> {
    let (mut count, mut hash, mut last) = (0, Sha256::new(), None);
    loop {
        let rows = store.export(table, last, PAGE).await?;
        let Some(row) = rows.last() else { return Ok((count, hash.finalize().into())) };
        last = Some(row[..table.key].to_vec());
        count += u64::try_from(rows.len()).unwrap_or_default();
        for cell in rows.iter().flatten() {
            let (kind, bytes) = match cell {
                Cell::Null => (0, Vec::new()),
                Cell::Number(number) => (1, number.to_be_bytes().to_vec()),
                // The last digits of a sum may depend on the order of its terms.
                Cell::Fraction(number) => (2, format!("{number:.6}").into_bytes()),
                Cell::Text(text) => (3, text.as_bytes().to_vec()),
                Cell::Bytes(bytes) => (4, bytes.to_vec()),
            };
            hash.update([kind]);
            hash.update(u64::try_from(bytes.len()).unwrap_or_default().to_be_bytes());
            hash.update(bytes);
        }
    }
}
