use proptest::prelude::*;

use super::*;
use crate::movie::json::{self, Node};

const VARIABLES: &str = r#"{
    "n": 3, "price": 1.50, "big": 12345678901234567890123, "text": "5", "name": "Oak", "empty": "", "yes": true, "none": null,
    "room": {"image": "a.jpg", "size": {"w": 4}}, "rooms": [{"name": "Hall"}, {"name": "Bath"}], "key": "image"
}"#;

fn variables() -> Node {
    json::parse(VARIABLES, 0).unwrap().root
}

/// The value as text, or the fault with its place; then the guesses.
fn told(text: &str, limits: ExprLimits) -> (String, Vec<Guess>) {
    let variables = variables();
    let mut scope = Variables::new(&variables, limits);
    let parsed = match parse(text, &limits) {
        Ok(parsed) => parsed,
        Err(fault) => return (format!("{}-{}: {fault}", fault.range.start, fault.range.end), Vec::new()),
    };
    let value = match evaluate(&parsed.root, &mut scope) {
        Ok(value) => value.to_text().into_owned(),
        Err(fault) => format!("{}-{}: {fault}", fault.range.start, fault.range.end),
    };
    (value, parsed.guesses.iter().chain(scope.guesses()).map(|(_, guess)| *guess).collect())
}

fn value(text: &str) -> String {
    told(text, ExprLimits::default()).0
}

fn check(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(&value(text), expected, "{text}");
    }
}

#[test]
fn a_name_or_a_path_is_the_value_as_it_is_spelled() {
    check(&[
        (" price ", "1.50"),
        ("big", "12345678901234567890123"),
        ("-price", "-1.50"),
        ("room.image", "a.jpg"),
        ("room.size.w", "4"),
        ("room . size", r#"{"w":4}"#),
        ("none", ""),
    ]);
}

#[test]
fn numbers_are_calculated_by_rank_from_left_to_right() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("8 / 4 / 2", "1"),
        ("-n + 1", "-2"),
        ("- -2", "2"),
        ("0.1 + 0.2", "0.3"),
        ("1e3 + 0.5", "1000.5"),
        ("price * 2", "3"),
        ("1 / 3 * 3", "1"),
    ]);
}

#[test]
fn comparisons_and_logic_make_booleans() {
    check(&[
        ("n == 3", "true"),
        ("price == 1.5", "true"),
        ("name != 'Oak'", "false"),
        ("n > 2 and n <= 3", "true"),
        ("n < 2 or n >= 3", "true"),
        ("n > 5 and missing", "false"),
        ("n == 3 or missing", "true"),
        ("1 + 1 == 2", "true"),
        ("yes == true", "true"),
    ]);
}

#[test]
fn a_choice_takes_one_side_and_never_looks_at_the_other() {
    check(&[("n > 2 ? 'many' : missing", "many"), ("n > 5 ? missing : n > 2 ? 'some' : 'few'", "some"), ("yes ? (yes ? 1 : 2) : 3", "1")]);
}

#[test]
fn texts_stand_in_both_quotes_and_are_joined() {
    check(&[(r#"'a' + "b" + name"#, "abOak"), (r#"'say "hi"'"#, r#"say "hi""#), (r"'it\'s'", "it's"), ("'}}'", "}}")]);
}

#[test]
fn the_functions_are_those_of_the_sources_and_a_few_more() {
    check(&[
        ("min(4, n, 5)", "3"),
        ("max(4, n)", "4"),
        ("ceil(price)", "2"),
        ("floor(price)", "1"),
        ("round(2.5)", "3"),
        ("abs(-2)", "2"),
        ("min()", "0-5: `min` takes one number or more, not 0"),
        ("ceil(1, 2)", "0-10: `ceil` takes one number, not 2"),
        ("2 + sqrt(4)", "4-8: there is no function `sqrt`"),
        ("max(1, room)", "7-11: `max` can't take an object"),
    ]);
}

#[test]
fn what_the_sources_leave_open_is_marked_as_a_guess() {
    let cases: &[(&str, &str, &[Guess])] = &[
        ("yes && n", "true", &[Guess::Operator("&&"), Guess::Truth]),
        ("empty || none", "false", &[Guess::Operator("||"), Guess::Truth, Guess::Truth]),
        ("!yes", "false", &[Guess::Operator("!")]),
        ("7 % 4", "3", &[Guess::Operator("%")]),
        ("floor(1.5)", "1", &[Guess::Function("floor")]),
        ("yes == false", "false", &[Guess::Word("false")]),
        ("none == null", "true", &[Guess::Word("null")]),
        ("rooms[1].name", "Bath", &[Guess::Index]),
        ("rooms.0.name", "Hall", &[Guess::Index]),
        ("room[key]", "a.jpg", &[Guess::Index]),
        (r"'a\\b'", r"a\b", &[Guess::Escape]),
        ("text * 2", "10", &[Guess::TextAsNumber]),
        ("'room ' + n", "room 3", &[Guess::JoinedWithText]),
        ("text == 5", "true", &[Guess::ComparedAcrossKinds]),
        ("name == 5", "false", &[Guess::ComparedAcrossKinds]),
        ("name < 'Pine'", "true", &[Guess::OrderedTexts]),
        ("n ? 'a' : 'b'", "a", &[Guess::Truth]),
        ("min(n, 4) > 2 and name == 'Oak' ? 'a' + 'b' : \"c\"", "ab", &[]),
    ];
    for (text, expected, guesses) in cases {
        let (value, told) = told(text, ExprLimits::default());
        assert_eq!((value.as_str(), told.as_slice()), (*expected, *guesses), "{text}");
    }
}

#[test]
fn every_guess_says_what_it_is() {
    let guesses = [Guess::Operator("&&"), Guess::Function("floor"), Guess::Word("null"), Guess::Index, Guess::Escape, Guess::TextAsNumber];
    let more = [Guess::JoinedWithText, Guess::ComparedAcrossKinds, Guess::OrderedTexts, Guess::Truth];
    assert!(guesses.iter().chain(&more).all(|guess| guess.to_string().contains("documented")));
}

#[test]
fn what_has_no_value_says_why_and_where() {
    check(&[
        ("1 + address", "4-11: the variable `address` is defined nowhere"),
        ("room.price", "4-10: `room` is an object without `price`"),
        ("room.size.h", "9-11: `room.size` is an object without `h`"),
        ("name.first", "4-10: `name` is a text without `first`"),
        ("rooms[7]", "5-8: `rooms` is an array without `7`"),
        ("name * 2", "0-8: `*` can't take a text"),
        ("yes + 1", "0-7: `+` can't take a boolean"),
        ("'a' + room", "0-10: `+` can't take an object"),
        ("room > 2", "0-8: `>` can't take an object"),
        ("n / (n - 3)", "0-11: a division by zero"),
        ("1e308 * 10", "0-10: the result is too large for a number"),
    ]);
}

#[test]
fn what_is_no_expression_says_what_was_expected() {
    check(&[
        ("", "0-0: nothing stands between `{{` and `}}`"),
        ("  ", "0-2: nothing stands between `{{` and `}}`"),
        ("1 +", "3-3: expected a value, found the end of the expression"),
        ("a b", "2-3: expected an operator or the end, found `b`"),
        ("(1", "2-2: expected `)`, found the end of the expression"),
        ("a ? b", "5-5: expected `:` and what holds otherwise, found the end of the expression"),
        ("min(1", "5-5: expected `,` or `)`, found the end of the expression"),
        ("a.", "2-2: expected a field's name after `.`, found the end of the expression"),
        ("007", "0-3: expected a number without a zero in front, found `007`"),
        ("or", "0-2: expected a value, found `or`"),
        ("'a", "0-2: expected a part of an expression, found a ' that is never closed"),
    ]);
}

#[test]
fn the_likely_reason_is_named() {
    let cases = [
        (" /* image0Url */", "a comment is a placeholder"),
        ("$json.width", "an n8n placeholder"),
        ("5.json", "a Make placeholder"),
        ("#if yes", "Handlebars"),
        ("name | upper", "a filter"),
        ("n = 3", "`==` compares"),
        ("n === 3", "`==` compares"),
        ("a & b", "write `and`"),
        ("n &gt; 2", "escaped as HTML"),
        ("\u{2018}a\u{2019}", "typographic quotes"),
        ("`a`", "single or double quotes"),
    ];
    for (text, reason) in cases {
        let fault = parse(text, &ExprLimits::default()).unwrap_err();
        let likely = fault.kind.likely().unwrap_or_else(|| panic!("{text}: {fault}"));
        assert!(likely.contains(reason), "{text}: {likely}");
    }
    assert!(matches!(parse(" /* a */ ", &ExprLimits::default()).unwrap_err().kind, FaultKind::Empty { .. }));
}

#[test]
fn nesting_beyond_the_limit_is_a_fault_and_no_crash() {
    for text in [
        "(".repeat(10_000) + "1",
        "-".repeat(10_000) + "1",
        "!".repeat(10_000),
        "1?".repeat(10_000),
        "a[".repeat(10_000),
        "min(".repeat(10_000),
    ] {
        assert!(value(&text).contains("deeper than 64 levels"), "{}", &text[..8]);
    }
    assert_eq!(value(&format!("{}1{}", "(".repeat(60), ")".repeat(60))), "1");
}

#[test]
fn a_long_chain_is_flat_and_costs_steps() {
    assert_eq!(value(&vec!["1"; 10_000].join(" + ")), "10000");
    let few = ExprLimits { steps: 100, ..ExprLimits::default() };
    assert!(told(&vec!["1"; 200].join(" + "), few).0.ends_with("more than 100 steps would be needed"));
    assert!(value(&"a.b".repeat(5_000)).contains("defined nowhere"));
}

#[test]
fn a_text_beyond_the_limit_is_a_fault() {
    let few = ExprLimits { bytes: 10, ..ExprLimits::default() };
    assert!(told("'abcdef' + 'abcdef' + 'abcdef'", few).0.ends_with("more than 10 bytes of text would come out"));
}

#[test]
fn an_expression_names_all_that_it_might_need() {
    let parsed = parse("a.b > 2 ? min(c, d[e]) : -f + !g", &ExprLimits::default()).unwrap();
    assert_eq!(parsed.root.names(), ["a", "c", "d", "e", "f", "g"]);
    assert_eq!(parse("room.image", &ExprLimits::default()).unwrap().root.as_path().map(|path| path.name), Some("room"));
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_a_fault_inside_it(text: String) {
        if let Err(fault) = parse(&text, &ExprLimits::default()) {
            prop_assert!(fault.range.start <= fault.range.end && fault.range.end <= text.len());
            prop_assert!(text.is_char_boundary(fault.range.start) && text.is_char_boundary(fault.range.end));
        }
    }

    #[test]
    fn what_looks_like_an_expression_has_a_value_or_a_fault(
        pieces in proptest::collection::vec(
            prop::sample::select(vec![
                "n", "room", ".image", "rooms", "[", "]", "(", ")", "1", "2.5", "'a'", "\"b\"", " + ", " - ", "*", "/", "%", "==", "!=",
                "<", ">=", " and ", " or ", "&&", "!", "?", ":", "min(", "ceil(", ",", "true", "null", "é", "text", "empty",
            ]),
            0..24,
        )
    ) {
        let text = pieces.concat();
        let _ = value(&text);
    }

    #[test]
    fn sums_and_products_are_those_of_arithmetic(a in -1000i32..1000, b in -1000i32..1000, c in 1i32..1000) {
        prop_assert_eq!(value(&format!("{a} + {b} * {c}")), (a + b * c).to_string());
        prop_assert_eq!(value(&format!("({a} - {b}) * {c} / {c}")), (a - b).to_string());
    }
}
