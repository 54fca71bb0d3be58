//! `NAME=TEXT` and `NAME:=JSON`: the name that a flag sets, and its value.

use std::str::FromStr;

use crate::movie::json::{self, Node, ParseError, Pointer, PointerError};

/// A value as a flag gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigned {
    /// After `=`: a text, even if it looks like a number or JSON.
    Text(String),
    /// After `:=`: a JSON value, in the spelling it was given in.
    Json(Node),
}

impl Assigned {
    /// The value as a node of a movie.
    #[must_use]
    pub fn to_node(&self) -> Node {
        match self {
            Self::Text(text) => Node::string(text),
            Self::Json(node) => node.clone(),
        }
    }
}

/// A name and its value: `--var city=Berlin`, `--client-data price:=450000`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The name, not empty.
    pub name: String,
    /// The value.
    pub value: Assigned,
}

/// A place and its value: `--set /scenes/0/duration:=4`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The place.
    pub pointer: Pointer,
    /// The value.
    pub value: Assigned,
}

/// Why a text is not an assignment.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AssignError {
    /// Neither `=` nor `:=`.
    #[error("`{0}` has no `=`: write `{0}=TEXT`, or `{0}:=JSON` for a number, a list or the like")]
    NoSeparator(String),
    /// Nothing before the separator.
    #[error("`{0}` has no name before its `=`")]
    NoName(String),
    /// The text after `:=` is not JSON.
    #[error("the value of `{name}` is not JSON: {why}{likely}; for a text write `{name}=…`", likely = likely(why))]
    NotJson {
        /// The name or pointer to set.
        name: String,
        /// The reason.
        why: ParseError,
    },
    /// The text before the separator is not a JSON Pointer.
    #[error(transparent)]
    Pointer(#[from] PointerError),
}

fn likely(why: &ParseError) -> String {
    why.likely.map_or_else(String::new, |likely| format!(" ({likely})"))
}

impl Assignment {
    /// Reads `NAME=TEXT` or `NAME:=JSON`. The first separator counts, so a text may hold both.
    ///
    /// # Errors
    /// When there is no separator, no name, or no JSON after `:=`.
    pub fn parse(text: &str) -> Result<Self, AssignError> {
        let (name, value) = separated(text)?;
        if name.is_empty() {
            return Err(AssignError::NoName(text.to_owned()));
        }
        Ok(Self { name: name.to_owned(), value })
    }

    pub(super) fn moved(&self, sources: u16) -> Self {
        let value = match &self.value {
            Assigned::Json(node) => Assigned::Json(node.clone().moved(sources)),
            Assigned::Text(text) => Assigned::Text(text.clone()),
        };
        Self { name: self.name.clone(), value }
    }
}

impl Setting {
    /// Reads `POINTER=TEXT` or `POINTER:=JSON`. The first `=` or `:=` ends the pointer, so a key that holds
    /// `=` can't be named.
    ///
    /// # Errors
    /// When there is no separator, no JSON Pointer before it, or no JSON after `:=`.
    pub fn parse(text: &str) -> Result<Self, AssignError> {
        let (pointer, value) = separated(text)?;
        Ok(Self { pointer: pointer.parse()?, value })
    }
}

fn separated(text: &str) -> Result<(&str, Assigned), AssignError> {
    let (name, value) = text.split_once('=').ok_or_else(|| AssignError::NoSeparator(text.to_owned()))?;
    let Some(name) = name.strip_suffix(':') else { return Ok((name, Assigned::Text(value.to_owned()))) };
    match json::parse(value, u16::MAX) {
        Ok(parsed) => Ok((name, Assigned::Json(parsed.root))),
        Err(why) => Err(AssignError::NotJson { name: name.to_owned(), why }),
    }
}

impl FromStr for Assignment {
    type Err = AssignError;

    fn from_str(text: &str) -> Result<Self, AssignError> {
        Self::parse(text)
    }
}

impl FromStr for Setting {
    type Err = AssignError;

    fn from_str(text: &str) -> Result<Self, AssignError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(text: &str) -> (String, Assigned) {
        let Assignment { name, value } = Assignment::parse(text).unwrap();
        (name, value)
    }

    fn text(text: &str) -> Assigned {
        Assigned::Text(text.to_owned())
    }

    #[test]
    fn the_separator_that_comes_first_counts() {
        assert_eq!(assigned("a=b:=c"), ("a".to_owned(), text("b:=c")));
        assert_eq!(assigned("a:=\"b=c\""), ("a".to_owned(), Assigned::Json(Node::string("b=c"))));
        assert_eq!(assigned("a:b=c"), ("a:b".to_owned(), text("c")));
        assert_eq!(assigned("a="), ("a".to_owned(), text("")));
        assert_eq!(assigned("price=1.50"), ("price".to_owned(), text("1.50")));
    }

    #[test]
    fn a_json_value_keeps_its_spelling_and_has_no_place() {
        let (_, Assigned::Json(node)) = assigned("n:={\"x\": 1.50}") else { panic!("no JSON") };
        assert_eq!(node.to_compact(), r#"{"x":1.50}"#);
        assert!(!node.span.is_some());
    }

    #[test]
    fn what_assigns_nothing_is_told_what_is_missing() {
        let told = |text: &str| Assignment::parse(text).unwrap_err().to_string();
        assert_eq!(told("city"), "`city` has no `=`: write `city=TEXT`, or `city:=JSON` for a number, a list or the like");
        assert_eq!(told("=x"), "`=x` has no name before its `=`");
        assert_eq!(told(":=1"), "`:=1` has no name before its `=`");
        assert_eq!(
            told("rooms:=[Kitchen]"),
            "the value of `rooms` is not JSON: expected a value, found `Kitchen` (a text without quotes); for a text write `rooms=…`"
        );
    }

    #[test]
    fn a_setting_has_a_pointer() {
        let setting = Setting::parse("/scenes/0/a~1b:=[1]").unwrap();
        assert_eq!(setting.pointer.tokens(), ["scenes", "0", "a/b"]);
        let error = Setting::parse("width=1").unwrap_err();
        assert_eq!(error.to_string(), "the pointer `width` does not start with `/`: write `/width`");
    }
}
