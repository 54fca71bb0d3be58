//! A second table whose rows belong to those of the first: each row gets the list of its own, for `iterate`.

use std::collections::HashMap;

use super::binding::Binding;
use super::{Row, RowsError, Source, Table, json};
use crate::movie::json::Node;

/// A joined table, held in memory: each row as JSON, by what it is joined on.
pub struct Join {
    name: String,
    on: String,
    notes: Vec<String>,
    groups: HashMap<Box<str>, Group>,
}

#[derive(Default)]
struct Group {
    rows: Vec<Box<str>>,
    is_used: bool,
}

impl Join {
    /// Reads a table; `on` is the column that both tables have, `name` the variable that the list becomes.
    ///
    /// # Errors
    /// When the table can't be read, or one of its rows lacks the column.
    pub fn read(source: &Source, on: &str, name: &str) -> Result<Self, RowsError> {
        let table = Table::open(source)?;
        let mut join = Self { name: name.to_owned(), on: on.to_owned(), notes: table.notes(), groups: HashMap::new() };
        let mut binding = Binding::default();
        for row in table.rows()? {
            let row = row?;
            let wrong = |why: String| RowsError::at(table.name(), format!("{} {}", table.unit(), row.number), why);
            let key = join.key(&row).map_err(wrong)?;
            let bound = binding.bind(&row).map_err(wrong)?;
            let mut item = Node::object();
            bound.variables.iter().for_each(|variable| item.put(&variable.name, variable.value.to_node()));
            join.groups.entry(key.into()).or_default().rows.push(item.to_compact().into());
        }
        // What two tables are joined on may have any name: the row that gets the list has the same.
        let refused = binding.refused().iter().filter(|(column, _)| **column != *on);
        join.notes.extend(refused.map(|(column, why)| format!("{}: the column `{column}` is in no item: {why}", table.name())));
        let lacking = binding.lacking().map(|(column, items)| format!("{}: `{column}` is missing in {items} of its items", table.name()));
        join.notes.extend(lacking);
        Ok(join)
    }

    /// What people should know of how it was read.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The variable that holds the list.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column that both tables have.
    #[must_use]
    pub fn on(&self) -> &str {
        &self.on
    }

    /// The list of a row: those that have the same in the column.
    pub(super) fn of(&mut self, row: &Row) -> Result<Node, String> {
        let key = self.key(row)?;
        let Some(group) = self.groups.get_mut(&*key) else { return Ok(Node::array([])) };
        group.is_used = true;
        let items = group.rows.iter().map(|text| json::value(text));
        items.collect::<Result<Vec<_>, _>>().map(Node::array)
    }

    fn key(&self, row: &Row) -> Result<String, String> {
        let cell = row.cell(&self.on).ok_or_else(|| format!("there is no column `{}` to join on", self.on))?;
        Ok(cell.to_text().trim().to_owned())
    }

    /// How many rows belong to none of those that were asked for, and what one of them has in the column.
    #[must_use]
    pub fn unused(&self) -> Option<(usize, &str)> {
        let unused = || self.groups.iter().filter(|(_, group)| !group.is_used);
        let count = unused().map(|(_, group)| group.rows.len()).sum();
        unused().map(|(key, _)| &**key).min().map(|key| (count, key))
    }
}
