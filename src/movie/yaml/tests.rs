use std::fmt::Write;

use proptest::prelude::*;

use super::*;
use crate::movie::json;

fn read(text: &str) -> String {
    parse(text, 0).unwrap().to_compact()
}

fn refused(text: &str) -> (u32, String) {
    let error = parse(text, 0).unwrap_err();
    (error.span.start, error.message)
}

#[test]
fn scalars_become_what_json_has_and_keep_their_spelling() {
    assert_eq!(read("a: 1.50\nb: 12345678901234567890123\nc: 1e3\nd: -0.0"), r#"{"a":1.50,"b":12345678901234567890123,"c":1e3,"d":-0.0}"#);
    assert_eq!(
        read("[0123, +49301234, .5, 0x1f, 1_000, 12:30, 2026-11-27, .inf]"),
        r#"["0123","+49301234",".5","0x1f","1_000","12:30","2026-11-27",".inf"]"#
    );
    assert_eq!(read("[yes, no, on, true, False, ~, null, '']"), r#"["yes","no","on",true,false,null,null,""]"#);
    assert_eq!(read("[!!str 1, ! 2, !!int 3, \"4\"]"), r#"["1","2",3,"4"]"#);
    assert_eq!(read("text: |\n  one\n  two\nmore: >-\n  three\n  four\n"), r#"{"text":"one\ntwo\n","more":"three four"}"#);
    assert_eq!(read(""), "null");
}

#[test]
fn every_value_knows_its_place_in_bytes() {
    let text = "title: Café für alle\nscenes:\n  - duration: 4\n    elements: [{type: text}]\n";
    let root = parse(text, 0).unwrap();
    let at = |pointer: &str| {
        let node = root.at(&pointer.parse().unwrap()).unwrap();
        &text[node.span.start as usize..node.span.end as usize]
    };
    assert_eq!(at("/title"), "Café für alle");
    assert_eq!(at("/scenes/0/duration"), "4");
    assert_eq!(at("/scenes/0/elements"), "[{type: text}]");
    assert_eq!(at("/scenes/0"), "duration: 4\n    elements: [{type: text}]");
    assert_eq!(&text[root.as_object().unwrap()[1].key_span.start as usize..][..6], "scenes");
}

#[test]
fn anchors_and_merges_are_resolved_and_a_key_of_its_own_stands_over_a_merged_one() {
    let text =
        "base: &base {type: text, duration: 4}\nmore: &more {id: m, duration: 5}\na: *base\nb:\n  <<: [*base, *more]\n  duration: 6\n";
    assert_eq!(
        read(text),
        r#"{"base":{"type":"text","duration":4},"more":{"id":"m","duration":5},"a":{"type":"text","duration":4},"b":{"type":"text","duration":6,"id":"m"}}"#
    );
    assert_eq!(read("'<<': 1"), r#"{"<<":1}"#);
    assert!(refused("a: 1\n<<: 2").1.contains("merges a mapping"));
}

#[test]
fn what_json_has_nothing_for_is_refused_at_its_place() {
    assert_eq!(refused("a: 1\nb: 2\na: 3"), (10, "the key `a` is in this mapping twice".to_owned()));
    assert_eq!(refused("a: !secret b"), (3, "the tag `!secret` means nothing in a movie; leave it out".to_owned()));
    assert!(refused("a: !!int b").1.contains("is not what its tag `!!int` says"));
    assert!(refused("? [a]\n: 1").1.contains("a key is a text, this is an array"));
    assert!(refused("a: 1\n---\nb: 2").1.contains("a second document"));
    assert!(refused("a: &a [*a]").1.contains("inside of what it names"));
    let tab = parse("a:\n\t- 1", 0).unwrap_err();
    assert!(tab.message.starts_with("this is not YAML: ") && tab.help.is_some(), "{tab:?}");
}

#[test]
fn a_file_of_a_few_lines_never_becomes_gigabytes() {
    let mut bomb = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..12 {
        let line = vec![format!("*a{}", level - 1); 10].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{line}]").unwrap();
    }
    assert!(refused(&bomb).1.contains("stand for more than 64 MiB"));
    let deep: Vec<_> = (0..600).map(|level| format!("{}a:", " ".repeat(level))).collect();
    let deep = deep.join("\n");
    assert!(refused(&deep).1.contains("nest more than 512 levels"));
    let (open, close) = ("[".repeat(200), "]".repeat(200));
    let chain = format!("a0: &a0 {open}{close}\na1: &a1 {open}*a0{close}\na2: {open}*a1{close}\n");
    assert!(refused(&chain).1.contains("nest more than 512 levels"));
    // Inside of brackets the parser has a limit of its own.
    assert!(parse(&"[".repeat(1000), 0).is_err());
}

#[test]
fn only_what_json_never_starts_with_is_taken_for_yaml() {
    for yaml in ["scenes:\n", "---\na: 1", "# a movie\nscenes: []", "\n\n$schema: x", "- a"] {
        assert!(looks_like_yaml(yaml), "{yaml}");
    }
    for json in ["{\"a\": 1}", "", "[1]", "={ \"a\": 1 }", "<!doctype html>", "\"a\": 1", "// note: this", "True"] {
        assert!(!looks_like_yaml(json), "{json}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_inside_of_it(text: String) {
        match parse(&text, 0) {
            Ok(root) => prop_assert!(root.span.end as usize <= text.len()),
            Err(error) => prop_assert!(error.span.start as usize <= text.len()),
        }
    }

    #[test]
    fn json_is_yaml_that_says_the_same(members in proptest::collection::hash_map("[a-z]{1,8}", proptest::option::of(-1000i32..1000), 0..20)) {
        let spelled = serde_json::to_string(&members).unwrap();
        prop_assert_eq!(parse(&spelled, 0).unwrap(), json::parse(&spelled, 0).unwrap().root);
    }
}
