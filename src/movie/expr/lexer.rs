//! Splits a text into tokens, one at a time.

use std::borrow::Cow;

use super::{ByteRange, Fault, FaultKind, likely};

/// One token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// Digits, perhaps with a fraction and an exponent.
    Number(&'t str),
    /// The text between quotes. Owned if it held a backslash.
    Text(Cow<'t, str>),
    /// A variable, a function, or a word such as `and`.
    Name(&'t str),
    /// An operator or a bracket.
    Symbol(&'static str),
    /// The end of the text.
    End,
}

/// Reads tokens from a text.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> Result<(Token<'t>, ByteRange), Fault> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        let start = self.at;
        let rest = &self.text[start..];
        let token = match rest.bytes().next() {
            None => Token::End,
            Some(b'0'..=b'9') => Token::Number(self.take(number_length(rest))),
            Some(quote @ (b'\'' | b'"')) => self.quoted(char::from(quote))?,
            Some(_) if rest.starts_with(is_name_start) => Token::Name(self.take(name_length(rest))),
            Some(_) if rest.starts_with("/*") => return Err(self.unexpected("a comment", start + 2)),
            Some(_) => self.symbol(rest)?,
        };
        Ok((token, ByteRange { start, end: self.at }))
    }

    fn symbol(&mut self, rest: &'t str) -> Result<Token<'t>, Fault> {
        let Some(symbol) = symbol_at(rest.as_bytes()) else {
            let letter = rest.chars().next().unwrap_or_default();
            return Err(self.unexpected(&format!("`{letter}`"), self.at + letter.len_utf8()));
        };
        self.at += symbol.len();
        Ok(Token::Symbol(symbol))
    }

    fn quoted(&mut self, quote: char) -> Result<Token<'t>, Fault> {
        let (open, inside) = (self.at, &self.text[self.at + 1..]);
        let mut owned = None;
        let mut letters = inside.char_indices();
        while let Some((at, letter)) = letters.next() {
            match letter {
                _ if letter == quote => {
                    self.at = open + 1 + at + 1;
                    return Ok(Token::Text(owned.map_or(Cow::Borrowed(&inside[..at]), Cow::Owned)));
                }
                '\\' => {
                    let text = owned.get_or_insert_with(|| inside[..at].to_owned());
                    text.push(letters.next().map_or('\\', |(_, escaped)| unescaped(escaped)));
                }
                _ => {
                    if let Some(text) = &mut owned {
                        text.push(letter);
                    }
                }
            }
        }
        Err(self.unexpected(&format!("a {quote} that is never closed"), self.text.len()))
    }

    fn take(&mut self, length: usize) -> &'t str {
        let taken = &self.text[self.at..self.at + length];
        self.at += length;
        taken
    }

    fn unexpected(&self, found: &str, end: usize) -> Fault {
        let kind = FaultKind::Syntax { expected: "a part of an expression", found: found.to_owned(), likely: likely::reason(self.text) };
        kind.at(ByteRange { start: self.at, end: end.min(self.text.len()) })
    }
}

/// The operator or bracket that a text starts with.
fn symbol_at(text: &[u8]) -> Option<&'static str> {
    Some(match text {
        [b'=', b'=', ..] => "==",
        [b'!', b'=', ..] => "!=",
        [b'<', b'=', ..] => "<=",
        [b'>', b'=', ..] => ">=",
        [b'&', b'&', ..] => "&&",
        [b'|', b'|', ..] => "||",
        [b'.', ..] => ".",
        [b'<', ..] => "<",
        [b'>', ..] => ">",
        [b'+', ..] => "+",
        [b'-', ..] => "-",
        [b'*', ..] => "*",
        [b'/', ..] => "/",
        [b'%', ..] => "%",
        [b'!', ..] => "!",
        [b'?', ..] => "?",
        [b':', ..] => ":",
        [b'(', ..] => "(",
        [b')', ..] => ")",
        [b'[', ..] => "[",
        [b']', ..] => "]",
        [b',', ..] => ",",
        _ => return None,
    })
}

fn unescaped(letter: char) -> char {
    match letter {
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        itself => itself,
    }
}

fn is_name_start(letter: char) -> bool {
    letter.is_alphabetic() || letter == '_'
}

fn name_length(text: &str) -> usize {
    text.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(text.len())
}

/// A point belongs to the number only if a digit follows: `rooms.0.name` is not a fraction.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].bytes().take_while(u8::is_ascii_digit).count();
    let mut length = digits(0);
    if text[length..].starts_with('.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let sign = usize::from(text[length + 1..].starts_with(['+', '-']));
        let power = digits(length + 1 + sign);
        if power > 0 {
            length += 1 + sign + power;
        }
    }
    length
}
