//! The printed schema against the rules: both find the same errors of shape.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use j2v::movie::Document;
use j2v::movie::check::rules::{Example, Rule};
use j2v::movie::check::{Settings, check};
use j2v::movie::diagnostic::{Diagnostic, Severity};
use j2v::movie::json::Node;
use j2v::movie::schema::{NAMES, RULES, schema};
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::Value;

use crate::sample::{Rng, Sampler};
use crate::support::{movies, parse};

static SCHEMA: LazyLock<Value> = LazyLock::new(schema);
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| jsonschema::draft202012::new(&SCHEMA).unwrap());

/// The errors of shape, and the wrong names, that the rules find.
fn shape_errors(document: &Document) -> Vec<Diagnostic> {
    let mut found = check(document, &Settings::default());
    let is_of_shape = |finding: &Diagnostic| finding.severity == Severity::Error && RULES.contains(&finding.code);
    found.retain(|finding| is_of_shape(finding) || NAMES.contains(&finding.code));
    found
}

#[test]
fn the_schema_is_one() {
    assert_eq!(jsonschema::draft202012::meta::validate(&SCHEMA).map_err(|error| error.to_string()), Ok(()));
}

#[test]
fn every_rule_that_the_schema_says_too_is_an_error_of_the_catalogue() {
    for code in RULES {
        assert!(Rule::find(code).is_some_and(|rule| rule.severity == Severity::Error), "{code}");
    }
}

#[test]
fn the_schema_and_the_rules_agree_about_every_movie_that_people_have_written() {
    for (name, text) in movies() {
        let document = parse(&text);
        assert_eq!(VALIDATOR.is_valid(&document.root.to_serde()), shape_errors(&document).is_empty(), "{name}");
    }
}

#[test]
fn the_schema_refuses_the_wrong_example_of_each_rule_of_shape_and_takes_every_right_one() {
    for rule in Rule::all().filter(|rule| !matches!(rule.example, Example::Expanded | Example::Told) && rule.code != "J2V002") {
        let wrong = parse(&rule.example.movie(rule.wrong)).root.to_serde();
        let right = parse(&rule.example.movie(rule.right)).root.to_serde();
        let is_of_shape = RULES.contains(&rule.code) || NAMES.contains(&rule.code);
        assert_eq!(VALIDATOR.is_valid(&wrong), !is_of_shape, "{}: {wrong}", rule.code);
        assert!(VALIDATOR.is_valid(&right), "{}: {right}", rule.code);
    }
}

#[test]
fn a_movie_may_name_its_schema() {
    assert!(VALIDATOR.is_valid(&serde_json::json!({"$schema": "movie.schema.json", "scenes": []})));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn what_is_made_from_the_schema_has_no_error_of_shape(seed: u64) {
        let made = Sampler { schema: &SCHEMA, dice: Rng(seed), wild: 0 }.document();
        prop_assert!(VALIDATOR.is_valid(&made), "{made}");
        let found = shape_errors(&Document::made(Node::from_serde(&made)));
        prop_assert!(found.is_empty(), "{found:?} in {made}");
    }

    #[test]
    fn whatever_the_rules_call_an_error_of_shape_the_schema_refuses_and_only_that(seed: u64, wild in 4usize..120) {
        let made = Sampler { schema: &SCHEMA, dice: Rng(seed), wild }.document();
        let found = shape_errors(&Document::made(Node::from_serde(&made)));
        prop_assert_eq!(VALIDATOR.is_valid(&made), found.is_empty(), "{:?} in {}", found, made);
    }
}

#[test]
fn the_dice_reach_every_rule_of_shape_and_both_outcomes() {
    let mut reached = BTreeSet::new();
    let mut valid = 0;
    for seed in 0..8000 {
        let made = Sampler { schema: &SCHEMA, dice: Rng(seed), wild: [6, 40][usize::from(seed % 2 == 0)] }.document();
        let found = shape_errors(&Document::made(Node::from_serde(&made)));
        valid += usize::from(found.is_empty());
        reached.extend(found.iter().map(|finding| finding.code));
    }
    assert!((100..7900).contains(&valid), "{valid} of 8000 are valid");
    let missed: Vec<_> = RULES.iter().filter(|code| !reached.contains(*code)).collect();
    assert_eq!(missed, [&"J2V002", &"J2V010", &"J2V012"], "roots that the dice do not make");
}
