//! Rules about an element's place and look: position, size, colour, volume.

use super::checked_element::CheckedElement;
use super::known::text;
use super::{Checker, shown, suggest};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::Node;
use crate::movie::spec::element::ELEMENT;
use crate::movie::spec::{Types, css};

const HEIGHT: usize = ELEMENT.at("height");
const POSITION: usize = ELEMENT.at("position");
const RESIZE: usize = ELEMENT.at("resize");
const VOLUME: usize = ELEMENT.at("volume");
const WIDTH: usize = ELEMENT.at("width");
const X: usize = ELEMENT.at("x");
const Y: usize = ELEMENT.at("y");

/// The highest volume that older documentation allows (`movie-format.md#element`).
const OLD_LOUDEST: f64 = 5.0;

pub(super) fn check(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    if element.is(Types::VISUAL) {
        offset(checker, element);
        resized(checker, element);
        off_canvas(checker, element);
    }
    let volume = element.fields.number(VOLUME);
    if let (Some(volume), Some(node)) = (volume.filter(|it| *it > OLD_LOUDEST && *it <= 10.0), element.fields.get(VOLUME)) {
        let message = format!("a volume of {volume} is very loud");
        let finding = checker.add("J2V087", node.span, message).helped("older documentation stops at 5; 1 is the volume of the file");
        finding.graded(Severity::Warning, Evidence::Disputed);
    }
}

/// J2V074: whether `x` and `y` have an effect beside a preset position.
fn offset(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    if fields.text(POSITION).is_none_or(|position| position == "custom") {
        return;
    }
    let moved = [X, Y].into_iter().find(|index| fields.number(*index).is_some_and(|pixels| pixels != 0.0));
    if let Some(member) = moved.and_then(|index| fields.member(index)) {
        let message = format!("the sources disagree on `{}` beside a `position`", member.key);
        checker
            .add("J2V074", member.key_span, message)
            .helped("some ignore it, some add it: for a sure place write `\"position\": \"custom\"`");
    }
}

/// J2V076: `resize` decides the size.
fn resized(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let sized = |index: usize| fields.number(index).is_some_and(|pixels| pixels > 0.0);
    if let Some(member) = fields.member(RESIZE).filter(|_| sized(WIDTH) && sized(HEIGHT)) {
        checker.add("J2V076", member.key_span, "`width` and `height` are ignored beside `resize`").helped("keep one or the other");
    }
}

/// J2V084: a box wholly outside the frame.
fn off_canvas(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let Some((wide, high)) = element.place.frame else { return };
    if fields.text(POSITION).is_some_and(|position| position != "custom") {
        return;
    }
    let outside = |at: usize, size: usize, frame: f64| {
        let place = fields.number(at)?;
        let size = fields.number(size).filter(|pixels| *pixels > 0.0);
        let is_out = place >= frame || size.is_some_and(|size| place + size <= 0.0);
        is_out.then_some(at)
    };
    let Some(node) = outside(X, WIDTH, wide).or_else(|| outside(Y, HEIGHT, high)).and_then(|index| fields.get(index)) else { return };
    let finding = checker.add("J2V084", node.span, format!("it is outside of the frame of {wide}×{high}"));
    finding.helped(format!("`x` goes from 0 to {wide}, `y` from 0 to {high}"));
}

/// J2V048: a text that is not a colour.
pub(super) fn color(checker: &mut Checker<'_>, node: Option<&Node>) {
    let Some((node, color)) = node.and_then(|node| Some((node, text(node)?))) else { return };
    if color.is_empty() || is_color(&color) {
        return;
    }
    let digits = !color.is_empty() && matches!(color.len(), 3 | 6 | 8) && color.bytes().all(|byte| byte.is_ascii_hexdigit());
    let near = || suggest::nearest(&color, css::NAMES.iter().copied()).map(|name| format!("did you mean `{name}`?"));
    let help = if digits {
        format!("write `#{color}`")
    } else {
        near().unwrap_or_else(|| "write `#RRGGBB`, or the name of a CSS colour".to_owned())
    };
    checker.add("J2V048", node.span, format!("`{}` is not a colour", shown(&color))).helped(help);
}

/// Whether a text is a CSS colour.
fn is_color(text: &str) -> bool {
    let text = text.trim();
    if let Some(digits) = text.strip_prefix('#') {
        return matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    }
    let is_function =
        ["rgb", "hsl", "hwb", "lab", "lch", "oklab", "oklch", "color"].iter().any(|name| text.starts_with(name)) && text.ends_with(')');
    is_function || css::is_name(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_known_by_their_form() {
        assert!(
            ["#fff", "#0E7C66", "#0E7C66cc", "transparent", "red", "rgba(0,0,0,0.5)", "hsl(1 2% 3%)"].iter().all(|text| is_color(text))
        );
        assert!(["#ff", "0E7C66", "FFFFFF", "rgb(1,2", "#gggggg", "dark blue", "notacolor"].iter().all(|text| !is_color(text)));
    }
}
