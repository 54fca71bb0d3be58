//! The suggestion for a mistyped name.

/// The similarity from which on a name is suggested.
const LIKE: f64 = 0.8;

/// `; did you mean …?`, or nothing.
pub(crate) fn near<'a>(typed: &str, known: impl Iterator<Item = &'a str>) -> String {
    let typed = typed.to_lowercase();
    let likeness = known.map(|name| (strsim::jaro_winkler(&name.to_lowercase(), &typed), name));
    let nearest = likeness.max_by(|one, other| one.0.total_cmp(&other.0)).filter(|(likeness, _)| *likeness > LIKE);
    nearest.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default()
}
