//! The order for a submission: a movie and its rules.

use std::time::Duration;

use crate::ledger::{Again, LedgerError, NewRender, Render, SUBMIT_SCOPE};
use crate::movie::Document;
use crate::policy::{QUARANTINE, SETTLE_FOR};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::OnUnknown;
use crate::work::Context;

/// A movie to render.
#[derive(Debug, Clone)]
pub struct Order {
    /// The movie, composed and checked.
    pub movie: Document,
    /// The name of the movie's source.
    pub source: String,
    /// The flags that composed it, to print the command again.
    pub flags: Vec<String>,
    /// The user's key.
    pub key: Option<Key>,
    /// Whether to render the key again, deliberately.
    pub again: bool,
    /// Whether the movie carries a token.
    pub traceable: bool,
    /// What to do when a lost answer is not found.
    pub on_unknown: Option<OnUnknown>,
    /// How long an answer may stay lost before the user decides.
    pub quarantine: Option<Duration>,
    /// How long to search for a lost answer.
    pub settle_for: Duration,
}

impl Order {
    /// An order for one render without a key, with the default rules of `j2v submit`.
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
            settle_for: SETTLE_FOR,
        }
    }

    /// The order that sends a row's own movie once more: with its key, its flags and its rules. `None` when the ledger no
    /// longer keeps the movie.
    ///
    /// # Errors
    /// When the ledger fails.
    pub(crate) async fn of_render(context: &Context, render: &Render) -> Result<Option<Self>, LedgerError> {
        let body = context.store.body(render.id).await?.and_then(|body| String::from_utf8(body).ok());
        let movie = body.and_then(|body| Document::parse(&render.source, body).ok());
        Ok(movie.map(|movie| Self {
            flags: render.flags.clone(),
            key: Some(render.key.clone()),
            traceable: render.traceable,
            ..Self::new(movie, render.source.clone())
        }))
    }

    /// The row of the order before anything is sent.
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
