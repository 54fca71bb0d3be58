//! What is to be submitted: a movie, and the rules for it.

use std::time::Duration;

use crate::ledger::{Again, NewRender, SUBMIT_SCOPE};
use crate::movie::Document;
use crate::render::identity::{Key, MovieHash};
use crate::render::state::OnUnknown;
use crate::work::Context;

/// How long an answer may stay lost before a person decides (`protocol.md#searching`).
const QUARANTINE: Duration = Duration::from_secs(15 * 60);

/// A movie that is wanted as a video.
#[derive(Debug, Clone)]
pub struct Order {
    /// The movie, composed and checked.
    pub movie: Document,
    /// Where it came from.
    pub source: String,
    /// The flags that composed it, for whoever has to type the command once more.
    pub flags: Vec<String>,
    /// The user's key.
    pub key: Option<Key>,
    /// Render the key once more, deliberately.
    pub again: bool,
    /// Whether a token goes with it.
    pub traceable: bool,
    /// What to do when a lost answer is not found.
    pub on_unknown: Option<OnUnknown>,
    /// How long an answer may stay lost before a person decides.
    pub quarantine: Option<Duration>,
    /// How long to look for a lost answer.
    pub settle_for: Duration,
}

impl Order {
    /// A movie wanted once, under no key, with the rules that `j2v submit` has by default.
    #[must_use]
    pub fn new(movie: Document, source: impl Into<String>) -> Self {
        Self {
            movie,
            source: source.into(),
            flags: Vec::new(),
            key: None,
            again: false,
            traceable: true,
            on_unknown: None,
            quarantine: None,
            settle_for: Duration::from_secs(60),
        }
    }

    /// Its row, before anything is sent.
    pub(super) fn draft(&self, context: &Context, movie: MovieHash) -> NewRender {
        NewRender {
            space: context.space.clone(),
            scope: SUBMIT_SCOPE.to_owned(),
            key: self.key.clone().unwrap_or_else(|| Key::random(context.world.rng.next_u64())),
            named: self.key.is_some(),
            movie,
            body: self.movie.to_compact().into_bytes(),
            traceable: self.traceable,
            source: self.source.clone(),
            flags: self.flags.clone(),
            on_unknown: self.on_unknown.unwrap_or(OnUnknown::Hold),
            quarantine: self.quarantine.unwrap_or(QUARANTINE),
            again: if self.again { Again::Yes } else { Again::No },
            row: None,
            at: context.world.now(),
        }
    }
}
