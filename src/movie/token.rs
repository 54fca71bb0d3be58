//! The one member that `j2v` itself adds to a movie: `client-data.j2v`. A lost render is found by it
//! (`protocol.md#words`). `render` decides its contents.

use super::Document;
use super::json::{Member, Node, Span, Value};

/// The movie's property that the service echoes in its answers and callbacks (`movie-format.md#movie`).
const CLIENT_DATA: &str = "client-data";

/// Our member of it.
const TOKEN: &str = "j2v";

/// The value of `client-data` in a movie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientData {
    /// Nothing.
    Absent,
    /// An object: a member can be added.
    Object,
    /// Another value, which accepts no member.
    Other,
}

/// `client-data` is there and accepts no member, so a token has no place.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[error("`client-data` is {kind}, not an object, so the render's token has no place in it")]
pub struct NotAnObject {
    /// The type of the value.
    pub kind: &'static str,
    /// Where it is written.
    pub span: Span,
}

impl Document {
    /// Reads the movie's `client-data`.
    #[must_use]
    pub fn client_data(&self) -> ClientData {
        match self.root.get(CLIENT_DATA).map(|data| &data.value) {
            None => ClientData::Absent,
            Some(Value::Object(_)) => ClientData::Object,
            Some(_) => ClientData::Other,
        }
    }

    /// The token that the movie holds, if any.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        Some(self.root.get(CLIENT_DATA)?.get(TOKEN)?.as_text()?.decoded().into_owned())
    }

    /// The movie with a token: it replaces a token that is there already; else it follows the members of `client-data`;
    /// else it is in a new `client-data` at the end. Nothing else changes.
    ///
    /// # Errors
    /// When `client-data` is there and is not an object.
    pub fn with_token(&self, token: &str) -> Result<Self, NotAnObject> {
        self.with_client_data_member(TOKEN, token)
    }

    /// The movie with a member of `client-data`, under the rules of [`Document::with_token`].
    ///
    /// # Errors
    /// When `client-data` is there and is not an object.
    pub fn with_client_data_member(&self, name: &str, text: &str) -> Result<Self, NotAnObject> {
        let mut document = self.clone();
        match document.root.get_mut(CLIENT_DATA) {
            None => document.root.put(CLIENT_DATA, Node::object().with(name, text)),
            Some(data) if data.as_object().is_some() => data.put(name, text),
            Some(other) => return Err(NotAnObject { kind: other.kind(), span: other.span }),
        }
        Ok(document)
    }

    /// The movie without a token. A `client-data` that held nothing else goes with it.
    #[must_use]
    pub fn without_token(&self) -> Self {
        let mut document = self.clone();
        if let Value::Object(members) = &mut document.root.value {
            members.retain_mut(|member| !is_emptied(member));
        }
        document
    }
}

/// Removes the token from a member of the movie. Returns whether the member is then empty.
fn is_emptied(member: &mut Member) -> bool {
    member.key.is(CLIENT_DATA) && member.value.remove(TOKEN) && member.value.as_object().is_some_and(<[_]>::is_empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn movie(text: &str) -> Document {
        Document::parse("m.json", text).unwrap()
    }

    #[test]
    fn a_token_goes_after_what_is_there_and_touches_nothing_else() {
        let with = |text: &str| movie(text).with_token("K#1.0a0b0c0d.1").unwrap().to_compact();
        assert_eq!(with(r#"{"x":1.50}"#), r#"{"x":1.50,"client-data":{"j2v":"K#1.0a0b0c0d.1"}}"#);
        assert_eq!(with(r#"{"client-data":{"a":1e3},"x":1}"#), r#"{"client-data":{"a":1e3,"j2v":"K#1.0a0b0c0d.1"},"x":1}"#);
        assert_eq!(with(r#"{"client-data":{"j2v":"old","a":1}}"#), r#"{"client-data":{"j2v":"K#1.0a0b0c0d.1","a":1}}"#);
    }

    #[test]
    fn a_token_is_taken_out_without_a_trace() {
        for text in [r#"{"x":1.50}"#, r#"{"client-data":{"a":1e3},"x":1}"#] {
            let document = movie(text).with_token("a \"quoted\" key#1.0a0b0c0d.1").unwrap();
            assert_eq!(document.token().as_deref(), Some("a \"quoted\" key#1.0a0b0c0d.1"));
            assert_eq!(document.without_token().to_compact(), text);
        }
        assert_eq!(movie(r#"{"client-data":{}}"#).without_token().to_compact(), r#"{"client-data":{}}"#);
    }

    #[test]
    fn client_data_that_is_no_object_takes_no_token() {
        let document = movie(r#"{"client-data":"L-4821"}"#);
        assert_eq!(document.client_data(), ClientData::Other);
        let error = document.with_token("t").unwrap_err();
        assert_eq!(error.to_string(), "`client-data` is a string, not an object, so the render's token has no place in it");
        assert_eq!(movie("{}").client_data(), ClientData::Absent);
        assert_eq!(movie(r#"{"client-data":{}}"#).client_data(), ClientData::Object);
    }
}
