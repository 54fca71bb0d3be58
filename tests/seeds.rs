//! Replays the initial inputs and the findings of the fuzz targets (see `fuzz/`), and runs the targets on edited seeds.
#![expect(clippy::unwrap_used, reason = "a test that can't read its own seeds has failed")]

use std::fs;
use std::path::Path;

#[path = "kill/dice.rs"]
mod dice;
#[path = "../fuzz/properties.rs"]
mod properties;

use crate::dice::Dice;

/// What holds of any bytes.
type Property = fn(&[u8]);

/// Runs every seed of a target through its property.
fn replay(target: &str, property: Property) {
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

#[test]
fn every_seed_of_an_address_holds() {
    replay("address", properties::address);
}

/// The targets, in the order of how much they cover.
const TARGETS: [(&str, Property); 7] = [
    ("batch", properties::batch),
    ("address", properties::address),
    ("movie", properties::movie),
    ("expression", properties::expression),
    ("answer", properties::answer),
    ("webhook", properties::webhook),
    ("rows", properties::rows),
];

/// Edits bytes as a fuzzer does: bits, bytes that mean something, pieces of another seed, repetitions.
fn edited(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = dice.pick(seeds).clone();
    for _ in 0..=dice.below(8) {
        let length = bytes.len() as u64;
        let at = usize::try_from(dice.below(length + 1)).unwrap();
        let end = bytes.len().min(at + usize::try_from(dice.below(16)).unwrap());
        match dice.below(6) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 => bytes.insert(at, *dice.pick(b"\"'{}[],:;@=/\\\n\r\t\0 -0.eE%&#\xff\xc3\xef")),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.splice(at..at, bytes[at..end].repeat(usize::try_from(dice.below(200)).unwrap())).for_each(drop),
            4 => {
                let other = dice.pick(seeds);
                let from = usize::try_from(dice.below(other.len() as u64 + 1)).unwrap();
                bytes.splice(at..end, other[from..].iter().copied()).for_each(drop);
            }
            _ => bytes.truncate(at.max(1)),
        }
    }
    bytes
}

/// Runs a target on edited seeds. What breaks it is kept for people, and named by the throw that makes it again.
fn fuzz(target: &str, property: Property, runs: u64, seed: u64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(target);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let seeds: Vec<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    for nth in 0..runs {
        let bytes = edited(&seeds, &mut Dice::of(seed, nth));
        if std::panic::catch_unwind(|| property(&bytes)).is_err() {
            let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{seed}-{nth}"));
            fs::write(&kept, &bytes).unwrap();
            panic!("{target}: throw {nth} of seed {seed} breaks it: {}", kept.display());
        }
    }
}

#[test]
fn what_is_made_of_the_seeds_holds_too() {
    for (target, property) in TARGETS {
        fuzz(target, property, 3000, 1);
    }
}

/// The long form: `J2V_FUZZ_TARGET=batch J2V_FUZZ_RUNS=100000 J2V_FUZZ_SEED=7 cargo test --test seeds -- --ignored`.
#[expect(clippy::disallowed_methods, reason = "a person says how long")]
#[test]
#[ignore = "as long as a person wants"]
fn what_is_made_of_the_seeds_holds_for_long() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let only = std::env::var("J2V_FUZZ_TARGET").ok();
    for (target, property) in TARGETS.into_iter().filter(|(target, _)| only.as_deref().is_none_or(|only| only == *target)) {
        fuzz(target, property, number("J2V_FUZZ_RUNS", 20_000), number("J2V_FUZZ_SEED", 7));
    }
}
