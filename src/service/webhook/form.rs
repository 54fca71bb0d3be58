//! `a=1&client-data[order_id]=7`: nested data in a form, as PHP and Express spell it.

use form_urlencoded::{Serializer, parse};
use serde_json::{Map, Value};

/// The deepest nesting of names, and the most names: a form holds a movie's few fields.
const DEEPEST: usize = 16;
const MOST: usize = 10_000;

/// Reads a form; `None` if no field has a name and a value.
pub(super) fn read(text: &[u8]) -> Option<Map<String, Value>> {
    let mut fields = Map::new();
    for (name, value) in parse(text).take(MOST).filter(|(name, _)| !name.is_empty()) {
        put(&mut fields, &segments(&name), value.into_owned());
    }
    let fields = fields.into_iter().map(|(name, value)| (name, with_lists(value))).collect::<Map<_, _>>();
    Some(fields).filter(|fields| !fields.is_empty())
}

/// Writes a form.
pub(super) fn write(value: &Value) -> String {
    let mut form = Serializer::new(String::new());
    flatten(&mut form, "", value);
    form.finish()
}

/// `client-data[tags][0]` as its three names; brackets that don't match are part of the name.
fn segments(name: &str) -> Vec<&str> {
    let whole = || vec![name];
    let Some((first, mut rest)) = name.split_once('[') else { return whole() };
    let mut segments = vec![first];
    loop {
        let Some((segment, after)) = rest.split_once(']') else { return whole() };
        segments.push(segment);
        match after.strip_prefix('[') {
            Some(next) if segments.len() < DEEPEST => rest = next,
            None if after.is_empty() && !first.is_empty() => return segments,
            _ => return whole(),
        }
    }
}

fn put(fields: &mut Map<String, Value>, segments: &[&str], text: String) {
    let Some((name, inner)) = segments.split_first() else { return };
    // `tags[]=a&tags[]=b` numbers its items by itself.
    let name = if name.is_empty() { fields.len().to_string() } else { (*name).to_owned() };
    if inner.is_empty() {
        fields.insert(name, Value::String(text));
        return;
    }
    let place = fields.entry(name).or_insert_with(|| Value::Object(Map::new()));
    if !place.is_object() {
        *place = Value::Object(Map::new());
    }
    if let Some(fields) = place.as_object_mut() {
        put(fields, inner, text);
    }
}

/// An object whose names are 0, 1, 2 … is a list.
fn with_lists(value: Value) -> Value {
    let Value::Object(fields) = value else { return value };
    let is_list = !fields.is_empty() && fields.keys().enumerate().all(|(place, name)| *name == place.to_string());
    let inner = fields.into_iter().map(|(name, value)| (name, with_lists(value)));
    if is_list { Value::Array(inner.map(|(_, value)| value).collect()) } else { Value::Object(inner.collect()) }
}

fn flatten(form: &mut Serializer<'_, String>, name: &str, value: &Value) {
    let inner = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}[{key}]") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(form, &inner(key), value)),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, value)| flatten(form, &inner(&place.to_string()), value)),
        Value::Null => drop(form.append_pair(name, "")),
        Value::String(text) => drop(form.append_pair(name, text)),
        other => drop(form.append_pair(name, &other.to_string())),
    }
}
