//! The names of profiles, which distinguish the renders of accounts.

use std::borrow::Borrow;
use std::fmt;

use crate::movie::diagnostic::excerpt;
use crate::work::DEFAULT_ACCOUNT;

/// The longest name.
const LONGEST: usize = 64;

/// A profile's name. It is also the name of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProfileName(String);

impl ProfileName {
    /// Parses a name.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let is_known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let begins_well = text.starts_with(|first: char| first.is_ascii_alphanumeric());
        if begins_well && text.len() <= LONGEST && text.chars().all(is_known) {
            return Ok(Self(text.to_owned()));
        }
        let text = excerpt(text);
        Err(format!("`{text}` is not a profile name: up to {LONGEST} letters, digits, `.`, `_` and `-`, the first a letter or a digit"))
    }

    /// The name.
    #[must_use]
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for ProfileName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Default for ProfileName {
    fn default() -> Self {
        Self(DEFAULT_ACCOUNT.to_owned())
    }
}
