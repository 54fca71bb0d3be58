//! What the first pass found, told once: what is the same in four thousand rows is a line with a count and the first
//! of them.

use std::collections::{BTreeMap, HashMap};

use super::super::super::{Call, Stop};
use super::super::cost;
use super::recipe::{Fault, Recipe, UNUSED};
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::json::Span;
use crate::movie::plan::Length;
use crate::output::Out;
use crate::render::identity::Key;
use crate::rows::Table;
use crate::work::batch::Survey;

/// Rows that are named of many.
const NAMED: usize = 5;

/// Kinds of warnings that are told; `check` on the movie tells more.
const KINDS: usize = 10;

/// The kind of fault that is none of the movie: its cost has no upper bound, which a cap on credits needs.
pub(super) const UNBOUNDED: &str = "credits";

/// A row that can't be rendered.
pub(super) struct Bad {
    /// Its key, if it has one.
    pub(super) key: Option<Key>,
    /// Why.
    pub(super) why: String,
}

/// What was found so far.
pub(super) struct Report {
    table: String,
    unit: &'static str,
    rows: u64,
    bad: HashMap<u64, Bad>,
    faults: BTreeMap<(&'static str, Place), Group>,
    warnings: BTreeMap<(&'static str, Place), Group>,
    /// Seconds, of the rows whose length is known.
    seconds: f64,
    /// Rows whose length isn't.
    unknown: u64,
}

/// Where a finding is: rows that share it are told together. What no file holds is told apart by its words.
type Place = (u16, u32, String);

/// Rows that share a finding.
struct Group {
    message: String,
    help: Option<String>,
    span: Span,
    severity: Severity,
    rows: u64,
    first: Vec<u64>,
}

impl Report {
    pub(super) fn new(table: &Table) -> Self {
        Self {
            table: table.name().to_owned(),
            unit: table.unit(),
            rows: 0,
            bad: HashMap::new(),
            faults: BTreeMap::new(),
            warnings: BTreeMap::new(),
            seconds: 0.0,
            unknown: 0,
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The rows that can't be rendered.
    pub(super) fn into_bad(self) -> HashMap<u64, Bad> {
        self.bad
    }

    /// Counts a row.
    pub(super) fn count(&mut self) {
        self.rows += 1;
    }

    /// Takes in a row that can be rendered.
    pub(super) fn good(&mut self, number: u64, warnings: &[Diagnostic], length: Length) {
        for finding in warnings {
            add(&mut self.warnings, number, finding);
        }
        match length.exactly() {
            Some(exactly) => self.seconds += exactly.to_number().as_f64().unwrap_or_default(),
            None => self.unknown += 1,
        }
    }

    /// Takes in a row that can't.
    pub(super) fn bad(&mut self, number: u64, key: Option<Key>, fault: Fault) {
        let why = match fault {
            Fault::Findings(findings) => {
                for finding in &findings {
                    add(&mut self.faults, number, finding);
                }
                findings.first().map(|finding| format!("{}: {}", finding.code, finding.message)).unwrap_or_default()
            }
            Fault::Row { kind, why, help } => {
                let group = || Group {
                    message: why.clone(),
                    help: Some(help.to_owned()),
                    span: Span::NONE,
                    severity: Severity::Error,
                    rows: 0,
                    first: Vec::new(),
                };
                let place =
                    if self.faults.keys().filter(|(known, _)| *known == kind).count() < NAMED { why.clone() } else { String::new() };
                self.faults.entry((kind, (u16::MAX, 0, place))).or_insert_with(group).add(number);
                why
            }
        };
        self.bad.insert(number, Bad { key, why });
    }

    /// Tells all of it, and what a run would do.
    ///
    /// # Errors
    /// When rows can't be rendered and are not to be skipped, or there is no row at all.
    pub(super) fn tell(&self, call: &Call, args: &BatchArgs, recipe: &Recipe, survey: &Survey) -> Result<(), Stop> {
        let out = &call.out;
        self.tell_of_columns(out, recipe);
        self.tell_of_warnings(out, &recipe.base);
        let stops = !self.bad.is_empty() && !args.skip_invalid;
        self.tell_of_faults(out, &recipe.base, stops);
        if self.rows == 0 {
            return Err(Stop::new(Exit::Usage, format!("{}: it has no rows; nothing was sent", self.table)));
        }
        out.note(&self.summary(survey));
        if !stops {
            return Ok(());
        }
        let (bad, rows) = (self.bad.len(), self.rows);
        let is_unbounded = self.faults.keys().all(|(kind, _)| *kind == UNBOUNDED);
        let (exit, why) =
            if is_unbounded { (Exit::Credits, "can't be sent under --max-credits") } else { (Exit::Invalid, "can't be rendered") };
        let message = format!("{}: {bad} of {rows} rows {why}; nothing was sent", self.table);
        let mut codes: Vec<_> =
            self.faults.keys().filter(|(code, _)| code.starts_with("J2V")).map(|(code, _)| format!("--allow {code}")).collect();
        codes.dedup();
        let allow = if codes.is_empty() { String::new() } else { format!("; {}, or --no-check, sends them all the same", codes.join(" ")) };
        let help = format!("mend the rows, or go on with the others with --skip-invalid{allow}");
        Err(Stop { help: Some(help), ..Stop::new(exit, message) })
    }

    /// `1,000 rows: 990 to send (…), 10 stand; they play 14500 s in all`.
    fn summary(&self, survey: &Survey) -> String {
        let s = if self.rows == 1 { "" } else { "s" };
        let mut parts = vec![format!("{} to send ({})", survey.new.rows + survey.renewed.rows, cost(&sum(survey)))];
        if survey.renewed.rows > 0 {
            parts.push(format!("{} of them anew", survey.renewed.rows));
        }
        if survey.changed.rows > 0 {
            parts.push(format!("{} changed since they were rendered", survey.changed.rows));
        }
        if !self.bad.is_empty() {
            parts.push(format!("{} can't be rendered", self.bad.len()));
        }
        let unknown = if self.unknown > 0 { format!(", {} of unknown length beside", self.unknown) } else { String::new() };
        format!("{}: {} {}{s}: {}; {} s of video{unknown}", self.table, self.rows, self.unit, parts.join(", "), self.seconds)
    }

    fn tell_of_columns(&self, out: &Out, recipe: &Recipe) {
        for (column, why) in recipe.binding().refused() {
            out.warning(&format!(
                "{}: the column `{column}` is no variable: {why}; --map '{column}=NAME' gives it a name, --map '{column}=' silence",
                self.table
            ));
        }
        for join in recipe.binding().joins() {
            if let Some((count, example)) = join.unused() {
                out.warning(&format!("{count} rows of the table joined as `{}` belong to no row (`{example}`, say)", join.name()));
            }
        }
        for (column, count) in recipe.binding().lacking().take(KINDS) {
            out.warning(&format!("{}: {count} of {} items have no `{column}`: they take the movie's own value", self.table, self.rows));
        }
    }

    fn tell_of_warnings(&self, out: &Out, base: &Document) {
        let told = self.warnings.iter().filter(|((code, _), _)| *code != UNUSED);
        for ((code, _), group) in told.clone().take(KINDS) {
            out.warning(&format!("{}{code}: {} ({})", place(base, group.span), group.message, self.rows_of(group)));
        }
        let more = told.count().saturating_sub(KINDS);
        if more > 0 {
            out.warning(&format!("and {more} more kinds of warnings"));
        }
        let unused: Vec<_> = self
            .warnings
            .iter()
            .filter(|((code, (source, ..)), group)| *code == UNUSED && *source == u16::MAX && group.rows == self.rows)
            .collect();
        for (_, group) in unused.into_iter().take(KINDS) {
            out.note(&format!("{}; an edit there makes the row another movie (--map 'COLUMN=' leaves a column out)", group.message));
        }
    }

    fn tell_of_faults(&self, out: &Out, base: &Document, stops: bool) {
        for ((code, _), group) in &self.faults {
            let code = if code.starts_with("J2V") { format!("{code}: ") } else { String::new() };
            let text = format!("{}{code}{} ({})", place(base, group.span), group.message, self.rows_of(group));
            if stops && group.severity == Severity::Error {
                out.error(&text);
            } else {
                out.warning(&text);
            }
            if let Some(help) = &group.help {
                out.help(help);
            }
        }
    }

    /// `row 7`, `rows 7, 9 and 12 more`, `every row`.
    fn rows_of(&self, group: &Group) -> String {
        let (unit, first) = (self.unit, group.first.iter().map(u64::to_string).collect::<Vec<_>>().join(", "));
        match group.rows - group.first.len() as u64 {
            _ if group.rows == self.rows && self.rows > 1 => format!("every {unit}"),
            0 if group.rows == 1 => format!("{unit} {first}"),
            0 => format!("{unit}s {first}"),
            more => format!("{unit}s {first} and {more} more"),
        }
    }
}

fn sum(survey: &Survey) -> crate::work::batch::Sum {
    let (new, renewed) = (survey.new, survey.renewed);
    crate::work::batch::Sum {
        rows: new.rows + renewed.rows,
        credits: new.credits.saturating_add(renewed.credits),
        unbounded: new.unbounded + renewed.unbounded,
    }
}

fn place(base: &Document, span: Span) -> String {
    base.place(span).map(|(name, position)| format!("{name}:{position}: ")).unwrap_or_default()
}

fn add(groups: &mut BTreeMap<(&'static str, Place), Group>, number: u64, finding: &Diagnostic) {
    let words = if finding.span.is_some() { String::new() } else { finding.message.clone() };
    let group = || Group {
        message: finding.message.clone(),
        help: finding.help.clone(),
        span: finding.span,
        severity: finding.severity,
        rows: 0,
        first: Vec::new(),
    };
    groups.entry((finding.code, (finding.span.source, finding.span.start, words))).or_insert_with(group).add(number);
}

impl Group {
    fn add(&mut self, number: u64) {
        if self.first.last() == Some(&number) {
            return;
        }
        self.rows += 1;
        if self.first.len() < NAMED {
            self.first.push(number);
        }
    }
}
