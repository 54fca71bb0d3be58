//! Rows of batches, and the tally that changes with their renders: each function is one or two statements.

use rusqlite::{Connection, Row, params, params_from_iter};

use super::Sqlite;
use super::failure::Failure;
use super::job::{Need, Session};
use super::values::{Bound, cells};
use super::{rows, work};
use crate::ledger::batch::{Amounts, Batch, Batches, Budget, Count, Standing, TableRow, Tally, TallyChanges, TallyKey, Unclaimed, Worker};
use crate::ledger::columns::{self, BATCH};
use crate::ledger::{Recorded, Render, RenderId, Reply, Space};
use crate::render::identity::Key;
use crate::world::Timestamp;

impl Batches for Sqlite {
    fn keep(&self, batch: Batch) -> Reply<'_, Standing> {
        self.ask(Need::Write, move |session| {
            keep(session.connection, &batch)?;
            let standing = find(session.connection, Some(&batch.space), Some(&batch.name))?.pop();
            standing.ok_or_else(|| Failure::Refused(format!("the batch {} was not kept", batch.name)))
        })
    }

    fn batches(&self, space: Option<Space>, name: Option<String>) -> Reply<'_, Vec<Standing>> {
        self.ask(Need::Read, move |session| find(session.connection, space.as_ref(), name.as_deref()))
    }

    fn latest(&self, space: Space, scope: String, keys: Vec<Key>) -> Reply<'_, Vec<Option<Render>>> {
        self.ask(Need::Read, move |session| keys.iter().map(|key| rows::latest(session.connection, &space, &scope, key)).collect())
    }

    fn claim(&self, renders: Vec<RenderId>, at: Timestamp) -> Reply<'_, Vec<Result<Recorded, Unclaimed>>> {
        self.witness
            .of_claims(self.ask(Need::Claim, move |session| renders.iter().map(|render| work::claim(session, *render, at)).collect()))
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

fn find(connection: &Connection, space: Option<&Space>, name: Option<&str>) -> Result<Vec<Standing>, Failure> {
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
        standing.push(Standing { tally: tally(connection, &batch.space, &batch.name)?, batch });
    }
    Ok(standing)
}

fn tally(connection: &Connection, space: &Space, name: &str) -> Result<Tally, Failure> {
    const SQL: &str = "SELECT * FROM tally WHERE name = ?1 AND account = ?2 AND endpoint = ?3 AND renders > 0";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut found = statement.query(params![name, space.account, space.endpoint])?;
    let mut tally = Tally::default();
    while let Some(row) = found.next()? {
        tally.add(row.get("state")?, row.get("current")?, read_count(row)?);
    }
    Ok(tally)
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

fn read_count(row: &Row<'_>) -> rusqlite::Result<Count> {
    Ok(Count {
        rows: row.get::<_, i64>("renders")?.cast_unsigned(),
        estimated: row.get::<_, i64>("estimated")?.cast_unsigned(),
        consumed: row.get("consumed")?,
        paid_rows: row.get::<_, i64>("paid_renders")?.cast_unsigned(),
        paid_credits: row.get("paid_credits")?,
    })
}

/// Whether the budget of its batch allows a render to be claimed. A render without a batch has no budget.
pub(super) fn afford(connection: &Connection, render: RenderId) -> Result<Result<(), Unclaimed>, Failure> {
    const SQL: &str = "SELECT max_renders, max_credits, line, estimate, \
         (SELECT coalesce(sum(paid_renders), 0) FROM tally WHERE name = scope AND account = r.account AND endpoint = r.endpoint), \
         (SELECT total(paid_credits) FROM tally WHERE name = scope AND account = r.account AND endpoint = r.endpoint) \
         FROM render r JOIN batch b ON b.name = scope AND b.account = r.account AND b.endpoint = r.endpoint \
         WHERE id = ?1 AND line IS NOT NULL AND (max_renders IS NOT NULL OR max_credits IS NOT NULL)";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut found = statement.query([render])?;
    let Some(row) = found.next()? else { return Ok(Ok(())) };
    let number = |column: usize| row.get::<_, Option<i64>>(column).map(|number| number.map(i64::cast_unsigned));
    let budget = Budget { renders: number(0)?, credits: number(1)? };
    let wanted = TableRow { number: number(2)?.unwrap_or_default(), estimate: number(3)? };
    let spent = Count { paid_rows: number(4)?.unwrap_or_default(), paid_credits: row.get(5)?, ..Count::default() };
    Ok(budget.afford(&spent, wanted))
}

/// Counts a new render, and counts the generation before it as no longer the latest.
pub(super) fn entered(connection: &Connection, render: &Render) -> Result<(), Failure> {
    if render.row.is_none() {
        return Ok(());
    }
    let before = rows::generation_before(connection, render)?;
    let mut changes = TallyChanges::default();
    changes.enter(render, before.as_ref());
    write(connection, changes)
}

/// Counts the effect of a change on a render.
pub(super) fn moved(connection: &Connection, before: &Render, after: &Render) -> Result<(), Failure> {
    if !TallyChanges::is_counted(before, after) {
        return Ok(());
    }
    let mut changes = TallyChanges::default();
    changes.step(before, after, !rows::has_later_generation(connection, after)?);
    write(connection, changes)
}

fn write(connection: &Connection, changes: TallyChanges) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO tally (name, account, endpoint, state, current, renders, estimated, consumed, paid_renders, paid_credits) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT DO UPDATE SET renders = renders + excluded.renders, estimated = estimated + excluded.estimated, \
         consumed = consumed + excluded.consumed, paid_renders = paid_renders + excluded.paid_renders, \
         paid_credits = paid_credits + excluded.paid_credits";
    let mut statement = connection.prepare_cached(SQL)?;
    for (key, sum) in changes.rows() {
        let TallyKey { account, endpoint, name, state, is_current } = key;
        let Amounts { renders, estimated, consumed, paid_renders, paid_credits } = sum;
        statement.execute(params![name, account, endpoint, state, is_current, renders, estimated, consumed, paid_renders, paid_credits])?;
    }
    Ok(())
}
