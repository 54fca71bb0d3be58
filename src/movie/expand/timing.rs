//! Computes when elements with a known start and duration play: the value of `{{ box_end }}` (`movie-format.md#variables`),
//! counted from the start of their container, the scene or the movie.

use crate::movie::expr::ExprValue;
use crate::movie::json::Node;

/// The elements of a scene or of the movie, while they are expanded.
#[derive(Debug)]
pub(super) struct Container<'a> {
    /// The elements that are not yet expanded, as they are written.
    rest: &'a [Node],
    /// The expanded elements by their ids; `None` if the timing isn't known.
    placed: Vec<(String, Option<Timing>)>,
    /// The latest end of the expanded elements with a length of their own; `None` if that isn't known.
    so_far: Option<f64>,
    /// The length of the container, if it is a number.
    length: Option<f64>,
}

/// The time at which an element plays, in seconds.
#[derive(Debug, Clone, Copy)]
struct Timing {
    start: f64,
    duration: f64,
    extra: f64,
    /// Whether its length is its own, and not that of its container.
    is_own: bool,
}

/// A part of an element's timing.
type TimingPart = fn(&Timing) -> f64;

/// The variables that exist for an element's id, by their endings.
const PARTS: [(&str, TimingPart); 4] = [
    ("_start", |timing| timing.start),
    ("_end", Timing::end),
    ("_duration", |timing| timing.duration),
    ("_extratime", |timing| timing.extra),
];

/// The element id that a variable's name contains.
pub(super) fn element_of(name: &str) -> Option<&str> {
    PARTS.iter().find_map(|(ending, _)| name.strip_suffix(ending)).filter(|id| !id.is_empty())
}

impl<'a> Container<'a> {
    /// The elements of a container, whose length may be a number.
    pub(super) fn new(elements: &'a [Node], length: Option<f64>) -> Self {
        Self { rest: elements, placed: Vec::new(), so_far: Some(0.0), length }
    }

    /// Starts the next element: it knows the timing of the elements before it, and the numbers written in those after it.
    pub(super) fn begin(&mut self) {
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    /// Records an expanded element; none if its condition left it out.
    pub(super) fn end(&mut self, written: &Node, expanded: Option<&Node>) {
        let timing = expanded.and_then(|node| Timing::of(node, self));
        if expanded.is_some() {
            self.so_far = match &timing {
                Some(timing) if timing.is_own => self.so_far.map(|so_far| so_far.max(timing.end())),
                Some(_) => self.so_far,
                None => None,
            };
        }
        if let Some(id) = written.get("id").and_then(Node::as_text) {
            self.placed.push((id.decoded().into_owned(), timing));
        }
    }

    /// Whether an element of this container has an id.
    fn has(&self, id: &str) -> bool {
        self.placed.iter().any(|(known, _)| known == id) || self.later(id).is_some()
    }

    /// The timing of an element of this container, if known.
    fn timing(&self, id: &str) -> Option<Timing> {
        if let Some((_, timing)) = self.placed.iter().rev().find(|(known, _)| known == id) {
            return *timing;
        }
        // An element that starts after the ones before it has no known timing yet.
        Timing::of(self.later(id)?, &Self { so_far: None, ..Self::new(&[], self.length) })
    }

    fn later(&self, id: &str) -> Option<&'a Node> {
        self.rest.iter().find(|node| node.get("id").and_then(Node::as_text).is_some_and(|text| text.is(id)))
    }
}

impl Timing {
    fn of(element: &Node, container: &Container<'_>) -> Option<Self> {
        if element.get("condition").is_some() {
            return None;
        }
        let start = match seconds(element, "start", 0.0)? {
            -1.0 => container.so_far?,
            start if start >= 0.0 => start,
            _ => return None,
        };
        let extra = seconds(element, "extra-time", 0.0)?.max(0.0);
        let is_played = matches!(element.get("type")?.as_text()?.raw(), "video" | "audio" | "voice");
        match seconds(element, "duration", -1.0)? {
            duration if duration > 0.0 => Some(Self { start, duration, extra, is_own: true }),
            -1.0 if is_played => None,
            -1.0 | -2.0 => Some(Self { start, duration: (container.length? - start).max(0.0), extra: 0.0, is_own: false }),
            _ => None,
        }
    }

    fn end(&self) -> f64 {
        self.start + self.duration + self.extra
    }
}

/// A member's value in seconds, or the default if it isn't there; `None` if it is not a number.
fn seconds(element: &Node, name: &str, default: f64) -> Option<f64> {
    match element.get(name).map(ExprValue::of) {
        None | Some(ExprValue::Null) => Some(default),
        Some(value) => value.as_number(),
    }
}

/// The value of a variable of an element's timing in the innermost container that has the element, if all that it needs is
/// known.
pub(super) fn part_of(containers: &[Container<'_>], name: &str) -> Option<f64> {
    let (id, part) = PARTS.iter().find_map(|(ending, part)| Some((name.strip_suffix(ending)?, part)))?;
    containers.iter().rev().find(|container| container.has(id))?.timing(id).as_ref().map(part)
}
