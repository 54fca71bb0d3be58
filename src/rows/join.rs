//! A second table whose rows belong to rows of the first: each row gets the list of its own items, for `iterate`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::binding::{Binding, Lacking};
use super::column::Meaning;
use super::{Row, RowsError, Source, Table, json};
use crate::movie::json::{CellPlace, Node, Span, Value};

/// A joined table, held in memory: each row as JSON, by the value of the join column.
pub struct Join {
    table: Arc<str>,
    /// The number of the table in the places of cells.
    number: u16,
    columns: Columns,
    name: String,
    on: String,
    notes: Vec<String>,
    /// The faults of unreadable rows. It is unknown to which row of the first table such a row belongs.
    faults: Vec<RowsError>,
    groups: HashMap<Box<str>, Group>,
}

/// The columns seen so far, and the column of each variable.
#[derive(Default)]
struct Columns {
    names: Vec<Arc<str>>,
    known: HashSet<Arc<str>>,
    variables: HashMap<String, u32>,
}

#[derive(Default)]
struct Group {
    /// The number and the JSON of each row.
    rows: Vec<(u32, Box<str>)>,
    is_used: bool,
}

impl Join {
    /// Reads a table; `on` is the column that both tables have, `name` the variable that holds the list.
    ///
    /// # Errors
    /// When the table can't be read. Faults of single rows are in [`Self::faults`].
    pub fn read(source: &Source, on: &str, name: &str) -> Result<Self, RowsError> {
        let table = Table::open(source)?;
        let mut join = Self {
            table: Arc::from(table.name()),
            number: 1,
            columns: Columns::default(),
            name: name.to_owned(),
            on: on.to_owned(),
            notes: table.notes(),
            faults: Vec::new(),
            groups: HashMap::new(),
        };
        let mut binding = Binding::default();
        for row in table.rows()? {
            let row = row?;
            if !row.faults.is_empty() {
                join.faults.extend(row.faults);
                continue;
            }
            let wrong = |why: String| RowsError::at(table.name(), format!("{} {}", table.unit(), row.number), why);
            let bound = binding.bind(&row);
            let faults: Vec<_> = bound.faults.into_iter().map(|fault| wrong(format!("column `{}`: {}", fault.column, fault.why))).collect();
            let key = join.key(&row).map_err(wrong);
            let (true, Ok(key)) = (faults.is_empty(), &key) else {
                join.faults.extend(faults.into_iter().chain(key.err()));
                continue;
            };
            let mut item = Node::object();
            bound.variables.iter().for_each(|variable| item.put(&variable.name, variable.value.to_node()));
            join.columns.take(&row);
            let number = u32::try_from(row.number).unwrap_or(u32::MAX);
            join.groups.entry(key.as_str().into()).or_default().rows.push((number, item.to_compact().into()));
        }
        // The join column may have any name: the row of the first table has the same value.
        let refused = binding.refused().iter().filter(|(column, _)| **column != *on);
        join.notes.extend(refused.map(|(column, why)| format!("{}: the column `{column}` is in no item: {why}", table.name())));
        let (name, unit) = (table.name(), table.unit());
        let told =
            |Lacking { column, rows, first }| format!("{name}: `{column}` is missing in {rows} of its {unit}s, first in {unit} {first}");
        join.notes.extend(binding.lacking().map(told));
        Ok(join)
    }

    /// Notes about how the table was read, for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The faults of unreadable rows.
    #[must_use]
    pub fn faults(&self) -> &[RowsError] {
        &self.faults
    }

    /// The same table as the n-th joined one, from 1.
    #[must_use]
    pub(super) fn numbered(self, number: u16) -> Self {
        Self { number, ..self }
    }

    /// The name of the table in messages.
    #[must_use]
    pub fn table(&self) -> &Arc<str> {
        &self.table
    }

    /// A column, by the place of a cell.
    #[must_use]
    pub fn column(&self, place: usize) -> Option<&Arc<str>> {
        self.columns.names.get(place)
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

    /// The list for a row: the joined rows with the same value in the column.
    pub(super) fn of(&mut self, row: &Row) -> Result<Node, String> {
        let key = self.key(row)?;
        let Some(group) = self.groups.get_mut(&*key) else { return Ok(Node::array([])) };
        group.is_used = true;
        let items = group.rows.iter().map(|(row, text)| json::value(text).map(|item| self.columns.placed(item, self.number, *row)));
        items.collect::<Result<Vec<_>, _>>().map(Node::array)
    }

    fn key(&self, row: &Row) -> Result<String, String> {
        let cell = row.cell(&self.on).ok_or_else(|| format!("there is no column `{}` to join on", self.on))?;
        Ok(cell.to_text().trim().to_owned())
    }

    /// How many joined rows belong to no row that was asked for, and the value of one of them in the column.
    #[must_use]
    pub fn unused(&self) -> Option<(usize, &str)> {
        let unused = || self.groups.iter().filter(|(_, group)| !group.is_used);
        let count = unused().map(|(_, group)| group.rows.len()).sum();
        unused().map(|(key, _)| &**key).min().map(|key| (count, key))
    }
}

impl Columns {
    /// Records the columns of a row.
    fn take(&mut self, row: &Row) {
        for cell in &row.cells {
            if !self.known.insert(Arc::clone(&cell.column)) {
                continue;
            }
            let variable = Meaning::parse(&cell.column).ok().and_then(|meaning| meaning.path.into_iter().next());
            if let (Some(variable), Ok(place)) = (variable, u32::try_from(self.names.len())) {
                self.variables.entry(variable).or_insert(place);
            }
            self.names.push(Arc::clone(&cell.column));
        }
    }

    /// An item in which each value has the place of its cell.
    fn placed(&self, mut item: Node, table: u16, row: u32) -> Node {
        if let Value::Object(members) = &mut item.value {
            for member in members {
                let column = self.variables.get(&*member.key.decoded()).copied().unwrap_or_default();
                member.key_span = Span::cell(CellPlace { table, row, column });
                member.value.place_at(member.key_span);
            }
        }
        item
    }
}
