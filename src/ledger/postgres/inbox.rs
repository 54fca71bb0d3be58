//! Reads and writes callbacks. Every commit is on the server's disk before its answer, so a callback is stored before it is
//! answered.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Postgres;
use super::channel::Channel;
use super::engine::{Need, Session};
use super::failure::Failure;
use super::values::{cells, without_zeros};
use crate::ledger::columns::{self, select_callback};
use crate::ledger::inbox::{Callback, CallbackId, Callbacks, Inbox, Kept, Received};
use crate::ledger::{Reply, Space};
use crate::render::identity::ProjectId;
use crate::world::Timestamp;

impl Inbox for Postgres {
    fn receive(&self, callbacks: Vec<Callback>) -> Reply<'_, Vec<Received>> {
        self.ask(Need::Write, async move |session: &Session<'_>| receive(session.channel, &callbacks).await)
    }

    fn callbacks(&self, space: Option<Space>, which: Callbacks) -> Reply<'_, Vec<Kept>> {
        self.ask(Need::Read, async move |session: &Session<'_>| find(session.channel, space.as_ref(), &which).await)
    }

    fn raw(&self, callback: CallbackId) -> Reply<'_, Option<Vec<u8>>> {
        self.ask(Need::Read, async move |session: &Session<'_>| {
            let row = session.channel.optional("SELECT raw FROM callback WHERE id = $1", &[&callback.0]).await?;
            Ok(row.map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn handled(&self, callbacks: Vec<CallbackId>, at: Timestamp) -> Reply<'_, ()> {
        const SQL: &str = "UPDATE callback SET settled_at = $2 WHERE id = ANY($1) AND settled_at IS NULL";
        let ids: Vec<i64> = callbacks.iter().map(|id| id.0).collect();
        self.ask(Need::Write, async move |session: &Session<'_>| session.channel.execute(SQL, &[&ids, &at.0]).await.map(drop))
    }

    fn forget(&self, before: Timestamp) -> Reply<'_, u64> {
        const SQL: &str = "DELETE FROM callback WHERE received_at < $1 AND NOT EXISTS (SELECT 1 FROM render WHERE \
             render.project = callback.project AND render.account = callback.account AND render.endpoint = callback.endpoint)";
        self.ask(Need::Write, async move |session: &Session<'_>| session.channel.execute(SQL, &[&before.0]).await)
    }
}

/// What identifies a callback.
type CallbackName<'a> = (&'a str, &'a str, &'a str, Vec<u8>);

async fn receive(channel: &Channel, callbacks: &[Callback]) -> Result<Vec<Received>, Failure> {
    let names: Vec<CallbackName<'_>> = callbacks.iter().map(named).collect();
    let inserted = insert(channel, callbacks, &names).await?;
    let known = if inserted.len() < callbacks.len() { known(channel, &names).await? } else { inserted.clone() };
    let mut told = HashSet::new();
    let received = |name: &CallbackName<'_>| {
        let name = (name.0.to_owned(), name.1.to_owned(), name.2.to_owned(), name.3.clone());
        match (inserted.get(&name), known.get(&name)) {
            (Some(id), _) if told.insert(*id) => Ok(Received::New(CallbackId(*id))),
            (Some(id), _) | (None, Some(id)) => Ok(Received::Known(CallbackId(*id))),
            // Another process has dropped it since: then it is new after all.
            (None, None) => Err(Failure::Raced),
        }
    };
    names.iter().map(received).collect()
}

fn named(callback: &Callback) -> CallbackName<'_> {
    let project = callback.project.as_ref().map_or("", ProjectId::as_str);
    (&callback.space.account, &callback.space.endpoint, project, callback.hash().to_vec())
}

type Numbers = HashMap<(String, String, String, Vec<u8>), i64>;

async fn insert(channel: &Channel, callbacks: &[Callback], names: &[CallbackName<'_>]) -> Result<Numbers, Failure> {
    const SQL: &str = "INSERT INTO callback (account, endpoint, project, hash, token, content_type, received_at, raw) \
         SELECT account, endpoint, project, hash, token, content_type, received_at, raw FROM \
         unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::bigint[], $8::bytea[]) WITH ORDINALITY \
         AS new (account, endpoint, project, hash, token, content_type, received_at, raw, place) ORDER BY place \
         ON CONFLICT (project, hash, account, endpoint) DO NOTHING RETURNING account, endpoint, project, hash, id";
    let (accounts, endpoints, projects, hashes) = columns(names);
    let tokens: Vec<Option<Cow<'_, str>>> = callbacks.iter().map(|callback| callback.token.as_deref().map(without_zeros)).collect();
    let types: Vec<Cow<'_, str>> = callbacks.iter().map(|callback| without_zeros(callback.content_type.as_str())).collect();
    let times: Vec<i64> = callbacks.iter().map(|callback| callback.at.0).collect();
    let bodies: Vec<&[u8]> = callbacks.iter().map(|callback| callback.raw.as_slice()).collect();
    numbers(&channel.query(SQL, &[&accounts, &endpoints, &projects, &hashes, &tokens, &types, &times, &bodies]).await?)
}

async fn known(channel: &Channel, names: &[CallbackName<'_>]) -> Result<Numbers, Failure> {
    const SQL: &str = "SELECT account, endpoint, project, hash, id FROM callback \
         JOIN unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS wanted (account, endpoint, project, hash) \
         USING (account, endpoint, project, hash)";
    let (accounts, endpoints, projects, hashes) = columns(names);
    numbers(&channel.query(SQL, &[&accounts, &endpoints, &projects, &hashes]).await?)
}

type NameColumns<'a> = (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>, Vec<&'a [u8]>);

fn columns<'a>(names: &'a [CallbackName<'a>]) -> NameColumns<'a> {
    let hashes = names.iter().map(|name| name.3.as_slice()).collect();
    let text = |of: fn(&CallbackName<'a>) -> &'a str| names.iter().map(of).collect();
    (text(|name| name.0), text(|name| name.1), text(|name| name.2), hashes)
}

fn numbers(rows: &[Row]) -> Result<Numbers, Failure> {
    let number = |row: &Row| Ok(((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?), row.try_get(4)?));
    rows.iter().map(number).collect()
}

async fn find(channel: &Channel, space: Option<&Space>, which: &Callbacks) -> Result<Vec<Kept>, Failure> {
    let (account, endpoint) = (space.map(|space| space.account.as_str()), space.map(|space| space.endpoint.as_str()));
    let most = if let Callbacks::Open { most, .. } | Callbacks::Last(most) = which { i64::from(*most) } else { 0 };
    let projects: Vec<&str> =
        if let Callbacks::Of(projects) = which { projects.iter().map(ProjectId::as_str).collect() } else { Vec::new() };
    let (condition, order, values): (&str, &str, &[&(dyn ToSql + Sync)]) = match which {
        Callbacks::Id(id) => ("id = $3", "id", &[&account, &endpoint, &id.0]),
        Callbacks::Of(_) => ("project = ANY($3)", "id", &[&account, &endpoint, &projects]),
        Callbacks::Open { after, .. } => ("settled_at IS NULL AND id > $4", "id LIMIT $3", &[&account, &endpoint, &most, &after.0]),
        Callbacks::Last(_) => ("TRUE", "id DESC LIMIT $3", &[&account, &endpoint, &most]),
    };
    let sql = select_callback(&format!("WHERE {condition} AND ($1::text IS NULL OR account = $1 AND endpoint = $2) ORDER BY {order}"));
    channel.query(&sql, values).await?.iter().map(|row| columns::callback(cells(row))).collect()
}
