//! The findings of all rows, each mistake once: its rule, its place, its words, and the first of the rows that share it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::remark::{Place, Remark};
use crate::movie::diagnostic::Severity;

/// Rows that are named of many.
const NAMED: usize = 5;

/// Texts of one rule at one place that are shown; the rows of all others are counted together, without a text of their own.
const TEXTS: usize = 10;

/// The text for those other rows.
const OTHERS: &str = "the same mistake with other values";

/// The findings so far: those of each rule at each place.
#[derive(Default)]
pub(super) struct Found(BTreeMap<(Place, &'static str), Vec<Group>>);

/// Rows that share a finding.
pub(super) struct Group {
    pub(super) message: String,
    pub(super) help: Option<Cow<'static, str>>,
    pub(super) severity: Severity,
    /// Whether it keeps these rows from being rendered.
    pub(super) stops: bool,
    pub(super) rows: Rows,
}

/// A set of rows: how many, and the first of them.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) count: u64,
    pub(super) first: Vec<u64>,
    last: Option<u64>,
}

impl Found {
    /// Records a remark about a row.
    pub(super) fn take(&mut self, remark: Remark) {
        let Remark { code, place, row, severity, stops, message, help } = remark;
        let groups = self.0.entry((place, code)).or_default();
        let known = groups.iter().take(TEXTS).position(|group| group.message == message);
        let index = known.unwrap_or(groups.len().min(TEXTS));
        if index == groups.len() {
            let message = if index == TEXTS { OTHERS.to_owned() } else { message };
            groups.push(Group { message, help, severity, stops, rows: Rows::default() });
        }
        groups[index].rows.add(row);
    }

    /// Each mistake: its place, its rule, and the rows that share it, in the order of the table.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&Place, &'static str, &Group)> {
        let mut all: Vec<_> =
            self.0.iter().flat_map(|((place, code), groups)| groups.iter().map(move |group| (place, *code, group))).collect();
        all.sort_by_key(|(.., group)| group.rows.first.first().copied());
        all.into_iter()
    }

    /// The rules and kinds of faults that stop rows.
    pub(super) fn stopping(&self) -> Vec<&'static str> {
        let mut codes: Vec<_> = self.groups().filter(|(.., group)| group.stops).map(|(_, code, _)| code).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

impl Rows {
    fn add(&mut self, row: u64) {
        if self.last == Some(row) {
            return;
        }
        self.last = Some(row);
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(row);
        }
    }

    /// `row 7`, `rows 7, 9 and 12`, `rows 7, 9, 12, 13, 20 and 40 more`.
    pub(super) fn named(&self, unit: &str) -> String {
        let first: Vec<String> = self.first.iter().map(u64::to_string).collect();
        match (first.as_slice(), self.count - self.first.len() as u64) {
            ([one], 0) => format!("{unit} {one}"),
            ([before @ .., last], 0) => format!("{unit}s {} and {last}", before.join(", ")),
            (all, more) => format!("{unit}s {} and {more} more", all.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[(u64, &str)]) -> Found {
        let mut found = Found::default();
        for (row, message) in rows {
            found.take(Remark::fault("key", *row, *message, "fix it"));
        }
        found
    }

    #[test]
    fn rows_that_share_a_text_are_named_together_and_no_text_swallows_another() {
        let found = found(&[(2, "a"), (3, "b"), (4, "a"), (4, "a"), (9, "a")]);
        let told: Vec<_> = found.groups().map(|(.., group)| format!("{} {}", group.message, group.rows.named("row"))).collect();
        assert_eq!(told, ["a rows 2, 4 and 9", "b row 3"]);
    }

    #[test]
    fn of_many_texts_the_rest_is_counted_without_one_of_them() {
        let texts: Vec<String> = (0..40).map(|number| format!("text {number}")).collect();
        let found = found(&texts.iter().zip(2..).map(|(text, row)| (row, text.as_str())).collect::<Vec<_>>());
        let others = found.groups().nth(TEXTS).map(|(.., group)| format!("{}: {}", group.message, group.rows.named("row")));
        assert_eq!(others.unwrap(), format!("{OTHERS}: rows 12, 13, 14, 15, 16 and 25 more"));
        assert_eq!(found.groups().count(), TEXTS + 1);
    }
}
