//! Reads rows: each function is one statement. The meaning of a row is decided elsewhere.

use std::sync::LazyLock;

use tokio_postgres::types::ToSql;

use super::channel::Channel;
use super::failure::Failure;
use super::owner::is_alive;
use super::values::cells;
use crate::ledger::columns::{self, UNFINISHED, UNSETTLED};
use crate::ledger::recovery::{Lost, RESTORED};
use crate::ledger::{Event, NewRender, Render, RenderId, RenderQuery, Space};
use crate::render::identity::{Key, ProjectId};
use crate::world::Timestamp;

/// A query for whole renders; `from` begins with the table.
fn select_render(from: &str) -> String {
    static NAMES: LazyLock<String> = LazyLock::new(|| {
        let names: Vec<String> = columns::of_render().map(|column| format!("render.{}", column.name)).collect();
        names.join(", ")
    });
    format!("SELECT {} FROM {from}", *NAMES)
}

/// A query for rows, newest first, of the space `$1`, `$2` or of all spaces; the condition's own values begin at `$3`.
fn select_in_space(condition: &str) -> String {
    select_render(&format!("render WHERE {condition} AND ($1::text IS NULL OR account = $1 AND endpoint = $2) ORDER BY id DESC"))
}

/// A key with its space and scope.
pub(super) type RenderName<'a> = (&'a Space, &'a str, &'a Key);

/// The latest generation of each of some keys.
pub(super) async fn latest(channel: &Channel, names: &[RenderName<'_>]) -> Result<Vec<Render>, Failure> {
    let sql = select_render(
        "unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (key, scope, account, endpoint) CROSS JOIN LATERAL \
         (SELECT * FROM render WHERE render.key = wanted.key AND render.scope = wanted.scope AND render.account = wanted.account AND \
         render.endpoint = wanted.endpoint ORDER BY render.generation DESC LIMIT 1) AS render",
    );
    let keys: Vec<&str> = names.iter().map(|name| name.2.as_str()).collect();
    let (scopes, accounts, endpoints) = places(names.iter().map(|(space, scope, _)| (*space, *scope)));
    many(channel, &sql, &[&keys, &scopes, &accounts, &endpoints]).await
}

/// The newest unsettled row of each movie of some drafts, without those that `me` is sending itself.
pub(super) async fn unsettled(channel: &Channel, drafts: &[&NewRender], me: Option<&str>) -> Result<Vec<Render>, Failure> {
    let sql = select_render(&format!(
        "unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (movie, scope, account, endpoint) CROSS JOIN LATERAL \
         (SELECT * FROM render WHERE {UNSETTLED} AND render.account = wanted.account AND \
         render.endpoint = wanted.endpoint AND render.movie = wanted.movie AND render.scope = wanted.scope AND \
         NOT (render.state = 'sending' AND render.owner IS NOT DISTINCT FROM $5) ORDER BY render.id DESC LIMIT 1) AS render"
    ));
    let movies: Vec<String> = drafts.iter().map(|draft| draft.movie.to_hex()).collect();
    let (scopes, accounts, endpoints) = places(drafts.iter().map(|draft| (&draft.space, draft.scope.as_str())));
    many(channel, &sql, &[&movies, &scopes, &accounts, &endpoints, &me]).await
}

fn places<'a>(of: impl Iterator<Item = (&'a Space, &'a str)>) -> (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>) {
    let (mut scopes, mut accounts, mut endpoints) = (Vec::new(), Vec::new(), Vec::new());
    for (space, scope) in of {
        scopes.push(scope);
        accounts.push(space.account.as_str());
        endpoints.push(space.endpoint.as_str());
    }
    (scopes, accounts, endpoints)
}

/// Restored rows with the keys of some drafts, as tokens spell them, locked.
pub(super) async fn restored(channel: &Channel, drafts: &[&NewRender]) -> Result<Vec<Render>, Failure> {
    let sql = select_render(
        "render WHERE (key, account, endpoint) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[])) AND starts_with(scope, $4) \
         ORDER BY id FOR UPDATE",
    );
    let keys: Vec<Key> = drafts.iter().map(|draft| draft.key.spelled()).collect();
    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    let (_, accounts, endpoints) = places(drafts.iter().map(|draft| (&draft.space, draft.scope.as_str())));
    many(channel, &sql, &[&keys, &accounts, &endpoints, &RESTORED]).await
}

/// Rows with the project or the key of a lost render, in any space.
pub(super) async fn alike(channel: &Channel, lost: &[Lost], keys: &[Key]) -> Result<Vec<Render>, Failure> {
    let projects: Vec<&str> = lost.iter().map(|lost| lost.report.project.as_str()).collect();
    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    many(channel, &select_render("render WHERE project = ANY($1) OR key = ANY($2)"), &[&projects, &keys]).await
}

/// Rows by their numbers, locked until the end of the transaction; always in the same order, so that transactions don't
/// deadlock.
pub(super) async fn locked(channel: &Channel, ids: &[i64]) -> Result<Vec<Render>, Failure> {
    match ids {
        [id] => many(channel, &select_render("render WHERE id = $1 FOR UPDATE"), &[id]).await,
        _ => many(channel, &select_render("render WHERE id = ANY($1) ORDER BY id FOR UPDATE"), &[&ids]).await,
    }
}

/// Those of some rows that are no longer the latest of their keys.
pub(super) async fn overtaken(channel: &Channel, ids: &[i64]) -> Result<Vec<RenderId>, Failure> {
    const SQL: &str = "SELECT id FROM render WHERE id = ANY($1) AND EXISTS (SELECT 1 FROM render AS later WHERE later.key = render.key AND \
         later.scope = render.scope AND later.account = render.account AND later.endpoint = render.endpoint AND \
         later.generation > render.generation)";
    channel.query(SQL, &[&ids]).await?.iter().map(|row| Ok(RenderId(row.try_get(0)?))).collect()
}

/// The latest generations of a batch, in the order in which they were placed.
pub(super) async fn members(channel: &Channel, space: &Space, name: &str, after: RenderId, most: u32) -> Result<Vec<Render>, Failure> {
    let sql = select_render(
        "render WHERE scope = $1 AND account = $2 AND endpoint = $3 AND line IS NOT NULL AND id > $4 AND NOT EXISTS (SELECT 1 FROM render \
         AS later WHERE later.key = render.key AND later.scope = render.scope AND later.account = render.account AND \
         later.endpoint = render.endpoint AND later.generation > render.generation) ORDER BY id LIMIT $5",
    );
    many(channel, &sql, &[&name, &space.account, &space.endpoint, &after.0, &i64::from(most)]).await
}

/// Whether any row is `sending` although its owner is not alive.
pub(super) async fn is_any_orphaned(channel: &Channel) -> Result<bool, Failure> {
    // The second term is the condition of the partial index, without which every row would be read.
    let sql = format!("SELECT EXISTS (SELECT 1 FROM render WHERE state = 'sending' AND {UNSETTLED} AND NOT {})", is_alive!("render.owner"));
    Ok(channel.query(&sql, &[]).await?.first().map_or(Ok(false), |row| row.try_get(0))?)
}

/// The `sending` rows of owners whose lease was deleted, locked; skips rows that another process is taking over.
pub(super) async fn orphans(channel: &Channel) -> Result<Vec<Render>, Failure> {
    let sql = select_render(&format!(
        "render WHERE state = 'sending' AND {UNSETTLED} AND NOT EXISTS (SELECT 1 FROM owner WHERE owner.name = render.owner) \
         ORDER BY id FOR UPDATE SKIP LOCKED"
    ));
    many(channel, &sql, &[]).await
}

/// Whether a claim is still valid: no process took the row over, and the claimer's lease goes on.
pub(super) async fn stands(channel: &Channel, id: RenderId, epoch: u64, owner: Option<&str>) -> Result<bool, Failure> {
    const SQL: &str = "SELECT 1 FROM render JOIN owner ON owner.name = render.owner WHERE render.id = $1 AND render.epoch = $2 AND \
         render.owner = $3 AND render.state = 'sending' AND owner.lease_until > clock_timestamp()";
    Ok(channel.optional(SQL, &[&id.0, &epoch.cast_signed(), &owner]).await?.is_some())
}

/// Rows of one space, or of all spaces, newest first.
pub(super) async fn find(channel: &Channel, space: Option<&Space>, which: &RenderQuery) -> Result<Vec<Render>, Failure> {
    let (account, endpoint) = (space.map(|space| space.account.as_str()), space.map(|space| space.endpoint.as_str()));
    let ids: Vec<i64> = match which {
        RenderQuery::Id(id) => vec![id.0],
        RenderQuery::Ids(ids) => ids.iter().map(|id| id.0).collect(),
        _ => Vec::new(),
    };
    let projects: Vec<&str> =
        if let RenderQuery::Projects(projects) = which { projects.iter().map(ProjectId::as_str).collect() } else { Vec::new() };
    let most = if let RenderQuery::All(most) = which { i64::from(*most) } else { 0 };
    let (condition, values): (&str, &[&(dyn ToSql + Sync)]) = match which {
        RenderQuery::Id(_) | RenderQuery::Ids(_) => ("id = ANY($3)", &[&account, &endpoint, &ids]),
        RenderQuery::Key(scope, key) => ("key = $3 AND scope = $4", &[&account, &endpoint, &key.as_str(), scope]),
        RenderQuery::AnyKey(key) => ("key = $3", &[&account, &endpoint, &key.as_str()]),
        RenderQuery::Project(project) => ("project = $3", &[&account, &endpoint, &project.as_str()]),
        RenderQuery::Projects(_) => ("project = ANY($3)", &[&account, &endpoint, &projects]),
        RenderQuery::File(path) => ("file = $3", &[&account, &endpoint, &path.as_os_str().as_encoded_bytes()]),
        RenderQuery::Resends => ("state = 'intent' AND attempt > 1", &[&account, &endpoint]),
        RenderQuery::Unfinished => (UNFINISHED, &[&account, &endpoint]),
        RenderQuery::Unsettled => (UNSETTLED, &[&account, &endpoint]),
        RenderQuery::All(_) => ("TRUE", &[&account, &endpoint, &most]),
    };
    let mut sql = select_in_space(condition);
    if let RenderQuery::All(_) = which {
        sql += " LIMIT $3";
    }
    many(channel, &sql, values).await
}

/// The movie as it is sent, without the token.
pub(super) async fn body(channel: &Channel, id: RenderId) -> Result<Option<Vec<u8>>, Failure> {
    let row = channel.optional("SELECT bytes FROM body WHERE render = $1", &[&id.0]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// A history, in the order in which its lines were added.
pub(super) async fn history(channel: &Channel, id: RenderId) -> Result<Vec<Event>, Failure> {
    let rows = channel.query("SELECT at, kind, detail FROM event WHERE render = $1 ORDER BY nth", &[&id.0]).await?;
    rows.iter().map(|row| Ok(Event { at: Timestamp(row.try_get(0)?), kind: row.try_get(1)?, detail: row.try_get(2)? })).collect()
}

async fn many(channel: &Channel, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Render>, Failure> {
    channel.query(sql, values).await?.iter().map(|row| columns::render(cells(row))).collect()
}
