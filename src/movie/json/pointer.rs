//! JSON Pointer (RFC 6901): names a place in a tree, reads it and sets it.

use std::fmt;
use std::str::FromStr;

use super::{DEEPEST, Node, Span, Value};

/// A place in a tree: `/scenes/0/duration`. `~1` spells a `/` in a key, `~0` a `~`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Pointer(Vec<String>);

/// Why a text is not a pointer.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PointerError {
    /// It doesn't start at the root.
    #[error("the pointer `{0}` does not start with `/`: write `/{likely}`", likely = .0.replace('.', "/"))]
    NoSlash(String),
    /// A `~` that is neither `~0` nor `~1`.
    #[error("the pointer `{0}` holds a `~` that is neither `~0` (for `~`) nor `~1` (for `/`)")]
    Tilde(String),
    /// It leads deeper than a document may be nested.
    #[error("the pointer leads {0} levels deep; a movie is nested {DEEPEST} deep at most")]
    Deep(usize),
}

/// Why a place can't be set: the value that prevents it.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetError {
    /// A value on the path has no members or items.
    #[error("`{wanted}` can't be set: `{at}` is {kind}, neither an object nor an array")]
    NoContainer {
        /// The place to be set.
        wanted: Pointer,
        /// The pointer of that value.
        at: Pointer,
        /// Its type.
        kind: &'static str,
        /// Where it is written.
        span: Span,
    },
    /// The array has no such item.
    #[error("`{wanted}` can't be set: the array `{at}` has no item `{token}` (it holds {length}, counted from 0); `-` appends one")]
    NoItem {
        /// The place to be set.
        wanted: Pointer,
        /// The array.
        at: Pointer,
        /// Its number of items.
        length: usize,
        /// The index in the pointer.
        token: String,
        /// Where it is written.
        span: Span,
    },
}

impl SetError {
    /// Where the value that prevents it is written.
    #[must_use]
    pub fn span(&self) -> Span {
        match self {
            Self::NoContainer { span, .. } | Self::NoItem { span, .. } => *span,
        }
    }
}

impl Pointer {
    /// The whole tree.
    #[must_use]
    pub fn root() -> Self {
        Self::default()
    }

    /// A place one level deeper: a key, an index, or `-` for the place after an array's last item.
    #[must_use]
    pub fn child(&self, token: impl fmt::Display) -> Self {
        Self(self.0.iter().cloned().chain([token.to_string()]).collect())
    }

    /// The keys and indexes of the path, unescaped.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.0
    }

    /// The place itself, or the innermost one around it whose pointer has so many bytes at most: a key may be as long as a file.
    #[must_use]
    pub fn within(mut self, most: usize) -> Self {
        let length = |tokens: &[String]| tokens.iter().map(|token| token.len() + 1).sum::<usize>();
        while length(&self.0) > most {
            self.0.pop();
        }
        self
    }

    fn upto(&self, length: usize) -> Self {
        Self(self.0[..length].to_vec())
    }
}

impl FromStr for Pointer {
    type Err = PointerError;

    fn from_str(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        let tokens = text.strip_prefix('/').ok_or_else(|| PointerError::NoSlash(text.to_owned()))?;
        let depth = tokens.split('/').count();
        if depth > DEEPEST {
            return Err(PointerError::Deep(depth));
        }
        let unescaped = |token: &str| {
            let is_bad = token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
            (!is_bad).then(|| token.replace("~1", "/").replace("~0", "~"))
        };
        let tokens: Option<Vec<_>> = tokens.split('/').map(unescaped).collect();
        tokens.map(Self).ok_or_else(|| PointerError::Tilde(text.to_owned()))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

impl Node {
    /// The pointer to the innermost value whose key or text covers a place; the root for any other place.
    #[must_use]
    pub fn pointer_to(&self, place: Span) -> Pointer {
        let covers = |span: Span| span.source == place.source && span.start <= place.start && place.end <= span.end;
        let (mut node, mut tokens) = (self, Vec::new());
        loop {
            let inner = match &node.value {
                Value::Object(members) => {
                    let member = members.iter().find(|member| covers(member.key_span) || covers(member.value.span));
                    member.map(|member| (member.key.decoded().into_owned(), &member.value))
                }
                Value::Array(items) => {
                    let index = items.iter().position(|item| covers(item.span));
                    index.and_then(|index| Some((index.to_string(), items.get(index)?)))
                }
                _ => None,
            };
            let Some((token, inner)) = inner else { return Pointer(tokens) };
            tokens.push(token);
            node = inner;
        }
    }

    /// The value at a place.
    #[must_use]
    pub fn at(&self, pointer: &Pointer) -> Option<&Self> {
        pointer.0.iter().try_fold(self, |node, token| match &node.value {
            Value::Object(_) => node.get(token),
            Value::Array(items) => items.get(index(token)?),
            _ => None,
        })
    }

    /// The same, mutable.
    pub fn at_mut(&mut self, pointer: &Pointer) -> Option<&mut Self> {
        pointer.0.iter().try_fold(self, |node, token| {
            if node.as_object().is_some() {
                return node.get_mut(token);
            }
            let Value::Array(items) = &mut node.value else { return None };
            items.get_mut(index(token)?)
        })
    }

    /// Sets the value at a place. A missing member is added at the end, and so are the missing objects on
    /// the path to it; `-` appends to an array.
    ///
    /// # Errors
    /// When an array on the path has no such item, or a value on the path has no members or items. Then nothing
    /// is changed.
    pub fn set(&mut self, pointer: &Pointer, value: Self) -> Result<(), SetError> {
        self.set_from(0, pointer, value)
    }

    fn set_from(&mut self, depth: usize, wanted: &Pointer, value: Self) -> Result<(), SetError> {
        let Some(token) = wanted.0.get(depth) else {
            *self = value;
            return Ok(());
        };
        let (span, kind) = (self.span, self.kind());
        match &mut self.value {
            Value::Object(_) => match self.get_mut(token) {
                Some(next) => next.set_from(depth + 1, wanted, value)?,
                None => self.put(token, enclosed(value, &wanted.0[depth + 1..])),
            },
            Value::Array(items) if token == "-" => items.push(enclosed(value, &wanted.0[depth + 1..])),
            Value::Array(items) => {
                let length = items.len();
                let no_item = || SetError::NoItem { wanted: wanted.clone(), at: wanted.upto(depth), length, token: token.clone(), span };
                let next = index(token).and_then(|index| items.get_mut(index)).ok_or_else(no_item)?;
                next.set_from(depth + 1, wanted, value)?;
            }
            _ => return Err(SetError::NoContainer { wanted: wanted.clone(), at: wanted.upto(depth), kind, span }),
        }
        Ok(())
    }
}

/// A value inside new objects (and arrays, where the path has `-`) that lead to it.
fn enclosed(value: Node, way: &[String]) -> Node {
    way.iter().rev().fold(value, |inner, token| if token == "-" { Node::array([inner]) } else { Node::object().with(token, inner) })
}

/// An index as RFC 6901 has it: digits, without a zero in front.
fn index(token: &str) -> Option<usize> {
    let is_index = token == "0" || (!token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit()));
    if is_index { token.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::movie::json::parse;

    fn pointer(text: &str) -> Pointer {
        text.parse().unwrap()
    }

    fn set(tree: &str, place: &str) -> String {
        let mut tree = parse(tree, 0).unwrap().root;
        match tree.set(&pointer(place), Node::from(9)) {
            Ok(()) => tree.to_compact(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_value_is_replaced_where_it_stands_and_a_new_member_goes_last() {
        assert_eq!(set(r#"{"a":1.50,"b":2}"#, "/a"), r#"{"a":9,"b":2}"#);
        assert_eq!(set(r#"{"a":1.50}"#, "/b"), r#"{"a":1.50,"b":9}"#);
        assert_eq!(set(r#"{"s":[{"d":1},2]}"#, "/s/0/d"), r#"{"s":[{"d":9},2]}"#);
        assert_eq!(set("{}", "/a/b/0"), r#"{"a":{"b":{"0":9}}}"#);
        assert_eq!(set(r#"{"a":1,"a":2}"#, "/a"), r#"{"a":1,"a":9}"#);
        assert_eq!(set(r#"{"a/b":1,"m~n":2}"#, "/a~1b"), r#"{"a/b":9,"m~n":2}"#);
        assert_eq!(set("{}", ""), "9");
    }

    #[test]
    fn a_dash_appends_to_an_array_with_all_that_goes_inside() {
        assert_eq!(set(r#"{"s":[1]}"#, "/s/-"), r#"{"s":[1,9]}"#);
        assert_eq!(set("{}", "/s/-"), r#"{"s":[9]}"#);
        assert_eq!(set(r#"{"s":[]}"#, "/s/-/duration"), r#"{"s":[{"duration":9}]}"#);
    }

    #[test]
    fn what_stands_in_the_way_is_named() {
        assert_eq!(set(r#"{"a":"x"}"#, "/a/b/c"), "`/a/b/c` can't be set: `/a` is a string, neither an object nor an array");
        let error = "`/s/2/d` can't be set: the array `/s` has no item `2` (it holds 1, counted from 0); `-` appends one";
        assert_eq!(set(r#"{"s":[1]}"#, "/s/2/d"), error);
        assert!(set(r#"{"s":[1]}"#, "/s/00").contains("no item `00`"));
    }

    #[test]
    fn a_pointer_starts_at_the_root_and_escapes_as_the_rfc_says() {
        assert_eq!("width".parse::<Pointer>().unwrap_err().to_string(), "the pointer `width` does not start with `/`: write `/width`");
        assert!("scenes.0.duration".parse::<Pointer>().unwrap_err().to_string().ends_with("write `/scenes/0/duration`"));
        assert!("/a~2".parse::<Pointer>().is_err());
        assert!("/a~".parse::<Pointer>().is_err());
        assert_eq!(pointer("/a~1b/m~0n/~01").tokens(), ["a/b", "m~n", "~1"]);
    }

    proptest! {
        #[test]
        fn every_pointer_is_read_back(tokens: Vec<String>) {
            let built = Pointer(tokens);
            prop_assert_eq!(pointer(&built.to_string()), built);
        }

        #[test]
        fn what_is_set_is_found_there(tokens in proptest::collection::vec("[a-z~/0-9]{0,3}", 0..5)) {
            let place = Pointer(tokens);
            let mut tree = Node::object().with("a", Node::object());
            tree.set(&place, Node::from("here")).unwrap();
            prop_assert_eq!(tree.at(&place), Some(&Node::from("here")));
            prop_assert_eq!(tree.at_mut(&place), Some(&mut Node::from("here")));
        }
    }
}
