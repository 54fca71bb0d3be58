//! The severity of findings: a guess never stops a paying user.

use j2v::movie::check::rules::Example;
use j2v::movie::check::{Settings, check};
use j2v::movie::diagnostic::{Evidence, Severity};

use crate::support::{codes, findings, parse};

/// The finding of a code in an element, as `severity evidence`, with `stops` if it does.
fn grade(piece: &str, of: Example, code: &str) -> String {
    let found = findings(&of.movie(piece));
    let finding = found.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("no {code}: {found:?}"));
    format!("{} {}{}", finding.severity, finding.evidence, if finding.stops() { " stops" } else { "" })
}

#[test]
fn what_the_service_certainly_refuses_stops() {
    assert_eq!(grade(r#"{"type": "video"}"#, Example::Element, "J2V064"), "error live stops");
    assert_eq!(grade(r#"{"resolution": "1080p", "scenes": []}"#, Example::Movie, "J2V020"), "error documented stops");
    assert_eq!(grade(r#"{"duration": []}"#, Example::Scene, "J2V008"), "error documented stops");
}

#[test]
fn where_sources_disagree_or_are_silent_nothing_stops() {
    let quality = r#"{"resolution": "hd", "quality": "very_high", "scenes": [{"duration": 4}]}"#;
    assert_eq!(grade(quality, Example::Movie, "J2V025"), "warning disputed");
    let portrait = r#"{"resolution": "instagram-portrait", "scenes": [{"duration": 4}]}"#;
    assert_eq!(grade(portrait, Example::Movie, "J2V020"), "warning disputed");
    assert_eq!(grade(r#"{"type": "s3"}"#, Example::Destination, "J2V302"), "warning disputed");
    assert_eq!(grade(r#"{"type": "voice", "text": "Hello"}"#, Example::Element, "J2V150"), "warning disputed");
    assert_eq!(grade(r#"{"duration": 0}"#, Example::Scene, "J2V042"), "warning advice");
    assert_eq!(grade(r#"{"duration": null}"#, Example::Scene, "J2V008"), "error advice");
    assert_eq!(grade(r#"{"duration": 4, "cache": "true"}"#, Example::Scene, "J2V008"), "error advice");
    assert_eq!(grade(r#"{"type": "text", "text": 2026}"#, Example::Element, "J2V008"), "error advice");
    assert_eq!(
        grade(r#"{"type": "audio", "src": "https://example.com/a.mp3", "volume": 8}"#, Example::Element, "J2V087"),
        "warning disputed"
    );
    assert_eq!(grade(r#"{"type": "text", "text": ""}"#, Example::Element, "J2V120"), "error advice");
    assert_eq!(grade(r#"{"type": "html", "html": ""}"#, Example::Element, "J2V130"), "error advice");
    assert_eq!(grade(r#"{"type": "voice", "text": "", "voice": "en-GB-LibbyNeural"}"#, Example::Element, "J2V150"), "error advice");
    assert_eq!(grade(r#"{"type": "audio", "src": "https://example.com/a.mp3", "loop": 0}"#, Example::Element, "J2V111"), "warning advice");
    let ignored = r#"{"resolution": "hd", "width": 9000, "scenes": [{"duration": 4}]}"#;
    assert_eq!(grade(ignored, Example::Movie, "J2V023"), "error advice");
    assert_eq!(grade(r#"{"type": "component", "component": "intro-001"}"#, Example::Element, "J2V140"), "warning advice");
    assert_eq!(grade(r#"{"elements": [{"type": "text", "text": "Hi"}]}"#, Example::Scene, "J2V040"), "warning disputed");
}

#[test]
fn what_published_movies_write_although_no_list_has_it_stops_nobody() {
    let subtitles =
        |settings: &str| format!(r#"{{"type": "subtitles", "captions": "https://example.com/a.srt", "settings": {{{settings}}}}}"#);
    assert_eq!(grade(&subtitles(r#""position": "bottom""#), Example::Over, "J2V163"), "warning disputed");
    assert_eq!(grade(&subtitles(r#""style": "highlight""#), Example::Over, "J2V163"), "warning disputed");
    let image = |more: &str| format!(r#"{{"type": "image", "src": "https://example.com/a.jpg", {more}}}"#);
    assert_eq!(grade(&image(r#""pan": "center""#), Example::Element, "J2V080"), "warning documented");
    assert_eq!(grade(&image(r#""x": "center""#), Example::Element, "J2V008"), "warning advice");
    let export = r#"{"resolution": "hd", "exports": [{}], "scenes": [{"duration": 4}]}"#;
    assert_eq!(grade(export, Example::Movie, "J2V300"), "warning advice");
    for piece in [
        r#"{"type": "component", "component": "advanced/000"}"#,
        r#"{"type": "html", "html": "<p>", "settings": {"color": "red"}}"#,
        r#"{"type": "component", "component": "shape/rectangle", "settings": {"rectangle2": {"width": 10}}}"#,
    ] {
        assert_eq!(findings(&Example::Element.movie(piece)), [], "{piece}");
    }
    let carried =
        r#"{"resolution": "hd", "elements": [{"type": "video", "src": "https://example.com/a.mp4"}], "scenes": [{"elements": []}]}"#;
    assert_eq!(findings(carried), [], "a movie may be made of its own elements");
}

#[test]
fn a_scene_without_a_length_stops_only_when_it_is_all_that_there_is() {
    let bare = r#"{"elements": [{"type": "image", "src": "https://example.com/a.jpg"}]}"#;
    assert_eq!(grade(bare, Example::Scene, "J2V040"), "error documented stops");
    assert_eq!(grade(&format!("{bare}, {{\"duration\": 4}}"), Example::Scene, "J2V040"), "error advice");
}

#[test]
fn what_has_a_placeholder_is_not_judged() {
    let element =
        r#"{"type": "video", "src": "{{url}}", "volume": "{{v}}", "resize": "{{r}}", "duration": "{{d}}", "loop": -1, "start": "{{s}}"}"#;
    assert_eq!(findings(&Example::Element.movie(element)), []);
    let movie =
        r#"{"resolution": "{{r}}", "width": "{{w}}", "scenes": [{"elements": [{"type": "text", "text": "Hi", "duration": "{{d}}"}]}]}"#;
    assert_eq!(findings(movie), []);
}

#[test]
fn a_number_may_stand_in_a_string() {
    assert_eq!(findings(r#"{"width": "1080", "height": "1920", "scenes": [{"duration": "4"}]}"#), []);
    let found = findings(r#"{"width": "9000", "height": "1080", "scenes": [{"duration": 4}]}"#);
    assert_eq!(found.iter().map(|finding| (finding.code, finding.severity)).next(), Some(("J2V023", Severity::Warning)));
}

#[test]
fn a_rule_is_allowed_or_denied_by_code_and_by_name() {
    let movie = parse(r#"{"qualty": "low", "resolution": "1080p", "scenes": [{"duration": 4}]}"#);
    let told = |allow: &[&str], deny: &[&str]| {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let (allow, deny) = (owned(allow), owned(deny));
        let found = check(&movie, &Settings { allow: &allow, deny: &deny, ..Settings::default() });
        found.into_iter().map(|finding| (finding.code, finding.severity, finding.stops())).collect::<Vec<_>>()
    };
    let (unknown, resolution) = (("J2V006", Severity::Warning, false), ("J2V020", Severity::Error, true));
    assert_eq!(told(&[], &[]), [unknown, resolution]);
    assert_eq!(told(&["j2v020"], &[]), [unknown]);
    assert_eq!(told(&["resolution-enum", "J2V006"], &[]), []);
    let denied = ("J2V006", Severity::Error);
    assert_eq!((told(&[], &["warnings"])[0].0, told(&[], &["warnings"])[0].1), denied);
    assert_eq!((told(&[], &["unknown-property"])[0].0, told(&[], &["unknown-property"])[0].1), denied);
}

#[test]
fn against_an_api_of_this_machine_its_own_addresses_are_right() {
    let hook = Example::Destination.movie(r#"{"type": "webhook", "endpoint": "http://127.0.0.1:8080/done"}"#);
    let image = Example::Element.movie(r#"{"type": "image", "src": "http://localhost:8080/a.png"}"#);
    let on_loopback = |movie: &str| codes(&check(&parse(movie), &Settings { loopback: true, ..Settings::default() }));
    assert_eq!((codes(&findings(&hook)), on_loopback(&hook)), (vec!["J2V304"], vec![]));
    assert_eq!((codes(&findings(&image)), on_loopback(&image)), (vec!["J2V066"], vec![]));
    let elsewhere = Example::Element.movie(r#"{"type": "image", "src": "http://192.168.0.7/a.png"}"#);
    assert_eq!(on_loopback(&elsewhere), ["J2V066"]);
}

#[test]
fn a_template_has_a_largest_size() {
    let movie = parse(&format!(r#"{{"comment": "{}", "resolution": "hd", "scenes": [{{"duration": 4}}]}}"#, "x".repeat(110_000)));
    assert_eq!(codes(&check(&movie, &Settings { as_template: true, ..Settings::default() })), ["J2V032"]);
    assert_eq!(codes(&check(&movie, &Settings::default())), Vec::<&str>::new());
}

#[test]
fn advice_never_stops() {
    let found = findings(r#"{"resolution": "hd", "client-data": {"key": "sk-abcdefghijklmnopqrstuv"}, "scenes": [{"duration": 4}]}"#);
    assert_eq!(
        found.iter().map(|it| (it.code, it.severity, it.evidence, it.stops())).next(),
        Some(("J2V307", Severity::Error, Evidence::Advice, false))
    );
}
