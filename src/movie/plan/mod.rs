//! The timeline, size and cost in credits of a movie, as far as they can be known before a render
//! (`movie-format.md#timing` and `service.md#credits`). What can't be known is a range, and the list of doubts has the reason.

mod assets;
mod bound;
mod credits;
mod doubt;
mod element;
mod json;
mod label;
mod length;
mod reading;
mod scene;
mod seconds;
mod size;

#[cfg(test)]
mod tests;

use super::expand::{Expansion, Iteration};
use super::json::{Node, Span, Text};
pub use assets::{Asset, AssetUse, Assets, NoAssets, assets_of, uses_of};
pub use bound::Unbounded;
pub use credits::{Credits, Price, PriceReason};
pub use doubt::{Doubt, Place, Reason};
pub use label::Shown;
pub use length::Length;
pub use seconds::Seconds;
pub use size::OutputSize;

/// The timeline of a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The length of the movie.
    pub duration: Length,
    /// The size of the frame.
    pub size: OutputSize,
    /// The scenes, in order.
    pub scenes: Vec<PlannedScene>,
    /// The movie's own elements, which play over all scenes.
    pub elements: Vec<PlannedElement>,
    /// The cost of the render.
    pub credits: Price,
    /// What can't be known before the render, in the order of the movie.
    pub unknown: Vec<Doubt>,
}

/// One scene on the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedScene {
    /// Its index among the scenes that play, from 0.
    pub index: usize,
    /// Its index in the document.
    pub source: usize,
    /// The item that it was made for, if it was iterated.
    pub iteration: Option<Iteration>,
    /// Its `id`.
    pub id: Option<Text>,
    /// Its start, in the movie.
    pub start: Length,
    /// Its length.
    pub length: Length,
    /// The time for which it overlaps the scene before it.
    pub overlap: Length,
    /// The style of the transition at its start.
    pub transition: Option<Text>,
    /// Its elements.
    pub elements: Vec<PlannedElement>,
    /// Where it is written.
    pub span: Span,
}

/// One element on the timeline of a scene or of the movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedElement {
    /// Its index among the elements that play, from 0.
    pub index: usize,
    /// Its index in the document.
    pub source: usize,
    /// Its `type`, if it has one.
    pub kind: Option<Text>,
    /// Its `id`.
    pub id: Option<Text>,
    /// What it shows, if it says so.
    pub shown: Option<Shown>,
    /// Its start, in its scene or in the movie.
    pub start: Length,
    /// Its length, its extra time included. It may reach beyond its scene, which cuts it.
    pub length: Length,
    /// Its end.
    pub end: Length,
    /// The source of its length.
    pub length_source: LengthSource,
    /// Where it is written.
    pub span: Span,
}

/// The source of an element's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthSource {
    /// The element itself: a duration, an asset, a spoken text.
    Own,
    /// Its scene or the movie (`duration: -2`): it gives neither of them a length.
    Container,
    /// None, for an image without a duration: it stays as long as its scene and gives it no length.
    Still,
}

impl Plan {
    /// The end of the last scene; `None` if no scene plays.
    #[must_use]
    pub fn scenes_end(&self) -> Option<Length> {
        self.scenes.last().map(|last| last.start.plus(&last.length))
    }
}

/// Plans an expanded movie. `assets` returns the known facts about files; [`NoAssets`] if there are none.
#[must_use]
pub fn plan(expansion: &Expansion, assets: &impl Assets) -> Plan {
    let root = &expansion.movie.root;
    let mut unknown = Vec::new();
    let scenes = if expansion.is_template() { Vec::new() } else { scene::scenes(expansion, assets, &mut unknown) };
    let drafts = element::drafts(items(root, "elements"), assets);
    let played = scenes.last().map(|last| last.start.plus(&last.length));
    // The movie lasts until its scenes and its own elements have ended (`movie-format.md#timing`).
    let duration = match (&played, element::longest(&drafts)) {
        _ if expansion.is_template() => Length::unknown(Reason::Template),
        (Some(played), Some(over)) => played.longer(&over),
        (Some(only), None) => *only,
        (None, over) => over.unwrap_or_else(|| Length::unknown(Reason::NothingGivesLength)),
    };
    if scenes.is_empty() && !duration.is_known() {
        unknown.extend(duration.why().map(|reason| Doubt { place: Place::MOVIE, reason, span: root.span }));
    }
    let elements = element::planned(drafts, &expansion.elements, &duration);
    for (index, element) in elements.iter().enumerate() {
        let place = Place { scene: None, element: Some(index) };
        unknown.extend(element.doubt(place));
        if played.is_some_and(|played| element.may_extend(&played)) {
            unknown.push(Doubt { place, reason: Reason::MayExtendMovie, span: element.span });
        }
    }
    let size = size::of(root);
    unknown.extend(size.doubt().map(|reason| Doubt { place: Place::MOVIE, reason, span: root.get("resolution").unwrap_or(root).span }));
    let credits = credits::price(root, &duration, size, (&scenes, &elements));
    Plan { duration, size, scenes, elements, credits, unknown }
}

/// The items of an array member; none if the member is not an array.
fn items<'a>(holder: &'a Node, name: &str) -> &'a [Node] {
    holder.get(name).and_then(Node::as_array).unwrap_or_default()
}

/// The text of a member; `None` if the member is not a string.
fn text_of(holder: &Node, name: &str) -> Option<Text> {
    holder.get(name).and_then(Node::as_text).cloned()
}
