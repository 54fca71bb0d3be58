use super::*;
use crate::movie::json::Pointer;

fn document(text: &str) -> Document {
    Document::parse("m.json", text).unwrap()
}

fn expanded(text: &str) -> Expansion {
    expand(&document(text), &Limits::default())
}

/// The expanded movie, without white space.
fn shown(text: &str) -> String {
    expanded(text).movie.to_compact()
}

/// The assumptions as text, with the words at their place.
fn assumed(text: &str) -> Vec<(AssumptionKind, String)> {
    let written = |span: Span| text.get(span.start as usize..span.end as usize).unwrap_or("?").to_owned();
    expanded(text).assumptions.iter().map(|assumption| (assumption.kind, written(assumption.span))).collect()
}

/// The issues in words, with the words at their place.
fn told(text: &str) -> Vec<(String, String)> {
    let written = |span: Span| text.get(span.start as usize..span.end as usize).unwrap_or("?").to_owned();
    expanded(text).issues.iter().map(|issue| (issue.kind.to_string(), written(issue.span))).collect()
}

#[test]
fn the_nearest_scope_wins() {
    let text = r#"{"variables":{"a":"movie","b":"movie","c":"movie"},"comment":"{{a}}{{b}}","scenes":[{"variables":{"a":"scene","b":"scene"},
        "comment":"{{a}} {{c}}","elements":[{"variables":{"a":"element"},"text":"{{a}} {{b}} {{c}}"},{"text":"{{a}}"}]}]}"#;
    let expected =
        r#"{"comment":"moviemovie","scenes":[{"comment":"scene movie","elements":[{"text":"element scene movie"},{"text":"scene"}]}]}"#;
    assert_eq!(shown(text), expected);
    assert_eq!(told(text), []);
}

#[test]
fn a_block_alone_takes_the_type_of_the_variable_and_says_so() {
    let text = r#"{"variables":{"s":"x","n":1.50,"yes":true,"list":[1,{"a":"{{s}}"}]},"a":"{{ n }}","b":"{{ n }} s","c":"{{yes}}","d":"{{list}}","e":"{{s}}"}"#;
    assert_eq!(shown(text), r#"{"a":1.50,"b":"1.50 s","c":true,"d":[1,{"a":"x"}],"e":"x"}"#);
    let typed = |kind, written: &str| (AssumptionKind::TypedValue(kind), written.to_owned());
    assert_eq!(assumed(text), [typed("a number", "{{ n }}"), typed("a boolean", "{{yes}}"), typed("an array", "{{list}}")]);
}

#[test]
fn a_scene_is_repeated_for_each_item_which_is_reached_both_ways() {
    let text = r#"{"variables":{"home":{"rooms":[{"name":"Hall","w":4},{"name":"Bath","w":2}]}},"scenes":[
        {"comment":"first"},
        {"iterate":"home.rooms","duration":"{{ w }}","elements":[{"text":"{{ name }} / {{ item.name }}"}]},
        {"iterate":"home.rooms","iterate-as":"room","comment":"{{ room.name }}"}]}"#;
    let expected = r#"{"scenes":[{"comment":"first"},{"duration":4,"elements":[{"text":"Hall / Hall"}]},{"duration":2,"elements":[{"text":"Bath / Bath"}]},{"comment":"Hall"},{"comment":"Bath"}]}"#;
    assert_eq!(shown(text), expected);
    let origin = |scene: &SceneOrigin| (scene.source, scene.iteration.map(|iteration| (iteration.index, iteration.of)));
    let origins: Vec<_> = expanded(text).scenes.iter().map(origin).collect();
    assert_eq!(origins, [(0, None), (1, Some((0, 2))), (1, Some((1, 2))), (2, Some((0, 2))), (2, Some((1, 2)))]);
}

#[test]
fn items_that_are_no_objects_are_reached_by_the_alias() {
    let text = r#"{"variables":{"names":["a","b"]},"scenes":[{"iterate":"names","comment":"{{ item }}"}]}"#;
    assert_eq!(shown(text), r#"{"scenes":[{"comment":"a"},{"comment":"b"}]}"#);
}

#[test]
fn an_item_comes_before_the_scene_and_that_is_an_assumption() {
    let text = r#"{"variables":{"rooms":[{"name":"Hall"}]},"scenes":[{"variables":{"name":"x"},"iterate":"rooms","comment":"{{name}}"}]}"#;
    assert_eq!(shown(text), r#"{"scenes":[{"comment":"Hall"}]}"#);
    assert_eq!(assumed(text), [(AssumptionKind::ItemBeforeVariables, r#""name""#.to_owned())]);
}

#[test]
fn what_is_no_array_leaves_the_scene_as_written() {
    let text = r#"{"variables":{"rooms":{"a":1},"empty":[]},"scenes":[{"iterate":"rooms","c":"{{x}}"},{"iterate":"romms"},{"iterate":3},{"iterate":"empty"}]}"#;
    let kept = r#"{"variables":{"rooms":{"a":1},"empty":[]},"scenes":[{"iterate":"rooms","c":"{{x}}"},{"iterate":"romms"},{"iterate":3}]}"#;
    assert_eq!(shown(text), kept);
    let expected = [
        ("`iterate` needs an array, `rooms` is an object", r#""rooms""#),
        ("`iterate` needs an array, `romms` is defined nowhere", r#""romms""#),
        ("`iterate` needs an array, `3` is a number", "3"),
        ("`empty` has no items: the scene is left out", r#""empty""#),
    ];
    assert_eq!(told(text), expected.map(|(issue, place)| (issue.to_owned(), place.to_owned())));
    let similar =
        |issue: &ExpandIssue| matches!(&issue.kind, ExpandIssueKind::IterateNotArray { similar: Some(similar), .. } if similar == "rooms");
    assert!(expanded(text).issues.iter().any(similar));
}

#[test]
fn iterate_with_braces_means_the_same_and_on_an_element_nothing() {
    let text = r#"{"variables":{"rooms":[1,2]},"scenes":[{"iterate":"{{ rooms }}"},{"elements":[{"iterate":"rooms"}]}]}"#;
    assert_eq!(shown(text), r#"{"scenes":[{},{},{"elements":[{"iterate":"rooms"}]}]}"#);
    assert!(assumed(text).iter().any(|(kind, _)| *kind == AssumptionKind::BracesInIterate));
    assert_eq!(told(text), [("`iterate` is for scenes only".to_owned(), r#""rooms""#.to_owned())]);
}

#[test]
fn a_condition_that_does_not_hold_drops_its_scene_or_element() {
    let text = r#"{"variables":{"open":true,"model":"none","no":""},"scenes":[
        {"condition":"{{ open }}","elements":[{"id":"a","condition":"{{model!='none'}}"},{"id":"b","condition":"{{ model == 'none' }}"},{"id":"c","condition":"{{no}}"}]},
        {"condition":"{{ not_open }}"},{"condition":false},{"condition":""}]}"#;
    let expected =
        r#"{"variables":{"open":true,"model":"none","no":""},"scenes":[{"elements":[{"id":"b"}]},{"condition":"{{ not_open }}"}]}"#;
    assert_eq!(shown(text), expected);
    assert_eq!(expanded(text).scenes[0].elements, [1]);
    assert!(assumed(text).contains(&(AssumptionKind::ConditionUndecided, r#""{{ not_open }}""#.to_owned())));
    let constant = told(text).into_iter().filter(|(issue, _)| issue == "the condition is always false").count();
    assert_eq!(constant, 2);
}

#[test]
fn what_conditions_come_to_beyond_the_sources_is_assumed() {
    let cases = [
        ("\"{{ f }}\"", false, Some(AssumptionKind::ConditionFalseText)),
        ("\"{{ zero }}\"", false, Some(AssumptionKind::ConditionValue { kind: "a number", is_true: false })),
        ("\"{{ list }}\"", true, Some(AssumptionKind::ConditionValue { kind: "an array", is_true: true })),
        ("null", false, Some(AssumptionKind::ConditionValue { kind: "null", is_true: false })),
        ("\"open\"", true, Some(AssumptionKind::ConditionText)),
        ("true", true, None),
        ("\"{{ open == 'yes' }}\"", true, None),
    ];
    for (condition, is_kept, assumption) in cases {
        let variables = r#""f":"false","zero":0,"list":[],"open":"yes""#;
        let expansion = expanded(&format!(r#"{{"variables":{{{variables}}},"scenes":[{{"condition":{condition}}}]}}"#));
        assert_eq!(expansion.scenes.len(), usize::from(is_kept), "{condition}");
        let about: Vec<_> = expansion.assumptions.iter().map(|it| it.kind).collect();
        assert_eq!(about, assumption.into_iter().collect::<Vec<_>>(), "{condition}");
    }
}

#[test]
fn the_condition_of_an_iterated_scene_is_asked_for_each_item() {
    let text = r#"{"variables":{"rooms":[{"n":1},{"n":2},{"n":3}]},"scenes":[{"iterate":"rooms","condition":"{{ n != 2 }}","c":"{{n}}"}]}"#;
    assert_eq!(shown(text), r#"{"scenes":[{"c":1},{"c":3}]}"#);
    assert!(assumed(text).iter().any(|(kind, _)| *kind == AssumptionKind::ConditionPerItem));
}

#[test]
fn an_undefined_variable_stays_as_written_with_its_place() {
    let text = "{\"variables\":{\"address\":\"Oak\"},\"a\":\"x\\n{{ adress }} {{ address }}\",\"b\":\"{{ address }}\"}";
    assert_eq!(shown(text), r#"{"variables":{"address":"Oak"},"a":"x\n{{ adress }} Oak","b":"Oak"}"#);
    assert_eq!(told(text), [("the variable `adress` is defined nowhere: it stays as written".to_owned(), "adress".to_owned())]);
    let undefined = ExpandIssueKind::Undefined { name: "adress".to_owned(), similar: Some("address".to_owned()) };
    assert_eq!(expanded(text).issues[0].kind, undefined);
}

#[test]
fn a_field_that_some_items_lack_is_told_with_those_items() {
    let text = r#"{"variables":{"rooms":[{"n":1,"w":1},{"n":2},{"n":3}]},"scenes":[{"iterate":"rooms","c":"{{ w }}","d":"{{ item.w }}","e":"{{ item.h }}"}]}"#;
    let expansion = expanded(text);
    let issues: Vec<_> = expansion.issues.iter().map(|issue| (issue.kind.to_string(), issue.items.clone(), issue.of)).collect();
    let lacks = |what: &str, items: &[usize]| (what.to_owned(), items.to_vec(), 3);
    assert_eq!(
        issues,
        [
            lacks("`item` is an object without `h`", &[0, 1, 2]),
            lacks("not every item has `w`", &[1, 2]),
            lacks("not every item has `item.w`", &[1, 2]),
        ]
    );
}

#[test]
fn a_scene_whose_block_stays_keeps_what_the_block_may_need() {
    let text = r#"{"variables":{"u":1},"scenes":[{"variables":{"a":1,"n":0},"iterate-as":"r","iterate":"rooms","c":"{{ x_end + r.n }}"},{"c":"{{u}}"}],"x":2}"#
        .replace(r#""u":1"#, r#""u":1,"rooms":[{"n":5}]"#);
    let kept = r#"{"variables":{"u":1,"rooms":[{"n":5}]},"scenes":[{"variables":{"a":1,"n":5,"r":{"n":5}},"c":"{{ x_end + r.n }}"},{"c":1}],"x":2}"#;
    assert_eq!(shown(&text), kept);
    assert_eq!(shown(kept), kept);
}

#[test]
fn variables_of_the_service_stay_and_are_told_apart() {
    let text = r#"{"scenes":[{"elements":[{"id":"box","type":"voice"},{"start":"{{ box_end }}"},{"start":"{{ bax_end }}"}]}]}"#;
    assert_eq!(shown(text), text);
    let expected = [
        ("`box_end` is known only to the service while it renders", "box_end"),
        ("`bax_end` speaks of an element `bax`, which the movie doesn't have", "bax_end"),
    ];
    assert_eq!(told(text), expected.map(|(issue, place)| (issue.to_owned(), place.to_owned())));
}

#[test]
fn variables_may_refer_to_variables_but_not_in_a_circle() {
    let text = r#"{"variables":{"c":3,"b":"[{{c}}]","a":"<{{b}}>","list":["{{a}}"],"x":"{{y}}","y":"{{x}} ","self":["{{self}}"]},"a":"{{a}}","l":"{{list}}"}"#;
    assert_eq!(shown(text), r#"{"a":"<[3]>","l":["<[3]>"]}"#);
    for name in ["x", "self"] {
        let text = text.replace(r#""a":"{{a}}","#, &format!(r#""a":"{{{{{name}}}}}","#));
        let kinds: Vec<_> = expanded(&text).issues.iter().map(|issue| issue.kind.clone()).collect();
        assert_eq!(kinds, [ExpandIssueKind::Cycle], "{name}");
    }
}

#[test]
fn a_variable_may_refer_to_earlier_ones_only() {
    for (variables, block, later) in [
        (r#""b":"{{a}}","a":"x""#, "{{b}}", r#""{{a}}""#),
        (r#""b":"url('{{ a }}')","a":"x""#, "{{b}}", r#""url('{{ a }}')""#),
        (r#""list":[{"n":"{{a}}"}],"a":"x""#, "{{list}}", r#"[{"n":"{{a}}"}]"#),
        (r#""list":[{"n":"{{a}}"}],"a":"x""#, "{{ list[0].n }}", r#""{{a}}""#),
    ] {
        let text = format!(r#"{{"variables":{{{variables}}},"a":"{block}"}}"#);
        assert_eq!(shown(&text), text);
        let expected =
            ("this refers to `a`, which is defined after it: variables are replaced in their order".to_owned(), later.to_owned());
        assert_eq!(told(&text), [expected], "{text}");
    }
    let scene = r#"{"variables":{"a":"x"},"scenes":[{"variables":{"b":"{{a}}"},"comment":"{{b}}"}]}"#;
    assert_eq!(shown(scene), r#"{"scenes":[{"comment":"x"}]}"#);
}

#[test]
fn a_value_with_braces_of_its_own_is_not_put_in() {
    for block in ["{{ '{' + '{' + ' 1 }}' }}", "{{ '{' }}{ 1 }}", "{{ '{' }}{ {{ u }}"] {
        let text = format!(r#"{{"a":"{block}"}}"#);
        assert_eq!(shown(&text), text);
        assert!(expanded(&text).issues.iter().any(|issue| issue.kind == ExpandIssueKind::BracesInValue), "{block}");
    }
}

#[test]
fn what_is_wrong_in_a_string_is_told_where_it_stands() {
    let cases = [
        ("{{ 1 + }}", "expected a value, found the end of the expression", ""),
        ("a {{ b", "`{{` is never closed", "{{"),
        ("a { v } b", "`v` is a variable, and stands in single braces: nothing is put in", "{ v }"),
        ("{{ v.w.x }}", "`v` is an object without `w`", ".w"),
        ("{{ /* image0Url */ }}", "nothing stands between `{{` and `}}`", "/*"),
        ("{{ sqrt(2) }}", "there is no function `sqrt`", "sqrt"),
    ];
    for (string, issue, place) in cases {
        let text = format!(r#"{{"variables":{{"v":{{}}}},"a":"{string}"}}"#);
        assert_eq!(told(&text), [(issue.to_owned(), place.to_owned())], "{string}");
        assert!(shown(&text).contains(string), "{string}");
    }
    assert_eq!(told(r#"{"a":"body { color: red } function() { x }"}"#), []);
}

#[test]
fn nothing_and_containers_inside_a_text_are_assumed() {
    let text = r#"{"variables":{"none":null,"list":[1, "{{none}}"]},"a":"<{{none}}>","b":"<{{list}}>"}"#;
    assert_eq!(shown(text), r#"{"a":"<>","b":"<[1,null]>"}"#);
    let kinds: Vec<_> = assumed(text).into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.contains(&AssumptionKind::NullAsText) && kinds.contains(&AssumptionKind::ContainerAsText));
}

#[test]
fn a_guess_about_the_language_has_its_place_in_the_file() {
    let text = r#"{"variables":{"v":2},"a":"é\t{{ v && v }}"}"#;
    let guess = (AssumptionKind::Language(expr::Guess::Operator("&&")), "&&".to_owned());
    assert_eq!(assumed(text)[0], guess);
}

#[test]
fn a_movie_of_a_template_stays_as_it_is() {
    let text = r#"{"template":"abcdefghij0123456789","variables":{"a":1},"comment":"{{ a }}"}"#;
    assert_eq!(shown(text), text);
    assert!(expanded(text).is_template());
}

/// Where a value of the expanded movie was written and where it is used, as the text at each place.
fn come_from(text: &str, place: &str) -> (String, String) {
    let movie = expanded(text).movie;
    let span = movie.root.at(&place.parse::<Pointer>().unwrap()).unwrap().span;
    let at = |span: Span| text.get(span.start as usize..span.end as usize).unwrap_or("?").to_owned();
    (at(movie.origins.written(span)), at(movie.origins.used(span)))
}

#[test]
fn what_comes_out_stands_where_its_author_wrote_it() {
    let text = r#"{"variables":{"rooms":[{"name":"Hall"},{"name":"Bath"}],"b":"B","a":"{{ b }}","c":"<{{ b }}>","o":{"x":["{{ b }}",7]}},
        "scenes":[{"iterate":"rooms","comment":"{{ name }}","id":"s {{ name }}","a":"{{ a }}","c":"{{ c }}","n":"{{ 1 + 1 }}","o":"{{ o }}","p":"{{ o.x[1] }}"}]}"#;
    let cases = [
        ("/scenes/0/comment", r#""Hall""#, r#""{{ name }}""#),
        ("/scenes/1/comment", r#""Bath""#, r#""{{ name }}""#),
        ("/scenes/1/id", r#""s {{ name }}""#, r#""s {{ name }}""#),
        ("/scenes/0/a", r#""B""#, r#""{{ a }}""#),
        ("/scenes/0/c", r#""<{{ b }}>""#, r#""{{ c }}""#),
        ("/scenes/0/n", r#""{{ 1 + 1 }}""#, r#""{{ 1 + 1 }}""#),
        ("/scenes/0/o/x/0", r#""B""#, r#""{{ o }}""#),
        ("/scenes/0/o/x/1", "7", r#""{{ o }}""#),
        ("/scenes/0/p", "7", r#""{{ o.x[1] }}""#),
    ];
    for (place, written, used) in cases {
        assert_eq!(come_from(text, place), (written.to_owned(), used.to_owned()), "{place}");
    }
}

#[test]
fn of_duplicate_keys_the_last_counts() {
    let text = r#"{"variables":{"a":1},"variables":{"a":2,"a":3},"scenes":[{"x":"{{a}}"}],"scenes":[{"y":"{{a}}","condition":false,"condition":true}]}"#;
    assert_eq!(shown(text), r#"{"scenes":[{"x":3}],"scenes":[{"y":3}]}"#);
}

#[test]
fn many_variables_are_found_as_few_are() {
    let many: Vec<_> = (0..100).map(|number| format!(r#""v{number}":{number}"#)).collect();
    let text = format!(r#"{{"variables":{{{},"v7":"last"}},"a":"{{{{v7}}}} {{{{v99}}}}"}}"#, many.join(","));
    assert_eq!(shown(&text), r#"{"a":"last 99"}"#);
}

#[test]
fn every_limit_leaves_the_movie_as_it_is_and_says_so() {
    let text =
        r#"{"variables":{"l":[1,2,3],"a":["{{b}}"],"b":["{{c}}"],"c":[1]},"scenes":[{"iterate":"l","c":"{{ a }} {{ 1 + 2 + 3 }}"}]}"#;
    let of = |limits: Limits| expand(&document(text), &limits);
    let standard = Limits::default();
    let expression = standard.expression;
    let cases = [
        (Limits { scenes: 2, ..standard }, Limit::Scenes(2)),
        (Limits { nodes: 20, ..standard }, Limit::Nodes(20)),
        (Limits { nesting: 2, ..standard }, Limit::Nesting(2)),
        (Limits { expression: expr::ExprLimits { steps: 4, ..expression }, ..standard }, Limit::Steps(4)),
        (Limits { expression: expr::ExprLimits { bytes: 30, ..expression }, ..standard }, Limit::Bytes(30)),
    ];
    for (limits, limit) in cases {
        let expansion = of(limits);
        assert_eq!(expansion.limit().map(|(limit, _)| limit), Some(limit));
        assert_eq!(expansion.movie.to_compact(), text);
        assert_eq!(expansion.scenes.len(), 1);
    }
    assert_eq!(of(standard).limit(), None);
    let told = of(Limits { references: 0, ..standard }).issues.into_iter().map(|issue| issue.kind);
    assert!(told.into_iter().any(|kind| kind == ExpandIssueKind::Expression(expr::FaultKind::Limit(Limit::References(0)))));
}
