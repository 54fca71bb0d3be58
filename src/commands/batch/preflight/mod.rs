//! Everything checked before the first POST: the table is gone through once, each row composed and checked as a movie of
//! its own, and one report tells what is wrong with which rows. Only then are the rows read again, to be sent.

mod feed;
mod found;
mod names;
mod recipe;
mod remark;
mod report;
mod table;

use tokio::sync::mpsc;

use self::feed::feed;
use self::names::Names;
use self::recipe::{Looked, Made, Recipe};
use self::remark::Remark;
use self::report::{Report, UNBOUNDED};
use super::super::gate::without_bound;
use super::super::session::ledger_failed;
use super::super::{Call, Stop, movies};
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::ledger::batch::TableRow;
use crate::ledger::{Space, Store};
use crate::movie::plan::Unbounded;
use crate::render::identity::{Key, MovieHash};
use crate::rows::Row;
use crate::work::batch::{Entry, Item, Rules, Survey, fate};

/// Rows that the ledger is asked about in one question.
const CHUNK: usize = 500;

/// Passes the table's rows on, a chunk at a time, on a thread of its own.
pub(super) type Feed = Box<dyn FnOnce(mpsc::Sender<Vec<Entry>>) + Send>;

/// What the run needs of a table that was checked.
pub(super) struct Checked {
    /// How many rows it has.
    pub(super) rows: u64,
    /// The hash of the movie before any row.
    pub(super) template: MovieHash,
    /// What a run would do.
    pub(super) survey: Survey,
    /// The rows once more.
    pub(super) feed: Feed,
}

/// Checks every row of the table, and tells what was found.
///
/// # Errors
/// When the movie or the table can't be used, or rows are invalid and not to be skipped: nothing was sent.
pub(super) async fn preflight(
    call: &Call,
    args: &BatchArgs,
    name: &str,
    store: &dyn Store,
    space: &Space,
    rules: Rules,
) -> anyhow::Result<Checked> {
    let base = movies::compose_one(&call.out, &recipe::base_args(args))?;
    let template = MovieHash::of(base.canonical().as_bytes());
    let mut recipe = Recipe::new(call, args, base, table::binding(call, args)?);
    let table = table::open(call, args).await?;
    recipe.fits(&table)?;
    let mut pass = Pass {
        cap: cap(args, name, store, space).await?,
        report: Report::new(&table),
        names: Names::default(),
        survey: Survey::default(),
        estimates: Vec::new(),
    };
    let mut chunk = Vec::with_capacity(CHUNK);
    for row in table.rows().map_err(table::refused)? {
        let row = match row {
            Ok(row) => row.placed(),
            Err(error) => {
                pass.report.tell_of_rows(&call.out, &recipe, true);
                return Err(table::refused(error).into());
            }
        };
        chunk.extend(pass.look_at(&mut recipe, &row));
        if chunk.len() == CHUNK {
            pass.ask_ledger(store, space, name, rules, &mut chunk).await?;
            if call.interrupt.is_cancelled() {
                return Err(Stop::new(Exit::Interrupted, "interrupted while the rows were checked; nothing was sent").into());
            }
        }
    }
    pass.ask_ledger(store, space, name, rules, &mut chunk).await?;
    let Pass { report, survey, estimates, .. } = pass;
    report.tell(call, args, &recipe, &survey)?;
    let rows = report.rows();
    let feed: Feed = Box::new(feed(table, recipe, estimates, report.into_bad()));
    Ok(Checked { rows, template, survey, feed })
}

/// The most credits that the batch may cost: by the flag, or by that of an earlier run.
async fn cap(args: &BatchArgs, name: &str, store: &dyn Store, space: &Space) -> Result<Option<u64>, Stop> {
    if args.gate.max_credits.is_some() {
        return Ok(args.gate.max_credits);
    }
    let known = store.batches(Some(space.clone()), Some(name.to_owned())).await.map_err(ledger_failed)?.pop();
    Ok(known.and_then(|known| known.batch.budget.credits))
}

/// What the ledger is asked about a good row. Its movie is made once more when it is sent: a chunk of heavy ones would
/// not fit into little memory.
struct Question {
    key: Key,
    movie: MovieHash,
    row: TableRow,
    /// What leaves its cost without an upper bound.
    unbounded: Option<Unbounded>,
}

/// The first time through the table.
struct Pass {
    cap: Option<u64>,
    report: Report,
    names: Names,
    survey: Survey,
    /// What each row may cost at most, in the order of the table.
    estimates: Vec<Option<u64>>,
}

impl Pass {
    /// Composes and checks a row; gives back what the ledger is asked about it.
    fn look_at(&mut self, recipe: &mut Recipe, row: &Row) -> Option<Question> {
        let Looked { key, stem, made, mut remarks } = recipe.look_at(row);
        if let (Some(key), Some(stem)) = (&key, stem) {
            remarks.extend(self.names.take(row.number, key, &stem, recipe));
        }
        let is_good = self.report.row(row.number, key.as_ref(), remarks);
        let Some(Made { item, length, unbounded }) = made.filter(|_| is_good) else {
            self.estimates.push(None);
            return None;
        };
        self.report.plays(length);
        self.estimates.push(item.estimate);
        let Item { key, movie, number, estimate, .. } = item;
        Some(Question { key, movie, row: TableRow { number, estimate }, unbounded })
    }

    /// Asks what the ledger holds of a chunk of rows.
    async fn ask_ledger(
        &mut self,
        store: &dyn Store,
        space: &Space,
        name: &str,
        rules: Rules,
        chunk: &mut Vec<Question>,
    ) -> Result<(), Stop> {
        let keys = chunk.iter().map(|question| question.key.clone()).collect();
        let latest = store.latest(space.clone(), name.to_owned(), keys).await.map_err(ledger_failed)?;
        for (Question { key, movie, row, unbounded }, latest) in chunk.drain(..).zip(latest) {
            match (self.cap, unbounded) {
                (Some(cap), Some(open)) if fate(latest.as_ref(), movie, rules).is_sent() => {
                    let fault = Remark::fault(UNBOUNDED, row.number, without_bound(&open, cap), open.fix);
                    self.report.remark(row.number, Some(&key), fault);
                }
                _ => _ = self.survey.take(latest.as_ref(), movie, row, rules),
            }
        }
        Ok(())
    }
}
