//! The elements of a scene or of the movie on its timeline (`movie-format.md#timing`).

use super::reading::{Reading, minus_one, minus_two, read};
use super::{Assets, Doubt, Length, LengthSource, Place, PlannedElement, Reason, Seconds, label, text_of};
use crate::movie::json::{Node, Text};

/// An element whose container's length isn't known yet.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    node: &'a Node,
    kind: Option<Text>,
    start: Length,
    /// Its own length, extra time included; `None` if it has none.
    own: Option<Length>,
    length_source: LengthSource,
}

/// Places the elements of a container on its timeline, as far as the container's own length doesn't matter.
pub(super) fn drafts<'a>(elements: &'a [Node], assets: &impl Assets) -> Vec<Draft<'a>> {
    let mut so_far = Length::ZERO;
    let draft = |node: &'a Node| {
        let start = match read(node, "start") {
            Reading::Absent => Length::ZERO,
            Reading::Time(time) if time == minus_one() => so_far,
            Reading::Time(time) if time >= Seconds::ZERO => Length::known(time),
            Reading::Time(_) => Length::unknown(Reason::NoTime),
            Reading::Unreadable(reason) => Length::unknown(reason),
        };
        let extra = match read(node, "extra-time") {
            Reading::Time(time) if time > Seconds::ZERO => Length::known(time),
            Reading::Unreadable(reason) => Length::unknown(reason),
            Reading::Absent | Reading::Time(_) => Length::ZERO,
        };
        let kind = text_of(node, "type");
        let (length_source, own) = own_length(node, kind.as_ref(), assets);
        let own = own.map(|own| own.plus(&extra));
        // A decided condition was removed.
        let own = if node.get("condition").is_some() { own.map(|own| Length::up_to(own, Reason::Condition)) } else { own };
        if let Some(own) = &own {
            so_far = so_far.longer(&start.plus(own));
        }
        Draft { node, kind, start, own, length_source }
    };
    elements.iter().map(draft).collect()
}

/// The end of the last element that has a length of its own.
pub(super) fn longest(drafts: &[Draft<'_>]) -> Option<Length> {
    let ends = drafts.iter().filter_map(|draft| Some(draft.start.plus(draft.own.as_ref()?)));
    ends.reduce(|one, other| one.longer(&other))
}

/// The elements with the length of their container filled in.
pub(super) fn planned(drafts: Vec<Draft<'_>>, sources: &[usize], container: &Length) -> Vec<PlannedElement> {
    let finish = |(index, draft): (usize, Draft<'_>)| {
        // An element that follows its container ends with it, without room for extra time.
        let length = draft.own.unwrap_or_else(|| container.minus(&draft.start));
        let end = if draft.own.is_some() { draft.start.plus(&length) } else { *container };
        PlannedElement {
            index,
            source: sources.get(index).copied().unwrap_or(index),
            shown: label::shown(draft.node, draft.kind.as_ref()),
            kind: draft.kind,
            id: text_of(draft.node, "id"),
            start: draft.start,
            length,
            end,
            length_source: draft.length_source,
            span: draft.node.span,
        }
    };
    drafts.into_iter().enumerate().map(finish).collect()
}

impl PlannedElement {
    /// Whether an element of the movie with an unknown end may go on after the scenes. A movie whose scenes show
    /// nothing consists of its elements.
    pub(super) fn may_extend(&self, scenes: &Length) -> bool {
        let is_over_scenes = scenes.at_least() > Seconds::ZERO;
        self.length_source == LengthSource::Own && is_over_scenes && !self.end.is_known() && self.end.may_exceed(scenes)
    }

    /// The doubts about the element itself.
    pub(super) fn doubt(&self, place: Place) -> Option<Doubt> {
        let length = if self.length_source == LengthSource::Own { self.length.why() } else { None };
        self.start.why().or(length).map(|reason| Doubt { place, reason, span: self.span })
    }
}

fn own_length(node: &Node, kind: Option<&Text>, assets: &impl Assets) -> (LengthSource, Option<Length>) {
    let own = |length| (LengthSource::Own, Some(length));
    match read(node, "duration") {
        Reading::Time(time) if time == minus_two() => (LengthSource::Container, None),
        Reading::Time(time) if time > Seconds::ZERO => own(Length::known(time)),
        Reading::Time(time) if time != minus_one() => own(Length::unknown(Reason::NoTime)),
        Reading::Unreadable(reason) => own(Length::unknown(reason)),
        Reading::Absent | Reading::Time(_) => natural_length(node, kind, assets),
    }
}

/// The length that an element has without a duration. Text, components, audiograms and HTML have none and
/// follow their container.
fn natural_length(node: &Node, kind: Option<&Text>, assets: &impl Assets) -> (LengthSource, Option<Length>) {
    let unknown = |reason| (LengthSource::Own, Some(Length::unknown(reason)));
    match kind.map_or("", Text::raw) {
        "image" => (LengthSource::Still, None),
        "text" | "html" | "component" | "audiogram" | "subtitles" => (LengthSource::Container, None),
        "voice" => unknown(Reason::SpokenLength),
        "video" | "audio" => (LengthSource::Own, Some(asset_length(node, assets))),
        _ => unknown(Reason::UnknownType),
    }
}

/// The length of the played part of a file, times its repetitions.
fn asset_length(node: &Node, assets: &impl Assets) -> Length {
    let Some(url) = text_of(node, "src") else {
        return Length::unknown(if node.get("prompt").is_some() { Reason::GeneratedLength } else { Reason::AssetLength });
    };
    let Some(whole) = assets.asset(&url.decoded()).and_then(|asset| asset.length) else {
        return Length::unknown(Reason::AssetLength);
    };
    let played = match read(node, "seek") {
        Reading::Unreadable(reason) => return Length::unknown(reason),
        Reading::Time(seek) if seek < Seconds::ZERO => whole.min(Seconds::ZERO - seek),
        Reading::Time(seek) => (whole - seek).max(Seconds::ZERO),
        Reading::Absent => whole,
    };
    match read(node, "loop") {
        Reading::Absent => Length::known(played),
        Reading::Unreadable(reason) => Length::unknown(reason),
        Reading::Time(times) if times == minus_one() => Length::unknown(Reason::Endless),
        Reading::Time(times) => Length::known(played.times(u32::try_from(times.rounded_up()).unwrap_or(u32::MAX).max(1))),
    }
}
