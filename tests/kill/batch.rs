//! A whole batch in the kill loop: a thousand rows, faults of every kind, and a run that is killed repeatedly.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use crate::dice::Dice;
use crate::flats::{is_through, videos, world};
use crate::oracle::{is_sound, paid};

/// How often the batch is killed.
const KILLS: usize = 30;

/// One more run after the kills is allowed per this many rows: an answer that stays lost takes a decision and a run, and
/// is lost again one time in ten.
const ROWS_A_RUN: usize = 25;

/// The faults; each affects one request in twenty. None outlasts the patience of the command below.
const FAULTS: [&str; 19] = [
    "post-reset%5",
    "post-close%5",
    "post-truncate=30%5",
    "post-status=502%5",
    "post-html%5",
    "post-empty%5",
    "post-reset-before%5",
    "post-status-before=502%5",
    "post-429=0%5",
    "post-slow=50ms%5",
    "get-status=503%5",
    "get-reset%5",
    "list-status=503%5",
    "list-reset%5",
    "list-shuffle%5",
    "list-duplicate%5",
    "file-truncate=300%5",
    "file-reset=500%5",
    "get-backwards%5",
];

/// The command, with a patience that fits faults of milliseconds.
const COMMAND: &str = "batch flat.json --rows flats.jsonl --key id --download out/ --results results.csv --json --concurrency 16 \
     --settle-for 200ms --on-unknown resubmit --quarantine 3s --timeout 60s --request-timeout 5s";

fn kill_a_batch(seed: u64, rows: usize) {
    let world = world(seed, rows, &FAULTS);
    let mut dice = Dice::of(seed, 0);
    for _ in 0..KILLS {
        let mut child = world.start(COMMAND);
        thread::sleep(Duration::from_millis(40 + dice.below(600)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let told = format!("seed {seed}");
    let runs = rows / ROWS_A_RUN;
    assert!((0..runs).any(|_| is_through(COMMAND, |line| world.j2v(line))), "{told}: rows are left after {runs} runs");
    let paid = paid(&world);
    let twice: Vec<_> = paid.iter().filter(|(_, projects)| projects.len() > 1).collect();
    assert!(twice.is_empty(), "{told}: paid for twice: {twice:?}");
    assert_eq!(paid.len(), rows, "{told}");
    assert_eq!(videos(&world), rows, "{told}");
    let mut results = csv::Reader::from_path(world.path("results.csv")).unwrap();
    let records: Vec<csv::StringRecord> = results.records().map(Result::unwrap).collect();
    let keys: BTreeSet<&str> = records.iter().map(|record| &record[1]).collect();
    assert_eq!((records.len(), keys.len()), (rows, rows), "{told}: the results are not complete");
    assert!(records.iter().all(|record| &record[3] == "done" && !record[5].is_empty()), "{told}");
    is_sound(&world, &told);
}

#[test]
fn a_batch_that_is_killed_thirty_times_pays_for_each_row_once() {
    kill_a_batch(20_261_125, 300);
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_rows_killed_thirty_times_are_a_thousand_videos() {
    kill_a_batch(1, 1000);
}
