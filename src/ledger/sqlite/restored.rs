//! Detects that the ledger was put back to an earlier state, by the mark that this machine keeps outside of it.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::failure::Failure;
use crate::ledger::mark::{Answer, Conclusion, Mark, MarkFile, Question};
use crate::ledger::{Completeness, Gap};
use crate::world::Timestamp;

/// Compares the ledger with the mark, and records a gap if the ledger is behind.
pub(super) fn compare(connection: &mut Connection, file: Option<&MarkFile>, now: Timestamp) -> Result<Completeness, Failure> {
    let Some(file) = file else { return Ok(Completeness { gap: gap(connection)?, ..Completeness::default() }) };
    let mark = file.read();
    let answer = answer(connection, &Mark::question(mark.as_ref()))?;
    match mark.map(|mark| mark.judge(&answer)) {
        None => Ok(Completeness { gap: answer.gap, ..file.met(answer.is_in_use, now) }),
        Some(Conclusion::Whole(completeness)) => Ok(completeness),
        Some(Conclusion::Behind(at)) => notice(connection, at, now).map(|gap| file.noticed(gap)),
    }
}

fn answer(connection: &Connection, question: &Question) -> Result<Answer, Failure> {
    const RENDER: &str = "SELECT movie, epoch, posted_at FROM render WHERE id = ?1";
    let mut answer = Answer { gap: gap(connection)?, ..Answer::default() };
    match question {
        Question::IsInUse => answer.is_in_use = connection.query_row("SELECT EXISTS (SELECT 1 FROM render)", [], |row| row.get(0))?,
        Question::Render(id) => {
            answer.render = connection.query_row(RENDER, [id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        }
        Question::Nothing => {}
    }
    Ok(answer)
}

fn gap(connection: &Connection) -> Result<Option<Gap>, Failure> {
    let sql = "SELECT gap_from, gap_until FROM ledger WHERE gap_until IS NOT NULL";
    Ok(connection.query_row(sql, [], |row| Ok(Gap { from: row.get(0)?, until: row.get(1)? })).optional()?)
}

/// Records a gap: everything written between the last entry before the lost one and now may be gone.
fn notice(connection: &mut Connection, lost: Timestamp, now: Timestamp) -> Result<Gap, Failure> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let sql = "SELECT coalesce(max(touched_at), 0) FROM render WHERE touched_at <= ?1";
    let newest = transaction.query_row(sql, [lost], |row| row.get(0))?;
    let gap = Gap::noticed(newest, gap(&transaction)?, now);
    transaction.execute("UPDATE ledger SET gap_from = ?1, gap_until = ?2", [gap.from, gap.until])?;
    transaction.commit()?;
    Ok(gap)
}
