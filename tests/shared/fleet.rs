//! One batch on several machines, with faults of the service, and with kills of the machines and of the database.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::{Cluster, Disk};
use crate::dice::Dice;
use crate::flats::{is_through, videos, world};
use crate::support::{Run, World};

/// Machines that work on the batch; each works on the whole batch.
const WORKERS: u64 = 4;

/// How often each machine is killed.
const KILLS: usize = 5;

/// One more run after the kills is allowed per this many rows: each answer that stays lost takes a run.
const ROWS_A_RUN: usize = 25;

/// The runs that may be needed before the leases of the killed processes end, after 10 s.
const WAITING: usize = 60;

const FAULTS: [&str; 10] = [
    "post-reset%5",
    "post-status=502%5",
    "post-reset-before%5",
    "post-status-before=502%5",
    "post-429=0%5",
    "get-status=503%5",
    "list-status=503%5",
    "list-shuffle%5",
    "file-truncate=300%5",
    "get-backwards%5",
];

/// The command, with a patience that fits faults of milliseconds. Many lost answers open the circuit for that long.
const COMMAND: &str = "batch flat.json --rows flats.jsonl --key id --download out/ --results results.csv --json --concurrency 16 \
     --settle-for 200ms --on-unknown resubmit --quarantine 3s --timeout 120s --request-timeout 5s";

#[test]
fn four_machines_on_one_batch_pay_for_each_row_once() {
    work(20_261_125, 120);
}

#[test]
#[ignore = "takes minutes"]
fn four_machines_on_a_batch_of_two_thousand_rows_pay_for_each_once() {
    work(1, 2000);
}

fn work(seed: u64, rows: usize) {
    let Some(cluster) = Cluster::start(Disk::Honest, &[]) else { return };
    let (world, url) = (world(seed, rows, &FAULTS), cluster.database());
    let cluster = Mutex::new(cluster);
    thread::scope(|threads| {
        for worker in 0..WORKERS {
            let (world, url) = (&world, &url);
            threads.spawn(move || killed_again_and_again(world, url, Dice::of(seed, worker)));
        }
        threads.spawn(|| {
            let mut dice = Dice::of(seed, WORKERS);
            for _ in 0..2 {
                thread::sleep(Duration::from_millis(500 + dice.below(2000)));
                let mut cluster = cluster.lock().unwrap();
                cluster.kill();
                cluster.up();
            }
        });
    });
    let told = format!("seed {seed}");
    let runs = rows / ROWS_A_RUN + WAITING;
    assert!(
        (0..runs).any(|_| is_through(COMMAND, |line| world.j2v_with(&[("J2V_LEDGER", &url)], line))),
        "{told}: rows are left after {runs} runs"
    );
    let paid = paid(&world);
    let twice: Vec<_> = paid.iter().filter(|(_, projects)| projects.len() > 1).collect();
    assert!(twice.is_empty(), "{told}: paid for twice: {twice:?}");
    assert_eq!((paid.len(), world.accepted()), (rows, rows), "{told}");
    let counts = "SELECT count(*), count(DISTINCT project), count(DISTINCT owner) > 4 FROM j2v.render WHERE state = 'done'";
    let name = url.rsplit('/').next().unwrap();
    assert_eq!(cluster.into_inner().unwrap().psql(name, counts), format!("{rows}|{rows}|t"), "{told}");
    assert_eq!(videos(&world), rows, "{told}");
}

/// The runs of one machine: it has its own results, but shares the ledger and the folder of the videos. It is killed some
/// time after it has sent a movie, so that a slow machine, too, is killed at work and not before.
fn killed_again_and_again(world: &World, url: &str, mut dice: Dice) {
    for _ in 0..KILLS {
        let mut command = world.command(&COMMAND.replace("--results results.csv ", "").split_whitespace().collect::<Vec<_>>());
        let sent_before = world.posts();
        let mut child = command.env("J2V_LEDGER", url).spawn().unwrap();
        let patience = Instant::now() + Duration::from_secs(10);
        while world.posts() == sent_before && child.try_wait().unwrap().is_none() && Instant::now() < patience {
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(Duration::from_millis(dice.below(900)));
        child.kill().unwrap();
        drop(Run::of(child));
    }
}

/// The accepted projects of each row's token: the renders that were paid for.
fn paid(world: &World) -> BTreeMap<String, Vec<String>> {
    let mut paid: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for entry in world.oracle()["accepted"].as_array().unwrap() {
        paid.entry(text(&entry["token"])).or_default().push(text(&entry["project"]));
    }
    paid
}
