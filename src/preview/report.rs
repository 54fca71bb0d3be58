//! How exact a preview is, as a list: for the line under the player and for programs.

use serde::Serialize;

use super::level::{Level, Note};
use super::places::Lines;
use super::text::family_of;
use super::{Content, Element, Place, Preview};
use crate::movie::Document;
use crate::movie::diagnostic::Diagnostic;

/// How exact one part of the movie is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// How exact it is.
    pub level: Level,
    /// The part.
    pub what: String,
    /// Its place.
    #[serde(flatten)]
    pub at: Place,
    /// Why it is not exact; empty when it is.
    pub reason: String,
}

/// A finding of `check`, with its time in the movie.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlacedFinding {
    /// `error`, `warning`, or `info`.
    pub severity: String,
    /// The code of the rule.
    pub code: &'static str,
    /// The message.
    pub message: String,
    /// The fix.
    pub help: Option<String>,
    /// Its place; the pointer is that of the innermost element or scene around it.
    #[serde(flatten)]
    pub at: Place,
    /// When that element or scene first appears, seconds.
    pub time: Option<f64>,
}

impl Preview {
    /// How exact each scene's transition, each element, and the movie as a whole are, in the order of the movie.
    #[must_use]
    pub fn entries(&self) -> Vec<Entry> {
        let of_movie = self.notes.iter().map(|note| Entry {
            level: note.level,
            what: note.subject.clone(),
            at: Place::default(),
            reason: note.reason.clone(),
        });
        let of_scenes = self.scenes.iter().flat_map(|scene| {
            let transition = scene.transition.as_ref().map(|transition| Entry {
                level: transition.level,
                what: format!("transition {}", transition.style),
                at: Place { pointer: format!("{}/transition", scene.at.pointer), ..scene.at.clone() },
                reason: reasons(&transition.notes),
            });
            transition.into_iter().chain(scene.elements.iter().map(of_element))
        });
        of_movie.chain(of_scenes).chain(self.elements.iter().map(of_element)).collect()
    }

    /// The font families of the texts, each once.
    #[must_use]
    pub fn families(&self) -> Vec<String> {
        let in_scenes = self.scenes.iter().flat_map(|scene| &scene.elements);
        let mut families: Vec<String> = Vec::new();
        for element in in_scenes.chain(&self.elements) {
            let css = match &element.content {
                Content::Text(words) => &words.css,
                Content::Subtitles(subtitles) => &subtitles.css,
                _ => continue,
            };
            families.extend(family_of(css).map(str::to_owned).filter(|family| !families.contains(family)));
        }
        families
    }

    /// The findings of `check` at the places of this movie.
    #[must_use]
    pub fn place(&self, movie: &Document, found: &[Diagnostic]) -> Vec<PlacedFinding> {
        let lines = Lines::of(&movie.sources);
        found.iter().map(|found| self.placed(&lines, found)).collect()
    }

    fn placed(&self, lines: &Lines<'_>, found: &Diagnostic) -> PlacedFinding {
        let at = lines.place(String::new(), found.span);
        let scenes = self.scenes.iter().map(|scene| (&scene.at, scene.start));
        let in_scenes = self.scenes.iter().flat_map(|scene| &scene.elements);
        let elements = in_scenes.chain(&self.elements).map(|element| (&element.at, element.start));
        // The innermost one counts; of several scenes that an iteration makes at one place, the first.
        let begin = |place: &Place| place.span.map(|span| span.start);
        let around = scenes.chain(elements).filter(|(place, _)| place.holds(found.used.unwrap_or(found.span)));
        let around = around.reduce(|best, next| if begin(next.0) > begin(best.0) { next } else { best });
        PlacedFinding {
            severity: found.severity.to_string(),
            code: found.code,
            message: found.message.clone(),
            help: found.help.clone(),
            time: around.map(|(_, start)| start),
            at: Place { pointer: around.map(|(place, _)| place.pointer.clone()).unwrap_or_default(), ..at },
        }
    }
}

fn of_element(element: &Element) -> Entry {
    Entry { level: element.level, what: element.label.clone(), at: element.at.clone(), reason: reasons(&element.notes) }
}

fn reasons(notes: &[Note]) -> String {
    notes.iter().map(|note| note.reason.as_str()).collect::<Vec<_>>().join("; ")
}
