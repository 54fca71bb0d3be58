//! Detects that the ledger was put back to an earlier state. A standby that took over, or a recovered base backup, has
//! another history than the database that wrote the ledger last. A restored dump or data directory has the same one, so
//! it is compared with the mark that this machine keeps outside of it.

use tokio_postgres::types::Type;

use super::channel::Channel;
use super::failure::Failure;
use super::schema::{self, LOCK, LedgerRow, transact};
use crate::ledger::mark::{Answer, Conclusion, Mark, MarkFile, Question};
use crate::ledger::{Completeness, Gap};
use crate::world::Timestamp;

/// The stamp of the tables, which changes when they are replaced: the table's id, and the transaction that wrote its row.
/// Also the server's start time: a data directory is put back only while the server is down.
macro_rules! stamp {
    () => {
        "SELECT ledger.tableoid || '/' || ledger.xmin || '/' || extract(epoch FROM pg_postmaster_start_time()) FROM ledger"
    };
}

pub(super) use stamp;

/// Compares the ledger with the database's history and with the mark, and records a gap if the ledger is behind.
pub(super) async fn compare(channel: &Channel, known: LedgerRow, file: Option<&MarkFile>, now: Timestamp) -> Result<Completeness, Failure> {
    let mut gap = known.gap;
    if let Some(history) = channel.history().await?.filter(|history| known.history.as_ref() != Some(history)) {
        gap = transact(channel, take_over(channel, &history, now)).await?;
    }
    let Some(file) = file else { return Ok(Completeness { gap, ..Completeness::default() }) };
    let mark = file.read();
    let answer = answer(channel, &Mark::question(mark.as_ref()), gap).await?;
    match mark.map(|mark| mark.judge(&answer)) {
        None => Ok(Completeness { gap, ..file.met(answer.is_in_use, now) }),
        Some(Conclusion::Whole(completeness)) => Ok(completeness),
        Some(Conclusion::Behind(at)) => transact(channel, fall_behind(channel, at, now)).await.map(|gap| file.noticed(gap)),
    }
}

/// The stamp of the tables that a connection reaches.
pub(super) async fn tables_stamp(channel: &Channel) -> Result<String, Failure> {
    let row = channel.optional(stamp!(), &[]).await?;
    row.map_or_else(|| Err(Failure::Refused("its tables are gone".to_owned())), |row| Ok(row.try_get(0)?))
}

async fn answer(channel: &Channel, question: &Question, gap: Option<Gap>) -> Result<Answer, Failure> {
    let mut answer = Answer { gap, ..Answer::default() };
    match question {
        Question::IsInUse => answer.is_in_use = channel.once("SELECT 1 FROM render LIMIT 1", &[]).await?.is_some(),
        Question::Render(id) => {
            let sql = "SELECT movie, epoch, posted_at FROM render WHERE id = $1";
            if let Some(row) = channel.once(sql, &[(id, Type::INT8)]).await? {
                answer.render = Some((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            }
        }
        Question::Nothing => {}
    }
    Ok(answer)
}

/// Handles another history than the one that wrote the ledger last: commits shortly before it began may be gone
/// (`faults.md` row 85).
async fn take_over(channel: &Channel, history: &str, now: Timestamp) -> Result<Option<Gap>, Failure> {
    channel.batch(LOCK).await?;
    let known = schema::known(channel).await?;
    if known.history.as_deref() == Some(history) {
        return Ok(known.gap);
    }
    channel.execute("UPDATE ledger SET history = $1", &[&history]).await?;
    if known.history.is_none() {
        return Ok(known.gap);
    }
    notice(channel, known.gap, now, now).await.map(Some)
}

/// Handles a ledger that lacks a claim of the mark.
async fn fall_behind(channel: &Channel, lost: Timestamp, now: Timestamp) -> Result<Gap, Failure> {
    channel.batch(LOCK).await?;
    let known = schema::known(channel).await?;
    notice(channel, known.gap, lost, now).await
}

/// Records a gap: everything written between the last entry before `lost` and now may be gone. Skips row numbers, so that
/// no number of a lost row is given to another one.
async fn notice(channel: &Channel, known: Option<Gap>, lost: Timestamp, now: Timestamp) -> Result<Gap, Failure> {
    let row = channel.optional("SELECT coalesce(max(touched_at), 0) FROM render WHERE touched_at <= $1", &[&lost.0]).await?;
    let newest = row.map_or(Ok(0), |row| row.try_get(0))?;
    let gap = Gap::noticed(Timestamp(newest), known, now);
    channel.execute("UPDATE ledger SET gap_from = $1, gap_until = $2", &[&gap.from.0, &gap.until.0]).await?;
    channel.query("SELECT max(nextval(pg_get_serial_sequence('j2v.render', 'id'))) FROM generate_series(1, 65536)", &[]).await?;
    Ok(gap)
}
