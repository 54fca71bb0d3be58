//! The effects that move or change a picture as a whole: fades, zoom, pan, rotation, flips, correction
//! (`movie-format.md#element`).

use super::css::Css;
use super::level::Note;
use super::read::{flag, number, words};
use super::track::{Track, fades};
use crate::movie::json::Node;

/// The distance of one step of `zoom`, as a part of the size.
const ZOOM_STEP: f64 = 0.05;

/// The default distance of a pan, as a part of the size (`movie-format.md#element`).
const PAN_DISTANCE: f64 = 0.1;

/// The tracks of an element that is visible from `start` to `end`; assumptions are added to the notes.
pub(super) fn tracks(node: &Node, span: (f64, f64), notes: &mut Vec<Note>) -> Vec<Track> {
    let seconds = |name: &str| number(node, name).unwrap_or(0.0).max(0.0);
    let mut tracks: Vec<Track> = fades(span, seconds("fade-in"), seconds("fade-out")).into_iter().collect();
    tracks.extend(rotation(node, span));
    tracks.extend(scale(node, span, notes));
    tracks.extend(pan(node, span, notes));
    tracks
}

/// The constant style of an element.
pub(super) fn style(node: &Node, notes: &mut Vec<Note>) -> Css {
    let mut css = Css::default();
    let flips = (flag(node, "flip-horizontal"), flag(node, "flip-vertical"));
    if flips != (false, false) {
        let sign = |is_flipped| if is_flipped { "-1" } else { "1" };
        css.set("transform", &format!("scale({}, {})", sign(flips.0), sign(flips.1)));
    }
    if let Some(correction) = node.get("correction").filter(|correction| correction.as_object().is_some()) {
        let said = |name: &str, or: f64| number(correction, name).unwrap_or(or);
        let (brightness, contrast, saturation) = (1.0 + said("brightness", 0.0), said("contrast", 1.0), said("saturation", 1.0));
        let filter =
            format!("brightness({:.3}) contrast({:.3}) saturate({:.3})", brightness.max(0.0), contrast.max(0.0), saturation.max(0.0));
        css.set("filter", &filter);
        notes.push(Note::approximate("correction", "correction: drawn with the filters of CSS, whose scales differ, and without gamma"));
    }
    css
}

/// A rotation: to an angle once, or continuously when `speed` gives the seconds per angle.
fn rotation(node: &Node, span: (f64, f64)) -> Option<Track> {
    let rotate = node.get("rotate")?;
    let angle = number(rotate, "angle").filter(|angle| *angle != 0.0)?;
    let Some(speed) = number(rotate, "speed").filter(|speed| *speed > 0.0) else {
        return Some(Track { of: "rotate", at: vec![(span.0, format!("{angle}deg"))], easing: super::track::LINEAR });
    };
    let turned = angle * (span.1 - span.0) / speed;
    Some(Track::new("rotate", span, ("0deg".to_owned(), format!("{turned:.2}deg"))))
}

fn scale(node: &Node, span: (f64, f64), notes: &mut Vec<Note>) -> Option<Track> {
    let zoom = number(node, "zoom").filter(|zoom| *zoom != 0.0)?.clamp(-10.0, 10.0);
    notes.push(Note::approximate("zoom", format!("zoom {zoom}: extent assumed, the service documents no scale")));
    let far = format!("{:.2}", 1.0 + zoom.abs() * ZOOM_STEP);
    let (from, to) = if zoom > 0.0 { ("1".to_owned(), far) } else { (far, "1".to_owned()) };
    Some(Track::new("scale", span, (from, to)))
}

/// The picture moves towards an edge. It is enlarged by the distance of the move unless it is not cropped.
fn pan(node: &Node, span: (f64, f64), notes: &mut Vec<Note>) -> Vec<Track> {
    let Some(edge) = words(node, "pan") else { return Vec::new() };
    let distance = number(node, "pan-distance").unwrap_or(PAN_DISTANCE).clamp(0.01, 0.5);
    let sign = |low: &str, high: &str| if edge.contains(low) { -1.0 } else { f64::from(edge.contains(high)) };
    let (x, y) = (sign("left", "right"), sign("top", "bottom"));
    notes.push(Note::approximate("pan", format!("pan {edge}: where it begins is assumed")));
    let at = |part: f64| format!("{:.2}% {:.2}%", x * distance * part * 50.0, y * distance * part * 50.0);
    let moved = Track::new("translate", span, (at(-1.0), at(1.0)));
    let is_cropped = node.get("pan-crop").is_none_or(|crop| crop.as_bool() != Some(false));
    // A zoom has its own scale, which is large enough.
    let larger = is_cropped && number(node, "zoom").is_none_or(|zoom| zoom == 0.0);
    let room = larger.then(|| Track { of: "scale", at: vec![(span.0, format!("{:.3}", 1.0 + distance))], easing: super::track::LINEAR });
    room.into_iter().chain([moved]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::json::parse;

    fn moved(element: &str) -> (Vec<(&'static str, String)>, usize) {
        let mut notes = Vec::new();
        let tracks = tracks(&parse(element, 0).unwrap().root, (2.0, 6.0), &mut notes);
        let told = tracks.into_iter().map(|track| {
            let at: Vec<String> = track.at.iter().map(|(time, value)| format!("{time}:{value}")).collect();
            (track.of, at.join(" "))
        });
        (told.collect(), notes.len())
    }

    /// An element, its tracks, and the number of its notes.
    type Case = (&'static str, &'static [(&'static str, &'static str)], usize);

    #[test]
    fn motions_are_tracks_on_the_time_of_the_movie() {
        let cases: [Case; 7] = [
            ("{}", &[], 0),
            (r#"{"fade-in": 1, "fade-out": "0.5"}"#, &[("opacity", "2:0 3:1 5.5:1 6:0")], 0),
            (r#"{"rotate": {"angle": 45}}"#, &[("rotate", "2:45deg")], 0),
            (r#"{"rotate": {"angle": 90, "speed": 2}}"#, &[("rotate", "2:0deg 6:180.00deg")], 0),
            (r#"{"zoom": 4}"#, &[("scale", "2:1 6:1.20")], 1),
            (r#"{"zoom": -2}"#, &[("scale", "2:1.10 6:1")], 1),
            (r#"{"pan": "top-left", "pan-distance": 0.2}"#, &[("scale", "2:1.200"), ("translate", "2:10.00% 10.00% 6:-10.00% -10.00%")], 1),
        ];
        for (element, wanted, notes) in cases {
            let wanted: Vec<_> = wanted.iter().map(|(of, at)| (*of, (*at).to_owned())).collect();
            assert_eq!(moved(element), (wanted, notes), "{element}");
        }
    }
}
