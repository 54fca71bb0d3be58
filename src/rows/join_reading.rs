//! How a joined table is read: each of its rows is bound like a row of the first table.

use super::binding::{Binding, Lacking};
use super::join::Join;
use super::{RowsError, Source, Table};
use crate::movie::json::Node;

impl Join {
    /// Reads a table; `on` is the column that both tables have, `name` the variable that holds the list.
    ///
    /// # Errors
    /// When the table can't be read. Faults of single rows are in [`Self::faults`].
    pub fn read(source: &Source, on: &str, name: &str) -> Result<Self, RowsError> {
        let table = Table::open(source)?;
        let mut join = Self::new(table.name(), on, name);
        join.note(table.notes());
        let mut binding = Binding::default();
        for row in table.rows()? {
            let row = row?;
            if !row.faults.is_empty() {
                join.fail(row.faults);
                continue;
            }
            let wrong = |why: String| RowsError::at(table.name(), format!("{} {}", table.unit(), row.number), why);
            let bound = binding.bind(&row);
            let faults: Vec<_> = bound.faults.into_iter().map(|fault| wrong(format!("column `{}`: {}", fault.column, fault.why))).collect();
            let key = join.key(&row).map_err(wrong);
            let (true, Ok(key)) = (faults.is_empty(), &key) else {
                join.fail(faults.into_iter().chain(key.err()));
                continue;
            };
            let mut item = Node::object();
            bound.variables.iter().for_each(|variable| item.put(&variable.name, variable.value.to_node()));
            join.add(key, &row, &item);
        }
        // The join column may have any name: the row of the first table has the same value.
        let refused = binding.refused().iter().filter(|(column, _)| **column != *on);
        join.note(refused.map(|(column, why)| format!("{}: the column `{column}` is in no item: {why}", table.name())));
        let (name, unit) = (table.name(), table.unit());
        let told =
            |Lacking { column, rows, first }| format!("{name}: `{column}` is missing in {rows} of its {unit}s, first in {unit} {first}");
        join.note(binding.lacking().map(told));
        Ok(join)
    }
}
