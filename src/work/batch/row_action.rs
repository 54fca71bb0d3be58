//! The action for a row, chosen by what the ledger holds of its key (`protocol.md#cases`), and whether so many rows
//! have changed that the user decides first. Pure.

use crate::ledger::Render;
use crate::ledger::batch::TableRow;
use crate::render::identity::MovieHash;
use crate::render::state::State;

/// A run stops for the user's decision when more than one in this many finished rows has changed (`protocol.md#cases`).
const TENTH: u64 = 10;

/// What to do with existing renders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// What to do with a row that was rendered with another movie.
    pub changed: Changed,
    /// Render a row again when its render failed.
    pub retry_failed: bool,
    /// Render a row again when the service has deleted its video and the video was not saved.
    pub retry_expired: bool,
}

/// What to do with a row that was rendered with another movie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Changed {
    /// Leave it. When many rows have changed, do nothing at all and ask.
    #[default]
    Ask,
    /// Leave it (`--keep`).
    Keep,
    /// Render it again (`--update`).
    Update,
}

/// The action for one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowAction {
    /// The ledger has no render of the key: send it.
    New,
    /// The ledger has the render, and it was never accepted: send it.
    Send,
    /// The ledger has another movie that was never accepted: this movie replaces it.
    Replace,
    /// Render it as a new generation.
    Renew,
    /// Keep its render, whatever its state.
    Stand,
    /// Keep its render, although it is of another movie.
    Left,
}

impl RowAction {
    /// Whether the action leads to a POST.
    #[must_use]
    pub fn is_sent(self) -> bool {
        matches!(self, Self::New | Self::Send | Self::Replace | Self::Renew)
    }
}

/// The action for a row whose key has this latest render.
#[must_use]
pub fn row_action(latest: Option<&Render>, movie: MovieHash, rules: Rules) -> RowAction {
    let Some(latest) = latest else { return RowAction::New };
    let (state, is_same) = (latest.submission.state, latest.movie.agrees(movie));
    match state {
        State::Intent | State::Rejected if is_same => RowAction::Send,
        State::Intent | State::Rejected => RowAction::Replace,
        State::Error if rules.retry_failed => RowAction::Renew,
        State::Deleted | State::Expired if rules.retry_expired && latest.file.is_none() => RowAction::Renew,
        _ if is_same => RowAction::Stand,
        // A render that may have been paid for is settled first: a later run sees its result.
        State::Sending | State::Unknown | State::Held => RowAction::Left,
        _ if rules.changed == Changed::Update => RowAction::Renew,
        _ => RowAction::Left,
    }
}

/// What a run will do, computed before it does anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Survey {
    /// The rows counted.
    pub rows: u64,
    /// Rows that are sent for the first time, or again because nothing was accepted.
    pub new: Sum,
    /// Rows that are rendered as a new generation.
    pub renewed: Sum,
    /// Rows whose answer is lost: they are looked for before anything is sent.
    pub lost: u64,
    /// Rows that were accepted before.
    pub finished: u64,
    /// Rows among them whose movie has changed, and what rendering those would cost.
    pub changed: Sum,
    /// How many of those have failed.
    pub changed_failed: u64,
    /// Rows whose render failed, and that are not rendered again.
    pub failed: u64,
    /// The row numbers and keys of the first of those that changed.
    pub examples: Vec<(u64, String)>,
}

/// A number of rows and their possible cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sum {
    /// The number of rows.
    pub rows: u64,
    /// The most credits that the rows with a bound may cost.
    pub credits: u64,
    /// The number of rows without a bound.
    pub unbounded: u64,
}

impl Sum {
    fn add(&mut self, estimate: Option<u64>) {
        self.rows += 1;
        self.credits = self.credits.saturating_add(estimate.unwrap_or_default());
        self.unbounded += u64::from(estimate.is_none());
    }
}

/// The number of examples shown.
const EXAMPLES: usize = 5;

impl Survey {
    /// Counts one row and returns its action.
    pub fn take(&mut self, latest: Option<&Render>, movie: MovieHash, row: TableRow, rules: Rules) -> RowAction {
        let row_action = row_action(latest, movie, rules);
        self.rows += 1;
        match row_action {
            RowAction::New | RowAction::Send | RowAction::Replace => self.new.add(row.estimate),
            RowAction::Renew => self.renewed.add(row.estimate),
            RowAction::Stand | RowAction::Left => {
                self.failed += u64::from(latest.is_some_and(|latest| latest.submission.state == State::Error));
            }
        }
        self.lost += u64::from(latest.is_some_and(|latest| latest.submission.state.is_unsettled()));
        let Some(latest) = latest.filter(|latest| latest.submission.state.is_bound()) else { return row_action };
        self.finished += 1;
        // A failed render that is rendered again anyway leaves nothing to decide: its row was repaired.
        let is_repaired = latest.submission.state == State::Error && rules.retry_failed;
        if !latest.movie.agrees(movie) && !is_repaired {
            self.changed.add(row.estimate);
            self.changed_failed += u64::from(latest.submission.state == State::Error);
            if self.examples.len() < EXAMPLES {
                self.examples.push((row.number, latest.key.to_string()));
            }
        }
        row_action
    }

    /// The rows that a run sends: new ones and new generations.
    #[must_use]
    pub fn sent(&self) -> Sum {
        let (new, renewed) = (self.new, self.renewed);
        Sum {
            rows: new.rows + renewed.rows,
            credits: new.credits.saturating_add(renewed.credits),
            unbounded: new.unbounded + renewed.unbounded,
        }
    }

    /// Whether the user has to decide about the changed rows first. `is_other_movie` says whether the batch's own movie
    /// has changed since the last run.
    #[must_use]
    pub fn asks(&self, is_other_movie: bool, rules: Rules) -> bool {
        let is_much = is_other_movie || self.changed.rows.saturating_mul(TENTH) > self.finished;
        rules.changed == Changed::Ask && self.changed.rows > 0 && is_much
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::{Again, NewRender, RenderId, Space, change};
    use crate::render::identity::Key;
    use crate::render::state::OnUnknown;
    use crate::world::Timestamp;

    const ROW: TableRow = TableRow { number: 7, estimate: Some(3) };

    fn render(state: State) -> Render {
        let draft = NewRender {
            space: Space { account: "a".to_owned(), endpoint: "e".to_owned() },
            scope: "flats".to_owned(),
            key: Key::parse("k").unwrap(),
            named: true,
            movie: MovieHash::of(b"{}"),
            body: Vec::new(),
            traceable: true,
            source: "flat.json".to_owned(),
            flags: Vec::new(),
            on_unknown: OnUnknown::Hold,
            quarantine: Duration::ZERO,
            again: Again::No,
            row: Some(ROW),
            at: Timestamp(0),
        };
        let mut render = change::wanted(RenderId(1), &draft, 1);
        render.submission.state = state;
        render
    }

    fn rules(changed: Changed, retry_failed: bool) -> Rules {
        Rules { changed, retry_failed, ..Rules::default() }
    }

    #[test]
    fn every_case_of_the_page_is_decided() {
        let (same, other) = (MovieHash::of(b"{}"), MovieHash::of(b"[]"));
        assert_eq!(row_action(None, same, Rules::default()), RowAction::New);
        for state in State::ALL {
            let latest = render(state);
            let row_action = |movie, changed, retry| row_action(Some(&latest), movie, rules(changed, retry));
            let was_accepted_or_may_be = !matches!(state, State::Intent | State::Rejected);
            let unchanged = if was_accepted_or_may_be { RowAction::Stand } else { RowAction::Send };
            assert_eq!(row_action(same, Changed::Update, false), unchanged, "{state:?}");
            let left = if was_accepted_or_may_be { RowAction::Left } else { RowAction::Replace };
            assert_eq!([row_action(other, Changed::Ask, false), row_action(other, Changed::Keep, false)], [left, left], "{state:?}");
            let updated = if was_accepted_or_may_be && !state.is_unsettled() { RowAction::Renew } else { left };
            assert_eq!(row_action(other, Changed::Update, false), updated, "{state:?}");
            let retried = if state == State::Error { RowAction::Renew } else { unchanged };
            assert_eq!(row_action(same, Changed::Ask, true), retried, "{state:?}");
        }
    }

    #[test]
    fn more_than_a_tenth_changed_asks_and_a_changed_movie_asks_for_one() {
        let survey = |changed: u64, finished: u64| {
            let mut survey = Survey::default();
            for row in 0..finished {
                let movie = MovieHash::of(if row < changed { b"[]" } else { b"{}" });
                survey.take(Some(&render(State::Done)), movie, ROW, Rules::default());
            }
            survey
        };
        assert!(!survey(1, 10).asks(false, Rules::default()));
        assert!(survey(2, 10).asks(false, Rules::default()));
        assert!(survey(1, 10).asks(true, Rules::default()));
        assert!(!survey(0, 10).asks(true, Rules::default()), "no row is another one for it");
        assert!(!survey(9, 10).asks(true, rules(Changed::Keep, false)));
        assert!(!survey(9, 10).asks(true, rules(Changed::Update, false)));
        let told = survey(9, 10);
        assert_eq!((told.changed, told.examples.len()), (Sum { rows: 9, credits: 27, unbounded: 0 }, 5));
    }
}
