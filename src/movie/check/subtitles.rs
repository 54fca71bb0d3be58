//! Rules about subtitles.

use super::checked_element::{CheckedElement, SETTINGS as ELEMENT_SETTINGS, told};
use super::fields::Fields;
use super::known::is_told;
use super::url::Url;
use super::{Checker, placing, shown};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::{Node, Span};
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::subtitles::SETTINGS;
use crate::movie::spec::words::SUBTITLES_MODEL;

const CAPTIONS: usize = ELEMENT.at("captions");
const FONT_FAMILY: usize = SETTINGS.at("font-family");
const COLORS: [usize; 6] = [
    SETTINGS.at("box-color"),
    SETTINGS.at("font-color"),
    SETTINGS.at("line-color"),
    SETTINGS.at("outline-color"),
    SETTINGS.at("shadow-color"),
    SETTINGS.at("word-color"),
];
const FONT_SIZE: usize = SETTINGS.at("font-size");
const FONT_URL: usize = SETTINGS.at("font-url");
const KEYWORDS: usize = SETTINGS.at("keywords");
const MODEL: usize = ELEMENT.at("model");
const POSITION: usize = SETTINGS.at("position");
const X: usize = SETTINGS.at("x");
const Y: usize = SETTINGS.at("y");

pub(super) fn check<'d>(checker: &mut Checker<'d>, element: &CheckedElement<'d>) {
    checker.subtitles.push(element.at);
    // Misspelled captions have a finding of their own.
    checker.has_sound |= element.fields.is_meant(CAPTIONS);
    if !element.place.is_movie {
        let message = "the reference has subtitles at the movie's `elements` only";
        checker.add("J2V160", element.at, message).helped("move them there: some examples have them in a scene");
    }
    model(checker, element);
    if let Some((captions, span)) = told(element, CAPTIONS)
        && !is_captions(&captions)
    {
        checker
            .add("J2V167", span, "captions are a URL, or text in SRT, VTT or ASS")
            .helped("give the URL of an .srt file, or leave `captions` out: what is spoken is transcribed then");
    }
    if let Some(members) = element.fields.get(ELEMENT_SETTINGS).and_then(Node::as_object) {
        let fields = checker.fields(&SETTINGS, members);
        settings(checker, element, &fields);
    }
}

/// J2V163: the model that transcribes the speech.
fn model(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    if let Some((name, span)) = told(element, MODEL)
        && !SUBTITLES_MODEL.known.contains(&&*name)
    {
        checker.add("J2V163", span, format!("`{}` is not a subtitles model", shown(&name))).helped("one of: default, whisper");
    }
}

/// J2V164 to J2V166.
fn settings(checker: &mut Checker<'_>, element: &CheckedElement<'_>, fields: &Fields<'_>) {
    let is_placed =
        fields.text(POSITION).is_none_or(|position| position != "custom") && !fields.get(POSITION).is_some_and(super::known::is_open);
    if let Some(member) = fields.member(X).or(fields.member(Y)).filter(|_| is_placed) {
        let message = format!("`{}` counts only with the position `custom`", member.key);
        checker.add("J2V164", member.key_span, message).helped("write `\"position\": \"custom\"`");
    }
    for index in COLORS {
        placing::color(checker, fields.get(index));
    }
    font_size(checker, fields.get(FONT_SIZE));
    let is_whisper = told(element, MODEL).is_some_and(|(model, _)| model == "whisper");
    if let Some(member) = fields.member(KEYWORDS).filter(|_| is_whisper) {
        checker
            .add("J2V165", member.key_span, "`keywords` are for the model `default` only")
            .helped("write `\"model\": \"default\"`, or leave them out");
    }
    if let Some(member) = fields.member(FONT_URL).filter(|_| !fields.has(FONT_FAMILY)) {
        checker
            .add("J2V166", member.key_span, "`font-url` needs the family of the font")
            .helped("add `\"font-family\"` with the name that the font has inside");
    }
}

/// J2V168: a size is a number of pixels here.
fn font_size(checker: &mut Checker<'_>, node: Option<&Node>) {
    let Some((node, size)) = node.and_then(|node| Some((node, super::known::text(node)?))) else { return };
    let digits = size.trim_end_matches(|letter: char| letter.is_ascii_alphabetic() || letter == '%').trim();
    if super::known::numeric(&size).is_some() || size.is_empty() {
        return;
    }
    let help = if digits.len() < size.len() && size.ends_with("px") {
        format!("write `{digits}`")
    } else {
        "write pixels, such as `90`".to_owned()
    };
    checker.add("J2V168", node.span, format!("the size of subtitles is a number of pixels, not `{}`", shown(&size))).helped(help);
}

/// Whether a text can be captions: an address, or one of the three formats.
fn is_captions(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || Url::parse(text).is_some()
        || text.contains("-->")
        || text.starts_with("WEBVTT")
        || text.contains("[Script Info]")
        || text.contains("Dialogue:")
}

/// J2V161, J2V162: the movie's subtitles as a whole.
pub(super) fn over(checker: &mut Checker<'_>, elements: &[Node]) {
    let places: Vec<Span> = std::mem::take(&mut checker.subtitles);
    let is_subtitles = |node: &&Node| node.get("type").and_then(Node::as_text).is_some_and(|kind| kind.is("subtitles"));
    // The sources disagree about subtitles in scenes, and a condition may leave one of two out.
    let certain = elements.iter().filter(is_subtitles).filter(|node| node.get("condition").is_none()).count();
    // An iteration repeats what is written once.
    for span in places.iter().skip(1).filter(|span| Some(*span) != places.first()) {
        let finding = checker.add("J2V161", *span, "a movie has subtitles once at most").helped("keep one of them");
        if certain < 2 {
            finding.graded(Severity::Warning, Evidence::Disputed);
        }
    }
    if checker.has_sound || places.is_empty() {
        return;
    }
    let is_silent = elements.iter().filter(is_subtitles).all(|node| !node.get("captions").is_some_and(is_told));
    if let Some(span) = places.first().filter(|_| is_silent && elements.iter().any(|node| is_subtitles(&node))) {
        let message = "there is neither `captions` nor anything to be heard";
        checker.add("J2V162", *span, message).helped("add `\"captions\"`, or a voice, an audio or a video");
    }
}
