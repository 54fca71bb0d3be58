//! `--field NAME`: prints fields instead of their object, one per line, for shells that have no JSON reader.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::sanitize;

/// The members of an object, each as it is spelled.
type Members<'t> = HashMap<String, &'t RawValue>;

/// The lines of a JSON object, or of each object of an array. Any other text stays as it is.
pub(super) fn lines(text: &str, fields: &[String]) -> Vec<String> {
    let objects = serde_json::from_str::<Members<'_>>(text).map(|one| vec![one]).or_else(|_| serde_json::from_str(text));
    let Ok(objects) = objects else { return vec![sanitize::line(text).into_owned()] };
    let value = |members: &Members<'_>, field: &String| members.get(field).map_or_else(String::new, |value| line(value.get()));
    objects.iter().flat_map(|members| fields.iter().map(move |field| value(members, field))).collect()
}

/// A text without its quotes, nothing for `null`; any other value as it is spelled.
fn line(value: &str) -> String {
    let text = serde_json::from_str::<Option<String>>(value).map(Option::unwrap_or_default);
    sanitize::line(text.as_deref().unwrap_or(value)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_a_line_whatever_it_holds() {
        let fields = ["a", "b"].map(str::to_owned);
        assert_eq!(lines(r#"{"a": "x\ny", "b": [1, null], "c": 2}"#, &fields), ["x y", "[1, null]"]);
        assert_eq!(lines(r#"[{"a": 1.50}, {"b": null}]"#, &fields), ["1.50", "", "", ""]);
        assert_eq!(lines("http://127.0.0.1:3000", &fields), ["http://127.0.0.1:3000"]);
    }
}
