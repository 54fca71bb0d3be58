//! Movies that users have written: a movie that the service renders is never stopped, and no input makes the check panic.

use std::collections::BTreeMap;

use j2v::movie::Document;
use j2v::movie::check::{Resolved, Settings, check};
use j2v::movie::diagnostic::Severity;
use proptest::prelude::*;

use crate::support::{movies, parse};

/// The movies of the corpus that are really broken, and why.
const BROKEN: &[(&str, &str, &str)] = &[
    ("008-json2vid-testing.json", "J2V064", "the log of live calls shows how this very movie fails: a video without `src`"),
    ("078-kickin6-optimizations.json", "J2V065", "its images are file names: the service can fetch none"),
    ("079-kickin6-optimizations.json", "J2V065", "its images are file names"),
    ("083-kickin6-optimizations.json", "J2V064", "an audio without `src`"),
    ("084-kickin6-optimizations.json", "J2V065", "its video is a file name"),
    ("085-kickin6-optimizations.json", "J2V065", "its video is a file name"),
    ("086-kickin6-optimizations.json", "J2V040 J2V065", "one image, a file name, in a scene without a duration"),
    ("087-kickin6-optimizations.json", "J2V040 J2V065", "one image, a file name, in a scene without a duration"),
];

#[test]
fn no_movie_that_the_service_renders_is_stopped() {
    let mut stopped = BTreeMap::new();
    let movies = movies();
    for (name, text) in &movies {
        let document = parse(text);
        let facts = Resolved::of(&document).facts;
        let found = check(&document, &Settings { facts: Some(&facts), ..Settings::default() });
        let mut codes: Vec<_> = found.iter().filter(|finding| finding.stops()).map(|finding| finding.code).collect();
        codes.sort_unstable();
        codes.dedup();
        if !codes.is_empty() {
            stopped.insert(name.as_str(), codes.join(" "));
        }
    }
    if movies.len() == 1 {
        println!("skipped but for the project's own: ../shared/corpus/movies is not here");
    }
    let is_here = |name: &str| movies.iter().any(|(movie, _)| movie == name);
    let broken = BROKEN.iter().filter(|(name, ..)| is_here(name)).map(|(name, codes, _)| (*name, (*codes).to_owned())).collect();
    assert_eq!(stopped, broken);
}

#[test]
fn the_listing_checks_without_an_error_with_its_settings_as_the_reference_writes_them_too() {
    let (_, listing) = movies().into_iter().find(|(name, _)| name == "listing.json").unwrap();
    let objects = r#"{ "headline": { "text": "FOR SALE" }, "body": { "text": "{{address}}" } }"#;
    let nested = listing.replace(r#"{ "headline": "FOR SALE", "subline": "{{address}}" }"#, objects);
    assert_ne!(nested, listing);
    for movie in [listing, nested] {
        let document = parse(&movie);
        let facts = Resolved::of(&document).facts;
        let found = check(&document, &Settings { facts: Some(&facts), ..Settings::default() });
        assert!(found.iter().all(|finding| finding.severity != Severity::Error), "{found:?}");
    }
}

#[test]
fn findings_stand_in_the_order_of_their_places() {
    for (name, text) in movies() {
        let found = check(&parse(&text), &Settings::default());
        assert!(found.is_sorted_by_key(|finding| (finding.span.source, finding.span.start)), "{name}");
    }
}

/// A movie with inserted pieces of other movies, of JSON and of nonsense.
fn mutated(text: &str, cuts: &[(prop::sample::Index, prop::sample::Index, usize)]) -> String {
    const PIECES: [&str; 16] = [
        "null",
        "-1",
        "0",
        "1e999",
        "\"\"",
        "\"{{\"",
        "\"}}\"",
        "[]",
        "{}",
        "true",
        "\"é\\ud800\"",
        "[[{}]]",
        "\"https://\"",
        "\"__\"",
        "{\"type\": 5}",
        "99999999999999999999",
    ];
    let mut text = text.to_owned();
    for (from, length, piece) in cuts {
        let values: Vec<usize> = text.match_indices(": ").map(|(at, _)| at + 2).collect();
        if values.is_empty() {
            return text;
        }
        let start = values[from.index(values.len())];
        let end = text[start..].find([',', '\n', '}', ']']).map_or(text.len(), |end| start + end);
        let _ = length;
        text.replace_range(start..end, PIECES[piece % PIECES.len()]);
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn no_movie_makes_the_check_fall_over(movie: prop::sample::Index, cuts: Vec<(prop::sample::Index, prop::sample::Index, usize)>, loopback: bool) {
        let movies = movies();
        let text = mutated(&movies[movie.index(movies.len())].1, &cuts);
        if let Ok(document) = Document::parse("m.json", text) {
            let facts = Resolved::of(&document).facts;
            let found = check(&document, &Settings { loopback, as_template: true, facts: Some(&facts), ..Settings::default() });
            for finding in found {
                prop_assert!(!finding.message.is_empty());
                prop_assert!(!finding.span.is_some() || document.place(finding.span).is_some());
            }
        }
    }
}
