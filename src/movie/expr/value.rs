//! The values of expressions.

use std::borrow::Cow;

use crate::movie::json::{self, Node, Number};

/// A value. Numbers that were not calculated keep their spelling; arrays and objects are borrowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprValue<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(Cow<'a, str>),
    /// An array or an object of the document.
    Container(&'a Node),
}

impl<'a> ExprValue<'a> {
    /// The value of a node.
    #[must_use]
    pub fn of(node: &'a Node) -> Self {
        match &node.value {
            json::Value::Null => Self::Null,
            json::Value::Bool(truth) => Self::Bool(*truth),
            json::Value::Number(number) => Self::Number(number.clone()),
            json::Value::String(text) => Self::Text(text.decoded()),
            json::Value::Array(_) | json::Value::Object(_) => Self::Container(node),
        }
    }

    /// Its type, with its article.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Container(node) => node.kind(),
        }
    }

    /// Its text inside a text: numbers as they are spelled, null as nothing, arrays and objects as JSON.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Number(number) => Cow::Borrowed(number.raw()),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Container(node) => Cow::Owned(node.to_compact()),
        }
    }

    /// Whether it counts as true. Documented for booleans and the empty text; 0 and null are guesses.
    #[must_use]
    pub fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(truth) => *truth,
            Self::Number(number) => number.as_f64() != 0.0,
            Self::Text(text) => !text.is_empty(),
            Self::Container(_) => true,
        }
    }

    /// The number it is, or that its text spells.
    #[must_use]
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            Self::Text(text) => read_number(text).map(|number| number.as_f64()),
            _ => None,
        }
    }

    /// A calculated number; `None` if JSON can't spell it.
    #[must_use]
    pub fn calculated(number: f64) -> Option<Self> {
        Number::from_f64(rounded(number)).map(Self::Number)
    }
}

/// The number that a text spells: the service's own examples write numbers in quotes (`movie-format.md#naming`).
#[must_use]
pub fn read_number(text: &str) -> Option<Number> {
    Number::parse(text.trim())
}

/// Rounds to 15 digits if that makes the spelling shorter, so that 0.1 + 0.2 is 0.3 and a third stays a third.
fn rounded(number: f64) -> f64 {
    if number.fract() == 0.0 {
        return number;
    }
    let shorter: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    if shorter.to_string().len() + 1 < number.to_string().len() { shorter } else { number }
}
