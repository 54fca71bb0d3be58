//! Lists all places at which two trees differ in meaning.

use super::json::{Node, Pointer, Value, first_difference};

/// A place, and the value of each of two trees there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference<'a> {
    /// The place.
    pub at: Pointer,
    /// The value in the first tree.
    pub before: Option<&'a Node>,
    /// The value in the second tree.
    pub after: Option<&'a Node>,
}

/// Compares two trees; the innermost places that differ, in the order of the first.
#[must_use]
pub fn differences<'a>(before: &'a Node, after: &'a Node) -> Vec<Difference<'a>> {
    let mut found = Vec::new();
    compare(before, after, &Pointer::root(), &mut found);
    found
}

fn compare<'a>(before: &'a Node, after: &'a Node, at: &Pointer, found: &mut Vec<Difference<'a>>) {
    match (&before.value, &after.value) {
        (Value::Object(members), Value::Object(others)) => {
            for member in members {
                let name = member.key.decoded();
                compare_parts(Some(&member.value), after.get(&name), &at.child(&member.key), found);
            }
            for member in others.iter().filter(|member| before.get(&member.key.decoded()).is_none()) {
                compare_parts(None, Some(&member.value), &at.child(&member.key), found);
            }
        }
        (Value::Array(items), Value::Array(others)) => {
            for place in 0..items.len().max(others.len()) {
                compare_parts(items.get(place), others.get(place), &at.child(place), found);
            }
        }
        _ if first_difference(before, after).is_some() => {
            found.push(Difference { at: at.clone(), before: Some(before), after: Some(after) });
        }
        _ => {}
    }
}

fn compare_parts<'a>(before: Option<&'a Node>, after: Option<&'a Node>, at: &Pointer, found: &mut Vec<Difference<'a>>) {
    match (before, after) {
        (Some(before), Some(after)) => compare(before, after, at, found),
        (None, None) => {}
        (before, after) => found.push(Difference { at: at.clone(), before, after }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    #[test]
    fn the_innermost_places_are_told_and_spelling_is_no_difference() {
        let read = |text: &str| parse(text, 0).unwrap().root;
        let before = read(r#"{"a": 1.50, "b": [1, {"c": "x"}, 3], "d": true}"#);
        let after = read(r#"{"b": [1, {"c": "y"}], "a": 1.5, "e": null}"#);
        let told: Vec<_> = differences(&before, &after)
            .iter()
            .map(|one| (one.at.to_string(), one.before.map(Node::to_compact), one.after.map(Node::to_compact)))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            told,
            [
                ("/b/1/c".to_owned(), text("\"x\""), text("\"y\"")),
                ("/b/2".to_owned(), text("3"), None),
                ("/d".to_owned(), text("true"), None),
                ("/e".to_owned(), None, text("null")),
            ]
        );
    }
}
