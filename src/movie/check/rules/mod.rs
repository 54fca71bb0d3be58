//! The catalogue of rules. Each entry has the reason, the evidence, and an example of the wrong and the right. What finds a
//! rule is beside this folder, in `check`, in the file about the same nodes; its code (`J2V064`) leads there.
//!
//! # A new rule
//! 1. An entry in the file of its family, with the next number of the family's range ([`Rule::find`] has the ranges).
//! 2. The code that finds it in the movie as it is written, in a file of `check`. The type, range or words of one property are
//!    data in `movie/spec`, which `check/value.rs` applies. What only the resolved movie shows is found in `check/facts.rs`;
//!    what the expansion itself finds is an `ExpandIssueKind`, made in `check/resolve.rs`; what only a file's own bytes show,
//!    in `commands/check/probe.rs`.
//! 3. A line in the table of `tests/check/rules.rs`, unless its example is `Expanded` or `Told`. `check --rules` and
//!    `check --explain` show the entry by themselves.
//! 4. If a JSON Schema can say it, its code in the list of `movie/schema.rs`; `tests/check/schema.rs` compares the two.

mod document;
mod element;
mod exports;
mod media;
mod movie;
mod scene;
mod speech;
mod text;
mod variables;

use crate::movie::diagnostic::{Evidence, Severity};

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Its code, such as `J2V064`: codes never change their meaning.
    pub code: &'static str,
    /// Its name, such as `src-missing`.
    pub name: &'static str,
    /// The highest severity of its findings.
    pub severity: Severity,
    /// The strongest evidence of its findings.
    pub evidence: Evidence,
    /// Why it matters, in a sentence or two.
    pub why: &'static str,
    /// The kind of its examples.
    pub example: Example,
    /// An example that breaks it.
    pub wrong: &'static str,
    /// An example that doesn't.
    pub right: &'static str,
    /// The source of the fact.
    pub source: &'static str,
}

/// The kind of a rule's examples, and what has to be known to find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Example {
    /// Whole movies.
    Movie,
    /// Scenes.
    Scene,
    /// Elements of a scene.
    Element,
    /// Elements of the movie.
    Over,
    /// Destinations of an export.
    Destination,
    /// Whole movies, with their variables resolved.
    Expanded,
    /// Described in words: only the start of a file, or a very large movie, shows it.
    Told,
}

impl Example {
    /// A whole movie around an example, which starts at line 2 unless it is the movie itself.
    #[must_use]
    pub fn movie(self, piece: &str) -> String {
        match self {
            Self::Movie | Self::Expanded | Self::Told => piece.to_owned(),
            Self::Scene => format!("{{\"resolution\": \"full-hd\", \"scenes\": [\n{piece}\n]}}"),
            Self::Element => format!("{{\"resolution\": \"full-hd\", \"scenes\": [{{\"duration\": 10, \"elements\": [\n{piece}\n]}}]}}"),
            Self::Over => format!("{{\"resolution\": \"full-hd\", \"elements\": [\n{piece}\n], \"scenes\": [{{\"duration\": 10}}]}}"),
            Self::Destination => {
                let rest = "\"client-data\": {\"id\": 7}, \"scenes\": [{\"duration\": 10}]";
                format!("{{\"resolution\": \"full-hd\", \"exports\": [{{\"destinations\": [\n{piece}\n]}}], {rest}}}")
            }
        }
    }
}

impl Rule {
    /// A rule by its code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        let number: u16 = code.strip_prefix("J2V")?.parse().ok()?;
        let family = match number {
            ..20 => document::RULES,
            20..40 | 400.. => movie::RULES,
            40..60 => scene::RULES,
            60..100 => element::RULES,
            100..120 => media::RULES,
            120..150 => text::RULES,
            150..200 => speech::RULES,
            200..300 => variables::RULES,
            300..400 => exports::RULES,
        };
        family.iter().find(|rule| rule.code == code)
    }

    /// A rule by its code, in capital or small letters, or by its name.
    #[must_use]
    pub fn named(text: &str) -> Option<&'static Self> {
        Self::all().find(|rule| rule.code.eq_ignore_ascii_case(text) || rule.name == text)
    }

    /// All rules, by code.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let until_400 = |rule: &&Self| rule.code < "J2V400";
        let families = [
            document::RULES,
            movie::RULES,
            scene::RULES,
            element::RULES,
            media::RULES,
            text::RULES,
            speech::RULES,
            variables::RULES,
            exports::RULES,
        ];
        let first = families.into_iter().flatten().filter(until_400);
        first.chain(movie::RULES.iter().filter(move |rule| !until_400(rule)))
    }

    /// Whether an error of this rule may stop a submission.
    #[must_use]
    pub fn may_stop(&self) -> bool {
        self.severity == Severity::Error && matches!(self.evidence, Evidence::Live | Evidence::Documented)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_code_and_its_name_and_they_are_in_order() {
        let codes: Vec<_> = Rule::all().map(|rule| rule.code).collect();
        assert!(codes.is_sorted_by(|one, other| one < other), "{codes:?}");
        for rule in Rule::all() {
            assert!(Rule::find(rule.code).is_some_and(|found| found.name == rule.name));
            assert!(Rule::named(rule.name).is_some_and(|found| found.code == rule.code), "{}", rule.name);
        }
        assert!(Rule::named("j2v064").is_some() && Rule::named("J2V999").is_none() && Rule::find("nonsense").is_none());
    }
}
