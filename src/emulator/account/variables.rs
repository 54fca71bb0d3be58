//! The variables of a template for programs: `format=make` and `format=jsonschema`.

use serde_json::{Map, Value, json};

/// Variables that every template has in addition to its author's.
const INJECTED: [(&str, &str); 2] = [("make_webhook_url", "text"), ("client_data", "array")];

/// `format=make`: a list of fields in the author's order, with every value as a text, as the service returns it.
pub(super) fn as_fields(movie: &Value) -> Value {
    let [first, last] = INJECTED.map(|(name, kind)| {
        let mut field = json!({ "name": name, "label": name, "type": kind, "default": "", "advanced": true });
        if kind == "array" {
            field["spec"] = json!([{ "name": "key", "type": "text" }, { "name": "value", "type": "text" }]);
        }
        field
    });
    let own = variables(movie).into_iter().flat_map(fields);
    std::iter::once(first).chain(own).chain([last]).collect()
}

fn variables(movie: &Value) -> Option<&Map<String, Value>> {
    movie.get("variables")?.as_object()
}

/// Whether the name is a note: `@x` holds the choices of `x`, `?x` its help; neither is a variable.
fn is_note(name: &str) -> bool {
    name.starts_with(['@', '?'])
}

fn fields(all: &Map<String, Value>) -> Vec<Value> {
    let note = |mark: &str, name: &str| all.get(&format!("{mark}{name}")).and_then(Value::as_str);
    let field = |(name, value): (&String, &Value)| {
        let choices = note("@", name);
        let kind = if choices.is_some() { "select" } else { kind(value) };
        let mut field = json!({ "name": name, "label": name, "type": kind, "default": as_text(value) });
        if let Some(help) = note("?", name) {
            field["help"] = json!(help);
        }
        if let Some(choices) = choices {
            field["options"] = choices.split('|').map(option).collect();
        }
        let inside = value.as_object().or_else(|| value.as_array()?.first()?.as_object());
        if let Some(inside) = inside {
            field["spec"] = Value::Array(fields(inside));
        }
        field
    };
    all.iter().filter(|(name, _)| !is_note(name)).map(field).collect()
}

fn option(choice: &str) -> Value {
    match choice.split_once('=') {
        Some((value, label)) => json!({ "label": label, "value": value }),
        None => json!({ "value": choice }),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "collection",
        Value::String(_) | Value::Null => "text",
    }
}

/// A value in the form in which a template inserts it into a string.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Object(_) => "[object Object]".to_owned(),
        Value::Array(items) => items.iter().map(as_text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// `format=jsonschema`: the same variables as a schema.
pub(super) fn as_schema(movie: &Value) -> Value {
    let kind = |value: &Value| match value {
        Value::Number(_) => "number",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(_) | Value::Null => "string",
    };
    let own = variables(movie).into_iter().flatten().filter(|(name, _)| !is_note(name));
    let properties: Map<_, _> = own.map(|(name, value)| (name.clone(), json!({ "type": kind(value), "default": value }))).collect();
    json!({ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_keep_their_order_and_every_default_is_a_text() {
        let movie = json!({ "variables": {
            "b": 600, "a": false, "@look": "dark=Dark|light", "look": "dark", "?look": "how it looks",
            "rooms": [{ "name": "Hall" }, { "name": "Bath" }], "agent": { "phone": "1" },
        }});
        let fields = as_fields(&movie);
        let seen: Vec<_> =
            fields.as_array().unwrap().iter().map(|field| (field["name"].as_str().unwrap(), field["type"].as_str().unwrap())).collect();
        assert_eq!(
            seen,
            [
                ("make_webhook_url", "text"),
                ("b", "number"),
                ("a", "boolean"),
                ("look", "select"),
                ("rooms", "array"),
                ("agent", "collection"),
                ("client_data", "array"),
            ]
        );
        assert_eq!((&fields[1]["default"], &fields[2]["default"]), (&json!("600"), &json!("false")));
        assert_eq!(fields[4]["default"], "[object Object],[object Object]");
        assert_eq!(fields[4]["spec"][0]["name"], "name");
        assert_eq!(fields[3]["options"], json!([{ "label": "Dark", "value": "dark" }, { "value": "light" }]));
        assert_eq!(fields[3]["help"], "how it looks");
    }
}
