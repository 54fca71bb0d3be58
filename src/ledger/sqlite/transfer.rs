//! Raw rows: export and import, the rules that they break, and pruning.

use rusqlite::{Connection, params_from_iter};

use super::Sqlite;
use super::failure::Failure;
use super::job::Need;
use super::values::{Bound, cells};
use crate::ledger::Reply;
use crate::ledger::transfer::{Cell, PRUNING, Pruned, RULES, Row, Table, Transfer};
use crate::render::token::LedgerName;
use crate::world::Timestamp;

impl Transfer for Sqlite {
    fn export(&self, table: &'static Table, after: Option<Row>, most: u32) -> Reply<'_, Vec<Row>> {
        self.ask(Need::Read, move |session| export(session.connection, table, after.as_ref(), most))
    }

    fn import(&self, table: &'static Table, rows: Vec<Row>) -> Reply<'_, ()> {
        self.ask(Need::Write, move |session| import(session.connection, table, &rows))
    }

    /// Syncs the imported rows. The engine itself continues after the highest number.
    fn imported(&self) -> Reply<'_, ()> {
        self.ask(Need::Synced, |_| Ok(()))
    }

    fn rename(&self, name: LedgerName) -> Reply<'_, ()> {
        self.ask(Need::Synced, move |session| {
            session.connection.execute("UPDATE ledger SET name = ?1", [name.to_string()])?;
            Ok(())
        })
    }

    fn faults(&self) -> Reply<'_, Vec<String>> {
        let damaged = self.faults();
        Box::pin(async move {
            let mut faults = damaged.await?;
            if faults.is_empty() {
                faults = self.ask(Need::Read, |session| broken(session.connection)).await?;
            }
            Ok(faults)
        })
    }

    fn prune(&self, before: Timestamp) -> Reply<'_, Pruned> {
        self.ask(Need::Write, move |session| {
            let mut counts = [0; PRUNING.len()];
            for (sql, count) in PRUNING.into_iter().zip(&mut counts) {
                *count = u64::try_from(session.connection.prepare_cached(sql)?.execute([before])?).unwrap_or(u64::MAX);
            }
            Ok(Pruned::of(counts))
        })
    }
}

fn export(connection: &Connection, table: &Table, after: Option<&Row>, most: u32) -> Result<Vec<Row>, Failure> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.0).collect();
    let (name, columns, key) = (table.name, columns.join(", "), columns[..table.key].join(", "));
    let condition = after.map_or_else(String::new, |_| format!("WHERE ({key}) > ({})", vec!["?"; table.key].join(", ")));
    let mut statement = connection.prepare_cached(&format!("SELECT {columns} FROM {name} {condition} ORDER BY {key} LIMIT {most}"))?;
    let mut found = statement.query(params_from_iter(after.into_iter().flat_map(|after| bound(table, after))))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let read = cells(row);
        rows.push(
            table.columns.iter().enumerate().map(|(nth, column)| read(nth, column.1).map(Cell::into_owned)).collect::<Result<_, _>>()?,
        );
    }
    Ok(rows)
}

/// The values of a row, or of its first columns, as parameters.
fn bound<'a>(table: &'a Table, row: &'a Row) -> impl Iterator<Item = Bound<'a>> {
    row.iter().zip(&table.columns).map(|(cell, column)| Bound::cell(cell.borrowed(), column.1))
}

fn import(connection: &Connection, table: &Table, rows: &[Row]) -> Result<(), Failure> {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.0).collect();
    let places = vec!["?"; columns.len()].join(", ");
    let mut statement = connection.prepare_cached(&format!("INSERT INTO {} ({}) VALUES ({places})", table.name, columns.join(", ")))?;
    Ok(rows.iter().try_for_each(|row| statement.execute(params_from_iter(bound(table, row))).map(drop))?)
}

/// The rules that some rows break.
fn broken(connection: &Connection) -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for (rule, sql) in RULES {
        let count: i64 = connection.prepare(sql)?.query_row([], |row| row.get(0))?;
        if count > 0 {
            broken.push(format!("{rule}: {count} don't keep to that"));
        }
    }
    Ok(broken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::sqlite::schema;
    use crate::ledger::transfer::TABLES;

    #[test]
    fn every_table_that_remembers_is_moved_with_every_column() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, schema::MIGRATIONS).unwrap();
        let mut names: Vec<String> = TABLES.iter().map(|table| table.name.to_owned()).collect();
        names.extend(["ledger", "turn", "waiting"].map(str::to_owned));
        names.sort();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name";
        let found: Vec<String> = connection.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        assert_eq!(found, names, "a new table belongs into ledger/transfer.rs, or is of the moment");
        for table in TABLES.iter() {
            let sql = format!("SELECT name FROM pragma_table_info('{}') ORDER BY name", table.name);
            let found: Vec<String> =
                connection.prepare(&sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
            let mut columns: Vec<&str> = table.columns.iter().map(|column| column.0).collect();
            columns.sort_unstable();
            assert_eq!(found, columns, "the columns of {} belong into ledger/transfer.rs", table.name);
        }
    }
}
