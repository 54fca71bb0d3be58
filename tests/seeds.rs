//! Replays the initial inputs and the findings of the fuzz targets: see `fuzz/`.
#![expect(clippy::unwrap_used, reason = "a test that can't read its own seeds has failed")]

use std::fs;
use std::path::Path;

#[path = "../fuzz/properties.rs"]
mod properties;

/// Runs every seed of a target through its property.
fn replay(target: &str, property: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut seeds: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    seeds.sort();
    assert!(!seeds.is_empty(), "no seeds in {}", folder.display());
    for seed in seeds {
        property(&fs::read(seed).unwrap());
    }
}

#[test]
fn every_seed_of_a_movie_holds() {
    replay("movie", properties::movie);
}

#[test]
fn every_seed_of_an_expression_holds() {
    replay("expression", properties::expression);
}

#[test]
fn every_seed_of_an_answer_holds() {
    replay("answer", properties::answer);
}

#[test]
fn every_seed_of_a_webhook_holds() {
    replay("webhook", properties::webhook);
}

#[test]
fn every_seed_of_a_table_holds() {
    replay("rows", properties::rows);
}

#[test]
fn every_seed_of_a_table_with_a_movie_holds() {
    replay("batch", properties::batch);
}
