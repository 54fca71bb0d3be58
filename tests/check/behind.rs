//! The rules on values behind a variable: a mistake is found as if it were written literally, with the same severity and
//! the same help, and the finding points at the place where the value was written.

use j2v::movie::check::{Resolved, Settings, check};
use j2v::movie::diagnostic::{Diagnostic, Severity};
use j2v::movie::json::Span;

use crate::support::parse;

/// Ten kinds of mistakes and more: the JSON of a wrong value, an element or a scene with `VALUE` in its place, the rule, a
/// part of the help.
const MISTAKES: [(&str, &str, &str, &str); 17] = [
    (r#""""#, r#"{"type": "image", "src": VALUE}"#, "J2V064", "public URL"),
    (r#""photos/3.jpg""#, r#"{"type": "image", "src": VALUE}"#, "J2V065", "https://"),
    (r#""./a.jpg""#, r#"{"type": "video", "src": VALUE}"#, "J2V065", "https://"),
    (r#""C:\\x.jpg""#, r#"{"type": "image", "src": VALUE}"#, "J2V065", "https://"),
    (r#""http://localhost/a.jpg""#, r#"{"type": "image", "src": VALUE}"#, "J2V066", "everybody"),
    (r#""https://a.example/a.mp4""#, r#"{"type": "image", "src": VALUE}"#, "J2V068", "accepted are"),
    (r#""abc""#, r#"{"type": "text", "text": "a", "duration": VALUE}"#, "J2V008", ""),
    ("-5", r#"{"type": "text", "text": "a", "duration": VALUE}"#, "J2V069", ""),
    (r#""""#, r#"{"type": "text", "text": VALUE}"#, "J2V120", "words"),
    ("80", r#"{"type": "audio", "src": "https://a.example/a.mp3", "volume": VALUE}"#, "J2V087", ""),
    (r#""buttom-left""#, r#"{"type": "text", "text": "a", "position": VALUE}"#, "J2V073", "did you mean"),
    (r#""0E7C66""#, r#"{"type": "audiogram", "color": VALUE}"#, "J2V048", "#0E7C66"),
    (r#""html5""#, r#"{"type": VALUE, "html": "a"}"#, "J2V061", "html"),
    (r#""15""#, r#"{"type": "text", "text": "a", "style": VALUE}"#, "J2V122", ""),
    (r#""one<br>two""#, r#"{"type": "text", "text": VALUE}"#, "J2V121", "html"),
    (r#""""#, r#"{"type": "component", "component": VALUE}"#, "J2V140", "basic/000"),
    (r#""""#, r#"{"type": "voice", "text": VALUE, "voice": "en-GB-LibbyNeural"}"#, "J2V150", "text"),
];

fn movie(variables: &str, element: &str) -> String {
    let heard = r#"{"type": "audio", "src": "https://a.example/b.mp3"}"#;
    format!(
        "{{\"resolution\": \"hd\", \"variables\": {{{variables}}},\n\"scenes\": [{{\"duration\": 9, \"elements\": [\n{element},\n{heard}]}}]}}"
    )
}

fn found(text: &str) -> Vec<Diagnostic> {
    let document = parse(text);
    let resolved = Resolved::of(&document);
    check(&document, &Settings { facts: Some(&resolved.facts), ..Settings::default() })
}

fn at(text: &str, span: Span) -> &str {
    text.get(span.start as usize..span.end as usize).unwrap_or_default()
}

/// A finding without its place.
fn said(finding: &Diagnostic) -> (Severity, bool, &str, Option<&str>) {
    (finding.severity, finding.stops(), &finding.message, finding.help.as_deref())
}

#[test]
fn a_mistake_behind_a_variable_is_the_same_as_in_place_and_points_where_it_was_written() {
    for (value, element, code, help) in MISTAKES {
        let literal = movie("", &element.replace("VALUE", value));
        let literal_found = found(&literal);
        let in_place = literal_found.iter().find(|finding| finding.code == code);
        let in_place = in_place.unwrap_or_else(|| panic!("no {code} for {value}: {literal_found:#?}"));
        assert!(help.is_empty() || in_place.help.as_deref().is_some_and(|told| told.contains(help)), "{in_place:#?}");
        let text = movie(&format!("\"w\": {value}, \"v\": \"{{{{ w }}}}\""), &element.replace("VALUE", "\"{{ v }}\""));
        let behind = found(&text);
        let of_code: Vec<_> = behind.iter().filter(|finding| finding.code == code).collect();
        let [finding] = of_code[..] else { panic!("{code} for {value}, not once: {behind:#?}") };
        assert_eq!(said(finding), said(in_place), "{value}");
        assert_eq!(at(&text, finding.span), value, "{finding:#?}");
        assert_eq!(finding.used.map(|used| at(&text, used)), Some("\"{{ v }}\""));
    }
}

#[test]
fn a_value_that_is_wrong_in_five_places_is_one_finding() {
    let image = r#"{"type": "image", "src": "{{ v }}"}"#;
    let behind = found(&movie("\"v\": \"./a.jpg\"", &[image; 5].join(",\n")));
    assert_eq!(behind.iter().filter(|finding| finding.code == "J2V065").count(), 1, "{behind:#?}");
}

#[test]
fn what_is_written_literally_is_not_reported_a_second_time() {
    let text = movie("\"v\": \"Oak\"", r#"{"type": "image", "src": "./a.jpg", "comment": "{{ v }}", "duraton": 3}"#);
    let codes: Vec<_> = found(&text).iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["J2V065", "J2V006"]);
}

#[test]
fn each_item_of_an_iteration_is_looked_at_and_told_at_its_own_place() {
    let text = r#"{"resolution": "hd", "variables": {"rooms": [{"image": "https://a.example/1.jpg"}, {"image": "2.jpg"}, {"image": "3.jpg"}]},
        "scenes": [{"iterate": "rooms", "duration": 2, "elements": [{"id": "same", "type": "image", "src": "{{ image }}"}]}]}"#;
    let behind = found(text);
    let places: Vec<_> = behind.iter().map(|finding| (finding.code, at(text, finding.span))).collect();
    assert_eq!(places, [("J2V065", "\"2.jpg\""), ("J2V065", "\"3.jpg\"")]);
}

#[test]
fn a_text_made_of_several_parts_is_told_where_they_are_put_together() {
    let text = movie("\"v\": \"a\", \"w\": \"b\"", r#"{"type": "image", "src": "{{ v }}/{{ w }}.jpg"}"#);
    let behind = found(&text);
    let finding = behind.iter().find(|finding| finding.code == "J2V065").unwrap_or_else(|| panic!("{behind:#?}"));
    assert_eq!(at(&text, finding.span), "\"{{ v }}/{{ w }}.jpg\"");
    assert!(finding.message.contains("a/b.jpg") && finding.used.is_none(), "{finding:#?}");
}

#[test]
fn what_a_condition_or_an_empty_list_leaves_out_stops_nobody() {
    let photo = |condition: &str| format!(r#"{{"type": "image", "condition": "{condition}", "src": "{{{{ v }}}}"}}"#);
    let stops = |variables: &str, condition: &str| found(&movie(variables, &photo(condition))).iter().any(Diagnostic::stops);
    assert!(!stops("\"v\": \"\"", "{{ v != '' }}"));
    assert!(!stops("\"v\": \"./a.jpg\", \"x\": false", "{{ x }}"));
    assert!(!stops("\"v\": \"./a.jpg\"", "{{ nobody_knows }}"));
    assert!(stops("\"v\": \"./a.jpg\", \"x\": true", "{{ x }}"));
    let rooms = |items: &str| {
        format!(
            r#"{{"resolution": "hd", "variables": {{"rooms": [{items}]}}, "scenes": [{{"duration": 2}}, {{"iterate": "rooms", "duration": 2, "elements": [{{"type": "image", "condition": "{{{{ item.show }}}}", "src": "{{{{ item.image }}}}"}}]}}]}}"#
        )
    };
    assert!(!found(&rooms("")).iter().any(Diagnostic::stops));
    let sure = r#"{"image": "https://a.example/1.jpg", "show": true}"#;
    assert!(!found(&rooms(&format!(r#"{sure}, {{"image": "2.jpg"}}"#))).iter().any(Diagnostic::stops), "whether it is shown is unknown");
    assert!(found(&rooms(&format!(r#"{sure}, {{"image": "2.jpg", "show": true}}"#))).iter().any(Diagnostic::stops));
}

#[test]
fn what_only_unknown_values_seemed_to_show_is_taken_back() {
    let text = movie("\"v\": \"https://a.example/a.jpg\", \"p\": \"\"", r#"{"type": "image", "src": "{{ v }}", "prompt": "{{ p }}"}"#);
    assert!(found(&text).iter().all(|finding| finding.code != "J2V100"), "of both only one says something");
    let both = movie("\"v\": \"https://a.example/a.jpg\", \"p\": \"a cat\"", r#"{"type": "image", "src": "{{ v }}", "prompt": "{{ p }}"}"#);
    assert!(found(&both).iter().any(|finding| finding.code == "J2V100"));
}

#[test]
fn a_resolution_and_the_duration_of_a_scene_are_values_too() {
    let text = r#"{"resolution": "{{ r }}", "variables": {"r": "1080p", "d": "abc"}, "scenes": [{"duration": "{{ d }}", "background-color": "{{ r }}"}]}"#;
    let places: Vec<_> = found(text).iter().map(|finding| (finding.code, at(text, finding.span).to_owned(), finding.stops())).collect();
    let expected = [("J2V020", "\"1080p\"", true), ("J2V048", "\"1080p\"", false), ("J2V008", "\"abc\"", true)];
    for (code, place, stops) in expected {
        assert!(places.contains(&(code, place.to_owned(), stops)), "{code}: {places:#?}");
    }
}
