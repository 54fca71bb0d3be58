//! A JSON tree that loses nothing: members keep their order and their duplicates, strings and numbers keep
//! their spelling, and every node keeps its place in the source.
//!
//! The service's movies are edited here and sent on. What no edit touches must be sent as it was written, so
//! numbers are texts (a 23-digit integer, `1.50`), and strings keep their escapes.
//!
//! ```
//! use j2v::movie::json::{Node, Pointer, parse};
//!
//! let mut movie = parse(r#"{"width": 1.50, "scenes": []}"#, 0)?.root;
//! movie.set(&"/scenes/-/duration".parse()?, Node::from(4))?;
//! assert_eq!(movie.to_compact(), r#"{"width":1.50,"scenes":[{"duration":4}]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod canonical;
mod convert;
mod explain;
mod likely;
mod number;
mod parse;
mod pointer;
mod print;
mod scan;
mod span;
mod stop;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;

pub use canonical::first_difference;
pub use explain::ParseError;
pub use likely::Likely;
pub use number::Number;
pub use parse::{Lenience, LenienceKind, Parsed, parse};
pub use pointer::{Pointer, PointerError, SetError};
pub(crate) use scan::find;
pub use span::{CellPlace, Span};
pub use text::Text;

use crate::limits::NESTING;

/// The greatest depth to which arrays and objects may nest.
#[expect(clippy::cast_possible_truncation, reason = "it is a small number")]
pub const DEEPEST: usize = NESTING.most as usize;

/// One value and its place. Two nodes are equal when their spelling is equal; places don't count.
#[derive(Clone)]
pub struct Node {
    /// Where it was written.
    pub span: Span,
    /// Its type and value.
    pub value: Value,
}

/// The value of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number as it is spelled.
    Number(Number),
    /// A string as it is spelled.
    String(Text),
    /// The items of an array.
    Array(Vec<Node>),
    /// The members of an object, in order, duplicates included.
    Object(Vec<Member>),
}

/// A key and its value.
#[derive(Clone)]
pub struct Member {
    /// The key as it is spelled.
    pub key: Text,
    /// Where the key was written, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Member {
    /// A member that was not written as one: its key has the place of its value.
    #[must_use]
    pub fn new(key: &str, value: impl Into<Node>) -> Self {
        let value = value.into();
        Self { key: Text::new(key), key_span: value.span, value }
    }
}

impl Node {
    /// A node that was never written in a file.
    #[must_use]
    pub const fn made(value: Value) -> Self {
        Self { span: Span::NONE, value }
    }

    /// `null`.
    #[must_use]
    pub const fn null() -> Self {
        Self::made(Value::Null)
    }

    /// A string.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::made(Value::String(Text::new(text)))
    }

    /// An object without members; [`Node::with`] adds them.
    #[must_use]
    pub const fn object() -> Self {
        Self::made(Value::Object(Vec::new()))
    }

    /// An array.
    #[must_use]
    pub fn array(items: impl IntoIterator<Item = Self>) -> Self {
        Self::made(Value::Array(items.into_iter().collect()))
    }

    /// This object with one more member, or with another value if the name is there already. A node
    /// that is not an object becomes one.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Self>) -> Self {
        self.put(name, value);
        self
    }

    /// Sets a member: in place if the name is there already, else at the end. A node that is not an object
    /// becomes one; call [`Node::as_object`] first to find out.
    pub fn put(&mut self, name: &str, value: impl Into<Self>) {
        if let Some(old) = self.get_mut(name) {
            *old = value.into();
        } else if let Value::Object(members) = &mut self.value {
            members.push(Member::new(name, value));
        } else {
            *self = Self::made(Value::Object(vec![Member::new(name, value)]));
        }
    }

    /// The value of a member of this object. Of duplicates the last counts, as in other JSON readers.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.as_object()?.iter().rev().find(|member| member.key.is(name)).map(|member| &member.value)
    }

    /// The same, mutable.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Value::Object(members) = &mut self.value else { return None };
        members.iter_mut().rev().find(|member| member.key.is(name)).map(|member| &mut member.value)
    }

    /// Removes every member of that name from this object. Returns whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let Value::Object(members) = &mut self.value else { return false };
        let before = members.len();
        members.retain(|member| !member.key.is(name));
        members.len() < before
    }

    /// The members, if this is an object.
    #[must_use]
    pub fn as_object(&self) -> Option<&[Member]> {
        if let Value::Object(members) = &self.value { Some(members) } else { None }
    }

    /// The items, if this is an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Value::Array(items) = &self.value { Some(items) } else { None }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        if let Value::String(text) = &self.value { Some(text) } else { None }
    }

    /// The number, if this is one.
    #[must_use]
    pub fn as_number(&self) -> Option<&Number> {
        if let Value::Number(number) = &self.value { Some(number) } else { None }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        if let Value::Bool(truth) = self.value { Some(truth) } else { None }
    }

    /// Its type with its article: `an object`, `a number` …
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }

    /// The same node with a number added to its source indexes: its document's list was put after another list.
    #[must_use]
    pub(crate) fn moved(mut self, sources: u16) -> Self {
        self.change_spans(&mut |span| span.moved(sources));
        self
    }

    /// The same node with one place for all of it.
    #[must_use]
    pub(crate) fn placed(mut self, at: Span) -> Self {
        self.place_at(at);
        self
    }

    /// Gives this node, and all values inside it, one place.
    pub(crate) fn place_at(&mut self, at: Span) {
        self.change_spans(&mut |_| at);
    }

    /// Changes the place of this node and of all values inside it.
    pub(in crate::movie) fn change_spans(&mut self, change: &mut impl FnMut(Span) -> Span) {
        self.span = change(self.span);
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|item| item.change_spans(change)),
            Value::Object(members) => members.iter_mut().for_each(|member| {
                member.key_span = change(member.key_span);
                member.value.change_spans(change);
            }),
            _ => {}
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Node {}

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key && self.value == other.value
    }
}

impl Eq for Member {}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_compact())
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.key, self.value)
    }
}
