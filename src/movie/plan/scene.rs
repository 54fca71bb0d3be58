//! Places the scenes one after the other. Each begins inside the one before it, by the length of its transition.

use super::reading::{Reading, minus_one, read};
use super::{Assets, Doubt, Length, Place, PlannedScene, Reason, Seconds, element, items, text_of};
use crate::movie::expand::{Expansion, SceneOrigin};
use crate::movie::json::Node;

/// The longest time that an empty scene plays: no time, or 5 s of black (`service.md#conflicts`).
const BLACK: Seconds = Seconds::whole(5);

/// The scenes on the timeline of the movie.
pub(super) fn scenes(expansion: &Expansion, assets: &impl Assets, unknown: &mut Vec<Doubt>) -> Vec<PlannedScene> {
    let mut planned: Vec<PlannedScene> = Vec::with_capacity(expansion.scenes.len());
    for (index, (node, origin)) in items(&expansion.movie.root, "scenes").iter().zip(&expansion.scenes).enumerate() {
        let scene = scene(node, (index, origin), planned.last(), assets);
        doubts(&scene, node, unknown);
        planned.push(scene);
    }
    planned
}

fn scene(node: &Node, (index, origin): (usize, &SceneOrigin), before: Option<&PlannedScene>, assets: &impl Assets) -> PlannedScene {
    let drafts = element::drafts(items(node, "elements"), assets);
    let length = length(node, &drafts);
    let overlap = before.map_or(Length::ZERO, |before| overlap(node, &before.length.shorter(&length)));
    let start = before.map_or(Length::ZERO, |before| before.start.plus(&before.length).minus(&overlap));
    PlannedScene {
        index,
        source: origin.source,
        iteration: origin.iteration,
        id: text_of(node, "id"),
        start,
        length,
        overlap,
        transition: node.get("transition").and_then(|transition| text_of(transition, "style")),
        elements: element::planned(drafts, &origin.elements, &length),
        span: node.span,
    }
}

fn length(node: &Node, drafts: &[element::Draft<'_>]) -> Length {
    // Both were removed if they were resolved.
    if node.get("iterate").is_some() {
        return Length::unknown(Reason::NotIterated);
    }
    let length = match read(node, "duration") {
        Reading::Time(time) if time > Seconds::ZERO => Length::known(time),
        Reading::Time(time) if time != minus_one() => Length::unknown(Reason::NoTime),
        Reading::Unreadable(reason) => Length::unknown(reason),
        Reading::Absent | Reading::Time(_) => from_elements(node, drafts),
    };
    if node.get("condition").is_some() { Length::up_to(length, Reason::Condition) } else { length }
}

fn from_elements(node: &Node, drafts: &[element::Draft<'_>]) -> Length {
    let longest = element::longest(drafts);
    if node.get("import").is_some() {
        let imported = Length::unknown(Reason::Imported);
        return longest.map_or(imported, |longest| longest.longer(&imported));
    }
    longest.unwrap_or_else(|| match items(node, "elements") {
        [] => Length::up_to(Length::known(BLACK), Reason::NothingGivesLength),
        _ => Length::unknown(Reason::NothingGivesLength),
    })
}

/// How long the scene overlaps the one before it: no longer than either of them.
fn overlap(scene: &Node, most: &Length) -> Length {
    let Some(transition) = scene.get("transition").filter(|transition| **transition != Node::null()) else { return Length::ZERO };
    match read(transition, "duration") {
        Reading::Time(time) if time >= Seconds::ZERO => Length::known(time).shorter(most),
        Reading::Absent => Length::up_to(*most, Reason::TransitionDefault),
        Reading::Time(_) => Length::up_to(*most, Reason::NoTime),
        Reading::Unreadable(reason) => Length::up_to(*most, reason),
    }
}

fn doubts(scene: &PlannedScene, node: &Node, unknown: &mut Vec<Doubt>) {
    let place = Place { scene: Some(scene.index), element: None };
    let elements = scene.elements.iter().filter_map(|element| element.doubt(Place { element: Some(element.index), ..place }));
    let found: Vec<_> = elements.collect();
    // A scene whose elements are in doubt is in doubt because of them; that is reported once, at its source.
    let length = scene.length.why().filter(|reason| !found.iter().any(|doubt| doubt.reason == *reason));
    unknown.extend(length.map(|reason| Doubt { place, reason, span: scene.span }));
    unknown.extend(found);
    let transition = node.get("transition").map_or(scene.span, |transition| transition.span);
    let overlap = scene.overlap.why().filter(|reason| matches!(reason, Reason::TransitionDefault | Reason::NoTime | Reason::Unresolved));
    unknown.extend(overlap.map(|reason| Doubt { place, reason, span: transition }));
}
