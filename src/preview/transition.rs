//! How one scene follows another: the transitions that the service knows (`movie-format.md#scene`), as tracks of the
//! incoming and the outgoing scene. The names are those of ffmpeg's `xfade`, whose documentation describes them.

use serde::Serialize;

use super::level::{Level, Note};
use super::track::Track;

/// A transition, ready to be drawn.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Transition {
    /// The name of its style.
    pub style: String,
    /// When it begins, seconds.
    pub start: f64,
    /// When it ends, seconds.
    pub end: f64,
    /// The tracks of the incoming scene.
    pub incoming: Vec<Track>,
    /// The tracks of the outgoing scene.
    pub outgoing: Vec<Track>,
    /// Whether the outgoing scene is above the incoming one.
    pub outgoing_on_top: bool,
    /// The colour behind both.
    pub backdrop: &'static str,
    /// How exact it is.
    pub level: Level,
    /// Why it is not exact.
    pub notes: Vec<Note>,
}

/// The effect of a style, before its level is decided.
#[derive(Default)]
struct Drawn {
    incoming: Vec<Track>,
    outgoing: Vec<Track>,
    outgoing_on_top: bool,
    is_white: bool,
    /// The assumption.
    assumed: Option<String>,
}

/// The transition of a style from `start` to `end`.
pub(super) fn transition(style: &str, span: (f64, f64), mut notes: Vec<Note>) -> Transition {
    let drawn = fades(style, span)
        .or_else(|| wipes(style, span))
        .or_else(|| slides(style, span))
        .or_else(|| openings(style, span))
        .or_else(|| closings(style, span))
        .or_else(|| crops(style, span))
        .or_else(|| others(style, span));
    let drawn = drawn.unwrap_or_else(|| Drawn {
        incoming: vec![fade_in(span)],
        assumed: Some(format!("no source knows the transition `{style}`: drawn as a fade")),
        ..Drawn::default()
    });
    notes.extend(drawn.assumed.map(|reason| Note::approximate(format!("transition {style}"), reason)));
    Transition {
        style: style.to_owned(),
        start: span.0,
        end: span.1,
        incoming: drawn.incoming,
        outgoing: drawn.outgoing,
        outgoing_on_top: drawn.outgoing_on_top,
        backdrop: if drawn.is_white { "#fff" } else { "#000" },
        level: super::level::worst(&notes),
        notes,
    }
}

fn coming(track: Track) -> Drawn {
    Drawn { incoming: vec![track], ..Drawn::default() }
}

/// The outgoing scene is on top and moves away.
fn going(track: Track) -> Drawn {
    Drawn { outgoing: vec![track], outgoing_on_top: true, ..Drawn::default() }
}

fn fade_in(span: (f64, f64)) -> Track {
    Track::new("opacity", span, ("0", "1"))
}

fn clip(span: (f64, f64), from: &str, to: &str) -> Track {
    Track::new("clipPath", span, (from, to))
}

/// The whole picture, as an inset.
const WHOLE: &str = "inset(0% 0% 0% 0%)";

fn fades(style: &str, span: (f64, f64)) -> Option<Drawn> {
    let through_a_color = |is_white| Drawn {
        incoming: vec![Track::through("opacity", span, &["0", "0", "1"])],
        outgoing: vec![Track::through("opacity", span, &["1", "0", "0"])],
        is_white,
        ..Drawn::default()
    };
    Some(match style {
        "fade" => coming(fade_in(span)),
        "fadeblack" => through_a_color(false),
        "fadewhite" => through_a_color(true),
        _ => return None,
    })
}

fn wipes(style: &str, span: (f64, f64)) -> Option<Drawn> {
    let from = |edge: &str| coming(clip(span, edge, WHOLE));
    let to = |corner: &str| going(clip(span, WHOLE, corner));
    Some(match style {
        "wipeleft" => from("inset(0% 0% 0% 100%)"),
        "wiperight" => from("inset(0% 100% 0% 0%)"),
        "wipeup" => from("inset(100% 0% 0% 0%)"),
        "wipedown" => from("inset(0% 0% 100% 0%)"),
        "wipetl" => to("inset(0% 100% 100% 0%)"),
        "wipetr" => to("inset(0% 0% 100% 100%)"),
        "wipebl" => to("inset(100% 100% 0% 0%)"),
        "wipebr" => to("inset(100% 0% 0% 100%)"),
        _ => return None,
    })
}

fn slides(style: &str, span: (f64, f64)) -> Option<Drawn> {
    let (from, to) = match style {
        "slideleft" => ("100% 0%", "-100% 0%"),
        "slideright" => ("-100% 0%", "100% 0%"),
        "slideup" => ("0% 100%", "0% -100%"),
        "slidedown" => ("0% -100%", "0% 100%"),
        _ => return None,
    };
    let track = |from, to| Track::new("translate", span, (from, to));
    Some(Drawn { incoming: vec![track(from, "0% 0%")], outgoing: vec![track("0% 0%", to)], ..Drawn::default() })
}

fn openings(style: &str, span: (f64, f64)) -> Option<Drawn> {
    Some(match style {
        "circleopen" => coming(clip(span, "circle(0% at 50% 50%)", "circle(71% at 50% 50%)")),
        "vertopen" => coming(clip(span, "inset(0% 50% 0% 50%)", WHOLE)),
        "horzopen" => coming(clip(span, "inset(50% 0% 50% 0%)", WHOLE)),
        _ => return None,
    })
}

fn closings(style: &str, span: (f64, f64)) -> Option<Drawn> {
    Some(match style {
        "circleclose" => going(clip(span, "circle(71% at 50% 50%)", "circle(0% at 50% 50%)")),
        "vertclose" => going(clip(span, WHOLE, "inset(0% 50% 0% 50%)")),
        "horzclose" => going(clip(span, WHOLE, "inset(50% 0% 50% 0%)")),
        _ => return None,
    })
}

/// The outgoing scene shrinks into black, then the incoming one grows out of it.
fn crops(style: &str, span: (f64, f64)) -> Option<Drawn> {
    let (whole, none) = match style {
        "circlecrop" => ("circle(71% at 50% 50%)", "circle(0% at 50% 50%)"),
        "rectcrop" => (WHOLE, "inset(50% 50% 50% 50%)"),
        _ => return None,
    };
    Some(Drawn {
        incoming: vec![Track::through("clipPath", span, &[none, none, whole])],
        outgoing: vec![Track::through("clipPath", span, &[whole, none, none])],
        ..Drawn::default()
    })
}

/// The styles that CSS can only approximate.
fn others(style: &str, span: (f64, f64)) -> Option<Drawn> {
    let assumed = |drawn: Drawn, how: &str| Some(Drawn { assumed: Some(format!("{style}: {how}")), ..drawn });
    let with_fade = |tracks: [Track; 1]| Drawn { incoming: tracks.into_iter().chain([fade_in(span)]).collect(), ..Drawn::default() };
    let hard = "drawn with a hard edge; the service's is soft";
    let striped = "drawn as one wipe; the service's comes in stripes";
    match style {
        "smoothleft" => assumed(wipes("wipeleft", span)?, hard),
        "smoothright" => assumed(wipes("wiperight", span)?, hard),
        "smoothup" => assumed(wipes("wipeup", span)?, hard),
        "smoothdown" => assumed(wipes("wipedown", span)?, hard),
        "hlslice" => assumed(wipes("wipeleft", span)?, striped),
        "hrslice" => assumed(wipes("wiperight", span)?, striped),
        "vuslice" => assumed(wipes("wipeup", span)?, striped),
        "vdslice" => assumed(wipes("wipedown", span)?, striped),
        "diagtl" => assumed(diagonal(span, [(0, 0), (200, 0), (0, 200)]), hard),
        "diagtr" => assumed(diagonal(span, [(100, 0), (-100, 0), (100, 200)]), hard),
        "diagbl" => assumed(diagonal(span, [(0, 100), (200, 100), (0, -100)]), hard),
        "diagbr" => assumed(diagonal(span, [(100, 100), (-100, 100), (100, -100)]), hard),
        "radial" => assumed(coming(radial(span)), hard),
        "squeezeh" => assumed(going(Track::new("scale", span, ("1 1", "1 0"))), "how far it is squeezed at which moment is assumed"),
        "squeezev" => assumed(going(Track::new("scale", span, ("1 1", "0 1"))), "how far it is squeezed at which moment is assumed"),
        "zoomin" => {
            let zoom = Track::through("scale", span, &["1", "3", "3"]);
            let fade = Track::through("opacity", span, &["1", "1", "0"]);
            let drawn = Drawn { outgoing: vec![zoom, fade], outgoing_on_top: true, ..Drawn::default() };
            assumed(drawn, "how far it zooms is assumed")
        }
        "hblur" => assumed(with_fade([blur(span)]), "drawn as a blur in both directions"),
        "pixelize" => assumed(with_fade([blur(span)]), "drawn as a blur"),
        "fadegrays" => {
            let gray = Track::through("filter", span, &["grayscale(1)", "grayscale(1)", "grayscale(0)"]);
            assumed(with_fade([gray]), "how long it stays grey is assumed")
        }
        "dissolve" => assumed(coming(fade_in(span)), "drawn as a fade; the service's dissolves point by point"),
        "distance" => assumed(coming(fade_in(span)), "drawn as a fade; the service's follows the colours"),
        _ => None,
    }
}

fn blur(span: (f64, f64)) -> Track {
    Track::through("filter", span, &["blur(0px)", "blur(24px)", "blur(0px)"])
}

/// The outgoing scene shrinks into a corner of the frame as a triangle; coordinates in percent.
fn diagonal(span: (f64, f64), [corner, one, other]: [(i32, i32); 3]) -> Drawn {
    let points = |points: [(i32, i32); 3]| {
        let points: Vec<String> = points.iter().map(|(x, y)| format!("{x}% {y}%")).collect();
        format!("polygon({})", points.join(", "))
    };
    going(clip(span, &points([corner, one, other]), &points([corner, corner, corner])))
}

/// A clock hand uncovers the incoming scene.
fn radial(span: (f64, f64)) -> Track {
    const STEPS: u32 = 16;
    const POINTS: u32 = 16;
    let shape = |part: f64| {
        let point = |index: u32| {
            let angle = std::f64::consts::TAU * part * f64::from(index) / f64::from(POINTS);
            format!("{:.1}% {:.1}%", 50.0 + 120.0 * angle.sin(), 50.0 - 120.0 * angle.cos())
        };
        let points: Vec<String> = (0..=POINTS).map(point).collect();
        format!("polygon(50% 50%, {})", points.join(", "))
    };
    let shapes: Vec<String> = (0..=STEPS).map(|step| shape(f64::from(step) / f64::from(STEPS))).collect();
    let shapes: Vec<&str> = shapes.iter().map(String::as_str).collect();
    Track::through("clipPath", span, &shapes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::movie::spec::words::TRANSITION_STYLE;

    #[test]
    fn every_style_of_the_service_moves_something_for_as_long_as_it_lasts() {
        for style in TRANSITION_STYLE.known {
            let drawn = transition(style, (4.0, 5.5), Vec::new());
            let tracks: Vec<&Track> = drawn.incoming.iter().chain(&drawn.outgoing).collect();
            assert!(!tracks.is_empty(), "{style}");
            for track in tracks {
                assert!((track.at[0].0 - 4.0).abs() < 1e-9 && (track.at[track.at.len() - 1].0 - 5.5).abs() < 1e-9, "{style}");
                assert!(track.at.windows(2).any(|pair| pair[0].1 != pair[1].1), "{style} moves nothing");
            }
            assert!(
                !drawn.notes.iter().any(|note| note.reason.starts_with("does not know this message")),
                "{style} is known to the service"
            );
        }
    }

    #[test]
    fn what_css_can_show_is_exact_and_the_rest_says_what_is_assumed() {
        let level = |style| transition(style, (0.0, 1.0), Vec::new()).level;
        for exact in ["fade", "fadeblack", "fadewhite", "wipeleft", "slideup", "circleopen", "circleclose", "vertopen", "rectcrop"] {
            assert_eq!(level(exact), Level::Exact, "{exact}");
        }
        for assumed in ["dissolve", "smoothleft", "hrslice", "squeezev", "zoomin", "nonsense"] {
            assert_eq!(level(assumed), Level::Approximate, "{assumed}");
        }
    }
}
