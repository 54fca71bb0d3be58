//! The record of batches: renders whose keys share a scope, the batch's budget, and the number of renders in each
//! state. The counts change with the rows, so a batch of a million is counted as quickly as one of ten.

use std::collections::BTreeMap;

use super::{Recorded, Render, RenderId, Reply, Space};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::{InvalidTransition, State};
use crate::world::Timestamp;

/// The number of drafts placed in one transaction (`protocol.md#cases`).
pub const CHUNK: usize = 500;

/// The table row that a render was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableRow {
    /// Its number in the table.
    pub number: u64,
    /// The most credits that its movie may cost; `None` when no bound is known.
    pub estimate: Option<u64>,
}

/// The most that a batch may ever be charged, summed over all processes and all runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// The number of renders.
    pub renders: Option<u64>,
    /// The number of credits.
    pub credits: Option<u64>,
}

/// A batch: its name is the scope of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// The account and API URL.
    pub space: Space,
    /// Its name.
    pub name: String,
    /// The hash of its movie before a row is filled in.
    pub template: MovieHash,
    /// The movie's file.
    pub source: String,
    /// The flags of the last run, as they were typed.
    pub flags: Vec<String>,
    /// The most that it may be charged.
    pub budget: Budget,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its last run ended; `None` while a run goes on, or after one was killed.
    pub ended_at: Option<Timestamp>,
}

/// A number of renders and their cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Count {
    /// The number of renders.
    pub rows: u64,
    /// The sum of the estimates, over the renders that have one.
    pub estimated: u64,
    /// The credits that the service has reported as charged.
    pub consumed: f64,
    /// The number of renders that may have been paid for, or will be.
    pub paid_rows: u64,
    /// The cost of those in credits: the charge where it is known, else the estimate.
    pub paid_credits: f64,
}

impl Count {
    /// The count of one render; `None` when it belongs to no batch.
    #[must_use]
    pub fn of(render: &Render) -> Option<Self> {
        let row = render.row?;
        let consumed = render.report.as_ref().and_then(|report| report.credits);
        let is_paid = may_be_paid(render);
        let cost = consumed.or(row.estimate.map(float)).unwrap_or_default();
        Some(Self {
            rows: 1,
            estimated: row.estimate.unwrap_or_default(),
            consumed: consumed.unwrap_or_default(),
            paid_rows: u64::from(is_paid),
            paid_credits: if is_paid { cost } else { 0.0 },
        })
    }

    /// One more render, counted at the most that it may cost.
    #[must_use]
    pub fn at_most(row: TableRow) -> Self {
        let estimated = row.estimate.unwrap_or_default();
        Self { rows: 1, estimated, consumed: 0.0, paid_rows: 1, paid_credits: float(estimated) }
    }

    /// The sum of two counts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            estimated: self.estimated + other.estimated,
            consumed: self.consumed + other.consumed,
            paid_rows: self.paid_rows + other.paid_rows,
            paid_credits: self.paid_credits + other.paid_credits,
        }
    }
}

/// Whether it counts against a budget: a POST of it is out, or may have been accepted. A render that a person abandoned
/// counts when its answer was lost.
fn may_be_paid(render: &Render) -> bool {
    match render.submission.state {
        State::Intent | State::Rejected => false,
        State::Abandoned => render.gave_up_at.is_some(),
        _ => true,
    }
}

#[expect(clippy::cast_precision_loss, reason = "credits are far below 2^53")]
fn float(credits: u64) -> f64 {
    credits as f64
}

/// The number of a batch's renders in each state.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// The latest generation of each key, by state; states without a row are left out.
    pub current: Vec<(State, Count)>,
    /// All earlier generations.
    pub earlier: Count,
}

impl Tally {
    /// Adds a count to the generation and state that it belongs to.
    pub fn add(&mut self, state: State, is_current: bool, count: Count) {
        if !is_current {
            self.earlier = self.earlier.and(count);
            return;
        }
        match self.current.iter_mut().find(|(known, _)| *known == state) {
            Some((_, known)) => *known = known.and(count),
            None => self.current.push((state, count)),
        }
        self.current.sort_by_key(|(state, _)| State::ALL.iter().position(|known| known == state));
    }

    /// The latest generations of all keys together.
    #[must_use]
    pub fn all(&self) -> Count {
        self.current.iter().fold(Count::default(), |sum, (_, count)| sum.and(*count))
    }

    /// The number of keys in any of these states.
    #[must_use]
    pub fn rows(&self, states: &[State]) -> u64 {
        self.current.iter().filter(|(state, _)| states.contains(state)).map(|(_, count)| count.rows).sum()
    }
}

/// A row of the tallies: the renders of a batch in one state, the latest generations or the earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TallyKey {
    pub(super) account: String,
    pub(super) endpoint: String,
    pub(super) name: String,
    pub(super) state: &'static str,
    pub(super) is_current: bool,
}

/// The change of a row of the tallies: a [`Count`] whose numbers may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Amounts {
    pub(super) renders: i64,
    pub(super) estimated: i64,
    pub(super) consumed: f64,
    pub(super) paid_renders: i64,
    pub(super) paid_credits: f64,
}

/// What to add to the tallies. A store collects it during a transaction, and writes it once.
#[derive(Debug, Default)]
pub(super) struct TallyChanges {
    rows: BTreeMap<TallyKey, Amounts>,
}

impl TallyChanges {
    /// Counts a new render, and counts the generation `before` it as no longer the latest.
    pub(super) fn enter(&mut self, render: &Render, before: Option<&Render>) {
        if render.row.is_some()
            && let Some(before) = before
        {
            self.add(before, true, -1);
            self.add(before, false, 1);
        }
        self.add(render, true, 1);
    }

    /// Whether a change of a render changes a tally.
    pub(super) fn is_counted(before: &Render, after: &Render) -> bool {
        let (was, is) = (Count::of(before), Count::of(after));
        is.is_some() && (was != is || before.submission.state != after.submission.state)
    }

    /// Counts the effect of a change on a render.
    pub(super) fn step(&mut self, before: &Render, after: &Render, is_current: bool) {
        self.add(before, is_current, -1);
        self.add(after, is_current, 1);
    }

    fn add(&mut self, render: &Render, is_current: bool, sign: i32) {
        let Some(count) = Count::of(render) else { return };
        let Space { account, endpoint } = render.space.clone();
        let key = TallyKey { account, endpoint, name: render.scope.clone(), state: render.submission.state.as_str(), is_current };
        let sum = self.rows.entry(key).or_default();
        let (whole, part) = (i64::from(sign), f64::from(sign));
        sum.renders += whole * count.rows.cast_signed();
        sum.estimated += whole * count.estimated.cast_signed();
        sum.consumed += part * count.consumed;
        sum.paid_renders += whole * count.paid_rows.cast_signed();
        sum.paid_credits += part * count.paid_credits;
    }

    /// The rows to change, in the order of their keys.
    pub(super) fn rows(self) -> impl Iterator<Item = (TallyKey, Amounts)> {
        self.rows.into_iter().filter(|(_, amounts)| *amounts != Amounts::default())
    }
}

/// A batch and its tally.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchStatus {
    /// The batch.
    pub batch: Batch,
    /// The number of its renders in each state.
    pub tally: Tally,
}

/// A process that submits, or has submitted, rows of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The name under which it claims: the process, and the machine where several machines share a ledger.
    pub name: String,
    /// Whether the process is alive.
    pub is_alive: bool,
    /// The number of renders whose last claim was its own, over all generations.
    pub claimed: u64,
    /// The number of those that are being sent now.
    pub sending: u64,
    /// When it last began to send a render.
    pub last_at: Timestamp,
}

/// Why a row was not claimed. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unclaimed {
    /// Another process claimed it first.
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// The budget's renders are all claimed.
    #[error("--max-renders {cap} is reached")]
    Renders {
        /// The budget, in renders.
        cap: u64,
    },
    /// The render, at the most that it may cost, does not fit into the credits that are left.
    #[error(
        "--max-credits {cap} is reached: {} left, the next row {cost}",
        (float(*cap) - spent).max(0.0),
        cost = wanted.map_or_else(|| "may cost an unlimited number of credits".to_owned(), |wanted| format!("may cost {wanted} credits"))
    )]
    Credits {
        /// The budget, in credits.
        cap: u64,
        /// The credits already spent.
        spent: f64,
        /// The most credits that the render may cost.
        wanted: Option<u64>,
    },
}

impl Budget {
    /// Whether one more render fits into the budget beside what was `spent`.
    ///
    /// # Errors
    /// When it doesn't fit.
    pub fn afford(&self, spent: &Count, row: TableRow) -> Result<(), Unclaimed> {
        if let Some(cap) = self.renders.filter(|cap| spent.paid_rows >= *cap) {
            return Err(Unclaimed::Renders { cap });
        }
        let Some(cap) = self.credits else { return Ok(()) };
        let fits = row.estimate.is_some_and(|wanted| spent.paid_credits + float(wanted) <= float(cap));
        if fits { Ok(()) } else { Err(Unclaimed::Credits { cap, spent: spent.paid_credits, wanted: row.estimate }) }
    }

    /// These limits; the `older` one where a limit is missing.
    #[must_use]
    pub fn or(self, older: Self) -> Self {
        Self { renders: self.renders.or(older.renders), credits: self.credits.or(older.credits) }
    }
}

/// The batch calls of a ledger.
pub trait Batches: Send + Sync {
    /// Stores a batch, new or known; returns it with its tally. A known batch keeps its creation time, and each limit for
    /// which the new budget has none.
    fn keep(&self, batch: Batch) -> Reply<'_, BatchStatus>;

    /// The batches of one space, or of all spaces, newest first; only those with this name if one is given.
    fn batches(&self, space: Option<Space>, name: Option<String>) -> Reply<'_, Vec<BatchStatus>>;

    /// The latest generation of each key in one scope, in the order of the keys.
    fn latest(&self, space: Space, scope: String, keys: Vec<Key>) -> Reply<'_, Vec<Option<Render>>>;

    /// Claims renders as [`super::Store::record`] does, each only if the budget of its batch allows it. The same transaction
    /// counts the claims.
    fn claim(&self, renders: Vec<RenderId>, at: Timestamp) -> Reply<'_, Vec<Result<Recorded, Unclaimed>>>;

    /// The latest generations of a batch in the order in which they were placed: at most `most`, from the one after `after`.
    fn members(&self, space: Space, name: String, after: RenderId, most: u32) -> Reply<'_, Vec<Render>>;

    /// The processes that have submitted rows of a batch, the latest first. Reads every row of the batch.
    fn workers(&self, space: Space, name: String) -> Reply<'_, Vec<Worker>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_tells_what_is_left_of_it() {
        let budget = Budget { renders: Some(2), credits: Some(20) };
        let spent = Count { paid_rows: 1, paid_credits: 12.5, ..Count::default() };
        let row = |estimate| TableRow { number: 7, estimate };
        budget.afford(&spent, row(Some(7))).unwrap();
        let refused = budget.afford(&spent, row(Some(8))).unwrap_err();
        assert_eq!(refused.to_string(), "--max-credits 20 is reached: 7.5 left, the next row may cost 8 credits");
        assert!(budget.afford(&spent, row(None)).unwrap_err().to_string().contains("an unlimited number of credits"));
        let refused = budget.afford(&Count { paid_rows: 2, ..spent }, row(Some(0))).unwrap_err();
        assert_eq!(refused.to_string(), "--max-renders 2 is reached");
        Budget::default().afford(&spent, row(None)).unwrap();
    }
}
