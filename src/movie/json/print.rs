//! Writes a tree: strings and numbers keep their exact spelling.

use super::{Member, Node, Text, Value};

impl Node {
    /// The tree without white space, as it is sent.
    #[must_use]
    pub fn to_compact(&self) -> String {
        let mut out = String::new();
        compact(self, &mut out);
        out
    }

    /// The tree for people: two spaces of indentation a level, no newline at the end.
    #[must_use]
    pub fn to_pretty(&self) -> String {
        let mut out = String::new();
        pretty(self, 0, &mut out);
        out
    }
}

fn compact(node: &Node, out: &mut String) {
    match &node.value {
        Value::Array(items) => {
            out.push('[');
            separated(items, out, ",", compact);
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            separated(members, out, ",", |Member { key, value, .. }, out| {
                quoted(key, out);
                out.push(':');
                compact(value, out);
            });
            out.push('}');
        }
        _ => scalar(node, out),
    }
}

fn pretty(node: &Node, level: usize, out: &mut String) {
    let separator = || format!(",\n{}", "  ".repeat(level + 1));
    match &node.value {
        Value::Array(items) if !items.is_empty() => enclosed(['[', ']'], level, out, |out| {
            separated(items, out, &separator(), |item, out| pretty(item, level + 1, out));
        }),
        Value::Object(members) if !members.is_empty() => enclosed(['{', '}'], level, out, |out| {
            separated(members, out, &separator(), |Member { key, value, .. }, out| {
                quoted(key, out);
                out.push_str(": ");
                pretty(value, level + 1, out);
            });
        }),
        _ => compact(node, out),
    }
}

fn enclosed([open, close]: [char; 2], level: usize, out: &mut String, inside: impl FnOnce(&mut String)) {
    out.push(open);
    out.push('\n');
    out.push_str(&"  ".repeat(level + 1));
    inside(out);
    out.push('\n');
    out.push_str(&"  ".repeat(level));
    out.push(close);
}

fn separated<T>(items: &[T], out: &mut String, separator: &str, mut each: impl FnMut(&T, &mut String)) {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            out.push_str(separator);
        }
        each(item, out);
    }
}

fn scalar(node: &Node, out: &mut String) {
    match &node.value {
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(number.raw()),
        Value::String(text) => quoted(text, out),
        Value::Null | Value::Array(_) | Value::Object(_) => out.push_str("null"),
    }
}

fn quoted(text: &Text, out: &mut String) {
    out.push('"');
    out.push_str(text.raw());
    out.push('"');
}

#[cfg(test)]
mod tests {
    use crate::movie::json::parse;

    #[test]
    fn what_was_written_is_printed_as_it_was_written() {
        let text = r#"{"b":12345678901234567890123,"a":1.50,"a":[1e3,-0,{}],"caf\u00e9":"\ud800\/","x":[true,false,null,[]]}"#;
        assert_eq!(parse(text, 0).unwrap().root.to_compact(), text);
    }

    #[test]
    fn the_pretty_form_has_two_spaces_a_level_and_closes_what_is_empty() {
        let tree = parse(r#"{"a":[1,{"b":[]}],"c":{}}"#, 0).unwrap().root;
        assert_eq!(tree.to_pretty(), "{\n  \"a\": [\n    1,\n    {\n      \"b\": []\n    }\n  ],\n  \"c\": {}\n}");
    }
}
