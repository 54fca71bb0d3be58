//! Parses a text to a tree in one pass. It reads strict JSON, and also what authors' files have: comments, trailing
//! commas, a byte order mark. Each of the first two is recorded as a lenience.

use super::explain::{ParseError, explain};
use super::stop::{Cause, Expected, ParseStop};
use super::text::Marks;
use super::{DEEPEST, Member, Node, Number, Span, Text, Value, number, scan};
use crate::limits::VALUES;

/// A text that was read.
#[derive(Debug, Clone)]
pub struct Parsed {
    /// The tree.
    pub root: Node,
    /// The extensions that were read although JSON doesn't have them, in the order of the text.
    pub leniences: Vec<Lenience>,
}

/// An extension that was read although JSON doesn't have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lenience {
    /// Its kind.
    pub kind: LenienceKind,
    /// Its place.
    pub span: Span,
}

/// The kinds of extensions that are read although JSON doesn't have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LenienceKind {
    /// `// …` or `/* … */`.
    Comment,
    /// A comma before `]` or `}`.
    TrailingComma,
}

/// Reads a text as one JSON value. `source` is the source index of its spans.
///
/// # Errors
/// When the text is not JSON even with comments and trailing commas. The error has the place, what was found there,
/// the likely reason and the fix.
pub fn parse(text: &str, source: u16) -> Result<Parsed, ParseError> {
    let mut parser = JsonParser::new(text, source);
    match parser.document() {
        Ok(root) => Ok(Parsed { root, leniences: parser.leniences }),
        Err(stop) => Err(explain(text, source, stop, &parser.open)),
    }
}

struct JsonParser<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    source: u16,
    /// The starts of the arrays and objects that are still open.
    open: Vec<usize>,
    /// The members of the objects that are still open, the innermost last. A closed one takes its own from the end, into a
    /// vector of just their number: nothing grows, and no room is kept for members that never come.
    members: Vec<Member>,
    /// The same for the items of arrays.
    items: Vec<Node>,
    /// The number of values that were begun.
    values: usize,
    leniences: Vec<Lenience>,
}

impl<'t> JsonParser<'t> {
    fn new(text: &'t str, source: u16) -> Self {
        let bytes = text.as_bytes();
        Self { text, bytes, at: 0, source, open: Vec::new(), members: Vec::new(), items: Vec::new(), values: 0, leniences: Vec::new() }
    }

    fn document(&mut self) -> Result<Node, ParseStop> {
        if u32::try_from(self.bytes.len()).is_err() {
            return Err(ParseStop { at: 0, cause: Cause::Large });
        }
        if self.text.starts_with('\u{feff}') {
            self.at = 3;
        }
        self.space()?;
        let root = self.value()?;
        self.space()?;
        if self.at < self.bytes.len() { Err(self.expected(Expected::End)) } else { Ok(root) }
    }

    fn value(&mut self) -> Result<Node, ParseStop> {
        let start = self.at;
        self.values += 1;
        if VALUES.is_passed_by(self.values) {
            return Err(ParseStop { at: start, cause: Cause::Many });
        }
        let value = match self.peek() {
            Some(b'"') => Value::String(self.string()?),
            Some(b'{') => self.object()?,
            Some(b'[') => self.array()?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            _ => return Err(self.expected(Expected::Value)),
        };
        Ok(Node { span: self.span(start), value })
    }

    fn object(&mut self) -> Result<Value, ParseStop> {
        self.enter()?;
        let first = self.members.len();
        let mut comma = None;
        loop {
            self.space()?;
            match self.peek() {
                Some(b'"') => {
                    let member = self.member()?;
                    self.members.push(member);
                }
                Some(b'}') => break self.trailing(comma),
                _ => return Err(self.expected(Expected::Key)),
            }
            self.space()?;
            match self.peek() {
                Some(b',') => comma = Some(self.step()),
                Some(b'}') => break,
                _ => return Err(self.expected(Expected::CommaInObject)),
            }
        }
        self.leave();
        Ok(Value::Object(self.members.split_off(first)))
    }

    fn member(&mut self) -> Result<Member, ParseStop> {
        let start = self.at;
        let key = self.string()?;
        let key_span = self.span(start);
        self.space()?;
        if self.peek() != Some(b':') {
            return Err(self.expected(Expected::Colon));
        }
        self.step();
        self.space()?;
        Ok(Member { key, key_span, value: self.value()? })
    }

    fn array(&mut self) -> Result<Value, ParseStop> {
        self.enter()?;
        let first = self.items.len();
        let mut comma = None;
        loop {
            self.space()?;
            if self.peek() == Some(b']') {
                break self.trailing(comma);
            }
            let item = self.value()?;
            self.items.push(item);
            self.space()?;
            match self.peek() {
                Some(b',') => comma = Some(self.step()),
                Some(b']') => break,
                _ => return Err(self.expected(Expected::CommaInArray)),
            }
        }
        self.leave();
        Ok(Value::Array(self.items.split_off(first)))
    }

    fn enter(&mut self) -> Result<(), ParseStop> {
        if self.open.len() == DEEPEST {
            return Err(ParseStop { at: self.at, cause: Cause::Deep });
        }
        self.open.push(self.at);
        self.step();
        Ok(())
    }

    fn leave(&mut self) {
        self.open.pop();
        self.step();
    }

    fn trailing(&mut self, comma: Option<usize>) {
        if let Some(comma) = comma {
            self.lenient(LenienceKind::TrailingComma, comma, comma + 1);
        }
    }

    fn string(&mut self) -> Result<Text, ParseStop> {
        let open = self.step();
        let mut marks = Marks::default();
        loop {
            self.at += scan::plain(&self.bytes[self.at..]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    marks.backslash = true;
                    self.escape()?;
                }
                Some(b'{' | b'}') => {
                    marks.brace = true;
                    self.step();
                }
                Some(_) => return Err(ParseStop { at: self.at, cause: Cause::Control }),
                None => return Err(ParseStop { at: open, cause: Cause::OpenString }),
            }
        }
        let text = Text::from_raw(&self.text[open + 1..self.at], marks);
        self.step();
        Ok(text)
    }

    fn escape(&mut self) -> Result<(), ParseStop> {
        let length = match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if self.bytes.get(self.at + 2..self.at + 6).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)) => 6,
            _ => return Err(ParseStop { at: self.at, cause: Cause::Escape }),
        };
        self.at += length;
        Ok(())
    }

    fn number(&mut self) -> Result<Value, ParseStop> {
        let start = self.at;
        let length = number::length(&self.bytes[start..]).map_err(|good| ParseStop { at: start, cause: Cause::Number(good) })?;
        self.at += length;
        Ok(Value::Number(Number::from_raw(&self.text[start..self.at])))
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, ParseStop> {
        let rest = &self.bytes[self.at..];
        let goes_on = rest.get(word.len()).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if !rest.starts_with(word.as_bytes()) || goes_on {
            return Err(self.expected(Expected::Value));
        }
        self.at += word.len();
        Ok(value)
    }

    /// Skips white space and comments.
    #[inline]
    fn space(&mut self) -> Result<(), ParseStop> {
        // Usually there is nothing, or the one space after a colon.
        if self.peek() == Some(b' ') {
            self.step();
        }
        match self.peek() {
            Some(b'/' | ..=b' ') => self.space_and_comments(),
            _ => Ok(()),
        }
    }

    /// Kept apart, so that the usual case is found in place.
    #[inline(never)]
    fn space_and_comments(&mut self) -> Result<(), ParseStop> {
        loop {
            self.at += scan::space(&self.bytes[self.at..]);
            if self.peek() != Some(b'/') || !matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')) {
                return Ok(());
            }
            self.comment()?;
        }
    }

    fn comment(&mut self) -> Result<(), ParseStop> {
        let (start, inside) = (self.at, &self.text[self.at + 2..]);
        let length = if self.bytes[start + 1] == b'/' {
            inside.find('\n').unwrap_or(inside.len())
        } else {
            inside.find("*/").ok_or(ParseStop { at: start, cause: Cause::OpenComment })? + 2
        };
        self.at = start + 2 + length;
        self.lenient(LenienceKind::Comment, start, self.at);
        Ok(())
    }

    fn lenient(&mut self, kind: LenienceKind, start: usize, end: usize) {
        self.leniences.push(Lenience { kind, span: Span::of_bytes(self.source, start, end) });
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Skips one byte. Returns its position.
    fn step(&mut self) -> usize {
        self.at += 1;
        self.at - 1
    }

    fn expected(&self, expected: Expected) -> ParseStop {
        ParseStop { at: self.at, cause: Cause::Expected(expected) }
    }

    fn span(&self, start: usize) -> Span {
        Span::of_bytes(self.source, start, self.at)
    }
}
