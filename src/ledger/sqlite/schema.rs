//! The tables, the migrations from each older schema, and the bytes of a new ledger.

use rusqlite::{Connection, TransactionBehavior};

use super::failure::Failure;
use crate::render::token::LedgerName;

/// One text per schema; the n-th migrates from schema n - 1 to n. A released text never changes.
pub(super) const MIGRATIONS: &[&str] = &[FIRST, CALLBACKS, SHARING, BATCHES, RESENDS, NAME, FILES, GAP, TAKEN_BACK];

/// Marks the file as a ledger (`PRAGMA application_id`): `j2v` and a zero in ASCII.
const APPLICATION: u32 = u32::from_be_bytes(*b"j2v\0");

/// Bodies have a table of their own. A row is written whole, so otherwise every change of a render would copy its movie
/// into the log. The partial indexes hold only rows that still change, however long the history grows.
const FIRST: &str = "
CREATE TABLE render (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    named INTEGER NOT NULL,
    generation INTEGER NOT NULL,
    movie TEXT NOT NULL,
    traceable INTEGER NOT NULL,
    source TEXT NOT NULL,
    flags TEXT NOT NULL,
    state TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    on_unknown TEXT NOT NULL,
    resubmits_left INTEGER NOT NULL,
    project TEXT,
    owner TEXT,
    quarantine INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL,
    posted_at INTEGER,
    gave_up_at INTEGER,
    searched_at INTEGER,
    bound_at INTEGER,
    read_at INTEGER,
    refusal TEXT,
    report TEXT,
    file ANY,
    UNIQUE (key, scope, account, endpoint, generation)
) STRICT;
CREATE INDEX render_by_project ON render (project) WHERE project IS NOT NULL;
CREATE INDEX render_unfinished ON render (state, account, endpoint) WHERE state IN ('bound', 'timeout');
CREATE INDEX render_unsettled ON render (state, account, endpoint, movie) WHERE state IN ('sending', 'unknown', 'held');
CREATE TABLE body (
    render INTEGER PRIMARY KEY REFERENCES render (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;
CREATE TABLE event (
    render INTEGER NOT NULL REFERENCES render (id) ON DELETE CASCADE,
    nth INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (render, nth)
) STRICT, WITHOUT ROWID;
";

/// The inbox and the outbox. A callback stays when its render is unknown, so neither table refers to renders: space and
/// project join them. The partial indexes hold only what is not settled yet.
const CALLBACKS: &str = "
CREATE TABLE callback (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    project TEXT NOT NULL,
    hash BLOB NOT NULL,
    token TEXT,
    content_type TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    settled_at INTEGER,
    raw BLOB NOT NULL,
    UNIQUE (project, hash, account, endpoint)
) STRICT;
CREATE INDEX callback_open ON callback (account, endpoint) WHERE settled_at IS NULL;
CREATE TABLE delivery (
    id INTEGER PRIMARY KEY,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    project TEXT NOT NULL,
    status TEXT NOT NULL,
    report TEXT NOT NULL,
    progress TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    owner TEXT,
    touched_at INTEGER NOT NULL,
    detail TEXT,
    UNIQUE (project, status, account, endpoint)
) STRICT;
CREATE INDEX delivery_due ON delivery (account, endpoint, due_at) WHERE progress = 'due';
CREATE INDEX delivery_taken ON delivery (account, endpoint, project) WHERE progress = 'taken';
CREATE TABLE receiver (
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    path TEXT,
    public_url TEXT,
    since INTEGER NOT NULL,
    PRIMARY KEY (account, endpoint)
) STRICT, WITHOUT ROWID;
";

/// The waits for renders, and the read lease of each space (`crate::ledger::sharing`).
const SHARING: &str = "
CREATE TABLE waiting (
    owner TEXT NOT NULL,
    seat INTEGER NOT NULL,
    render INTEGER NOT NULL,
    every INTEGER,
    PRIMARY KEY (owner, seat, render)
) STRICT, WITHOUT ROWID;
CREATE TABLE turn (
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    owner TEXT NOT NULL,
    seat INTEGER NOT NULL,
    renewed_at INTEGER NOT NULL,
    rest_until INTEGER,
    PRIMARY KEY (account, endpoint)
) STRICT, WITHOUT ROWID;
";

/// A tally changes with its rows: a claim compares it with the budget, and must not count a million rows for that.
const BATCHES: &str = "
ALTER TABLE render ADD COLUMN line INTEGER;
ALTER TABLE render ADD COLUMN estimate INTEGER;
CREATE INDEX render_by_batch ON render (scope, account, endpoint) WHERE line IS NOT NULL;
CREATE TABLE batch (
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    template TEXT NOT NULL,
    source TEXT NOT NULL,
    flags TEXT NOT NULL,
    max_renders INTEGER,
    max_credits INTEGER,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (name, account, endpoint)
) STRICT, WITHOUT ROWID;
CREATE TABLE tally (
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    state TEXT NOT NULL,
    current INTEGER NOT NULL,
    renders INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    consumed REAL NOT NULL,
    paid_renders INTEGER NOT NULL,
    paid_credits REAL NOT NULL,
    PRIMARY KEY (name, account, endpoint, state, current)
) STRICT, WITHOUT ROWID;
";

/// A command that runs every minute looks for the renders that their own rule sends again.
const RESENDS: &str = "
CREATE INDEX render_resends ON render (state, account, endpoint) WHERE state = 'intent' AND attempt > 1;
";

/// The ledger's own name (`crate::render::token::LedgerName`), random and made with the table: no ledger is ever without one.
const NAME: &str = "
CREATE TABLE ledger (
    name TEXT NOT NULL
) STRICT;
INSERT INTO ledger (name)
SELECT char(97 + (random() & 65535) % 26)
    || group_concat(substr('abcdefghijklmnopqrstuvwxyz0123456789', 1 + (random() & 65535) % 36, 1), '')
FROM (VALUES (1), (2), (3), (4), (5));
";

/// The render that a file belongs to is looked up before a video is saved under that file's name.
const FILES: &str = "
CREATE INDEX render_by_file ON render (file) WHERE file IS NOT NULL;
";

/// The span whose writes the ledger may have lost (`crate::ledger::Gap`).
const GAP: &str = "
ALTER TABLE ledger ADD COLUMN gap_from INTEGER;
ALTER TABLE ledger ADD COLUMN gap_until INTEGER;
";

/// The generation that counts for a row whose edit was taken back.
const TAKEN_BACK: &str = "
ALTER TABLE render ADD COLUMN gives_way_to INTEGER;
";

/// The ledger's own name; a ledger of an older schema has none.
pub(super) fn name(connection: &Connection) -> Result<LedgerName, Failure> {
    if connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'ledger')", [], |row| row.get(0))? {
        return Ok(LedgerName::unkept());
    }
    let name: String = connection.query_row("SELECT name FROM ledger", [], |row| row.get(0))?;
    LedgerName::parse(&name).map_err(|why| Failure::Refused(format!("`{name}`: {why}")))
}

/// Rejects a file of a newer `j2v` or of another program, before anything is written to it.
pub(super) fn check(connection: &Connection) -> Result<(), Failure> {
    let found = version(connection)?;
    let ours = match found {
        0 => connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0))?,
        _ => connection.pragma_query_value(None, "application_id", |row| row.get::<_, u32>(0))? == APPLICATION,
    };
    if !ours {
        return Err(Failure::Foreign);
    }
    let known = newest(MIGRATIONS);
    if found > known { Err(Failure::Newer { found, known }) } else { Ok(()) }
}

/// Migrates a database to the newest schema, in one transaction; two processes may try at once.
pub(super) fn migrate(connection: &mut Connection, migrations: &[&str]) -> Result<(), Failure> {
    let newest = newest(migrations);
    if version(connection)? == newest {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    for migration in migrations.iter().skip(found) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", newest)?;
    Ok(transaction.commit()?)
}

/// Makes the tables of the newest schema in memory, as fast as it can be done: a command without a ledger waits for it.
/// Columns that were added later are in their tables from the start, because adding one takes SQLite as long as five tables:
/// it reads the whole schema again. The indexes are for long histories, and a ledger in memory has none.
pub(super) fn create_in_memory(connection: &Connection) -> Result<(), Failure> {
    let mut statements: Vec<String> = Vec::new();
    let of_tables = |statement: &&str| !statement.trim_start().starts_with("CREATE INDEX");
    for statement in MIGRATIONS.iter().flat_map(|migration| migration.split(";\n")).filter(of_tables) {
        let added = statement.trim_start().strip_prefix("ALTER TABLE ").and_then(|text| text.split_once(" ADD COLUMN "));
        let Some((table, column)) = added else {
            statements.push(statement.to_owned());
            continue;
        };
        let head = format!("CREATE TABLE {table} (");
        for made in statements.iter_mut().filter(|made| made.contains(&head)) {
            *made = made.replacen(&head, &format!("{head}{column}, "), 1);
        }
    }
    Ok(connection.execute_batch(&format!("BEGIN;\n{};\nCOMMIT", statements.join(";\n")))?)
}

/// The schema of a database; 0 for an empty one.
pub(super) fn version(connection: &Connection) -> Result<u32, Failure> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// The bytes of an empty ledger that is already in WAL mode, so that no half-made file ever exists.
pub(super) fn image() -> Result<Vec<u8>, Failure> {
    let mut connection = Connection::open_in_memory()?;
    migrate(&mut connection, MIGRATIONS)?;
    let mut bytes = connection.serialize("main")?.to_vec();
    // The format's read and write versions, 2 for WAL: https://www.sqlite.org/fileformat2.html 1.3.3.
    if let Some(versions) = bytes.get_mut(18..20) {
        versions.fill(2);
    }
    Ok(bytes)
}

fn newest(migrations: &[&str]) -> u32 {
    u32::try_from(migrations.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_ledger_is_led_through_every_schema_in_between() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        connection.execute("INSERT INTO a VALUES (7)", []).unwrap();
        migrate(&mut connection, &["not run again", "ALTER TABLE a RENAME TO b", "ALTER TABLE b RENAME TO c"]).unwrap();
        assert_eq!(connection.query_row("SELECT x FROM c", [], |row| row.get::<_, i64>(0)).unwrap(), 7);
        assert_eq!(version(&connection).unwrap(), 3);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_ledger_as_it_was() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, &["CREATE TABLE a (x)"]).unwrap();
        migrate(&mut connection, &["", "CREATE TABLE b (x)", "nonsense"]).unwrap_err();
        assert_eq!(version(&connection).unwrap(), 1);
        assert!(connection.query_row("SELECT * FROM b", [], |_| Ok(())).is_err());
    }

    /// The names of all tables, of their columns, and of the indexes that make rows unique.
    fn names(connection: &Connection) -> Vec<(String, Option<String>)> {
        let sql = "SELECT made.name, of_it.name FROM sqlite_schema AS made LEFT JOIN pragma_table_info(made.name) AS of_it \
                   WHERE made.type = 'table' OR made.sql IS NULL ORDER BY 1, 2";
        let mut statement = connection.prepare(sql).unwrap();
        let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        names.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn a_ledger_in_memory_has_every_table_that_migrations_lead_to() {
        let (mut led, made) = (Connection::open_in_memory().unwrap(), Connection::open_in_memory().unwrap());
        migrate(&mut led, MIGRATIONS).unwrap();
        create_in_memory(&made).unwrap();
        assert_eq!(names(&made), names(&led));
        assert!(names(&made).contains(&("render".to_owned(), Some("estimate".to_owned()))));
        assert_ne!(name(&made).unwrap(), LedgerName::unkept());
    }

    #[test]
    fn the_image_of_a_ledger_is_in_wal_mode() {
        let image = image().unwrap();
        assert_eq!((&image[..16], &image[18..20]), (b"SQLite format 3\0".as_slice(), [2, 2].as_slice()));
    }
}
