//! The API key: a value that can be sent to the service and nowhere else.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use super::spelling::without;

/// Why a text is not an API key. The text itself is never part of the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Nothing but white space was given.
    #[error("the API key is empty")]
    Empty,
    /// It holds a character that a header can't hold: a line break, a space, a letter outside ASCII.
    #[error("the API key holds a character that no key has; was more than the key copied?")]
    Character,
}

/// The shortest key that counts as one of the service's, bytes.
const SHORTEST_KEY: usize = 12;

/// The key of an account. `Debug` is redacted, there is no `Display`, and the memory is wiped on drop.
#[derive(Clone)]
pub struct ApiKey {
    secret: SecretString,
    header: HeaderValue,
}

impl ApiKey {
    /// Parses a key as a user stores it: white space around it is dropped.
    ///
    /// # Errors
    /// When it is empty or holds anything but visible ASCII.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let key = text.trim();
        if key.is_empty() {
            return Err(KeyError::Empty);
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::Character);
        }
        let mut header = HeaderValue::from_str(key).map_err(|_| KeyError::Character)?;
        header.set_sensitive(true);
        Ok(Self { secret: SecretString::from(key), header })
    }

    /// The value of `x-api-key`, marked as sensitive so that no log of the HTTP library shows it.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// A text from outside without the key, in any spelling ([`spelling`](super::spelling) lists them). A key shorter than
    /// the service's keys is left alone: it may be any word.
    pub(super) fn scrubbed(&self, text: Vec<u8>) -> Vec<u8> {
        let key = self.secret.expose_secret();
        if key.len() < SHORTEST_KEY { text } else { without(text, key.as_bytes()) }
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey([REDACTED])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_never_shows_the_key() {
        let key = ApiKey::parse(" canary-4711 \n").unwrap();
        assert!(!format!("{key:?} {:?}", key.header()).contains("canary"));
    }

    #[test]
    fn a_refused_key_is_not_in_the_error() {
        for bad in ["canary\r\nx-evil: 1", "canary ü", "can ary", "canary\0"] {
            let error = ApiKey::parse(bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
        assert_eq!(ApiKey::parse(" \n").unwrap_err(), KeyError::Empty);
    }

    #[test]
    fn a_key_that_the_service_repeats_is_scrubbed_and_a_word_is_not() {
        let key = ApiKey::parse("canary-4711-4711").unwrap();
        assert_eq!(key.scrubbed(b"no: canary-4711-4711, (canary-4711-4711)".to_vec()), b"no: [redacted], ([redacted])");
        assert_eq!(ApiKey::parse("any").unwrap().scrubbed(b"any key".to_vec()), b"any key");
    }
}
