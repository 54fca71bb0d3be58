//! Turns a row into movie input: variables, client-data, and the lists that other tables add.

use std::collections::HashMap;
use std::sync::Arc;

use super::column::Meaning;
use super::join::Join;
use super::{Cell, Row, json};
use crate::limits::COLUMNS;
use crate::movie::compose::{Assigned, Assignment};
use crate::movie::json::{Member, Node, Value};

/// How rows become variables and client-data.
#[derive(Default)]
pub struct Binding {
    /// Columns under another name; an empty name leaves the column out.
    renamed: HashMap<String, String>,
    /// The columns that go into client-data, too.
    client_data: Vec<String>,
    /// Whether an empty cell leaves the movie's own value.
    skips_empty: bool,
    joins: Vec<Join>,
    /// What is known of each column that a row has had.
    known: HashMap<Arc<str>, Known>,
    /// The same columns in the order in which they were met.
    met: Vec<Arc<str>>,
    /// Those of them that no row has lacked.
    whole: Vec<Arc<str>>,
    /// How many rows there were, and how many cells in all; of a column that a row has twice, one counts.
    rows: u64,
    cells: u64,
    /// The numbers of the first row and of the last one.
    first: Option<u64>,
    last: u64,
    /// Columns that are not variables, and why; in the order in which they were met.
    refused: Vec<(Arc<str>, String)>,
    /// The variables that columns have been, each with a place of its own.
    slots: HashMap<String, usize>,
}

struct Known {
    /// Nothing when the column is not a variable.
    meaning: Option<Arc<Slotted>>,
    /// How many rows have it, and the number of the last one. A table that is read again is not counted again.
    rows: u64,
    last: u64,
    /// The number of the first row without it.
    missing: Option<u64>,
}

/// A column that some rows have and others lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lacking<'a> {
    /// The column.
    pub column: &'a str,
    /// How many rows lack it.
    pub rows: u64,
    /// The number of the first of them.
    pub first: u64,
}

/// What a column means, and the place of its variable among all.
struct Slotted {
    meaning: Meaning,
    slot: usize,
}

/// The values of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bound {
    /// The movie's variables.
    pub variables: Vec<Assignment>,
    /// What goes into client-data.
    pub client_data: Vec<Assignment>,
    /// The columns that say nothing in this row, and why: all others are bound.
    pub faults: Vec<ColumnFault>,
}

/// Why a column has no value in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnFault {
    /// The column.
    pub column: Arc<str>,
    /// What is wrong with what stands there.
    pub why: String,
}

impl ColumnFault {
    fn new(column: &str, why: impl Into<String>) -> Self {
        Self { column: Arc::from(column), why: why.into() }
    }
}

impl Binding {
    /// Columns as variables of their names, with these exceptions: `renamed` gives columns other names (an empty one leaves a
    /// column out), `client_data` are columns that go there, too.
    #[must_use]
    pub fn new(renamed: HashMap<String, String>, client_data: Vec<String>, joins: Vec<Join>) -> Self {
        let joins = joins.into_iter().zip(1..).map(|(join, number)| join.numbered(number)).collect();
        Self { renamed, client_data, joins, ..Self::default() }
    }

    /// The same, with the movie's own value where a cell is empty.
    #[must_use]
    pub fn skipping_empty(mut self) -> Self {
        self.skips_empty = true;
        self
    }

    /// The columns that are not variables, and why, in the rows read so far.
    #[must_use]
    pub fn refused(&self) -> &[(Arc<str>, String)] {
        &self.refused
    }

    /// The columns that some of the rows have and others lack: items of JSON, where the movie's own value then stands.
    pub fn lacking(&self) -> impl Iterator<Item = Lacking<'_>> {
        self.met.iter().filter_map(|column| {
            let known = self.known.get(column)?;
            Some(Lacking { column, rows: self.rows - known.rows, first: known.missing? })
        })
    }

    /// The required columns.
    pub fn named(&self) -> impl Iterator<Item = &str> {
        self.client_data.iter().map(String::as_str).chain(self.joins.iter().map(Join::on)).chain(self.renamed.keys().map(String::as_str))
    }

    /// The joined tables.
    #[must_use]
    pub fn joins(&self) -> &[Join] {
        &self.joins
    }

    /// Whether a column is left out of the movie.
    #[must_use]
    pub fn leaves_out(&self, column: &str) -> bool {
        self.renamed.get(column).is_some_and(String::is_empty)
    }

    /// What a row says, and which of its columns say nothing.
    pub fn bind(&mut self, row: &Row) -> Bound {
        let mut faults = Vec::new();
        let before = self.cells;
        // All of them first: an error in one cell makes no other column lack.
        let meanings: Vec<_> = row.cells.iter().map(|cell| self.meaning(&cell.column, row.number)).collect();
        if row.number > self.last {
            self.count(row.number, self.cells - before);
        }
        let joined: Vec<usize> = (0..self.joins.len()).map(|join| self.slot(self.joins[join].name().to_owned())).collect();
        let mut bound = Variables::new(self.slots.len(), row.cells.len() + self.joins.len());
        for (cell, meaning) in row.cells.iter().zip(meanings) {
            match meaning {
                Ok(Some(known)) if !(self.skips_empty && cell.is_empty()) => {
                    let put = value(cell, known.meaning.is_json).and_then(|value| bound.put(known.slot, &known.meaning.path, value));
                    faults.extend(put.err().map(|why| ColumnFault::new(&cell.column, why)));
                }
                Ok(_) => {}
                Err(why) => faults.push(ColumnFault::new(&cell.column, why)),
            }
        }
        for (join, slot) in self.joins.iter_mut().zip(joined) {
            let put = join.of(row).and_then(|list| bound.put(slot, &[join.name().to_owned()], Assigned::Json(list)));
            faults.extend(put.err().map(|why| ColumnFault::new(join.on(), why)));
        }
        let client_data = self.client_data.iter().filter_map(|column| client_data(row, column, &mut faults)).collect();
        Bound { variables: bound.list, client_data, faults }
    }

    /// Counts a row with so many columns, and finds those that it is the first to lack.
    fn count(&mut self, number: u64, columns: u64) {
        self.rows += 1;
        self.first.get_or_insert(number);
        self.last = number;
        if columns < self.met.len() as u64 {
            let known = &mut self.known;
            self.whole.retain(|column| {
                let Some(known) = known.get_mut(column).filter(|known| known.last < number) else { return true };
                known.missing = Some(number);
                false
            });
        }
    }

    /// What a column means in the row of this number.
    fn meaning(&mut self, column: &Arc<str>, number: u64) -> Result<Option<Arc<Slotted>>, String> {
        if let Some(known) = self.known.get_mut(column) {
            if number > known.last {
                (known.rows, known.last) = (known.rows + 1, number);
                self.cells += 1;
            }
            return Ok(known.meaning.clone());
        }
        if COLUMNS.is_passed_by(self.met.len() + 1) {
            return Err(format!("with this row the table has {}", COLUMNS.passed()));
        }
        let name = self.renamed.get(&**column).cloned().unwrap_or_else(|| column.to_string());
        let meaning = if name.is_empty() { None } else { self.read(column, &name) };
        self.met.push(Arc::clone(column));
        self.cells += 1;
        if self.first.is_none() {
            self.whole.push(Arc::clone(column));
        }
        self.known.insert(Arc::clone(column), Known { meaning: meaning.clone(), rows: 1, last: number, missing: self.first });
        Ok(meaning)
    }

    fn read(&mut self, column: &Arc<str>, name: &str) -> Option<Arc<Slotted>> {
        match Meaning::parse(name) {
            Ok(meaning) => {
                let slot = self.slot(meaning.path.first().cloned().unwrap_or_default());
                Some(Arc::new(Slotted { meaning, slot }))
            }
            Err(why) => {
                self.refused.push((Arc::clone(column), why));
                None
            }
        }
    }

    /// The place of a variable.
    fn slot(&mut self, variable: String) -> usize {
        let next = self.slots.len();
        *self.slots.entry(variable).or_insert(next)
    }
}

/// What a column assigns to client-data; a known fault is not reported again.
fn client_data(row: &Row, column: &str, faults: &mut Vec<ColumnFault>) -> Option<Assignment> {
    let (name, is_json) = column.strip_suffix(":=").map_or((column, false), |name| (name, true));
    let cell = row.cell(column).ok_or_else(|| "there is no such column for client-data".to_owned());
    match cell.and_then(|cell| value(cell, is_json)) {
        Ok(value) => Some(Assignment { name: name.to_owned(), value }),
        Err(why) => {
            if !faults.iter().any(|fault| *fault.column == *column) {
                faults.push(ColumnFault::new(column, why));
            }
            None
        }
    }
}

/// What a cell assigns.
pub(super) fn value(cell: &Cell, is_json: bool) -> Result<Assigned, String> {
    match cell.value.as_text() {
        Some(text) if is_json => {
            let text = text.decoded();
            // Nothing is `null`: no JSON at all would be an error in each row that lacks the value.
            let text = if text.trim().is_empty() { "null" } else { &*text };
            let parsed = json::value(text).map(|node| Assigned::Json(node.placed(cell.value.span)));
            parsed.map_err(|why| format!("it is not JSON: {why}"))
        }
        _ => Ok(Assigned::Json(cell.value.clone())),
    }
}

/// The variables of a row while it is gone through. However many there are, each is found at once.
struct Variables {
    list: Vec<Assignment>,
    /// Where in the list the variable of each slot is.
    places: Vec<Option<usize>>,
}

impl Variables {
    fn new(slots: usize, most: usize) -> Self {
        Self { list: Vec::with_capacity(most), places: vec![None; slots] }
    }

    /// Adds a variable, or a member of one that other columns have begun.
    fn put(&mut self, slot: usize, path: &[String], value: Assigned) -> Result<(), String> {
        let (Some((first, below)), Some(place)) = (path.split_first(), self.places.get_mut(slot)) else { return Ok(()) };
        if below.is_empty() && place.is_none() {
            *place = Some(self.list.len());
            self.list.push(Assignment { name: first.clone(), value });
            return Ok(());
        }
        let taken = || format!("this column and another one are both the variable `{}`", path.join("."));
        let at = *place.get_or_insert(self.list.len());
        if at == self.list.len() {
            self.list.push(Assignment { name: first.clone(), value: Assigned::Json(Node::object()) });
        }
        let Assigned::Json(node) = &mut self.list[at].value else { return Err(taken()) };
        set(node, below, value.to_node()).map_err(|()| taken())
    }
}

/// Sets a member at a path, and makes the objects on the way.
fn set(node: &mut Node, path: &[String], value: Node) -> Result<(), ()> {
    let (Some((first, below)), Value::Object(_)) = (path.split_first(), &node.value) else { return Err(()) };
    match node.get_mut(first) {
        Some(_) if below.is_empty() => Err(()),
        Some(known) => set(known, below, value),
        None => {
            let mut made = if below.is_empty() { value.clone() } else { Node::object() };
            if !below.is_empty() {
                set(&mut made, below, value)?;
            }
            if let Value::Object(members) = &mut node.value {
                members.push(Member::new(first, made));
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(cells: &[(&str, Node)]) -> Row {
        let cells = cells.iter().map(|(column, value)| Cell { column: Arc::from(*column), value: value.clone() });
        Row { number: 2, cells: cells.collect(), faults: Vec::new() }
    }

    fn shown(assignments: &[Assignment]) -> String {
        let parts = assignments.iter().map(|one| format!("{}={}", one.name, one.value.to_node().to_compact()));
        parts.collect::<Vec<_>>().join(" ")
    }

    fn bound(binding: &mut Binding, cells: &[(&str, &str)]) -> Bound {
        let cells: Vec<_> = cells.iter().map(|(column, text)| (*column, Node::string(text))).collect();
        binding.bind(&row(&cells))
    }

    #[test]
    fn a_column_is_a_variable_and_a_dotted_one_a_member() {
        let cells = [("id", "7"), ("room.name", "Bath"), ("price:=", " 1.50 "), ("room.size.x", "3"), ("empty:=", "")];
        let bound = bound(&mut Binding::default(), &cells);
        let wanted = r#"id="7" room={"name":"Bath","size":{"x":"3"}} price=1.50 empty=null"#;
        assert_eq!(shown(&bound.variables), wanted);
    }

    #[test]
    fn a_column_can_have_another_name_or_be_left_out_and_what_is_no_name_is_told() {
        let renamed = [("Listing ID", "id"), ("Secret", "")].map(|(column, name)| (column.to_owned(), name.to_owned()));
        let mut binding = Binding::new(renamed.into(), vec!["Listing ID".to_owned()], Vec::new());
        let bound = bound(&mut binding, &[("Listing ID", "7"), ("Secret", "x"), ("No name", "y")]);
        assert_eq!((shown(&bound.variables), shown(&bound.client_data)), ("id=\"7\"".to_owned(), "Listing ID=\"7\"".to_owned()));
        assert_eq!(binding.refused().len(), 1);
    }

    #[test]
    fn an_empty_cell_is_an_empty_text_unless_it_is_to_be_skipped() {
        let cells = [("a", ""), ("b", "x")];
        assert_eq!(shown(&bound(&mut Binding::default(), &cells).variables), r#"a="" b="x""#);
        assert_eq!(shown(&bound(&mut Binding::default().skipping_empty(), &cells).variables), r#"b="x""#);
    }

    #[test]
    fn a_column_that_only_some_rows_have_is_counted() {
        let mut binding = Binding::default().skipping_empty();
        let numbered = |number, names: &[&str]| Row { number, ..row(&names.iter().map(|name| (*name, Node::null())).collect::<Vec<_>>()) };
        let rows = [numbered(2, &["a", "b"]), numbered(3, &["a", "b"]), numbered(5, &["a", "a"]), numbered(6, &["a", "c", "c"])];
        let lacking = [Lacking { column: "b", rows: 2, first: 5 }, Lacking { column: "c", rows: 3, first: 2 }];
        for pass in ["the first time", "again"] {
            for row in &rows {
                binding.bind(row);
            }
            assert_eq!(binding.lacking().collect::<Vec<_>>(), lacking, "{pass}");
        }
    }

    #[test]
    fn what_json_says_keeps_its_type_and_what_is_no_json_is_told() {
        let cells = [("n", Node::from(7)), ("list:=", Node::array([Node::from(1)]))];
        assert_eq!(shown(&Binding::default().bind(&row(&cells)).variables), "n=7 list=[1]");
        let told = |mut binding: Binding, cells: &[(&str, &str)]| {
            let faults = bound(&mut binding, cells).faults;
            faults.iter().map(|fault| format!("{}: {}", fault.column, fault.why)).collect::<Vec<_>>().join("; ")
        };
        let of_two = told(Binding::default(), &[("rooms:=", "[Kitchen]"), ("city", "x"), ("beds:=", "[2")]);
        assert!(of_two.starts_with("rooms:=: it is not JSON: ") && of_two.contains("; beds:=: it is not JSON: "), "{of_two}");
        let of_both = told(Binding::default(), &[("room", "a"), ("room.name", "b")]);
        assert_eq!(of_both, "room.name: this column and another one are both the variable `room.name`");
        let missing = told(Binding::new(HashMap::new(), vec!["id".to_owned()], Vec::new()), &[("a", "b")]);
        assert_eq!(missing, "id: there is no such column for client-data");
    }
}
