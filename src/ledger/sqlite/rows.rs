//! Reads and writes rows: each function is one statement. The meaning of a row is decided elsewhere.

use std::path::Path;
use std::sync::LazyLock;

use rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE;
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

use super::failure::Failure;
use super::values::{Bound, cells};
use crate::ledger::cells::Cell;
use crate::ledger::columns::{self, Column, UNFINISHED, UNSETTLED};
use crate::ledger::recovery::{AFTER_RESTORED, RESTORED};
use crate::ledger::{Event, Render, RenderId, RenderQuery, Space};
use crate::render::identity::{Key, MovieHash, hex};

/// A query for whole rows.
fn select(tail: &str) -> String {
    static NAMES: LazyLock<String> = LazyLock::new(|| columns::names(columns::of_render()));
    format!("SELECT {} FROM render WHERE {tail}", *NAMES)
}

/// One row by its number.
pub(super) fn load(connection: &Connection, id: RenderId) -> Result<Option<Render>, Failure> {
    Ok(many(connection, &select("id = ?1"), &[&id])?.pop())
}

/// The latest generation of a key.
pub(super) fn latest(connection: &Connection, space: &Space, scope: &str, key: &Key) -> Result<Option<Render>, Failure> {
    const SQL: &str = "SELECT id FROM render WHERE key = ?1 AND scope = ?2 AND account = ?3 AND endpoint = ?4 \
         ORDER BY generation DESC LIMIT 1";
    named(connection, SQL, &[key, &scope, &space.account, &space.endpoint])
}

/// The generation before a render's, if it is in the same batch.
pub(super) fn generation_before(connection: &Connection, render: &Render) -> Result<Option<Render>, Failure> {
    const SQL: &str = "SELECT id FROM render WHERE key = ?1 AND scope = ?2 AND account = ?3 AND endpoint = ?4 AND generation = ?5";
    let (space, before) = (&render.space, render.generation - 1);
    if before == 0 { Ok(None) } else { named(connection, SQL, &[&render.key, &render.scope, &space.account, &space.endpoint, &before]) }
}

/// Whether a render is no longer the latest of its key.
pub(super) fn has_later_generation(connection: &Connection, render: &Render) -> Result<bool, Failure> {
    const SQL: &str = "SELECT EXISTS (SELECT 1 FROM render WHERE key = ?1 AND scope = ?2 AND account = ?3 AND endpoint = ?4 \
         AND generation > ?5)";
    let space = &render.space;
    let values = params![render.key, render.scope, space.account, space.endpoint, render.generation];
    Ok(connection.prepare_cached(SQL)?.query_row(values, |row| row.get(0))?)
}

/// The latest generations of a batch, in the order in which they were placed.
pub(super) fn members(connection: &Connection, space: &Space, name: &str, after: RenderId, most: u32) -> Result<Vec<Render>, Failure> {
    let sql = select(
        "scope = ?1 AND account = ?2 AND endpoint = ?3 AND line IS NOT NULL AND id > ?4 AND NOT EXISTS (SELECT 1 FROM render later \
         WHERE later.key = render.key AND later.scope = render.scope AND later.account = render.account \
         AND later.endpoint = render.endpoint AND later.generation > render.generation) ORDER BY id LIMIT ?5",
    );
    many(connection, &sql, &[&name, &space.account, &space.endpoint, &after, &most])
}

/// The newest unsettled row with a movie, without those that `me` is sending itself.
pub(super) fn unsettled(
    connection: &Connection,
    space: &Space,
    scope: &str,
    movie: MovieHash,
    me: Option<&str>,
) -> Result<Option<Render>, Failure> {
    let sql = format!(
        "SELECT id FROM render WHERE {UNSETTLED} AND account = ?1 AND endpoint = ?2 AND movie = ?3 AND scope = ?4 \
         AND NOT (state = 'sending' AND owner IS ?5) ORDER BY id DESC LIMIT 1"
    );
    named(connection, &sql, &[&space.account, &space.endpoint, &movie, &scope, &me])
}

/// The row that a query for numbers finds, if any.
fn named(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Option<Render>, Failure> {
    Ok(all_named(connection, sql, values)?.pop())
}

/// The rows that a query for numbers finds. Normally there are none, and a short query is prepared quickly.
fn all_named(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Render>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let ids: Vec<RenderId> = statement.query_map(values, |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut renders = Vec::with_capacity(ids.len());
    for id in ids {
        renders.extend(load(connection, id)?);
    }
    Ok(renders)
}

/// Every row that some process is sending.
pub(super) fn sending(connection: &Connection) -> Result<Vec<Render>, Failure> {
    // The second term is the condition of the partial index, without which every row would be read.
    many(connection, &select(&format!("state = 'sending' AND {UNSETTLED} ORDER BY id")), &[])
}

/// Rows of one space, or of all spaces, newest first.
pub(super) fn find(connection: &Connection, space: Option<&Space>, which: &RenderQuery) -> Result<Vec<Render>, Failure> {
    if *which == RenderQuery::Unsettled && !is_any_unsettled(connection)? {
        return Ok(Vec::new());
    }
    let (sql, values) = query(space, which);
    many(connection, &sql, &values)
}

/// Whether any row is unsettled. Every command asks this, and the answer is normally no.
fn is_any_unsettled(connection: &Connection) -> Result<bool, Failure> {
    let sql = format!("SELECT EXISTS (SELECT 1 FROM render WHERE {UNSETTLED})");
    Ok(connection.prepare_cached(&sql)?.query_row([], |row| row.get(0))?)
}

fn query<'a>(space: Option<&'a Space>, which: &'a RenderQuery) -> (String, Vec<&'a dyn ToSql>) {
    let mut values: Vec<&dyn ToSql> = Vec::new();
    let in_list: String;
    let condition = match which {
        RenderQuery::Id(id) => {
            values.push(id);
            "id = ?"
        }
        RenderQuery::Ids(ids) => {
            in_list = format!("id IN ({})", listed(ids));
            &in_list
        }
        RenderQuery::Key(scope, key) => {
            values.extend([key as &dyn ToSql, scope]);
            "key = ? AND scope = ?"
        }
        RenderQuery::AnyKey(key) => {
            values.push(key);
            "key = ?"
        }
        RenderQuery::Project(project) => {
            values.push(project);
            "project = ?"
        }
        RenderQuery::Projects(projects) => {
            values.extend(projects.iter().map(|project| project as &dyn ToSql));
            in_list = format!("project IN ({})", vec!["?"; projects.len()].join(","));
            &in_list
        }
        RenderQuery::File(path) => {
            in_list = format!("file IN ({})", spelled(path));
            &in_list
        }
        RenderQuery::Resends => "state = 'intent' AND attempt > 1",
        RenderQuery::Unfinished => UNFINISHED,
        RenderQuery::Unsettled => UNSETTLED,
        RenderQuery::All(_) => "TRUE",
    };
    let mut sql = select(condition);
    if let Some(space) = space {
        sql += " AND account = ? AND endpoint = ?";
        values.extend([&space.account as &dyn ToSql, &space.endpoint]);
    }
    // With a plain `id` the engine would read every row of the table instead of sorting the few rows of the index.
    sql += if *which == RenderQuery::Resends { " ORDER BY +id DESC" } else { " ORDER BY id DESC" };
    if let RenderQuery::All(most) = which {
        sql += " LIMIT ?";
        values.push(most);
    }
    (sql, values)
}

/// Our own row numbers as SQL text: there may be more of them than a statement takes parameters.
fn listed(ids: &[RenderId]) -> String {
    ids.iter().map(|id| id.0.to_string()).collect::<Vec<_>>().join(",")
}

/// A path as SQL text, in both ways in which a ledger may hold it: as text, and as bytes (`super::values::Bound`).
fn spelled(path: &Path) -> String {
    let bytes = format!("x'{}'", hex(path.as_os_str().as_encoded_bytes()));
    format!("CAST({bytes} AS TEXT), {bytes}")
}

fn is_taken(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_UNIQUE)
}

fn taken(key: &Key) -> Failure {
    Failure::Refused(format!("the random key {key} is taken: try again"))
}

/// Restored rows with a key, as tokens spell it.
pub(super) fn restored(connection: &Connection, space: &Space, key: &Key) -> Result<Vec<Render>, Failure> {
    const SQL: &str = "SELECT id FROM render WHERE key = ?1 AND scope >= ?2 AND scope < ?3 AND account = ?4 AND endpoint = ?5";
    all_named(connection, SQL, &[key, &RESTORED, &AFTER_RESTORED, &space.account, &space.endpoint])
}

/// Writes a new row, with its body if that is known; returns its number.
pub(super) fn insert(connection: &Connection, render: &Render, body: Option<&[u8]>) -> Result<RenderId, Failure> {
    // The engine gives the number.
    let is_set = |column: &&Column<Render>| column.name != "id" && (column.cell)(render) != Cell::Null;
    let columns: Vec<_> = columns::of_render().filter(is_set).collect();
    let places = vec!["?"; columns.len()].join(", ");
    let sql = format!("INSERT INTO render ({}) VALUES ({places})", columns::names(columns.iter().copied()));
    let inserted = connection.prepare_cached(&sql)?.execute(params_from_iter(columns.iter().map(|column| Bound::of(column, render))));
    inserted.map_err(|error| if is_taken(&error) { taken(&render.key) } else { error.into() })?;
    let id = RenderId(connection.last_insert_rowid());
    if let Some(body) = body {
        connection.prepare_cached("INSERT INTO body (render, bytes) VALUES (?1, ?2)")?.execute(params![id, body])?;
    }
    Ok(id)
}

/// Writes some columns of a row. [`columns::STATE`] has indexes, and is written only when it changes.
pub(super) fn update<'c>(
    connection: &Connection,
    render: &Render,
    columns: impl Iterator<Item = &'c Column<Render>> + Clone,
) -> Result<(), Failure> {
    let set: Vec<String> = columns.clone().map(|column| format!("{} = ?", column.name)).collect();
    let sql = format!("UPDATE render SET {} WHERE id = ?", set.join(", "));
    let values = columns.map(|column| Bound::of(column, render)).chain([Bound::new(&render.id)]);
    connection.prepare_cached(&sql)?.execute(params_from_iter(values))?;
    Ok(())
}

/// The movie as it is sent, without the token.
pub(super) fn body(connection: &Connection, id: RenderId) -> Result<Option<Vec<u8>>, Failure> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM body WHERE render = ?1")?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

/// Deletes the movie; its hash stays.
pub(super) fn drop_body(connection: &Connection, id: RenderId) -> Result<(), Failure> {
    connection.prepare_cached("DELETE FROM body WHERE render = ?1")?.execute([id])?;
    Ok(())
}

/// Adds a line to a history.
pub(super) fn tell(connection: &Connection, id: RenderId, event: &Event) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO event (render, nth, at, kind, detail) \
         SELECT ?1, coalesce(max(nth), 0) + 1, ?2, ?3, ?4 FROM event WHERE render = ?1";
    connection.prepare_cached(SQL)?.execute(params![id, event.at, event.kind, event.detail])?;
    Ok(())
}

/// A history, in the order in which its lines were added.
pub(super) fn history(connection: &Connection, id: RenderId) -> Result<Vec<Event>, Failure> {
    let mut statement = connection.prepare_cached("SELECT at, kind, detail FROM event WHERE render = ?1 ORDER BY nth")?;
    let events = statement.query_map([id], |row| Ok(Event { at: row.get(0)?, kind: row.get(1)?, detail: row.get(2)? }))?;
    Ok(events.collect::<Result<_, _>>()?)
}

fn many(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Render>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(values)?;
    let mut renders = Vec::new();
    while let Some(row) = found.next()? {
        renders.push(columns::render(cells(row))?);
    }
    Ok(renders)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::schema;
    use crate::render::identity::ProjectId;

    #[test]
    fn no_question_but_the_one_for_everything_reads_every_row() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, schema::MIGRATIONS).unwrap();
        let space = Space { account: "a".to_owned(), endpoint: "e".to_owned() };
        let (key, project) = (Key::parse("k").unwrap(), ProjectId::parse("p").unwrap());
        let questions = [
            RenderQuery::Id(RenderId(1)),
            RenderQuery::Key("submit".to_owned(), key.clone()),
            RenderQuery::AnyKey(key),
            RenderQuery::Project(project.clone()),
            RenderQuery::Projects(vec![project.clone(), project]),
            RenderQuery::File("a.mp4".into()),
            RenderQuery::Resends,
            RenderQuery::Unfinished,
            RenderQuery::Unsettled,
        ];
        for which in &questions {
            for space in [None, Some(&space)] {
                let (sql, values) = query(space, which);
                let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
                let plan: Vec<String> = statement.query_map(&*values, |row| row.get("detail")).unwrap().map(Result::unwrap).collect();
                let reads_all = plan.iter().any(|step| step.starts_with("SCAN render") && !step.contains("INDEX"));
                assert!(!reads_all, "{which:?}: {plan:?}");
            }
        }
    }
}
