//! The mark of the comments that `j2v` reads: `// j2v-allow J2V086`. Every other comment in JSON gets a warning, since JSON has
//! none.

/// The mark that a comment begins with which allows findings of a line.
pub(super) const MARK: &str = "j2v-allow";

/// Whether the text of a comment allows findings.
pub(super) fn is_allowance(comment: &str) -> bool {
    let inside = comment.trim_start_matches(['/', '*', '#']).trim_start();
    inside.strip_prefix(MARK).is_some_and(is_end_of_mark)
}

/// Whether the mark ends before this text: `j2v-allowed` is another word.
pub(super) fn is_end_of_mark(rest: &str) -> bool {
    !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_')
}
