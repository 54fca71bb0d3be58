//! Workers killed at random, and the database twice: every key is paid for once, and none is lost.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::cluster::{Cluster, Disk};
use crate::support::{Run, World};

/// The number of keys to submit.
const KEYS: usize = 60;

/// The number of machines; each submits every key.
const WORKERS: usize = 4;

#[test]
fn four_workers_and_the_database_are_killed_and_every_key_is_paid_once() {
    let Some(cluster) = Cluster::start(Disk::Honest, &[]) else { return };
    // Spread over the first half, so that none is left for the last round.
    let world = World::with_faults(&["post-reset%20*3", "post-status=502%20*3", "post-close-before%20*3"]);
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    world.movie("a.json", &json!({}));
    world.j2v_with(&[("J2V_LEDGER", &url)], "reconcile --fix").exits(0);
    let cluster = Mutex::new(cluster);
    let (kills, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|threads| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|worker| {
                let (world, url, kills) = (&world, &url, &kills);
                threads.spawn(move || (0..KEYS).for_each(|nth| work(world, url, worker, nth, kills)))
            })
            .collect();
        threads.spawn(|| {
            for _ in 0..2 {
                let before = kills.load(Ordering::SeqCst);
                while kills.load(Ordering::SeqCst) < before + 3 && !is_over.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(5));
                }
                let mut cluster = cluster.lock().unwrap();
                cluster.kill();
                cluster.up();
            }
        });
        for worker in workers {
            worker.join().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let cluster = cluster.into_inner().unwrap();
    // A killed process held a lease; once the lease is over, the lost submission is searched for.
    for nth in 0..KEYS {
        settle(&world, &cluster, &url, &name, nth);
    }
    let counts = "SELECT count(*), count(project), count(DISTINCT project) FROM j2v.render";
    assert_eq!(cluster.psql(&name, counts), format!("{KEYS}|{KEYS}|{KEYS}"));
    assert_eq!(world.accepted(), KEYS);
    assert!(kills.load(Ordering::SeqCst) >= 6);
}

/// One worker submits one key; every seventh run is killed in the middle.
fn work(world: &World, url: &str, worker: usize, nth: usize, kills: &AtomicUsize) {
    let nth = (nth + worker * KEYS / WORKERS) % KEYS;
    let line = format!("submit a.json --key key-{nth} --settle-for 300ms");
    let mut command = world.command(&line.split_whitespace().collect::<Vec<_>>());
    let mut child = command.env("J2V_LEDGER", url).spawn().unwrap();
    if (nth * 5 + worker).is_multiple_of(7) {
        thread::sleep(Duration::from_millis(u64::try_from(nth * 13 % 60).unwrap()));
        child.kill().unwrap();
        child.wait().unwrap();
        kills.fetch_add(1, Ordering::SeqCst);
    } else {
        // The last round settles it, whatever its result.
        drop(Run::of(child));
    }
}

fn settle(world: &World, cluster: &Cluster, url: &str, name: &str, nth: usize) {
    let line = format!("submit a.json --key key-{nth} --settle-for 2s");
    let run = world.j2v_with(&[("J2V_LEDGER", url)], &line);
    if run.code != 8 {
        run.exits(0);
        return;
    }
    let state = cluster.psql(name, &format!("SELECT state FROM j2v.render WHERE key = 'key-{nth}'"));
    match state.as_str() {
        // The process that was sending it was killed a moment ago: its lease has to end first.
        "sending" => settle(world, cluster, url, name, nth),
        // Claimed, and killed before the first byte: it is not on the server, and the user decides.
        "unknown" => drop(world.j2v_with(&[("J2V_LEDGER", url)], &format!("settle key-{nth} --resubmit")).exits(0)),
        other => panic!("key-{nth} is {other}: {}", run.stderr),
    }
}
