//! Compares trees by meaning: one spelling for all trees that mean the same, and the first place where two differ.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};
use std::fmt::Write;

use super::text::{Unit, escape};
use super::{Member, Node, Pointer, Text, Value};

impl Node {
    /// One spelling for all trees that mean the same, for hashing only: no white space, keys sorted
    /// (duplicates in their order), strings escaped one way, numbers by their exact decimal value.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write_node(self, &mut out);
        out
    }
}

fn write_node(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number.canonical()),
        Value::String(text) => quoted(&spelled(text), out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                write_node(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().map(|member| (spelled(&member.key), &member.value)).collect();
            sorted.sort_by(|one, other| one.0.cmp(&other.0));
            out.push('{');
            for (place, (key, value)) in sorted.into_iter().enumerate() {
                out.push_str(if place > 0 { "," } else { "" });
                quoted(&key, out);
                out.push(':');
                write_node(value, out);
            }
            out.push('}');
        }
    }
}

fn quoted(spelled: &str, out: &mut String) {
    out.push('"');
    out.push_str(spelled);
    out.push('"');
}

/// A string escaped one way. A lone surrogate keeps its escape, so that two of them stay two.
fn spelled(text: &Text) -> Cow<'_, str> {
    if !text.raw().contains('\\') {
        // Without a backslash, it has only one spelling.
        return Cow::Borrowed(text.raw());
    }
    let mut out = String::with_capacity(text.raw().len());
    for unit in text.units() {
        match unit {
            Unit::Char(letter) => escape(letter, &mut out),
            Unit::Lone(half) => {
                let _ = write!(out, "\\u{half:04x}");
            }
        }
    }
    Cow::Owned(out)
}

/// The first place, in the order of `a`, where two trees differ in meaning; `None` if they don't. A member
/// or an item that only one of them has is named as it is.
#[must_use]
pub fn first_difference(a: &Node, b: &Node) -> Option<Pointer> {
    difference(a, b, &Pointer::root())
}

fn difference(a: &Node, b: &Node, here: &Pointer) -> Option<Pointer> {
    match (&a.value, &b.value) {
        (Value::Array(a), Value::Array(b)) => in_arrays(a, b, here),
        (Value::Object(a), Value::Object(b)) => in_objects(a, b, here),
        (Value::Number(a), Value::Number(b)) => (a.canonical() != b.canonical()).then(|| here.clone()),
        (Value::String(a), Value::String(b)) => (!a.units().eq(b.units())).then(|| here.clone()),
        (Value::Bool(a), Value::Bool(b)) => (a != b).then(|| here.clone()),
        (Value::Null, Value::Null) => None,
        _ => Some(here.clone()),
    }
}

fn in_arrays(a: &[Node], b: &[Node], here: &Pointer) -> Option<Pointer> {
    let mut pairs = a.iter().zip(b).enumerate();
    let inside = pairs.find_map(|(place, (a, b))| difference(a, b, &here.child(place)));
    inside.or_else(|| (a.len() != b.len()).then(|| here.child(a.len().min(b.len()))))
}

/// Of duplicate keys the first is compared with the first, the second with the second, and so on. A pointer
/// can't tell them apart, so it goes no deeper than their key.
fn in_objects(a: &[Member], b: &[Member], here: &Pointer) -> Option<Pointer> {
    let mut others: HashMap<Cow<'_, str>, VecDeque<&Node>> = HashMap::with_capacity(b.len());
    for member in b {
        others.entry(spelled(&member.key)).or_default().push_back(&member.value);
    }
    for member in a {
        let there = here.child(&member.key);
        let Some(other) = others.get_mut(&spelled(&member.key)).and_then(VecDeque::pop_front) else { return Some(there) };
        if let Some(inside) = difference(&member.value, other, &there) {
            let name = member.key.decoded();
            let is_repeated = [a, b].iter().any(|members| members.iter().filter(|member| member.key.is(&name)).count() > 1);
            return Some(if is_repeated { there } else { inside });
        }
    }
    let is_left = |member: &&Member| others.get(&spelled(&member.key)).is_some_and(|left| !left.is_empty());
    b.iter().find(is_left).map(|member| here.child(&member.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn tree(text: &str) -> Node {
        parse(text, 0).unwrap().root
    }

    fn differ(a: &str, b: &str) -> Option<String> {
        first_difference(&tree(a), &tree(b)).map(|place| place.to_string())
    }

    #[test]
    fn order_white_space_and_spelling_mean_nothing() {
        let one = r#"{ "b": 1.50, "a": "caf\u00e9\/", "n": -0 }"#;
        let other = r#"{"n":0,"a":"café/","b":15e-1}"#;
        assert_eq!(tree(one).canonical(), tree(other).canonical());
        assert_eq!(differ(one, other), None);
    }

    #[test]
    fn lone_surrogates_and_the_order_of_duplicates_mean_something() {
        assert_ne!(tree(r#""\ud800""#).canonical(), tree(r#""\ud801""#).canonical());
        assert_ne!(tree(r#"{"a":1,"a":2}"#).canonical(), tree(r#"{"a":2,"a":1}"#).canonical());
    }

    #[test]
    fn the_first_difference_is_named_in_the_order_of_the_first() {
        assert_eq!(differ(r#"{"b":1,"a":[1,{"x":1}]}"#, r#"{"a":[1,{"x":2}],"b":1}"#).as_deref(), Some("/a/1/x"));
        assert_eq!(differ(r#"{"a":1,"b":2}"#, r#"{"a":1}"#).as_deref(), Some("/b"));
        assert_eq!(differ(r#"{"a":1}"#, r#"{"c/d":2,"a":1}"#).as_deref(), Some("/c~1d"));
        assert_eq!(differ(r#"{"s":[1]}"#, r#"{"s":[1,2]}"#).as_deref(), Some("/s/1"));
        assert_eq!(differ(r#"{"w":1080}"#, r#"{"w":"1080"}"#).as_deref(), Some("/w"));
        assert_eq!(differ(r#"{"a":[1],"a":2}"#, r#"{"a":[3],"a":2}"#).as_deref(), Some("/a"));
        assert_eq!(differ("1", "[]").as_deref(), Some(""));
    }
}
