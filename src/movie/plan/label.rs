//! The name of an element in messages.

use super::{PlannedElement, text_of};
use crate::movie::json::{Node, Text};

/// What an element shows or plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// These words: its text, or the prompt that it is made of.
    Words(Text),
    /// A component of this name.
    Component(Text),
    /// The file at this address.
    File(Text),
}

/// What an element of a type shows, if it says so.
pub(super) fn shown(node: &Node, kind: Option<&Text>) -> Option<Shown> {
    let of = |name| text_of(node, name).filter(|text| !text.raw().is_empty());
    match kind.map_or("", Text::raw) {
        "text" | "voice" => of("text").map(Shown::Words),
        "component" => of("component").map(Shown::Component),
        _ => of("src").map(Shown::File).or_else(|| of("prompt").map(Shown::Words)),
    }
}

impl PlannedElement {
    /// The words that identify it: `text "FOR SALE"`, `image front.jpg`, `component basic/000`.
    #[must_use]
    pub fn label(&self) -> String {
        let kind = self.kind.as_ref().map(Text::decoded).filter(|kind| !kind.is_empty());
        let kind = kind.as_deref().unwrap_or("element");
        match &self.shown {
            Some(Shown::Words(words)) => format!("{kind} \"{}\"", shortened(&words.decoded())),
            Some(Shown::Component(name)) => format!("{kind} {name}"),
            Some(Shown::File(url)) => format!("{kind} {}", file_name(&url.decoded())),
            None => kind.to_owned(),
        }
    }
}

fn shortened(text: &str) -> String {
    const LETTERS: usize = 24;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LETTERS { line } else { line.chars().take(LETTERS - 1).chain(['…']).collect() }
}

fn file_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    shortened(path.rsplit('/').find(|part| !part.is_empty()).unwrap_or(path))
}
