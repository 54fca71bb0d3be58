//! Finds a secret inside a text from outside, in every spelling that decoding or showing the text turns back into the
//! secret: JSON (`\u0043`, `\/`, nested in strings of strings), percent-encoding, HTML's references, either case of a
//! letter, and with invisible characters in between. It works on the raw bytes, so that it finds the secret in half an
//! answer and in a web page, too. Pure.
//!
//! Not found: a secret that is split over two texts, cut short, spelled backwards, hashed, or encoded as base64 or in
//! another code; and one code inside another (a percent sign that is itself spelled `\u0025`).

use crate::render::untrusted::is_harmless;

/// The replacement of the secret.
const REDACTED: &[u8] = b"[redacted]";

/// The text without any spelling of the secret. No text contains an empty secret.
pub(super) fn without(text: Vec<u8>, secret: &[u8]) -> Vec<u8> {
    let Some((first, _)) = secret.split_first() else { return text };
    // Nothing is decoded where no spelling can begin: this runs over pages of megabytes.
    let may_begin = |byte: u8| byte.eq_ignore_ascii_case(first) || matches!(byte, b'\\' | b'%' | b'&');
    let (mut scrubbed, mut copied, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let end = if may_begin(text[at]) { length_of(&text[at..], secret) } else { None };
        let Some(length) = end else {
            at += 1;
            continue;
        };
        scrubbed.extend_from_slice(&text[copied..at]);
        scrubbed.extend_from_slice(REDACTED);
        at += length;
        copied = at;
    }
    if copied == 0 {
        return text;
    }
    scrubbed.extend_from_slice(&text[copied..]);
    scrubbed
}

/// The length of the secret's spelling at the start of the text, bytes; `None` if the text does not begin with one.
fn length_of(text: &[u8], secret: &[u8]) -> Option<usize> {
    let mut at = 0;
    for (place, wanted) in secret.iter().enumerate() {
        // Consecutive backslashes count as one: their number only shows how deep the text is nested.
        if *wanted == b'\\' && place > 0 && secret[place - 1] == b'\\' {
            continue;
        }
        at += loop {
            let rest = text.get(at..)?;
            let [spelled, literal] = [decoded(rest), literal(rest)];
            let is_it = |letter: &Letter| letter.is(*wanted);
            if let Some(letter) = spelled.filter(is_it).or(literal.filter(is_it)) {
                break letter.length;
            }
            let unseen = spelled.or(literal).filter(|letter| place > 0 && !is_harmless(letter.char))?;
            at += unseen.length;
        };
    }
    Some(at)
}

/// A character, and how many bytes spell it.
#[derive(Clone, Copy)]
struct Letter {
    char: char,
    length: usize,
}

impl Letter {
    fn is(&self, wanted: u8) -> bool {
        self.char.eq_ignore_ascii_case(&char::from(wanted))
    }
}

/// The character that the bytes themselves are; an invalid UTF-8 byte has the length 1.
fn literal(text: &[u8]) -> Option<Letter> {
    let first = *text.first()?;
    if first == b'\\' {
        return Some(Letter { char: '\\', length: run_of(text, b'\\') });
    }
    let whole = (1..=4).find_map(|length| std::str::from_utf8(text.get(..length)?).ok()?.chars().next());
    Some(whole.map_or(Letter { char: char::REPLACEMENT_CHARACTER, length: 1 }, |char| Letter { char, length: char.len_utf8() }))
}

/// The character that an escape at this place encodes.
fn decoded(text: &[u8]) -> Option<Letter> {
    match text.first()? {
        b'\\' => in_json(text),
        b'%' => in_percent(text),
        b'&' => in_html(text),
        _ => None,
    }
}

fn in_json(text: &[u8]) -> Option<Letter> {
    let slashes = run_of(text, b'\\');
    let length = slashes + 1;
    let char = match text.get(slashes)? {
        b'u' => {
            let code = number(text.get(length..length + 4)?, 16)?;
            return Some(Letter { char: char::from_u32(code)?, length: length + 4 });
        }
        c @ (b'/' | b'"') => char::from(*c),
        b'n' => '\n',
        b't' => '\t',
        b'r' => '\r',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        _ => return None,
    };
    Some(Letter { char, length })
}

/// `%43`, and `%2543` where it was encoded twice.
fn in_percent(text: &[u8]) -> Option<Letter> {
    let mut length = 1;
    while text.get(length..length + 2) == Some(b"25") {
        length += 2;
    }
    match text.get(length..length + 2).and_then(|digits| number(digits, 16)) {
        Some(code) => Some(Letter { char: char::from_u32(code)?, length: length + 2 }),
        // No hexadecimal digits follow: it is the percent sign itself.
        None => (length > 1).then_some(Letter { char: '%', length }),
    }
}

fn in_html(text: &[u8]) -> Option<Letter> {
    /// The longest reference to a character, bytes.
    const LONGEST: usize = 12;
    let end = text.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let char = match &text[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x' | b'X', digits @ ..] => char::from_u32(number(digits, 16)?)?,
        [b'#', digits @ ..] => char::from_u32(number(digits, 10)?)?,
        _ => return None,
    };
    Some(Letter { char, length: end + 1 })
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
    u32::from_str_radix(text, radix).ok()
}

fn run_of(text: &[u8], wanted: u8) -> usize {
    text.iter().take_while(|byte| **byte == wanted).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "Ca/nary&4711%\"k";

    fn scrubbed(text: &str) -> String {
        String::from_utf8(without(text.as_bytes().to_vec(), SECRET.as_bytes())).unwrap()
    }

    /// The secret with each letter in the spelling that `how` returns.
    fn spelled(how: impl FnMut(char) -> String) -> String {
        SECRET.chars().map(how).collect()
    }

    #[test]
    fn every_spelling_is_found_wherever_it_stands() {
        let json = serde_json::json!(SECRET).to_string();
        let spellings = [
            SECRET.to_owned(),
            SECRET.to_ascii_uppercase(),
            json.trim_matches('"').to_owned(),
            serde_json::json!(json).to_string().trim_matches('"').trim_matches(['\\', '"']).to_owned(),
            SECRET.replace('/', "\\/"),
            spelled(|c| format!("\\u{:04x}", u32::from(c))),
            spelled(|c| format!("\\\\u{:04X}", u32::from(c))),
            spelled(|c| format!("%{:02X}", u32::from(c))),
            spelled(|c| format!("%25{:02x}", u32::from(c))),
            spelled(|c| format!("&#{};", u32::from(c))),
            spelled(|c| format!("&#x{:x};", u32::from(c))),
            SECRET.replace('&', "&amp;").replace('"', "&quot;"),
            spelled(|c| format!("{c}\u{202e}\u{7}")).trim_end_matches(['\u{7}', '\u{202e}']).to_owned(),
            spelled(|c| format!("{c}\\u001b")).trim_end_matches("\\u001b").to_owned(),
        ];
        for spelling in spellings {
            assert_eq!(scrubbed(&format!("{{\"a\":\"{spelling}, ({spelling})\"}}")), "{\"a\":\"[redacted], ([redacted])\"}", "{spelling}");
        }
    }

    #[test]
    fn what_is_only_like_it_stays() {
        for text in ["Ca/nary", "Ca/nary&4711%\"", "C a/nary&4711%\"k", "\\", "%", "&", "\\u00", "%4", "&#", "&#xffffffff;", ""] {
            assert_eq!(scrubbed(text), text);
        }
        assert_eq!(without(b"\xff\xc3".to_vec(), SECRET.as_bytes()), b"\xff\xc3");
        assert_eq!(without(b"any".to_vec(), b""), b"any");
    }

    proptest! {
        #[test]
        fn any_bytes_come_through_and_nothing_but_the_secret_is_lost(text: Vec<u8>, secret in "[!-~]{1,4}") {
            let scrubbed = without(text.clone(), secret.as_bytes());
            prop_assert!(scrubbed == text || scrubbed.windows(REDACTED.len()).any(|window| window == REDACTED));
        }

        #[test]
        fn a_mix_of_spellings_is_found(codes in proptest::collection::vec(0_u8..6, 15)) {
            let mut codes = codes.into_iter();
            let text = spelled(|c| match codes.next().unwrap() {
                0 => format!("\\u{:04x}", u32::from(c)),
                1 => format!("%{:02x}", u32::from(c)),
                2 => format!("&#{};", u32::from(c)),
                3 => c.to_ascii_uppercase().to_string(),
                _ => c.to_string(),
            });
            prop_assert_eq!(scrubbed(&text), "[redacted]");
        }
    }
}
