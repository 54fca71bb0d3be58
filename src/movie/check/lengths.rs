//! Rules about time, as far as the movie gives it in numbers (`movie-format.md#timing`). The expansion supplies lengths
//! that depend on variables.

use super::Checker;
use super::checked_element::{CheckedElement, DURATION, EXTRA_TIME, LOOP, START};
use super::known::{is_open, number};
use crate::movie::diagnostic::{Evidence, Severity};
use crate::movie::json::{Node, Span};
use crate::movie::spec::Types;
use crate::movie::spec::element::ELEMENT;

const FADE_IN: usize = ELEMENT.at("fade-in");
const FADE_OUT: usize = ELEMENT.at("fade-out");

/// The way in which an element gives its container a length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Lasts {
    /// It ends at this second.
    Until(f64),
    /// Its length depends on a file or a variable.
    Unknown,
    /// It lasts as long as its container (-2).
    Container,
    /// An image without a duration: nothing.
    Nothing,
    /// A text, a component, a page: the sources leave it open.
    Perhaps,
}

/// The length that an element gives its container.
pub(super) fn of(element: &CheckedElement<'_>) -> Lasts {
    let fields = &element.fields;
    if [DURATION, START, EXTRA_TIME].iter().any(|index| fields.get(*index).is_some_and(is_open)) {
        return Lasts::Unknown;
    }
    let start = fields.number(START).unwrap_or(0.0);
    let own = if element.is(Types::LASTING) {
        Lasts::Unknown
    } else if element.is(Types::IMAGE) {
        Lasts::Nothing
    } else if element.is(Types::SUBTITLES) {
        Lasts::Container
    } else {
        Lasts::Perhaps
    };
    match fields.number(DURATION) {
        Some(-2.0) => Lasts::Container,
        Some(seconds) if seconds > 0.0 && start >= 0.0 => Lasts::Until(start + seconds + fields.number(EXTRA_TIME).unwrap_or(0.0)),
        Some(-1.0) => own,
        // A wrong or misspelled duration has a finding of its own.
        Some(_) => Lasts::Unknown,
        None if fields.is_meant(DURATION) || fields.is_told(DURATION) => Lasts::Unknown,
        None => own,
    }
}

/// J2V040, J2V041, J2V070: a scene needs a length.
pub(super) fn scene(checker: &mut Checker<'_>, place: Span, elements: &[Lasts], is_fixed: bool) {
    if is_fixed {
        checker.with_length += 1;
        return;
    }
    if elements.is_empty() {
        // The scene of a movie that consists of its own elements may be empty.
        if !checker.is_carried {
            checker
                .add("J2V041", place, "the scene has neither elements nor a duration")
                .helped("add `\"duration\"`, or elements that have one");
        }
        return;
    }
    if elements.iter().any(|lasts| matches!(lasts, Lasts::Until(_) | Lasts::Unknown)) {
        checker.with_length += 1;
        return;
    }
    let help = "give the scene a `\"duration\"`";
    if elements.iter().all(|lasts| *lasts == Lasts::Container) {
        checker.add("J2V070", place, "every element lasts as long as the scene, and the scene as long as its elements").helped(help);
    } else if elements.contains(&Lasts::Perhaps) {
        let message = "nothing in this scene says how long it lasts";
        checker.add("J2V040", place, message).helped(help).graded(Severity::Warning, Evidence::Disputed);
        checker.with_length += 1;
        return;
    } else {
        checker.add("J2V040", place, "the scene has only images, and neither they nor the scene have a duration").helped(help);
    }
    checker.lengthless.push(checker.found.len() - 1);
}

/// Whether the movie's own elements give it a length.
pub(super) fn carry(over: &[Lasts]) -> bool {
    over.iter().any(|lasts| matches!(lasts, Lasts::Until(_) | Lasts::Unknown))
}

/// J2V005, and whether scenes without a length certainly end the render: they do if nothing else gives the movie one.
pub(super) fn movie(checker: &mut Checker<'_>, place: Span, scenes: &[Node], over: &[Lasts]) {
    if checker.with_length > 0 || checker.is_carried {
        for index in std::mem::take(&mut checker.lengthless) {
            checker.found[index].evidence = Evidence::Advice;
        }
        return;
    }
    let has_elements = scenes.iter().any(|scene| scene.get("elements").or(scene.get("import")).is_some());
    if !has_elements && over.is_empty() {
        let finding = checker.add("J2V005", place, "the movie has nothing to show").graded(Severity::Warning, Evidence::Disputed);
        finding.helped("add a scene with a `\"duration\"`");
    }
}

/// J2V083, J2V086: an element inside its own and its scene's time.
pub(super) fn element(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let duration = fields.number(DURATION).filter(|seconds| *seconds > 0.0);
    let fade = |index: usize| fields.number(index).unwrap_or(0.0);
    let fades = fade(FADE_IN) + fade(FADE_OUT);
    if let (Some(seconds), Some(node)) = (duration.filter(|seconds| fades > *seconds), fields.get(FADE_OUT).or(fields.get(FADE_IN))) {
        checker
            .add("J2V083", node.span, format!("it fades for {fades} s, and lasts {seconds} s"))
            .helped("let it fade for less, or last longer");
    }
    endless(checker, element);
    let (Some(length), start) = (element.place.length, fields.number(START).unwrap_or(0.0)) else { return };
    if let Some(node) = fields.get(START).filter(|_| start >= length) {
        let finding = checker.add("J2V086", node.span, format!("it starts at {start} s, when its scene of {length} s is over"));
        finding.helped(starts_late(length));
    } else if let Some((seconds, node)) = duration.zip(fields.get(DURATION)).filter(|(seconds, _)| start + seconds > length + 1e-9) {
        let end = start + seconds;
        let finding = checker.add("J2V086", node.span, format!("it would end at {end} s: its scene of {length} s cuts it"));
        finding.helped(format!("give the scene `\"duration\": {end}`, or end it sooner"));
    }
}

/// What to do with an element that starts after the end of its scene.
pub(super) fn starts_late(length: f64) -> String {
    format!("start it before second {length}, counted from the start of its scene, or let the scene last longer")
}

/// J2V110: an endless loop needs a duration.
pub(super) fn endless(checker: &mut Checker<'_>, element: &CheckedElement<'_>) {
    let fields = &element.fields;
    let Some(node) = fields.get(LOOP).filter(|_| fields.number(LOOP) == Some(-1.0)) else { return };
    let length = fields.number(DURATION);
    let is_bounded = fields.get(DURATION).is_some_and(is_open) || length == Some(-2.0) || length.is_some_and(|seconds| seconds > 0.0);
    if is_bounded {
        return;
    }
    let is_cut = element.place.length.is_some();
    let finding = checker.add("J2V110", node.span, "it plays endlessly, and nothing says how long");
    finding.helped("add `\"duration\": -2` for as long as its container, or a number of seconds");
    if is_cut {
        finding.evidence = Evidence::Advice;
    }
}

/// J2V047: successive pictures are rendered in parallel if each is a scene.
pub(super) fn chained(checker: &mut Checker<'_>, elements: &[Node]) {
    if elements.len() < 3 {
        return;
    }
    let mut chain = (0, 0.0);
    for node in elements.iter().filter(|node| is_picture(node)) {
        let seconds = |name: &str| node.get(name).and_then(number);
        let (start, duration) = (seconds("start").unwrap_or(0.0), seconds("duration").filter(|seconds| *seconds > 0.0));
        let Some(duration) = duration else { return };
        if chain.0 > 0 && start > 0.0 && (start - chain.1).abs() < 1e-9 {
            chain.0 += 1;
        } else {
            chain.0 = 1;
        }
        chain.1 = start + duration;
        if let (3, Some(node)) = (chain.0, node.get("start")) {
            let message = "pictures follow each other in one scene";
            checker.add("J2V047", node.span, message).helped("make each a scene of its own: scenes are rendered side by side");
            return;
        }
    }
}

fn is_picture(node: &Node) -> bool {
    node.get("type").and_then(Node::as_text).is_some_and(|kind| matches!(kind.raw(), "image" | "video"))
}
