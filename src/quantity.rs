//! A number and its noun, as people write them.

use std::fmt::Display;

/// `1 render`, `2 renders`, `0.5 credits`.
pub(crate) fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, word: &str) -> String {
    let s = if count == N::from(1) { "" } else { "s" };
    format!("{count} {word}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_the_only_number_without_an_s() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "row")), ["0 rows", "1 row", "2 rows"]);
        assert_eq!([0.5, 1.0, 7.25].map(|count| counted(count, "credit")), ["0.5 credits", "1 credit", "7.25 credits"]);
    }
}
