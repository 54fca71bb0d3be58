//! The rules on the movie with its values filled in. A finding there is about what a variable, a flag or a cell holds, and
//! points where that was written. What the movie as it is written shows already is not reported again, and what it only
//! seems to show, since its values were not known, is taken back.

use std::collections::HashSet;

use super::{Checker, Facts, Settings, movie};
use crate::movie::diagnostic::{Diagnostic, Severity};
use crate::movie::json::{Node, Span};
use crate::movie::origin::Written;

/// Rules about the document itself: what an expansion leaves out of it stays wrong.
const OF_THE_DOCUMENT: [&str; 3] = ["J2V015", "J2V032", "J2V307"];

/// What the rules find once more when a scene is left out before it: that the first scene has a transition.
const OF_THE_ORDER: &str = "J2V045";

/// What the walk over the filled-in movie has found.
pub(super) struct Filled {
    pub(super) found: Vec<Diagnostic>,
    /// Where the scenes start whose length a finding speaks of.
    pub(super) told_of_length: HashSet<(u16, u32)>,
}

/// Walks over the movie with its values filled in; `None` where there are none.
pub(super) fn walk(facts: &Facts, settings: &Settings<'_>) -> Option<Filled> {
    let document = facts.movie.as_ref().filter(|movie| !movie.origins.is_empty())?;
    let settings = Settings { as_template: false, facts: None, ..*settings };
    let mut checker = Checker::new(&document.root, &settings);
    checker.origins = Some(&document.origins);
    movie::check(&mut checker, &document.root);
    Some(Filled { found: checker.found, told_of_length: checker.told_of_length })
}

/// Puts the findings of both walks together.
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

/// Whether it is about variables themselves, of which the filled-in movie has none left.
fn is_of_variables(finding: &Diagnostic) -> bool {
    finding.code.starts_with("J2V2")
}

/// Whether the filled-in movie can't tell: of variables themselves, and of what may be left out.
fn is_beyond(finding: &Diagnostic, facts: &Facts) -> bool {
    is_of_variables(finding) || OF_THE_DOCUMENT.contains(&finding.code) || facts.is_doubtful(finding.span)
}

/// A finding of the filled-in movie. What is about no value in particular is about what stands around them: what was left
/// out may be its reason, and that stops nobody.
fn at_its_origin(mut finding: Diagnostic, facts: &Facts) -> Diagnostic {
    if !facts.point_to_origin(&mut finding) && facts.is_less && finding.severity == Severity::Error {
        finding.doubted("what a condition leaves out may be the reason");
    }
    finding
}

impl Facts {
    /// Makes a finding about a value that was filled in point where that was written; tells whether it is about one.
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
    /// Whether a condition of the filled-in movie was left undecided: one that was decided is gone.
    pub(super) fn is_undecided(&self, condition: Option<&Node>) -> bool {
        self.origins.is_some() && condition.is_some()
    }

    /// Takes back the errors from one finding on: they are about what stands behind a condition that can't be decided.
    pub(super) fn doubt_from(&mut self, first: usize) {
        for finding in self.found.iter_mut().skip(first).filter(|finding| finding.severity == Severity::Error) {
            finding.doubted(super::facts::MAY_BE_LEFT_OUT);
        }
    }
}
