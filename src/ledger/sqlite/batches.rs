//! The calls of [`Batches`] in terms of rows.

use rusqlite::{Connection, params, params_from_iter};

use super::Sqlite;
use super::failure::Failure;
use super::job::{Need, Session};
use super::values::{Bound, cells};
use super::{rows, tally, work};
use crate::ledger::batch::{Batch, BatchStatus, Batches, Unclaimed, Worker};
use crate::ledger::columns::{self, BATCH};
use crate::ledger::{Recorded, Render, RenderId, Reply, Space};
use crate::render::identity::Key;
use crate::world::Timestamp;

impl Batches for Sqlite {
    fn keep(&self, batch: Batch) -> Reply<'_, BatchStatus> {
        self.ask(Need::Write, move |session| {
            keep(session.connection, &batch)?;
            let standing = find(session.connection, Some(&batch.space), Some(&batch.name))?.pop();
            standing.ok_or_else(|| Failure::Refused(format!("the batch {} was not kept", batch.name)))
        })
    }

    fn batches(&self, space: Option<Space>, name: Option<String>) -> Reply<'_, Vec<BatchStatus>> {
        self.ask(Need::Read, move |session| find(session.connection, space.as_ref(), name.as_deref()))
    }

    fn latest(&self, space: Space, scope: String, keys: Vec<Key>) -> Reply<'_, Vec<Option<Render>>> {
        self.ask(Need::Read, move |session| keys.iter().map(|key| rows::latest(session.connection, &space, &scope, key)).collect())
    }

    fn claim(&self, renders: Vec<RenderId>, at: Timestamp) -> Reply<'_, Vec<Result<Recorded, Unclaimed>>> {
        self.detector
            .of_claims(self.ask(Need::Synced, move |session| renders.iter().map(|render| work::claim(session, *render, at)).collect()))
    }

    fn members(&self, space: Space, name: String, after: RenderId, most: u32) -> Reply<'_, Vec<Render>> {
        self.ask(Need::Read, move |session| rows::members(session.connection, &space, &name, after, most))
    }

    fn workers(&self, space: Space, name: String) -> Reply<'_, Vec<Worker>> {
        self.ask(Need::Read, move |session| workers(session, &space, &name))
    }
}

fn keep(connection: &Connection, batch: &Batch) -> Result<(), Failure> {
    let values = BATCH.iter().map(|column| Bound::of(column, batch));
    connection.prepare_cached(&columns::keep_batch())?.execute(params_from_iter(values))?;
    Ok(())
}

fn find(connection: &Connection, space: Option<&Space>, name: Option<&str>) -> Result<Vec<BatchStatus>, Failure> {
    let sql = format!(
        "SELECT {} FROM batch WHERE (?1 IS NULL OR name = ?1) AND (?2 IS NULL OR account = ?2) AND (?3 IS NULL OR endpoint = ?3) \
         ORDER BY created_at DESC, name",
        columns::names(&BATCH)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params![name, space.map(|space| &space.account), space.map(|space| &space.endpoint)])?;
    let mut standing = Vec::new();
    while let Some(row) = found.next()? {
        let batch = columns::batch(cells(row))?;
        standing.push(BatchStatus { tally: tally::of(connection, &batch.space, &batch.name)?, batch });
    }
    Ok(standing)
}

fn workers(session: &Session<'_>, space: &Space, name: &str) -> Result<Vec<Worker>, Failure> {
    const SQL: &str = "SELECT owner, count(*), sum(state = 'sending'), max(posted_at) FROM render \
         WHERE scope = ?1 AND account = ?2 AND endpoint = ?3 AND line IS NOT NULL AND owner IS NOT NULL AND posted_at IS NOT NULL \
         GROUP BY owner ORDER BY max(posted_at) DESC, owner";
    let mut statement = session.connection.prepare_cached(SQL)?;
    let mut found = statement.query(params![name, space.account, space.endpoint])?;
    let mut workers = Vec::new();
    while let Some(row) = found.next()? {
        let name: String = row.get(0)?;
        let is_alive = session.owners.me() == Some(name.as_str()) || session.owners.is_alive(&name)?;
        let number = |column: usize| row.get::<_, i64>(column).map(i64::cast_unsigned);
        workers.push(Worker { is_alive, claimed: number(1)?, sending: number(2)?, last_at: row.get(3)?, name });
    }
    Ok(workers)
}
