//! A string in the spelling in which it was written.

use std::borrow::Cow;
use std::fmt::{self, Write};

use ecow::EcoString;

use super::scan;

/// A JSON string as it is between its quotes; its escapes are decoded only on request. A short string needs
/// no memory of its own, and a copy of a long one shares its memory.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text {
    raw: EcoString,
    marks: Marks,
}

/// Flags for what most texts don't have, stored so that they are not searched for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Marks {
    /// A backslash. Without one, the text equals its spelling.
    pub(super) backslash: bool,
    /// A `{` or a `}`.
    pub(super) brace: bool,
}

/// The meaning of one piece of a spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// A character.
    Char(char),
    /// Half of a surrogate pair without its other half: JSON can spell it, Unicode has no such character.
    Lone(u16),
}

impl Text {
    /// The shortest spelling of a text: it escapes what must be escaped, nothing else.
    #[must_use]
    pub fn new(text: &str) -> Self {
        if scan::plain(text.as_bytes()) == text.len() {
            return Self { raw: text.into(), marks: Marks::default() };
        }
        let mut raw = String::with_capacity(text.len() + 8);
        text.chars().for_each(|letter| escape(letter, &mut raw));
        Self::spelled(&raw)
    }

    /// Accepts a valid spelling.
    pub(super) fn spelled(raw: &str) -> Self {
        Self::from_raw(raw, Marks { backslash: raw.contains('\\'), brace: raw.contains(['{', '}']) })
    }

    /// Accepts a spelling that the parser found to be valid, with the flags that it found.
    pub(super) fn from_raw(raw: &str, marks: Marks) -> Self {
        Self { raw: raw.into(), marks }
    }

    /// The spelling between the quotes.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The decoded text. A lone surrogate becomes U+FFFD.
    #[must_use]
    pub fn decoded(&self) -> Cow<'_, str> {
        if !self.marks.backslash {
            return Cow::Borrowed(&self.raw);
        }
        let letter = |unit| if let Unit::Char(letter) = unit { letter } else { char::REPLACEMENT_CHARACTER };
        Cow::Owned(self.units().map(letter).collect())
    }

    /// Whether the decoded text equals this text.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        if self.marks.backslash { self.decoded() == text } else { self.raw == text }
    }

    /// Whether the decoded text may have a `{` or a `}`. Most texts have none, which the flags say without a search.
    pub(crate) fn may_have_braces(&self) -> bool {
        self.marks.brace || self.marks.backslash
    }

    /// The pieces of the decoded text, lone surrogates included.
    pub(super) fn units(&self) -> Units<'_> {
        Units { rest: &self.raw }
    }
}

/// Writes a character in the spelling that JSON requires.
pub(super) fn escape(letter: char, raw: &mut String) {
    match letter {
        '"' => raw.push_str("\\\""),
        '\\' => raw.push_str("\\\\"),
        '\n' => raw.push_str("\\n"),
        '\r' => raw.push_str("\\r"),
        '\t' => raw.push_str("\\t"),
        '\u{8}' => raw.push_str("\\b"),
        '\u{c}' => raw.push_str("\\f"),
        control if control < ' ' => {
            let _ = write!(raw, "\\u{:04x}", u32::from(control));
        }
        other => raw.push(other),
    }
}

pub(super) struct Units<'t> {
    rest: &'t str,
}

impl Units<'_> {
    fn escaped(&mut self) -> Option<Unit> {
        let mut letters = self.rest.chars();
        let named = letters.next()?;
        self.rest = letters.as_str();
        Some(Unit::Char(match named {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => return Some(self.surrogates()),
            itself => itself,
        }))
    }

    fn surrogates(&mut self) -> Unit {
        let first = self.four_digits();
        if let Some(letter) = char::from_u32(u32::from(first)) {
            return Unit::Char(letter);
        }
        let Some(second) = self.rest.strip_prefix("\\u").and_then(|digits| u16::from_str_radix(digits.get(..4)?, 16).ok()) else {
            return Unit::Lone(first);
        };
        match char::decode_utf16([first, second]).next() {
            Some(Ok(letter)) => {
                self.rest = &self.rest[6..];
                Unit::Char(letter)
            }
            _ => Unit::Lone(first),
        }
    }

    fn four_digits(&mut self) -> u16 {
        let (digits, rest) = self.rest.split_at_checked(4).unwrap_or((self.rest, ""));
        self.rest = rest;
        u16::from_str_radix(digits, 16).unwrap_or(0xfffd)
    }
}

impl Iterator for Units<'_> {
    type Item = Unit;

    fn next(&mut self) -> Option<Unit> {
        let mut letters = self.rest.chars();
        let letter = letters.next()?;
        self.rest = letters.as_str();
        if letter == '\\' { self.escaped() } else { Some(Unit::Char(letter)) }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.raw)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.decoded())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_are_kept_until_they_are_asked_for() {
        let text = Text::spelled(r"caf\u00e9 \ud83d\ude00 \/ \n");
        assert_eq!(text.raw(), r"caf\u00e9 \ud83d\ude00 \/ \n");
        assert_eq!(text.decoded(), "café 😀 / \n");
    }

    #[test]
    fn a_lone_surrogate_reads_as_the_replacement_character() {
        assert_eq!(Text::spelled(r"a\ud800b\udc00\ud800").decoded(), "a\u{fffd}b\u{fffd}\u{fffd}");
        assert_eq!(Text::spelled(r"\ud800\ud83d\ude00").decoded(), "\u{fffd}😀");
    }

    #[test]
    fn an_escaped_key_is_found_by_what_it_stands_for() {
        assert!(Text::spelled(r"w\u0069dth").is("width"));
        assert!(!Text::spelled(r"a\nb").is(r"a\nb"));
    }

    proptest! {
        #[test]
        fn a_made_text_stands_for_what_it_was_made_of(text: String) {
            let made = Text::new(&text);
            prop_assert_eq!(made.decoded(), text.as_str());
            prop_assert!(made.is(&text));
        }

        #[test]
        fn any_spelling_can_be_read(raw in r#"([a-z\\"u0-9é]|\\u[0-9a-f]{4}){0,20}"#) {
            let _ = Text::spelled(&raw).decoded();
        }
    }
}
