//! Outcomes on their way to an application. The process that has taken one is recognized like the sender of a movie: by a
//! lock that ends with the process.

use rusqlite::{Connection, OptionalExtension, Params, Row, ToSql, params, params_from_iter};

use super::Sqlite;
use super::failure::Failure;
use super::job::{Need, Session};
use super::values::cells;
use crate::ledger::columns::{self, select_delivery};
use crate::ledger::outbox::{Announcement, Attempt, BY_ITSELF, Deliveries, Delivery, Heard, Keeping, Outbox, Receiver, taken};
use crate::ledger::{Render, Reply, Space};
use crate::render::outcome::Report;
use crate::world::Timestamp;

impl Outbox for Sqlite {
    fn announce(&self, outcomes: Vec<Announcement>) -> Reply<'_, Vec<bool>> {
        self.ask(Need::Write, move |session| {
            let announce = |outcome: &Announcement| {
                let is_new = put(session.connection, &outcome.space, &outcome.report, outcome.at)?;
                if outcome.heard == Heard::Already {
                    over(session.connection, outcome)?;
                }
                Ok(is_new)
            };
            outcomes.iter().map(announce).collect()
        })
    }

    fn next_due(&self, space: Space) -> Reply<'_, Option<Timestamp>> {
        const SQL: &str = "SELECT min(at) FROM (\
             SELECT min(due_at) AS at FROM delivery WHERE progress = 'due' AND account = ?1 AND endpoint = ?2 UNION ALL \
             SELECT min(due_at) AS at FROM delivery WHERE progress = 'taken' AND account = ?1 AND endpoint = ?2 AND owner IS NOT ?3)";
        self.ask(Need::Read, move |session| {
            let mut statement = session.connection.prepare_cached(SQL)?;
            Ok(statement.query_row(params![space.account, space.endpoint, session.owners.me()], |row| row.get(0))?)
        })
    }

    fn take(&self, space: Space, most: u32, at: Timestamp) -> Reply<'_, Vec<Delivery>> {
        self.ask(Need::Synced, move |session| take(session, &space, most, at))
    }

    fn record_attempts(&self, attempts: Vec<Attempt>) -> Reply<'_, ()> {
        self.ask(Need::Write, move |session| attempts.iter().try_for_each(|attempt| tell(session, attempt)))
    }

    fn deliveries(&self, space: Option<Space>, which: Deliveries) -> Reply<'_, Vec<Delivery>> {
        self.ask(Need::Read, move |session| find(session.connection, space.as_ref(), &which))
    }

    fn receiver(&self, space: Space) -> Reply<'_, Option<Receiver>> {
        self.ask(Need::Read, move |session| receiver(session.connection, &space))
    }

    fn keep_receiver(&self, space: Space, keeping: Keeping, at: Timestamp) -> Reply<'_, Receiver> {
        const SQL: &str = "INSERT INTO receiver (account, endpoint, path, public_url, since) VALUES (?1, ?2, coalesce(?3, ?4), ?5, ?6) \
             ON CONFLICT DO UPDATE SET path = coalesce(?3, path, ?4), public_url = coalesce(?5, public_url)";
        // Whether there is room is asked by this, too, and SQLite writes no page whose content stays: it changes, and changes back.
        const TOUCH: &str = "UPDATE receiver SET since = since + ?3 WHERE account = ?1 AND endpoint = ?2";
        self.ask(Need::Write, move |session| {
            let Keeping { path, path_if_none, public_url } = &keeping;
            let values = params![space.account, space.endpoint, path, path_if_none, public_url, at];
            session.connection.prepare_cached(SQL)?.execute(values)?;
            for step in [1, -1] {
                session.connection.prepare_cached(TOUCH)?.execute(params![space.account, space.endpoint, step])?;
            }
            receiver(session.connection, &space)?.ok_or_else(|| Failure::Refused("the receiver was not kept".to_owned()))
        })
    }
}

/// Adds the outcome of a render if its space has a receiver.
pub(super) fn put_where_there_is_a_receiver(connection: &Connection, render: &Render) -> Result<(), Failure> {
    if let Some(report) = &render.report
        && receiver(connection, &render.space)?.is_some()
    {
        put(connection, &render.space, report, render.bound_at.unwrap_or(render.touched_at))?;
    }
    Ok(())
}

fn put(connection: &Connection, space: &Space, report: &Report, at: Timestamp) -> Result<bool, Failure> {
    const SQL: &str = "INSERT INTO delivery (account, endpoint, project, status, report, progress, attempts, due_at, touched_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, 'due', 0, ?6, ?6) ON CONFLICT DO NOTHING";
    if !report.status.has_ended() {
        return Ok(false);
    }
    let values = params![space.account, space.endpoint, report.project, report.status.as_str(), report, at];
    Ok(connection.prepare_cached(SQL)?.execute(values)? > 0)
}

/// Marks an outcome as done that the application knows already.
fn over(connection: &Connection, outcome: &Announcement) -> Result<(), Failure> {
    const SQL: &str = "UPDATE delivery SET progress = 'done', touched_at = ?5, detail = ?6 WHERE project = ?1 AND status = ?2 \
         AND account = ?3 AND endpoint = ?4 AND progress IN ('due', 'given-up')";
    let Announcement { space, report, at, .. } = outcome;
    let values = params![report.project, report.status.as_str(), space.account, space.endpoint, at, BY_ITSELF];
    connection.prepare_cached(SQL)?.execute(values)?;
    Ok(())
}

fn take(session: &Session<'_>, space: &Space, most: u32, at: Timestamp) -> Result<Vec<Delivery>, Failure> {
    const TAKE: &str = "UPDATE delivery SET progress = 'taken', owner = ?2, attempts = attempts + 1, touched_at = ?3 WHERE id = ?1";
    free(session, space)?;
    let taken = taken(due(session.connection, space, most, at)?, session.owners.me(), at);
    for delivery in &taken {
        session.connection.prepare_cached(TAKE)?.execute(params![delivery.id, session.owners.me(), at])?;
    }
    Ok(taken)
}

/// Frees the deliveries of dead processes.
fn free(session: &Session<'_>, space: &Space) -> Result<(), Failure> {
    const OWNERS: &str = "SELECT DISTINCT owner FROM delivery WHERE progress = 'taken' AND account = ?1 AND endpoint = ?2";
    const FREE: &str = "UPDATE delivery SET progress = 'due', owner = NULL WHERE progress = 'taken' AND account = ?1 AND endpoint = ?2 \
         AND owner IS ?3";
    let mut statement = session.connection.prepare_cached(OWNERS)?;
    let owners = statement.query_map([&space.account, &space.endpoint], |row| row.get::<_, Option<String>>(0))?;
    let mut others = owners.collect::<Result<Vec<_>, _>>()?;
    others.retain(|owner| owner.as_deref() != session.owners.me());
    if others.is_empty() {
        return Ok(());
    }
    let alive = session.owners.others()?;
    for gone in others.into_iter().filter(|owner| !owner.as_ref().is_some_and(|owner| alive.contains(owner))) {
        session.connection.prepare_cached(FREE)?.execute(params![space.account, space.endpoint, gone])?;
    }
    Ok(())
}

/// The deliveries that may be begun: none of a project that a process is delivering.
fn due(connection: &Connection, space: &Space, most: u32, at: Timestamp) -> Result<Vec<Delivery>, Failure> {
    let sql = select_delivery(
        "WHERE progress = 'due' AND account = ?1 AND endpoint = ?2 AND due_at <= ?3 AND NOT EXISTS (SELECT 1 FROM delivery AS other WHERE \
         other.progress = 'taken' AND other.account = ?1 AND other.endpoint = ?2 AND other.project = delivery.project) \
         ORDER BY due_at, id LIMIT ?4",
    );
    many(connection, &sql, params![space.account, space.endpoint, at, most])
}

fn tell(session: &Session<'_>, attempt: &Attempt) -> Result<(), Failure> {
    const SQL: &str = "UPDATE delivery SET progress = ?2, due_at = coalesce(?3, due_at), owner = NULL, touched_at = ?4, detail = ?5, \
         attempts = attempts - ?6 WHERE id = ?1 AND CASE progress WHEN 'taken' THEN owner = ?7 AND NOT ?8 ELSE ?8 END";
    let (progress, due_at, uncounted) = attempt.result.comes_to();
    let (me, is_wanted) = (session.owners.me(), attempt.result.is_wanted());
    let values = params![attempt.delivery, progress, due_at, attempt.at, attempt.detail, uncounted, me, is_wanted];
    session.connection.prepare_cached(SQL)?.execute(values)?;
    Ok(())
}

fn find(connection: &Connection, space: Option<&Space>, which: &Deliveries) -> Result<Vec<Delivery>, Failure> {
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let (mut condition, most) = match which {
        Deliveries::Of(projects) => {
            values.extend(projects.iter().map(|project| project as &dyn ToSql));
            (format!("project IN ({})", vec!["?"; projects.len()].join(",")), None)
        }
        Deliveries::Open(most) => ("progress IN ('due', 'taken')".to_owned(), Some(most)),
        Deliveries::GivenUp(most) => ("progress = 'given-up'".to_owned(), Some(most)),
    };
    if let Some(space) = space {
        condition += " AND account = ? AND endpoint = ?";
        values.extend([&space.account as &dyn ToSql, &space.endpoint]);
    }
    let limit = most.map_or_else(String::new, |most| format!(" LIMIT {most}"));
    let sql = select_delivery(&format!("WHERE {condition} ORDER BY id{limit}"));
    many(connection, &sql, params_from_iter(values))
}

fn many(connection: &Connection, sql: &str, values: impl Params) -> Result<Vec<Delivery>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(values)?;
    let mut deliveries = Vec::new();
    while let Some(row) = found.next()? {
        deliveries.push(columns::delivery(cells(row))?);
    }
    Ok(deliveries)
}

fn receiver(connection: &Connection, space: &Space) -> Result<Option<Receiver>, Failure> {
    const SQL: &str = "SELECT path, public_url, since FROM receiver WHERE account = ?1 AND endpoint = ?2";
    let mut statement = connection.prepare_cached(SQL)?;
    let read = |row: &Row<'_>| Ok(Receiver { path: row.get(0)?, public_url: row.get(1)?, since: row.get(2)? });
    Ok(statement.query_row([&space.account, &space.endpoint], read).optional()?)
}
