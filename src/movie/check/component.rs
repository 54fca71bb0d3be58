//! Rules about components of the service's library.

use super::checked_element::{CheckedElement, SETTINGS, told};
use super::{Checker, shown, suggest};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::{Member, Node};
use crate::movie::spec::component::{self, COMPONENTS, Component};
use crate::movie::spec::element::ELEMENT;

const COMPONENT: usize = ELEMENT.at("component");

pub(super) fn check(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    if !fields.is_told(COMPONENT) {
        let message = "no `component` is named";
        if !checker.is_misspelled(fields, &[COMPONENT], "J2V140", message) {
            checker.add("J2V140", element.place_of(COMPONENT), message).helped("add `\"component\"`, such as `basic/000`");
        }
        return;
    }
    let Some((id, span)) = told(element, COMPONENT) else { return };
    let known = component::find(&id);
    // The list grows: a text in the form of an id may be one.
    if known.is_none() && !component::is_id(&id) {
        let near = suggest::nearest(&id, COMPONENTS.iter().map(|component| component.id));
        let finding = checker.add("J2V140", span, format!("`{}` is not the id of a component", shown(&id)));
        finding.helped(near.map_or_else(|| "ids look like `basic/000`".to_owned(), |near| format!("did you mean `{near}`?")));
        finding.graded(Severity::Warning, Evidence::Advice);
        return;
    }
    if let (Some(component), Some(settings)) = (known, fields.get(SETTINGS).and_then(Node::as_object)) {
        parts(checker, component, settings);
    }
}

/// J2V141, J2V142: the parts of a component hold objects.
fn parts(checker: &mut Checker<'_>, component: &Component, settings: &[Member]) {
    for member in settings {
        let name = member.key.decoded();
        let is_part = component.has_part(&name);
        if is_part && member.value.as_text().is_some() {
            let message = format!("`{name}` is an object in `{}`", component.id);
            let text = shown(member.value.as_text().map_or("", |text| text.raw()));
            checker.add("J2V141", member.value.span, message).helped(format!("write `\"{name}\": {{\"text\": \"{text}\"}}`"));
        } else if !is_part && !component.parts.is_empty() {
            unknown_part(checker, component, &name, member);
        }
        if component.id == "advanced/060" && name == "counter" {
            counter(checker, &member.value);
        }
    }
}

/// An undocumented part whose name is close to a known one.
fn unknown_part(checker: &mut Checker<'_>, component: &Component, name: &str, member: &Member) {
    let near = suggest::nearest(name, component.parts.iter().copied());
    if near.is_none() && member.value.as_object().is_some() {
        return;
    }
    let message = format!("`{}` has no part `{}`", component.id, shown(name));
    let finding = checker.add("J2V141", member.key_span, message);
    finding.help = Some(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("its parts are: {}", component.parts.join(", ")),
    });
}

/// J2V142: where the counter writes its number.
fn counter(checker: &mut Checker<'_>, counter: &Node) {
    let Some(text) = counter.get("text") else { return };
    if super::known::text(text).is_some_and(|text| !text.contains("__num__")) {
        checker.add("J2V142", text.span, "the counter does not say where its number goes").helped("write `__num__` into the text");
    }
}
