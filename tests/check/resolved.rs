//! Findings that need the resolved movie: for the facts of the expansion, and for movies.

use j2v::movie::check::rules::Example;
use j2v::movie::check::{ElementFacts, Facts, Issue, IssueKind, Resolved, Rule, SceneFacts, SceneLength, Settings, check};
use j2v::movie::diagnostic::{Diagnostic, Severity};
use j2v::movie::json::Node;

use crate::support::{codes, parse};

const MOVIE: &str = r#"{"resolution": "hd", "scenes": [
{"duration": "{{d}}", "elements": [{"type": "text", "text": "{{x}}"}]},
{"duration": "{{d}}", "transition": {"duration": "{{t}}"}, "elements": []}
]}"#;

fn found(facts: impl Fn(&[Node]) -> Facts) -> Vec<(&'static str, Severity, String)> {
    let document = parse(MOVIE);
    let facts = facts(document.root.get("scenes").and_then(Node::as_array).unwrap());
    let place = |span| document.place(span).map_or_else(String::new, |(_, position)| position.to_string());
    let found = check(&document, &Settings { facts: Some(&facts), ..Settings::default() });
    found.into_iter().map(|finding| (finding.code, finding.severity, place(finding.span))).collect()
}

fn scene(node: &Node, length: SceneLength) -> SceneFacts {
    SceneFacts { span: node.span, length, transition: None, elements: Vec::new() }
}

#[test]
fn without_facts_nothing_is_said() {
    assert_eq!(found(|_| Facts::default()), []);
}

#[test]
fn an_issue_of_the_expansion_falls_under_its_rule() {
    for (kind, code, severity) in [
        (IssueKind::Undefined, "J2V200", Severity::Warning),
        (IssueKind::Syntax, "J2V205", Severity::Error),
        (IssueKind::UnknownSyntax, "J2V205", Severity::Warning),
        (IssueKind::Constant, "J2V206", Severity::Info),
        (IssueKind::NotArray, "J2V207", Severity::Error),
        (IssueKind::PerhapsNotArray, "J2V207", Severity::Warning),
        (IssueKind::EmptyArray, "J2V208", Severity::Warning),
        (IssueKind::FieldMissing, "J2V209", Severity::Warning),
        (IssueKind::UnknownElement, "J2V212", Severity::Warning),
        (IssueKind::Assumed, "J2V213", Severity::Info),
        (IssueKind::Cycle, "J2V214", Severity::Warning),
        (IssueKind::Order, "J2V216", Severity::Warning),
        (IssueKind::Limit, "J2V215", Severity::Warning),
        (IssueKind::SeekBeyond, "J2V112", Severity::Info),
        (IssueKind::LargeAsset, "J2V402", Severity::Info),
    ] {
        let issue = |scenes: &[Node]| Issue { kind, span: scenes[1].span, message: "found".to_owned(), help: None };
        assert_eq!(found(|scenes| Facts { issues: vec![issue(scenes)], ..Facts::default() }), [(code, severity, "3:1".to_owned())]);
    }
}

#[test]
fn a_scene_that_has_no_length_once_resolved_is_told() {
    let facts = |scenes: &[Node]| Facts {
        scenes: vec![scene(&scenes[0], SceneLength::Known(4.0)), scene(&scenes[1], SceneLength::Nothing)],
        ..Facts::default()
    };
    assert_eq!(found(facts), [("J2V040", Severity::Warning, "3:1".to_owned())]);
}

#[test]
fn a_transition_and_an_element_are_held_against_the_resolved_lengths() {
    let facts = |scenes: &[Node]| {
        let transition = scenes[1].get("transition").unwrap().span;
        let element = scenes[0].get("elements").unwrap().span;
        let mut first = scene(&scenes[0], SceneLength::Known(1.0));
        first.elements = vec![ElementFacts { span: element, start: Some(2.0), end: None }];
        let second = SceneFacts { transition: Some((transition, 1.5)), ..scene(&scenes[1], SceneLength::Known(9.0)) };
        Facts { scenes: vec![first, second], ..Facts::default() }
    };
    assert_eq!(found(facts), [("J2V086", Severity::Warning, "2:35".to_owned()), ("J2V044", Severity::Warning, "3:37".to_owned())]);
}

#[test]
fn the_whole_is_too_short_too_long_and_costs_something() {
    let whole = |length, credits| {
        found(|scenes| Facts {
            scenes: vec![scene(&scenes[0], SceneLength::Known(1.0))],
            length: Some(length),
            credits,
            ..Facts::default()
        })
    };
    assert_eq!(whole(0.5, None), [("J2V005", Severity::Error, "2:1".to_owned())]);
    assert_eq!(whole(90.0, None), [("J2V031", Severity::Info, "2:1".to_owned())]);
    assert_eq!(whole(30.0, Some((30.0, 120.0))), [("J2V400", Severity::Info, "2:1".to_owned())]);
}

/// The findings for a movie and its resolved form, including the price.
fn resolved(text: &str) -> Vec<Diagnostic> {
    let document = parse(text);
    let Resolved { mut facts, plan } = Resolved::of(&document);
    let credits = |credits: u64| f64::from(u32::try_from(credits).unwrap());
    facts.credits = plan.credits.amount.at_most().map(|most| (credits(plan.credits.amount.at_least()), credits(most)));
    check(&document, &Settings { facts: Some(&facts), ..Settings::default() })
}

#[test]
fn an_example_that_has_to_be_resolved_gives_its_code_when_it_is_wrong_only() {
    let mut tried = 0;
    for rule in Rule::all().filter(|rule| rule.example == Example::Expanded) {
        let (wrong, right) = (codes(&resolved(rule.wrong)), codes(&resolved(rule.right)));
        assert!(wrong.contains(&rule.code), "{}: {wrong:?}", rule.code);
        assert!(!right.contains(&rule.code), "{}: {right:?}", rule.code);
        tried += 1;
    }
    assert!(tried >= 10, "{tried}");
}

/// The findings for a movie with these variables and this scene: the code, whether it may stop, the text at its place, the help.
fn told(variables: &str, scene: &str) -> Vec<(&'static str, bool, String, String)> {
    let text = format!("{{\"resolution\": \"hd\", \"variables\": {variables}, \"scenes\": [{scene}]}}");
    let found = resolved(&text).into_iter().filter(|finding| !["J2V201", "J2V400"].contains(&finding.code));
    let at = |span: j2v::movie::json::Span| text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned();
    found.map(|finding| (finding.code, finding.stops(), at(finding.span), finding.help.unwrap_or_default())).collect()
}

#[test]
fn a_finding_of_the_expansion_points_at_what_the_author_wrote() {
    let scene = r#"{"duration": 4, "elements": [{"type": "text", "text": "caf\u00e9 {{ nmae }}"}]}"#;
    assert_eq!(told(r#"{"name": "Ann"}"#, scene), [("J2V200", false, "nmae".to_owned(), "did you mean `name`?".to_owned())]);
    let rooms = r#"{"rooms": [{"n": "a"}, {}, {"n": "b"}, {}]}"#;
    let scene = r#"{"duration": 4, "iterate": "rooms", "elements": [{"type": "text", "text": "Room {{ item.n }}"}]}"#;
    let found = told(rooms, scene);
    assert_eq!((found.len(), found[0].0, found[0].2.as_str()), (1, "J2V209", ".n"));
}

#[test]
fn only_what_is_surely_no_array_stops_an_iteration() {
    let scene = |iterate: &str| format!("{{\"duration\": 4, \"iterate\": \"{iterate}\"}}");
    let stops = |variables: &str, iterate: &str| {
        let found = told(variables, &scene(iterate));
        found.iter().find(|finding| finding.0 == "J2V207").map(|finding| finding.1)
    };
    assert_eq!(stops(r#"{"rooms": "Kitchen"}"#, "rooms"), Some(true));
    assert_eq!(stops(r#"{"rooms": [1]}"#, "room"), Some(true));
    assert_eq!(stops(r#"{"rooms": "{{ other }}"}"#, "rooms"), Some(false));
    assert_eq!(stops(r#"{"a": {"rooms": 1}}"#, "a.rooms"), Some(false));
    assert_eq!(stops(r#"{"rooms": [1]}"#, "rooms"), None);
}

#[test]
fn what_the_walk_tells_already_is_told_once() {
    let late = r#"{"duration": 4, "elements": [{"type": "text", "text": "Hi", "start": 5}]}"#;
    let constant = r#"{"duration": 4, "condition": "{{ true }}"}"#;
    let plain = r#"{"duration": 4, "condition": true}"#;
    let brace = r#"{"duration": 4, "elements": [{"type": "text", "text": "{{ a"}]}"#;
    for (scene, code) in [(late, "J2V086"), (constant, "J2V206"), (plain, "J2V206"), (brace, "J2V204")] {
        let found = told("{}", scene);
        assert_eq!(found.iter().filter(|finding| finding.0 == code).count(), 1, "{scene}: {found:?}");
    }
}

#[test]
fn an_assumption_is_told_once_however_often_it_is_made() {
    let scene = r#"{"duration": 4, "elements": [{"type": "text", "text": "No. {{ n % 2 }} of {{ n % 3 }}"}]}"#;
    let found = told(r#"{"n": 7}"#, scene);
    assert_eq!((found.len(), found[0].0, found[0].1), (1, "J2V213", false), "{found:?}");
}

#[test]
fn a_movie_that_takes_too_much_to_resolve_is_warned_of() {
    let items = vec!["1"; 20_001].join(",");
    let found = told(&format!("{{\"rooms\": [{items}]}}"), r#"{"duration": 4, "iterate": "rooms"}"#);
    assert_eq!(found.iter().map(|finding| (finding.0, finding.1)).collect::<Vec<_>>(), [("J2V215", false)]);
}

#[test]
fn a_length_that_rests_on_an_assumption_stops_nothing() {
    let sure = told(r#"{"d": 1}"#, r#"{"duration": 0.5}"#);
    assert_eq!(sure, [("J2V005", true, "{".to_owned(), "give its scenes a longer `\"duration\"`".to_owned())]);
    let assumed = told(r#"{"d": 0.5}"#, r#"{"duration": "{{ d }}"}"#);
    assert!(assumed.iter().any(|finding| finding.0 == "J2V005" && !finding.1), "{assumed:?}");
}

#[test]
fn what_may_be_left_out_stops_nobody() {
    let grade = |movie: &str, code: &str| {
        let document = parse(movie);
        let resolved = Resolved::of(&document);
        let found = check(&document, &Settings { facts: Some(&resolved.facts), ..Settings::default() });
        let finding = found.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("no {code}: {found:?}"));
        (finding.severity, finding.stops())
    };
    let with = |variables: &str, condition: &str| {
        format!(
            r#"{{"resolution": "hd", "variables": {{{variables}}}, "scenes": [{{"duration": 4, "elements": [{{"type": "video", {condition}"id": "v"}}]}}]}}"#
        )
    };
    let (stops, warns) = ((Severity::Error, true), (Severity::Warning, false));
    assert_eq!(grade(&with("", ""), "J2V064"), stops);
    assert_eq!(grade(&with(r#""x": true"#, r#""condition": "{{ x }}", "#), "J2V064"), stops, "the condition holds");
    assert_eq!(grade(&with(r#""x": false"#, r#""condition": "{{ x }}", "#), "J2V064"), warns, "it does not hold");
    assert_eq!(grade(&with("", r#""condition": "{{ x }}", "#), "J2V064"), warns, "nobody knows");
    assert_eq!(grade(&with(r#""x": 7"#, r#""condition": "{{ x }}", "#), "J2V064"), warns, "whether 7 holds is assumed");
    let scene = r#"{"resolution": "hd", "variables": {"x": "", "l": []}, "scenes": [{"duration": 4}, {SCENE, "duration": -7}]}"#;
    assert_eq!(grade(&scene.replace("SCENE", r#""id": "s""#), "J2V042"), stops);
    assert_eq!(grade(&scene.replace("SCENE", r#""condition": "{{ x }}""#), "J2V042"), warns);
    assert_eq!(grade(&scene.replace("SCENE", r#""iterate": "l""#), "J2V042"), warns);
    let template = r#"{"template": "LerKrmBfiqaIgBuacLWn", "scenes": [{"duration": -7}]}"#;
    assert_eq!(grade(template, "J2V042"), warns, "a template has its own scenes");
    let twice = |condition: &str| {
        format!(
            r#"{{"resolution": "hd", "elements": [{{"type": "subtitles"}}, {{"type": "subtitles"{condition}}}], "scenes": [{{"duration": 4, "elements": [{{"type": "voice", "text": "a", "voice": "en-GB-LibbyNeural"}}]}}]}}"#
        )
    };
    assert_eq!(grade(&twice(""), "J2V161"), stops);
    assert_eq!(grade(&twice(r#", "condition": "{{ x }}""#), "J2V161"), warns);
}
