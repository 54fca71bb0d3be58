//! Rules about texts.

use super::Checker;
use super::checked_element::{CheckedElement, DURATION, SETTINGS, told};
use super::known::{is_open, text as plain};
use super::{placing, shown, suggest};
use crate::movie::json::{Member, Node, Value};
use crate::movie::spec::Words;
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::text::{self, COLORS, SETTINGS as KNOWN, WORDS};

const STYLE: usize = ELEMENT.at("style");
const TEXT: usize = ELEMENT.at("text");

pub(super) fn check<'d>(checker: &mut Checker<'d>, element: &CheckedElement<'d>) {
    let fields = &element.fields;
    let message = "the text element has no `text`";
    if !fields.is_told(TEXT) && !checker.is_misspelled(fields, &[TEXT], "J2V120", message) {
        let finding = checker.add("J2V120", element.place_of(TEXT), message).helped("add `\"text\"` with the words to show");
        finding.unless_empty(fields.get(TEXT));
    }
    if let Some((words, span)) = told(element, TEXT)
        && let Some(tag) = tag(&words)
    {
        checker
            .add("J2V121", span, format!("`<{}>` is shown as it is written: a text is plain", shown(tag)))
            .helped("break lines by `\\n`; use an `html` element for tags");
    }
    style(checker, element);
    if let Some(settings) = fields.get(SETTINGS).and_then(Node::as_object) {
        for member in settings {
            setting(checker, member);
        }
        invisible(checker, settings);
    }
}

/// The first HTML tag in a text, without its angle brackets.
fn tag(text: &str) -> Option<&str> {
    text.split('<').skip(1).find_map(|rest| {
        let (inner, _) = rest.split_once('>')?;
        let name = inner.trim_start_matches('/');
        let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
        let is_tag = (1..=8).contains(&letters) && name[letters..].chars().next().is_none_or(|next| matches!(next, ' ' | '/' | '1'..='6'));
        is_tag.then_some(inner)
    })
}

/// J2V122, J2V123: the style, and the length of its animation.
fn style(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let Some(node) = fields.get(STYLE).filter(|node| !is_open(node)) else { return };
    let id = match &node.value {
        Value::String(text) => text.decoded().into_owned(),
        Value::Number(number) => number.raw().to_owned(),
        _ => return,
    };
    let Some(style) = text::find(&id).filter(|_| node.as_text().is_some()) else {
        let padded = format!("{id:0>3}");
        let known = text::find(&padded).map(|style| style.id);
        let finding = checker.add("J2V122", node.span, format!("`{}` is no text style", shown(&id)));
        finding.help =
            Some(known.map_or_else(|| "styles go from `001` to `013`".to_owned(), |known| format!("did you mean `\"{known}\"`?")));
        return;
    };
    let duration = fields.number(DURATION).filter(|seconds| *seconds > 0.0);
    if let (Some(intro), Some(seconds)) = (style.intro, duration.or(element.place.length))
        && seconds < intro
    {
        let place = if duration.is_some() { fields.get(DURATION).map_or(node.span, |it| it.span) } else { node.span };
        let message = format!("the animation of style {id} takes {intro} s, the text is there for {seconds} s");
        checker.add("J2V123", place, message).helped("show it longer, or take style `001`");
    }
}

/// J2V048, J2V124 to J2V127, J2V129: one of the settings.
fn setting(checker: &mut Checker<'_>, member: &Member) {
    let name = member.key.decoded();
    let node = &member.value;
    match &*name {
        "font-weight" => font_weight(checker, node),
        "font-size" => font_size(checker, node),
        "font-url" => {
            let message = "the sources disagree on `font-url` for texts";
            checker.add("J2V126", member.key_span, message).helped("newer documentation writes the URL of the font as `font-family`");
            woff(checker, node);
        }
        "font-family" => woff(checker, node),
        _ if COLORS.contains(&&*name) => placing::color(checker, Some(node)),
        _ if KNOWN.contains(&&*name) => {}
        _ => return misspelled(checker, &name, member),
    }
    if let Some((_, words)) = WORDS.iter().find(|(setting, _)| *setting == name) {
        word(checker, words, node);
    }
}

/// A name close to a setting's name. Other names may be CSS, and are not reported.
fn misspelled(checker: &mut Checker<'_>, name: &str, member: &Member) {
    if let Some(right) = suggest::text_setting(name) {
        let message = format!("`{name}` is not a setting of a text");
        let finding = checker.add("J2V129", member.key_span, message);
        finding.helped(format!("did you mean `{right}`?"));
        if suggest::is_certain_name(name, right) {
            finding.fixed_by(format!("\"{right}\""));
        }
    }
}

/// A word that a setting does not accept.
fn word(checker: &mut Checker<'_>, words: &Words, node: &Node) {
    let Some(text) = plain(node).filter(|text| !text.is_empty() && !words.known.contains(&&**text)) else { return };
    let help = suggest::word(words, &text)
        .map_or_else(|| format!("one of: {}", words.known.join(", ")), |right| format!("did you mean `{right}`?"));
    checker.add(words.rule, node.span, format!("`{}` is not {}", shown(&text), words.name)).helped(help);
}

fn font_weight(checker: &mut Checker<'_>, node: &Node) {
    let is_weight = |weight: f64| (100.0..=900.0).contains(&weight) && weight % 100.0 == 0.0;
    let is_good = match &node.value {
        Value::Number(number) => is_weight(number.as_f64()),
        Value::String(text) if is_open(node) || text.raw().is_empty() => true,
        Value::String(text) => {
            super::known::numeric(text.raw()).map_or(matches!(text.raw(), "normal" | "bold" | "bolder" | "lighter"), is_weight)
        }
        _ => false,
    };
    if !is_good {
        checker.add("J2V124", node.span, "a font weight is `\"100\"`, `\"200\"` … `\"900\"`").helped("and the font must have it");
    }
}

fn font_size(checker: &mut Checker<'_>, node: &Node) {
    let bare = match &node.value {
        Value::String(text) => super::known::numeric(text.raw()).map(|_| text.raw()),
        Value::Number(number) => Some(number.raw()),
        _ => None,
    };
    if let Some(size) = bare {
        let message = "a font size without a unit";
        checker.add("J2V125", node.span, message).helped(format!("write `\"{size}px\"`, or in `vw`, `em` or `%`"));
    }
}

fn woff(checker: &mut Checker<'_>, node: &Node) {
    let Some(family) = plain(node) else { return };
    let path = family.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let is_woff = [".woff", ".woff2"].iter().any(|extension| path.ends_with(extension));
    if is_woff && path.contains("://") {
        checker.add("J2V127", node.span, "a WOFF font").helped("only TTF and OTF are documented today");
    }
}

/// J2V128: letters in the colour of their background.
fn invisible(checker: &mut Checker<'_>, settings: &[Member]) {
    let get =
        |name: &str| settings.iter().find(|member| member.key.is(name)).and_then(|member| Some((plain(&member.value)?, member.value.span)));
    let color = get("color").or_else(|| get("font-color"));
    if let (Some((color, span)), Some((background, _))) = (color, get("background-color"))
        && color.eq_ignore_ascii_case(&background)
    {
        checker.add("J2V128", span, "the letters have the colour of their background").helped("choose another `color`");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_not_every_less_than() {
        assert_eq!(tag("one<br>two"), Some("br"));
        assert_eq!(tag("a </b> c"), Some("/b"));
        assert_eq!(tag("<h1>Hi"), Some("h1"));
        assert!(["3 < 4 > 2", "a<b", "<3", "x <= y >", "<é>"].iter().all(|text| tag(text).is_none()));
    }
}
