//! Subtitles in the five styles of the service (`movie-format.md#subtitles`), from captions or from the spoken texts.

use serde::Serialize;

use super::captions::{Cue, Line, lines, parse};
use super::css::Css;
use super::known::Known;
use super::level::Note;
use super::read;
use crate::movie::json::Node;

/// Subtitles, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subtitles {
    /// `classic`, `classic-progressive`, `classic-one-word`, `boxed-line`, `boxed-word`.
    pub style: String,
    /// The style of the words.
    pub css: Css,
    /// The colour of the current word.
    pub word_color: String,
    /// The colour of boxes.
    pub box_color: String,
    /// The horizontal alignment: `start`, `center` or `end`.
    pub across: &'static str,
    /// The vertical position of the middle, percent of the frame's height.
    pub down: f64,
    /// The position of the corner, pixels, when `position` is `custom`.
    pub at: Option<(f64, f64)>,
    /// The lines, in the order of time.
    pub lines: Vec<Line>,
}

/// The default maximum of words per line.
const WORDS: f64 = 4.0;

/// The default size of the letters, percent of the frame's width.
const SIZE: &str = "5cqw";

/// The subtitles of an element. `spoken` holds the texts of the movie's voices and their times.
pub(super) fn subtitles(node: &Node, spoken: &[Cue], known: &Known, notes: &mut Vec<Note>) -> Subtitles {
    let empty = Node::object();
    let settings = node.get("settings").unwrap_or(&empty);
    let said = |name: &str| read::words(settings, name);
    let mut style = said("style").unwrap_or_else(|| "classic".to_owned());
    if !STYLES.contains(&style.as_str()) {
        notes.push(Note::approximate("subtitles", format!("no source knows the subtitles style `{style}`: drawn as `classic`")));
        STYLES[0].clone_into(&mut style);
    }
    let most = read::number(settings, "max-words-per-line").unwrap_or(WORDS).clamp(1.0, 40.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 1 to 40")]
    let mut lines = lines(&cues(node, spoken, known, notes), most as usize);
    let caps = read::flag(settings, "all-caps");
    let replace = settings.get("replace");
    for (_, word) in lines.iter_mut().flat_map(|line| &mut line.words) {
        if let Some(other) = replace.and_then(|replace| read::text(replace, word)) {
            *word = other;
        }
        if caps {
            *word = word.to_uppercase();
        }
    }
    let (across, down, at) = position(settings, said("position").as_deref().unwrap_or("bottom-center"));
    Subtitles {
        style,
        css: css(settings),
        word_color: said("word-color").unwrap_or_else(|| "#FFFF00".to_owned()),
        box_color: said("box-color").unwrap_or_else(|| "#000000".to_owned()),
        across,
        down,
        at,
        lines,
    }
}

const STYLES: [&str; 5] = ["classic", "classic-progressive", "classic-one-word", "boxed-line", "boxed-word"];

/// The texts and their times: from the captions if they can be read, else from the voices.
fn cues(node: &Node, spoken: &[Cue], known: &Known, notes: &mut Vec<Note>) -> Vec<Cue> {
    let captions = read::words(node, "captions");
    let is_file = captions.as_ref().is_some_and(|captions| !captions.trim().contains('\n'));
    let text = captions.as_ref().and_then(|captions| if is_file { known.captions.get(captions).cloned() } else { Some(captions.clone()) });
    if let Some(cues) = text.as_deref().and_then(parse) {
        notes.push(Note::approximate(
            "subtitles",
            "the words of a caption are spread evenly over its time; the service listens to the voice",
        ));
        return cues;
    }
    match (&captions, spoken.is_empty()) {
        (Some(_), _) if text.is_some() => notes.push(Note::not_shown("subtitles", "the captions are neither SRT nor VTT")),
        (Some(_), _) => notes.push(Note::not_shown("subtitles", "the file of the captions has not been read")),
        (None, true) => notes.push(Note::not_shown("subtitles", "the service transcribes the sound; there is no voice text to draw from")),
        (None, false) => notes.push(Note::approximate("subtitles", "from your voice texts; the service transcribes the sound")),
    }
    if captions.is_some() { Vec::new() } else { spoken.to_vec() }
}

fn css(settings: &Node) -> Css {
    let said = |name: &str| read::words(settings, name);
    let number = |name: &str| read::number(settings, name).unwrap_or(0.0);
    let family = super::css::family(said("font-family").as_deref().unwrap_or("Arial"));
    let color = said("line-color").or_else(|| said("font-color")).unwrap_or_else(|| "#FFFFFF".to_owned());
    let size = read::number(settings, "font-size").filter(|size| *size > 0.0).map_or_else(|| SIZE.to_owned(), |size| format!("{size}px"));
    let mut css = Css::of(&[("font-family", &family), ("font-size", &size), ("color", &color)]);
    css.set("font-weight", &said("font-weight").unwrap_or_else(|| "700".to_owned()));
    let outline = number("outline-width");
    if outline > 0.0 {
        let color = said("outline-color").unwrap_or_else(|| "#000000".to_owned());
        css.set("-webkit-text-stroke", &format!("{}px {color}", outline * 2.0));
        css.set("paint-order", "stroke fill");
    }
    let shadow = number("shadow-offset");
    if shadow > 0.0 {
        let color = said("shadow-color").unwrap_or_else(|| "#000000".to_owned());
        css.set("text-shadow", &format!("{shadow}px {shadow}px {color}"));
    }
    css
}

fn position(settings: &Node, name: &str) -> (&'static str, f64, Option<(f64, f64)>) {
    let across = if name.ends_with("left") {
        "start"
    } else if name.ends_with("right") {
        "end"
    } else {
        "center"
    };
    let down = match name {
        _ if name.starts_with("top") => 10.0,
        _ if name.starts_with("mid-top") => 30.0,
        _ if name.starts_with("center") => 50.0,
        _ if name.starts_with("mid-bottom") => 70.0,
        _ => 90.0,
    };
    let at = (name == "custom").then(|| (read::number(settings, "x").unwrap_or(0.0), read::number(settings, "y").unwrap_or(0.0)));
    (across, down, at)
}

#[cfg(test)]
mod tests {
    use super::super::level::Level;
    use super::*;
    use crate::movie::json::parse as json;

    fn drawn(element: &str, spoken: &[Cue]) -> (Subtitles, Vec<Note>) {
        let mut notes = Vec::new();
        let drawn = subtitles(&json(element, 0).unwrap().root, spoken, &Known::default(), &mut notes);
        (drawn, notes)
    }

    #[test]
    fn without_captions_they_come_from_the_voice_texts() {
        let spoken = [Cue { start: 1.5, end: 3.5, text: "Welcome to 123 Oak Street.".to_owned() }];
        let (told, notes) = drawn(r#"{"settings": {"all-caps": true, "style": "boxed-word", "max-words-per-line": 3}}"#, &spoken);
        assert_eq!(told.lines.len(), 2);
        assert_eq!(told.lines[0].words[0], (1.5, "WELCOME".to_owned()));
        assert_eq!((notes[0].level, notes[0].reason.starts_with("from your voice texts")), (Level::Approximate, true));
        assert_eq!(drawn("{}", &[]).1[0].level, Level::NotShown);
    }

    #[test]
    fn positions_and_words_to_replace_are_as_written() {
        let element = r#"{"captions": "1\n00:00:00,000 --> 00:00:02,000\nJSON video", "settings": {"position": "mid-top-center", "replace": {"JSON": "json"}}}"#;
        let (told, _) = drawn(element, &[]);
        assert!((told.down - 30.0).abs() < 1e-9);
        assert_eq!(told.lines[0].words[0].1, "json");
        let (custom, _) = drawn(r#"{"settings": {"position": "custom", "x": 10, "y": "20"}}"#, &[]);
        assert_eq!(custom.at, Some((10.0, 20.0)));
    }
}
