//! Gives everything without a length an assumed one, so that the whole movie can be shown. The plan of the movie itself stays
//! unchanged and states what is known; this one states when to draw what.

use super::known::Known;
use super::read::{is_unresolved, items, number, words};
use super::speech;
use crate::movie::expand::Expansion;
use crate::movie::json::{Node, Value};
use crate::movie::plan::Assets;

/// How long an element without any length is shown, seconds.
const UNKNOWN: f64 = 5.0;

/// The length of a transition that states none, seconds.
const TRANSITION: f64 = 1.0;

/// The same expansion with a length for everything without one. Voices speak `pace` times as long as estimated.
pub(super) fn assume(expansion: &Expansion, known: &Known, pace: f64) -> Expansion {
    let mut assumed = expansion.clone();
    let root = &mut assumed.movie.root;
    for scene in items_mut(root, "scenes") {
        of_scene(scene, known, pace);
    }
    let has_scenes = !items(root, "scenes").is_empty();
    for element in items_mut(root, "elements") {
        of_element(element, known, pace);
    }
    if !has_scenes && !items(root, "elements").iter().any(|element| has_own_length(element, known)) {
        for element in items_mut(root, "elements") {
            element.put("duration", length(UNKNOWN));
        }
    }
    assumed
}

fn of_scene(scene: &mut Node, known: &Known, pace: f64) {
    for gone in ["iterate", "import", "condition"] {
        scene.remove(gone);
    }
    for element in items_mut(scene, "elements") {
        of_element(element, known, pace);
    }
    if number(scene, "duration").is_none_or(|seconds| seconds <= 0.0) {
        scene.remove("duration");
        if !items(scene, "elements").iter().any(|element| has_own_length(element, known)) {
            scene.put("duration", length(UNKNOWN));
        }
    }
    if let Some(transition) = scene.get_mut("transition").filter(|transition| transition.as_object().is_some()) {
        let is_said = number(transition, "duration").is_some_and(|seconds| seconds >= 0.0);
        if !is_said {
            transition.put("duration", length(TRANSITION));
        }
    }
}

fn of_element(element: &mut Node, known: &Known, pace: f64) {
    element.remove("condition");
    for name in ["start", "extra-time"] {
        if is_unreadable(element, name) {
            element.remove(name);
        }
    }
    if is_unreadable(element, "duration") {
        element.put("duration", length(UNKNOWN));
    }
    let said = number(element, "duration").filter(|seconds| *seconds > 0.0 || is_container(*seconds));
    if said.is_some() {
        return;
    }
    match words(element, "type").as_deref() {
        Some("voice") => {
            let seconds = speech::length(element) * pace;
            element.put("duration", length(seconds));
        }
        Some("video" | "audio") if !has_own_length(element, known) => element.put("duration", length(UNKNOWN)),
        Some("image" | "text" | "html" | "component" | "audiogram" | "subtitles" | "video" | "audio") => {}
        _ => element.put("duration", length(UNKNOWN)),
    }
}

/// Whether an element gives its scene a length, once it has one itself.
fn has_own_length(element: &Node, known: &Known) -> bool {
    let said = number(element, "duration").filter(|seconds| *seconds > 0.0 || is_container(*seconds));
    match (said, words(element, "type").as_deref()) {
        (Some(seconds), _) => seconds > 0.0,
        (None, Some("video" | "audio")) => {
            let is_endless = number(element, "loop").is_some_and(|times| times < 0.0) || is_unresolved(element, "loop");
            let asset = words(element, "src").and_then(|url| known.asset(&url));
            !is_endless && !is_unreadable(element, "seek") && asset.is_some_and(|asset| asset.length.is_some())
        }
        (None, _) => false,
    }
}

fn is_container(seconds: f64) -> bool {
    (seconds + 2.0).abs() < 1e-9
}

/// Whether the member has a value that is not a time.
fn is_unreadable(element: &Node, name: &str) -> bool {
    element.get(name).is_some_and(|node| !matches!(node.value, Value::Null))
        && number(element, name).is_none_or(|seconds| !(-2.0..=1e6).contains(&seconds))
}

fn items_mut<'a>(holder: &'a mut Node, name: &str) -> &'a mut [Node] {
    match holder.get_mut(name).map(|node| &mut node.value) {
        Some(Value::Array(items)) => items,
        _ => &mut [],
    }
}

/// A time, rounded to the millisecond.
fn length(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}
