//! What is known of a value before any variable: its number, its text, or that it is open.

use std::borrow::Cow;

use crate::movie::expr::template;
use crate::movie::json::{Node, Number, Text, Value};

/// A number, or the same in a string.
pub(super) fn number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Number(number) => Some(number.as_f64()),
        Value::String(text) => numeric(text.raw()),
        _ => None,
    }
}

/// The number in a string, if it is spelled as in JSON.
pub(super) fn numeric(raw: &str) -> Option<f64> {
    let is_candidate = raw.starts_with(|first: char| first.is_ascii_digit() || first == '-');
    is_candidate.then(|| Number::parse(raw)).flatten().map(|number| number.as_f64())
}

/// A string without a placeholder.
pub(super) fn text(node: &Node) -> Option<Cow<'_, str>> {
    node.as_text().filter(|text| !template::is_open(text)).map(Text::decoded)
}

/// Whether a value is neither `null` nor an empty string.
pub(super) fn is_told(node: &Node) -> bool {
    match &node.value {
        Value::Null => false,
        Value::String(text) => !text.raw().is_empty(),
        _ => true,
    }
}

/// Whether a value is only known when its variables are.
pub(super) fn is_open(node: &Node) -> bool {
    node.as_text().is_some_and(template::is_open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_may_stand_in_a_string() {
        assert_eq!(numeric("1080"), Some(1080.0));
        assert_eq!(numeric("-2"), Some(-2.0));
        assert_eq!(numeric("10vw"), None);
        assert_eq!(numeric("{{n}}"), None);
    }
}
