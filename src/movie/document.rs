//! A movie as it was written: the tree, the texts it was read from, and the warnings of the reading.

use std::error::Error;
use std::ffi::OsStr;
use std::fmt;
use std::path::Path;

use super::comment::is_allowance;
use super::diagnostic::{Diagnostic, Evidence, NOT_AN_OBJECT, NOT_JSON, Position, Severity, Source, SourceKind};
use super::json::{self, LenienceKind, Likely, Node, Span};
use super::origin::Origins;
use super::yaml;

/// A movie and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The movie. [`Document::parse`] always returns an object.
    pub root: Node,
    /// The texts that the spans of the tree point into: the file, and after it those that flags added.
    pub sources: Vec<Source>,
    /// Warnings of the reading.
    pub diagnostics: Vec<Diagnostic>,
    /// Where the values come from that an expansion filled in.
    pub(in crate::movie) origins: Origins,
}

impl Document {
    /// Reads a movie from a text. `name` is its name in messages, and decides the format: YAML under `.yaml` and
    /// `.yml`, JSON under `.json`; under any other name the text itself decides.
    ///
    /// # Errors
    /// When the text is not JSON or YAML (`J2V001`), or not an object (`J2V002`): the place, the likely reason, the fix.
    pub fn parse(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        Self::of_file(JsonFile::parse(name, text)?)
    }

    fn of_file(file: JsonFile) -> Result<Self, Box<Refused>> {
        if file.root.as_object().is_none() {
            return Err(file.refuse_root("a movie is an object"));
        }
        Ok(Self { root: file.root, sources: vec![file.source], diagnostics: file.diagnostics, origins: Origins::default() })
    }

    /// Reads a movie from the bytes of a file.
    ///
    /// # Errors
    /// As [`Document::parse`], and when the bytes are not UTF-8.
    pub fn read(name: &str, bytes: Vec<u8>) -> Result<Self, Box<Refused>> {
        Self::parse(name, decode(name, bytes)?)
    }

    /// The movies of JSON Lines; none when the text is one document. Text is taken for
    /// JSON Lines when its first line is an object and more follows.
    ///
    /// # Errors
    /// When the bytes are not UTF-8. A line that can't be read is an error of its own.
    pub fn read_lines(name: &str, bytes: &[u8]) -> Result<Vec<MovieLine>, Box<Refused>> {
        let mut lines = bytes.split(|&byte| byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
        let is_object = |line: &[u8]| {
            let text = std::str::from_utf8(line).unwrap_or_default().trim_start_matches('\u{feff}');
            text.trim_start().starts_with('{') && json::parse(text, 0).is_ok()
        };
        if !lines.clone().next().is_some_and(|(line, _)| is_object(line)) || lines.clone().nth(1).is_none() {
            return Ok(Vec::new());
        }
        lines.try_fold(Vec::new(), |mut movies, (line, number)| {
            let text = decode(name, line.to_vec())?;
            let source = Source { first_line: number, ..Source::new(name, text) };
            movies.push(MovieLine { number, movie: JsonFile::from_json(source).and_then(Self::of_file) });
            Ok(movies)
        })
    }

    /// A movie that a program made.
    #[must_use]
    pub fn made(root: Node) -> Self {
        Self { root, sources: Vec::new(), diagnostics: Vec::new(), origins: Origins::default() }
    }

    /// Where a span is: the name of its source, and the position of its start. `None` for a value that was never
    /// written in a file.
    #[must_use]
    pub fn place(&self, span: Span) -> Option<(&str, Position)> {
        let span = self.origins.written(span);
        let source = self.sources.get(usize::from(span.source)).filter(|source| source.kind == SourceKind::Text)?;
        Some((&source.name, source.position(span.start)))
    }

    /// The same in the form that people read: `listing.json:3:14`, or `--var photo` for a value that the flag set.
    #[must_use]
    pub fn place_name(&self, span: Span) -> Option<String> {
        self.spelled_place(span).or_else(|| Some(self.sources.get(usize::from(self.origins.written(span).source))?.name.clone()))
    }

    /// `listing.json:3:14`; `None` for a value that was never written in a file.
    #[must_use]
    pub fn spelled_place(&self, span: Span) -> Option<String> {
        self.place(span).map(|(name, position)| format!("{name}:{position}"))
    }

    /// `listing.json:3:14: `, to stand before a message; empty for a value that was never written in a file.
    #[must_use]
    pub fn place_prefix(&self, span: Span) -> String {
        self.spelled_place(span).map(|place| format!("{place}: ")).unwrap_or_default()
    }

    /// The movie without white space, as it is sent.
    #[must_use]
    pub fn to_compact(&self) -> String {
        self.root.to_compact()
    }

    /// The movie with line breaks and indentation, for people.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        self.root.to_pretty()
    }

    /// One spelling for all movies that mean the same: the input of a movie's hash (`protocol.md#words`).
    #[must_use]
    pub fn canonical(&self) -> String {
        self.root.canonical()
    }
}

/// A line of JSON Lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovieLine {
    /// Its number, from 1.
    pub number: usize,
    /// Its movie, or the reason why it has none.
    pub movie: Result<Document, Box<Refused>>,
}

/// A file that is refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The file.
    pub source: Source,
    /// The fault; its span points into the file.
    pub diagnostic: Diagnostic,
}

impl Refused {
    /// The place of the fault.
    #[must_use]
    pub fn position(&self) -> Position {
        self.source.position(self.diagnostic.span.start)
    }
}

/// `listing.json:3:12: what was found (the likely reason)`; the fix is in `diagnostic.help`.
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.source.name, self.position(), self.diagnostic.message)?;
        self.diagnostic.label.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
    }
}

impl Error for Refused {}

/// A file that holds JSON of any kind, or the same in YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JsonFile {
    pub(super) root: Node,
    pub(super) source: Source,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl JsonFile {
    /// Reads a text in the format that its name says; if the name says nothing, in the format that it looks like.
    pub(super) fn parse(name: &str, text: impl Into<String>) -> Result<Self, Box<Refused>> {
        let source = Source::new(name, text);
        if is_yaml(&source) { Self::from_yaml(source) } else { Self::from_json(source) }
    }

    fn from_yaml(source: Source) -> Result<Self, Box<Refused>> {
        match yaml::parse(&source.text, 0) {
            Ok(root) => Ok(Self { root, source, diagnostics: Vec::new() }),
            Err(error) => {
                let yaml::YamlError { span, message, help } = error;
                let (severity, evidence) = (Severity::Error, Evidence::Documented);
                let diagnostic = Diagnostic {
                    fix: None,
                    denied: false,
                    severity,
                    evidence,
                    code: NOT_JSON,
                    message,
                    span,
                    used: None,
                    label: None,
                    help: help.map(str::to_owned),
                };
                Err(Box::new(Refused { source, diagnostic }))
            }
        }
    }

    fn from_json(source: Source) -> Result<Self, Box<Refused>> {
        match json::parse(&source.text, 0) {
            Ok(json::Parsed { root, mut leniences }) => {
                let text = |span: Span| source.text.get(span.start as usize..span.end as usize).unwrap_or_default();
                leniences.retain(|one| one.kind != LenienceKind::Comment || !is_allowance(text(one.span)));
                Ok(Self { root, diagnostics: Diagnostic::of_leniences(&leniences), source })
            }
            Err(error) => Err(Box::new(Refused { source, diagnostic: error.into() })),
        }
    }

    /// Refuses the file because of the type of its root.
    pub(super) fn refuse_root(self, wanted: &str) -> Box<Refused> {
        let likely = self.root.as_text().filter(|text| json::parse(&text.decoded(), 0).is_ok_and(|inner| inner.root.as_object().is_some()));
        let likely = likely.map(|_| Likely::JsonInString);
        let (span, message) = (self.root.span, format!("{wanted}, this is {}", self.root.kind()));
        let is_list_of_movies = self.root.as_array().is_some_and(|items| items.iter().any(|item| item.get("scenes").is_some()));
        let otherwise = if is_list_of_movies {
            "take the movie out of the brackets: `jq '.[0]'` does it"
        } else {
            "write an object, `{ … }`, around or instead of it"
        };
        let way_out = likely.map_or(otherwise, Likely::way_out);
        self.refuse(span, message, likely.map(Likely::reason), Some(way_out))
    }

    /// Refuses the file because of the value at a place.
    pub(super) fn refuse(self, span: Span, message: String, label: Option<&str>, help: Option<&str>) -> Box<Refused> {
        let (label, help) = (label.map(str::to_owned), help.map(str::to_owned));
        let (severity, evidence) = (Severity::Error, Evidence::Documented);
        let diagnostic =
            Diagnostic { severity, evidence, code: NOT_AN_OBJECT, message, span, used: None, label, help, fix: None, denied: false };
        Box::new(Refused { source: self.source, diagnostic })
    }
}

fn is_yaml(source: &Source) -> bool {
    let extension = Path::new(&source.name).extension().map(OsStr::to_ascii_lowercase);
    match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => true,
        Some("json") => false,
        _ => yaml::looks_like_yaml(&source.text),
    }
}

/// The text of a file.
fn decode(name: &str, bytes: Vec<u8>) -> Result<String, Box<Refused>> {
    String::from_utf8(bytes).map_err(|error| {
        let at = u32::try_from(error.utf8_error().valid_up_to()).unwrap_or(u32::MAX);
        let bytes = error.as_bytes();
        let likely = match bytes {
            [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Some(Likely::Utf32),
            [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Some(Likely::Utf16),
            _ if bytes.iter().take(64).any(|&byte| byte == 0) || bytes.starts_with(&[0x1f, 0x8b]) => Some(Likely::Binary),
            _ => None,
        };
        let diagnostic = Diagnostic {
            fix: None,
            denied: false,
            severity: Severity::Error,
            evidence: Evidence::Documented,
            code: NOT_JSON,
            message: "this is not JSON: it is not UTF-8 from here on".to_owned(),
            span: Span { source: 0, start: at, end: at },
            used: None,
            label: likely.map(|likely| likely.reason().to_owned()),
            help: Some(likely.map_or("save the file as UTF-8", Likely::way_out).to_owned()),
        };
        // Not `Source::new`: the place is counted with the byte order mark.
        let source =
            Source { name: name.to_owned(), text: String::from_utf8_lossy(bytes).into_owned(), first_line: 1, kind: SourceKind::Text };
        Box::new(Refused { source, diagnostic })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_movie_is_read_with_its_leniences_as_warnings() {
        let text = "{\n  // the size\n  \"width\": 1.50, // px\n  \"scenes\": [],\n}";
        let document = Document::parse("m.json", text).unwrap();
        assert_eq!(document.to_compact(), r#"{"width":1.50,"scenes":[]}"#);
        let told: Vec<_> = document.diagnostics.iter().map(|warning| (warning.severity, warning.code, warning.message.as_str())).collect();
        assert_eq!(
            told,
            [
                (Severity::Warning, "J2V001", "2 comments, which JSON does not have: they are not sent"),
                (Severity::Warning, "J2V001", "a trailing comma, which JSON does not have: it is not sent"),
            ]
        );
        let width = document.root.get("width").unwrap();
        assert_eq!(document.place(width.span), Some(("m.json", Position { line: 3, column: 12 })));
    }

    #[test]
    fn a_refusal_says_file_line_column_and_the_likely_reason() {
        let refused = Document::parse("m.json", "{\n  \"width\": {{ $json.width }},\n}").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "m.json:2:12: this is not JSON: expected a key in double quotes or `}`, found `{{ $json.width }}` \
             (an n8n placeholder stands outside quotes: n8n puts the value there only when it runs)"
        );
        assert!(refused.diagnostic.help.unwrap().contains("copy the body that n8n sends"));
    }

    #[test]
    fn only_an_object_is_a_movie() {
        let refused = Document::parse("m.json", " [1]").unwrap_err();
        assert_eq!(refused.to_string(), "m.json:1:2: a movie is an object, this is an array");
        assert_eq!(refused.diagnostic.code, "J2V002");
        let twice = Document::parse("m.json", r#""{\"scenes\": []}""#).unwrap_err();
        assert_eq!(twice.diagnostic.label.as_deref(), Some(Likely::JsonInString.reason()));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_refused_where_they_begin() {
        let refused = Document::read("m.json", b"{\n\"a\": \"caf\xe9\"}".to_vec()).unwrap_err();
        assert_eq!(refused.to_string(), "m.json:2:10: this is not JSON: it is not UTF-8 from here on");
        let wide = Document::read("m.json", vec![0xff, 0xfe, b'{', 0, b'}', 0]).unwrap_err();
        assert_eq!(wide.diagnostic.label.as_deref(), Some(Likely::Utf16.reason()));
        let wider = Document::read("m.json", vec![0xff, 0xfe, 0, 0, b'{', 0, 0, 0]).unwrap_err();
        assert_eq!(wider.diagnostic.label.as_deref(), Some(Likely::Utf32.reason()));
        assert!(Document::read("m.json", b"\xef\xbb\xbf{}".to_vec()).is_ok());
    }
}
