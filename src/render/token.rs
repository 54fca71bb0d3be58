//! The token that travels with a movie in `client-data.j2v` and finds a lost render again: which render of which ledger
//! it is (`protocol.md#words`).

use std::fmt;

use super::identity::{Key, MovieHash, spelled};

/// The scope of keys given to a single `submit`; a batch's scope is its name (`protocol.md#words`).
pub const SUBMIT_SCOPE: &str = "submit";

/// A ledger's own name: six lower-case letters and digits, a letter first. It is made with the ledger, and a copy keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LedgerName(String);

/// Why a text is not the name of a ledger.
#[derive(Debug, thiserror::Error, Clone, Copy, PartialEq, Eq)]
#[error("a ledger's name has six lower-case letters and digits, a letter first, such as k3f9xa")]
pub struct NotALedger;

impl LedgerName {
    /// Reads a name.
    ///
    /// # Errors
    /// When it is not six lower-case letters and digits, a letter first.
    pub fn parse(text: &str) -> Result<Self, NotALedger> {
        let is_plain = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if is_plain && text.starts_with(|first: char| first.is_ascii_lowercase()) { Ok(Self(text.to_owned())) } else { Err(NotALedger) }
    }

    /// The name of the ledger of `--no-ledger`, which is not stored.
    #[must_use]
    pub fn unkept() -> Self {
        Self("unkept".to_owned())
    }
}

impl fmt::Display for LedgerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The fields that identify one render of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The scope of its key: a batch's name, or [`SUBMIT_SCOPE`].
    pub scope: &'a str,
    /// Its key.
    pub key: &'a Key,
    /// The n-th deliberate render of the key, from 1.
    pub generation: u32,
    /// The hash of its movie.
    pub movie: MovieHash,
}

impl Identity<'_> {
    /// The lookup key of its tokens.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace { key: spelled(self.key.as_str()), generation: self.generation, hash: self.movie.short() }
    }
}

/// The fields that every token has, older ones too. The other fields distinguish renders that share these.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Trace {
    key: String,
    generation: u32,
    hash: String,
}

/// `[BATCH/]KEY#GENERATION.HASH8.ATTEMPT.LEDGER`. Tokens of 2026-11 end before `.LEDGER`, and name no batch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Token {
    trace: Trace,
    /// The n-th POST of the generation, from 1.
    pub attempt: u32,
    /// Who made it, and in which scope; nothing in an older token.
    made: Option<Made>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Made {
    scope: String,
    ledger: LedgerName,
}

impl Token {
    /// The token of one attempt.
    #[must_use]
    pub fn new(identity: &Identity<'_>, attempt: u32, ledger: LedgerName) -> Self {
        Self { trace: identity.trace(), attempt, made: Some(Made { scope: spelled(identity.scope), ledger }) }
    }

    /// Reads a token as the service echoes it; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, rest) = text.rsplit_once('#')?;
        let mut parts = rest.split('.');
        let (generation, hash, attempt, ledger) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        let is_hash = hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_hash || parts.next().is_some() {
            return None;
        }
        let (key, made) = match ledger {
            None => (name, None),
            Some(ledger) => {
                let (scope, key) = name.split_once('/').map_or((SUBMIT_SCOPE.to_owned(), name), |(scope, key)| (unescaped(scope), key));
                (key, Some(Made { scope, ledger: LedgerName::parse(ledger).ok()? }))
            }
        };
        let trace = Trace { key: key.to_owned(), generation: generation.parse().ok()?, hash: hash.to_owned() };
        (!key.is_empty()).then_some(Self { trace, attempt: attempt.parse().ok()?, made })
    }

    /// Whether it names this render, as far as it names one: scope, key, generation and hash agree; the attempt may differ.
    #[must_use]
    pub fn names(&self, identity: &Identity<'_>) -> bool {
        self.trace == identity.trace() && self.made.as_ref().is_none_or(|made| made.scope == spelled(identity.scope))
    }

    /// Whether a project with this token was made for this render of this ledger.
    #[must_use]
    pub fn belongs_to(&self, identity: &Identity<'_>, ledger: &LedgerName) -> bool {
        self.names(identity) && self.is_of(ledger)
    }

    /// Whether this ledger may have made it: an older token doesn't say.
    #[must_use]
    pub fn is_of(&self, ledger: &LedgerName) -> bool {
        self.made.as_ref().is_none_or(|made| made.ledger == *ledger)
    }

    /// The ledger that made it; an older token doesn't say.
    #[must_use]
    pub fn ledger(&self) -> Option<&LedgerName> {
        self.made.as_ref().map(|made| &made.ledger)
    }

    /// The scope of its key, as it is spelled; an older token doesn't say.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.made.as_ref().map(|made| made.scope.as_str())
    }

    /// The lookup key of the token.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The n-th deliberate render of its key, from 1.
    #[must_use]
    pub fn generation(&self) -> u32 {
        self.trace.generation
    }

    /// The part of the movie's hash that it holds.
    #[must_use]
    pub fn movie(&self) -> MovieHash {
        MovieHash::from_short(&self.trace.hash).unwrap_or(MovieHash::of(&[]))
    }

    /// The key as the token spells it: as it was given, or `sha256-…` when that is over 100 bytes.
    #[must_use]
    pub fn spelled_key(&self) -> &str {
        &self.trace.key
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace: Trace { key, generation, hash }, attempt, made } = self;
        match made {
            None => write!(f, "{key}#{generation}.{hash}.{attempt}"),
            // The first `/` ends the batch's name: a key that has one, too, is never without a scope.
            Some(Made { scope, ledger }) if scope == SUBMIT_SCOPE && !key.contains('/') => {
                write!(f, "{key}#{generation}.{hash}.{attempt}.{ledger}")
            }
            Some(Made { scope, ledger }) => write!(f, "{}/{key}#{generation}.{hash}.{attempt}.{ledger}", escaped(scope)),
        }
    }
}

/// The name of a batch, with nothing in it that would end it.
fn escaped(scope: &str) -> String {
    scope.replace('%', "%25").replace('/', "%2F")
}

fn unescaped(scope: &str) -> String {
    scope.replace("%2F", "/").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ledger() -> LedgerName {
        LedgerName::parse("k3f9xa").unwrap()
    }

    fn identity<'a>(scope: &'a str, key: &'a Key) -> Identity<'a> {
        Identity { scope, key, generation: 2, movie: MovieHash::of(b"{}") }
    }

    #[test]
    fn a_token_reads_as_the_page_spells_it() {
        let (key, hash) = (Key::parse("L-4821").unwrap(), MovieHash::of(b"{}").short());
        let spelled = |scope| Token::new(&identity(scope, &key), 1, ledger()).to_string();
        assert_eq!(spelled(SUBMIT_SCOPE), format!("L-4821#2.{hash}.1.k3f9xa"));
        assert_eq!(spelled("flats"), format!("flats/L-4821#2.{hash}.1.k3f9xa"));
    }

    #[test]
    fn a_key_over_100_bytes_is_hashed() {
        let key = Key::parse(&"k".repeat(101)).unwrap();
        let token = Token::new(&identity("flats", &key), 1, ledger());
        assert!(token.spelled_key().starts_with("sha256-"));
        assert!(token.belongs_to(&identity("flats", &key), &ledger()));
    }

    #[test]
    fn what_a_token_tells_of_a_hash_agrees_with_that_movie_only() {
        let (one, other) = (MovieHash::of(b"{}"), MovieHash::of(b"[]"));
        let told = Token::new(&identity("flats", &Key::parse("a").unwrap()), 1, ledger()).movie();
        assert!(told.agrees(one) && told.agrees(told) && !told.agrees(other) && !one.agrees(other));
    }

    #[test]
    fn a_token_of_another_batch_key_generation_movie_or_ledger_is_not_ours() {
        let (key, other) = (Key::parse("a").unwrap(), Key::parse("b").unwrap());
        let ours = identity("flats", &key);
        let token = Token::new(&ours, 3, ledger());
        assert!(token.belongs_to(&ours, &ledger()));
        for stranger in [
            Identity { scope: "houses", ..ours },
            Identity { scope: SUBMIT_SCOPE, ..ours },
            Identity { key: &other, ..ours },
            Identity { generation: 1, ..ours },
            Identity { movie: MovieHash::of(b"[]"), ..ours },
        ] {
            assert!(!token.names(&stranger), "{stranger:?}");
        }
        assert!(!token.belongs_to(&ours, &LedgerName::parse("zzzzzz").unwrap()));
    }

    #[test]
    fn an_older_token_is_of_any_batch_and_any_ledger() {
        let key = Key::parse("a/b").unwrap();
        let token = Token::parse(&format!("a/b#2.{}.1", MovieHash::of(b"{}").short())).unwrap();
        assert!(token.belongs_to(&identity("flats", &key), &ledger()) && token.belongs_to(&identity(SUBMIT_SCOPE, &key), &ledger()));
        assert_eq!((token.scope(), token.ledger()), (None, None));
    }

    #[test]
    fn the_name_of_a_ledger_is_six_letters_and_digits() {
        for wrong in ["", "k3f9x", "k3f9xab", "3kf9xa", "K3f9xa", "k3f9x-"] {
            assert_eq!(LedgerName::parse(wrong), Err(NotALedger), "{wrong}");
        }
        assert_eq!(LedgerName::parse("unkept"), Ok(LedgerName::unkept()));
    }

    proptest! {
        #[test]
        fn every_token_is_read_back(scope in "[a-z%/2F#. ]{1,130}", key in "\\PC{1,300}", generation in 1u32.., attempt in 1u32.., seed: Vec<u8>) {
            let key = Key::parse(&key.chars().take(250).collect::<String>()).unwrap();
            let identity = Identity { scope: &scope, key: &key, generation, movie: MovieHash::of(&seed) };
            let token = Token::new(&identity, attempt, ledger());
            let read = Token::parse(&token.to_string());
            prop_assert!(read.as_ref().is_some_and(|read| read.belongs_to(&identity, &ledger())));
            prop_assert_eq!(read, Some(token));
        }

        #[test]
        fn reading_a_token_never_panics(text: String) {
            let _ = Token::parse(&text);
        }
    }
}
