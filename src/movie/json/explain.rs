//! The error message for a text that is not JSON: what was found, the likely reason, the fix. Runs only
//! after the parser has stopped, so it need not be fast.

use super::stop::{Cause, Expected, ParseStop};
use super::{DEEPEST, Likely, Span};
use crate::limits::VALUES;

/// Words that start a line of code rather than of JSON.
const CODE: [&str; 12] =
    ["const ", "let ", "var ", "export ", "import ", "module.exports", "function ", "return ", "from ", "def ", "<?php", "async "];

/// Words that start a shell command which sends a movie.
const SHELL: [&str; 8] = ["curl ", "$ ", "#!", "wget ", "http ", "https ", "invoke-restmethod", "invoke-webrequest"];

/// Why a text is not JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    /// The place where it stops being JSON.
    pub span: Span,
    /// What was found there.
    pub message: String,
    /// The likely reason, if one was found.
    pub likely: Option<Likely>,
    /// The fix.
    pub help: Option<String>,
}

pub(super) fn explain(text: &str, source: u16, stop: ParseStop, open: &[usize]) -> ParseError {
    let scene = StoppedAt { text, at: stop.at, open };
    let likely = scene.whole_file(stop.cause).or_else(|| scene.here(stop.cause));
    let (start, end) = scene.extent(stop.cause, likely);
    ParseError {
        span: Span::of_bytes(source, start, end),
        message: scene.message(stop.cause, start, end),
        likely,
        help: likely.map(|likely| likely.way_out().to_owned()).or_else(|| scene.help(stop.cause)),
    }
}

/// The text, and the place where the parser stopped in it.
struct StoppedAt<'t> {
    text: &'t str,
    at: usize,
    open: &'t [usize],
}

impl<'t> StoppedAt<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn before(&self) -> &'t str {
        self.text.get(..self.at).unwrap_or_default()
    }

    /// Reasons that follow from the kind of file.
    fn whole_file(&self, cause: Cause) -> Option<Likely> {
        let start = self.text.trim_start_matches('\u{feff}').trim_start();
        if self.text.bytes().take(64).any(|byte| byte == 0) {
            return Some(if start.starts_with(['{', '[']) { Likely::Utf16 } else { Likely::Binary });
        }
        if self.rest().is_empty() && self.open.is_empty() && cause == Cause::Expected(Expected::Value) {
            return Some(Likely::Empty);
        }
        if self.at + start.len() > self.text.len() + 1 {
            return None;
        }
        let lower = start.get(..40).unwrap_or(start).to_ascii_lowercase();
        let starts_with_any = |words: &[&str]| words.iter().any(|word| lower.starts_with(word));
        Some(match () {
            () if start.starts_with("={") || start.starts_with("=[") || start.starts_with("= ") || start.starts_with("=\n") => {
                Likely::N8nExpression
            }
            () if start.starts_with("{%") || start.starts_with("<%") => Likely::TemplateSyntax,
            () if starts_with_any(&CODE) => Likely::Code,
            () if start.starts_with('<') => Likely::Html,
            () if starts_with_any(&SHELL) => Likely::Shell,
            () if start.starts_with("```") => Likely::CodeFence,
            () if start.starts_with("{\\\"") || start.starts_with("[{\\\"") => Likely::EscapedJson,
            () if is_assignment(start) => Likely::Code,
            () if is_yaml(start) => Likely::Yaml,
            () if self.is_prose(start) => Likely::Prose,
            () => return None,
        })
    }

    /// Words before an object: the parser stopped at the first word.
    fn is_prose(&self, start: &str) -> bool {
        let words = start.split('{').next().unwrap_or(start);
        let is_told = words.len() < start.len() && words.split_whitespace().count() > 1;
        is_told && self.open.is_empty() && start.starts_with(char::is_alphabetic) && self.rest().starts_with(words)
    }

    /// Reasons at the place where the parser stopped.
    fn here(&self, cause: Cause) -> Option<Likely> {
        match cause {
            Cause::OpenString | Cause::OpenComment => Some(Likely::Cut),
            Cause::Control if self.rest().starts_with(['\n', '\r']) => Some(Likely::RawNewline),
            Cause::Control => Some(Likely::RawControl),
            Cause::Escape if self.rest().len() < 2 => Some(Likely::Cut),
            Cause::Escape => Some(Likely::WrongEscape),
            Cause::Number(good) => Some(self.number(good)),
            Cause::Deep | Cause::Many | Cause::Large => None,
            Cause::Expected(_) if self.rest().is_empty() => Some(Likely::Cut),
            Cause::Expected(expected) => self.placeholder().or_else(|| self.letter(expected)),
        }
    }

    /// A placeholder of a no-code tool or of a template engine, outside quotes.
    fn placeholder(&self) -> Option<Likely> {
        let rest = if self.opened_just_here() { self.text.get(self.at - 1..).unwrap_or_default() } else { self.rest() };
        if ["{%", "<%", "${", "{#", "%("].iter().any(|mark| rest.starts_with(mark)) {
            return Some(Likely::TemplateSyntax);
        }
        let inside = rest.strip_prefix("{{")?;
        let inside = inside.split("}}").next().unwrap_or(inside).trim();
        Some(match () {
            () if ["$json", "$node", "$(", "$input", "$item", "$env", "$now", "json."].iter().any(|mark| inside.contains(mark)) => {
                Likely::N8nPlaceholder
            }
            () if inside.starts_with(|letter: char| letter.is_ascii_digit()) && inside.contains('.') => Likely::MakePlaceholder,
            () => Likely::Placeholder,
        })
    }

    /// Whether the parser read the brace just before as the start of an object.
    fn opened_just_here(&self) -> bool {
        self.at > 0 && self.open.last() == Some(&(self.at - 1))
    }

    fn letter(&self, expected: Expected) -> Option<Likely> {
        let rest = self.rest();
        let letter = rest.chars().next()?;
        Some(match letter {
            '\'' => Likely::SingleQuotes,
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '″' => Likely::SmartQuotes,
            '`' => Likely::Backtick,
            '…' => Likely::LeftOut,
            '.' if rest.starts_with("...") => Likely::LeftOut,
            '#' => Likely::HashComment,
            ';' => Likely::Semicolon,
            '=' if expected == Expected::Colon => Likely::EqualsSign,
            '\\' if rest.starts_with("\\\"") => Likely::EscapedJson,
            '+' | '.' if expected == Expected::Value => Likely::NumberForm,
            '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{3000}' | '\u{feff}' => Likely::OddSpace,
            _ => return self.by_what_was_expected(expected, letter),
        })
    }

    fn by_what_was_expected(&self, expected: Expected, letter: char) -> Option<Likely> {
        let is_word = letter.is_alphabetic() || letter == '_' || letter == '$';
        let starts_value = is_word || letter.is_ascii_digit() || matches!(letter, '"' | '{' | '[' | '-');
        match expected {
            Expected::Value if is_word => Some(self.word()),
            Expected::Value if letter == ',' && self.before().trim_end().ends_with(':') => Some(Likely::MissingValue),
            Expected::Value | Expected::Key if letter == ',' => Some(Likely::ExtraComma),
            Expected::Value if letter == '}' && self.before().trim_end().ends_with(':') => Some(Likely::MissingValue),
            Expected::Value if matches!(letter, '}' | ']' | ')') => Some(Likely::WrongBracket),
            Expected::Key if is_word => Some(Likely::UnquotedKey),
            Expected::CommaInArray | Expected::CommaInObject if is_word && self.before().ends_with('"') => Some(Likely::UnescapedQuote),
            Expected::CommaInArray | Expected::CommaInObject if starts_value => Some(Likely::MissingComma),
            Expected::CommaInArray if letter == '}' => Some(Likely::WrongBracket),
            Expected::Key | Expected::CommaInObject if letter == ']' => Some(Likely::WrongBracket),
            Expected::End if matches!(letter, '}' | ']' | ')') => Some(Likely::ExtraBracket),
            Expected::End if is_word => Some(Likely::Prose),
            Expected::End if starts_value || letter == ',' => Some(Likely::SeveralDocuments),
            _ => None,
        }
    }

    fn word(&self) -> Likely {
        match word(self.rest()) {
            "True" | "False" | "None" => Likely::PythonWord,
            "NaN" | "Infinity" | "undefined" => Likely::JavaScriptWord,
            word if ["true", "false", "null"].contains(&word.to_ascii_lowercase().as_str()) => Likely::WordCase,
            cut if ["true", "false", "null"].iter().any(|whole| whole.starts_with(cut)) && self.rest() == cut => Likely::Cut,
            word if self.rest()[word.len()..].starts_with(['.', '('])
                && self.rest().lines().next().is_some_and(|line| line.contains('(')) =>
            {
                Likely::CodeAsValue
            }
            _ => Likely::UnquotedText,
        }
    }

    fn number(&self, good: usize) -> Likely {
        let rest = self.rest();
        match rest.get(good..).unwrap_or_default() {
            "" => Likely::Cut,
            _ if rest.starts_with("-Infinity") => Likely::JavaScriptWord,
            after if after.starts_with(char::is_alphabetic) && !rest.starts_with("0x") => Likely::UnquotedText,
            _ => Likely::NumberForm,
        }
    }

    /// The span that the message points at.
    fn extent(&self, cause: Cause, likely: Option<Likely>) -> (usize, usize) {
        let is_placeholder =
            matches!(likely, Some(Likely::N8nPlaceholder | Likely::MakePlaceholder | Likely::Placeholder | Likely::TemplateSyntax));
        let start = if is_placeholder && self.opened_just_here() { self.at - 1 } else { self.at };
        let rest = &self.text[start..];
        let line = rest.lines().next().unwrap_or_default();
        let length = match cause {
            _ if is_placeholder => line.find("}}").map_or(line.len(), |end| end + 2),
            Cause::OpenString => line.len(),
            Cause::OpenComment => 2,
            Cause::Escape => rest.chars().take(2).map(char::len_utf8).sum(),
            Cause::Number(_) => run(rest, |letter| letter.is_ascii_alphanumeric() || "+-._".contains(letter)),
            _ => word(rest).len().max(rest.chars().next().map_or(0, char::len_utf8)),
        };
        (start, start + length)
    }

    fn message(&self, cause: Cause, start: usize, end: usize) -> String {
        let found = || found(&self.text[start..end]);
        match cause {
            Cause::Expected(Expected::Value) if self.text.trim().is_empty() => "there is nothing in it".to_owned(),
            Cause::Expected(expected) if self.rest().is_empty() => {
                format!("the text ends where {} must follow{}", expected.name(), self.still_open())
            }
            Cause::Expected(expected) => format!("expected {}, found {}", expected.name(), found()),
            Cause::OpenString => format!("the text ends inside a string{}", self.still_open()),
            Cause::OpenComment => "the comment that starts here never ends".to_owned(),
            Cause::Control => format!("a string may not hold {} as it is", control(self.rest())),
            Cause::Escape => format!("{} is not a JSON escape", found()),
            Cause::Number(_) => format!("{} is not a number", found()),
            Cause::Deep => format!("arrays and objects nest deeper than {DEEPEST} levels here"),
            Cause::Many => format!("this file has {}", VALUES.passed()),
            Cause::Large => "the text is larger than 4 GiB".to_owned(),
        }
    }

    /// The arrays and objects that the text leaves open, the innermost with its place.
    fn still_open(&self) -> String {
        let Some(&innermost) = self.open.last() else { return String::new() };
        let before = &self.text[..innermost];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let bracket = if self.text[innermost..].starts_with('{') { "`{`" } else { "`[`" };
        match self.open.len() {
            1 => format!("; the {bracket} of line {line}, column {column} is still open"),
            count => format!("; {count} brackets are still open, the innermost is the {bracket} of line {line}, column {column}"),
        }
    }

    fn help(&self, cause: Cause) -> Option<String> {
        match cause {
            Cause::Deep => Some("a movie nests 10 levels or so: look for a file that contains itself".to_owned()),
            Cause::Many => Some("split the movie, or take out what it does not use".to_owned()),
            Cause::Expected(Expected::Colon) => Some("write `:` between the key and its value".to_owned()),
            Cause::Expected(Expected::CommaInArray | Expected::CommaInObject) if !self.open.is_empty() => {
                Some(format!("put a comma or the closing bracket here{}", self.still_open()))
            }
            _ => None,
        }
    }
}

fn run(text: &str, fits: impl Fn(char) -> bool) -> usize {
    text.find(|letter| !fits(letter)).unwrap_or(text.len())
}

/// The word at the start of a text.
fn word(text: &str) -> &str {
    &text[..run(text, |letter| letter.is_alphanumeric() || letter == '_' || letter == '$')]
}

fn found(what: &str) -> String {
    if what.chars().count() <= 40 {
        return format!("`{}`", what.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'").replace("\\\\", "\\"));
    }
    format!("`{}…`", what.chars().take(40).collect::<String>())
}

fn control(text: &str) -> String {
    match text.chars().next() {
        Some('\n' | '\r') => "a line break".to_owned(),
        Some('\t') => "a tab".to_owned(),
        other => format!("the control character U+{:04X}", u32::from(other.unwrap_or_default())),
    }
}

/// An assignment of Python or JavaScript: `movie = {`.
fn is_assignment(text: &str) -> bool {
    let name = word(text);
    !name.is_empty() && text[name.len()..].trim_start().strip_prefix('=').is_some_and(|value| value.trim_start().starts_with(['{', '[']))
}

/// `---`, or a first line `key: value`, `key:` or `- item`.
fn is_yaml(text: &str) -> bool {
    let line = text.lines().find(|line| !line.starts_with('#')).unwrap_or_default().trim_end();
    let key = &line[..run(line, |letter| letter.is_alphanumeric() || letter == '-' || letter == '_')];
    let after = &line[key.len()..];
    line == "---" || line.starts_with("- ") || (!key.is_empty() && (after == ":" || after.starts_with(": ")))
}
