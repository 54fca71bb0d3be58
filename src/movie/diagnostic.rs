//! What there is to say about a movie, and where: a code, a severity, a place, a way out. How it is shown is
//! the business of `output`.

use std::borrow::Cow;
use std::fmt;

use super::json::{Lenience, LenienceKind, ParseError, Span};

/// The code of what concerns the JSON itself: errors of the parser, and what it read although JSON doesn't have it.
pub const NOT_JSON: &str = "J2V001";

/// The code of a document whose root is no object.
pub const NOT_AN_OBJECT: &str = "J2V002";

/// A place as editors count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What values were written in, and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// A path, `-` for stdin; of a flag all of it but the value: `--var photo`.
    pub name: String,
    /// The text, without a byte order mark; a flag has none.
    pub text: String,
    /// The number of its first line: 1 for a file, the line's own for a movie that is one line of many.
    pub first_line: usize,
    /// What it is.
    pub kind: SourceKind,
}

/// What a source is.
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

/// As much of a text as a message quotes, 60 characters: a value may be a file long.
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
    /// The movie can't be sent, or would not render.
    Error,
    /// It may not do what was meant.
    Warning,
    /// Worth knowing.
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

/// What a rule rests on.
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

/// One thing to say about a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// What that rests on.
    pub evidence: Evidence,
    /// The rule, such as `J2V001`.
    pub code: &'static str,
    /// What was found.
    pub message: String,
    /// Where: of a value where it was written, be it the definition of a variable.
    pub span: Span,
    /// Where the value is used, when that is elsewhere.
    pub used: Option<Span>,
    /// What to write at the place: the likely reason.
    pub label: Option<String>,
    /// The way out.
    pub help: Option<String>,
    /// What a program may write by itself, where only one thing can be meant.
    pub fix: Option<Fix>,
}

/// A certain remedy: `text`, which is JSON, in the place of what stands at `span`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced.
    pub span: Span,
    /// By what.
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
        }
    }
}

impl Diagnostic {
    /// Whether it may stop a submission: a paying user is never stopped by a guess (`contract.md#checks-that-stop`).
    #[must_use]
    pub fn stops(&self) -> bool {
        self.severity == Severity::Error && matches!(self.evidence, Evidence::Live | Evidence::Documented)
    }

    /// The warnings for what was read although JSON doesn't have it: one for each kind, at its first place.
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
