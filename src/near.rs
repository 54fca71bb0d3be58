//! The name that was probably meant where a mistyped one stands.

/// The similarity (Jaro-Winkler, 0 to 1) from which on a name is suggested.
const CLOSE: f64 = 0.85;

/// How alike two names are, whatever their case; nothing, if one is not suggested for the other.
pub(crate) fn likeness(name: &str, typed: &str) -> Option<f64> {
    let likeness = strsim::jaro_winkler(&name.to_lowercase(), &typed.to_lowercase());
    (likeness >= CLOSE).then_some(likeness)
}

/// The name most like the typed one, if any is close to it.
pub(crate) fn nearest<T: AsRef<str>>(typed: &str, known: impl IntoIterator<Item = T>) -> Option<T> {
    let close = known.into_iter().filter_map(|name| Some((likeness(name.as_ref(), typed)?, name)));
    close.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, name)| name)
}

/// `; did you mean …?`, or nothing: the end of a message about a mistyped name.
pub(crate) fn suggestion<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(typed, known).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}
