//! Writes rows: each function is one statement, whatever the number of rows. One row, as of a single submission, has
//! plain statements instead of a join with arrays.

use std::borrow::Cow;

use super::channel::Channel;
use super::failure::Failure;
use super::values::{Parameter, array, array_of, borrowed, parameter, without_zeros};
use crate::ledger::columns::{self, Column};
use crate::ledger::{Event, Render, RenderId};

/// Numbers for new rows, in the order of the rows.
pub(super) async fn numbers(channel: &Channel, count: usize) -> Result<Vec<i64>, Failure> {
    const SQL: &str = "SELECT nextval(pg_get_serial_sequence('j2v.render', 'id')) FROM generate_series(1, $1::bigint)";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let mut numbers = Vec::new();
    for row in channel.query(SQL, &[&count]).await? {
        numbers.push(row.try_get(0)?);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Writes new rows, in the order of their keys, so that transactions don't deadlock; returns the numbers of those whose key
/// and generation were free. Waits for a transaction that is writing the same ones.
pub(super) async fn insert(channel: &Channel, renders: &[Render]) -> Result<Vec<RenderId>, Failure> {
    let columns: Vec<&Column<Render>> = columns::of_render().collect();
    let names = columns::names(columns.iter().copied());
    let sql = format!(
        "INSERT INTO render ({names}) SELECT * FROM {} AS new ({names}) ORDER BY account, endpoint, scope, key, generation \
         ON CONFLICT (key, scope, account, endpoint, generation) DO NOTHING RETURNING id",
        unnest(&columns)
    );
    let rows = channel.query(&sql, &borrowed(&arrays(&columns, renders))).await?;
    rows.iter().map(|row| Ok(RenderId(row.try_get(0)?))).collect()
}

/// Writes some columns of rows.
pub(super) async fn update(
    channel: &Channel,
    renders: &[Render],
    columns: impl IntoIterator<Item = &'static Column<Render>>,
) -> Result<(), Failure> {
    let columns: Vec<&Column<Render>> = columns.into_iter().collect();
    let set: Vec<String> = columns.iter().map(|column| format!("{0} = new.{0}", column.name)).collect();
    let of: Vec<&Column<Render>> = columns::of_render().filter(|column| column.name == "id").chain(columns).collect();
    let sql = format!(
        "UPDATE render SET {} FROM {} AS new ({}) WHERE render.id = new.id",
        set.join(", "),
        unnest(&of),
        columns::names(of.iter().copied())
    );
    channel.execute(&sql, &borrowed(&arrays(&of, renders))).await.map(drop)
}

/// Writes the columns of one row that differ from what they were.
pub(super) async fn change(channel: &Channel, before: &Render, after: &Render) -> Result<(), Failure> {
    let differs = |column: &&Column<Render>| (column.cell)(before) != (column.cell)(after);
    let changed: Vec<&Column<Render>> = columns::STATE.iter().chain(&columns::MARKS).filter(differs).collect();
    if changed.is_empty() {
        return Ok(());
    }
    let set: Vec<String> = changed.iter().enumerate().map(|(nth, column)| format!("{} = ${}", column.name, nth + 2)).collect();
    let id: Parameter<'_> = Box::new(after.id.0);
    let values = changed.iter().map(|column| parameter((column.cell)(after), column.kind));
    let values: Vec<Parameter<'_>> = std::iter::once(id).chain(values).collect();
    channel.execute(&format!("UPDATE render SET {} WHERE id = $1", set.join(", ")), &borrowed(&values)).await.map(drop)
}

/// The table that the arrays of [`arrays`] make, in SQL.
fn unnest(columns: &[&'static Column<Render>]) -> String {
    let arrays = columns.iter().enumerate().map(|(nth, column)| format!("${}::{}", nth + 1, array_of(column.kind)));
    format!("unnest({})", arrays.collect::<Vec<_>>().join(", "))
}

/// For each column the array of its values.
fn arrays<'a>(columns: &[&'static Column<Render>], renders: &'a [Render]) -> Vec<Parameter<'a>> {
    columns.iter().map(|column| array(renders.iter().map(|render| (column.cell)(render)), column.kind)).collect()
}

/// Writes movies as they are sent, without the token.
pub(super) async fn bodies(channel: &Channel, ids: &[i64], bodies: &[&[u8]]) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO body (render, bytes) SELECT * FROM unnest($1::bigint[], $2::bytea[])";
    channel.execute(SQL, &[&ids, &bodies]).await.map(drop)
}

/// Deletes movies; their hashes stay.
pub(super) async fn drop_bodies(channel: &Channel, ids: &[i64]) -> Result<(), Failure> {
    channel.execute("DELETE FROM body WHERE render = ANY($1)", &[&ids]).await.map(drop)
}

/// Adds lines to histories, in their order.
pub(super) async fn tell(channel: &Channel, events: &[(RenderId, Event)]) -> Result<(), Failure> {
    const ONE: &str = "INSERT INTO event (render, nth, at, kind, detail) \
         SELECT $1::bigint, coalesce(max(nth), 0) + 1, $2::bigint, $3::text, $4::text FROM event WHERE render = $1";
    const SQL: &str = "INSERT INTO event (render, nth, at, kind, detail) \
         SELECT render, row_number() OVER (PARTITION BY render ORDER BY place) + \
         coalesce((SELECT max(told.nth) FROM event AS told WHERE told.render = new.render), 0), at, kind, detail \
         FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[]) WITH ORDINALITY AS new (render, at, kind, detail, place)";
    if let [(render, event)] = events {
        let (kind, detail) = (event.kind.as_str(), without_zeros(event.detail.as_str()));
        return channel.execute(ONE, &[&render.0, &event.at.0, &kind, &detail]).await.map(drop);
    }
    let renders: Vec<i64> = events.iter().map(|(render, _)| render.0).collect();
    let times: Vec<i64> = events.iter().map(|(_, event)| event.at.0).collect();
    let kinds: Vec<&str> = events.iter().map(|(_, event)| event.kind.as_str()).collect();
    let details: Vec<Cow<'_, str>> = events.iter().map(|(_, event)| without_zeros(event.detail.as_str())).collect();
    channel.execute(SQL, &[&renders, &times, &kinds, &details]).await.map(drop)
}
