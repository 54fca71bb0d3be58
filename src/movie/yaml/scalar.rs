//! Converts a scalar to JSON by its spelling and its tag.

use saphyr_parser::{ScalarStyle, Tag};

use super::super::json::{Number, Text, Value};

/// The JSON value of a scalar.
///
/// # Errors
/// When its spelling doesn't fit its tag, or JSON can't express the tag.
pub(super) fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let plain = || match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => Number::parse(text).map_or_else(|| Value::String(Text::new(text)), Value::Number),
    };
    let Some(tag) = tag else {
        return Ok(if style == ScalarStyle::Plain { plain() } else { Value::String(Text::new(text)) });
    };
    if is_plain_tag(tag) || (tag.is_yaml_core_schema() && tag.suffix == "str") {
        return Ok(Value::String(Text::new(text)));
    }
    match (tag.is_yaml_core_schema().then_some(tag.suffix.as_str()), plain()) {
        (Some("null"), value @ Value::Null)
        | (Some("bool"), value @ Value::Bool(_))
        | (Some("int" | "float"), value @ Value::Number(_)) => Ok(value),
        (Some("null" | "bool" | "int" | "float"), _) => Err(format!("`{text}` is not what its tag `!!{}` says", tag.suffix)),
        _ => Err(unknown_tag(tag)),
    }
}

/// `!` alone: a scalar with it is always a text; otherwise it is a sequence or a mapping.
pub(super) fn is_plain_tag(tag: &Tag) -> bool {
    (tag.handle.is_empty() && tag.suffix == "!") || (tag.handle == "!" && tag.suffix.is_empty())
}

/// The fault of a tag.
pub(super) fn unknown_tag(tag: &Tag) -> String {
    let name = if tag.is_yaml_core_schema() { format!("!!{}", tag.suffix) } else { format!("{}{}", tag.handle, tag.suffix) };
    format!("the tag `{name}` means nothing in a movie; leave it out")
}
