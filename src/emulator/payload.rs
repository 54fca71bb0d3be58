//! The content of a callback: the three documented bodies, and their two encodings (`service.md#callbacks`).

use serde_json::{Value, json};

use super::report::seconds;
use super::state::{End, Record, Shape};

/// The body in the record's shape (`service.md#callbacks`).
pub(super) fn body(record: &Record, origin: &str) -> Value {
    let url = format!("{origin}/files/{}.mp4", record.project);
    let data = record.client_data.clone().unwrap_or_else(|| json!({}));
    match (&record.end, record.shape) {
        (End::Error(_), Shape::Reference) => json!({ "project": record.project, "id": id(record), "client-data": data }),
        (End::Error(message), Shape::Tutorial) => failed(record, message, &data),
        (End::Error(message), Shape::Guide) => json!({ "success": false, "movie": failed(record, message, &data) }),
        (_, Shape::Reference) => json!({
            "width": record.width.to_string(),
            "height": record.height.to_string(),
            "duration": seconds(record.length).to_string(),
            "size": record.size.to_string(),
            "url": url,
            "project": record.project,
            "id": id(record),
            "client-data": data,
        }),
        (_, Shape::Tutorial) => json!({
            "project": record.project,
            "status": "done",
            "url": url,
            "duration": seconds(record.length),
            "size": record.size,
            "client-data": data,
        }),
        (_, Shape::Guide) => json!({ "success": true, "movie": {
            "project": record.project,
            "status": "done",
            "url": url,
            "thumbnail": null,
            "duration": seconds(record.length),
            "size": record.size,
            "client-data": data,
        } }),
    }
}

/// The body for a failure: `message` takes the place of the URL.
fn failed(record: &Record, message: &str, data: &Value) -> Value {
    json!({ "project": record.project, "status": "error", "message": message, "client-data": data })
}

/// The movie's own id. The service invents one if there is none (`movie-format.md#movie`).
fn id(record: &Record) -> String {
    record.id.clone().unwrap_or_else(|| record.project.chars().skip(8).collect::<String>().to_lowercase())
}

/// The same body with another URL.
pub(super) fn with_url(mut body: Value, url: &str) -> Value {
    let movie = if body["movie"].is_object() { &mut body["movie"] } else { &mut body };
    movie["url"] = json!(url);
    body
}

/// `a=1&client-data%5Border_id%5D=7`: the encoding that PHP and Express parse as nested.
pub(super) fn form(body: &Value) -> String {
    let mut pairs = Vec::new();
    flatten(None, body, &mut pairs);
    pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&")
}

fn flatten(name: Option<&str>, value: &Value, pairs: &mut Vec<(String, String)>) {
    let inner = |key: &str| name.map_or_else(|| key.to_owned(), |name| format!("{name}[{key}]"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(Some(&inner(key)), value, pairs)),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, value)| flatten(Some(&inner(&place.to_string())), value, pairs)),
        Value::Null => pairs.push((name.unwrap_or_default().to_owned(), String::new())),
        Value::String(text) => pairs.push((name.unwrap_or_default().to_owned(), text.clone())),
        other => pairs.push((name.unwrap_or_default().to_owned(), other.to_string())),
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_spells_nested_data_with_brackets() {
        let body = json!({ "project": "EMU", "client-data": { "order_id": 7, "tags": ["a b"] } });
        assert_eq!(form(&body), "project=EMU&client-data%5Border_id%5D=7&client-data%5Btags%5D%5B0%5D=a%20b");
    }
}
