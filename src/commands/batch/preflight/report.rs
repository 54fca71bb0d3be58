//! The findings of the first pass, each reported once: a finding of four thousand rows is one line with a count and the first
//! rows.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::super::super::{Call, CliError};
use super::super::to_send;
use super::found::{Found, Group, Rows};
use super::recipe::{Recipe, UNUSED};
use super::remark::{Place, Remark};
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::diagnostic::{Severity, excerpt};
use crate::movie::plan::Length;
use crate::output::Out;
use crate::quantity::counted;
use crate::render::identity::Key;
use crate::rows::Table;
use crate::rows::binding::Lacking;
use crate::work::batch::Survey;
use crate::work::quoted;

/// Kinds of warnings about the movie that are shown; `check` on the movie shows more.
const KINDS: usize = 10;

/// The kind of fault that is not the movie's: its cost has no upper bound, which a cap on credits needs.
pub(super) const UNBOUNDED: &str = "credits";

/// A row that can't be rendered.
pub(super) struct Bad {
    /// Its key, if it has one.
    pub(super) key: Option<Key>,
    /// Why.
    pub(super) why: String,
}

/// The findings so far.
pub(super) struct TableReport {
    table: String,
    unit: &'static str,
    rows: u64,
    bad: HashMap<u64, Bad>,
    found: Found,
    /// Seconds, of the rows with a known length.
    seconds: f64,
    /// Rows with an unknown length.
    unknown: u64,
}

impl TableReport {
    pub(super) fn new(table: &Table) -> Self {
        let (table, unit) = (table.name().to_owned(), table.unit());
        Self { table, unit, rows: 0, bad: HashMap::new(), found: Found::default(), seconds: 0.0, unknown: 0 }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows that can't be rendered.
    pub(super) fn into_bad(self) -> HashMap<u64, Bad> {
        self.bad
    }

    /// How many of them can't be rendered.
    pub(super) fn invalid(&self) -> usize {
        self.bad.len()
    }

    /// The faults and the warnings, for programs.
    pub(super) fn to_json(&self, base: &Document) -> (Value, Value) {
        let one = |(place, code, group): (&Place, &str, &Group)| {
            let (table, column, at) = match place {
                Place::Movie(span) => (None, None, base.place_name(*span)),
                Place::Column { table, column } => (Some(&**table), Some(&**column), None),
                Place::Row => (Some(self.table.as_str()), None, None),
            };
            json!({
                "code": code,
                "severity": group.severity.to_string(),
                "message": group.message,
                "help": group.help,
                "place": at,
                "table": table,
                "column": column,
                "rows": group.rows.count,
                "first_rows": group.rows.first,
            })
        };
        let list = |stops: bool| self.found.groups().filter(|(.., group)| group.stops == stops).map(one).collect();
        (list(true), list(false))
    }

    /// Records a row and the remarks about it; returns whether it can be rendered.
    pub(super) fn row(&mut self, number: u64, key: Option<&Key>, remarks: Vec<Remark>) -> bool {
        self.rows += 1;
        for remark in remarks {
            self.remark(number, key, remark);
        }
        !self.bad.contains_key(&number)
    }

    /// Records one more remark about a row.
    pub(super) fn remark(&mut self, number: u64, key: Option<&Key>, remark: Remark) {
        if remark.stops {
            self.bad.entry(number).or_insert_with(|| Bad { key: key.cloned(), why: remark.why() });
        }
        self.found.take(remark);
    }

    /// Adds the length of a row that can be rendered.
    pub(super) fn plays(&mut self, length: Length) {
        match length.exactly() {
            Some(exactly) => self.seconds += exactly.to_number().as_f64().unwrap_or_default(),
            None => self.unknown += 1,
        }
    }

    /// Reports everything, and what a run would do.
    ///
    /// # Errors
    /// When rows can't be rendered and are not to be skipped, or there is no row at all.
    pub(super) fn tell(&self, call: &Call, args: &BatchArgs, recipe: &Recipe, survey: &Survey) -> Result<(), CliError> {
        let stops = !self.bad.is_empty() && !args.skip_invalid;
        self.tell_of_rows(&call.out, recipe, stops);
        if self.rows == 0 {
            return Err(CliError::new(Exit::Usage, format!("{}: the table has no rows; nothing was sent", self.table)));
        }
        let summary = self.summary(survey);
        // The summary is what a dry run is for; before a run it is a word on its progress.
        if args.dry_run || stops {
            call.out.note(&summary);
        } else {
            call.out.progress(&summary);
        }
        if !stops {
            return Ok(());
        }
        let (bad, rows, stopping) = (self.bad.len(), self.rows, self.found.stopping());
        let is_unbounded = stopping.iter().all(|kind| *kind == UNBOUNDED);
        let (exit, why) =
            if is_unbounded { (Exit::Credits, "can't be sent under --max-credits") } else { (Exit::Invalid, "can't be rendered") };
        let message = format!("{}: {bad} of {rows} rows {why}; nothing was sent", self.table);
        let codes: Vec<_> = stopping.iter().filter(|code| code.starts_with("J2V")).map(|code| format!("--allow {code}")).collect();
        let allow = if codes.is_empty() { String::new() } else { format!("; {} or --no-check sends them anyway", codes.join(" ")) };
        let help = format!("fix the rows, or send only the others with --skip-invalid{allow}");
        Err(CliError { help: Some(help), ..CliError::new(exit, message) })
    }

    /// Reports the findings in the rows so far.
    pub(super) fn tell_of_rows(&self, out: &Out, recipe: &Recipe, stops: bool) {
        self.tell_of_columns(out, recipe);
        self.tell_of_warnings(out, recipe);
        self.tell_of_faults(out, &recipe.base, stops);
    }

    /// `1,000 rows: 990 to send (…), 10 stand; they play 14500 s in all`.
    fn summary(&self, survey: &Survey) -> String {
        let mut parts = vec![to_send(&survey.sent())];
        if survey.renewed.rows > 0 {
            parts.push(format!("{} of them again", survey.renewed.rows));
        }
        if survey.lost > 0 {
            parts.push(format!("{} whose answer is lost (looked for first)", survey.lost));
        }
        if survey.changed.rows > 0 {
            parts.push(format!("{} changed since they were rendered", survey.changed.rows));
        }
        if survey.failed > 0 {
            parts.push(format!("{} failed", survey.failed));
        }
        if !self.bad.is_empty() {
            parts.push(format!("{} can't be rendered", self.bad.len()));
        }
        let unknown = if self.unknown > 0 { format!(" and {} of unknown length", self.unknown) } else { String::new() };
        format!("{}: {}: {}; {} s of video{unknown}", self.table, counted(self.rows, self.unit), parts.join(", "), self.seconds)
    }

    fn tell_of_columns(&self, out: &Out, recipe: &Recipe) {
        for (column, why) in recipe.binding().refused() {
            let column = excerpt(column);
            out.warning(&format!("{}: column `{column}` is ignored: {why}; use --map '{column}=NAME', or --map '{column}='", self.table));
        }
        for join in recipe.binding().joins() {
            if let Some((count, example)) = join.unused() {
                let verb = if count == 1 { "matches" } else { "match" };
                out.warning(&format!(
                    "{} of the table joined as `{}` {verb} no row (such as `{example}`)",
                    counted(count, "row"),
                    join.name()
                ));
            }
        }
        for Lacking { column, rows, first } in recipe.binding().lacking().take(KINDS) {
            let (which, takes) = match rows {
                1 => (format!("{} {first} has", self.unit), "it takes"),
                _ => (format!("{} {first} and {} more have", self.unit, rows - 1), "they take"),
            };
            out.warning(&format!("{}: {which} no `{}`: {takes} the movie's own value", self.table, excerpt(column)));
        }
    }

    fn tell_of_warnings(&self, out: &Out, recipe: &Recipe) {
        let warnings = || self.found.groups().filter(|(_, code, group)| !group.stops && *code != UNUSED);
        let is_of_movie = |place: &Place| matches!(place, Place::Movie(_));
        let mut of_movie = 0;
        for (place, code, group) in warnings() {
            of_movie += usize::from(is_of_movie(place));
            if is_of_movie(place) && of_movie > KINDS {
                continue;
            }
            out.warning(&self.line(&recipe.base, place, code, group));
            group.help.iter().for_each(|help| out.help(help));
        }
        if of_movie > KINDS {
            out.warning(&format!("and {} more kinds of warnings", of_movie - KINDS));
        }
        // The column of the key has its use, whether the movie uses it or not.
        let unused = self.found.groups().filter_map(|(place, code, group)| match place {
            Place::Column { column, .. } if code == UNUSED && group.rows.count == self.rows && !recipe.names_rows_by(column) => {
                Some(column)
            }
            _ => None,
        });
        for column in unused.take(KINDS) {
            let ignored = quoted(&format!("{column}="));
            out.note(&format!(
                "column `{column}` is not used by the movie, but editing it re-renders the row (--map {ignored} ignores it)"
            ));
        }
    }

    fn tell_of_faults(&self, out: &Out, base: &Document, stops: bool) {
        for (place, code, group) in self.found.groups().filter(|(.., group)| group.stops) {
            let line = self.line(base, place, code, group);
            if stops && group.severity == Severity::Error {
                out.error(&line);
            } else {
                out.warning(&line);
            }
            group.help.iter().for_each(|help| out.help(help));
        }
    }

    /// `listings.csv: rows 3 and 8, column photo: J2V065: …`, `listing.json:3:14: J2V020: … (every row)`.
    fn line(&self, base: &Document, place: &Place, code: &str, group: &Group) -> String {
        let (rule, message) = (Remark::rule(code), &group.message);
        match place {
            Place::Movie(span) => {
                let at = base.place_name(*span).map(|place| format!("{place}: ")).unwrap_or_default();
                format!("{at}{rule}{message} ({})", self.rows_of(&group.rows))
            }
            Place::Column { table, column } if **table == *self.table => {
                format!("{table}: {}, column `{column}`: {rule}{message}", self.rows_of(&group.rows))
            }
            Place::Column { table, column } => format!("{table}: {}, column `{column}`: {rule}{message}", group.rows.named("row")),
            Place::Row => format!("{}: {}: {rule}{message}", self.table, self.rows_of(&group.rows)),
        }
    }

    /// `row 7`, `rows 7, 9 and 12 more`, `every row`.
    fn rows_of(&self, rows: &Rows) -> String {
        if rows.count == self.rows && self.rows > 1 { format!("every {}", self.unit) } else { rows.named(self.unit) }
    }
}
