//! Whole movies as pictures: place, time, and exactness.

use super::level::Level::{Approximate, Exact, NotShown};
use super::*;
use crate::movie::Document;
use crate::movie::expand::{Limits, expand};
use crate::movie::plan::Asset;

fn pictures(movie: &str) -> Preview {
    with(movie, &Known::default())
}

fn with(movie: &str, known: &Known) -> Preview {
    preview(&expand(&Document::parse("m.json", movie).unwrap(), &Limits::default()), known)
}

/// Start and end, rounded to the hundredth.
fn span(element: &Element) -> (f64, f64) {
    let rounded = |seconds: f64| (seconds * 100.0).round() / 100.0;
    (rounded(element.start), rounded(element.end))
}

#[test]
fn times_are_those_of_the_plan_on_the_clock_of_the_movie() {
    let movie = r#"{"scenes": [
        {"duration": 4, "elements": [{"type": "text", "text": "a", "start": 1, "duration": 2, "extra-time": 1}]},
        {"duration": 4, "transition": {"style": "wipeleft", "duration": 0.5}, "elements": [
            {"type": "text", "text": "b", "start": 3, "duration": 9},
            {"type": "image", "src": "https://a.example/b.png", "duration": -2}
        ]}
    ], "elements": [{"type": "text", "text": "c", "duration": -2}]}"#;
    let drawn = pictures(movie);
    assert_eq!((drawn.duration, drawn.total.as_str()), (7.5, "7.5 s"));
    let spans: Vec<_> = drawn.scenes.iter().flat_map(|scene| &scene.elements).map(span).collect();
    assert_eq!(spans, [(1.0, 3.0), (6.5, 7.5), (3.5, 7.5)], "extra time is hidden, a scene cuts what is too long");
    assert_eq!(span(&drawn.elements[0]), (0.0, 7.5));
    let transition = drawn.scenes[1].transition.as_ref().unwrap();
    assert_eq!((transition.start, transition.end, transition.level), (3.5, 4.0, Exact));
}

#[test]
fn what_has_no_known_length_is_drawn_with_an_assumed_one_and_named() {
    let movie = r#"{"scenes": [{"elements": [{"type": "voice", "text": "one two three four five six seven eight"}]},
        {"elements": [{"type": "image", "src": "https://a.example/b.png"}]},
        {"condition": "{{ soldout_end > 3 }}", "elements": [{"type": "video", "src": "https://a.example/b.mp4"}]}]}"#;
    let drawn = pictures(movie);
    assert!(drawn.duration > 12.0, "{}", drawn.duration);
    assert!(drawn.total.starts_with("about 13.08 s (12 to 14 s)"), "{}", drawn.total);
    assert!(drawn.scenes[0].elements[0].doubt.as_ref().unwrap().contains("spoken"));
    let seen = Known {
        assets: [("https://a.example/b.mp4".to_owned(), Asset { length: Seconds::from_f64(2.0), ..Asset::default() })].into(),
        ..Known::default()
    };
    assert!((with(movie, &seen).duration - drawn.duration + 3.0).abs() < 1e-6, "the file tells its length");
}

#[test]
fn an_earlier_render_says_how_long_the_voices_speak() {
    let movie = r#"{"scenes": [{"elements": [{"type": "voice", "text": "one two three four five six seven eight"}]}]}"#;
    let drawn = with(movie, &Known { rendered: Some(4.2), ..Known::default() });
    assert!((drawn.duration - 4.2).abs() < 0.01, "{}", drawn.duration);
    assert!(drawn.total.ends_with("an earlier render took 4.2 s"), "{}", drawn.total);
}

#[test]
fn every_element_says_where_it_is_written_and_findings_find_theirs() {
    let movie = "{\"scenes\": [{\"duration\": 2, \"iterate\": \"rooms\", \"elements\": [\n\n{\"type\": \"text\",\n\"text\": \"{{ name }}\"}]}],\n\
                 \"variables\": {\"rooms\": [{\"name\": \"a\"}, {\"name\": \"b\"}]}}";
    let document = Document::parse("m.json", movie).unwrap();
    let drawn = pictures(movie);
    let places: Vec<_> = drawn.scenes.iter().map(|scene| (scene.elements[0].at.pointer.as_str(), scene.elements[0].at.line)).collect();
    assert_eq!(places, [("/scenes/0/elements/0", Some(3)); 2]);
    assert_eq!(drawn.scenes[1].label, "Scene 2 (2 of 2)");
    let at =
        document.root.get("scenes").unwrap().as_array().unwrap()[0].get("elements").unwrap().as_array().unwrap()[0].get("text").unwrap();
    let finding = crate::movie::diagnostic::Diagnostic {
        severity: crate::movie::diagnostic::Severity::Warning,
        evidence: crate::movie::diagnostic::Evidence::Advice,
        code: "J2V121",
        message: "m".to_owned(),
        span: at.span,
        used: None,
        label: None,
        help: None,
        fix: None,
        denied: false,
    };
    let found = &drawn.place(&document, &[finding])[0];
    assert_eq!((found.at.pointer.as_str(), found.at.line, found.time), ("/scenes/0/elements/0", Some(4), Some(0.0)));
}

#[test]
fn media_are_named_by_number_each_once() {
    let movie = r#"{"scenes": [{"duration": 2, "elements": [
        {"type": "image", "src": "https://a.example/b.png"}, {"type": "image", "src": "./c.png", "mask": "./m.png"},
        {"type": "image", "src": "https://a.example/b.png"}, {"type": "image", "prompt": "a house", "model": "flux-pro"},
        {"type": "image", "src": "{{ nothing }}"}, {"type": "image", "src": "a.tiff"}]}]}"#;
    let drawn = pictures(movie);
    let media: Vec<_> = drawn.media.iter().map(|media| (media.url.as_str(), media.kind)).collect();
    assert_eq!(media, [("https://a.example/b.png", "image"), ("./c.png", "image"), ("./m.png", "mask")]);
    let shown: Vec<_> = drawn.scenes[0].elements.iter().map(|element| element.level).collect();
    assert_eq!(shown, [Exact, Approximate, Exact, NotShown, NotShown, NotShown]);
}

#[test]
fn a_template_and_an_empty_movie_have_a_page_too() {
    let template = pictures(r#"{"template": "LerKrmBfiqaIgBuacLWn", "scenes": [{"duration": 3}]}"#);
    assert!(template.entries().iter().any(|entry| entry.level == NotShown && entry.reason.contains("template")));
    assert!(pictures("{}").scenes.is_empty());
}
