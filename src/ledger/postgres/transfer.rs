//! Raw rows: export and import, the rules that they break, and pruning.

use super::Postgres;
use super::channel::Channel;
use super::engine::{Need, Session};
use super::failure::Failure;
use super::values::{Parameter, array, array_of, borrowed, cells, parameter};
use crate::ledger::Reply;
use crate::ledger::transfer::{Cell, Kind, PRUNING, Pruned, RULES, Row, Table, Transfer};
use crate::render::token::LedgerName;
use crate::world::Timestamp;

/// The tally with its shards summed up.
const TALLY: &str = "(SELECT name, account, endpoint, state, current, sum(renders)::bigint AS renders, sum(estimated)::bigint AS estimated, \
     sum(consumed) AS consumed, sum(paid_renders)::bigint AS paid_renders, sum(paid_credits) AS paid_credits FROM tally \
     GROUP BY name, account, endpoint, state, current) AS tally";

impl Transfer for Postgres {
    fn export(&self, table: &'static Table, after: Option<Row>, most: u32) -> Reply<'_, Vec<Row>> {
        self.ask(Need::Read, async move |session: &Session<'_>| export(session.channel, table, after.as_ref(), most).await)
    }

    fn import(&self, table: &'static Table, rows: Vec<Row>) -> Reply<'_, ()> {
        self.ask(Need::Write, async move |session: &Session<'_>| import(session.channel, table, &rows).await)
    }

    fn imported(&self) -> Reply<'_, ()> {
        self.ask(Need::Write, async |session: &Session<'_>| {
            for table in ["render", "callback", "delivery"] {
                // A sequence is set only by its owner, but any role that writes rows may take numbers from it.
                let sequence = format!("pg_get_serial_sequence('j2v.{table}', 'id')");
                let sql = format!(
                    "SELECT count(nextval({sequence})) FROM generate_series(nextval({sequence}) + 1, (SELECT max(id) FROM {table}))"
                );
                session.channel.query_once(&sql, &[]).await?;
            }
            Ok(())
        })
    }

    fn rename(&self, name: LedgerName) -> Reply<'_, ()> {
        self.ask(Need::Write, async move |session: &Session<'_>| {
            session.channel.execute("UPDATE ledger SET name = $1", &[&name.to_string()]).await.map(drop)
        })
    }

    fn faults(&self) -> Reply<'_, Vec<String>> {
        self.ask(Need::Read, async |session: &Session<'_>| {
            let mut faults = Vec::new();
            for (rule, sql) in RULES {
                let count: i64 = session.channel.optional(sql, &[]).await?.map_or(Ok(0), |row| row.try_get(0))?;
                if count > 0 {
                    faults.push(format!("{rule}: {count} don't keep to that"));
                }
            }
            let fsync = session.channel.optional("SELECT current_setting('fsync')", &[]).await?;
            if fsync.is_some_and(|row| row.try_get::<_, &str>(0).is_ok_and(|fsync| fsync == "off")) {
                faults.push("the server runs with fsync = off: a crash can cost a second payment".to_owned());
            }
            Ok(faults)
        })
    }

    fn prune(&self, before: Timestamp) -> Reply<'_, Pruned> {
        self.ask(Need::Write, async move |session: &Session<'_>| {
            let mut counts = [0; PRUNING.len()];
            for (sql, count) in PRUNING.into_iter().zip(&mut counts) {
                *count = session.channel.execute(sql, &[&before.0]).await?;
            }
            Ok(Pruned::of(counts))
        })
    }
}

/// A key's column as a sort key: text sorts by bytes, as in every store.
fn ordered((name, kind): &(&str, Kind)) -> String {
    if *kind == Kind::Text { format!("{name} COLLATE \"C\"") } else { (*name).to_owned() }
}

async fn export(channel: &Channel, table: &Table, after: Option<&Row>, most: u32) -> Result<Vec<Row>, Failure> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.0).collect();
    let key = table.columns[..table.key].iter().map(ordered).collect::<Vec<_>>().join(", ");
    let places: Vec<String> = (1..=table.key).map(|nth| format!("${nth}")).collect();
    let condition = after.map_or_else(String::new, |_| format!("WHERE ({key}) > ({})", places.join(", ")));
    let source = if table.name == "tally" { TALLY } else { table.name };
    let sql = format!("SELECT {} FROM {source} {condition} ORDER BY {key} LIMIT {most}", columns.join(", "));
    let values: Vec<Parameter<'_>> =
        after.into_iter().flatten().zip(&table.columns).map(|(cell, column)| parameter(cell.borrowed(), column.1)).collect();
    let rows = channel.query_once(&sql, &borrowed(&values)).await?;
    let read = |row: &tokio_postgres::Row| {
        let read = cells(row);
        table.columns.iter().enumerate().map(|(nth, column)| read(nth, column.1).map(Cell::into_owned)).collect()
    };
    rows.iter().map(read).collect()
}

async fn import(channel: &Channel, table: &Table, rows: &[Row]) -> Result<(), Failure> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.0).collect();
    let lists: Vec<String> =
        table.columns.iter().enumerate().map(|(nth, column)| format!("${}::{}", nth + 1, array_of(column.1))).collect();
    let (shard, none) = if table.name == "tally" { (", shard", ", 0") } else { ("", "") };
    let sql = format!("INSERT INTO {} ({}{shard}) SELECT *{none} FROM unnest({})", table.name, names.join(", "), lists.join(", "));
    let values = table.columns.iter().enumerate().map(|(nth, column)| array(rows.iter().map(|row| row[nth].borrowed()), column.1));
    channel.query_once(&sql, &borrowed(&values.collect::<Vec<_>>())).await.map(drop)
}
