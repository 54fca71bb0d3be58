//! Splits a string into literal text and `{{ … }}` blocks.

use super::{ByteRange, Fault, FaultKind};
use crate::movie::json::{self, Text};

/// A piece of a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'t> {
    /// Literal text.
    Literal(&'t str),
    /// A block.
    Block(Block<'t>),
}

/// `{{ … }}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'t> {
    /// Its place in the string, braces included.
    pub range: ByteRange,
    /// The text with its braces.
    pub written: &'t str,
    /// The text between its braces.
    pub inside: &'t str,
}

impl Block<'_> {
    /// The place in the string of a range inside the block.
    #[must_use]
    pub fn place(&self, inside: ByteRange) -> ByteRange {
        inside.within(self.range.start + OPEN.len())
    }
}

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// Whether a text holds a `{{`.
#[must_use]
pub fn is_template(text: &str) -> bool {
    pair(text, b'{').is_some()
}

/// Whether a string of a movie holds a `{{`.
#[must_use]
pub fn is_open(text: &Text) -> bool {
    text.may_have_braces() && is_template(&text.decoded())
}

/// The position of the first doubled brace.
pub(in crate::movie) fn pair(text: &str, brace: u8) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + json::find(&text[from..], brace)?;
        if text.as_bytes().get(at + 1) == Some(&brace) {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The pieces of a string, in order. After an error there are no more.
#[must_use]
pub fn parts(text: &str) -> Parts<'_> {
    Parts { text, at: 0 }
}

/// The block that a string consists of, if it is one block and nothing else.
#[must_use]
pub fn sole_block(text: &str) -> Option<Block<'_>> {
    match parts(text).next()? {
        Ok(Part::Block(block)) if block.written.len() == text.len() => Some(block),
        _ => None,
    }
}

/// The pieces of a string.
#[derive(Debug, Clone)]
pub struct Parts<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Iterator for Parts<'t> {
    type Item = Result<Part<'t>, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        let (start, rest) = (self.at, &self.text[self.at..]);
        match pair(rest, b'{') {
            _ if rest.is_empty() => None,
            Some(0) => {
                let Some(length) = inside_length(&rest[OPEN.len()..]) else {
                    self.at = self.text.len();
                    return Some(Err(FaultKind::Unclosed.at(ByteRange { start, end: start + OPEN.len() })));
                };
                let written = &rest[..length + OPEN.len() + CLOSE.len()];
                self.at += written.len();
                let inside = &written[OPEN.len()..OPEN.len() + length];
                Some(Ok(Part::Block(Block { range: ByteRange { start, end: self.at }, written, inside })))
            }
            found => {
                let literal = &rest[..found.unwrap_or(rest.len())];
                self.at += literal.len();
                Some(Ok(Part::Literal(literal)))
            }
        }
    }
}

/// The end of a block: the first `}}` outside a quoted text. A quoted text does not hold a `{{`,
/// so that a stray apostrophe doesn't swallow the next block.
fn inside_length(rest: &str) -> Option<usize> {
    let first = pair(rest, b'}')?;
    if !rest[..first].contains(['\'', '"']) {
        return Some(first);
    }
    let reach = pair(rest, b'{').unwrap_or(rest.len());
    let mut quote = None;
    let mut letters = rest[..reach].char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (None, '}') if rest[at..].starts_with(CLOSE) => return Some(at),
            (Some(_), '\\') => {
                letters.next();
            }
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    Some(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let show = |part: Result<Part<'_>, Fault>| match part {
            Ok(Part::Literal(literal)) => format!("text {literal}"),
            Ok(Part::Block(block)) => format!("block {}", block.inside),
            Err(fault) => format!("{}-{} {fault}", fault.range.start, fault.range.end),
        };
        parts(text).map(show).collect()
    }

    #[test]
    fn a_string_is_literals_and_blocks() {
        assert_eq!(shown("Welcome to {{ address }}."), ["text Welcome to ", "block  address ", "text ."]);
        assert_eq!(shown("{{a}}{{b}}"), ["block a", "block b"]);
        assert_eq!(shown("${{ price }} a }} b { c }"), ["text $", "block  price ", "text  a }} b { c }"]);
        assert_eq!(shown(""), [""; 0]);
    }

    #[test]
    fn an_open_block_is_told_with_its_place() {
        assert_eq!(shown("a {{ b"), ["text a ", "2-4 `{{` is never closed"]);
        assert_eq!(shown("{{ a }} {{ b }"), ["block  a ", "text  ", "8-10 `{{` is never closed"]);
    }

    #[test]
    fn a_quoted_text_may_hold_the_closing_braces() {
        assert_eq!(shown("{{ '}}' + x }}"), ["block  '}}' + x "]);
        assert_eq!(shown("{{ it's }} {{ it's }}"), ["block  it's ", "text  ", "block  it's "]);
    }

    #[test]
    fn only_a_string_that_is_one_block_has_a_sole_block() {
        assert_eq!(sole_block("{{ a }}").map(|block| block.inside), Some(" a "));
        assert_eq!(sole_block(" {{ a }}"), None);
        assert_eq!(sole_block("{{ a }}{{ b }}"), None);
    }

    proptest! {
        #[test]
        fn the_pieces_of_a_string_are_the_string(text in "[{}a'\" é]{0,40}") {
            let pieces: Result<Vec<_>, _> = parts(&text).collect();
            if let Ok(pieces) = pieces {
                let written = |part: Part<'_>| match part { Part::Literal(text) => text.to_owned(), Part::Block(block) => block.written.to_owned() };
                prop_assert_eq!(pieces.into_iter().map(written).collect::<String>(), text);
            } else {
                prop_assert!(is_template(&text));
            }
        }
    }
}
