//! Works out how much of a table fits into the batch's budget, before anything is sent.

use crate::ledger::batch::{BatchStatus, Budget, Count, TableRow};

/// What a budget has left, row by row in the order of the table.
pub(in super::super) struct BudgetLeft {
    budget: Budget,
    spent: Count,
    /// Rows that would be sent.
    wanted: u64,
    /// Those of them that fit before the first that doesn't.
    fit: u64,
    is_over: bool,
}

impl BudgetLeft {
    /// The limits of this command line, or of an earlier run where it gives none. The batch's cost so far counts.
    pub(in super::super) fn of(budget: Budget, known: Option<&BatchStatus>) -> Self {
        let budget = known.map_or(budget, |known| budget.or(known.batch.budget));
        let spent = known.map(|known| known.tally.all().and(known.tally.earlier)).unwrap_or_default();
        Self { budget, spent, wanted: 0, fit: 0, is_over: false }
    }

    /// The most credits, if there is a limit.
    pub(super) fn cap(&self) -> Option<u64> {
        self.budget.credits
    }

    /// Records a row that would be sent.
    pub(in super::super) fn take(&mut self, row: TableRow) {
        self.wanted += 1;
        self.is_over = self.is_over || self.budget.afford(&self.spent, row).is_err();
        if !self.is_over {
            self.fit += 1;
            self.spent = self.spent.and(Count::at_most(row));
        }
    }

    /// `14 of 40 rows fit into --max-credits 100`; nothing when there is no limit.
    pub(in super::super) fn summary(&self) -> Option<String> {
        let credits = self.budget.credits.map(|most| format!("--max-credits {most}"));
        let renders = self.budget.renders.map(|most| format!("--max-renders {most}"));
        let limits: Vec<String> = credits.into_iter().chain(renders).collect();
        (!limits.is_empty()).then(|| format!("{} of {} rows fit into {}", self.fit, self.wanted, limits.join(" and ")))
    }

    /// The same for programs.
    pub(super) fn to_json(&self) -> serde_json::Value {
        let Budget { renders, credits } = self.budget;
        if renders.is_none() && credits.is_none() {
            return serde_json::Value::Null;
        }
        serde_json::json!({"max_renders": renders, "max_credits": credits, "rows_to_send": self.wanted, "rows_that_fit": self.fit})
    }
}
