//! Rules about scenes and their transitions.

use std::borrow::Cow;
use std::collections::HashSet;

use super::checked_element::ElementContainer;
use super::fields::Fields;
use super::known::number;
use super::{Checker, condition, element, lengths, opening, placing, shown, variables};
use crate::movie::diagnostic::Severity;
use crate::movie::json::{Node, Span, Text};
use crate::movie::spec::Types;
use crate::movie::spec::movie::{SCENE, TRANSITION};
use crate::movie::spec::words::TRANSITION_STYLE;

const BACKGROUND: usize = SCENE.at("background-color");
const CONDITION: usize = SCENE.at("condition");
const DURATION: usize = SCENE.at("duration");
const ELEMENTS: usize = SCENE.at("elements");
const ID: usize = SCENE.at("id");
const IMPORT: usize = SCENE.at("import");
const ITERATE: usize = SCENE.at("iterate");
const STYLE: usize = TRANSITION.at("style");
const TRANSITION_IN: usize = SCENE.at("transition");
const OVERLAP: usize = TRANSITION.at("duration");

/// The context of a scene.
pub(super) struct Around<'a, 'd> {
    pub(super) index: usize,
    /// The fixed length of the scene before.
    pub(super) before: Option<f64>,
    /// The ids of all scenes.
    pub(super) ids: &'a HashSet<Cow<'d, str>>,
    /// Whether a movie element may be heard.
    pub(super) is_movie_heard: bool,
}

/// The ids that `import` may name; none are collected if nothing is imported.
pub(super) fn ids(scenes: &[Node]) -> HashSet<Cow<'_, str>> {
    if !scenes.iter().any(|scene| scene.get("import").is_some()) {
        return HashSet::new();
    }
    scenes.iter().filter_map(|scene| Some(scene.get("id")?.as_text()?.decoded())).collect()
}

/// Checks a scene. Returns its length if that is fixed.
pub(super) fn check<'d>(checker: &mut Checker<'d>, node: &'d Node, around: &Around<'_, 'd>) -> Option<f64> {
    if checker.is_full() {
        return None;
    }
    let Some(members) = node.as_object() else {
        let finding = checker.add("J2V008", node.span, format!("a scene is an object, not {}", node.kind()));
        finding.helped("write `{\"duration\": 4, \"elements\": […]}`, or delete it");
        return None;
    };
    if is_element(checker, node) {
        return None;
    }
    let first = checker.found.len();
    let fields = checker.fields(&SCENE, members);
    checker.note_id(fields.get(ID));
    let fixed = fields.number(DURATION).filter(|seconds| *seconds > 0.0);
    condition::check(checker, fields.get(CONDITION));
    placing::color(checker, fields.get(BACKGROUND));
    transition(checker, &fields, fixed, around);
    import(checker, &fields, around);
    if let Some(name) = fields.get(ITERATE).and_then(Node::as_text) {
        variables::named(checker, name.raw());
    }
    let elements = fields.get(ELEMENTS).and_then(Node::as_array).unwrap_or_default();
    let heard_before = std::mem::replace(&mut checker.has_sound, false);
    let summary = element::all(checker, elements, ElementContainer::scene(checker.frame, fixed));
    element::unheard(checker, elements, checker.has_sound || around.is_movie_heard || fields.has(IMPORT));
    checker.has_sound |= heard_before;
    let is_unread = fields.is_meant(ELEMENTS) || fields.has(ELEMENTS) && !is_array(&fields);
    let is_fixed = is_unread || fields.has(DURATION) && fields.number(DURATION) != Some(-1.0);
    if is_unread || fields.is_meant(DURATION) || elements.is_empty() && !fields.has(DURATION) {
        checker.told_of_length.insert((node.span.source, node.span.start));
    }
    if !fields.has(IMPORT) {
        let place = fields.member(ELEMENTS).map_or(opening(node.span), |member| member.key_span);
        let before = checker.found.len();
        lengths::scene(checker, place, &summary, is_fixed);
        if checker.found.len() > before && fields.is_meant(DURATION) {
            misspelled_duration(checker, &fields);
        } else if checker.found.len() > before {
            checker.told_of_length.insert((node.span.source, node.span.start));
        }
    }
    lengths::chained(checker, elements);
    if checker.is_undecided(fields.get(CONDITION)) {
        checker.doubt_from(first);
    }
    fixed.filter(|_| !fields.has(ITERATE))
}

/// Moves the last finding, if it is an error, to the misspelled duration that caused it.
fn misspelled_duration(checker: &mut Checker<'_>, fields: &Fields<'_>) {
    let Some((last, at)) = checker.found.pop().zip(fields.told_at(DURATION)) else { return };
    if last.severity != Severity::Error {
        checker.with_length += 1;
        return;
    }
    checker.is_misspelled(fields, &[DURATION], last.code, &last.message);
    let popped = checker.found.len();
    if let Some(index) = checker.lengthless.last_mut().filter(|index| **index == popped) {
        *index = at;
    }
}

fn is_array(fields: &Fields<'_>) -> bool {
    fields.get(ELEMENTS).is_some_and(|node| node.as_array().is_some())
}

/// J2V006: an element among the scenes.
fn is_element<'d>(checker: &mut Checker<'d>, node: &'d Node) -> bool {
    let kind = node.get("type").filter(|_| node.get("elements").is_none());
    let Some(kind) = kind.filter(|kind| kind.as_text().is_some_and(|text| Types::named(text.raw()).is_some())) else { return false };
    let message = "this is an element, and stands where a scene belongs";
    checker.add("J2V006", kind.span, message).helped("put it into a scene: `{\"elements\": [{\"type\": …}]}`");
    element::all(checker, std::slice::from_ref(node), ElementContainer::scene(checker.frame, None));
    checker.with_length += 1;
    checker.told_of_length.insert((node.span.source, node.span.start));
    true
}

/// J2V043 to J2V046: the transition at a scene's start.
fn transition<'d>(checker: &mut Checker<'d>, fields: &Fields<'d>, length: Option<f64>, around: &Around<'_, 'd>) {
    let Some(member) = fields.member(TRANSITION_IN) else { return };
    if around.index == 0 && !fields.has(ITERATE) {
        let message = "the first scene has a transition, but nothing is before it";
        checker.add("J2V045", member.key_span, message).helped("a transition plays at the start of the scene that carries it");
    }
    let property = |index: usize| member.value.get(TRANSITION.properties[index].name);
    let is_heavy = |text: &Text| !text.is("fade") && TRANSITION_STYLE.known.contains(&text.raw());
    if let Some(node) = property(STYLE).filter(|node| node.as_text().is_some_and(is_heavy)) {
        let message = "a transition other than `fade` takes longer to render";
        checker.add("J2V046", node.span, message).helped("heavy ones may end in a timeout");
    }
    let Some((node, overlap)) = property(OVERLAP).and_then(|node| Some((node, number(node)?))) else { return };
    let before = around.before.filter(|_| around.index > 0);
    let beside = [(length, "its scene"), (before, "the scene before")];
    if let Some((seconds, which)) = beside.into_iter().find_map(|(seconds, which)| Some((seconds.filter(|it| overlap >= *it)?, which))) {
        checker.add("J2V044", node.span, format!("the transition lasts {overlap} s, {which} only {seconds} s")).helped(shorter(seconds));
    }
}

/// What to do with a transition next to a scene of this number of seconds.
pub(super) fn shorter(seconds: f64) -> String {
    format!("take less than {seconds} s, such as `{}`", (seconds / 2.0).min(0.5))
}

/// J2V049: an imported scene must exist.
fn import<'d>(checker: &mut Checker<'d>, fields: &Fields<'d>, around: &Around<'_, 'd>) {
    let Some(wanted) = fields.text(IMPORT) else { return };
    if !around.ids.contains(&wanted) {
        let span = fields.get(IMPORT).map_or(Span::NONE, |node| node.span);
        let mut known: Vec<_> = around.ids.iter().map(|id| format!("`{id}`")).collect();
        known.sort_unstable();
        let help = if known.is_empty() {
            "give the scene that is meant an `id`".to_owned()
        } else {
            format!("the scenes with an id are {}", known.join(", "))
        };
        checker.add("J2V049", span, format!("no scene has the id `{}`", shown(&wanted))).helped(help);
    }
}
