//! A movie with its variables, expressions, conditions and iterations resolved (`movie-format.md#variables`). Nothing
//! that is sent: it shows what the service will make of a movie, as far as the sources tell.
//!
//! - A name is looked for in the element, then in the item of an iterated scene (its alias, then its own
//!   fields), then in the scene, then in the movie.
//! - What can't be resolved stays as it is written and is told as an [`ExpandIssue`]. What the sources leave open
//!   is decided and told as an [`Assumption`].
//! - `iterate` and `iterate-as` go once they are resolved, and so does a `condition` that was decided. `variables`
//!   go when nothing below them had to stay as written; otherwise they stay where they are, and a scene of an
//!   iteration gets its item among them. A value that would bring a `{{` of its own is not put in. So expanding
//!   what was expanded changes nothing.
//! - A movie that names a `template` stays as it is: its scenes are not in the document.
//! - When a limit is reached, the movie stays as it is and the limit is the issue.
//!
//! Every node keeps the place where its author wrote it, and each scene of an iteration that of the iterated one. A value
//! that was filled in has a place of its own: the expanded document knows where it was written and where it is used.

mod copy;
mod expander;
mod fill;
mod level;
mod note;
mod place;
mod scenes;
mod timing;

#[cfg(test)]
mod tests;

use super::Document;
use super::expr::{self, Limit};
use super::json::Span;
use expander::Expander;

pub use note::{Assumption, AssumptionKind, ExpandIssue, IssueKind};

/// What an expansion may cost. A document that would cost more is left as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one expression. Its steps and bytes are those of the whole expansion.
    pub expression: expr::Limits,
    /// Scenes that may come out.
    pub scenes: usize,
    /// Values that may come out.
    pub nodes: u64,
    /// How deep variables may refer to variables.
    pub references: usize,
    /// How deep arrays and objects may nest in what comes out.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            expression: expr::Limits { depth: 64, steps: 5_000_000, bytes: 32 << 20 },
            scenes: 20_000,
            nodes: 1_000_000,
            references: 16,
            nesting: super::json::DEEPEST,
        }
    }
}

/// A movie that was expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expansion {
    /// The movie. Its spans point into the sources of the document that was expanded, which it shares.
    pub movie: Document,
    /// What was decided although the sources leave it open, each once a place.
    pub assumptions: Vec<Assumption>,
    /// What is wrong or had to stay as written, each once a place.
    pub issues: Vec<ExpandIssue>,
    /// Where the scenes came from: one entry for each scene of `movie`.
    pub scenes: Vec<SceneOrigin>,
    /// For each element of the movie itself, its index in the document.
    pub elements: Vec<usize>,
    /// How many scenes and elements were left out by their conditions, or by an array without items.
    pub left_out: usize,
    /// What the expansion cost: values copied, operands and operators evaluated.
    pub steps: u64,
}

/// Where a scene came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneOrigin {
    /// Its index in the document.
    pub source: usize,
    /// Which item it was made for, if it was iterated.
    pub iteration: Option<Iteration>,
    /// For each of its elements, the index in the document's scene.
    pub elements: Vec<usize>,
}

/// One of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Iteration {
    /// From 0.
    pub index: usize,
    /// How many there are.
    pub of: usize,
}

/// Resolves what can be resolved offline.
#[must_use]
pub fn expand(document: &Document, limits: &Limits) -> Expansion {
    let mut expander = Expander::new(&document.root, *limits);
    expander.origins.clone_from(&document.origins);
    let resolved = if expander.is_template() { None } else { expander.movie() };
    let (left_out, origins) = (expander.left_out, std::mem::take(&mut expander.origins));
    let (movie, scenes, elements) = match resolved {
        Some(resolved) => (resolved.root, resolved.scenes, resolved.elements),
        None => (document.root.clone(), as_they_are(document, "scenes"), (0..count(document, "elements")).collect()),
    };
    let movie = Document { root: movie, sources: document.sources.clone(), diagnostics: document.diagnostics.clone(), origins };
    let (assumptions, issues, steps) = expander.finish();
    Expansion { movie, assumptions, issues, scenes, elements, left_out, steps }
}

impl Expansion {
    /// The limit that was reached, if one was; the movie is the document's then.
    #[must_use]
    pub fn limit(&self) -> Option<(Limit, Span)> {
        self.issues.iter().find_map(|issue| if let IssueKind::Limit(limit) = issue.kind { Some((limit, issue.span)) } else { None })
    }

    /// The template that the movie names, if it does: nothing was resolved then.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.issues.iter().any(|issue| issue.kind == IssueKind::Template)
    }
}

fn count(document: &Document, name: &str) -> usize {
    document.root.get(name).and_then(|items| items.as_array()).map_or(0, <[_]>::len)
}

fn as_they_are(document: &Document, name: &str) -> Vec<SceneOrigin> {
    let scenes = document.root.get(name).and_then(|scenes| scenes.as_array()).unwrap_or_default();
    let elements = |scene: &super::json::Node| scene.get("elements").and_then(|elements| elements.as_array()).map_or(0, <[_]>::len);
    let origin = |(source, scene)| SceneOrigin { source, iteration: None, elements: (0..elements(scene)).collect() };
    scenes.iter().enumerate().map(origin).collect()
}
