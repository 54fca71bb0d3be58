//! A second table whose rows belong to rows of the first: each row gets the list of its own items, for `iterate`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::column::Meaning;
use super::{Row, RowsError, json};
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
    /// A table of this name without rows so far; `on` is the column that both tables have, `name` the variable that holds the list.
    pub(super) fn new(table: &str, on: &str, name: &str) -> Self {
        Self {
            table: Arc::from(table),
            number: 1,
            columns: Columns::default(),
            name: name.to_owned(),
            on: on.to_owned(),
            notes: Vec::new(),
            faults: Vec::new(),
            groups: HashMap::new(),
        }
    }

    /// Adds a row, as the item that it is in a list, under its key.
    pub(super) fn add(&mut self, key: &str, row: &Row, item: &Node) {
        self.columns.take(row);
        let number = u32::try_from(row.number).unwrap_or(u32::MAX);
        self.groups.entry(key.into()).or_default().rows.push((number, item.to_compact().into()));
    }

    /// Adds notes about how the table was read.
    pub(super) fn note(&mut self, notes: impl IntoIterator<Item = String>) {
        self.notes.extend(notes);
    }

    /// Adds faults of unreadable rows.
    pub(super) fn fail(&mut self, faults: impl IntoIterator<Item = RowsError>) {
        self.faults.extend(faults);
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

    /// The value of a row in the column that both tables have.
    pub(super) fn key(&self, row: &Row) -> Result<String, String> {
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
