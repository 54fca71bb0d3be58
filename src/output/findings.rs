//! The findings of a check: the place of each, and its form for programs.

use std::collections::HashMap;

use serde_json::json;

use crate::limits::FINDINGS;
use crate::movie::check::Rule;
use crate::movie::diagnostic::{Diagnostic, Position, Source, SourceKind};
use crate::movie::json::Span;

/// A finding at its place, as editors count it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placed<'a> {
    /// What was found.
    pub(crate) finding: &'a Diagnostic,
    /// The file, its line and column, and the byte at which that line starts; `None` for a value that a flag set.
    pub(crate) place: Option<(&'a Source, Position, usize)>,
    /// The end of the place.
    pub(crate) end: Option<Position>,
    /// The flag that set it, without its value.
    pub(crate) flag: Option<&'a str>,
    /// The file, line and column where the value is used, when it was written elsewhere.
    pub(crate) used: Option<(&'a Source, Position)>,
}

/// Locates findings in their files. In the order in which a check returns them, this takes one walk over each file, and one more
/// over the places where their values are used.
pub(crate) fn place<'a>(sources: &'a [Source], findings: &'a [Diagnostic]) -> Vec<Placed<'a>> {
    let source = |span: Span| sources.get(usize::from(span.source));
    let mut walk = Walk::START;
    let place = |finding: &'a Diagnostic| {
        let place = walk.place(sources, finding.span);
        let flag = source(finding.span).filter(|source| source.kind == SourceKind::Flag).map(|source| &*source.name);
        Placed { finding, place, end: None, flag, used: None }
    };
    let mut placed: Vec<_> = findings.iter().map(place).collect();
    let mut by_end: Vec<_> = placed.iter_mut().filter(|placed| placed.place.is_some()).collect();
    by_end.sort_by_key(|placed| (placed.finding.span.source, placed.finding.span.end));
    let mut walk = Walk::START;
    for one in by_end {
        let span = one.finding.span;
        one.end = walk.place(sources, Span { start: span.end, ..span }).map(|(_, position, _)| position);
    }
    let mut used: Vec<_> = placed.iter_mut().filter_map(|placed| Some((placed.finding.used?, placed))).collect();
    used.sort_by_key(|(span, _)| *span);
    let mut walk = Walk::START;
    for (span, placed) in used {
        placed.used = walk.place(sources, span).map(|(source, position, _)| (source, position));
    }
    placed
}

/// The same findings grouped by mistake, each with all of its places, in the order of their first places.
pub(crate) fn repeated(all: Vec<Placed<'_>>) -> Vec<Vec<Placed<'_>>> {
    let mut mistakes: Vec<Vec<Placed<'_>>> = Vec::new();
    let mut known = HashMap::new();
    for one in all {
        let Diagnostic { code, message, help, .. } = one.finding;
        let index = *known.entry((code, message, help)).or_insert(mistakes.len());
        match mistakes.get_mut(index) {
            Some(places) => places.push(one),
            None => mistakes.push(vec![one]),
        }
    }
    mistakes
}

/// Leaves out what is beyond the limit of findings, the least severe first, and says how many those are. The others keep their
/// order.
pub(crate) fn leave_out(mistakes: &mut Vec<Vec<Placed<'_>>>) -> usize {
    if !FINDINGS.is_passed_by(mistakes.len()) {
        return 0;
    }
    let severity = |places: &[Placed<'_>]| places.first().map(|first| first.finding.severity);
    let mut ranked: Vec<_> = std::mem::take(mistakes).into_iter().enumerate().collect();
    ranked.sort_by_key(|(_, places)| severity(places));
    let most = usize::try_from(FINDINGS.most).unwrap_or(usize::MAX);
    let left_out = ranked.drain(most..).map(|(_, places)| places.len()).sum();
    ranked.sort_unstable_by_key(|(index, _)| *index);
    mistakes.extend(ranked.into_iter().map(|(_, places)| places));
    left_out
}

const START: Position = Position { line: 1, column: 1 };

/// A position that only moves forward, so that every character is counted once.
struct Walk {
    of: usize,
    at: usize,
    line_start: usize,
    position: Position,
}

impl Walk {
    const START: Self = Self { of: usize::MAX, at: 0, line_start: 0, position: START };

    /// The file, line and column of a span, and where that line starts.
    fn place<'a>(&mut self, sources: &'a [Source], span: Span) -> Option<(&'a Source, Position, usize)> {
        let index = usize::from(span.source);
        let source = sources.get(index).filter(|source| source.kind == SourceKind::Text)?;
        self.go(index, &source.text, usize::try_from(span.start).unwrap_or(usize::MAX));
        let position = Position { line: self.position.line - 1 + source.first_line, ..self.position };
        Some((source, position, self.line_start))
    }

    fn go(&mut self, index: usize, text: &str, to: usize) {
        let to = boundary(text, to);
        if index != self.of || to < self.at {
            *self = Self { of: index, at: 0, line_start: 0, position: START };
        }
        let passed = &text[self.at..to];
        if let Some(last) = passed.rfind('\n') {
            self.position.line += passed.matches('\n').count();
            self.line_start = self.at + last + 1;
            self.position.column = 1 + text[self.line_start..to].chars().count();
        } else {
            self.position.column += passed.chars().count();
        }
        self.at = to;
    }
}

/// The place itself, or the start of the character that contains it.
pub(super) fn boundary(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

/// A finding as a line of JSON. When a flag set the value, `file` is the movie, line and column are null, and `flag`
/// names the flag. `pointer` is the JSON Pointer into the movie. `used` is the place that uses the value written there.
#[must_use]
pub(crate) fn to_json(movie: &str, placed: &Placed<'_>, pointer: &str) -> String {
    let Placed { finding, place, end, flag, used } = placed;
    json!({
        "file": place.map_or(movie, |(source, ..)| &source.name),
        "line": place.map(|(_, position, _)| position.line),
        "column": place.map(|(_, position, _)| position.column),
        "severity": finding.severity.to_string(),
        "code": finding.code,
        "name": Rule::find(finding.code).map(|rule| rule.name),
        "evidence": finding.evidence.to_string(),
        "message": finding.message,
        "flag": flag,
        "used": used.map(|(source, position)| json!({"file": source.name, "line": position.line, "column": position.column})),
        "label": finding.label,
        "help": finding.help,
        "stops": finding.stops(),
        "pointer": pointer,
        "end_line": end.map(|end| end.line),
        "end_column": end.map(|end| end.column),
        "fixable": finding.fix.is_some(),
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::movie::diagnostic::{Evidence, Severity};

    fn finding(start: u32) -> Diagnostic {
        let span = Span { source: 0, start, end: start };
        let (severity, evidence) = (Severity::Info, Evidence::Advice);
        Diagnostic {
            severity,
            evidence,
            code: "J2V006",
            message: String::new(),
            span,
            used: None,
            label: None,
            help: None,
            fix: None,
            denied: false,
        }
    }

    #[test]
    fn a_mistake_is_one_with_all_its_places() {
        let sources = [Source::new("m.json", "abc")];
        let other = Diagnostic { message: "another".to_owned(), ..finding(1) };
        let findings = [finding(0), other, finding(2)];
        let mistakes = repeated(place(&sources, &findings));
        let starts: Vec<Vec<_>> = mistakes.iter().map(|places| places.iter().map(|one| one.finding.span.start).collect()).collect();
        assert_eq!(starts, [vec![0, 2], vec![1]]);
    }

    proptest! {
        #[test]
        fn the_walk_counts_as_an_editor_does(text: String, mut starts: Vec<u32>, sorted: bool) {
            for start in &mut starts {
                *start %= 64;
            }
            if sorted {
                starts.sort_unstable();
            }
            let sources = [Source::new("m.json", text)];
            let findings: Vec<_> = starts.into_iter().map(finding).collect();
            for placed in place(&sources, &findings) {
                let (source, position, line_start) = placed.place.unwrap();
                prop_assert_eq!(position, source.position(placed.finding.span.start));
                prop_assert!(line_start == 0 || source.text.as_bytes()[line_start - 1] == b'\n');
            }
        }
    }
}
