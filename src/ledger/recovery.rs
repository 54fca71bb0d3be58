//! Recovery of renders that the ledger has lost, from the service's list. The token of each render names its batch, key,
//! generation and attempt, and the first digits of its movie's hash. The file, the flags and a name that was too long to
//! be spelled can't be recovered; older tokens name no batch either.
//!
//! So a restored row has a scope of its own until its key is submitted again in its batch (in any scope if its token
//! named none). Then it becomes that submission's row, and nothing is paid twice.

use std::time::Duration;

use super::{NewRender, Render, RenderId, Reply, Space};
use crate::render::identity::{Key, NameError, spelled};
use crate::render::outcome::Report;
use crate::render::state::{Fact, OnUnknown, Submission};
use crate::render::token::Token;
use crate::world::Timestamp;

/// The prefix of a restored row's scope. The digits of the movie's hash follow: the same key may have been used in several
/// scopes, for different movies. The scope that its token names follows after a `/`.
pub const RESTORED: &str = "restored:";

/// The first text that sorts after all texts that begin with [`RESTORED`].
pub const AFTER_RESTORED: &str = "restored;";

/// The source of a movie whose file is unknown.
const SOMEWHERE: &str = "-";

/// The scope that a restored row was submitted in, as far as its token named one; `None` for a row that was not restored.
#[must_use]
pub fn scope_before(scope: &str) -> Option<Option<&str>> {
    let restored = scope.strip_prefix(RESTORED)?;
    Some(restored.split_once('/').map(|(_, scope)| scope))
}

/// A render that the service has and the ledger lacks.
#[derive(Debug, Clone, PartialEq)]
pub struct Lost {
    /// The account and API URL.
    pub space: Space,
    /// The token that it was sent with.
    pub token: Token,
    /// The service's report.
    pub report: Report,
    /// When it was found.
    pub at: Timestamp,
}

impl Lost {
    /// The key, as far as the token spells it.
    ///
    /// # Errors
    /// When the token's text is not a valid key.
    pub fn key(&self) -> Result<Key, NameError> {
        Key::parse(self.token.spelled_key())
    }

    /// The row, as far as the token describes it.
    ///
    /// # Errors
    /// When the token's text is not a valid key.
    pub fn row(&self, id: RenderId) -> Result<Render, NameError> {
        let key = self.key()?;
        let accepted_at = self.report.created_at.unwrap_or(self.at);
        let intent = Submission { attempt: self.token.attempt, epoch: 1, ..Submission::new(OnUnknown::Hold) };
        let bound = intent.step(&Fact::Found { project: self.report.project.clone() }).map_or(intent.clone(), |step| step.next);
        let seen = bound.step(&Fact::Seen(Box::new(self.report.clone()))).map_or(bound, |step| step.next);
        Ok(Render {
            id,
            space: self.space.clone(),
            scope: self.scope(),
            named: !key.is_random(),
            key,
            generation: self.token.generation(),
            movie: self.token.movie(),
            traceable: true,
            source: SOMEWHERE.to_owned(),
            flags: Vec::new(),
            row: None,
            submission: seen,
            owner: None,
            quarantine: Duration::ZERO,
            created_at: accepted_at,
            touched_at: self.at,
            posted_at: Some(accepted_at),
            gave_up_at: None,
            searched_at: None,
            bound_at: Some(accepted_at),
            read_at: Some(self.at),
            refusal: None,
            report: Some(self.report.clone()),
            file: None,
            gives_way_to: None,
        })
    }

    fn scope(&self) -> String {
        let hash = self.token.movie().short();
        self.token.scope().map_or_else(|| format!("{RESTORED}{hash}"), |scope| format!("{RESTORED}{hash}/{scope}"))
    }

    /// Whether a row of the same space is this render, or another project for the same submission.
    #[must_use]
    pub fn is_known_as(&self, render: &Render) -> bool {
        let is_its_project = render.submission.project.as_ref() == Some(&self.report.project);
        is_its_project || self.token.names(&render.identity())
    }
}

/// The restored row that a draft means, of those with its key. A row whose token named another scope doesn't count. The
/// latest row of the same movie wins, else the latest row.
#[must_use]
pub fn meant(draft: &NewRender, restored: Vec<Render>) -> Option<Render> {
    let scope = spelled(&draft.scope);
    let is_its_scope = |render: &Render| scope_before(&render.scope).flatten().is_none_or(|before| before == scope);
    restored.into_iter().filter(is_its_scope).max_by_key(|render| (render.movie.agrees(draft.movie), render.generation))
}

/// A restored row as the draft's own: the same submission, with everything that the draft adds to it.
#[must_use]
pub fn claimed(restored: &Render, draft: &NewRender) -> Render {
    let is_its_movie = restored.movie.agrees(draft.movie);
    let (movie, source, flags) = if is_its_movie {
        (draft.movie, draft.source.clone(), draft.flags.clone())
    } else {
        (restored.movie, restored.source.clone(), restored.flags.clone())
    };
    let (scope, key) = (draft.scope.clone(), draft.key.clone());
    Render { scope, key, named: true, movie, source, flags, row: draft.row, ..restored.clone() }
}

/// The recovery calls of a ledger.
pub trait Recovery: Send + Sync {
    /// Makes a row of each render that the ledger doesn't know, by its project or by its token; returns those rows.
    /// Two processes that restore the same render at the same moment make one row.
    fn restore(&self, lost: Vec<Lost>) -> Reply<'_, Vec<Option<Render>>>;
}
