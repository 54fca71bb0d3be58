//! A movie as pictures: what is visible where and when, how it moves, and how exact each picture is compared with the
//! service's render. Pure: the page in `page` draws this data and decides nothing.
//!
//! Times come from [`crate::movie::plan`]. A part without a known length gets an assumed one, and a note says so.

mod assume;
mod captions;
mod component;
mod css;
mod element;
mod known;
pub mod level;
mod media;
mod motion;
pub mod page;
mod placement;
mod places;
mod read;
mod report;
mod speech;
mod subtitles;
mod text;
mod track;
mod transition;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde::Serialize;

pub use element::{Content, Element};
pub use known::Known;
pub use media::Media;
pub use places::Place;
pub use report::{Entry, PlacedFinding};
pub use transition::Transition;

use self::captions::Cue;
use self::level::Note;
use self::media::MediaList;
use self::places::Lines;
use crate::movie::expand::Expansion;
use crate::movie::json::Node;
use crate::movie::plan::{self, LengthSource, OutputSize, Plan, PlannedElement, PlannedScene, Reason, Seconds};

/// A movie as pictures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Preview {
    /// The width, pixels.
    pub width: u32,
    /// The height, pixels.
    pub height: u32,
    /// The frames per second of the render.
    pub fps: f64,
    /// The length of the preview, seconds.
    pub duration: f64,
    /// The length of the movie, in words: a figure, or a range with its basis.
    pub total: String,
    /// The scenes, in order.
    pub scenes: Vec<Scene>,
    /// The movie's own elements.
    pub elements: Vec<Element>,
    /// The assumptions about the movie as a whole.
    pub notes: Vec<Note>,
    /// The files that it uses. The page refers to them by number.
    pub media: Vec<Media>,
    /// Its snippets of HTML, also referred to by number.
    pub pages: Vec<String>,
}

/// A scene on the time of the movie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scene {
    /// Its label: its number, and the item of an iteration that it shows.
    pub label: String,
    /// When it begins, seconds.
    pub start: f64,
    /// When it ends.
    pub end: f64,
    /// The colour behind its elements.
    pub background: String,
    /// The transition from the previous scene.
    pub transition: Option<Transition>,
    /// Why its time is unknown; `None` when it is known.
    pub doubt: Option<String>,
    /// Its place in the movie document.
    pub at: Place,
    /// Its elements, in the order in which they are drawn.
    pub elements: Vec<Element>,
}

/// The context in which all elements of a movie are drawn.
struct Scope<'a> {
    frame: (f64, f64),
    known: &'a Known,
    media: MediaList,
    pages: Vec<String>,
    /// The spoken texts and their times.
    spoken: Vec<Cue>,
    /// Why the times of scenes and elements are unknown.
    doubts: HashMap<plan::Place, Reason>,
    /// The scene whose elements are drawn; `None` for the movie's own elements.
    scene: Option<usize>,
    /// The start and the end of the scene or the movie, seconds.
    container: (f64, f64),
}

impl Scope<'_> {
    /// When an element is visible, seconds of the movie: it is hidden in its extra time, and its scene cuts it.
    fn span(&self, node: &Node, planned: &PlannedElement) -> (f64, f64) {
        let extra = if planned.length_source == LengthSource::Own { read::number(node, "extra-time").unwrap_or(0.0).max(0.0) } else { 0.0 };
        let (from, to) = self.container;
        let start = (from + planned.start.at_least().as_f64()).min(to);
        let end = (from + planned.end.at_least().as_f64() - extra).min(to).max(start);
        (start, end)
    }

    fn doubt(&self, element: usize) -> Option<String> {
        let place = plan::Place { scene: self.scene, element: Some(element) };
        self.doubts.get(&place).map(ToString::to_string)
    }
}

/// The pictures of an expanded movie.
#[must_use]
pub fn preview(expansion: &Expansion, known: &Known) -> Preview {
    let truth = plan::plan(expansion, known);
    let pace = pace(expansion, known, &truth);
    let drawn = plan::plan(&assume::assume(expansion, known, pace), known);
    let root = &expansion.movie.root;
    let lines = Lines::of(&expansion.movie.sources);
    let (width, height) = size(drawn.size);
    let duration = drawn.duration.at_least().as_f64();
    let mut scope = Scope {
        frame: (f64::from(width), f64::from(height)),
        known,
        media: MediaList::without(&known.refused),
        pages: Vec::new(),
        spoken: spoken(root, &drawn),
        doubts: truth.unknown.iter().rev().map(|doubt| (doubt.place, doubt.reason)).collect(),
        scene: None,
        container: (0.0, duration),
    };
    let nodes = read::items(root, "scenes").iter().zip(&drawn.scenes);
    let scenes = nodes.map(|(node, planned)| scene(node, planned, &mut scope, &lines)).collect();
    (scope.scene, scope.container) = (None, (0.0, duration));
    let own = read::items(root, "elements").iter().zip(&drawn.elements);
    let elements = own.map(|(node, planned)| {
        let at = lines.place(format!("/elements/{}", planned.source), planned.span);
        element::element(node, planned, &mut scope, at)
    });
    let elements = elements.collect();
    Preview {
        width,
        height,
        fps: read::number(root, "fps").filter(|fps| (1.0..=120.0).contains(fps)).unwrap_or(25.0),
        duration,
        total: total(expansion, known, (&truth, &drawn)),
        scenes,
        elements,
        notes: notes(&truth, expansion),
        media: scope.media.into_files(),
        pages: scope.pages,
    }
}

fn scene(node: &Node, planned: &PlannedScene, scope: &mut Scope<'_>, lines: &Lines<'_>) -> Scene {
    let start = planned.start.at_least().as_f64();
    let end = start + planned.length.at_least().as_f64();
    (scope.scene, scope.container) = (Some(planned.index), (start, end));
    let pointer = format!("/scenes/{}", planned.source);
    let nodes = read::items(node, "elements").iter().zip(&planned.elements);
    let elements = nodes.map(|(node, planned)| {
        let at = lines.place(format!("{pointer}/elements/{}", planned.source), planned.span);
        element::element(node, planned, scope, at)
    });
    let elements = elements.collect();
    let iteration = planned.iteration.map(|iteration| format!(" ({} of {})", iteration.index + 1, iteration.of));
    let place = plan::Place { scene: Some(planned.index), element: None };
    Scene {
        label: format!("Scene {}{}", planned.index + 1, iteration.unwrap_or_default()),
        start,
        end,
        background: read::words(node, "background-color").unwrap_or_else(|| "#000000".to_owned()),
        transition: transition(node, planned, start),
        doubt: scope.doubts.get(&place).map(ToString::to_string),
        at: lines.place(pointer, planned.span),
        elements,
    }
}

fn transition(node: &Node, planned: &PlannedScene, start: f64) -> Option<Transition> {
    let seconds = planned.overlap.at_least().as_f64();
    let transition = node.get("transition").filter(|_| planned.index > 0 && seconds > 0.0)?;
    let style = read::words(transition, "style").unwrap_or_else(|| "fade".to_owned());
    let is_said = read::number(transition, "duration").is_some();
    let assumed = (!is_said).then(|| Note::approximate("transition", format!("the transition has no duration: drawn with {seconds} s")));
    Some(transition::transition(&style, (start, start + seconds), assumed.into_iter().collect()))
}

fn size(size: OutputSize) -> (u32, u32) {
    match size {
        OutputSize::Known { width, height } => (width.clamp(1, 16_384), height.clamp(1, 16_384)),
        OutputSize::Sd | OutputSize::Unknown(_) => (640, 360),
    }
}

/// The texts of the movie's voices and their times.
fn spoken(root: &Node, drawn: &Plan) -> Vec<Cue> {
    let scenes = read::items(root, "scenes").iter().zip(&drawn.scenes);
    let in_scenes = scenes.flat_map(|(node, scene)| {
        let start = scene.start.at_least().as_f64();
        read::items(node, "elements").iter().zip(&scene.elements).map(move |(node, planned)| (node, planned, start))
    });
    let own = read::items(root, "elements").iter().zip(&drawn.elements).map(|(node, planned)| (node, planned, 0.0));
    let voices = in_scenes.chain(own).filter(|(node, ..)| read::text(node, "type").as_deref() == Some("voice"));
    let mut cues: Vec<Cue> = voices
        .map(|(node, planned, from)| Cue {
            start: from + planned.start.at_least().as_f64(),
            end: from + planned.end.at_least().as_f64(),
            text: speech::spoken(&read::text(node, "text").unwrap_or_default()),
        })
        .collect();
    cues.sort_by(|one, other| one.start.total_cmp(&other.start));
    cues
}

/// The length of the movie, seconds, when its voices speak `pace` times as long as estimated.
fn length_at(expansion: &Expansion, known: &Known, pace: f64) -> f64 {
    plan::plan(&assume::assume(expansion, known, pace), known).duration.at_least().as_f64()
}

/// How much longer than estimated the voices speak: known when the length of an earlier render is known.
fn pace(expansion: &Expansion, known: &Known, truth: &Plan) -> f64 {
    let is_spoken = truth.unknown.iter().any(|doubt| doubt.reason == Reason::SpokenLength);
    let Some(rendered) = known.rendered.filter(|_| is_spoken) else { return 1.0 };
    let (mut low, mut high) = (0.4, 2.5);
    for _ in 0..16 {
        let middle = f64::midpoint(low, high);
        if length_at(expansion, known, middle) < rendered { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// `18.5 s`, `about 24 s (22 to 27 s)`, and the length of an earlier render.
fn total(expansion: &Expansion, known: &Known, (truth, drawn): (&Plan, &Plan)) -> String {
    let shown = |seconds: f64| Seconds::from_f64((seconds * 100.0).round() / 100.0).unwrap_or(Seconds::ZERO);
    let told = if truth.duration.is_known() {
        format!("{} s", truth.duration.at_least())
    } else {
        let (low, high) = (length_at(expansion, known, 1.0 - speech::TOLERANCE), length_at(expansion, known, 1.0 + speech::TOLERANCE));
        let range = if high - low > 0.05 { format!(" ({:.0} to {:.0} s)", low.floor(), high.ceil()) } else { String::new() };
        format!("about {} s{range}", shown(drawn.duration.at_least().as_f64()))
    };
    known.rendered.map_or(told.clone(), |rendered| format!("{told}; an earlier render took {} s", shown(rendered)))
}

fn notes(truth: &Plan, expansion: &Expansion) -> Vec<Note> {
    let mut notes = Vec::new();
    match truth.size {
        OutputSize::Known { .. } => {}
        OutputSize::Sd => notes.push(Note::approximate("size", Reason::SdSize.to_string())),
        OutputSize::Unknown(reason) => notes.push(Note::approximate("size", format!("{reason}: drawn at 640×360"))),
    }
    if expansion.is_template() {
        notes.push(Note::not_shown("template", "the scenes are in the template, on the server: there is nothing to draw here"));
    }
    notes
}
