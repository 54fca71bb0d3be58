//! Measures runs of bytes, eight at a time: most of a movie's text is the inside of strings, and indents.

/// The number of bytes from the start that every reader reads unchanged inside a string: up to a quote, a backslash, a brace
/// or a control character.
pub(super) fn plain(bytes: &[u8]) -> usize {
    let is = |word: u64, byte| less(word ^ each(byte), 1);
    let stops = |word| is(word, b'"') | is(word, b'\\') | is(word, b'{') | is(word, b'}') | less(word, b' ');
    run(bytes, stops, |byte| !matches!(byte, b'"' | b'\\' | b'{' | b'}' | ..b' '))
}

/// The position of the first ASCII letter or sign in a text.
pub(crate) fn find(text: &str, byte: u8) -> Option<usize> {
    let length = run(text.as_bytes(), |word| less(word ^ each(byte), 1), |other| other != byte);
    (length < text.len()).then_some(length)
}

/// The number of white space bytes at the start: line breaks, and the indents after them.
pub(super) fn space(bytes: &[u8]) -> usize {
    let mut length = 0;
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(length) {
        length += 1;
        while let Some(word) = bytes[length..].first_chunk() {
            let spaces = bytes_before(u64::from_le_bytes(*word) ^ each(b' '));
            length += spaces;
            if spaces < WORD {
                break;
            }
        }
    }
    length
}

/// The number of bytes before the first different one, which has the lowest bit of the differences in its word.
fn run(bytes: &[u8], differences: impl Fn(u64) -> u64, is_alike: impl Fn(u8) -> bool) -> usize {
    let (words, _) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let bits = differences(u64::from_le_bytes(*word));
        if bits != 0 {
            return index * WORD + bytes_before(bits);
        }
    }
    match bytes.last_chunk() {
        // Some of these were compared already, and are equal.
        Some(last) => match differences(u64::from_le_bytes(*last)) {
            0 => bytes.len(),
            bits => bytes.len() - WORD + bytes_before(bits),
        },
        None => bytes.iter().take_while(|byte| is_alike(**byte)).count(),
    }
}

/// The number of bytes before the one with the lowest bit; all, if there is no bit.
fn bytes_before(bits: u64) -> usize {
    usize::try_from(bits.trailing_zeros() / u8::BITS).unwrap_or(WORD)
}

const WORD: usize = size_of::<u64>();

/// A word that repeats one byte.
const fn each(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; WORD])
}

/// The high bit of each byte below another byte of at most 128. Above the lowest such byte, more bits may be set.
fn less(word: u64, than: u8) -> u64 {
    word.wrapping_sub(each(than)) & !word & each(0x80)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn eight_at_a_time_find_what_one_at_a_time_finds(bytes in proptest::collection::vec(any::<u8>(), 0..40), plain_bytes in "[ -!#-\\[\\]-z|~é]{0,40}") {
            let both = [plain_bytes.as_bytes(), &bytes].concat();
            let one_at_a_time = both.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | b'{' | b'}' | ..b' ')).count();
            prop_assert_eq!(plain(&both), one_at_a_time);
        }

        #[test]
        fn white_space_ends_where_something_else_begins(spaces in "[ \n\r\t]{0,40}", rest in "[^ \n\r\t]{0,9}") {
            prop_assert_eq!(space(format!("{spaces}{rest}").as_bytes()), spaces.len());
        }
    }
}
