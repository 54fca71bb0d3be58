//! Outcomes on their way to an application. The process that has taken one is recognized like the sender of a movie: by a
//! lease.

use std::borrow::Cow;
use std::collections::HashSet;

use tokio_postgres::types::ToSql;

use super::Postgres;
use super::channel::Channel;
use super::engine::{Need, Session};
use super::failure::Failure;
use super::owner::is_alive;
use super::values::{cells, without_zeros};
use crate::ledger::columns::{self, select_delivery};
use crate::ledger::outbox::{Announcement, Attempt, BY_ITSELF, Deliveries, Delivery, Heard, Keeping, Outbox, Progress, Receiver, taken};
use crate::ledger::{Render, Reply, Space};
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::world::Timestamp;

impl Outbox for Postgres {
    fn announce(&self, outcomes: Vec<Announcement>) -> Reply<'_, Vec<bool>> {
        self.ask(Need::Write, async move |session: &Session<'_>| announce(session.channel, &outcomes).await)
    }

    fn next_due(&self, space: Space) -> Reply<'_, Option<Timestamp>> {
        const SQL: &str = "SELECT min(at) FROM (\
             SELECT min(due_at) AS at FROM delivery WHERE progress = 'due' AND account = $1 AND endpoint = $2 UNION ALL \
             SELECT min(due_at) AS at FROM delivery WHERE progress = 'taken' AND account = $1 AND endpoint = $2 AND \
             owner IS DISTINCT FROM $3) AS due";
        self.ask(Need::Read, async move |session: &Session<'_>| {
            let row = session.channel.optional(SQL, &[&space.account, &space.endpoint, &session.owner]).await?;
            let due: Option<i64> = row.map_or(Ok(None), |row| row.try_get(0))?;
            Ok(due.map(Timestamp))
        })
    }

    fn take(&self, space: Space, most: u32, at: Timestamp) -> Reply<'_, Vec<Delivery>> {
        self.ask(Need::Claim, async move |session: &Session<'_>| take(session, &space, most, at).await)
    }

    fn record_attempts(&self, attempts: Vec<Attempt>) -> Reply<'_, ()> {
        self.ask(Need::Write, async move |session: &Session<'_>| tell(session, &attempts).await)
    }

    fn deliveries(&self, space: Option<Space>, which: Deliveries) -> Reply<'_, Vec<Delivery>> {
        self.ask(Need::Read, async move |session: &Session<'_>| find(session.channel, space.as_ref(), &which).await)
    }

    fn receiver(&self, space: Space) -> Reply<'_, Option<Receiver>> {
        self.ask(Need::Read, async move |session: &Session<'_>| receiver(session.channel, &space).await)
    }

    fn keep_receiver(&self, space: Space, keeping: Keeping, at: Timestamp) -> Reply<'_, Receiver> {
        const SQL: &str = "INSERT INTO receiver AS kept (account, endpoint, path, public_url, since) \
             VALUES ($1, $2, coalesce($3, $4), $5, $6) ON CONFLICT (account, endpoint) DO UPDATE \
             SET path = coalesce($3, kept.path, $4), public_url = coalesce($5, kept.public_url)";
        self.ask(Need::Write, async move |session: &Session<'_>| {
            let Keeping { path, path_if_none, public_url } = &keeping;
            let values: [&(dyn ToSql + Sync); 6] = [&space.account, &space.endpoint, path, path_if_none, public_url, &at.0];
            session.channel.execute(SQL, &values).await?;
            receiver(session.channel, &space).await?.ok_or_else(|| Failure::Refused("the receiver was not kept".to_owned()))
        })
    }
}

/// An outcome of a render, and when it is due.
struct Outcome<'a> {
    space: &'a Space,
    report: &'a Report,
    due_at: Timestamp,
}

/// Adds the outcomes of renders whose spaces have a receiver.
pub(super) async fn put_where_there_is_a_receiver(channel: &Channel, renders: &[Render]) -> Result<(), Failure> {
    let outcome = |render| {
        let Render { space, bound_at, touched_at, .. }: &Render = render;
        Some(Outcome { space, report: render.report.as_ref()?, due_at: bound_at.unwrap_or(*touched_at) })
    };
    put(channel, renders.iter().filter_map(outcome).collect(), true).await.map(drop)
}

type OutcomeName = (String, String, String, String);

fn name(space: &Space, report: &Report) -> OutcomeName {
    (space.account.clone(), space.endpoint.clone(), report.project.to_string(), report.status.as_str().to_owned())
}

/// Adds the outcomes that are final and aren't here yet; returns those that it added.
async fn put(channel: &Channel, mut outcomes: Vec<Outcome<'_>>, only_if_received: bool) -> Result<HashSet<OutcomeName>, Failure> {
    const SQL: &str = "INSERT INTO delivery (account, endpoint, project, status, report, progress, attempts, due_at, touched_at) \
         SELECT account, endpoint, project, status, report, 'due', 0, due_at, due_at FROM \
         unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[]) WITH ORDINALITY \
         AS new (account, endpoint, project, status, report, due_at, place) WHERE NOT $7 OR EXISTS (SELECT 1 FROM receiver WHERE \
         receiver.account = new.account AND receiver.endpoint = new.endpoint) ORDER BY place \
         ON CONFLICT (project, status, account, endpoint) DO NOTHING RETURNING account, endpoint, project, status";
    outcomes.retain(|outcome| outcome.report.status.has_ended());
    if outcomes.is_empty() {
        return Ok(HashSet::new());
    }
    let accounts: Vec<&str> = outcomes.iter().map(|outcome| outcome.space.account.as_str()).collect();
    let endpoints: Vec<&str> = outcomes.iter().map(|outcome| outcome.space.endpoint.as_str()).collect();
    let projects: Vec<&str> = outcomes.iter().map(|outcome| outcome.report.project.as_str()).collect();
    let statuses: Vec<&str> = outcomes.iter().map(|outcome| outcome.report.status.as_str()).collect();
    let reports: Vec<String> = outcomes.iter().map(|outcome| outcome.report.raw.to_string()).collect();
    let times: Vec<i64> = outcomes.iter().map(|outcome| outcome.due_at.0).collect();
    let rows = channel.query(SQL, &[&accounts, &endpoints, &projects, &statuses, &reports, &times, &only_if_received]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?))).collect()
}

async fn announce(channel: &Channel, announced: &[Announcement]) -> Result<Vec<bool>, Failure> {
    let outcome = |announcement| {
        let Announcement { space, report, at, .. }: &Announcement = announcement;
        Outcome { space, report, due_at: *at }
    };
    let mut put = put(channel, announced.iter().map(outcome).collect(), false).await?;
    let heard: Vec<&Announcement> = announced.iter().filter(|outcome| outcome.heard == Heard::Already).collect();
    if !heard.is_empty() {
        over(channel, &heard).await?;
    }
    // Of two equal ones in one call the first counts as new.
    Ok(announced.iter().map(|outcome| put.remove(&name(&outcome.space, &outcome.report))).collect())
}

/// Marks outcomes as done that the application knows already.
async fn over(channel: &Channel, heard: &[&Announcement]) -> Result<(), Failure> {
    const SQL: &str = "UPDATE delivery SET progress = 'done', touched_at = heard.at, detail = $6 FROM \
         unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) AS heard (account, endpoint, project, status, at) \
         WHERE delivery.project = heard.project AND delivery.status = heard.status AND delivery.account = heard.account \
         AND delivery.endpoint = heard.endpoint AND delivery.progress IN ('due', 'given-up')";
    let names: Vec<OutcomeName> = heard.iter().map(|outcome| name(&outcome.space, &outcome.report)).collect();
    let text = |of: fn(&OutcomeName) -> &str| names.iter().map(of).collect::<Vec<_>>();
    let times: Vec<i64> = heard.iter().map(|outcome| outcome.at.0).collect();
    let (accounts, endpoints) = (text(|name| &name.0), text(|name| &name.1));
    let (projects, statuses) = (text(|name| &name.2), text(|name| &name.3));
    channel.execute(SQL, &[&accounts, &endpoints, &projects, &statuses, &times, &BY_ITSELF]).await.map(drop)
}

async fn take(session: &Session<'_>, space: &Space, most: u32, at: Timestamp) -> Result<Vec<Delivery>, Failure> {
    const TAKE: &str = "UPDATE delivery SET progress = 'taken', owner = $2, attempts = attempts + 1, touched_at = $3 WHERE id = ANY($1)";
    let (channel, owner) = (session.channel, &session.owner);
    // One process at a time takes deliveries of a space: two could otherwise deliver two outcomes of one project.
    channel.query("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 1))", &[&space.account, &space.endpoint]).await?;
    free(channel, space).await?;
    let taken = taken(due(channel, space, most, at).await?, owner.as_deref(), at);
    let ids: Vec<i64> = taken.iter().map(|delivery| delivery.id.0).collect();
    channel.execute(TAKE, &[&ids, owner, &at.0]).await?;
    Ok(taken)
}

/// Frees the deliveries of dead processes.
async fn free(channel: &Channel, space: &Space) -> Result<(), Failure> {
    const SQL: &str = concat!(
        "UPDATE delivery SET progress = 'due', owner = NULL WHERE progress = 'taken' AND account = $1 AND endpoint = $2 AND NOT ",
        is_alive!("delivery.owner")
    );
    channel.execute(SQL, &[&space.account, &space.endpoint]).await.map(drop)
}

/// The deliveries that may be begun: none of a project that a process is delivering.
async fn due(channel: &Channel, space: &Space, most: u32, at: Timestamp) -> Result<Vec<Delivery>, Failure> {
    let sql = select_delivery(
        "WHERE progress = 'due' AND account = $1 AND endpoint = $2 AND due_at <= $3 AND NOT EXISTS (SELECT 1 FROM delivery AS other WHERE \
         other.progress = 'taken' AND other.account = $1 AND other.endpoint = $2 AND other.project = delivery.project) \
         ORDER BY due_at, id LIMIT $4 FOR UPDATE SKIP LOCKED",
    );
    many(channel, &sql, &[&space.account, &space.endpoint, &at.0, &i64::from(most)]).await
}

async fn tell(session: &Session<'_>, attempts: &[Attempt]) -> Result<(), Failure> {
    const SQL: &str = "UPDATE delivery SET progress = told.progress, due_at = coalesce(told.due_at, delivery.due_at), owner = NULL, \
         touched_at = told.at, detail = told.detail, attempts = delivery.attempts - told.uncounted FROM \
         unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::bigint[], $7::boolean[]) \
         AS told (id, progress, due_at, at, detail, uncounted, wanted) WHERE delivery.id = told.id AND \
         CASE delivery.progress WHEN 'taken' THEN delivery.owner = $8 AND NOT told.wanted ELSE told.wanted END";
    let ends: Vec<(Progress, Option<Timestamp>, u32)> = attempts.iter().map(|attempt| attempt.result.comes_to()).collect();
    let wanted: Vec<bool> = attempts.iter().map(|attempt| attempt.result.is_wanted()).collect();
    let ids: Vec<i64> = attempts.iter().map(|attempt| attempt.delivery.0).collect();
    let progress: Vec<&str> = ends.iter().map(|end| end.0.as_str()).collect();
    let due: Vec<Option<i64>> = ends.iter().map(|end| end.1.map(|at| at.0)).collect();
    let uncounted: Vec<i64> = ends.iter().map(|end| i64::from(end.2)).collect();
    let times: Vec<i64> = attempts.iter().map(|attempt| attempt.at.0).collect();
    let details: Vec<Cow<'_, str>> = attempts.iter().map(|attempt| without_zeros(attempt.detail.as_str())).collect();
    session.channel.execute(SQL, &[&ids, &progress, &due, &times, &details, &uncounted, &wanted, &session.owner]).await.map(drop)
}

async fn find(channel: &Channel, space: Option<&Space>, which: &Deliveries) -> Result<Vec<Delivery>, Failure> {
    let (account, endpoint) = (space.map(|space| space.account.as_str()), space.map(|space| space.endpoint.as_str()));
    let most = if let Deliveries::Open(most) | Deliveries::GivenUp(most) = which { i64::from(*most) } else { 0 };
    let projects: Vec<&str> =
        if let Deliveries::Of(projects) = which { projects.iter().map(ProjectId::as_str).collect() } else { Vec::new() };
    let (condition, values): (&str, &[&(dyn ToSql + Sync)]) = match which {
        Deliveries::Of(_) => ("project = ANY($3)", &[&account, &endpoint, &projects]),
        Deliveries::Open(_) => ("progress IN ('due', 'taken')", &[&account, &endpoint, &most]),
        Deliveries::GivenUp(_) => ("progress = 'given-up'", &[&account, &endpoint, &most]),
    };
    let limit = if let Deliveries::Of(_) = which { "" } else { " LIMIT $3" };
    let sql = format!("WHERE {condition} AND ($1::text IS NULL OR account = $1 AND endpoint = $2) ORDER BY id{limit}");
    many(channel, &select_delivery(&sql), values).await
}

async fn receiver(channel: &Channel, space: &Space) -> Result<Option<Receiver>, Failure> {
    const SQL: &str = "SELECT path, public_url, since FROM receiver WHERE account = $1 AND endpoint = $2";
    let row = channel.optional(SQL, &[&space.account, &space.endpoint]).await?;
    row.map(|row| Ok(Receiver { path: row.try_get(0)?, public_url: row.try_get(1)?, since: Timestamp(row.try_get(2)?) })).transpose()
}

async fn many(channel: &Channel, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Delivery>, Failure> {
    channel.query(sql, values).await?.iter().map(|row| columns::delivery(cells(row))).collect()
}
