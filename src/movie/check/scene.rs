//! Rules about scenes and what lies between them.

use std::borrow::Cow;
use std::collections::HashSet;

use super::fields::{Fields, is_open};
use super::{Checker, element, lengths, opening, placing, shown, variables};
use crate::movie::json::{Node, Span, Text};
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

/// What lies around a scene.
pub(super) struct Around<'a, 'd> {
    pub(super) index: usize,
    /// The fixed length of the scene before.
    pub(super) before: Option<f64>,
    /// The ids of all scenes.
    pub(super) ids: &'a HashSet<Cow<'d, str>>,
    /// Whether a movie element may be heard.
    pub(super) is_movie_heard: bool,
}

/// The ids that `import` may name; none are gathered where nothing is imported.
pub(super) fn ids(scenes: &[Node]) -> HashSet<Cow<'_, str>> {
    if !scenes.iter().any(|scene| scene.get("import").is_some()) {
        return HashSet::new();
    }
    scenes.iter().filter_map(|scene| Some(scene.get("id")?.as_text()?.decoded())).collect()
}

/// Checks a scene; gives its length where it is fixed.
pub(super) fn check<'d>(checker: &mut Checker<'d>, node: &'d Node, around: &Around<'_, 'd>) -> Option<f64> {
    let Some(members) = node.as_object() else {
        checker.add("J2V008", node.span, format!("a scene is an object, this is {}", node.kind()));
        return None;
    };
    let first = checker.found.len();
    let fields = checker.fields(&SCENE, members);
    checker.note_id(fields.get(ID));
    let fixed = fields.number(DURATION).filter(|seconds| *seconds > 0.0);
    condition(checker, fields.get(CONDITION));
    placing::color(checker, fields.get(BACKGROUND));
    transition(checker, &fields, fixed, around);
    import(checker, &fields, around);
    if let Some(name) = fields.get(ITERATE).and_then(Node::as_text) {
        variables::named(checker, name.raw());
    }
    let elements = fields.get(ELEMENTS).and_then(Node::as_array).unwrap_or_default();
    let heard_before = std::mem::replace(&mut checker.has_sound, false);
    let summary = element::all(checker, elements, element::Place::scene(checker.frame, fixed));
    element::unheard(checker, elements, checker.has_sound || around.is_movie_heard || fields.has(IMPORT));
    checker.has_sound |= heard_before;
    let is_fixed = fields.has(DURATION) && fields.number(DURATION) != Some(-1.0);
    if !fields.has(IMPORT) {
        let place = fields.member(ELEMENTS).map_or(opening(node.span), |member| member.key_span);
        let before = checker.found.len();
        lengths::scene(checker, place, &summary, is_fixed);
        if checker.found.len() > before {
            checker.told_of_length.insert((node.span.source, node.span.start));
        }
    }
    lengths::chained(checker, elements);
    if checker.is_undecided(fields.get(CONDITION)) {
        checker.doubt_from(first);
    }
    fixed.filter(|_| !fields.has(ITERATE))
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
    let Some((node, overlap)) = property(OVERLAP).and_then(|node| Some((node, super::fields::number(node)?))) else { return };
    let before = around.before.filter(|_| around.index > 0);
    let shorter = [(length, "its scene"), (before, "the scene before")];
    if let Some((seconds, which)) = shorter.into_iter().find_map(|(seconds, which)| Some((seconds.filter(|it| overlap >= *it)?, which))) {
        checker.add("J2V044", node.span, format!("the transition lasts {overlap} s, {which} only {seconds} s"));
    }
}

/// J2V049: a scene that is to be taken in must be there.
fn import<'d>(checker: &mut Checker<'d>, fields: &Fields<'d>, around: &Around<'_, 'd>) {
    let Some(wanted) = fields.text(IMPORT) else { return };
    if !around.ids.contains(&wanted) {
        let span = fields.get(IMPORT).map_or(Span::NONE, |node| node.span);
        checker.add("J2V049", span, format!("no scene has the id `{}`", shown(&wanted)));
    }
}

/// J2V206: a condition that is no question.
pub(super) fn condition(checker: &mut Checker<'_>, node: Option<&Node>) {
    let Some(node) = node else { return };
    let outcome = match node.as_text() {
        Some(text) if is_open(node) => constant(&text.decoded()),
        Some(text) => Some(!text.raw().is_empty() && text.raw() != "false"),
        None => node.as_bool(),
    };
    if let Some(outcome) = outcome {
        let told = if outcome { "always met" } else { "never met" };
        checker.add("J2V206", node.span, format!("this condition is {told}")).helped("ask for a variable: `\"{{ name != '' }}\"`");
    }
}

/// What a placeholder with nothing but a truth value in it says.
fn constant(text: &str) -> Option<bool> {
    let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    inner.parse().ok()
}
