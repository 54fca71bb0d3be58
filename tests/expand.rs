//! Expands movies that users have written, mutated ones, generated ones, and hostile ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by a panic")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use j2v::movie::Document;
use j2v::movie::expand::{ExpandIssueKind, Expansion, Limits, expand};
use j2v::movie::expr;
use j2v::movie::json::{Member, Node, Value};
use j2v::movie::plan::{NoAssets, plan};
use proptest::prelude::*;

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The movies written by others; where they are not available, none and a message.
#[expect(clippy::print_stdout, reason = "a test that was skipped says so")]
fn corpus() -> Vec<(PathBuf, String)> {
    let Ok(files) = fs::read_dir(project().join("../shared/corpus/movies")) else {
        println!("skipped: ../shared/corpus/movies is not here");
        return Vec::new();
    };
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn expanded(text: &str) -> Expansion {
    expand(&Document::parse("m.json", text).unwrap(), &Limits::default())
}

fn again(expansion: &Expansion) -> Expansion {
    expanded(&expansion.movie.to_compact())
}

fn listing() -> String {
    fs::read_to_string(project().join("examples/listing.json")).unwrap()
}

/// The component's settings, as in the reference.
fn nested_listing() -> String {
    let flat = r#""settings": { "headline": "FOR SALE", "subline": "{{address}}" }"#;
    let text = listing();
    assert!(text.contains(flat));
    text.replace(flat, r#""settings": { "headline": { "text": "FOR SALE" }, "body": { "text": "{{address}}" } }"#)
}

#[test]
fn the_listing_becomes_four_scenes_and_nothing_is_left_to_resolve() {
    for text in [listing(), nested_listing()] {
        let expansion = expanded(&text);
        let out = expansion.movie.to_compact();
        assert_eq!((expansion.scenes.len(), expansion.issues.as_slice(), expansion.assumptions.as_slice()), (4, &[][..], &[][..]));
        assert!(!out.contains("{{") && !out.contains("iterate") && !out.contains("variables"), "{out}");
        for shown in
            ["FOR SALE", "\"123 Oak Street\"", "Welcome to 123 Oak Street.", "\"Exterior\"", "\"Chef's Kitchen\"", "\"Master Bedroom\""]
        {
            assert!(out.contains(shown), "{shown}");
        }
    }
}

#[test]
fn the_listing_plays_fourteen_seconds_and_a_half_once_its_sounds_follow_it() {
    for text in [listing(), nested_listing()] {
        let open = plan(&expanded(&text), &NoAssets);
        assert_eq!((open.duration.to_string().as_str(), open.credits.amount.at_most()), ("at least 14.5 s", None));
        let follows = text
            .replace("\"volume\": 0.4", "\"volume\": 0.4, \"duration\": -2")
            .replace("\"start\": 1.5", "\"start\": 1.5, \"duration\": -2");
        let plan = plan(&expanded(&follows), &NoAssets);
        assert_eq!((plan.duration.to_string().as_str(), plan.credits.amount.to_string().as_str()), ("14.5 s", "14 or 15"));
    }
}

#[test]
fn every_movie_of_the_corpus_expands_once_and_for_all() {
    for (path, text) in corpus() {
        let once = expanded(&text);
        assert_eq!(again(&once).movie.to_compact(), once.movie.to_compact(), "{}", path.display());
        assert_eq!(once.scenes.len(), once.movie.root.get("scenes").and_then(Node::as_array).map_or(0, <[_]>::len), "{}", path.display());
        let _ = plan(&once, &NoAssets).to_json();
    }
}

#[test]
fn a_movie_of_the_corpus_without_variables_is_unchanged() {
    for (path, text) in corpus() {
        let document = Document::parse("m.json", text.clone()).unwrap();
        if !["{{", "\"iterate\"", "\"condition\"", "\"variables\""].iter().any(|word| text.contains(word)) {
            let expansion = expand(&document, &Limits::default());
            assert_eq!(expansion.movie.to_compact(), document.to_compact(), "{}", path.display());
            assert_eq!((expansion.issues.len(), expansion.assumptions.len()), (0, 0), "{}", path.display());
        }
    }
}

#[test]
fn the_real_estate_movie_shows_each_of_its_images() {
    let Some((_, text)) = corpus().into_iter().find(|(path, _)| path.ends_with("114-lvalics-real-estate-1.json")) else { return };
    let expansion = expanded(&text);
    assert_eq!(expansion.scenes.iter().map(|scene| scene.source).collect::<Vec<_>>(), [0, 1, 1, 1, 1, 1, 2]);
    assert_eq!(expansion.elements, [0], "`voiceModel` is none, so there is no voice");
    assert_eq!(expansion.issues, []);
    // 5 + 5 × 8 + 10, minus six transitions of 1.5.
    assert_eq!(plan(&expansion, &NoAssets).duration.to_string(), "46 s");
}

/// A movie whose scene is repeated for a number of items.
fn repeated(items: usize) -> String {
    let items: Vec<_> = (0..items).map(|item| format!(r#"{{"name":"Room {item}","image":"https://a.example/{item}.jpg"}}"#)).collect();
    format!(
        r#"{{"variables":{{"rooms":[{}]}},"scenes":[{{"duration":4,"iterate":"rooms","elements":[{{"type":"image","src":"{{{{ item.image }}}}"}},{{"type":"text","text":"{{{{ name + '!' }}}} {{{{ missing }}}}"}}]}}]}}"#,
        items.join(",")
    )
}

#[test]
fn the_cost_grows_in_a_straight_line() {
    let cost = |items| expanded(&repeated(items)).steps;
    let (ten, more) = (cost(10), cost(10_000));
    assert_eq!(expanded(&repeated(10_000)).scenes.len(), 10_000);
    assert!(more <= ten * 1000, "{ten} steps for 10 scenes, {more} for 10,000");
}

#[test]
fn an_issue_is_told_once_a_place_however_often_it_is_met() {
    let expansion = expanded(&repeated(10_000));
    assert_eq!(expansion.issues.len(), 1);
    assert_eq!((expansion.issues[0].items.len(), expansion.issues[0].of), (10_000, 10_000));
}

/// The hostile documents, each with a description.
fn hostile() -> Vec<(&'static str, String)> {
    let doubling = |of: fn(usize) -> String| {
        let mut variables = r#""v0":"lol""#.to_owned();
        for level in 1..=14 {
            let _ = write!(variables, r#","v{level}":{}"#, of(level - 1));
        }
        format!(r#"{{"variables":{{{variables}}},"scenes":[{{"comment":"{{{{ v14 }}}}"}}]}}"#)
    };
    let many = |length: usize| vec!["1"; length].join(",");
    let fields: Vec<_> = (0..2000).map(|field| format!(r#""f{field}":1"#)).collect();
    vec![
        ("texts that double", doubling(|below| format!(r#""{}""#, format!("{{{{ v{below} }}}}").repeat(8)))),
        ("arrays that double", doubling(|below| format!("[{}]", vec![format!(r#""{{{{ v{below} }}}}""#); 8].join(",")))),
        ("a huge iteration", format!(r#"{{"variables":{{"l":[{}]}},"scenes":[{{"iterate":"l"}}]}}"#, many(100_000))),
        (
            "an iteration of a huge scene",
            format!(r#"{{"variables":{{"l":[{}]}},"scenes":[{{"iterate":"l","x":[{}]}}]}}"#, many(10_000), many(10_000)),
        ),
        (
            "huge variables that each scene keeps",
            format!(
                r#"{{"variables":{{"l":[{}]}},"scenes":[{{"iterate":"l","variables":{{"x":[{}]}},"y":"{{{{ z }}}}"}}]}}"#,
                many(10_000),
                many(10_000)
            ),
        ),
        (
            "a lookup in a huge object",
            format!(
                r#"{{"variables":{{"l":[{}],"o":{{{}}}}},"scenes":[{{"iterate":"l","x":"{}"}}]}}"#,
                many(10_000),
                fields.join(","),
                "{{ o.f0 }}".repeat(20)
            ),
        ),
    ]
}

#[test]
fn a_hostile_document_costs_a_clear_error() {
    let standard = Limits::default();
    let expression = expr::ExprLimits { steps: 200_000, bytes: 2 << 20, ..standard.expression };
    let limits = Limits { expression, scenes: 2_000, nodes: 100_000, ..standard };
    for (what, text) in hostile() {
        let expansion = expand(&Document::parse("m.json", text.clone()).unwrap(), &limits);
        let (limit, span) = expansion.limit().unwrap_or_else(|| panic!("{what} goes through"));
        assert!(limit.to_string().starts_with("more than"), "{what}: {limit}");
        assert!(span.is_some(), "{what}");
        assert!(expansion.steps <= 300_001, "{what}: {} steps", expansion.steps);
        assert_eq!(expansion.movie.to_compact().len(), Document::parse("m.json", text).unwrap().to_compact().len(), "{what}");
    }
}

#[test]
fn a_deep_expression_or_a_long_way_of_references_is_an_issue_of_its_place() {
    let deep = format!(r#"{{"a":"{{{{ {}1 }}}}","b":"{{{{ 1 + 1 }}}}"}}"#, "(".repeat(10_000));
    let expansion = expanded(&deep);
    assert!(matches!(expansion.issues.as_slice(), [issue] if matches!(issue.kind, ExpandIssueKind::Expression(_))));
    assert!(expansion.movie.to_compact().ends_with(r#""b":2}"#));

    let mut variables = r#""v0":1"#.to_owned();
    for level in 1..100 {
        let _ = write!(variables, r#","v{level}":"{}{{{{ v{} }}}}""#, "-".repeat(level % 2), level - 1);
    }
    let expansion = expanded(&format!(r#"{{"variables":{{{variables}}},"a":"{{{{ v99 }}}}","b":"{{{{ v9 }}}}"}}"#));
    assert!(expansion.issues.iter().any(|issue| issue.kind.to_string().contains("more than 16 levels")));
    assert!(expansion.movie.to_compact().contains(r#""b":"-----1""#));
}

#[test]
fn references_that_nest_as_deep_as_they_may_do_not_exhaust_the_stack() {
    let signs = |inside: &str| format!("{{{{ {}{inside} }}}}", "- ".repeat(60));
    let mut variables = r#""v0":1"#.to_owned();
    for level in 1..=16 {
        let _ = write!(
            variables,
            r#","v{level}":{}{}{}"#,
            "[".repeat(400),
            format_args!("\"{}\"", signs(&format!("v{}", level - 1))),
            "]".repeat(400)
        );
    }
    let expansion = expanded(&format!(r#"{{"variables":{{{variables}}},"a":"{{{{ v16 }}}}"}}"#));
    assert!(!expansion.issues.is_empty());
}

/// A string that uses the variables of [`movie`], or only resembles such a string.
fn string() -> impl Strategy<Value = String> {
    let pieces = [
        "{{ a }}",
        "{{b}}",
        "{{ item.a }}",
        "{{ a + 1 }}",
        "{{ u }}",
        "{{ box_end + a }}",
        "{{ c }}",
        "{{ '{' }}",
        "{",
        "}",
        "{{",
        "}}",
        "x",
        "{{ b ? a : u }}",
        "{{ '}}' }}",
        "{{ l }}",
        "é",
        "\"",
        " 1 ",
        "{{ e }}",
        "{{ r.b }}",
        "{{ !b }}",
    ];
    proptest::collection::vec(prop::sample::select(pieces.to_vec()), 0..4).prop_map(|pieces| pieces.concat())
}

fn value() -> impl Strategy<Value = Node> {
    let scalar = prop_oneof![4 => string().prop_map(Node::from), 1 => Just(Node::null()), 1 => any::<bool>().prop_map(Node::from), 1 => (0..3).prop_map(Node::from)];
    scalar.prop_recursive(3, 12, 4, |inner| {
        let object = proptest::collection::vec((prop::sample::select(vec!["a", "b", "c", "x"]), inner.clone()), 0..4);
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Node::array),
            object.prop_map(|members| Node::made(Value::Object(members.into_iter().map(|(key, value)| Member::new(key, value)).collect()))),
        ]
    })
}

/// A scene or an element: any members, including those that an expansion acts on.
fn holder() -> impl Strategy<Value = Node> {
    let variables = proptest::collection::vec((prop::sample::select(vec!["a", "b", "c", "e", "l"]), value()), 0..3);
    let variables = variables.prop_map(|members| members.into_iter().fold(Node::object(), |object, (key, value)| object.with(key, value)));
    let member = prop_oneof![
        2 => variables.prop_map(|value| ("variables", value)),
        2 => value().prop_map(|value| ("text", value)),
        1 => value().prop_map(|value| ("condition", value)),
        2 => prop::sample::select(vec!["l", "o.l", "u", "{{ l }}", "a"]).prop_map(|name| ("iterate", Node::from(name))),
        1 => prop::sample::select(vec!["r", "item", "a"]).prop_map(|name| ("iterate-as", Node::from(name))),
    ];
    proptest::collection::vec(member, 0..5)
        .prop_map(|members| Node::made(Value::Object(members.into_iter().map(|(key, value)| Member::new(key, value)).collect())))
}

fn movie() -> impl Strategy<Value = String> {
    let scene = (holder(), proptest::collection::vec(holder(), 0..3)).prop_map(|(scene, elements)| scene.with("elements", elements));
    let elements = proptest::collection::vec(holder(), 0..2);
    (holder(), elements, proptest::collection::vec(scene, 0..3), value()).prop_map(|(root, elements, scenes, list)| {
        let lists =
            Node::object().with("l", Node::array([Node::object().with("a", 1), list])).with("o", Node::object().with("l", vec![1, 2]));
        let variables = root
            .get("variables")
            .and_then(Node::as_object)
            .unwrap_or_default()
            .iter()
            .fold(lists, |all, member| all.with(&member.key.decoded(), member.value.clone()));
        root.with("variables", variables).with("elements", elements).with("scenes", scenes).to_compact()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_expanded_stays_as_it_is(text in movie()) {
        let once = expanded(&text);
        let twice = again(&once);
        prop_assert_eq!(twice.movie.to_compact(), once.movie.to_compact());
    }

    #[test]
    fn every_scene_and_element_has_an_origin(text in movie()) {
        let expansion = expanded(&text);
        let scenes = expansion.movie.root.get("scenes").and_then(Node::as_array).unwrap();
        prop_assert_eq!(scenes.len(), expansion.scenes.len());
        for (scene, origin) in scenes.iter().zip(&expansion.scenes) {
            prop_assert_eq!(scene.get("elements").and_then(Node::as_array).map_or(0, <[_]>::len), origin.elements.len());
        }
        let _ = plan(&expansion, &NoAssets).to_json();
    }

    #[test]
    fn what_holds_nothing_to_resolve_is_unchanged(text in "[a-z {}\"\\\\é]{0,20}", number in -9.0..9.0f64, list in proptest::collection::vec(".{0,5}", 0..4)) {
        prop_assume!(!text.contains("{{") && !list.iter().any(|text| text.contains("{{")));
        let movie = Node::object().with("scenes", vec![Node::object().with("text", text).with("n", number)]).with("x", list).to_compact();
        let document = Document::parse("m.json", movie.clone()).unwrap();
        prop_assert_eq!(expand(&document, &Limits::default()).movie.to_compact(), movie);
    }
}

/// Replaces the node at a place, counted through the tree.
fn mutate(node: &mut Node, place: &mut usize, put: &Node) {
    if *place == 0 {
        *node = put.clone();
    }
    *place = place.wrapping_sub(1);
    match &mut node.value {
        Value::Array(items) => items.iter_mut().for_each(|item| mutate(item, place, put)),
        Value::Object(members) => members.iter_mut().for_each(|member| mutate(&mut member.value, place, put)),
        _ => {}
    }
}

#[test]
fn mutated_movies_of_the_corpus_expand_and_plan() {
    let files = corpus();
    if files.is_empty() {
        return;
    }
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(300));
    let cases = (
        0..files.len(),
        proptest::collection::vec((0..200usize, value()), 1..4),
        proptest::collection::vec((0..9000usize, any::<char>()), 0..2),
    );
    runner
        .run(&cases, |(file, mutations, letters)| {
            let mut root = Document::parse("m.json", files[file].1.clone()).unwrap().root;
            for (place, put) in &mutations {
                mutate(&mut root, &mut place.clone(), put);
            }
            let mut text: Vec<char> = root.to_compact().chars().collect();
            let length = text.len();
            for (at, letter) in &letters {
                text[at % length] = *letter;
            }
            if let Ok(document) = Document::parse("m.json", text.into_iter().collect::<String>()) {
                let once = expand(&document, &Limits::default());
                prop_assert_eq!(again(&once).movie.to_compact(), once.movie.to_compact());
                let _ = plan(&once, &NoAssets).to_json();
            }
            Ok(())
        })
        .unwrap();
}
