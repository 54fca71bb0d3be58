//! The waits of watchers, and the read lease, as rows. A lease whose owner is dead is free. The next holder of the lease
//! deletes the waits of dead processes.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::Row;

use super::channel::Channel;
use super::engine::Session;
use super::failure::Failure;
use super::owner::is_alive;
use crate::ledger::cells::millis;
use crate::ledger::sharing::{LeaseDecision, LeaseHolder, ReadLease, Share, Wait, WatcherId, asked};
use crate::ledger::{RenderId, Space};
use crate::world::Timestamp;

/// Records what a watcher waits for, and decides which watcher has the read lease.
pub(super) async fn share(session: &Session<'_>, share: &Share) -> Result<ReadLease, Failure> {
    let (channel, space) = (session.channel, &share.space);
    let me = session.owner.as_deref().unwrap_or_default();
    wait_for(channel, me, share.watcher, &share.waits).await?;
    // A read lease that no watcher has yet is not a row that could be locked.
    channel.query("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 2))", &[&space.account, &space.endpoint]).await?;
    let (reader, lives) = reader(channel, space).await?.unzip();
    let is_alive = |owner: &str| Ok::<_, Failure>(owner == me || lives.unwrap_or(false));
    let reader = match asked(reader, share, me, is_alive)? {
        LeaseDecision::Left(reader) => return Ok(ReadLease::Another { rest_until: reader.rest_until }),
        LeaseDecision::Kept(reader) => reader,
        LeaseDecision::Written(reader) => {
            write_reader(channel, space, &reader).await?;
            reader
        }
    };
    forget_the_dead(channel, me).await?;
    Ok(ReadLease::Mine { others: waits_of_others(channel, share, me).await?, rest_until: reader.rest_until })
}

/// Deletes a watcher's waits and its read lease.
pub(super) async fn leave(session: &Session<'_>, space: &Space, watcher: WatcherId) -> Result<(), Failure> {
    const LEASE: &str = "DELETE FROM turn WHERE account = $1 AND endpoint = $2 AND owner = $3 AND seat = $4";
    let me = session.owner.as_deref().unwrap_or_default();
    wait_for(session.channel, me, watcher, &[]).await?;
    session.channel.execute(LEASE, &[&space.account, &space.endpoint, &me, &watcher_in(watcher)]).await.map(drop)
}

/// Writes only the waits that have changed: normally none.
async fn wait_for(channel: &Channel, me: &str, watcher: WatcherId, waits: &[Wait]) -> Result<(), Failure> {
    const INSERT: &str = "INSERT INTO waiting (owner, seat, render, every) SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[]) \
         ON CONFLICT (owner, seat, render) DO UPDATE SET every = excluded.every";
    const DELETE: &str = "DELETE FROM waiting WHERE owner = $1 AND seat = $2 AND render = ANY($3)";
    let watcher = watcher_in(watcher);
    let mut before = HashMap::new();
    for row in channel.query("SELECT render, every FROM waiting WHERE owner = $1 AND seat = $2", &[&me, &watcher]).await? {
        let wait = wait(&row)?;
        before.insert(wait.render, wait.every);
    }
    let mut wanted: HashMap<RenderId, Option<Duration>> = waits.iter().map(|wait| (wait.render, wait.every)).collect();
    wanted.retain(|render, every| before.remove(render).as_ref() != Some(every));
    if !wanted.is_empty() {
        let (renders, every): (Vec<i64>, Vec<Option<i64>>) = wanted.iter().map(|(render, every)| (render.0, every.map(millis))).unzip();
        channel.execute(INSERT, &[&me, &watcher, &renders, &every]).await?;
    }
    if !before.is_empty() {
        let renders: Vec<i64> = before.keys().map(|render| render.0).collect();
        channel.execute(DELETE, &[&me, &watcher, &renders]).await?;
    }
    Ok(())
}

/// The holder of the read lease, and whether its process is alive.
async fn reader(channel: &Channel, space: &Space) -> Result<Option<(LeaseHolder, bool)>, Failure> {
    const SQL: &str =
        concat!("SELECT owner, seat, renewed_at, rest_until, ", is_alive!("turn.owner"), " FROM turn WHERE account = $1 AND endpoint = $2");
    let Some(row) = channel.optional(SQL, &[&space.account, &space.endpoint]).await? else { return Ok(None) };
    let reader = LeaseHolder {
        owner: row.try_get(0)?,
        watcher: WatcherId(row.try_get::<_, i64>(1)?.cast_unsigned()),
        renewed_at: Timestamp(row.try_get(2)?),
        rest_until: row.try_get::<_, Option<i64>>(3)?.map(Timestamp),
    };
    Ok(Some((reader, row.try_get(4)?)))
}

async fn write_reader(channel: &Channel, space: &Space, reader: &LeaseHolder) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO turn (account, endpoint, owner, seat, renewed_at, rest_until) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (account, endpoint) DO UPDATE SET owner = excluded.owner, seat = excluded.seat, renewed_at = excluded.renewed_at, \
         rest_until = excluded.rest_until";
    let (renewed_at, rest_until) = (reader.renewed_at.0, reader.rest_until.map(|at| at.0));
    let watcher = watcher_in(reader.watcher);
    channel.execute(SQL, &[&space.account, &space.endpoint, &reader.owner, &watcher, &renewed_at, &rest_until]).await.map(drop)
}

async fn forget_the_dead(channel: &Channel, me: &str) -> Result<(), Failure> {
    const SQL: &str = concat!("DELETE FROM waiting WHERE owner <> $1 AND NOT ", is_alive!("waiting.owner"));
    channel.execute(SQL, &[&me]).await.map(drop)
}

async fn waits_of_others(channel: &Channel, share: &Share, me: &str) -> Result<Vec<Wait>, Failure> {
    const SQL: &str = "SELECT waiting.render, waiting.every FROM waiting JOIN render ON render.id = waiting.render \
         WHERE render.account = $1 AND render.endpoint = $2 AND NOT (waiting.owner = $3 AND waiting.seat = $4) ORDER BY waiting.render";
    let values = channel.query(SQL, &[&share.space.account, &share.space.endpoint, &me, &watcher_in(share.watcher)]).await?;
    values.iter().map(wait).collect()
}

fn wait(row: &Row) -> Result<Wait, Failure> {
    let every: Option<i64> = row.try_get(1)?;
    Ok(Wait { render: RenderId(row.try_get(0)?), every: every.map(|millis| Duration::from_millis(millis.cast_unsigned())) })
}

fn watcher_in(watcher: WatcherId) -> i64 {
    watcher.0.cast_signed()
}
