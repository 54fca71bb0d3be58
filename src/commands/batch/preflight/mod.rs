//! Checks everything before the first POST. It reads the table once, composes and checks each row as a separate movie, and
//! reports the faults of the rows. Only then are the rows read again, to be sent.

pub(super) mod budget;
pub(in crate::commands) mod columns;
mod feed;
mod files;
mod found;
mod names;
mod recipe;
mod remark;
mod report;
pub(in crate::commands) mod table;
mod upload;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use self::budget::BudgetLeft;
use self::columns::{Columns, Sameness};
use self::feed::feed;
use self::names::Names;
use self::recipe::{Looked, MadeRow, Recipe};
use self::remark::Remark;
use self::report::{TableReport, UNBOUNDED};
use super::super::submit_check::without_bound;
use super::super::{Call, CliError, movies, template_variables};
use super::earlier_runs::EarlierRuns;
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::ledger::batch::{Budget, TableRow};
use crate::movie::Document;
use crate::movie::plan::Unbounded;
use crate::movie::variables::Asked;
use crate::render::identity::{Key, MovieHash};
use crate::rows::{Row, Table};
use crate::work::batch::{Entry, Item, Survey, row_action};

/// Rows that one query asks the ledger about.
const CHUNK: usize = 500;

/// Signals are checked after this many rows, however long the others take.
const UNHEARD: u64 = 16;

/// Passes the table's rows on, a chunk at a time, on a thread of its own.
pub(super) type Feed = Box<dyn FnOnce(mpsc::Sender<Vec<Entry>>) + Send>;

/// What the run needs of a checked table.
pub(super) struct CheckedRows {
    /// How many rows it has.
    pub(super) rows: u64,
    /// Whether the table is made for Excel, so that its results are, too.
    pub(super) for_excel: bool,
    /// The hash of the movie before any row.
    pub(super) template: MovieHash,
    /// What a run would do.
    pub(super) survey: Survey,
    /// The rows, read again.
    pub(super) feed: Feed,
}

/// Checks every row of the table and reports the findings.
///
/// # Errors
/// When the movie or the table can't be used, or rows are invalid and not to be skipped: nothing was sent.
pub(super) async fn preflight(call: &Call, args: &BatchArgs, earlier: &EarlierRuns<'_>) -> anyhow::Result<CheckedRows> {
    let base = movies::compose_one(&call.out, &recipe::base_args(args))?;
    demand_variables(&base)?;
    let template = MovieHash::of(base.canonical().as_bytes());
    let (table, asked) = (table::open(call, &args.table, &args.movie.movies).await?, Asked::by(&base.root));
    let columns = Columns::read(&args.table, &args.movie.var, &asked, &table)?;
    let same = Sameness::new(&columns.mapping, columns::joined(args, &asked));
    let mut recipe = Recipe::new(call, args, base, table::binding(call, &args.table, columns.mapping.renamed())?);
    recipe.fits(&table)?;
    if args.movie.upload {
        upload::upload(call, args, &mut recipe, &table).await?;
    }
    compare_with_template(call, &mut recipe, &table).await?;
    let known = earlier.standing().await?;
    let budget = Budget { renders: args.pace.max_renders, credits: args.gate.max_credits };
    let mut pass = Pass {
        budget_left: BudgetLeft::of(budget, known.as_ref()),
        report: TableReport::new(&table),
        names: Names::default(),
        same,
        survey: Survey::default(),
        estimates: Vec::new(),
        least: 0,
    };
    pass.look_at_all(call, &mut recipe, &table, earlier).await?;
    pass.end(call, args, earlier.name, &columns, &table, &recipe)?;
    let Pass { report, survey, estimates, .. } = pass;
    let (rows, for_excel) = (report.rows(), table.is_for_excel());
    let feed: Feed = Box::new(feed(table, recipe, estimates, report.into_bad()));
    Ok(CheckedRows { rows, for_excel, template, survey, feed })
}

/// Names the variables of the first row that the template lacks, and those of the template that no column fills.
async fn compare_with_template(call: &Call, recipe: &mut Recipe, table: &Table) -> Result<(), CliError> {
    if recipe.base.root.get("template").is_none() {
        return Ok(());
    }
    // The faults of a row are reported with all the others.
    let first = table.rows().map_err(table::refused)?.next().and_then(Result::ok);
    if let Some(movie) = first.and_then(|row| recipe.movie(&row.placed(), &mut Vec::new())) {
        template_variables::compare_one(call, &movie).await;
    }
    Ok(())
}

/// Requires that the value that rows set is an object. A fault is reported once, for the movie, and not for each row.
fn demand_variables(base: &Document) -> Result<(), CliError> {
    let Some(wrong) = base.root.get("variables").filter(|variables| variables.as_object().is_none()) else { return Ok(()) };
    let place = base.place_prefix(wrong.span);
    let message = format!("{place}`variables` must be an object, not {}: columns become its members; nothing was sent", wrong.kind());
    Err(CliError::new(Exit::Invalid, message))
}

/// The question to the ledger about a good row. Its movie is made again when it is sent, because a chunk of large movies would
/// need too much memory.
struct Question {
    key: Key,
    movie: MovieHash,
    row: TableRow,
    /// The least that it costs, credits.
    least: u64,
    /// Why its cost has no upper bound.
    unbounded: Option<Unbounded>,
}

/// The first pass over the table.
struct Pass {
    budget_left: BudgetLeft,
    report: TableReport,
    names: Names,
    same: Sameness,
    survey: Survey,
    /// The most that each row may cost, in the order of the table.
    estimates: Vec<Option<u64>>,
    /// The least that the rows to send cost, credits.
    least: u64,
}

impl Pass {
    /// Composes and checks all rows, and asks the ledger about them.
    async fn look_at_all(&mut self, call: &Call, recipe: &mut Recipe, table: &Table, earlier: &EarlierRuns<'_>) -> Result<(), CliError> {
        let mut chunk = Vec::with_capacity(CHUNK);
        for row in table.rows().map_err(table::refused)? {
            let row = match row {
                Ok(row) => row.placed(),
                Err(error) => {
                    self.report.tell_of_rows(&call.out, recipe, true);
                    return Err(table::refused(error));
                }
            };
            chunk.extend(self.look_at(recipe, &row));
            if chunk.len() == CHUNK {
                self.ask_ledger(earlier, &mut chunk).await?;
            }
            if self.report.rows().is_multiple_of(UNHEARD) {
                tokio::task::yield_now().await;
            }
            if call.interrupt.is_cancelled() {
                return Err(CliError::new(Exit::Interrupted, "interrupted while checking the rows; nothing was sent"));
            }
        }
        self.ask_ledger(earlier, &mut chunk).await
    }

    /// Composes and checks a row; returns the question to the ledger about it.
    fn look_at(&mut self, recipe: &mut Recipe, row: &Row) -> Option<Question> {
        let Looked { key, stem, made, mut remarks } = recipe.look_at(row);
        if let (Some(key), Some(stem)) = (&key, stem) {
            remarks.extend(self.names.take(row.number, key, &stem, recipe));
        }
        let is_good = self.report.row(row.number, key.as_ref(), remarks);
        let Some(MadeRow { item, length, least, unbounded }) = made.filter(|_| is_good) else {
            self.estimates.push(None);
            return None;
        };
        self.report.plays(length);
        self.same.look_at(row);
        self.estimates.push(item.estimate);
        let Item { key, movie, number, estimate, .. } = item;
        Some(Question { key, movie, row: TableRow { number, estimate }, least, unbounded })
    }

    /// Asks the ledger for its entries of a chunk of rows.
    async fn ask_ledger(&mut self, earlier: &EarlierRuns<'_>, chunk: &mut Vec<Question>) -> Result<(), CliError> {
        let rules = earlier.rules;
        let rows: Vec<(Key, MovieHash)> = chunk.iter().map(|question| (question.key.clone(), question.movie)).collect();
        let latest = earlier.latest(&rows).await?;
        for (Question { key, movie, row, least, unbounded }, latest) in chunk.drain(..).zip(latest) {
            let is_sent = row_action(latest.as_ref(), movie, rules).is_sent();
            if let (Some(cap), Some(open), true) = (self.budget_left.cap(), unbounded, is_sent) {
                let fault = Remark::fault(UNBOUNDED, row.number, without_bound(&open, cap), open.fix);
                self.report.remark(row.number, Some(&key), fault);
                continue;
            }
            if is_sent {
                self.budget_left.take(row);
                self.least = self.least.saturating_add(least);
            }
            self.survey.take(latest.as_ref(), movie, row, rules);
        }
        Ok(())
    }

    /// Reports the findings, and stops the run where they require it.
    fn end(&self, call: &Call, args: &BatchArgs, name: &str, columns: &Columns, table: &Table, recipe: &Recipe) -> Result<(), CliError> {
        if args.dry_run && args.json {
            call.out.data(&self.overview(args, name, columns, table, recipe).to_string());
        } else if args.dry_run {
            columns.show(&call.out, table.name(), recipe);
            call.out.data(&columns.to_file());
        }
        columns.tell_alike(&call.out);
        if !args.dry_run {
            columns.tell_kept_values(&call.out);
        }
        self.report.tell(call, args, recipe, &self.survey)?;
        if let Some(fit) = self.budget_left.summary().filter(|_| args.dry_run) {
            call.out.note(&fit);
        }
        if args.gate.no_check { Ok(()) } else { self.same.demand_difference(columns, table) }
    }

    /// What a run would do, as one object (`docs/batch.md`, "A dry run").
    fn overview(&self, args: &BatchArgs, name: &str, columns: &Columns, table: &Table, recipe: &Recipe) -> Value {
        let (mapped, unfilled) = columns.to_json();
        let (faults, warnings) = self.report.to_json(&recipe.base);
        let sent = self.survey.sent();
        let most = (sent.unbounded == 0).then_some(sent.credits);
        json!({
            "batch": name,
            "movie": args.movie.movies.first(),
            "table": table.name(),
            "rows": self.report.rows(),
            "columns": mapped,
            "unfilled": unfilled,
            "to_send": sent.rows,
            "anew": self.survey.renewed.rows,
            "changed": self.survey.changed.rows,
            "failed": self.survey.failed,
            "invalid": self.report.invalid(),
            "credits_at_least": self.least,
            "credits_at_most": most,
            "budget": self.budget_left.to_json(),
            "faults": faults,
            "warnings": warnings,
        })
    }
}
