//! Reads and writes callbacks. Storing one is synced like a claim: a callback is on disk before it is answered.

use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

use super::Sqlite;
use super::failure::Failure;
use super::job::Need;
use super::values::cells;
use crate::ledger::columns::{self, select_callback};
use crate::ledger::inbox::{Callback, CallbackId, Callbacks, Inbox, Kept, Received};
use crate::ledger::{Reply, Space};
use crate::render::identity::ProjectId;
use crate::world::Timestamp;

impl Inbox for Sqlite {
    fn receive(&self, callbacks: Vec<Callback>) -> Reply<'_, Vec<Received>> {
        self.ask(Need::Synced, move |session| callbacks.iter().map(|callback| receive(session.connection, callback)).collect())
    }

    fn callbacks(&self, space: Option<Space>, which: Callbacks) -> Reply<'_, Vec<Kept>> {
        self.ask(Need::Read, move |session| find(session.connection, space.as_ref(), &which))
    }

    fn raw(&self, callback: CallbackId) -> Reply<'_, Option<Vec<u8>>> {
        self.ask(Need::Read, move |session| {
            let mut statement = session.connection.prepare_cached("SELECT raw FROM callback WHERE id = ?1")?;
            Ok(statement.query_row([callback], |row| row.get(0)).optional()?)
        })
    }

    fn handled(&self, callbacks: Vec<CallbackId>, at: Timestamp) -> Reply<'_, ()> {
        self.ask(Need::Write, move |session| {
            let mut statement =
                session.connection.prepare_cached("UPDATE callback SET settled_at = ?2 WHERE id = ?1 AND settled_at IS NULL")?;
            Ok(callbacks.iter().try_for_each(|id| statement.execute(params![id, at]).map(drop))?)
        })
    }

    fn forget(&self, before: Timestamp) -> Reply<'_, u64> {
        const SQL: &str = "DELETE FROM callback WHERE received_at < ?1 AND NOT EXISTS (SELECT 1 FROM render WHERE \
             render.project = callback.project AND render.account = callback.account AND render.endpoint = callback.endpoint)";
        self.ask(Need::Write, move |session| {
            let dropped = session.connection.prepare_cached(SQL)?.execute([before])?;
            Ok(u64::try_from(dropped).unwrap_or(u64::MAX))
        })
    }
}

fn receive(connection: &Connection, callback: &Callback) -> Result<Received, Failure> {
    const INSERT: &str = "INSERT INTO callback (account, endpoint, project, hash, token, content_type, received_at, raw) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    const KNOWN: &str = "SELECT id FROM callback WHERE project = ?3 AND hash = ?4 AND account = ?1 AND endpoint = ?2";
    let (hash, project) = (callback.hash(), callback.project.as_ref().map_or("", ProjectId::as_str));
    let (account, endpoint) = (&callback.space.account, &callback.space.endpoint);
    let (token, content_type) = (&callback.token, &callback.content_type);
    let values = params![account, endpoint, project, hash, token, content_type, callback.at, callback.raw];
    if connection.prepare_cached(INSERT)?.execute(values)? > 0 {
        return Ok(Received::New(CallbackId(connection.last_insert_rowid())));
    }
    Ok(Received::Known(connection.prepare_cached(KNOWN)?.query_row(params![account, endpoint, project, hash], |row| row.get(0))?))
}

fn find(connection: &Connection, space: Option<&Space>, which: &Callbacks) -> Result<Vec<Kept>, Failure> {
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let mut condition = match which {
        Callbacks::Id(id) => {
            values.push(id);
            "id = ?".to_owned()
        }
        Callbacks::Of(projects) => {
            values.extend(projects.iter().map(|project| project as &dyn ToSql));
            format!("project IN ({})", vec!["?"; projects.len()].join(","))
        }
        Callbacks::Open { after, .. } => {
            values.push(after);
            "settled_at IS NULL AND id > ?".to_owned()
        }
        Callbacks::Last(_) => "TRUE".to_owned(),
    };
    if let Some(space) = space {
        condition += " AND account = ? AND endpoint = ?";
        values.extend([&space.account as &dyn ToSql, &space.endpoint]);
    }
    let (order, most) = match which {
        Callbacks::Open { most, .. } => ("id", Some(most)),
        Callbacks::Last(most) => ("id DESC", Some(most)),
        Callbacks::Id(_) | Callbacks::Of(_) => ("id", None),
    };
    let limit = most.map_or_else(String::new, |most| format!(" LIMIT {most}"));
    let sql = select_callback(&format!("WHERE {condition} ORDER BY {order}{limit}"));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut kept = Vec::new();
    while let Some(row) = found.next()? {
        kept.push(columns::callback(cells(row))?);
    }
    Ok(kept)
}
