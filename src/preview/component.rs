//! The components that the preview can draw (`movie-format.md#components`): boxes with the CSS of their parts. No source
//! shows what the service's own components look like beyond that, so all of them are approximate.

use serde::Serialize;

use super::css::Css;
use super::level::Note;
use super::media::MediaList;
use super::read;
use crate::movie::json::Node;

/// A box of a component, with a text, a picture or boxes in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Part {
    /// Its style.
    pub css: Css,
    /// Its text.
    pub text: Option<String>,
    /// Its picture, as an index into the media.
    pub media: Option<usize>,
    /// The number that counts in its text.
    pub count: Option<Count>,
    /// The boxes in it.
    pub parts: Vec<Part>,
}

/// A number that counts in a text, in place of `__num__`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Count {
    /// The number at the beginning.
    pub from: f64,
    /// The number at the end.
    pub to: f64,
    /// Digits after the point.
    pub decimals: f64,
    /// How long it counts, seconds.
    pub seconds: f64,
}

type Declarations = &'static [(&'static str, &'static str)];

/// How a component is drawn: the layout of its parts, and which parts it has.
struct Layout {
    /// The style of the component.
    frame: Declarations,
    /// The part around the others, and its style.
    around: (&'static str, Declarations),
    /// The parts inside, in order.
    parts: &'static [(&'static str, Declarations)],
}

const HEADLINE: Declarations = &[("font-size", "5.2cqw"), ("font-weight", "800"), ("line-height", "1.1")];
const BODY: Declarations = &[("font-size", "2.4cqw"), ("line-height", "1.35")];
const IMAGE: Declarations = &[("width", "18cqw"), ("height", "18cqw"), ("object-fit", "cover")];
const BAR: Declarations = &[("width", "0.6cqw"), ("align-self", "stretch"), ("background-color", "#F2C94C")];
const MIDDLE: Declarations = &[("justify-content", "center"), ("align-items", "center"), ("text-align", "center")];
const LOWER: Declarations = &[("justify-content", "flex-end"), ("align-items", "flex-start"), ("padding", "5cqh 5cqw")];
const CARD: Declarations = &[("padding", "3cqh 3cqw"), ("gap", "1.5cqh")];
const DARK_CARD: Declarations = &[("padding", "2cqh 2.5cqw"), ("gap", "0.8cqh"), ("background-color", "rgba(10,12,18,0.72)")];
const IN_A_ROW: Declarations = &[("flex-direction", "row"), ("align-items", "center"), ("gap", "2cqw"), ("padding", "2cqh 2cqw")];

fn layout(id: &str) -> Option<Layout> {
    let lower_third = |around: Declarations, parts| Layout { frame: LOWER, around: ("card", around), parts };
    Some(match id {
        "basic/000" => Layout { frame: MIDDLE, around: ("card", CARD), parts: &[("headline", HEADLINE), ("body", BODY)] },
        "basic/001" => Layout { frame: MIDDLE, around: ("card", IN_A_ROW), parts: &[("bar", BAR), ("headline", HEADLINE), ("body", BODY)] },
        "basic/050" => lower_third(DARK_CARD, &[("lead", BODY), ("headline", HEADLINE), ("bar", BAR)]),
        "basic/051" => lower_third(IN_A_ROW, &[("image", IMAGE), ("bar", BAR), ("headline", HEADLINE)]),
        "basic/052" => lower_third(DARK_CARD, &[("section", BODY), ("headline", HEADLINE)]),
        "basic/120" => Layout {
            frame: MIDDLE,
            around: (
                "card",
                &[("padding", "4cqh 4cqw"), ("gap", "1.2cqh"), ("align-items", "center"), ("background-color", "rgba(10,12,18,0.72)")],
            ),
            parts: &[("image", IMAGE), ("name", HEADLINE), ("title", BODY), ("description", BODY)],
        },
        "advanced/060" => Layout { frame: MIDDLE, around: ("card", &[]), parts: &[("counter", HEADLINE)] },
        "advanced/070" => Layout { frame: MIDDLE, around: ("card", &[]), parts: &[("rating", HEADLINE)] },
        _ => return None,
    })
}

/// The boxes of a component; `None` when the preview can't draw it.
pub(super) fn component(node: &Node, media: &mut MediaList, notes: &mut Vec<Note>) -> Option<Part> {
    let id = read::words(node, "component").unwrap_or_default();
    let empty = Node::object();
    let settings = node.get("settings").unwrap_or(&empty);
    let drawn = if id == "shape/rectangle" {
        Some(rectangles(settings, media))
    } else {
        layout(&id).map(|layout| laid_out(&layout, settings, media))
    };
    let level = match &drawn {
        Some(_) => Note::approximate(
            id.clone(),
            format!("{id}: drawn from the CSS of its settings; the component's own look and motion are in no source"),
        ),
        None => Note::not_shown(id.clone(), format!("{id}: drawn as a box with its texts; the service shows the component")),
    };
    notes.push(level);
    drawn
}

/// All texts in the settings of a component, for its placeholder box.
pub(super) fn texts(settings: &Node) -> Vec<String> {
    const MOST: usize = 12;
    let mut found = Vec::new();
    collect(settings, &mut found);
    found.truncate(MOST);
    found
}

fn collect(node: &Node, found: &mut Vec<String>) {
    for member in node.as_object().unwrap_or_default() {
        let is_text = member.key.is("text") || member.key.is("headline") || member.key.is("body");
        found.extend(read::as_text(&member.value).filter(|text| is_text && !text.is_empty()));
        collect(&member.value, found);
    }
}

fn laid_out(layout: &Layout, settings: &Node, media: &mut MediaList) -> Part {
    let inside: Vec<Part> = layout.parts.iter().filter_map(|(name, css)| Some(part(name, css, member(settings, name)?, media))).collect();
    let (name, css) = layout.around;
    let mut card = Part { css: Css::of(css), parts: inside, ..Part::default() };
    if let Some(settings) = settings.get(name) {
        card.css.take(settings, media);
    }
    let mut frame = Part { css: Css::of(layout.frame), parts: vec![card], ..Part::default() };
    frame.css.set("width", "100%");
    frame.css.set("height", "100%");
    frame.css.set("color", read::words(settings, "color").as_deref().unwrap_or("#FFFFFF"));
    frame
}

/// The settings of a part; some tutorials write `subline` for the body.
fn member<'a>(settings: &'a Node, name: &str) -> Option<&'a Node> {
    settings.get(name).or_else(|| settings.get("subline").filter(|_| name == "body"))
}

/// A part: an object with its CSS, or only its text, as some tutorials write it.
fn part(name: &str, css: Declarations, settings: &Node, media: &mut MediaList) -> Part {
    let mut part = Part { css: Css::of(css), ..Part::default() };
    part.css.take(settings, media);
    part.text = read::as_text(settings).or_else(|| read::text(settings, "text"));
    match name {
        "image" => part.media = read::words(settings, "src").or(part.text.take()).map(|url| media.add(&url, "image")),
        "counter" => part.count = Some(count(settings)),
        "rating" => {
            part.css.set("flex-direction", "row");
            part.parts = symbols(settings);
        }
        _ => {}
    }
    part
}

fn count(settings: &Node) -> Count {
    let said = |name: &str, or: f64| read::number(settings, name).unwrap_or(or);
    Count {
        from: said("from", 0.0),
        to: said("to", 100.0),
        decimals: said("decimals", 0.0).clamp(0.0, 4.0),
        seconds: said("duration", 2000.0).clamp(0.0, 60_000.0) / 1000.0,
    }
}

/// Five symbols; the value states how many are lit.
fn symbols(settings: &Node) -> Vec<Part> {
    let value = read::number(settings, "value").unwrap_or(5.0);
    let sign = if read::words(settings, "symbol").as_deref() == Some("heart") { "♥" } else { "★" };
    let color = |name: &str, or: &str| read::words(settings, name).unwrap_or_else(|| or.to_owned());
    let (on, off) = (color("color", "#F2C94C"), color("off-color", "rgba(255,255,255,0.25)"));
    let symbol = |index: u32| Part {
        css: Css::of(&[("color", if f64::from(index) < value { &on } else { &off })]),
        text: Some(sign.to_owned()),
        ..Part::default()
    };
    (0..5).map(symbol).collect()
}

/// Boxes at the places `rectangle1`, `rectangle2` and so on.
fn rectangles(settings: &Node, media: &mut MediaList) -> Part {
    let named = settings.as_object().unwrap_or_default().iter().filter(|member| member.key.raw().starts_with("rectangle"));
    let parts = named.map(|member| {
        let css = &[
            ("position", "absolute"),
            ("left", "0px"),
            ("top", "0px"),
            ("width", "100%"),
            ("height", "100%"),
            ("background-color", "#FFFFFF"),
        ];
        let mut part = Part { css: Css::of(css), ..Part::default() };
        part.css.take(&member.value, media);
        part
    });
    Part { css: Css::of(&[("position", "relative"), ("width", "100%"), ("height", "100%")]), parts: parts.collect(), ..Part::default() }
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;
    use crate::movie::json::parse;

    fn drawn(element: &str) -> (Option<Part>, Level) {
        let mut notes = Vec::new();
        let drawn = component(&parse(element, 0).unwrap().root, &mut MediaList::default(), &mut notes);
        (drawn, notes[0].level)
    }

    #[test]
    fn parts_are_objects_or_texts() {
        let objects =
            r#"{"component": "basic/000", "settings": {"headline": {"text": "FOR SALE", "color": "red"}, "body": {"text": "now"}}}"#;
        let texts = r#"{"component": "basic/000", "settings": {"headline": "FOR SALE", "subline": "now"}}"#;
        for element in [objects, texts] {
            let (Some(frame), Level::Approximate) = drawn(element) else { panic!("{element}") };
            let told: Vec<_> = frame.parts[0].parts.iter().filter_map(|part| part.text.as_deref()).collect();
            assert_eq!(told, ["FOR SALE", "now"]);
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_not_shown_and_its_texts_are_found() {
        let element = r#"{"component": "advanced/100", "settings": {"image": {"src": "a.png"}, "title": {"text": "Hi"}}}"#;
        assert_eq!(drawn(element), (None, Level::NotShown));
        assert_eq!(texts(parse(element, 0).unwrap().root.get("settings").unwrap()), ["Hi"]);
    }

    #[test]
    fn a_counter_and_a_rating_know_their_numbers() {
        let (counter, _) =
            drawn(r#"{"component": "advanced/060", "settings": {"counter": {"text": "__num__ homes", "to": "42", "duration": 3000}}}"#);
        let count = counter.unwrap().parts[0].parts[0].count.clone().unwrap();
        assert_eq!((count.to, count.seconds), (42.0, 3.0));
        let (rating, _) = drawn(r#"{"component": "advanced/070", "settings": {"rating": {"value": 3}}}"#);
        assert_eq!(rating.unwrap().parts[0].parts[0].parts.len(), 5);
    }
}
