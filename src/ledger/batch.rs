//! What is remembered of batches: renders whose keys count a scope, the budget that they count, and how many of
//! them stand where. Counted as rows change, so that a batch of a million is told as quickly as one of ten.

use super::{Recorded, Render, RenderId, Reply, Space};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::{InvalidTransition, State};
use crate::world::Timestamp;

/// Drafts that are placed in one transaction (`protocol.md#cases`).
pub const CHUNK: usize = 500;

/// The row of a table that a render was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableRow {
    /// Its number, as its table counts.
    pub number: u64,
    /// The most credits that its movie may cost; `None` when nothing bounds it.
    pub estimate: Option<u64>,
}

/// The most that a batch may ever be charged, by all processes and all runs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Budget {
    /// Renders.
    pub renders: Option<u64>,
    /// Credits.
    pub credits: Option<u64>,
}

/// A batch: its name is the scope of its keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Whose.
    pub space: Space,
    /// Its name.
    pub name: String,
    /// The hash of its movie before any row.
    pub template: MovieHash,
    /// The movie's file.
    pub source: String,
    /// The flags, as they were typed last.
    pub flags: Vec<String>,
    /// The most that it may be charged.
    pub budget: Budget,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When its last run came to its end; `None` while one goes on, or was killed.
    pub ended_at: Option<Timestamp>,
}

/// A number of renders, and what they cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Count {
    /// How many.
    pub rows: u64,
    /// The most that they may cost together, of those that are bounded.
    pub estimated: u64,
    /// What the service has charged for them, as far as it has told.
    pub consumed: f64,
    /// How many of them may have been paid for, or will be.
    pub paid_rows: u64,
    /// What those cost: what was charged, and the estimate where that isn't known.
    pub paid_credits: f64,
}

impl Count {
    /// The count of one render; `None` when it is of no batch.
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

    /// One render more at the most that it may cost.
    #[must_use]
    pub fn at_most(row: TableRow) -> Self {
        let estimated = row.estimate.unwrap_or_default();
        Self { rows: 1, estimated, consumed: 0.0, paid_rows: 1, paid_credits: float(estimated) }
    }

    /// This count and another one.
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

/// Whether it counts against a budget: a POST of it is out, or may have been accepted. What a person gave up counts
/// when its answer was lost.
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

/// How the renders of a batch stand.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// The latest generation of each key, by its state; states without a row are left out.
    pub current: Vec<(State, Count)>,
    /// All generations before those.
    pub earlier: Count,
}

impl Tally {
    /// Puts a count where it belongs.
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

    /// How many keys stand in one of these states.
    #[must_use]
    pub fn rows(&self, states: &[State]) -> u64 {
        self.current.iter().filter(|(state, _)| states.contains(state)).map(|(_, count)| count.rows).sum()
    }
}

/// A batch and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The batch.
    pub batch: Batch,
    /// How its renders stand.
    pub tally: Tally,
}

/// A process that has submitted rows of a batch, and is at it or was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// The name under which it claims: the machine's, where several share a ledger, and the process.
    pub name: String,
    /// Whether it lives.
    pub is_alive: bool,
    /// Renders whose last claim was its own, all generations.
    pub claimed: u64,
    /// Those of them that are on their way to the service now.
    pub sending: u64,
    /// When it last began to send one.
    pub last_at: Timestamp,
}

/// Why a row was not claimed. Nothing was written.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unclaimed {
    /// Somebody else was faster.
    #[error(transparent)]
    InvalidTransition(#[from] InvalidTransition),
    /// All renders that the budget allows are claimed.
    #[error("--max-renders {cap} is reached")]
    Renders {
        /// The budget.
        cap: u64,
    },
    /// The render doesn't fit into what is left of the credits.
    #[error(
        "--max-credits {cap} is reached: {} left, the next row {cost}",
        (float(*cap) - spent).max(0.0),
        cost = wanted.map_or_else(|| "may cost an unlimited number of credits".to_owned(), |wanted| format!("may cost {wanted} credits"))
    )]
    Credits {
        /// The budget.
        cap: u64,
        /// What was spent of it.
        spent: f64,
        /// What the render may cost.
        wanted: Option<u64>,
    },
}

impl Budget {
    /// Whether one more render fits in beside what was `spent`.
    ///
    /// # Errors
    /// When it doesn't.
    pub fn afford(&self, spent: &Count, row: TableRow) -> Result<(), Unclaimed> {
        if let Some(cap) = self.renders.filter(|cap| spent.paid_rows >= *cap) {
            return Err(Unclaimed::Renders { cap });
        }
        let Some(cap) = self.credits else { return Ok(()) };
        let fits = row.estimate.is_some_and(|wanted| spent.paid_credits + float(wanted) <= float(cap));
        if fits { Ok(()) } else { Err(Unclaimed::Credits { cap, spent: spent.paid_credits, wanted: row.estimate }) }
    }

    /// These limits, and where one is missing the `older`.
    #[must_use]
    pub fn or(self, older: Self) -> Self {
        Self { renders: self.renders.or(older.renders), credits: self.credits.or(older.credits) }
    }
}

/// What a ledger knows of batches.
pub trait Batches: Send + Sync {
    /// Remembers a batch, new or known; tells how it stands. Of a known one the creation stays, and each limit of the
    /// budget for which this one has none.
    fn keep(&self, batch: Batch) -> Reply<'_, Standing>;

    /// The batches of one space, or of all, with this name, or all; newest first.
    fn batches(&self, space: Option<Space>, name: Option<String>) -> Reply<'_, Vec<Standing>>;

    /// The latest generation of each key in one scope, in the order of the keys.
    fn latest(&self, space: Space, scope: String, keys: Vec<Key>) -> Reply<'_, Vec<Option<Render>>>;

    /// Claims renders as [`super::Store::record`] does, each only if the budget of its batch allows; what is claimed is
    /// counted in the same transaction.
    fn claim(&self, renders: Vec<RenderId>, at: Timestamp) -> Reply<'_, Vec<Result<Recorded, Unclaimed>>>;

    /// The latest generations of a batch in the order in which they were placed: at most `most` after `after`.
    fn members(&self, space: Space, name: String, after: RenderId, most: u32) -> Reply<'_, Vec<Render>>;

    /// Who has submitted rows of a batch; whoever did last comes first. Reads every row of it.
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
