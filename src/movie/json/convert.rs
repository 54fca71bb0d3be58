//! Conversions from and to other types: numbers, texts, and `serde_json`'s tree.

use super::{Member, Node, Number, Text, Value};

impl Node {
    /// The tree of a `serde_json` value.
    #[must_use]
    pub fn from_serde(value: &serde_json::Value) -> Self {
        Self::made(match value {
            serde_json::Value::Null => Value::Null,
            serde_json::Value::Bool(truth) => Value::Bool(*truth),
            serde_json::Value::Number(number) => Value::Number(Number::from_raw(&number.to_string())),
            serde_json::Value::String(text) => Value::String(Text::new(text)),
            serde_json::Value::Array(items) => Value::Array(items.iter().map(Self::from_serde).collect()),
            serde_json::Value::Object(members) => {
                Value::Object(members.iter().map(|(key, value)| Member::new(key, Self::from_serde(value))).collect())
            }
        })
    }

    /// The tree as a `serde_json` value, which holds less: of duplicate keys the last value stays. Numbers keep their
    /// digits, also those that no machine number holds (`1e999`).
    #[must_use]
    pub fn to_serde(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(truth) => (*truth).into(),
            Value::Number(number) => number.raw().parse().map_or_else(|_| serde_json::Value::from(number.raw()), serde_json::Value::Number),
            Value::String(text) => text.decoded().into(),
            Value::Array(items) => items.iter().map(Self::to_serde).collect(),
            Value::Object(members) => members.iter().map(|member| (member.key.decoded().into_owned(), member.value.to_serde())).collect(),
        }
    }
}

impl From<&str> for Node {
    fn from(text: &str) -> Self {
        Self::string(text)
    }
}

impl From<String> for Node {
    fn from(text: String) -> Self {
        Self::string(&text)
    }
}

impl From<bool> for Node {
    fn from(truth: bool) -> Self {
        Self::made(Value::Bool(truth))
    }
}

impl From<Number> for Node {
    fn from(number: Number) -> Self {
        Self::made(Value::Number(number))
    }
}

/// An infinity or a NaN, which JSON doesn't have, becomes `null`.
impl From<f64> for Node {
    fn from(number: f64) -> Self {
        Number::from_f64(number).map_or_else(Self::null, Self::from)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Node {
            fn from(number: $integer) -> Self {
                Self::made(Value::Number(Number::from_raw(&number.to_string())))
            }
        }
    )*};
}

from_integers!(i32, u32, i64, u64, usize);

impl From<&serde_json::Value> for Node {
    fn from(value: &serde_json::Value) -> Self {
        Self::from_serde(value)
    }
}

impl From<serde_json::Value> for Node {
    fn from(value: serde_json::Value) -> Self {
        Self::from_serde(&value)
    }
}

impl<T: Into<Self>> From<Vec<T>> for Node {
    fn from(items: Vec<T>) -> Self {
        Self::array(items.into_iter().map(Into::into))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::movie::json::parse;

    #[test]
    fn a_serde_tree_survives_both_ways() {
        let value = json!({"b": [1, -2.5, "a\n\"b\"", null, true], "a": {}});
        assert_eq!(Node::from_serde(&value).to_serde(), value);
    }

    #[test]
    fn of_duplicate_keys_the_last_stays_and_numbers_keep_their_digits() {
        let tree = parse(r#"{"a":1,"a":2,"big":1e+999,"price":1.50,"order":98765432109876543210}"#, 0).unwrap().root;
        assert_eq!(tree.to_serde().to_string(), r#"{"a":2,"big":1e+999,"price":1.50,"order":98765432109876543210}"#);
    }
}
