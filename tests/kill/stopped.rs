//! Row 80: two processes on one ledger, one of them stopped in the middle of its submission, for longer than its request
//! may take, and continued. The stopped process keeps its render: no other process takes it over or sends it again.

use std::fs;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::life::{End, Life, can_trace, traced_by};
use crate::moment::Moment;
use crate::oracle::{is_sound, paid};
use crate::support::World;

/// The moments at which a claim is held: before the first byte, before the reply, before T2.
const MOMENTS: [(Option<&str>, &str, u64); 3] = [(None, "writev,sendto", 1), (None, "recvfrom", 1), (Some("k.err"), "write", 4)];

/// How long a request may take; the process is stopped for longer.
const LIMIT: &str = "--request-timeout 300ms";

#[test]
fn row_80_whoever_is_stopped_with_a_claim_keeps_it_and_nobody_sends_it_twice() {
    if !can_trace() {
        return;
    }
    thread::scope(|scope| {
        for (file, calls, nth) in MOMENTS {
            scope.spawn(move || is_kept(&Moment::of_calls(file, calls, nth)));
        }
    });
}

#[track_caller]
fn is_kept(moment: &Moment) {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let (owner, rival) = (Life { world: &world, key: "k" }, Life { world: &world, key: "rival" });
    let mut tracer = owner.begin_with(&format!("submit a.json --key k --settle-for 5s {LIMIT}"), moment, "signal=SIGSTOP");
    let stopped = until_stopped(tracer.id());
    let End::Exited { code, stderr } = rival.run(&format!("submit a.json --key k --settle-for 400ms {LIMIT}"), None) else {
        panic!("{moment:?}: the rival was killed")
    };
    assert!(code == 8 && stderr.contains("another process is sending it"), "{moment:?}: {code} {stderr}");
    assert!(Command::new("kill").args(["-CONT", &stopped.to_string()]).status().unwrap().success());
    let ended = owner.end(tracer.wait().unwrap());
    let projects = paid(&world).remove("k#1").unwrap_or_default();
    assert!(projects.len() <= 1 && world.posts() <= 1, "{moment:?}: {projects:?}");
    if let Some(project) = projects.first() {
        assert!(matches!(&ended, End::Exited { code: 0, .. }) && owner.stdout().trim() == project, "{moment:?}: {ended:?}");
        let after = rival.run("submit a.json --key k", None);
        assert!(matches!(after, End::Exited { code: 0, .. }) && rival.stdout().trim() == project, "{moment:?}: {after:?}");
    }
    is_sound(&world, "after a stop");
}

/// The process that `strace` traces, once all its threads are stopped.
fn until_stopped(tracer: u32) -> u32 {
    let begin = Instant::now();
    let mut still = 0;
    loop {
        assert!(begin.elapsed() < Duration::from_secs(30), "it never stops");
        thread::sleep(Duration::from_millis(10));
        let Some(child) = traced_by(tracer) else { continue };
        // A traced thread stops at each of its system calls, but only briefly.
        still = if stands_still(child) { still + 1 } else { 0 };
        if still == 20 {
            return child;
        }
    }
}

fn stands_still(process: u32) -> bool {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let state = |text: String| text.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['t', 'T']));
    let states: Vec<bool> = tasks.map(|task| fs::read_to_string(task.path().join("stat")).is_ok_and(state)).collect();
    states.len() > 1 && states.iter().all(|stands| *stands)
}
