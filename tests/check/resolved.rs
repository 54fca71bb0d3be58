//! What only the resolved movie shows: the findings for facts as the expansion gives them.

use j2v::movie::check::{ElementFacts, Facts, Issue, IssueKind, Length, SceneFacts, Settings, check};
use j2v::movie::diagnostic::Severity;
use j2v::movie::json::Node;

use crate::support::parse;

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

fn scene(node: &Node, length: Length) -> SceneFacts {
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
        (IssueKind::EmptyArray, "J2V208", Severity::Warning),
        (IssueKind::FieldMissing, "J2V209", Severity::Warning),
        (IssueKind::UnknownElement, "J2V212", Severity::Warning),
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
        scenes: vec![scene(&scenes[0], Length::Known(4.0)), scene(&scenes[1], Length::Nothing)],
        ..Facts::default()
    };
    assert_eq!(found(facts), [("J2V040", Severity::Warning, "3:1".to_owned())]);
}

#[test]
fn a_transition_and_an_element_are_held_against_the_resolved_lengths() {
    let facts = |scenes: &[Node]| {
        let transition = scenes[1].get("transition").unwrap().span;
        let element = scenes[0].get("elements").unwrap().span;
        let mut first = scene(&scenes[0], Length::Known(1.0));
        first.elements = vec![ElementFacts { span: element, start: Some(2.0), end: None }];
        let second = SceneFacts { transition: Some((transition, 1.5)), ..scene(&scenes[1], Length::Known(9.0)) };
        Facts { scenes: vec![first, second], ..Facts::default() }
    };
    assert_eq!(found(facts), [("J2V086", Severity::Warning, "2:35".to_owned()), ("J2V044", Severity::Warning, "3:37".to_owned())]);
}

#[test]
fn the_whole_is_too_short_too_long_and_costs_something() {
    let whole = |length, credits| {
        found(|scenes| Facts { scenes: vec![scene(&scenes[0], Length::Known(1.0))], length: Some(length), credits, ..Facts::default() })
    };
    assert_eq!(whole(0.5, None), [("J2V005", Severity::Error, "2:1".to_owned())]);
    assert_eq!(whole(90.0, None), [("J2V031", Severity::Info, "2:1".to_owned())]);
    assert_eq!(whole(30.0, Some((30.0, 120.0))), [("J2V400", Severity::Info, "2:1".to_owned())]);
}
