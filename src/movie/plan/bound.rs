//! What leaves the cost of a movie without an upper bound, and what would set one.

use super::{Doubt, Length, LengthSource, Place, Plan, PlannedElement, PlannedScene, Reason, Seconds};
use crate::movie::json::Span;

/// One thing that leaves the cost of a movie without an upper bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unbounded {
    /// The scene, element or movie, and the reason.
    pub doubt: Doubt,
    /// The element in words: `audio song.mp3`; `None` for a scene or the movie.
    pub label: Option<String>,
    /// What sets a bound.
    pub fix: &'static str,
}

/// `movie element 1, audio song.mp3: the length of the asset is unknown until it is fetched`.
impl std::fmt::Display for Unbounded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Doubt { place, reason, .. } = &self.doubt;
        match &self.label {
            Some(label) => write!(f, "{place}, {label}: {reason}"),
            None => write!(f, "{place}: {reason}"),
        }
    }
}

impl Plan {
    /// What leaves the cost without an upper bound, in the order of the movie; empty if the maximum is known.
    #[must_use]
    pub fn unbounded(&self) -> Vec<Unbounded> {
        let doubts = open_ends(self).into_iter().chain(self.credits.unbounded.iter().copied());
        let has_length = self.scenes.iter().any(|scene| scene.length.at_least() > Seconds::ZERO);
        doubts
            .map(|doubt| Unbounded { doubt, label: self.element(doubt.place).map(PlannedElement::label), fix: fix(doubt, has_length) })
            .collect()
    }

    /// The element at a place; `None` for a scene or the movie.
    #[must_use]
    pub fn element(&self, place: Place) -> Option<&PlannedElement> {
        let elements = match place.scene {
            Some(scene) => &self.scenes.get(scene)?.elements,
            None => &self.elements,
        };
        elements.get(place.element?)
    }
}

/// What leaves the length of the movie without an upper bound.
fn open_ends(plan: &Plan) -> Vec<Doubt> {
    if plan.duration.at_most().is_some() {
        return Vec::new();
    }
    let mut open: Vec<Doubt> = plan.scenes.iter().filter(|scene| is_open(&scene.length)).flat_map(of_scene).collect();
    open.extend(of_elements(&plan.elements, None));
    if open.is_empty() {
        open.extend(plan.duration.why().map(|reason| Doubt { place: Place::MOVIE, reason, span: Span::NONE }));
    }
    open
}

fn is_open(length: &Length) -> bool {
    length.at_most().is_none()
}

/// The elements that leave a scene without a bound, or the scene if it does so itself.
fn of_scene(scene: &PlannedScene) -> Vec<Doubt> {
    let why = scene.length.why().unwrap_or(Reason::NothingGivesLength);
    let elements: Vec<Doubt> = of_elements(&scene.elements, Some(scene.index)).collect();
    if elements.iter().any(|doubt| doubt.reason == why) {
        return elements;
    }
    vec![Doubt { place: Place { scene: Some(scene.index), element: None }, reason: why, span: scene.span }]
}

fn of_elements(elements: &[PlannedElement], scene: Option<usize>) -> impl Iterator<Item = Doubt> {
    let open = elements.iter().filter(|element| element.length_source == LengthSource::Own && is_open(&element.end));
    open.filter_map(move |element| element.doubt(Place { scene, element: Some(element.index) }))
}

/// What sets a bound, in a movie whose scenes have a length or not.
fn fix(doubt: Doubt, has_length: bool) -> &'static str {
    match (doubt.reason, doubt.place.scene) {
        (Reason::Template, _) => "send the template's own movie in place of its id: its scenes are not here",
        (Reason::Unresolved | Reason::NotIterated, _) => "set the variables that it needs",
        (Reason::NoTime, _) => "write a number of seconds",
        (Reason::UnknownType, _) => "write one of the nine types of elements",
        (Reason::UnknownModel, _) => "take a model of the list, or name a `connection`: its provider bills you then",
        (Reason::PaidByLength, _) => "give it a `\"duration\"`, or a `connection`: its provider bills you then",
        (_, Some(_)) => "give the scene a `\"duration\"` in seconds: it ends then, whatever is in it",
        (_, None) if has_length => "give it `\"duration\": -2`, which ends it with the scenes",
        (_, None) => "give it a `\"duration\"` in seconds",
    }
}
