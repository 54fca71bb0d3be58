//! One element as a picture: its place, content and motion, and how exact the picture is.

use serde::Serialize;

use super::component::{Part, component, texts};
use super::css::Css;
use super::level::{Level, Note, worst};
use super::media::MediaList;
use super::placement::{Natural, Placement, place};
use super::places::Place;
use super::subtitles::Subtitles;
use super::text::{Words, family_of, words};
use super::track::Track;
use super::{Scope, motion, read, speech, subtitles};
use crate::movie::expr::template::is_template;
use crate::movie::json::Node;
use crate::movie::plan::{Assets, PlannedElement};

/// An element, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Element {
    /// Its type.
    pub kind: String,
    /// Its label.
    pub label: String,
    /// When it appears, seconds of the movie.
    pub start: f64,
    /// When it disappears, seconds of the movie.
    pub end: f64,
    /// Its layer.
    pub z: f64,
    /// Its place; `None` for what is not visible.
    pub place: Option<Placement>,
    /// Its constant style.
    pub css: Css,
    /// Its changes over time.
    pub tracks: Vec<Track>,
    /// Its content.
    pub content: Content,
    /// How exact the preview of it is.
    pub level: Level,
    /// Why it isn't exact.
    pub notes: Vec<Note>,
    /// Why its time is unknown; `None` when it is known.
    pub doubt: Option<String>,
    /// Its place in the movie document.
    pub at: Place,
    /// Its resolved settings.
    pub source: String,
}

/// The content of an element.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Content {
    /// A picture.
    Image(Picture),
    /// A recording that is visible or audible.
    Recording(Recording),
    /// A text.
    Text(Words),
    /// The boxes of a component.
    Component(Part),
    /// A snippet of HTML.
    Html {
        /// The number of the snippet.
        page: usize,
    },
    /// Subtitles.
    Subtitles(Subtitles),
    /// A spoken text; the preview has no sound for it.
    Voice {
        /// The text.
        text: String,
    },
    /// A waveform.
    Audiogram {
        /// Their colour.
        color: String,
        /// How opaque they are.
        opacity: f64,
        /// Its height, from 0 to 10.
        amplitude: f64,
    },
    /// A placeholder box for content that the preview can't show.
    Box {
        /// The title: the content that it replaces.
        title: String,
        /// The text in it.
        text: String,
    },
}

/// A picture from a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Picture {
    /// The file's number.
    pub media: usize,
    /// How it fills its box, as `object-fit` has it.
    pub fit: &'static str,
    /// The visible part of it: left, top, width, height, pixels.
    pub crop: Option<[f64; 4]>,
    /// The number of a picture whose brightness masks this one.
    pub mask: Option<usize>,
}

/// A recording from a file.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recording {
    /// Its picture.
    #[serde(flatten)]
    pub picture: Picture,
    /// Whether it is visible.
    pub is_seen: bool,
    /// The start in the file, seconds; from its end when negative.
    pub seek: f64,
    /// The volume.
    pub volume: f64,
    /// Whether it loops.
    pub repeats: bool,
}

/// The picture of an element at the time that a plan gives it in its container.
pub(super) fn element(node: &Node, planned: &PlannedElement, scope: &mut Scope<'_>, at: Place) -> Element {
    let mut notes = Vec::new();
    let span = scope.span(node, planned);
    let kind = read::words(node, "type").unwrap_or_default();
    let (content, mut tracks) = content(node, &kind, span, scope, &mut notes);
    notes.extend(scope.media.take_refusals().into_iter().map(|why| Note::not_shown("file", why)));
    let is_seen = match &content {
        Content::Voice { .. } | Content::Subtitles(_) => false,
        Content::Recording(recording) => recording.is_seen,
        _ => true,
    };
    let place = is_seen.then(|| place(node, scope.frame, natural(node, &content, scope), &mut notes));
    if is_seen {
        tracks.extend(motion::tracks(node, span, &mut notes));
    }
    let css = if is_seen { motion::style(node, &mut notes) } else { Css::default() };
    beside(node, &mut notes);
    Element {
        label: planned.label(),
        start: span.0,
        end: span.1,
        z: read::number(node, "z-index").unwrap_or(0.0),
        place,
        css,
        tracks,
        content,
        level: worst(&notes),
        notes,
        doubt: scope.doubt(planned.index),
        at,
        source: node.to_pretty(),
        kind,
    }
}

/// Notes the effects of the service that the preview does not show.
fn beside(node: &Node, notes: &mut Vec<Note>) {
    if node.get("chroma-key").is_some_and(|key| key.as_object().is_some()) {
        notes.push(Note::not_shown("chroma key", "the colour of `chroma-key` isn't made transparent here; the service does it"));
    }
    if node.get("crop").is_some_and(|crop| crop.as_object().is_some()) {
        notes.push(Note::approximate("crop", "crop: cut out before it is resized; the order is assumed"));
    }
}

fn natural(node: &Node, content: &Content, scope: &Scope<'_>) -> Natural {
    match content {
        Content::Text(_) => Natural::Text,
        Content::Image(picture) | Content::Recording(Recording { picture, .. }) => {
            if let Some([_, _, width, height]) = picture.crop {
                return Natural::File(Some((width, height)));
            }
            let asset = read::words(node, "src").and_then(|url| scope.known.asset(&url));
            Natural::File(asset.and_then(|asset| asset.size).map(|(width, height)| (f64::from(width), f64::from(height))))
        }
        _ => Natural::Frame,
    }
}

fn content(node: &Node, kind: &str, span: (f64, f64), scope: &mut Scope<'_>, notes: &mut Vec<Note>) -> (Content, Vec<Track>) {
    let still = |content| (content, Vec::new());
    match kind {
        "text" => {
            let (words, tracks) = words(node, span, &mut scope.media, notes);
            if !scope.known.online {
                notes.extend(family_of(&words.css).filter(|family| *family != "Arial").map(font_note));
            }
            (Content::Text(words), tracks)
        }
        "image" => still(image(node, scope, notes)),
        "video" | "audio" => still(recording(node, kind, scope, notes)),
        "component" => still(boxes(node, &mut scope.media, notes)),
        "html" => still(html(node, &mut scope.pages, notes)),
        "voice" => {
            let text = speech::spoken(&read::text(node, "text").unwrap_or_default());
            let reason = "the voice isn't heard here; how long it speaks is estimated from its words, and may differ by a fifth";
            let is_timed = read::number(node, "duration").is_some_and(|seconds| seconds > 0.0);
            notes
                .push(Note::approximate("voice", if is_timed { "the voice isn't heard here; its text runs as a caption" } else { reason }));
            still(Content::Voice { text })
        }
        "subtitles" => still(Content::Subtitles(subtitles::subtitles(node, &scope.spoken, scope.known, notes))),
        "audiogram" => {
            notes.push(Note::approximate("audiogram", "the waves are drawn evenly; the service draws those of the sound"));
            still(Content::Audiogram {
                color: read::words(node, "color").unwrap_or_else(|| "#FFFFFF".to_owned()),
                opacity: read::number(node, "opacity").unwrap_or(0.5).clamp(0.0, 1.0),
                amplitude: read::number(node, "amplitude").unwrap_or(5.0).clamp(0.0, 10.0),
            })
        }
        other => {
            notes.push(Note::not_shown(if other.is_empty() { "type" } else { other }, "no source knows this type of element"));
            still(Content::Box { title: "unknown type".to_owned(), text: other.to_owned() })
        }
    }
}

fn font_note(family: &str) -> Note {
    Note::approximate("fonts", format!("the font {family} is drawn where this machine has it; --online fetches it from Google Fonts"))
}

fn fit(node: &Node, notes: &mut Vec<Note>) -> &'static str {
    match read::words(node, "resize").as_deref() {
        Some("cover") => "cover",
        Some("contain") => "contain",
        Some("fit") => {
            notes.push(Note::approximate("resize", "resize fit: taken as `contain`; the sources don't tell them apart"));
            "contain"
        }
        _ => "fill",
    }
}

fn crop(node: &Node) -> Option<[f64; 4]> {
    let crop = node.get("crop")?;
    let said = |name: &str| read::number(crop, name);
    Some([
        said("x").unwrap_or(0.0),
        said("y").unwrap_or(0.0),
        said("width").filter(|width| *width > 0.0)?,
        said("height").filter(|height| *height > 0.0)?,
    ])
}

/// The placeholder for content that only the service can draw.
fn stand_in(node: &Node, kind: &str, media: &MediaList, notes: &mut Vec<Note>) -> Option<Content> {
    let src = read::words(node, "src");
    if let Some(prompt) = read::words(node, "prompt").filter(|_| src.is_none()) {
        let model = read::words(node, "model").unwrap_or_else(|| "a model".to_owned());
        notes.push(Note::not_shown("prompt", format!("{model} makes the {kind} when it is rendered; its prompt stands for it")));
        return Some(Content::Box { title: format!("{kind} by {model}"), text: prompt });
    }
    let Some(src) = src else {
        notes.push(Note::not_shown(kind, format!("the {kind} has no `src`")));
        return Some(Content::Box { title: kind.to_owned(), text: "no src".to_owned() });
    };
    if is_template(&src) {
        notes.push(Note::not_shown(kind, format!("the {kind}'s address can't be resolved offline")));
        return Some(Content::Box { title: kind.to_owned(), text: src });
    }
    if let Some(why) = media.refusal(&src) {
        notes.push(Note::not_shown("file", why.clone()));
        return Some(Content::Box { title: kind.to_owned(), text: why });
    }
    let path = src.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let ending = path.rsplit('.').next().unwrap_or_default();
    if ["tif", "tiff", "wmv", "mpg", "mpeg", "m2v"].contains(&ending) {
        notes.push(Note::not_shown(ending, format!("browsers don't show .{ending} files; the service does")));
        return Some(Content::Box { title: kind.to_owned(), text: src });
    }
    None
}

fn picture(node: &Node, kind: &'static str, scope: &mut Scope<'_>, notes: &mut Vec<Note>) -> Picture {
    let media = scope.media.add(&read::words(node, "src").unwrap_or_default(), kind);
    let mask = read::words(node, "mask").filter(|mask| !is_template(mask)).and_then(|mask| {
        let is_still = [".png", ".jpg", ".jpeg", ".gif", ".webp"].iter().any(|ending| mask.to_ascii_lowercase().contains(ending));
        let refusal = scope.media.refusal(&mask);
        let is_refused = refusal.is_some();
        notes.push(if let Some(why) = refusal {
            Note::not_shown("file", why)
        } else if is_still {
            Note::approximate("mask", "mask: drawn by its brightness, at the size of the element")
        } else {
            Note::not_shown("mask", "masks that are videos aren't drawn here; the service does it")
        });
        (is_still && !is_refused).then(|| scope.media.add(&mask, "mask"))
    });
    Picture { media, fit: fit(node, notes), crop: crop(node), mask }
}

fn image(node: &Node, scope: &mut Scope<'_>, notes: &mut Vec<Note>) -> Content {
    stand_in(node, "image", &scope.media, notes).unwrap_or_else(|| Content::Image(picture(node, "image", scope, notes)))
}

fn recording(node: &Node, kind: &str, scope: &mut Scope<'_>, notes: &mut Vec<Note>) -> Content {
    if let Some(stand_in) = stand_in(node, kind, &scope.media, notes) {
        return stand_in;
    }
    let is_seen = kind == "video";
    let volume = if read::flag(node, "muted") { 0.0 } else { read::number(node, "volume").unwrap_or(1.0).clamp(0.0, 10.0) };
    Content::Recording(Recording {
        picture: picture(node, if is_seen { "video" } else { "audio" }, scope, notes),
        is_seen,
        seek: read::number(node, "seek").unwrap_or(0.0),
        volume,
        repeats: read::number(node, "loop").is_some_and(|times| !(0.0..=1.0).contains(&times)),
    })
}

fn boxes(node: &Node, media: &mut MediaList, notes: &mut Vec<Note>) -> Content {
    if let Some(part) = component(node, media, notes) {
        return Content::Component(part);
    }
    let text = node.get("settings").map(texts).unwrap_or_default().join("\n");
    Content::Box { title: read::words(node, "component").unwrap_or_else(|| "component".to_owned()), text }
}

fn html(node: &Node, pages: &mut Vec<String>, notes: &mut Vec<Note>) -> Content {
    let Some(html) = read::words(node, "html") else {
        notes.push(Note::not_shown("html", "the page at `src` isn't fetched here"));
        return Content::Box { title: "html".to_owned(), text: read::words(node, "src").unwrap_or_default() };
    };
    let tailwind = if read::flag(node, "tailwindcss") || read::flag(node, "tailwind") { ", and without Tailwind" } else { "" };
    notes.push(Note::approximate("html", format!("html: drawn in a frame of its own that fetches nothing{tailwind}")));
    pages.push(html);
    Content::Html { page: pages.len() - 1 }
}
