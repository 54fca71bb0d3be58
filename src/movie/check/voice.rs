//! Rules about voices.

use super::checked_element::{CheckedElement, told};
use super::media::unknown_model;
use super::{Checker, shown};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::Node;
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::model::{self, Makes};

const CONNECTION: usize = ELEMENT.at("connection");
const MODEL: usize = ELEMENT.at("model");
const MODEL_SETTINGS: usize = ELEMENT.at("model-settings");
const TEXT: usize = ELEMENT.at("text");
const VOICE: usize = ELEMENT.at("voice");

/// The range of speed of `elevenlabs` voices (`movie-format.md#elements-by-type`).
const SPEEDS: std::ops::RangeInclusive<f64> = 0.7..=1.2;

pub(super) fn check(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let message = "the voice element has no `text`";
    if !fields.is_told(TEXT) && !checker.is_misspelled(fields, &[TEXT], "J2V150", message) {
        let finding = checker.add("J2V150", element.place_of(TEXT), message).helped("add `\"text\"` with the words to speak");
        finding.unless_empty(fields.get(TEXT));
    }
    // The reference does not require it, and official examples leave it out.
    if !fields.is_told(VOICE) && !fields.is_meant(VOICE) {
        let finding = checker
            .add("J2V150", element.place_of(VOICE), "the voice element has no `voice`")
            .graded(Severity::Warning, Evidence::Disputed);
        finding.helped("add `\"voice\"`, such as `en-US-EmmaMultilingualNeural`: which one is taken without it is not documented");
    }
    let model = told(element, MODEL);
    if let Some((name, span)) = &model
        && model::find(Makes::Voice, name).is_none()
        && !name.is_empty()
    {
        unknown_model(checker, name, *span, Makes::Voice);
    }
    let is_open = element.fields.get(MODEL).is_some_and(super::known::is_open);
    if !is_open {
        fitting(checker, element, model.as_ref().map_or("azure", |(name, _)| name));
    }
    speed(checker, element);
}

/// J2V152, J2V154: a voice of the model that speaks.
fn fitting(checker: &mut Checker<'_>, element: &CheckedElement<'_>, model: &str) {
    let is_premium = model.starts_with("elevenlabs");
    if let Some((voice, span)) = told(element, VOICE).filter(|(voice, _)| !voice.is_empty()) {
        let is_azure = is_azure_voice(&voice);
        if is_premium && is_azure {
            checker
                .add("J2V152", span, format!("`{}` is a voice of Azure, the model is `{}`", shown(&voice), shown(model)))
                .helped("write `\"model\": \"azure\"`");
        } else if model == "azure" && !is_azure {
            checker
                .add("J2V152", span, format!("`{}` is not a voice of Azure", shown(&voice)))
                .helped("Azure's look like `en-US-EmmaMultilingualNeural`; name the `model` for others");
        }
    }
    if let Some(node) = element.fields.get(MODEL).filter(|_| is_premium && !element.fields.is_told(CONNECTION)) {
        checker
            .add("J2V154", node.span, "a premium voice without a `connection`")
            .helped("name a connection, and the provider bills you by itself");
    }
}

/// `en-US-AriaNeural`, `zh-CN-shaanxi-XiaoniNeural`, `en-US-Ava:DragonHDLatestNeural`.
fn is_azure_voice(voice: &str) -> bool {
    let mut parts = voice.split('-');
    let is_language = parts.next().is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase()));
    is_language && voice.ends_with("Neural")
}

/// J2V153.
fn speed(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let speed = element.fields.get(MODEL_SETTINGS).and_then(|settings| settings.get("voice_settings")?.get("speed"));
    let Some((node, speed)) = speed.and_then(|node: &Node| Some((node, node.as_number()?.as_f64()))) else { return };
    if !SPEEDS.contains(&speed) {
        let finding = checker.add("J2V153", node.span, format!("a speed of {speed}: it goes from {} to {}", SPEEDS.start(), SPEEDS.end()));
        finding.helped(format!("write `{}`", speed.clamp(*SPEEDS.start(), *SPEEDS.end())));
    }
}
