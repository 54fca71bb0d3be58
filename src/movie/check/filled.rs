//! Applies the rules to the movie with its values filled in. A finding is then about the value of a variable, a flag or a cell,
//! and points to where that was written. Faults that the movie as written already shows are not reported again. Findings that
//! it showed only because values were not known are withdrawn.

use std::collections::HashSet;

use super::{Checker, Facts, Settings, movie};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::json::{Node, Span};
use crate::movie::origin::Written;

/// Rules about the document itself: the parts that an expansion leaves out are still wrong.
const OF_THE_DOCUMENT: [&str; 3] = ["J2V015", "J2V032", "J2V307"];

/// The rule that finds one more fault if a scene before it is left out: that the first scene has a transition.
const OF_THE_ORDER: &str = "J2V045";

/// The findings of the walk over the filled-in movie.
pub(super) struct FilledFindings {
    pub(super) found: Vec<Diagnostic>,
    /// Whether so much was found that the rest was not looked at.
    pub(super) is_cut_short: bool,
    /// The starts of the scenes whose length a finding is about.
    pub(super) told_of_length: HashSet<(u16, u32)>,
}

/// Walks over the movie with its values filled in; `None` if there are none.
pub(super) fn walk(facts: &Facts, settings: &Settings<'_>) -> Option<FilledFindings> {
    let document = facts.movie.as_ref().filter(|movie| !movie.origins.is_empty())?;
    let settings = Settings { as_template: false, facts: None, ..*settings };
    let mut checker = Checker::new(&document.root, &settings);
    checker.origins = Some(&document.origins);
    movie::check(&mut checker, &document.root);
    Some(FilledFindings { is_cut_short: checker.is_full(), found: checker.found, told_of_length: checker.told_of_length })
}

/// Merges the findings of both walks.
pub(super) fn merge(written: &mut Vec<Diagnostic>, filled: Vec<Diagnostic>, facts: &Facts) {
    let Some(origins) = facts.movie.as_ref().map(|movie| &movie.origins) else { return };
    let known: HashSet<(&str, Span)> = written.iter().map(|finding| (finding.code, finding.span)).collect();
    let shown: HashSet<(&str, Span)> = filled.iter().map(|finding| (finding.code, origins.used(finding.span))).collect();
    let is_right = |finding: &Diagnostic| shown.contains(&(finding.code, finding.span)) || is_beyond(finding, facts);
    let is_new = |finding: &Diagnostic| {
        let is_known = known.contains(&(finding.code, origins.used(finding.span)));
        !is_known && !is_of_variables(finding) && finding.code != OF_THE_ORDER
    };
    let new: Vec<_> = filled.into_iter().filter(is_new).map(|finding| at_its_origin(finding, facts)).collect();
    written.retain(is_right);
    written.extend(new);
}

/// Whether the finding is about variables themselves; the filled-in movie has none left.
fn is_of_variables(finding: &Diagnostic) -> bool {
    finding.code.starts_with("J2V2")
}

/// Whether the filled-in movie can't show the fault: it is about variables themselves, or parts that may be left out.
fn is_beyond(finding: &Diagnostic, facts: &Facts) -> bool {
    is_of_variables(finding) || OF_THE_DOCUMENT.contains(&finding.code) || facts.is_doubtful(finding.span)
}

/// A finding of the filled-in movie. If it is not about one value, a part that was left out may be its cause, and it does
/// not stop a submission.
fn at_its_origin(mut finding: Diagnostic, facts: &Facts) -> Diagnostic {
    if !facts.point_to_origin(&mut finding) && facts.is_less && finding.severity == Severity::Error {
        finding.doubted("what a condition leaves out may be the reason");
    }
    finding
}

impl Facts {
    /// Points a finding about a filled-in value to where that was written. Returns whether it is about one.
    pub(super) fn point_to_origin(&self, finding: &mut Diagnostic) -> bool {
        let Some(origin) = self.movie.as_ref().and_then(|movie| movie.origins.get(finding.span)) else { return false };
        finding.span = origin.place();
        finding.used = (origin.used != finding.span).then_some(origin.used);
        if !matches!(origin.written, Written::There(_)) && finding.label.is_none() {
            finding.labelled("with its variables filled in");
        }
        true
    }

    /// Whether a place is in a scene or an element that may be left out.
    pub(super) fn is_doubtful(&self, place: Span) -> bool {
        let start = |span: Span| (span.source, span.start);
        let before = self.doubtful.partition_point(|span| start(*span) <= start(place));
        let around = before.checked_sub(1).and_then(|last| self.doubtful.get(last));
        around.is_some_and(|span| span.source == place.source && place.end <= span.end)
    }
}

impl Checker<'_> {
    /// Whether a condition of the filled-in movie is undecided: a decided condition was removed.
    pub(super) fn is_undecided(&self, condition: Option<&Node>) -> bool {
        self.origins.is_some() && condition.is_some()
    }

    /// Lowers the errors from one finding on: they are inside a part whose condition can't be decided.
    pub(super) fn doubt_from(&mut self, first: usize) {
        for finding in self.found.iter_mut().skip(first).filter(|finding| finding.severity == Severity::Error) {
            finding.doubted(super::facts::MAY_BE_LEFT_OUT);
        }
    }
}
