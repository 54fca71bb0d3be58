//! The names by which a render is found again: key, project id, and the hash of its movie. Its token is made of them
//! (`token`).

use std::fmt;

use sha2::{Digest, Sha256};
use smol_str::SmolStr;

/// The longest accepted key, bytes.
const LONGEST_KEY: usize = 1000;

/// The longest key, and the longest name of a batch, in bytes, that a token spells out; a longer one is hashed.
const LONGEST_SPELLED: usize = 100;

/// The characters of generated keys.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Why a name was refused.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing was given.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// It holds a control character, which would break lines and terminals.
    #[error("{0} holds a control character")]
    Control(&'static str),
    /// It is longer than the limit.
    #[error("{0} is longer than {1} bytes")]
    Long(&'static str, usize),
}

fn checked(what: &'static str, text: &str, longest: usize) -> Result<String, NameError> {
    if text.is_empty() {
        return Err(NameError::Empty(what));
    }
    if text.chars().any(char::is_control) {
        return Err(NameError::Control(what));
    }
    if text.len() > longest {
        return Err(NameError::Long(what, longest));
    }
    Ok(text.to_owned())
}

/// The user's name for one wanted video (`--key L-4821`, or a batch's row key).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(String);

impl Key {
    /// Takes a key as a user gives it.
    ///
    /// # Errors
    /// When it is empty, longer than 1,000 bytes, or holds a control character.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        checked("the key", text, LONGEST_KEY).map(Self)
    }

    /// Generates a key for a submission without one: `r-` and 13 random letters and digits.
    #[must_use]
    pub fn random(next_u64: u64) -> Self {
        let letters = (0..13).map(|place| char::from(LETTERS[usize::try_from((next_u64 >> (place * 5)) & 31).unwrap_or(0)]));
        Self(["r", "-"].into_iter().flat_map(str::chars).chain(letters).collect())
    }

    /// Whether it looks like a generated key.
    #[must_use]
    pub fn is_random(&self) -> bool {
        let letters = self.0.strip_prefix("r-").filter(|letters| letters.len() == 13);
        letters.is_some_and(|letters| letters.bytes().all(|letter| LETTERS.contains(&letter)))
    }

    /// Whether it looks like what a token spells in the place of a long key.
    #[must_use]
    pub fn is_hash(&self) -> bool {
        self.0.strip_prefix("sha256-").is_some_and(|digits| MovieHash::from_hex(digits).is_some())
    }

    /// The same key as a token spells it: a long one is hashed.
    #[must_use]
    pub fn spelled(&self) -> Self {
        Self(spelled(&self.0))
    }

    /// The key as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The service's name for a render: 16 letters and digits (`service.md#common`). Any printable name is
/// taken, since a paid render whose id looks odd must still be found; file names are made safe elsewhere. The
/// documented ones stand in the value itself, without an allocation: a batch follows 100,000 of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectId(SmolStr);

impl ProjectId {
    /// Takes a project id from a user or from the service.
    ///
    /// # Errors
    /// When it is empty, longer than 200 bytes, or holds a control character.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        checked("the project id", text, 200).map(|text| Self(text.into()))
    }

    /// The id as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has the documented form: 16 ASCII letters and digits.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        self.0.len() == 16 && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

impl fmt::Display for ProjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The SHA-256 of a movie in canonical spelling, before the token. Two movies are the same when these are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MovieHash([u8; 32]);

impl MovieHash {
    /// The hash of a canonical spelling.
    #[must_use]
    pub fn of(canonical: &[u8]) -> Self {
        Self(Sha256::digest(canonical).into())
    }

    /// 64 hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        hex(&self.0)
    }

    /// Reads 64 hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The part of a hash that a token's 8 hexadecimal digits give. The rest is zeros, which no movie has.
    #[must_use]
    pub fn from_short(digits: &str) -> Option<Self> {
        Self::from_hex(&format!("{digits:0<64}")).filter(|_| digits.len() == 8)
    }

    /// Whether both may belong to the same movie, as far as both are known.
    #[must_use]
    pub fn agrees(self, other: Self) -> bool {
        self == other || ((self.is_short() || other.is_short()) && self.0[..4] == other.0[..4])
    }

    /// Whether only the token's part of the hash is known.
    #[must_use]
    pub fn is_short(self) -> bool {
        self.0[4..].iter().all(|byte| *byte == 0)
    }

    /// The first 8 hexadecimal digits, as the token holds them.
    #[must_use]
    pub fn short(self) -> String {
        hex(&self.0[..4])
    }
}

/// A name as a token holds it: a long one is hashed.
pub(crate) fn spelled(name: &str) -> String {
    if name.len() <= LONGEST_SPELLED { name.to_owned() } else { format!("sha256-{}", hex(&Sha256::digest(name.as_bytes()))) }
}

/// Lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn eight_digits_are_all_that_is_short() {
        assert_eq!(MovieHash::from_short("123"), None);
    }

    #[test]
    fn a_key_that_nobody_gave_is_known_by_its_looks() {
        assert!(Key::random(77).is_random());
        assert!(!Key::parse("r-hello").unwrap().is_random() && !Key::parse("L-4821").unwrap().is_random());
    }

    proptest! {
        #[test]
        fn a_hash_is_read_back(seed: Vec<u8>) {
            let hash = MovieHash::of(&seed);
            prop_assert_eq!(MovieHash::from_hex(&hash.to_hex()), Some(hash));
            let short = MovieHash::from_short(&hash.short()).unwrap();
            prop_assert!(short.agrees(hash) && hash.agrees(short) && short != hash);
        }
    }
}
