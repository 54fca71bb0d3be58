//! Text from a server or a file, made harmless for a terminal (`faults.md` row 96).

use std::borrow::Cow;

use crate::render::untrusted::is_harmless;

/// The text without control characters, the first bytes of escape sequences, and bidirectional overrides. Line breaks
/// and tabs become spaces, so that one message stays one line.
#[must_use]
pub(crate) fn line(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars().filter_map(|c| if matches!(c, '\n' | '\t') { Some(' ') } else { Some(c).filter(|&c| is_harmless(c)) }).collect(),
    )
}

/// A message for people: made harmless, and without the numbers that the system's errors carry for programs.
#[must_use]
pub(crate) fn message(text: &str) -> String {
    let text = line(text);
    let mut words = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while let Some(start) = rest.find(SYSTEM_NUMBER) {
        let after = &rest[start + SYSTEM_NUMBER.len()..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        let is_number = digits > 0 && after[digits..].starts_with(')');
        let (kept, end) = if is_number { (start, digits + 1) } else { (start + SYSTEM_NUMBER.len(), 0) };
        words.push_str(&rest[..kept]);
        rest = &after[end..];
    }
    words + rest
}

/// The ending that the standard library adds to the system's message.
const SYSTEM_NUMBER: &str = " (os error ";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_and_overrides_are_gone_and_words_stay() {
        assert_eq!(line("a\u{1b}[31mb\u{202e}c\u{7}\nd"), "a[31mbc d");
        assert_eq!(line("Küche, 厨房"), "Küche, 厨房");
    }

    #[test]
    fn the_system_s_numbers_are_for_programs() {
        assert_eq!(message("a can't be read: No such file (os error 2); b (os error x)"), "a can't be read: No such file; b (os error x)");
    }

    proptest! {
        #[test]
        fn no_control_character_is_left(text: String) {
            prop_assert!(line(&text).chars().all(is_harmless));
        }
    }
}
