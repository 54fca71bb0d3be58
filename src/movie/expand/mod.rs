//! Resolves a movie's variables, expressions, conditions and iterations (`movie-format.md#variables`). The result is not
//! sent: it shows what the service will make of a movie, as far as the sources say.
//!
//! - A name is looked for in the element, then in the item of an iterated scene (its alias, then its own
//!   fields), then in the scene, then in the movie.
//! - What can't be resolved stays as it is written and is reported as an [`ExpandIssue`]. What the sources leave open
//!   is decided and reported as an [`Assumption`].
//! - `iterate` and `iterate-as` are removed once they are resolved, and so is a `condition` that was decided. `variables`
//!   are removed if nothing below them had to stay as written; otherwise they stay, and a scene of an
//!   iteration gets its item among them. A value that contains a `{{` is not filled in. So expanding
//!   an expanded movie changes nothing.
//! - A movie that names a `template` stays as it is: its scenes are not in the document.
//! - When a limit is reached, the movie stays as it is and the limit is the issue.
//!
//! Every node keeps the place where its author wrote it; each scene of an iteration has the place of the iterated one. A value
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

pub use note::{Assumption, AssumptionKind, ExpandIssue, ExpandIssueKind};

/// The limits of an expansion's cost. A document that would cost more stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The limits for one expression. Its steps and bytes are those of the whole expansion.
    pub expression: expr::ExprLimits,
    /// The largest number of scenes in the expanded movie.
    pub scenes: usize,
    /// The largest number of values in the expanded movie.
    pub nodes: u64,
    /// The greatest depth to which variables may refer to variables.
    pub references: usize,
    /// The greatest depth to which arrays and objects may nest in the expanded movie.
    pub nesting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            expression: expr::ExprLimits { depth: 64, steps: 5_000_000, bytes: 32 << 20 },
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
    /// The assumptions where the sources leave something open, each once per place.
    pub assumptions: Vec<Assumption>,
    /// What is wrong or had to stay as written, each once per place.
    pub issues: Vec<ExpandIssue>,
    /// The origins of the scenes: one entry for each scene of `movie`.
    pub scenes: Vec<SceneOrigin>,
    /// For each element of the movie itself, its index in the document.
    pub elements: Vec<usize>,
    /// The number of scenes and elements that were left out by their conditions, or by an array without items.
    pub left_out: usize,
    /// The cost of the expansion: values copied, operands and operators evaluated.
    pub steps: u64,
}

/// The origin of a scene.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SceneOrigin {
    /// Its index in the document.
    pub source: usize,
    /// The item that it was made for, if it was iterated.
    pub iteration: Option<Iteration>,
    /// For each of its elements, the index in the document's scene.
    pub elements: Vec<usize>,
}

/// A number out of a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Iteration {
    /// From 0.
    pub index: usize,
    /// The total.
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
    /// The limit that was reached, if any; then the movie is the document's.
    #[must_use]
    pub fn limit(&self) -> Option<(Limit, Span)> {
        self.issues.iter().find_map(|issue| if let ExpandIssueKind::Limit(limit) = issue.kind { Some((limit, issue.span)) } else { None })
    }

    /// The template that the movie names, if any; then nothing was resolved.
    #[must_use]
    pub fn is_template(&self) -> bool {
        self.issues.iter().any(|issue| issue.kind == ExpandIssueKind::Template)
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
