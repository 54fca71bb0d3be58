//! Text from outside: the service, a callback, a movie, a table. A terminal obeys some of its characters. This module
//! decides which ones, both for everything that is shown and for the search for hidden secrets.

use std::borrow::Cow;

/// Whether a terminal only shows the character: not a control character (C0, C1, DEL), a character that changes the
/// direction of writing, or an invisible line break (`faults.md` row 96).
#[must_use]
pub fn is_harmless(c: char) -> bool {
    let turns_text_around = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let is_invisible_break = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    !c.is_control() && !turns_text_around && !is_invisible_break
}

/// A text of any number of lines in which every character except harmless ones, line breaks and tabs is spelled as JSON
/// spells it (`\u001b`): a JSON document keeps its meaning, and a terminal obeys none of it.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    let is_kept = |c: char| matches!(c, '\n' | '\t') || is_harmless(c);
    // Most output is ASCII, where a check of the bytes is faster.
    let is_plain = |byte: u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    if text.bytes().all(is_plain) || text.chars().all(is_kept) {
        return Cow::Borrowed(text);
    }
    let mut spelled = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_kept(c) {
            spelled.push(c);
        } else {
            spelled.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    Cow::Owned(spelled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out_and_words_stay() {
        assert_eq!(escaped("a\u{1b}]0;t\u{7}\u{9b}\u{7f}\u{202e}b\tc\n"), "a\\u001b]0;t\\u0007\\u009b\\u007f\\u202eb\tc\n");
        assert_eq!(escaped("Küche, 厨房 🏠"), "Küche, 厨房 🏠");
    }

    proptest! {
        #[test]
        fn a_document_means_the_same_and_holds_nothing_that_a_terminal_obeys(text: String) {
            let document = serde_json::json!({ &text: [text] });
            let spelled = escaped(&document.to_string()).into_owned();
            prop_assert!(spelled.chars().all(is_harmless));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&spelled).unwrap(), document);
        }
    }
}
