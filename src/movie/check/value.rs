//! Checks a value against the shape of its property: type, range, word.

use super::known::numeric;
use super::{Checker, opening, shown, suggest};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::expr::template::is_open;
use crate::movie::json::{Member, Node, Text, Value};
use crate::movie::spec::words::{POSITION, SUBTITLES_POSITION, TRANSITION_STYLE, TRANSITION_TYPE};
use crate::movie::spec::{Items, Property, Range, Shape, Table, Words};

/// Checks a member's value, and the values inside it unless a family of rules visits them itself.
pub(super) fn check<'d>(checker: &mut Checker<'d>, property: &Property, member: &'d Member) {
    let node = &member.value;
    if let Value::String(text) = &node.value {
        checker.string(property.name, node, text);
        if is_open(text) && !matches!(property.shape, Shape::Object(_) | Shape::Free | Shape::Array(_)) {
            return;
        }
    }
    match property.shape {
        Shape::Scalar | Shape::Text | Shape::Flag => simple(checker, property, node),
        Shape::Number(range) => number(checker, property, node, range),
        Shape::Words(words) => word(checker, property, node, words),
        Shape::Array(items) => array(checker, property, node, items),
        Shape::Object(_) | Shape::Free if node.as_object().is_none() => wrong_type(checker, property, node, "an object"),
        Shape::Object(table) => nested(checker, property, table, node),
        Shape::Free if property.name == "variables" => checker.declared(node),
        Shape::Free | Shape::Any => checker.free(node),
    }
}

fn simple(checker: &mut Checker<'_>, property: &Property, node: &Node) {
    let is_right = match (property.shape, &node.value) {
        (Shape::Flag, value) => matches!(value, Value::Bool(_)),
        (Shape::Text, value) => matches!(value, Value::String(_)),
        (_, value) => matches!(value, Value::String(_) | Value::Number(_) | Value::Bool(_)),
    };
    if !is_right {
        let wanted = match property.shape {
            Shape::Flag => "`true` or `false`",
            Shape::Text => "a string",
            _ => "a string, a number or a truth value",
        };
        wrong_type(checker, property, node, wanted);
    }
}

fn array<'d>(checker: &mut Checker<'d>, property: &Property, node: &'d Node, items: Items) {
    let Some(list) = node.as_array() else { return wrong_type(checker, property, node, "an array") };
    if items == Items::Any || items == Items::Texts {
        for item in list {
            checker.free(item);
        }
    }
}

fn nested<'d>(checker: &mut Checker<'d>, property: &Property, table: &'static Table, node: &'d Node) {
    let fields = checker.fields(table, node.as_object().unwrap_or_default());
    for (index, inner) in table.properties.iter().enumerate() {
        if !inner.is_required || fields.has(index) {
            continue;
        }
        let code = missing_rule(property.name);
        let message = format!("{} has no `{}`", table.name, inner.name);
        if !checker.is_misspelled(&fields, &[index], code, &message) {
            checker.add(code, opening(node.span), message).helped(format!("add `\"{}\"`: {}", inner.name, inner.about));
        }
    }
}

/// The rule for a member that an object lacks.
fn missing_rule(owner: &str) -> &'static str {
    match owner {
        "crop" => "J2V077",
        "rotate" => "J2V078",
        "chroma-key" => "J2V081",
        _ => "J2V089",
    }
}

/// The rule for a wrong type.
fn type_rule(property: &Property) -> &'static str {
    match (property.name, property.shape) {
        ("scenes", _) => "J2V004",
        ("client-data", _) => "J2V030",
        ("exports", _) | (_, Shape::Array(Items::Destinations)) => "J2V300",
        _ => "J2V008",
    }
}

fn wrong_type(checker: &mut Checker<'_>, property: &Property, node: &Node, wanted: &str) {
    let message = format!("`{}` must be {wanted}, not {}", property.name, node.kind());
    let finding = checker.add(type_rule(property), node.span, message);
    if finding.severity == Severity::Error && may_be_read(property, node) {
        finding.evidence = Evidence::Advice;
    }
    finding.helped(right_type(property, node));
}

/// What to write instead of a value of a wrong type.
fn right_type(property: &Property, node: &Node) -> String {
    match (property.shape, &node.value) {
        (_, Value::Null) => "leave it out".to_owned(),
        (Shape::Flag, Value::String(text)) if is_flag(text) => format!("write it without quotes: `{}`", text.raw()),
        (Shape::Flag, _) => "write `true` or `false`".to_owned(),
        (Shape::Array(_), Value::Object(_)) => "put it in brackets: `[{ … }]`".to_owned(),
        (Shape::Array(_), _) => format!("write `\"{}\": [ … ]`", property.name),
        (Shape::Object(_), Value::String(text)) if property.name == "transition" => {
            format!("write `{{\"style\": \"{}\", \"duration\": 0.5}}`", shown(text.raw()))
        }
        (Shape::Object(table), _) => {
            let names = table.properties.iter().map(|inner| format!("\"{}\": …", inner.name)).collect::<Vec<_>>();
            format!("write `{{{}}}`", names.join(", "))
        }
        (Shape::Free, _) => format!("write `\"{}\": {{\"name\": \"value\"}}`", property.name),
        (Shape::Number(_), _) => "write a number".to_owned(),
        (Shape::Text | Shape::Words(_), Value::Number(number)) => format!("put it in quotes: `\"{number}\"`"),
        (Shape::Text | Shape::Words(_), Value::Bool(truth)) => format!("put it in quotes: `\"{truth}\"`"),
        _ => "write a string".to_owned(),
    }
}

/// Whether the service may accept a value although no source says so: `null` for an absent value, a number
/// for a text, `"true"` for `true`.
fn may_be_read(property: &Property, node: &Node) -> bool {
    let is_container = matches!(property.shape, Shape::Object(_) | Shape::Free | Shape::Array(_));
    match &node.value {
        Value::Null => property.name != "scenes",
        Value::Array(_) | Value::Object(_) => false,
        Value::String(text) => !is_container && (!matches!(property.shape, Shape::Flag) || is_flag(text)),
        Value::Bool(_) | Value::Number(_) => !is_container,
    }
}

fn is_flag(text: &Text) -> bool {
    matches!(text.raw(), "true" | "false")
}

fn number(checker: &mut Checker<'_>, property: &Property, node: &Node, range: &Range) {
    let (value, in_string) = match &node.value {
        Value::Number(number) => (number.as_f64(), false),
        Value::String(text) => match numeric(text.raw()) {
            Some(value) => (value, true),
            None => return no_number(checker, property, (node, text), range),
        },
        _ => return wrong_type(checker, property, node, "a number"),
    };
    if range.holds(value) {
        return;
    }
    let message = format!("`{}` is {value}, but it must be {}", property.name, range.told);
    let finding = checker.add(range.rule, node.span, message);
    finding.helped(inside(property.name, range, value));
    finding.severity = if in_string { Severity::Warning } else { range.severity };
    if range.may_hold(value) {
        finding.graded(Severity::Warning, Evidence::Advice);
    }
}

/// What a number outside of its range probably means.
fn inside(name: &str, range: &Range, value: f64) -> String {
    let scales = match name {
        "volume" | "opacity" | "pan-distance" => 100.0,
        "zoom" => 10.0,
        _ => 1.0,
    };
    let candidates = [-value, value / scales, value.round(), value.clamp(range.least, range.most)];
    match candidates.into_iter().find(|candidate| range.holds(*candidate)) {
        Some(right) => format!("write `{right}`"),
        None => format!("write {}", range.told),
    }
}

fn no_number(checker: &mut Checker<'_>, property: &Property, (node, text): (&Node, &Text), range: &Range) {
    let (text, frame) = (text.decoded(), checker.frame);
    let message = format!("`{}` must be a number, not the string \"{}\"", property.name, shown(&text));
    let finding = checker.add("J2V008", node.span, message);
    finding.helped(as_number(property.name, &text, frame).unwrap_or_else(|| format!("write {}", range.told)));
    if let Some(number) = by_unit(property.name, &text).filter(|number| range.holds(*number)) {
        finding.fixed_by(number.to_string());
    }
    if range.takes_texts {
        finding.graded(Severity::Warning, Evidence::Advice);
    } else if text.is_empty() {
        finding.evidence = Evidence::Advice;
    }
}

/// The number that a text means, read by its unit: `5s`, `50%`, `center`.
fn as_number(name: &str, text: &str, frame: Option<(f64, f64)>) -> Option<String> {
    let is_across = matches!(name, "x" | "width");
    let is_pixels = is_across || matches!(name, "y" | "height");
    if matches!(name, "x" | "y") && text.chars().all(char::is_alphabetic) {
        let right = suggest::word(&POSITION, text).unwrap_or("center-center");
        return Some(format!("these are pixels: write `\"position\": \"{right}\"`"));
    }
    if let Some(seconds) = as_written(name, text) {
        return Some(format!("write `{seconds}`"));
    }
    let (number, unit) = with_unit(text)?;
    if unit == "%" && is_pixels {
        let (wide, high) = frame?;
        let pixels = (number * if is_across { wide } else { high } / 100.0).round();
        return Some(format!("these are pixels: {text} of the frame is `{pixels}`"));
    }
    by_unit(name, text).map(|number| format!("write `{number}`"))
}

/// Properties that are times, seconds.
const TIMES: [&str; 6] = ["duration", "start", "seek", "extra-time", "fade-in", "fade-out"];

/// The number that a person means who writes a decimal comma, or a time as clocks show it: `5,5` is 5.5, `01:30` is 90. It is advice
/// only, as `1,000` may be one or a thousand.
fn as_written(name: &str, text: &str) -> Option<f64> {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| {
        let (whole, part) = text.split_once([',', '.']).unwrap_or((text, "0"));
        let is_decimal = is_digits(whole) && is_digits(part) && (part.len() < 3 || !text.contains(','));
        is_decimal.then(|| format!("{whole}.{part}").parse::<f64>().ok()).flatten()
    };
    let text = text.trim();
    let Some((before, last)) = text.rsplit_once(':') else { return number(text) };
    let mut parts = before.split(':');
    let minutes = parts.next_back().filter(|text| is_digits(text))?.parse::<f64>().ok()?;
    let hours = parts.next().map_or(Some(0.0), |text| text.parse::<f64>().ok().filter(|_| is_digits(text)))?;
    let seconds = number(last).filter(|seconds| *seconds < 60.0)?;
    let is_time = TIMES.contains(&name) && parts.next().is_none() && (hours == 0.0 || minutes < 60.0);
    is_time.then_some(hours * 3600.0 + minutes * 60.0 + seconds)
}

/// The number that a text with a unit means: `5s` is 5, `80%` of a volume is 0.8.
fn by_unit(name: &str, text: &str) -> Option<f64> {
    let (number, unit) = with_unit(text)?;
    match unit.as_str() {
        "%" if matches!(name, "volume" | "opacity" | "pan-distance") => Some(number / 100.0),
        "ms" => Some(number / 1000.0),
        "min" | "m" | "minutes" => Some(number * 60.0),
        "" | "px" | "s" | "sec" | "secs" | "second" | "seconds" | "fps" | "deg" | "x" => Some(number),
        _ => None,
    }
}

/// Splits a text into its number and its unit.
fn with_unit(text: &str) -> Option<(f64, String)> {
    let digits = text.trim().trim_end_matches(|letter: char| letter.is_alphabetic() || letter == '%').trim_end();
    Some((numeric(digits)?, text.trim()[digits.len()..].trim().to_ascii_lowercase()))
}

fn word(checker: &mut Checker<'_>, property: &Property, node: &Node, words: &Words) {
    let Some(text) = node.as_text() else { return wrong_type(checker, property, node, "a string") };
    if words.known.contains(&text.raw()) {
        return;
    }
    let text = text.decoded();
    if words.rule == "J2V061" && text == "template" {
        return; // J2V062 speaks of it.
    }
    let message = format!("`{}` is not {}", shown(&text), words.name);
    let (wrong_case, is_disputed) = (is_wrong_case(words, &text), words.disputed.contains(&&*text));
    let hint = suggest::word(words, &text);
    let finding = checker.add(words.rule, node.span, message);
    finding.severity = words.severity;
    if is_disputed {
        finding.graded(Severity::Warning, Evidence::Disputed).labelled("some pages have it, the reference has not");
    } else if wrong_case {
        finding.evidence = Evidence::Advice;
    }
    if let Some(right) = hint.filter(|right| *right != "custom" && !is_disputed && suggest::is_certain_word(&text, right)) {
        finding.fixed_by(format!("\"{right}\""));
    }
    finding.help = Some(match hint {
        Some("custom") if property.name == "resolution" && text != "custom" => {
            "write `\"resolution\": \"custom\", \"width\": 3840, \"height\": 2160`".to_owned()
        }
        _ if words.rule == "J2V073" && SUBTITLES_POSITION.known.contains(&&*text) => {
            "only subtitles have it: write `\"position\": \"custom\"` with `x` and `y`".to_owned()
        }
        _ if is_style_of_type(words, &text) => {
            format!("write `\"style\": \"{}\"`; `type` is always `xfade`", suggest::word(&TRANSITION_STYLE, &text).unwrap_or("fade"))
        }
        Some(right) => format!("did you mean `{right}`?"),
        None => format!("one of: {}", words.known.join(", ")),
    });
}

/// Whether a transition's `type` says its style.
fn is_style_of_type(words: &Words, text: &str) -> bool {
    std::ptr::eq(words, &raw const TRANSITION_TYPE) && suggest::word(&TRANSITION_STYLE, text).is_some()
}

/// `Fade` for `fade`: it is unknown whether the service accepts it.
fn is_wrong_case(words: &Words, text: &str) -> bool {
    words.known.iter().any(|known| known.eq_ignore_ascii_case(text))
}
