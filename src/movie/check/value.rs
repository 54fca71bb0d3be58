//! A value against the shape of its property: type, range, word.

use super::fields::numeric;
use super::{Checker, opening, shown, suggest};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::expr::template::is_open;
use crate::movie::json::{Member, Node, Text, Value};
use crate::movie::spec::words::SUBTITLES_POSITION;
use crate::movie::spec::{Items, Property, Range, Shape, Table, Words};

/// Checks a member's value, and what is inside of it unless a family of rules goes there itself.
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
        if inner.is_required && !fields.has(index) {
            let code = missing_rule(property.name);
            let message = format!("{} has no `{}`", table.name, inner.name);
            checker.add(code, opening(node.span), message).helped(format!("add `\"{}\"`: {}", inner.name, inner.about));
        }
    }
}

/// The rule that speaks of what an object lacks.
fn missing_rule(owner: &str) -> &'static str {
    match owner {
        "crop" => "J2V077",
        "rotate" => "J2V078",
        "chroma-key" => "J2V081",
        _ => "J2V089",
    }
}

/// The rule that speaks of a wrong type.
fn type_rule(property: &Property) -> &'static str {
    match (property.name, property.shape) {
        ("scenes", _) => "J2V004",
        ("client-data", _) => "J2V030",
        ("exports", _) | (_, Shape::Array(Items::Destinations)) => "J2V300",
        _ => "J2V008",
    }
}

fn wrong_type(checker: &mut Checker<'_>, property: &Property, node: &Node, wanted: &str) {
    let message = format!("`{}` is {wanted}, this is {}", property.name, node.kind());
    let finding = checker.add(type_rule(property), node.span, message);
    if finding.severity == Severity::Error && may_be_read(property, node) {
        finding.evidence = Evidence::Advice;
    }
    if let (Shape::Flag, Value::String(text)) = (property.shape, &node.value)
        && is_flag(text)
    {
        finding.help = Some(format!("write it without quotes: `{}`", text.raw()));
    }
}

/// Whether the service may take a value all the same, of which no source speaks: `null` for what is absent, a number
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
            None => return no_number(checker, property, node, text),
        },
        _ => return wrong_type(checker, property, node, "a number"),
    };
    if range.holds(value) {
        return;
    }
    let message = format!("`{}` is {value}, but it must be {}", property.name, range.told);
    let finding = checker.add(range.rule, node.span, message);
    finding.severity = if in_string { Severity::Warning } else { range.severity };
    if value >= range.surely.0 && value <= range.surely.1 {
        finding.evidence = Evidence::Advice;
    }
}

fn no_number(checker: &mut Checker<'_>, property: &Property, node: &Node, text: &Text) {
    let digits: String = text.raw().chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
    let message = format!("`{}` is a number, this is the string \"{}\"", property.name, shown(text.raw()));
    let finding = checker.add("J2V008", node.span, message);
    if !digits.is_empty() {
        finding.help = Some(format!("write `{digits}`"));
    }
    if text.raw().is_empty() {
        finding.evidence = Evidence::Advice;
    }
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
    finding.help = Some(match hint {
        Some("custom") if property.name == "resolution" && text != "custom" => {
            "write `\"resolution\": \"custom\", \"width\": 3840, \"height\": 2160`".to_owned()
        }
        _ if words.rule == "J2V073" && SUBTITLES_POSITION.known.contains(&&*text) => {
            "only subtitles have it: write `\"position\": \"custom\"` with `x` and `y`".to_owned()
        }
        Some(right) => format!("did you mean `{right}`?"),
        None => format!("one of: {}", words.known.join(", ")),
    });
}

/// `Fade` for `fade`: whether the service minds is unknown.
fn is_wrong_case(words: &Words, text: &str) -> bool {
    words.known.iter().any(|known| known.eq_ignore_ascii_case(text))
}
