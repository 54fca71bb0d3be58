//! A finding for people: the fault, its line with the place underlined, and the remedy.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};

use super::findings::{Placed, boundary};
use super::sanitize;
use crate::movie::diagnostic::{Severity, Source};
use crate::render::untrusted::is_harmless;
use crate::settings::Canvas;

/// A longer line is not shown: its place would be too hard to find.
const LONGEST_LINE: usize = 64 << 10;

/// The least width to which a line is cut.
const NARROWEST: usize = 40;

/// The number of other places of a mistake that are named.
const NAMED: usize = 5;

/// The finding in the style of a compiler, and the other places of the same mistake. `movie` is the subject of a finding
/// without a place in a file.
#[must_use]
pub(crate) fn render(movie: &str, placed: &Placed<'_>, others: &[Placed<'_>], canvas: Canvas) -> String {
    let finding = placed.finding;
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let report = level.primary_title(sanitize::line(&finding.message)).id(finding.code);
    let report = report.element(where_it_is(movie, placed));
    let from_flag = placed.place.is_none().then(|| Level::NOTE.message(setter(placed)));
    let used =
        placed.used.map(|(source, position)| Level::NOTE.message(format!("it is used at {}:{position}", sanitize::line(&source.name))));
    let again = (!others.is_empty()).then(|| Level::NOTE.message(named(placed, others)));
    let help = finding.help.as_deref().map(|help| Level::HELP.message(sanitize::line(help)));
    let renderer = if canvas.color { Renderer::styled() } else { Renderer::plain() };
    // A line that is too long is cut around the place: at the terminal's width, or at a width of the renderer's own.
    let renderer = match canvas.terminal {
        Some(width) => renderer.term_width(width.max(NARROWEST)),
        None => renderer,
    };
    renderer.render(&[report.elements(from_flag).elements(used).elements(help).elements(again)])
}

/// `and 60 more, at 14:5, 15:5, 16:5, 17:5, 18:5 …: --all shows each`.
fn named(first: &Placed<'_>, others: &[Placed<'_>]) -> String {
    let name = |other: &Placed<'_>| match (other.place, other.flag) {
        (Some((source, position, _)), _) if first.place.is_some_and(|(of, ..)| of.name == source.name) => position.to_string(),
        (Some((source, position, _)), _) => format!("{}:{position}", sanitize::line(&source.name)),
        (None, flag) => sanitize::line(flag.unwrap_or("a flag")).into_owned(),
    };
    let places = others.iter().take(NAMED).map(name).collect::<Vec<_>>().join(", ");
    let rest = if others.len() > NAMED { " …" } else { "" };
    format!("and {} more, at {places}{rest}: --all shows each", others.len())
}

/// The source of a value that is in no file.
fn setter(placed: &Placed<'_>) -> String {
    placed.flag.map_or_else(|| "set by a flag".to_owned(), |flag| format!("set by {}", sanitize::line(flag)))
}

fn where_it_is<'a>(movie: &'a str, placed: &Placed<'a>) -> Element<'a> {
    let Some((source, position, line_start)) = placed.place else { return Origin::path(sanitize::line(movie)).into() };
    let path = sanitize::line(&source.name);
    let rest = &source.text[line_start..];
    let length = rest.bytes().take(LONGEST_LINE + 1).position(|byte| byte == b'\n').unwrap_or(rest.len());
    if length > LONGEST_LINE {
        return Origin::path(path).line(position.line).char_column(position.column).into();
    }
    let line = rest[..length].trim_end_matches('\r');
    let ends = [placed.finding.span.start, placed.finding.span.end].map(|at| in_line(source, line_start, line.len(), at));
    let (line, [start, end]) = harmless(line, ends);
    // At least one character is underlined, and never more than the line.
    let next = line[start..].chars().next().map_or(start, |letter| start + letter.len_utf8());
    let annotation = AnnotationKind::Primary.span(start..end.max(next)).label(placed.finding.label.as_deref().map(sanitize::line));
    Snippet::source(line).path(path).line_start(position.line).annotation(annotation).into()
}

/// The line without characters that a terminal would obey, each replaced by a visible one, and the new positions of two
/// places in it.
fn harmless(line: &str, places: [usize; 2]) -> (Cow<'_, str>, [usize; 2]) {
    let is_shown = |c: char| c == '\t' || is_harmless(c);
    if line.chars().all(is_shown) {
        return (Cow::Borrowed(line), places);
    }
    let replaced = |text: &str| text.chars().map(|c| if is_shown(c) { c } else { char::REPLACEMENT_CHARACTER }).collect::<String>();
    let moved = places.map(|place| replaced(&line[..place]).len());
    (Cow::Owned(replaced(line)), moved)
}

/// Converts a byte offset in a file to one in a line.
fn in_line(source: &Source, line_start: usize, length: usize, at: u32) -> usize {
    let at = boundary(&source.text, usize::try_from(at).unwrap_or(usize::MAX));
    at.saturating_sub(line_start).min(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::findings::place;
    use super::*;
    use crate::movie::diagnostic::{Diagnostic, Evidence};
    use crate::movie::json::Span;

    fn shown(text: &str, span: Span) -> String {
        let (severity, evidence) = (Severity::Warning, Evidence::Advice);
        let (label, help) = (Some("here".to_owned()), Some("write `src`".to_owned()));
        let finding = [Diagnostic {
            severity,
            evidence,
            code: "J2V006",
            message: "no property".to_owned(),
            span,
            used: None,
            label,
            help,
            fix: None,
            denied: false,
        }];
        let sources = [Source::new("m.json", text)];
        place(&sources, &finding)
            .iter()
            .map(|placed| render("m.json", placed, &[], Canvas { width: 80, terminal: None, color: false }))
            .collect()
    }

    #[test]
    fn what_spans_lines_is_underlined_to_the_end_of_its_first() {
        let expected = "\
warning[J2V006]: no property
 --> m.json:2:3
  |
2 |   {\"é\": [
  |   ^^^^^^^ here
  |
  = help: write `src`";
        assert_eq!(shown("[\n  {\"é\": [\n1]}]", Span { source: 0, start: 4, end: 16 }), expected);
    }

    #[test]
    fn what_a_flag_has_set_says_so() {
        let text = shown("{}", Span::NONE);
        assert!(text.contains("m.json") && text.contains("set by a flag"), "{text}");
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_is_shown_without_control_characters(text in "[\\PC\\p{Cc}\u{202e}]*", start in 0u32..40, length in 0u32..40) {
            let shown = shown(&text, Span { source: 0, start, end: start + length });
            prop_assert!(shown.chars().all(|c| c == '\n' || is_harmless(c)), "{:?}", shown);
        }
    }
}
