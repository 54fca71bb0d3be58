//! How a row becomes a movie: the movie of the command line with the row's variables, checked like any other.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::super::token_place::with_place_for_token;
use super::super::super::{Call, CliError};
use super::files::RowFiles;
use super::remark::{Place, Remark};
use super::table;
use crate::cli::{BatchArgs, MovieArgs};
use crate::movie::Document;
use crate::movie::check::{Resolved, Settings, check};
use crate::movie::compose::{ExportTarget, Flags, compose};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::json::Span;
use crate::movie::pattern::Pattern;
use crate::movie::plan::{Length, Unbounded};
use crate::render::identity::{Key, MovieHash};
use crate::rows::binding::{Binding, Bound};
use crate::rows::{Row, RowsError, Table};
use crate::settings::Projects;
use crate::work::batch::Item;

/// How rows become movies.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub(super) struct Recipe {
    /// The movie before any row; its sources locate findings.
    pub(super) base: Document,
    /// The same movie without the parts that no row needs: it is copied for each row.
    bare: Document,
    /// The name of the table.
    table: Arc<str>,
    binding: Binding,
    key: Pattern,
    stem: Option<Pattern>,
    id: Option<Pattern>,
    webhooks: Vec<Pattern>,
    connections: Vec<String>,
    allow: Vec<String>,
    /// The findings that the movie's project leaves out.
    waived: Vec<String>,
    checks: bool,
    is_traceable: bool,
    is_loopback: bool,
    /// Whether videos are saved; two of them can't have one name then.
    pub(super) saves: bool,
    /// The files of this machine that rows name.
    pub(super) files: Option<RowFiles>,
}

/// A row after its check.
pub(super) struct Looked {
    /// Its key, if it has one.
    pub(super) key: Option<Key>,
    /// The name of its video, if the row can be read: the key, or what `--name` makes of the row.
    pub(super) stem: Option<String>,
    /// What a run would send, unless a fault stops the row.
    pub(super) made: Option<MadeRow>,
    /// Its faults and doubts.
    pub(super) remarks: Vec<Remark>,
}

/// A row that can be rendered.
pub(super) struct MadeRow {
    /// What a run would send.
    pub(super) item: Item,
    /// How long its movie plays.
    pub(super) length: Length,
    /// The least that it costs, credits.
    pub(super) least: u64,
    /// Why its cost has no upper bound.
    pub(super) unbounded: Option<Unbounded>,
}

/// The flags that make the movie before any row. `{column}` waits for its row, and so do all destinations with it: they keep
/// their order.
pub(super) fn base_args(args: &BatchArgs) -> MovieArgs {
    let mut movie = args.movie.clone();
    if movie.id.as_deref().is_some_and(is_pattern) {
        movie.id = None;
    }
    if movie.webhook.iter().any(|url| is_pattern(url)) {
        movie.webhook.clear();
        movie.connection.clear();
    }
    movie
}

fn is_pattern(text: &str) -> bool {
    Pattern::parse(text).names().next().is_some()
}

impl Recipe {
    /// The recipe of a command line.
    pub(super) fn new(call: &Call, args: &BatchArgs, base: Document, binding: Binding) -> Self {
        let key = args.table.key.as_deref().unwrap_or_default();
        let waits = args.movie.webhook.iter().any(|url| is_pattern(url));
        Self {
            bare: Document::made(base.root.clone()),
            base,
            table: Arc::default(),
            binding,
            key: if is_pattern(key) { Pattern::parse(key) } else { Pattern::of_name(key) },
            stem: args.table.name.as_deref().map(Pattern::parse),
            id: args.movie.id.as_deref().filter(|id| is_pattern(id)).map(Pattern::parse),
            webhooks: args.movie.webhook.iter().filter(|_| waits).map(|url| Pattern::parse(url)).collect(),
            connections: if waits { args.movie.connection.clone() } else { Vec::new() },
            allow: args.gate.allow.clone(),
            // A finding that a project leaves out can't stop a row, so a broken project file doesn't stop one, either.
            waived: args
                .movie
                .movies
                .first()
                .and_then(|movie| Some(Projects::default().of(movie).ok()??.allow.clone()))
                .unwrap_or_default(),
            checks: !args.gate.no_check,
            is_traceable: !args.lost.no_token,
            is_loopback: call.settings.is_loopback(),
            saves: args.saving.download.is_some(),
            files: None,
        }
    }

    /// What rows set in the movie.
    pub(super) fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Checks that the table has the columns that the flags name, where it has a header.
    ///
    /// # Errors
    /// When one is missing: its name, and those that are there.
    pub(super) fn fits(&mut self, table: &Table) -> Result<(), CliError> {
        self.table = Arc::from(table.name());
        let Some(columns) = table.columns() else { return Ok(()) };
        let patterns = [Some(&self.key), self.stem.as_ref(), self.id.as_ref()].into_iter().flatten().chain(&self.webhooks);
        let mut wanted = patterns.flat_map(Pattern::names).chain(self.binding.named());
        wanted.try_for_each(|column| table::demand_column(table.name(), column, columns))
    }

    /// Composes and checks the movie of a row.
    pub(super) fn look_at(&mut self, row: &Row) -> Looked {
        let mut remarks = self.unread(row);
        let key = filled(&self.key, row, "--key").and_then(|text| self.key_of(row, &text));
        let stem = self.stem.as_ref().map(|pattern| filled(pattern, row, "--name")).transpose();
        let movie = self.movie(row, &mut remarks);
        let resolved = movie.as_ref().map(Resolved::of);
        if let (Some(movie), Some(resolved), true) = (&movie, &resolved, self.checks) {
            remarks.extend(self.check(row, movie, resolved));
        }
        let key = key.map_err(|remark| remarks.push(remark)).ok();
        let stem = stem.map_err(|remark| remarks.push(remark)).ok();
        once_a_cell(&mut remarks);
        let is_good = !remarks.iter().any(|remark| remark.stops);
        let made = movie.zip(resolved).zip(key.clone().zip(stem.clone())).filter(|_| is_good);
        let made = made.map(|((movie, resolved), (key, stem))| MadeRow {
            item: item(row, key, stem, &movie, resolved.plan.credits.amount.at_most()),
            unbounded: resolved.plan.unbounded().into_iter().next(),
            least: resolved.plan.credits.amount.at_least(),
            length: resolved.plan.duration,
        });
        let is_read = !remarks.iter().any(|remark| remark.code == CELL && remark.place == Place::Row);
        let stem = stem.filter(|_| is_read).and_then(|stem| stem.or_else(|| key.as_ref().map(|key| key.as_str().to_owned())));
        Looked { key, stem, made, remarks }
    }

    /// Makes the row again, as it was checked: its possible cost is known by now.
    ///
    /// # Errors
    /// Why it can't be rendered, although the first time it could.
    pub(super) fn make_again(&mut self, row: &Row, estimate: Option<u64>) -> Result<Item, Remark> {
        let key = filled(&self.key, row, "--key").and_then(|text| self.key_of(row, &text))?;
        let stem = self.stem.as_ref().map(|pattern| filled(pattern, row, "--name")).transpose()?;
        let mut remarks = Vec::new();
        let movie = self.movie(row, &mut remarks);
        match (movie, remarks.pop()) {
            (Some(movie), None) => Ok(item(row, key, stem, &movie, estimate)),
            (_, wrong) => Err(wrong.unwrap_or_else(|| Remark::fault("movie", row.number, "it can't be rendered", ""))),
        }
    }

    /// Remarks on unreadable cells, and on cells that a spreadsheet left without a value. Those of an excluded column do no harm.
    fn unread(&self, row: &Row) -> Vec<Remark> {
        let cells = row.cells.iter().filter(|cell| !self.binding.leaves_out(&cell.column));
        let remark = |(column, error): (&Arc<str>, String)| {
            let help = "fix its formula and export the table again; --map 'COLUMN=' leaves the column out";
            Remark::fault(CELL, row.number, format!("the cell holds the error {error}"), help).in_column(&self.table, column)
        };
        let errors = cells.filter_map(|cell| Some((&cell.column, cell.error()?))).map(remark);
        row.faults.iter().filter_map(|fault| self.unreadable(row, fault)).chain(errors).collect()
    }

    /// What the table's reader found wrong with a row.
    fn unreadable(&self, row: &Row, fault: &RowsError) -> Option<Remark> {
        let remark = Remark::fault(CELL, row.number, &*fault.why, fault.help.clone().unwrap_or(Cow::Borrowed(FIX_CELL)));
        match &fault.column {
            Some(column) if self.binding.leaves_out(column) => None,
            Some(column) => Some(remark.in_column(&self.table, column)),
            None => Some(remark),
        }
    }

    fn key_of(&self, row: &Row, text: &str) -> Result<Key, Remark> {
        let help = "each row needs a key of its own: the name under which it is rendered once";
        Key::parse(text).map_err(|why| self.in_key_column(Remark::fault("key", row.number, why.to_string(), help)))
    }

    /// Whether the values of a column are in the rows' keys.
    pub(super) fn names_rows_by(&self, column: &str) -> bool {
        self.key.names().any(|name| name == column)
    }

    /// A fault of the key, in its column if it is one.
    pub(super) fn in_key_column(&self, fault: Remark) -> Remark {
        match self.key.names().collect::<Vec<_>>()[..] {
            [column] => fault.in_column(&self.table, &Arc::from(column)),
            _ => fault,
        }
    }

    /// The movie of a row; the reasons against it are among the remarks. A row whose cells can't be told apart has none.
    pub(super) fn movie(&mut self, row: &Row, remarks: &mut Vec<Remark>) -> Option<Document> {
        if !row.is_whole() {
            return None;
        }
        let bound = self.binding.bind(row);
        let faults = bound.faults.iter();
        remarks.extend(faults.map(|fault| Remark::fault(CELL, row.number, &*fault.why, FIX_CELL).in_column(&self.table, &fault.column)));
        self.composed(row, bound).map_err(|remark| remarks.push(remark)).ok()
    }

    fn composed(&self, row: &Row, bound: Bound) -> Result<Document, Remark> {
        let id = self.id.as_ref().map(|pattern| filled(pattern, row, "--id")).transpose()?;
        let webhooks = self.webhooks.iter().map(|pattern| url(pattern, row).map(ExportTarget::Webhook));
        let connections = self.connections.iter().cloned().map(|id| Ok(ExportTarget::Connection(id)));
        let destinations = webhooks.chain(connections).collect::<Result<_, _>>()?;
        let flags = Flags { vars: bound.variables, client_data: bound.client_data, id, destinations, ..Flags::default() };
        let wrong = |why: String| Remark::fault("movie", row.number, why, "fix the movie, or leave the flag out");
        let movie = compose(self.bare.clone(), &flags).map_err(|why| wrong(why.to_string()))?;
        let movie = match &self.files {
            Some(files) => files.swapped(movie),
            None => movie,
        };
        with_place_for_token(self.is_traceable, "the movie", movie).map_err(|stop| wrong(stop.message))
    }

    /// What the check finds: errors and warnings, and the variables that nothing uses.
    fn check(&self, row: &Row, movie: &Document, resolved: &Resolved) -> Vec<Remark> {
        let settings = Settings {
            allow: &self.allow,
            waived: &self.waived,
            comments: Some(&self.base),
            loopback: self.is_loopback,
            facts: Some(&resolved.facts),
            ..Settings::default()
        };
        let found = check(movie, &settings).into_iter().filter(|finding| finding.severity != Severity::Info || finding.code == UNUSED);
        found.map(|finding| self.remark(row, finding)).collect()
    }

    /// A finding about a row, at its cell if it has one.
    fn remark(&self, row: &Row, finding: Diagnostic) -> Remark {
        let stops = finding.stops();
        let Diagnostic { code, severity, message, span, help, .. } = finding;
        let (place, number) = self.cell(row, span).unwrap_or((Place::Movie(span), row.number));
        Remark { code, place, row: number, severity, stops, message, help: help.map(Cow::Owned) }
    }

    /// The column and the row of a cell.
    fn cell(&self, row: &Row, span: Span) -> Option<(Place, u64)> {
        let at = span.as_cell()?;
        let (table, column) = match at.table.checked_sub(1) {
            None => (&self.table, &row.cells.get(at.column as usize)?.column),
            Some(join) => {
                let join = self.binding.joins().get(usize::from(join))?;
                (join.table(), join.column(at.column as usize)?)
            }
        };
        let place = Place::Column { table: Arc::clone(table), column: Arc::clone(column) };
        Some((place, u64::from(at.row)))
    }
}

fn item(row: &Row, key: Key, stem: Option<String>, movie: &Document, estimate: Option<u64>) -> Item {
    let (body, hash) = (movie.to_compact().into_bytes(), MovieHash::of(movie.canonical().as_bytes()));
    Item { number: row.number, key, stem, movie: hash, body, estimate }
}

/// The kind of fault of a cell that can't be read.
const CELL: &str = "cell";

/// What to do about it.
const FIX_CELL: &str = "fix the cell in the table";

/// Of a cell that can't be read nothing else is reported, such as that it is empty as a text, or not a key. Nor is the movie
/// without it: its faults show in other rows. Of a row that can't be read only that is reported, because it is unknown which
/// of its cells belongs to which column.
fn once_a_cell(remarks: &mut Vec<Remark>) {
    let unread: Vec<Place> = remarks.iter().filter(|remark| remark.code == CELL).map(|remark| remark.place.clone()).collect();
    let is_about_it = |place: &Place| matches!(place, Place::Movie(_)) || unread.contains(place) || unread.contains(&Place::Row);
    if !unread.is_empty() {
        remarks.retain(|remark| remark.code == CELL || !is_about_it(&remark.place));
    }
}

/// A variable that nothing uses. An edit of it makes another movie, and is paid for under `--update`.
pub(super) const UNUSED: &str = "J2V201";

fn filled(pattern: &Pattern, row: &Row, flag: &str) -> Result<String, Remark> {
    pattern.fill(|column| row.text(column)).map_err(|column| missing(row, &column, flag))
}

fn url(pattern: &Pattern, row: &Row) -> Result<String, Remark> {
    pattern.fill_url(|column| row.text(column)).map_err(|column| missing(row, &column, "--webhook"))
}

fn missing(row: &Row, column: &str, flag: &str) -> Remark {
    Remark::fault("column", row.number, format!("there is no `{column}`, which {flag} names"), "give each item this member")
}
