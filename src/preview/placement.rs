//! The place of an element in the frame, in the movie's pixels (`movie-format.md#element`).

use serde::Serialize;

use super::level::Note;
use super::read::{number, text, words};
use crate::movie::json::Node;

/// The distance of the presets of `position` from the edges, as a part of the frame.
const MARGIN: f64 = 0.05;

/// The edge that a distance is measured from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// The left or the upper edge.
    Start,
    /// The middle.
    Center,
    /// The right or the lower edge; the distance is measured inwards.
    End,
}

/// A box along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Along {
    /// The edge that the offset is measured from.
    pub from: From,
    /// The offset, pixels.
    pub offset: f64,
    /// The length, pixels; `None`: the length of the content.
    pub length: Option<f64>,
}

/// A box in the frame.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Placement {
    /// From left to right.
    pub across: Along,
    /// From top to bottom.
    pub down: Along,
}

/// The size of an element that states none.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Natural {
    /// The size of its file, pixels, if known.
    File(Option<(f64, f64)>),
    /// The whole frame.
    Frame,
    /// The frame, in which the content is aligned; with a preset, the size of the content.
    Text,
}

impl Placement {
    /// The whole frame.
    pub(super) fn whole((width, height): (f64, f64)) -> Self {
        let along = |length| Along { from: From::Start, offset: 0.0, length: Some(length) };
        Self { across: along(width), down: along(height) }
    }
}

/// The place of an element; assumptions are added to the notes.
pub(super) fn place(node: &Node, frame: (f64, f64), natural: Natural, notes: &mut Vec<Note>) -> Placement {
    if words(node, "resize").is_some() {
        return Placement::whole(frame);
    }
    let (width, height) = size(node, frame, natural);
    let (x, y) = (number(node, "x").unwrap_or(0.0), number(node, "y").unwrap_or(0.0));
    let preset = text(node, "position").as_deref().and_then(preset);
    if preset.is_some() && (x != 0.0 || y != 0.0) {
        notes.push(Note::approximate(
            "x and y",
            "`x` and `y` beside a preset `position`: drawn as offsets, as the tutorials have it; the reference says they are ignored",
        ));
    }
    let Some((horizontal, vertical)) = preset else {
        let (width, height) = if natural == Natural::Text { (width.or(Some(frame.0)), height.or(Some(frame.1))) } else { (width, height) };
        return Placement { across: custom(x, width), down: custom(y, height) };
    };
    Placement { across: at_preset(horizontal, frame.0, x, width), down: at_preset(vertical, frame.1, y, height) }
}

fn custom(offset: f64, length: Option<f64>) -> Along {
    Along { from: From::Start, offset, length }
}

/// The offset of a preset; it is measured from the start once the length is known.
fn at_preset(from: From, frame: f64, moved: f64, length: Option<f64>) -> Along {
    let margin = (frame * MARGIN).round();
    let Some(known) = length else {
        let offset = match from {
            From::Start => margin + moved,
            From::Center => moved,
            From::End => margin - moved,
        };
        return Along { from, offset, length };
    };
    let start = match from {
        // An element that fills the frame has no margin.
        _ if known >= frame => 0.0,
        From::Start => margin,
        From::Center => (frame - known) / 2.0,
        From::End => frame - margin - known,
    };
    Along { from: From::Start, offset: start + moved, length }
}

fn preset(name: &str) -> Option<(From, From)> {
    Some(match name {
        "top-left" => (From::Start, From::Start),
        "top-right" => (From::End, From::Start),
        "bottom-right" => (From::End, From::End),
        "bottom-left" => (From::Start, From::End),
        "center-center" => (From::Center, From::Center),
        _ => return None,
    })
}

/// The size that an element states, in full or one side of it; its file gives the rest.
fn size(node: &Node, frame: (f64, f64), natural: Natural) -> (Option<f64>, Option<f64>) {
    let said = |name: &str| {
        let legacy = || node.get("scale").and_then(|scale| number(scale, name));
        number(node, name).or_else(legacy).filter(|pixels| *pixels > 0.0)
    };
    match (said("width"), said("height"), natural) {
        (Some(width), None, Natural::File(Some(file))) => (Some(width), Some(width * file.1 / file.0)),
        (None, Some(height), Natural::File(Some(file))) => (Some(height * file.0 / file.1), Some(height)),
        (None, None, Natural::File(Some(file))) => (Some(file.0), Some(file.1)),
        (width, height, Natural::Frame) => (width.or(Some(frame.0)), height.or(Some(frame.1))),
        (width, height, Natural::File(_) | Natural::Text) => (width, height),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn placed(element: &str, natural: Natural) -> (String, usize) {
        let node = parse(element, 0).unwrap().root;
        let mut notes = Vec::new();
        let place = place(&node, (1920.0, 1080.0), natural, &mut notes);
        let along = |along: Along| {
            let length = along.length.map_or("auto".to_owned(), |length| length.to_string());
            format!("{:?} {} {length}", along.from, along.offset)
        };
        (format!("{}, {}", along(place.across), along(place.down)), notes.len())
    }

    #[test]
    fn boxes_are_where_the_documentation_puts_them() {
        let file = Natural::File(Some((400.0, 200.0)));
        let unseen = Natural::File(None);
        let cases = [
            ("{}", file, "Start 0 400, Start 0 200"),
            ("{}", unseen, "Start 0 auto, Start 0 auto"),
            (r#"{"x": 60, "y": "40", "width": "200"}"#, file, "Start 60 200, Start 40 100"),
            (r#"{"height": 100, "width": -1}"#, file, "Start 0 200, Start 0 100"),
            (r#"{"width": 300}"#, unseen, "Start 0 300, Start 0 auto"),
            (r#"{"position": "top-left"}"#, file, "Start 96 400, Start 54 200"),
            (r#"{"position": "bottom-right"}"#, file, "Start 1424 400, Start 826 200"),
            (r#"{"position": "bottom-right"}"#, unseen, "End 96 auto, End 54 auto"),
            (r#"{"position": "center-center", "width": 100, "height": 100}"#, file, "Start 910 100, Start 490 100"),
            (r#"{"position": "center-center"}"#, unseen, "Center 0 auto, Center 0 auto"),
            (r#"{"resize": "cover", "width": 10, "x": 9}"#, file, "Start 0 1920, Start 0 1080"),
            (r#"{"scale": {"width": 100}}"#, file, "Start 0 100, Start 0 50"),
            ("{}", Natural::Text, "Start 0 1920, Start 0 1080"),
            (r#"{"position": "top-left"}"#, Natural::Text, "Start 96 auto, Start 54 auto"),
            (r#"{"position": "top-left"}"#, Natural::Frame, "Start 0 1920, Start 0 1080"),
        ];
        for (element, natural, wanted) in cases {
            assert_eq!(placed(element, natural), (wanted.to_owned(), 0), "{element}");
        }
    }

    #[test]
    fn offsets_beside_a_preset_are_drawn_and_named() {
        let element = r#"{"position": "top-right", "x": -60, "y": 20, "width": 100, "height": 50}"#;
        assert_eq!(placed(element, Natural::Frame), ("Start 1664 100, Start 74 50".to_owned(), 1));
        let unknown = r#"{"position": "bottom-right", "x": -60}"#;
        assert_eq!(placed(unknown, Natural::File(None)), ("End 156 auto, End 54 auto".to_owned(), 1));
    }
}
