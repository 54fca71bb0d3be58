//! The waits of watchers, and the read lease, as rows. A lease whose owner is dead is free. The next holder of the lease
//! deletes the waits of dead processes.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::failure::Failure;
use super::job::Session;
use crate::ledger::cells::millis;
use crate::ledger::sharing::{LeaseDecision, LeaseHolder, ReadLease, Share, Wait, WatcherId, asked};
use crate::ledger::{RenderId, Space};

/// Records what a watcher waits for, and decides which watcher has the read lease.
pub(super) fn share(session: &Session<'_>, share: &Share) -> Result<ReadLease, Failure> {
    let me = session.owners.me().unwrap_or_default();
    wait_for(session.connection, me, share.watcher, &share.waits)?;
    let is_alive = |owner: &str| Ok::<_, Failure>(owner == me || session.owners.is_alive(owner)?);
    let reader = match asked(reader(session.connection, &share.space)?, share, me, is_alive)? {
        LeaseDecision::Left(reader) => return Ok(ReadLease::Another { rest_until: reader.rest_until }),
        LeaseDecision::Kept(reader) => reader,
        LeaseDecision::Written(reader) => {
            write_reader(session.connection, &share.space, &reader)?;
            reader
        }
    };
    forget_the_dead(session, me)?;
    Ok(ReadLease::Mine { others: waits_of_others(session.connection, share, me)?, rest_until: reader.rest_until })
}

/// Deletes a watcher's waits and its read lease.
pub(super) fn leave(session: &Session<'_>, space: &Space, watcher: WatcherId) -> Result<(), Failure> {
    const LEASE: &str = "DELETE FROM turn WHERE account = ?1 AND endpoint = ?2 AND owner = ?3 AND seat = ?4";
    let me = session.owners.me().unwrap_or_default();
    wait_for(session.connection, me, watcher, &[])?;
    session.connection.prepare_cached(LEASE)?.execute(params![space.account, space.endpoint, me, watcher_in(watcher)])?;
    Ok(())
}

/// Writes only the waits that have changed: normally none.
fn wait_for(connection: &Connection, me: &str, watcher: WatcherId, waits: &[Wait]) -> Result<(), Failure> {
    const INSERT: &str = "INSERT OR REPLACE INTO waiting (owner, seat, render, every) VALUES (?1, ?2, ?3, ?4)";
    const DELETE: &str = "DELETE FROM waiting WHERE owner = ?1 AND seat = ?2 AND render = ?3";
    let mut before = waits_of(connection, me, watcher)?;
    for wait in waits {
        if before.remove(&wait.render) != Some(wait.every) {
            let every = wait.every.map(millis);
            connection.prepare_cached(INSERT)?.execute(params![me, watcher_in(watcher), wait.render, every])?;
        }
    }
    for render in before.into_keys() {
        connection.prepare_cached(DELETE)?.execute(params![me, watcher_in(watcher), render])?;
    }
    Ok(())
}

fn waits_of(connection: &Connection, me: &str, watcher: WatcherId) -> Result<HashMap<RenderId, Option<Duration>>, Failure> {
    let mut statement = connection.prepare_cached("SELECT render, every FROM waiting WHERE owner = ?1 AND seat = ?2")?;
    let waits = statement.query_map(params![me, watcher_in(watcher)], |row| Ok((row.get(0)?, every_of(row.get(1)?))))?;
    Ok(waits.collect::<Result<_, _>>()?)
}

fn reader(connection: &Connection, space: &Space) -> Result<Option<LeaseHolder>, Failure> {
    const SQL: &str = "SELECT owner, seat, renewed_at, rest_until FROM turn WHERE account = ?1 AND endpoint = ?2";
    let mut statement = connection.prepare_cached(SQL)?;
    let reader = statement.query_row(params![space.account, space.endpoint], |row| {
        let watcher = WatcherId(row.get::<_, i64>(1)?.cast_unsigned());
        Ok(LeaseHolder { owner: row.get(0)?, watcher, renewed_at: row.get(2)?, rest_until: row.get(3)? })
    });
    Ok(reader.optional()?)
}

fn write_reader(connection: &Connection, space: &Space, reader: &LeaseHolder) -> Result<(), Failure> {
    const SQL: &str =
        "INSERT OR REPLACE INTO turn (account, endpoint, owner, seat, renewed_at, rest_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let LeaseHolder { owner, watcher, renewed_at, rest_until } = reader;
    connection.prepare_cached(SQL)?.execute(params![space.account, space.endpoint, owner, watcher_in(*watcher), renewed_at, rest_until])?;
    Ok(())
}

fn forget_the_dead(session: &Session<'_>, me: &str) -> Result<(), Failure> {
    let mut statement = session.connection.prepare_cached("SELECT DISTINCT owner FROM waiting WHERE owner <> ?1")?;
    let owners: HashSet<String> = statement.query_map([me], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for owner in owners {
        if !session.owners.is_alive(&owner)? {
            session.connection.prepare_cached("DELETE FROM waiting WHERE owner = ?1")?.execute([owner])?;
        }
    }
    Ok(())
}

fn waits_of_others(connection: &Connection, share: &Share, me: &str) -> Result<Vec<Wait>, Failure> {
    const SQL: &str = "SELECT waiting.render, waiting.every FROM waiting JOIN render ON render.id = waiting.render \
         WHERE render.account = ?1 AND render.endpoint = ?2 AND NOT (waiting.owner = ?3 AND waiting.seat = ?4)";
    let mut statement = connection.prepare_cached(SQL)?;
    let values = params![share.space.account, share.space.endpoint, me, watcher_in(share.watcher)];
    let waits = statement.query_map(values, |row| Ok(Wait { render: row.get(0)?, every: every_of(row.get(1)?) }))?;
    Ok(waits.collect::<Result<_, _>>()?)
}

fn every_of(millis: Option<i64>) -> Option<Duration> {
    millis.map(|millis| Duration::from_millis(millis.cast_unsigned()))
}

fn watcher_in(watcher: WatcherId) -> i64 {
    watcher.0.cast_signed()
}
