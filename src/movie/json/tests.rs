//! Tests the parser with good and bad texts, and the laws that hold for every tree.

use std::fmt::Write;

use proptest::prelude::*;

use super::*;

fn likely(text: &str) -> Option<Likely> {
    parse(text, 0).unwrap_err().likely
}

fn message(text: &str) -> String {
    parse(text, 0).unwrap_err().message
}

/// What authors paste, and why it is not JSON.
const PASTED: &[(&str, Likely)] = &[
    ("", Likely::Empty),
    (" // nothing\n", Likely::Empty),
    ("={ \"scenes\": {{ $json.scenes }} }", Likely::N8nExpression),
    (r#"{"width": {{ $json.width }}}"#, Likely::N8nPlaceholder),
    (r#"{"text": {{ $node["Set"].json["title"] }}}"#, Likely::N8nPlaceholder),
    ("{{ $json.movie }}", Likely::N8nPlaceholder),
    (r#"{"scenes": {{5.json}}}"#, Likely::MakePlaceholder),
    (r#"{"scenes": [{{12.array[].text}}]}"#, Likely::MakePlaceholder),
    (r#"{"a": 1, {{rest}}}"#, Likely::Placeholder),
    (r#"{"width": {{width}}}"#, Likely::Placeholder),
    (r#"{"width": ${width}}"#, Likely::TemplateSyntax),
    (r#"{"scenes": [{% for room in rooms %}{% endfor %}]}"#, Likely::TemplateSyntax),
    (r#"{"width": , "height": 1}"#, Likely::MissingValue),
    (r#"{"width": }"#, Likely::MissingValue),
    (r#"{"scenes": [{"duration": 4}"#, Likely::Cut),
    (r#"{"scenes": [{"text": "FOR SA"#, Likely::Cut),
    (r#"{"cache": tru"#, Likely::Cut),
    (r#"{"x": -"#, Likely::Cut),
    ("{'width': 1}", Likely::SingleQuotes),
    (r#"{"text": 'FOR SALE'}"#, Likely::SingleQuotes),
    ("{width: 1}", Likely::UnquotedKey),
    (r#"{"position": top-left}"#, Likely::UnquotedText),
    (r#"{"cache": True}"#, Likely::PythonWord),
    (r#"{"id": None}"#, Likely::PythonWord),
    (r#"{"width": NaN}"#, Likely::JavaScriptWord),
    (r#"{"width": -Infinity}"#, Likely::JavaScriptWord),
    (r#"{"width": undefined}"#, Likely::JavaScriptWord),
    (r#"{"cache": TRUE}"#, Likely::WordCase),
    ("{“width”: 1}", Likely::SmartQuotes),
    ("{\"html\": `<p>`}", Likely::Backtick),
    ("```json\n{}\n```", Likely::CodeFence),
    (r#"{"a": 1 "b": 2}"#, Likely::MissingComma),
    ("{\"a\": {}\n\"b\": 2}", Likely::MissingComma),
    ("[{} {}]", Likely::MissingComma),
    ("[1,,2]", Likely::ExtraComma),
    (r#"{"a": 1,, "b": 2}"#, Likely::ExtraComma),
    (r#"{"text": "He said "hello""}"#, Likely::UnescapedQuote),
    ("{\"text\": \"two\nlines\"}", Likely::RawNewline),
    ("{\"text\": \"a\tb\"}", Likely::RawControl),
    (r#"{"src": "C:\Users\me"}"#, Likely::WrongEscape),
    (r#"{"src": "\u12"}"#, Likely::WrongEscape),
    (r#"{\"scenes\": []}"#, Likely::EscapedJson),
    (r#"{"scenes": [}"#, Likely::WrongBracket),
    (r#"{"scenes": [1}"#, Likely::WrongBracket),
    (r#"{"scenes": 1]"#, Likely::WrongBracket),
    (r#"{"scenes": []}}"#, Likely::ExtraBracket),
    (r#"{"scenes": JSON.stringify(scenes)}"#, Likely::CodeAsValue),
    ("Here is the JSON:\n{}", Likely::Prose),
    ("{}\nI hope that this helps", Likely::Prose),
    ("{\u{a0}\"scenes\": []}", Likely::OddSpace),
    ("{}\n{}", Likely::SeveralDocuments),
    ("{},\n{}", Likely::SeveralDocuments),
    (r#"{"scenes": [ ... ]}"#, Likely::LeftOut),
    (r#"{"scenes": [ … ]}"#, Likely::LeftOut),
    ("{\"a\": 1, # size\n\"b\": 2}", Likely::HashComment),
    (r#"{"width": 007}"#, Likely::NumberForm),
    (r#"{"volume": .5}"#, Likely::NumberForm),
    (r#"{"width": 0x1F}"#, Likely::NumberForm),
    (r#"{"width": 1_000}"#, Likely::NumberForm),
    (r#"{"width": 1920px}"#, Likely::UnquotedText),
    (r#"{"width" = 1}"#, Likely::EqualsSign),
    ("{};", Likely::Semicolon),
    ("<!DOCTYPE html><html></html>", Likely::Html),
    ("resolution: full-hd\nscenes:\n  - duration: 4\n", Likely::Yaml),
    ("# movie\nscenes:\n  - duration: 4\n", Likely::Yaml),
    ("---\nscenes: []\n", Likely::Yaml),
    ("curl -X POST https://api.json2video.com/v2/movies -d '{}'", Likely::Shell),
    ("const movie = {};", Likely::Code),
    ("export default {}", Likely::Code),
    ("movie = {\"scenes\": []}", Likely::Code),
    ("{\0\"\0a\0", Likely::Utf16),
    ("PK\u{3}\u{4}\0\0", Likely::Binary),
];

#[test]
fn every_likely_reason_is_found_in_what_people_paste() {
    for (text, reason) in PASTED {
        assert_eq!(likely(text), Some(*reason), "{text}");
    }
}

#[test]
fn a_cut_file_is_told_what_is_still_open() {
    assert_eq!(
        message("{\n  \"scenes\": [\n    {\"duration\": 4"),
        "the text ends where `,` or `}` must follow; 3 brackets are still open, the innermost is the `{` of line 3, column 5"
    );
    assert_eq!(message("{\"a\": "), "the text ends where a value must follow; the `{` of line 1, column 1 is still open");
    assert_eq!(message("{\"a\": \"FOR"), "the text ends inside a string; the `{` of line 1, column 1 is still open");
}

#[test]
fn what_was_found_is_named_and_pointed_at() {
    let text = "{\"scenes\": {{5.json}}}";
    let error = parse(text, 3).unwrap_err();
    assert_eq!(error.message, "expected a key in double quotes or `}`, found `{{5.json}}`");
    assert_eq!(error.span, Span { source: 3, start: 11, end: 21 });
    assert_eq!(message(r#"{"a": 1 "b": 2}"#), "expected `,` or `}`, found `\"`");
    assert_eq!(message(r#"{"a": top-left}"#), "expected a value, found `top`");
    assert_eq!(message("{\"a\": \"x\u{1}\"}"), "a string may not hold the control character U+0001 as it is");
}

#[test]
fn comments_trailing_commas_and_a_byte_order_mark_are_read() {
    let text = "\u{feff}// a\n{ /* b */ \"a\": [1, 2, ], /**/ }\n// c";
    let parsed = parse(text, 0).unwrap();
    assert_eq!(parsed.root.to_compact(), r#"{"a":[1,2]}"#);
    let seen: Vec<_> =
        parsed.leniences.iter().map(|lenience| (lenience.kind, &text[lenience.span.start as usize..lenience.span.end as usize])).collect();
    assert_eq!(
        seen,
        [
            (LenienceKind::Comment, "// a"),
            (LenienceKind::Comment, "/* b */"),
            (LenienceKind::TrailingComma, ","),
            (LenienceKind::Comment, "/**/"),
            (LenienceKind::TrailingComma, ","),
            (LenienceKind::Comment, "// c"),
        ]
    );
    assert!(parse("[,]", 0).is_err());
    assert!(parse("{,}", 0).is_err());
}

#[test]
fn spans_cover_what_was_written() {
    let text = r#"{ "é": [ 1.50, "x" ] }"#;
    let root = parse(text, 0).unwrap().root;
    let of = |span: Span| &text[span.start as usize..span.end as usize];
    let member = &root.as_object().unwrap()[0];
    assert_eq!((of(root.span), of(member.key_span), of(member.value.span)), (text, "\"é\"", r#"[ 1.50, "x" ]"#));
    let items: Vec<_> = member.value.as_array().unwrap().iter().map(|item| of(item.span)).collect();
    assert_eq!(items, ["1.50", "\"x\""]);
}

#[test]
fn duplicates_stay_and_the_last_one_counts() {
    let root = parse(r#"{"a":1,"b":2,"\u0061":3}"#, 0).unwrap().root;
    assert_eq!(root.get("a"), Some(&Node::from(3)));
    assert_eq!(root.to_compact(), r#"{"a":1,"b":2,"\u0061":3}"#);
}

#[test]
fn nesting_has_a_limit_that_is_told() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let deepest = parse(&nested(DEEPEST), 0).unwrap().root;
    assert_eq!(deepest.to_compact(), nested(DEEPEST));
    assert_eq!(first_difference(&deepest, &deepest.clone()), None);
    assert_eq!(message(&nested(DEEPEST + 1)), "arrays and objects nest deeper than 512 levels here");
    assert!(parse(&"[{\"a\":".repeat(100_000), 0).is_err());
}

fn trees() -> impl Strategy<Value = Node> {
    let numbers = prop_oneof!["-?(0|[1-9][0-9]{0,25})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?"]
        .prop_map(|raw| Node::from(Number::parse(&raw).unwrap()));
    let strings = prop_oneof![
        any::<String>().prop_map(|text| Text::new(&text)),
        "(\\\\u[0-9a-f]{4}|\\\\/|x){0,4}".prop_map(|raw| Text::spelled(&raw))
    ];
    let keys = prop_oneof![strings.clone(), "[ab]".prop_map(|key| Text::new(&key))];
    let scalars = prop_oneof![
        Just(Node::null()),
        any::<bool>().prop_map(Node::from),
        numbers,
        strings.prop_map(|text| Node::made(Value::String(text))),
    ];
    scalars.prop_recursive(4, 40, 5, move |inner| {
        let member = (keys.clone(), inner.clone()).prop_map(|(key, value)| Member { key, key_span: Span::NONE, value });
        prop_oneof![
            proptest::collection::vec(inner, 0..5).prop_map(Node::array),
            proptest::collection::vec(member, 0..5).prop_map(|members| Node::made(Value::Object(members))),
        ]
    })
}

/// The same tree with its members in another order (duplicates keep theirs) and its numbers and texts
/// in another spelling.
fn respelled(node: &Node) -> Node {
    Node::made(match &node.value {
        Value::Number(number) => Value::Number(Number::parse(&respelled_number(number.raw())).unwrap()),
        Value::String(text) => Value::String(respelled_text(text)),
        Value::Array(items) => Value::Array(items.iter().map(respelled).collect()),
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|member| Member { key: respelled_text(&member.key), value: respelled(&member.value), ..member.clone() })
                .collect();
            members.sort_by_key(|member| std::cmp::Reverse(member.key.raw().to_owned()));
            Value::Object(members)
        }
        other => other.clone(),
    })
}

fn respelled_number(raw: &str) -> String {
    let (mantissa, exponent) = raw.split_once(['e', 'E']).unwrap_or((raw, "0"));
    let exponent: i32 = exponent.parse().unwrap();
    if mantissa.contains('.') { format!("{mantissa}00E{exponent:+}") } else { format!("{mantissa}.0e{exponent}") }
}

/// Every character as an escape, one for each spelling of a text.
fn respelled_text(text: &Text) -> Text {
    let mut raw = String::new();
    for unit in text.units() {
        match unit {
            text::Unit::Char(letter) => letter.encode_utf16(&mut [0; 2]).iter().for_each(|half| write!(raw, "\\u{half:04X}").unwrap()),
            text::Unit::Lone(half) => write!(raw, "\\u{half:04x}").unwrap(),
        }
    }
    Text::spelled(&raw)
}

fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap()
}

proptest! {
    #[test]
    fn what_is_printed_is_read_back(tree in trees()) {
        prop_assert_eq!(&parse(&tree.to_compact(), 0).unwrap().root, &tree);
        prop_assert_eq!(&parse(&tree.to_pretty(), 0).unwrap().root, &tree);
    }

    #[test]
    fn order_and_spelling_do_not_change_the_canonical_form(tree in trees()) {
        let other = respelled(&tree);
        prop_assert_eq!(tree.canonical(), other.canonical());
        prop_assert_eq!(first_difference(&tree, &other), None);
    }

    #[test]
    fn trees_differ_somewhere_exactly_when_their_canonical_forms_do(one in trees(), other in trees()) {
        prop_assert_eq!(first_difference(&one, &other).is_none(), one.canonical() == other.canonical());
    }

    #[test]
    fn a_place_that_differs_can_be_looked_at(one in trees(), other in trees()) {
        if let Some(place) = first_difference(&one, &other) {
            prop_assert!(one.at(&place).is_some() || other.at(&place).is_some());
        }
    }

    #[test]
    fn our_json_is_json(tree in trees()) {
        // `serde_json` accepts no lone surrogates and no number beyond the range of a double.
        let text = tree.to_compact();
        if let Ok(other) = serde_json::from_str::<serde_json::Value>(&text) {
            prop_assert_eq!(tree.to_serde(), other);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        let _ = parse(&text, 0);
    }

    #[test]
    fn a_mutated_movie_is_read_or_refused(tree in trees(), at in any::<prop::sample::Index>(), mutation in prop_oneof!["\\PC{0,3}", "[\\[\\]{}\",:'=\\\\/*\n\te0-9.-]{0,4}"]) {
        let mut text = tree.to_pretty();
        let place = boundary(&text, at.index(text.len() + 1));
        text.insert_str(place, &mutation);
        if let Err(error) = parse(&text, 0) {
            prop_assert!(text.get(error.span.start as usize..error.span.end as usize).is_some());
        }
    }

    #[test]
    fn a_cut_movie_is_known_for_one(tree in trees(), at in any::<prop::sample::Index>()) {
        let text = Node::array([tree]).to_pretty();
        let cut = boundary(&text, at.index(text.len()));
        let error = parse(&text[..cut], 0).unwrap_err();
        prop_assert!(matches!(error.likely, Some(Likely::Cut | Likely::Empty | Likely::WrongEscape)), "{:?}", error);
    }
}
