//! The text styles of the service (`movie-format.md#text-styles`), each as CSS and as tracks for its words or letters.

use serde::Serialize;

use super::css::{Css, family};
use super::level::Note;
use super::media::MediaList;
use super::read;
use super::track::{LINEAR, OUT_BACK, OUT_EXPO, Track};
use crate::movie::json::Node;

/// A text, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Words {
    /// The text, with its line breaks.
    pub text: String,
    /// Its style.
    pub css: Css,
    /// Its alignment in its box, across and down: `start`, `center`, `end`.
    pub align: (&'static str, &'static str),
    /// The motion of its parts.
    pub parts: Option<Parts>,
}

/// A text in parts that move one after another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// `letter`, `word`, or `pill`: the text between commas, bars and line breaks.
    pub by: &'static str,
    /// When the first part begins, seconds of the movie.
    pub start: f64,
    /// The delay between the starts of two consecutive parts, seconds.
    pub stagger: f64,
    /// The tracks of the parts, with times from the part's own beginning. The parts take these lists in turn.
    pub moves: Vec<Vec<Track>>,
    /// The style of each part.
    pub css: Css,
}

/// A style: its look without settings, and whether its motion is documented.
struct Style {
    css: &'static [(&'static str, &'static str)],
    /// The assumption about its motion; `None` when the motion is documented.
    assumed: Option<&'static str>,
}

const SHADOW: (&str, &str) = ("text-shadow", "2px 2px rgba(33,33,33,0.5)");
const PLAIN: &[(&str, &str)] = &[("font-family", "Roboto"), ("font-size", "5vw"), ("font-weight", "700"), ("color", "#FFFFFF"), SHADOW];

fn style(name: &str) -> Style {
    let assumed = |css, assumed| Style { css, assumed: Some(assumed) };
    match name {
        "001" => Style {
            css: &[("font-family", "Inter"), ("font-size", "4vw"), ("font-weight", "700"), ("color", "#FFFFFF"), SHADOW],
            assumed: None,
        },
        "002" => Style { css: PLAIN, assumed: None },
        "003" => assumed(PLAIN, "the words come one by one; how fast is assumed"),
        "004" => assumed(PLAIN, "the letters come one by one; how fast is assumed"),
        "005" => assumed(PLAIN, "the letters jump one after the other; how high is assumed"),
        "006" => Style {
            css: &[("font-family", "Anton"), ("font-size", "6vw"), ("letter-spacing", "0.5em"), ("color", "#FFFFFF"), SHADOW],
            assumed: None,
        },
        "007" => assumed(PLAIN, "the letters fall like dominoes; how they turn is assumed"),
        "008" => assumed(PLAIN, "the letters come from above and below in turn; from how far is assumed"),
        "009" => assumed(PLAIN, "the letters fly in; from where is assumed"),
        "010" => assumed(PLAIN, "the letters fly out; to where is assumed"),
        "011" => assumed(
            &[("font-family", "Roboto"), ("font-size", "5vw"), ("font-weight", "700"), ("color", "#FFFFFF")],
            "each word has a background; its colour is assumed",
        ),
        "012" => {
            Style { css: &[("font-family", "Anton"), ("font-size", "12vw"), ("color", "#111111"), ("line-height", "1.1")], assumed: None }
        }
        "013" => assumed(
            &[("font-family", "Oswald"), ("font-size", "6vw"), ("font-weight", "600"), ("color", "#FFFFFF")],
            "the pills fall one after the other; how fast is assumed",
        ),
        _ => assumed(PLAIN, "no source knows this text style: drawn without motion"),
    }
}

/// The text of an element that is visible from `start` to `end`, and the tracks of the text as a whole.
pub(super) fn words(node: &Node, span: (f64, f64), media: &mut MediaList, notes: &mut Vec<Note>) -> (Words, Vec<Track>) {
    let name = read::words(node, "style").unwrap_or_else(|| "001".to_owned());
    let style = style(&name);
    let mut css = Css::of(style.css);
    let empty = Node::object();
    let settings = node.get("settings").unwrap_or(&empty);
    for (property, value) in style.css {
        css.set(property, &if *property == "font-family" { family(value) } else { super::css::in_the_frame(value) });
    }
    css.take(settings, media);
    notes.extend(style.assumed.map(|reason| Note::approximate(format!("text style {name}"), reason)));
    let text = read::text(node, "text").unwrap_or_default();
    let across = edge(read::words(settings, "horizontal-position").or_else(|| read::words(settings, "text-align")).as_deref());
    let down = edge(read::words(settings, "vertical-position").or_else(|| read::words(settings, "vertical-align")).as_deref());
    let parts = parts(&name, settings, span, count(&text));
    let whole =
        if name == "002" { vec![Track::new("opacity", (span.0, span.0 + 2.0_f64.min(span.1 - span.0)), ("0", "1"))] } else { Vec::new() };
    (Words { text, css, align: (across, down), parts }, whole)
}

/// The font family of a text, as the movie writes it; `None` when any will do.
pub(super) fn family_of(css: &Css) -> Option<&str> {
    css.get("font-family")?.strip_prefix('"')?.split('"').next()
}

fn edge(word: Option<&str>) -> &'static str {
    match word {
        Some("top" | "left" | "start") => "start",
        Some("bottom" | "right" | "end") => "end",
        _ => "center",
    }
}

fn count(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().filter(|letter| !letter.is_whitespace()).count()).unwrap_or(u32::MAX))
}

/// A track in seconds from the beginning of a part.
fn own(of: &'static str, seconds: f64, from: &str, to: &str) -> Track {
    Track::new(of, (0.0, seconds), (from, to))
}

fn parts(style: &str, settings: &Node, (start, end): (f64, f64), letters: f64) -> Option<Parts> {
    let part = |by, stagger, moves| Parts { by, start, stagger, moves, css: Css::default() };
    let appear = |seconds| own("opacity", seconds, "0", "1");
    Some(match style {
        "003" => part("word", 0.45, vec![vec![appear(0.35), own("translate", 0.35, "0 0.25em", "0 0").eased(OUT_EXPO)]]),
        "004" => part("letter", 0.07, vec![vec![appear(0.05)]]),
        "005" => {
            let jump = Track::through("translate", (0.0, 0.5), &["0 0", "0 -0.45em", "0 0"]).eased("ease-in-out");
            part("letter", 0.08, vec![vec![jump]])
        }
        "006" => part("letter", 0.03, vec![vec![own("translate", 1.2, "100cqw 0", "0 0").eased(OUT_EXPO), appear(0.1)]]),
        "007" => part("letter", 0.09, vec![vec![own("rotate", 0.7, "-90deg", "0deg").eased(OUT_BACK), appear(0.1)]]),
        "008" => {
            let from = |edge: &str| vec![own("translate", 0.7, edge, "0 0").eased(OUT_EXPO), appear(0.2)];
            part("letter", 0.05, vec![from("0 -60cqh"), from("0 60cqh")])
        }
        "009" => {
            let moves = |far: &&str| vec![own("translate", 0.9, far, "0 0").eased(OUT_EXPO), appear(0.4)];
            part("letter", 0.05, FAR.iter().map(moves).collect())
        }
        "010" => {
            let leaves = (end - 0.9 - letters * 0.05).max(start);
            let moves = |far: &&str| vec![own("translate", 0.9, "0 0", far).eased("ease-in"), own("opacity", 0.9, "1", "0")];
            Parts { start: leaves, ..part("letter", 0.05, FAR.iter().map(moves).collect()) }
        }
        "011" => {
            let color = read::words(settings, "background-color").unwrap_or_else(|| "#E3342F".to_owned());
            let css = Css::of(&[("background-color", &color), ("padding", "0.05em 0.25em"), ("border-radius", "0.12em")]);
            Parts { css, ..part("word", 0.0, vec![Vec::new()]) }
        }
        "012" => {
            let stretch = own("scale", 0.75, "1 0", "1 1").eased(OUT_EXPO);
            Parts { css: Css::of(&[("transform-origin", "50% 100%")]), ..part("letter", 0.055, vec![vec![stretch]]) }
        }
        "013" => {
            let color = read::words(settings, "pill-color").unwrap_or_else(|| "#3B5BDB".to_owned());
            let css = Css::of(&[("background-color", &color), ("padding", "0.15em 0.6em"), ("border-radius", "99em")]);
            let fall = own("translate", 0.8, "0 -110cqh", "0 0").eased(OUT_BACK);
            Parts { css, ..part("pill", 0.22, vec![vec![fall, own("opacity", 0.1, "0", "1").eased(LINEAR)]]) }
        }
        _ => return None,
    })
}

/// Places outside the text that its letters come from or go to, in turn.
const FAR: &[&str] = &["-40cqw -30cqh", "25cqw 45cqh", "45cqw -40cqh", "-30cqw 50cqh", "10cqw -60cqh", "-50cqw 5cqh", "50cqw 15cqh"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn drawn(element: &str) -> (Words, Vec<Track>, Vec<Note>) {
        let mut notes = Vec::new();
        let (words, tracks) = words(&parse(element, 0).unwrap().root, (1.0, 6.0), &mut MediaList::default(), &mut notes);
        (words, tracks, notes)
    }

    #[test]
    fn every_style_but_the_static_ones_moves() {
        for number in 1..=13 {
            let (words, tracks, notes) = drawn(&format!(r#"{{"text": "For sale", "style": "{number:03}"}}"#));
            let moves = words.parts.iter().flat_map(|parts| parts.moves.iter().flatten()).count() + tracks.len();
            assert_eq!(moves > 0, number != 1 && number != 11, "{number}");
            assert_eq!(notes.is_empty(), [1, 2, 6, 12].contains(&number), "{number}: {notes:?}");
        }
    }

    #[test]
    fn settings_count_more_than_the_style() {
        let (words, ..) = drawn(r##"{"text": "x", "settings": {"font-size": "10vh", "color": "#f00", "horizontal-position": "left"}}"##);
        assert_eq!((words.css.get("font-size"), words.css.get("color")), (Some("10cqh"), Some("#f00")));
        assert_eq!(words.align, ("start", "center"));
        assert_eq!(family_of(&words.css), Some("Inter"));
    }

    #[test]
    fn letters_that_fly_out_end_with_their_text() {
        let (words, ..) = drawn(r#"{"text": "abcd", "style": "010"}"#);
        let parts = words.parts.unwrap();
        assert!((parts.start + 4.0 * parts.stagger + 0.9 - 6.0).abs() < 1e-9);
    }
}
