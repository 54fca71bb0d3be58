//! Reads a movie's properties as leniently as the service does: numbers may be texts, texts may be numbers.

use crate::movie::expr::read_number;
use crate::movie::expr::template::is_open;
use crate::movie::json::{Node, Value};

/// The number that a member holds or spells.
pub(super) fn number(holder: &Node, name: &str) -> Option<f64> {
    as_number(holder.get(name)?)
}

/// The number that a node holds or spells.
pub(super) fn as_number(node: &Node) -> Option<f64> {
    match &node.value {
        Value::Number(number) => Some(number.as_f64()),
        Value::String(text) => read_number(&text.decoded()).map(|number| number.as_f64()),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// The text of a member; a number or a truth value as it is written.
pub(super) fn text(holder: &Node, name: &str) -> Option<String> {
    as_text(holder.get(name)?)
}

/// The text of a node; a number or a truth value as it is written.
pub(super) fn as_text(node: &Node) -> Option<String> {
    match &node.value {
        Value::String(text) => Some(text.decoded().into_owned()),
        Value::Number(number) => Some(number.raw().to_owned()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The text of a member, unless it is empty.
pub(super) fn words(holder: &Node, name: &str) -> Option<String> {
    text(holder, name).filter(|text| !text.trim().is_empty())
}

/// Whether a member is true.
pub(super) fn flag(holder: &Node, name: &str) -> bool {
    holder.get(name).is_some_and(|node| node.as_bool() == Some(true) || node.as_text().is_some_and(|text| text.is("true")))
}

/// The items of an array member; empty when it is something else.
pub(super) fn items<'a>(holder: &'a Node, name: &str) -> &'a [Node] {
    holder.get(name).and_then(Node::as_array).unwrap_or_default()
}

/// Whether a member still holds a `{{ … }}` that can't be resolved offline.
pub(super) fn is_unresolved(holder: &Node, name: &str) -> bool {
    holder.get(name).and_then(Node::as_text).is_some_and(is_open)
}
