//! A diagnostic of a movie: a code, a severity, a place, a fix. `output` decides how it is shown.

use std::borrow::Cow;
use std::fmt;

use super::json::{Lenience, LenienceKind, ParseError, Span};

/// The code for the JSON itself: errors of the parser, and extensions that the parser read although JSON doesn't have them.
pub const NOT_JSON: &str = "J2V001";

/// The code of a document whose root is not an object.
pub const NOT_AN_OBJECT: &str = "J2V002";

/// A place as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// A text that values were written in, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A path, or `-` for stdin; for a flag, all of it but the value: `--var photo`.
    pub name: String,
    /// The text, without a byte order mark; empty for a flag.
    pub text: String,
    /// The number of its first line: 1 for a file; for a movie of JSON Lines, the number of its line.
    pub first_line: usize,
    /// Whether it is a text or a flag.
    pub kind: SourceKind,
}

/// The kinds of sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// A text with lines and columns.
    Text,
    /// A flag of the command line.
    Flag,
}

impl Source {
    /// A text under a name. A byte order mark is taken off.
    #[must_use]
    pub fn new(name: &str, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        Self { name: name.to_owned(), text, first_line: 1, kind: SourceKind::Text }
    }

    /// A flag, without its value.
    #[must_use]
    pub fn flag(name: String) -> Self {
        Self { name, text: String::new(), first_line: 1, kind: SourceKind::Flag }
    }

    /// The line and the column of a byte. One past the end counts as the end.
    #[must_use]
    pub fn position(&self, offset: u32) -> Position {
        let before = self.before(offset);
        let line = before.matches('\n').count() + self.first_line;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Position { line, column }
    }

    /// The line that holds a byte, without its line break.
    #[must_use]
    pub fn line_text(&self, offset: u32) -> &str {
        let start = self.before(offset).rfind('\n').map_or(0, |end| end + 1);
        self.text[start..].lines().next().unwrap_or_default()
    }

    fn before(&self, offset: u32) -> &str {
        let wanted = usize::try_from(offset).unwrap_or(usize::MAX).min(self.text.len());
        let boundary = (0..=wanted).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        &self.text[..boundary]
    }
}

/// The longest message, in bytes.
const LONGEST: usize = 1000;

/// The part of a text that a message quotes, 60 characters: a value may be as long as a file.
#[must_use]
pub fn excerpt(text: &str) -> Cow<'_, str> {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// How much a diagnostic matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Error: the movie can't be sent, or would not render.
    Error,
    /// Warning: the movie may not do what the author meant.
    Warning,
    /// Information.
    Info,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        })
    }
}

/// The evidence for a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// Seen in a log of calls to the service.
    Live,
    /// Documented, and nothing contradicts it.
    Documented,
    /// Sources disagree.
    Disputed,
    /// Our own advice, or our own conclusion.
    Advice,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::Documented => "documented",
            Self::Disputed => "disputed",
            Self::Advice => "advice",
        })
    }
}

/// One message about a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// The evidence for it.
    pub evidence: Evidence,
    /// The rule, such as `J2V001`.
    pub code: &'static str,
    /// The message.
    pub message: String,
    /// The place where the value was written, which may be the definition of a variable.
    pub span: Span,
    /// Where the value is used, if that is another place.
    pub used: Option<Span>,
    /// The label at the place: the likely reason.
    pub label: Option<String>,
    /// The fix, in words.
    pub help: Option<String>,
    /// The replacement that a program may write by itself, if only one thing can be meant.
    pub fix: Option<Fix>,
    /// Whether only `--deny` or a project makes it an error. Those are about a check: a submission goes on.
    pub denied: bool,
}

/// A certain fix: write `text`, which is JSON, in place of `span`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// The place that is replaced.
    pub span: Span,
    /// The new text.
    pub text: String,
}

impl From<ParseError> for Diagnostic {
    fn from(error: ParseError) -> Self {
        Self {
            severity: Severity::Error,
            evidence: Evidence::Documented,
            code: NOT_JSON,
            message: format!("this is not JSON: {}", error.message),
            span: error.span,
            used: None,
            label: error.likely.map(|likely| likely.reason().to_owned()),
            help: error.help,
            fix: None,
            denied: false,
        }
    }
}

impl Diagnostic {
    /// Cuts words that are longer than anyone reads: they may hold a name or a value that is as long as a file.
    pub(in crate::movie) fn cut(&mut self) {
        let words = [Some(&mut self.message), self.label.as_mut(), self.help.as_mut()];
        for text in words.into_iter().flatten().filter(|text| text.len() > LONGEST) {
            let end = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            text.truncate(end);
            text.push('…');
        }
    }

    /// Whether it may stop a submission. A guess never stops a paying user (`contract.md#checks-that-stop`).
    #[must_use]
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error && !self.denied && matches!(self.evidence, Evidence::Live | Evidence::Documented)
    }

    /// The warnings for syntax that was read although JSON doesn't have it: one for each kind, at its first place.
    #[must_use]
    pub fn of_leniences(leniences: &[Lenience]) -> Vec<Self> {
        let kinds = [(LenienceKind::Comment, "comment"), (LenienceKind::TrailingComma, "trailing comma")];
        let warn = |(kind, name): (LenienceKind, &str)| {
            let of_kind = || leniences.iter().filter(|lenience| lenience.kind == kind);
            let first = of_kind().next()?;
            let message = match of_kind().count() {
                1 => format!("a {name}, which JSON does not have: it is not sent"),
                count => format!("{count} {name}s, which JSON does not have: they are not sent"),
            };
            Some(Self {
                severity: Severity::Warning,
                evidence: Evidence::Documented,
                code: NOT_JSON,
                message,
                span: first.span,
                used: None,
                label: None,
                help: None,
                fix: None,
                denied: false,
            })
        };
        kinds.into_iter().filter_map(warn).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_from_one() {
        let source = Source::new("movie.json", "\u{feff}{\r\n  \"é\": x\n}");
        let offset = u32::try_from(source.text.find('x').unwrap()).unwrap();
        assert_eq!(source.position(offset).to_string(), "2:8");
        assert_eq!(source.line_text(offset), "  \"é\": x");
        assert_eq!(source.position(0).to_string(), "1:1");
        assert_eq!(source.position(u32::MAX).to_string(), "3:2");
    }

    #[test]
    fn severities_sort_the_worst_first() {
        assert!(Severity::Error < Severity::Warning && Severity::Warning < Severity::Info);
    }

    proptest! {
        #[test]
        fn any_offset_has_a_place(text: String, offset: u32) {
            let source = Source::new("x", text);
            prop_assert!(source.position(offset).line <= source.text.lines().count() + 1);
            prop_assert!(!source.line_text(offset).contains('\n'));
        }
    }
}
