//! Checks one element: its type, its common members, and then the rules of its type.

use super::checked_element::{CACHE, COLOR, CONDITION, CheckedElement, ElementContainer, ID};
use super::lengths::Lasts;
use super::{Checker, component, condition, lengths, media, opening, placing, subtitles, text, voice};
use crate::movie::json::{Node, Span, Value};
use crate::movie::spec::Types;
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::words::ELEMENT_TYPE;

/// Checks elements. Returns how they give their container a length.
pub(super) fn all<'d>(checker: &mut Checker<'d>, elements: &'d [Node], place: ElementContainer) -> Vec<Lasts> {
    elements.iter().map(|node| check(checker, node, place)).collect()
}

fn check<'d>(checker: &mut Checker<'d>, node: &'d Node, place: ElementContainer) -> Lasts {
    if checker.is_full() {
        return Lasts::Unknown;
    }
    let Some(members) = node.as_object() else {
        let finding = checker.add("J2V008", node.span, format!("an element is an object, not {}", node.kind()));
        finding.helped("write `{\"type\": \"text\", …}`, or delete it");
        return Lasts::Unknown;
    };
    let Some((types, at)) = kind(checker, node) else {
        checker.has_sound = true; // For all that is known.
        checker.fields_of(&ELEMENT, members, Types::ALL);
        return Lasts::Unknown;
    };
    let first = checker.found.len();
    let element = CheckedElement { fields: checker.fields_of(&ELEMENT, members, types), types, at, place };
    in_common(checker, &element);
    by_type(checker, &element);
    if checker.is_undecided(element.fields.get(CONDITION)) {
        checker.doubt_from(first);
    }
    checker.has_sound |= element.is(Types::SOUND);
    lengths::of(&element)
}

/// The type of an element, and its place. `None` if it can't be known: members that a guessed type lacks are not mistakes.
fn kind(checker: &mut Checker<'_>, node: &Node) -> Option<(Types, Span)> {
    let Some(named) = node.get("type") else {
        checker
            .add("J2V060", opening(node.span), "the element has no `type`")
            .helped(format!("add one of: {}", ELEMENT_TYPE.known.join(", ")));
        return None;
    };
    let Value::String(text) = &named.value else { return None };
    if text.raw() == "template" {
        let message = "elements of the type `template` were removed";
        checker.add("J2V062", named.span, message).helped("write the elements themselves, or render the template as a movie");
    }
    Types::named(text.raw()).map(|types| (types, named.span))
}

fn in_common<'d>(checker: &mut Checker<'d>, element: &CheckedElement<'d>) {
    let fields = &element.fields;
    checker.note_id(fields.get(ID));
    condition::check(checker, fields.get(CONDITION));
    if let Some(node) = fields.get(CACHE).filter(|node| node.as_bool() == Some(false)) {
        checker
            .add("J2V088", node.span, "it is made again at each render")
            .helped("leave `cache` alone unless the file changes under one address");
    }
    placing::check(checker, element);
    lengths::element(checker, element);
}

fn by_type<'d>(checker: &mut Checker<'d>, element: &CheckedElement<'d>) {
    if element.is(Types::ASSET) {
        media::check(checker, element);
    }
    match element.types {
        Types::TEXT => text::check(checker, element),
        Types::HTML => media::html(checker, element),
        Types::COMPONENT => component::check(checker, element),
        Types::VOICE => voice::check(checker, element),
        Types::AUDIOGRAM => placing::color(checker, element.fields.get(COLOR)),
        Types::SUBTITLES => subtitles::check(checker, element),
        _ => {}
    }
    if element.is(Types::HTML.and(Types::COMPONENT)) {
        checker.drawn += 1;
    }
}

/// J2V170: an audiogram draws the sound of its container.
pub(super) fn unheard(checker: &mut Checker<'_>, elements: &[Node], is_heard: bool) {
    if is_heard {
        return;
    }
    for node in elements {
        let is_audiogram = |named: &&Node| named.as_text().is_some_and(|text| text.is("audiogram"));
        if let Some(named) = node.get("type").filter(is_audiogram) {
            checker
                .add("J2V170", named.span, "nothing can be heard that the audiogram could draw")
                .helped("add a voice, an audio or a video");
        }
    }
}
