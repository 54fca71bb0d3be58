//! Translates a place in a decoded string to the place in the file.

use crate::movie::expr::ByteRange;
use crate::movie::json::{Span, Text};

/// The place in its source of a part of a string's text. It is the whole string if the text isn't its spelling, as
/// when a flag set it.
pub(super) fn place(string: Span, text: &Text, range: ByteRange) -> Span {
    let length = usize::try_from(string.end.saturating_sub(string.start)).unwrap_or_default();
    if !string.is_some() || length != text.raw().len() + 2 {
        return string;
    }
    let at = |offset: usize| string.start.saturating_add(1).saturating_add(u32::try_from(offset).unwrap_or(u32::MAX));
    let [start, end] = if text.raw().contains('\\') { spelled(text.raw(), range) } else { [range.start, range.end] };
    Span { start: at(start), end: at(end), ..string }
}

/// The positions in the spelling of the bytes of the text.
fn spelled(raw: &str, range: ByteRange) -> [usize; 2] {
    let (mut spelling, mut text) = (0, 0);
    let mut found = [raw.len(); 2];
    while spelling < raw.len() {
        for (place, wanted) in found.iter_mut().zip([range.start, range.end]) {
            if text >= wanted {
                *place = (*place).min(spelling);
            }
        }
        let (in_spelling, in_text) = unit(&raw[spelling..]);
        spelling += in_spelling;
        text += in_text;
    }
    found
}

/// The length of the next character: in the spelling, and in the text.
fn unit(raw: &str) -> (usize, usize) {
    let code = |at: usize| raw.get(at..at + 4).and_then(|digits| u32::from_str_radix(digits, 16).ok());
    match raw.as_bytes() {
        [b'\\', b'u', ..] => match (code(2), raw.get(6..8), code(8)) {
            (Some(0xd800..=0xdbff), Some("\\u"), Some(0xdc00..=0xdfff)) => (12, 4),
            (first, ..) => (6, first.and_then(char::from_u32).map_or('\u{fffd}'.len_utf8(), char::len_utf8)),
        },
        [b'\\', ..] => (2, 1),
        _ => raw.chars().next().map_or((1, 1), |letter| (letter.len_utf8(), letter.len_utf8())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::movie::json::parse;

    #[test]
    fn escapes_before_a_place_are_counted_as_they_are_spelled() {
        let source = r#"  "a\n\u00e9\ud83d\ude00 {{ b }}""#;
        let node = parse(source, 0).unwrap().root;
        let text = node.as_text().unwrap();
        let start = text.decoded().find('b').unwrap();
        let span = place(node.span, text, ByteRange { start, end: start + 1 });
        assert_eq!(&source[span.start as usize..span.end as usize], "b");
    }

    #[test]
    fn what_no_file_spells_has_the_place_of_the_whole() {
        let made = crate::movie::json::Node::string("{{ b }}");
        assert_eq!(place(made.span, made.as_text().unwrap(), ByteRange { start: 3, end: 4 }), Span::NONE);
    }

    proptest! {
        #[test]
        fn every_place_is_inside_the_string(raw in r#"([a-zé{}]|\\["\\n/]|\\u[0-9a-f]{4}){0,12}"#, start in 0usize..40, length in 0usize..9) {
            let source = format!("\"{raw}\"");
            let node = parse(&source, 0).unwrap().root;
            let span = place(node.span, node.as_text().unwrap(), ByteRange { start, end: start + length });
            prop_assert!(span.start >= 1 && span.start <= span.end);
        }
    }
}
