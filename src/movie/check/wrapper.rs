//! Finds a movie inside a larger value: an answer of the API, a project, the export of an automation tool.

use crate::movie::json::{Node, Value};

/// A movie inside another value.
#[derive(Debug, Default)]
pub(super) struct WrappedMovie {
    /// The path to it, as `jq` writes it; empty if it is the value itself.
    pub(super) path: String,
    /// Whether it is a text that holds JSON.
    pub(super) is_text: bool,
}

/// The greatest depth of the search: no real file wraps a movie deeper.
const DEEPEST: usize = 8;

/// The first movie in a value: an object with an array of `scenes`, or a text that mentions them.
pub(super) fn find(node: &Node) -> Option<WrappedMovie> {
    within(node, DEEPEST)
}

fn within(node: &Node, left: usize) -> Option<WrappedMovie> {
    let inner =
        |step: String, node: &Node| within(node, left.checked_sub(1)?).map(|inside| WrappedMovie { path: step + &inside.path, ..inside });
    match &node.value {
        Value::Object(_) if node.get("scenes").and_then(Node::as_array).is_some() => Some(WrappedMovie::default()),
        Value::Object(members) => members.iter().find_map(|member| inner(format!(".{}", member.key), &member.value)),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| inner(format!("[{index}]"), item)),
        Value::String(text) if text.raw().contains("scenes") && text.decoded().contains("\"scenes\"") => {
            Some(WrappedMovie { is_text: true, ..WrappedMovie::default() })
        }
        _ => None,
    }
}
