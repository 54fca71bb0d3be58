//! The tally of a batch, which changes with its renders: each function is one or two statements.

use rusqlite::{Connection, Row, params};

use super::failure::Failure;
use super::rows;
use crate::ledger::batch::{Amounts, Budget, Count, TableRow, Tally, TallyChanges, TallyKey, Unclaimed};
use crate::ledger::{Render, RenderId, Space};

/// The tally of a batch.
pub(super) fn of(connection: &Connection, space: &Space, name: &str) -> Result<Tally, Failure> {
    const SQL: &str = "SELECT * FROM tally WHERE name = ?1 AND account = ?2 AND endpoint = ?3 AND renders > 0";
    let mut statement = connection.prepare_cached(SQL)?;
    let mut found = statement.query(params![name, space.account, space.endpoint])?;
    let mut tally = Tally::default();
    while let Some(row) = found.next()? {
        tally.add(row.get("state")?, row.get("current")?, read_count(row)?);
    }
    Ok(tally)
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
