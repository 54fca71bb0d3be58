//! How a row becomes a movie: the movie of the command line with the row's variables, checked like any other.

use super::super::super::submit::with_place_for_token;
use super::super::super::{Call, Stop};
use crate::cli::{BatchArgs, MovieArgs};
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::check::{Resolved, Settings, check};
use crate::movie::compose::{Destination, Flags, compose};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::plan::{Length, Unbounded};
use crate::render::identity::{Key, MovieHash};
use crate::rows::binding::Binding;
use crate::rows::pattern::Pattern;
use crate::rows::{Row, Table};
use crate::work::batch::Item;

/// How rows become movies.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command")]
pub(super) struct Recipe {
    /// The movie before any row; its sources say where findings are.
    pub(super) base: Document,
    /// The same without what no row needs: copied for each.
    bare: Document,
    binding: Binding,
    key: Pattern,
    stem: Option<Pattern>,
    id: Option<Pattern>,
    webhooks: Vec<Pattern>,
    connections: Vec<String>,
    allow: Vec<String>,
    checks: bool,
    is_traceable: bool,
    is_loopback: bool,
    /// Whether videos are saved, so that two can't have one name.
    pub(super) saves: bool,
}

/// A row that can be rendered.
pub(super) struct Made {
    /// What a run would send.
    pub(super) item: Item,
    /// What the check warns of.
    pub(super) warnings: Vec<Diagnostic>,
    /// How long its movie plays.
    pub(super) length: Length,
    /// What leaves its cost without an upper bound.
    pub(super) unbounded: Option<Unbounded>,
}

/// Why a row can't be rendered.
pub(super) enum Fault {
    /// The check stops it: every finding that does.
    Findings(Vec<Diagnostic>),
    /// Something else, in words that name the column.
    Row {
        /// What kind of fault: rows that share it are told together.
        kind: &'static str,
        /// What is wrong.
        why: String,
        /// What to do about it.
        help: &'static str,
    },
}

/// What of the flags makes the movie before any row: `{column}` waits for its row, and so do all destinations with it, so
/// that they stay in their order.
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
    Pattern::parse(text).columns().next().is_some()
}

impl Recipe {
    /// The recipe of a command line.
    pub(super) fn new(call: &Call, args: &BatchArgs, base: Document, binding: Binding) -> Self {
        let key = args.table.key.as_deref().unwrap_or_default();
        let waits = args.movie.webhook.iter().any(|url| is_pattern(url));
        Self {
            bare: Document::made(base.root.clone()),
            base,
            binding,
            key: if is_pattern(key) { Pattern::parse(key) } else { Pattern::column(key) },
            stem: args.table.name.as_deref().map(Pattern::parse),
            id: args.movie.id.as_deref().filter(|id| is_pattern(id)).map(Pattern::parse),
            webhooks: args.movie.webhook.iter().filter(|_| waits).map(|url| Pattern::parse(url)).collect(),
            connections: if waits { args.movie.connection.clone() } else { Vec::new() },
            allow: args.gate.allow.clone(),
            checks: !args.gate.no_check,
            is_traceable: !args.lost.no_token,
            is_loopback: call.settings.is_loopback(),
            saves: args.saving.download.is_some(),
        }
    }

    /// What rows are to the movie.
    pub(super) fn binding(&self) -> &Binding {
        &self.binding
    }

    /// Makes sure that the table has the columns that the flags name, where its header tells.
    ///
    /// # Errors
    /// When one is missing: its name, and those that are there.
    pub(super) fn fits(&self, table: &Table) -> Result<(), Stop> {
        let Some(columns) = table.columns() else { return Ok(()) };
        let patterns = [Some(&self.key), self.stem.as_ref(), self.id.as_ref()].into_iter().flatten().chain(&self.webhooks);
        let mut wanted = patterns.flat_map(Pattern::columns).chain(self.binding.named());
        let Some(missing) = wanted.find(|wanted| !columns.iter().any(|column| &**column == *wanted)) else { return Ok(()) };
        let known: Vec<_> = columns.iter().filter(|column| !column.is_empty()).map(|column| format!("`{column}`")).take(20).collect();
        let stop = Stop::new(Exit::Usage, format!("{}: it has no column `{missing}`; nothing was sent", table.name()));
        Err(Stop { help: Some(format!("its columns are {}", known.join(", "))), ..stop })
    }

    /// Composes and checks the movie of a row.
    ///
    /// # Errors
    /// Why the row can't be rendered; with its key, if it has one.
    pub(super) fn make(&mut self, row: &Row) -> Result<Made, (Option<Key>, Fault)> {
        let key = self.key_of(row).map_err(|fault| (None, fault))?;
        self.made(row, &key).map_err(|fault| (Some(key), fault))
    }

    fn made(&mut self, row: &Row, key: &Key) -> Result<Made, Fault> {
        let movie = self.movie(row)?;
        let resolved = Resolved::of(&movie);
        let warnings = if self.checks { self.check(&movie, &resolved)? } else { Vec::new() };
        let item = self.item(row, key.clone(), &movie, resolved.plan.credits.amount.at_most())?;
        Ok(Made { item, warnings, length: resolved.plan.duration, unbounded: resolved.plan.unbounded().into_iter().next() })
    }

    /// The row once more, as it was checked: what it may cost is known by now.
    ///
    /// # Errors
    /// As [`Self::make`].
    pub(super) fn make_again(&mut self, row: &Row, estimate: Option<u64>) -> Result<Item, Fault> {
        let key = self.key_of(row)?;
        let movie = self.movie(row)?;
        self.item(row, key, &movie, estimate)
    }

    fn item(&self, row: &Row, key: Key, movie: &Document, estimate: Option<u64>) -> Result<Item, Fault> {
        let stem = self.stem.as_ref().map(|pattern| filled(pattern, row, "--name")).transpose()?;
        let (body, hash) = (movie.to_compact().into_bytes(), MovieHash::of(movie.canonical().as_bytes()));
        Ok(Item { number: row.number, key, stem, movie: hash, body, estimate })
    }

    fn key_of(&self, row: &Row) -> Result<Key, Fault> {
        let text = filled(&self.key, row, "--key")?;
        let help = "each row needs a key of its own: the name under which it is rendered once";
        Key::parse(&text).map_err(|why| Fault::Row { kind: "key", why: why.to_string(), help })
    }

    fn movie(&mut self, row: &Row) -> Result<Document, Fault> {
        let bound = self.binding.bind(row).map_err(|why| Fault::Row { kind: "cell", why, help: "mend the cell in the table" })?;
        let id = self.id.as_ref().map(|pattern| filled(pattern, row, "--id")).transpose()?;
        let webhooks = self.webhooks.iter().map(|pattern| url(pattern, row).map(Destination::Webhook));
        let connections = self.connections.iter().cloned().map(|id| Ok(Destination::Connection(id)));
        let destinations = webhooks.chain(connections).collect::<Result<_, _>>()?;
        let flags = Flags { vars: bound.variables, client_data: bound.client_data, id, destinations, ..Flags::default() };
        let wrong = |why: String| Fault::Row { kind: "movie", why, help: "mend the movie, or leave the flag out" };
        let movie = compose(self.bare.clone(), &flags).map_err(|why| wrong(why.to_string()))?;
        with_place_for_token(self.is_traceable, "the movie", movie).map_err(|stop| wrong(stop.message))
    }

    /// What the check warns of.
    fn check(&self, movie: &Document, resolved: &Resolved) -> Result<Vec<Diagnostic>, Fault> {
        let settings = Settings { allow: &self.allow, loopback: self.is_loopback, facts: Some(&resolved.facts), ..Settings::default() };
        let found = check(movie, &settings);
        if found.iter().any(Diagnostic::stops) {
            return Err(Fault::Findings(found.into_iter().filter(Diagnostic::stops).collect()));
        }
        Ok(found.into_iter().filter(|finding| finding.severity != Severity::Info || finding.code == UNUSED).collect())
    }
}

/// A variable that nothing uses: an edit there is another movie, and is paid for under `--update`.
pub(super) const UNUSED: &str = "J2V201";

fn filled(pattern: &Pattern, row: &Row, flag: &str) -> Result<String, Fault> {
    pattern.fill(row).map_err(|column| missing(&column, flag))
}

fn url(pattern: &Pattern, row: &Row) -> Result<String, Fault> {
    pattern.fill_url(row).map_err(|column| missing(&column, "--webhook"))
}

fn missing(column: &str, flag: &str) -> Fault {
    Fault::Row { kind: "column", why: format!("there is no `{column}`, which {flag} names"), help: "give each item this member" }
}
