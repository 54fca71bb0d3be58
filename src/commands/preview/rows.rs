//! The rows of a table as pictures: each is the movie with that row's variables, made when the page asks for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::{Value, json};

use super::show::{Maker, in_a_line};
use crate::commands::batch::preflight::columns::Columns;
use crate::commands::batch::preflight::table;
use crate::commands::{Call, CliError};
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::compose::{Flags, compose};
use crate::movie::pattern::Pattern;
use crate::movie::variables::Asked;
use crate::preview::Known;
use crate::rows::Row;
use crate::rows::binding::Binding;
use crate::work::preview::{Rows, Shelf};

/// Rows that the page shows at once.
const PAGE: usize = 12;

/// The current table: a new one replaces it when a file changes.
pub(super) struct Table(RwLock<Arc<Read>>);

/// A table that was read, and the movie that its rows fill.
pub(super) struct Read {
    maker: Arc<Maker>,
    shelf: Arc<Shelf>,
    movie: Document,
    rows: Vec<Row>,
    key: Option<Pattern>,
    binding: Mutex<Binding>,
}

impl Table {
    /// The table.
    pub(super) fn new(read: Read) -> Self {
        Self(RwLock::new(Arc::new(read)))
    }

    /// Replaces it.
    pub(super) fn replace(&self, read: Read) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
    }
}

impl Rows for Table {
    fn page(&self, from: usize, key: &str) -> Value {
        let read = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        let key = key.to_lowercase();
        let is_meant = |row: &&Row| key.is_empty() || read.key_of(row).to_lowercase().contains(&key);
        let found = read.rows.iter().filter(is_meant);
        let shown: Vec<Value> = found.clone().skip(from).take(PAGE).map(|row| read.picture(row)).collect();
        json!({ "found": found.count(), "rows": shown })
    }
}

/// The files of a table that change the rows when they change.
pub(super) fn files(maker: &Maker) -> impl Iterator<Item = PathBuf> + '_ {
    let table = &maker.args.table;
    table.rows.iter().chain(&table.join).filter(|name| *name != "-").map(PathBuf::from)
}

/// Reads the table.
///
/// # Errors
/// When it can't be read, or a flag about it is wrong.
pub(super) async fn read(call: &Call, maker: &Arc<Maker>, movie: Document, shelf: &Arc<Shelf>) -> Result<Read, CliError> {
    let args = &maker.args.table;
    let table = table::open(call, args, &maker.args.movie.movies).await?;
    let (rows, faults): (Vec<_>, Vec<_>) = table.rows().map_err(table::refused)?.partition(Result::is_ok);
    let rows: Vec<Row> = rows.into_iter().filter_map(Result::ok).collect();
    let first_fault = faults.into_iter().find_map(Result::err);
    match first_fault {
        Some(fault) if rows.is_empty() => return Err(table::refused(fault)),
        Some(fault) => call.out.warning(&format!("{fault}; only the readable rows are shown. `j2v batch --dry-run` lists every mistake")),
        None if rows.is_empty() => return Err(CliError::new(Exit::Usage, format!("{}: the table has no rows", table.name()))),
        None => {}
    }
    let key = args.key.as_deref().map(|key| if key.contains('{') { Pattern::parse(key) } else { Pattern::of_name(key) });
    if let Some(Err(missing)) = key.as_ref().map(|key| key.fill(|column| rows[0].text(column))) {
        return Err(CliError::new(Exit::Usage, format!("{}: --key: {missing}", table.name())));
    }
    let columns = Columns::read(args, &maker.args.movie.var, &Asked::by(&movie.root), &table)?;
    let binding = Mutex::new(table::binding(call, args, columns.mapping.renamed())?);
    Ok(Read { maker: Arc::clone(maker), shelf: Arc::clone(shelf), movie, rows, key, binding })
}

impl Read {
    /// The row's key; its number where the table has none.
    fn key_of(&self, row: &Row) -> String {
        self.key.as_ref().and_then(|key| key.fill(|column| row.text(column)).ok()).unwrap_or_else(|| row.number.to_string())
    }

    fn picture(&self, row: &Row) -> Value {
        let cells: Vec<_> = row.cells.iter().map(|cell| json!([&*cell.column, cell.to_text()])).collect();
        let mut told = self.state(row).unwrap_or_else(|fault| json!({ "fault": fault }));
        for (name, value) in [("number", json!(row.number)), ("key", json!(self.key_of(row))), ("cells", json!(cells))] {
            told[name] = value;
        }
        told
    }

    fn state(&self, row: &Row) -> Result<Value, String> {
        let bound = self.binding.lock().unwrap_or_else(PoisonError::into_inner).bind(row);
        let faults: Vec<String> = bound.faults.iter().map(|fault| format!("column {}: {}", fault.column, fault.why)).collect();
        let flags = Flags { vars: bound.variables, client_data: bound.client_data, ..Flags::default() };
        let movie = compose(self.movie.clone(), &flags).map_err(|why| why.to_string())?;
        let made = self.maker.made(movie).map_err(|stop| in_a_line(&stop))?;
        let state = self.maker.served(&made, &Known::default(), &self.shelf);
        let mut state = serde_json::to_value(state).map_err(|why| why.to_string())?;
        if !faults.is_empty() {
            state["fault"] = faults.join("; ").into();
        }
        Ok(state)
    }
}
