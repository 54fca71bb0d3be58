//! Rules about files, generated images and videos, and pages.

use super::checked_element::{CheckedElement, told};
use super::url::Url;
use super::{Checker, shown, suggest};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::Span;
use crate::movie::spec::Types;
use crate::movie::spec::asset::{EXTENSIONS, REFUSED, RENDERS, SHARE_PAGES};
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::model::{self, Makes};

const CONNECTION: usize = ELEMENT.at("connection");
const HTML: usize = ELEMENT.at("html");
const MODEL: usize = ELEMENT.at("model");
const PROMPT: usize = ELEMENT.at("prompt");
const SRC: usize = ELEMENT.at("src");

pub(super) fn check(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let (has_src, has_prompt) = (fields.is_told(SRC), fields.is_told(PROMPT));
    match (has_src, has_prompt) {
        (true, true) => {
            let place = fields.member(PROMPT).map_or(element.at, |member| member.key_span);
            checker.add("J2V100", place, "both `src` and `prompt`: only one can be shown").helped("keep one of them");
        }
        (false, false) if !fields.is_told(MODEL) => missing(checker, element),
        _ => {}
    }
    generated(checker, element, has_src, has_prompt);
    if let Some((src, span)) = told(element, SRC).filter(|_| has_src) {
        source(checker, element, &src, span);
    }
}

/// J2V064: the `src`, or the `prompt`, of an element.
fn missing(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let name = Types::NAMED.iter().find(|(_, types)| *types == element.types).map_or("element", |(name, _)| *name);
    let help = match element.types {
        Types::AUDIO => "add `\"src\"` with the public URL of the file",
        _ => "add `\"src\"` with the public URL of the file, or `\"prompt\"` and `\"model\"`",
    };
    let message = format!("the {name} has no `src`");
    if checker.is_misspelled(&element.fields, &[SRC, PROMPT], "J2V064", &message) {
        return;
    }
    checker.add("J2V064", element.place_of(SRC), message).helped(help);
}

/// J2V101, J2V103, J2V104: a model, and the prompt for it.
fn generated(checker: &mut Checker<'_>, element: &CheckedElement<'_>, has_src: bool, has_prompt: bool) {
    let fields = &element.fields;
    let Some(makes) = makes(element.types) else { return };
    if !fields.is_told(MODEL) {
        if let Some(member) = fields.member(PROMPT).filter(|_| has_prompt && !has_src) {
            let finding =
                checker.add("J2V101", member.key_span, "a `prompt` without a `model`").helped("add `\"model\"`, such as `flux-schnell`");
            finding.graded(Severity::Warning, Evidence::Advice);
        }
        return;
    }
    let Some(member) = fields.member(MODEL) else { return };
    if !has_prompt {
        let message = "a `model` without a `prompt` has nothing to make";
        if !has_src && checker.is_misspelled(fields, &[PROMPT], "J2V101", message) {
            return;
        }
        let finding = checker.add("J2V101", member.key_span, message).helped("add `\"prompt\"`");
        if has_src {
            finding.graded(Severity::Warning, Evidence::Advice);
        }
        return;
    }
    let Some((name, span)) = told(element, MODEL) else { return };
    let known = model::find(makes, &name);
    if let Some(model) = known.filter(|model| model.credits > 0 && !fields.is_told(CONNECTION)) {
        let unit = if makes == Makes::Video { " a second" } else { "" };
        let finding = checker.add("J2V104", span, format!("`{name}` costs {} credits{unit}", model.credits));
        finding.helped("`flux-schnell` makes images for none; with a `connection` its provider bills you");
    } else if known.is_none() {
        unknown_model(checker, &name, span, makes);
    }
}

fn makes(types: Types) -> Option<Makes> {
    match types {
        Types::IMAGE => Some(Makes::Image),
        Types::VIDEO => Some(Makes::Video),
        _ => None,
    }
}

/// J2V103, J2V151: a model that is not in the list. The list does not prove that it doesn't exist.
pub(super) fn unknown_model(checker: &mut Checker<'_>, name: &str, span: Span, makes: Makes) {
    let code = if makes == Makes::Voice { "J2V151" } else { "J2V103" };
    let near = suggest::nearest(name, model::names(makes));
    let finding = checker.add(code, span, format!("the model `{}` is not in the list of {}", shown(name), model::AS_OF));
    finding.help = Some(match near {
        Some(right) => format!("did you mean `{right}`?"),
        None => format!("known are: {}", model::names(makes).collect::<Vec<_>>().join(", ")),
    });
}

/// J2V065 to J2V068, J2V405: an address from which the service can fetch a file.
fn source(checker: &mut Checker<'_>, element: &CheckedElement<'_>, src: &str, span: Span) {
    let Some(url) = Url::parse(src).filter(|url| url.is("https") || url.is("http")) else {
        return no_url(checker, src, span);
    };
    if url.is_private() && !(checker.settings.loopback && url.is_loopback()) {
        checker
            .add("J2V066", span, format!("only this network can reach `{}`", shown(url.host)))
            .helped("put the file where everybody can get it");
    } else if url.is("http") && !url.is_private() {
        checker.add("J2V066", span, "plain `http`").helped("write `https`, if the server has it");
    }
    if src.contains(RENDERS) {
        let message = "a rendered video is deleted after 7 days";
        checker.add("J2V405", span, message).helped("save it elsewhere, or in the account's media");
    }
    let shared = SHARE_PAGES.iter().find(|(host, part, _)| url.is_at(host) && url.rest.contains(part) && !is_file(&url));
    if let Some((_, _, help)) = shared {
        checker.add("J2V067", span, "this is a page, not a file").helped(*help);
        return;
    }
    extension(checker, element, &url, span);
}

/// A link that ends in a file's name is a file, on any host.
fn is_file(url: &Url<'_>) -> bool {
    !url.rest.contains("dl=0") && url.extension().is_some_and(|extension| EXTENSIONS.iter().any(|(known, _)| *known == extension))
}

fn no_url(checker: &mut Checker<'_>, src: &str, span: Span) {
    let is_data = src.starts_with("data:");
    let finding = checker.add("J2V065", span, format!("`{}` is not a public URL", shown(src)));
    finding
        .helped("put the file where everybody can get it, and write its `https://` URL; --upload puts a local file on the account's media");
    if is_data || src.starts_with("//") {
        finding.evidence = Evidence::Advice;
    }
}

/// J2V068: a file whose name has the extension of a format that is not accepted.
fn extension(checker: &mut Checker<'_>, element: &CheckedElement<'_>, url: &Url<'_>, span: Span) {
    let Some(extension) = url.extension() else { return };
    let takers = EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, types)| *types);
    let is_wrong = takers.map_or(REFUSED.contains(&extension.as_str()), |types| !types.meets(element.types));
    if !is_wrong {
        return;
    }
    let fitting: Vec<_> = EXTENSIONS.iter().filter(|(_, types)| types.meets(element.types)).map(|(known, _)| *known).collect();
    let finding = checker.add("J2V068", span, format!("`.{extension}` is not among the formats that are accepted here"));
    finding.helped(format!("accepted are: {}", fitting.join(", ")));
}

/// J2V130: a page needs its text or its address.
pub(super) fn html(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let message = "the page has neither `html` nor `src`";
    let is_missing = !element.fields.is_told(HTML) && !element.fields.is_told(SRC);
    if is_missing && !checker.is_misspelled(&element.fields, &[HTML, SRC], "J2V130", message) {
        let finding =
            checker.add("J2V130", element.place_of(HTML), message).helped("add `\"html\"` with its text, or `\"src\"` with its address");
        finding.unless_empty(element.fields.get(HTML));
    }
    if let Some((src, span)) = told(element, SRC).filter(|(src, _)| !src.is_empty() && Url::parse(src).is_none()) {
        no_url(checker, &src, span);
    }
}
