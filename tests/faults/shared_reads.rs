//! Processes that wait on one ledger: one of them reads for all, none waits for a process that has ended or hangs, and
//! every process learns what one has read. The emulator counts the requests.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::running::{Running, until};
use crate::support::World;

const READS: &str = "GET /v2/movies";

/// A world with this render time, and the ids of `count` accepted renders.
fn rendering(count: usize, render_time: Duration) -> (World, Vec<String>) {
    let world = World::with(|settings| settings.render_time = render_time);
    let names: Vec<String> = (0..count).map(|number| format!("{number}.json")).collect();
    for name in &names {
        world.movie(name, &json!({}));
    }
    let run = world.j2v(&format!("submit {}", names.join(" "))).exits(0);
    let ids = run.lines().iter().map(|&id| id.to_owned()).collect();
    (world, ids)
}

#[test]
fn fifty_processes_that_wait_ask_about_as_often_as_one() {
    const INTERVAL: Duration = Duration::from_millis(250);
    let (world, ids) = rendering(50, Duration::from_secs(3600));
    let waiting: Vec<Running> = ids.iter().map(|id| Running::start(&world, &format!("poll {id} --interval 250ms --timeout 60s"))).collect();
    for (process, id) in waiting.iter().zip(&ids) {
        process.until_it_tells(id);
    }
    let (begin, before) = (Instant::now(), world.requests(READS));
    until("some looks were made", || world.requests(READS) >= before + 8);
    std::thread::scope(|scope| {
        for process in waiting {
            process.signal("INT");
            scope.spawn(|| process.end().exits(130));
        }
    });
    let looks = u128::from(world.requests(READS) - before);
    let of_one = begin.elapsed().as_millis() / INTERVAL.as_millis() + 1;
    assert!(looks <= 2 * of_one, "{looks} requests, where one process makes {of_one}");
}

/// One process reads, another waits for its own render: whatever happens to the first, the second gets its video.
fn reader_and_waiter() -> (World, Running, Running) {
    let world = World::new();
    world.movie("long.json", &json!({ "render-time": "1h" }));
    world.movie("short.json", &json!({ "render-time": "2s" }));
    let ids: Vec<String> =
        ["long.json", "short.json"].iter().map(|name| world.j2v(&format!("submit {name}")).exits(0).line().to_owned()).collect();
    let reader = Running::start(&world, &format!("poll {} --interval 50ms --timeout 60s", ids[0]));
    until("it reads", || world.requests(READS) > 0);
    let waiter = Running::start(&world, &format!("poll {} --interval 50ms --timeout 60s", ids[1]));
    waiter.until_it_tells(&ids[1]);
    (world, reader, waiter)
}

#[test]
fn a_reader_that_is_killed_is_followed_by_another() {
    let (_world, reader, waiter) = reader_and_waiter();
    reader.signal("KILL");
    waiter.end().exits(0);
    reader.end().exits(-1);
}

#[test]
fn a_reader_that_is_stuck_is_followed_by_another_and_joins_in_when_it_goes_on() {
    let (_world, reader, waiter) = reader_and_waiter();
    reader.signal("STOP");
    waiter.end().exits(0);
    reader.signal("CONT");
    reader.signal("INT");
    reader.end().exits(130);
}

#[test]
fn a_reader_that_ends_leaves_the_rest_to_another() {
    let (_world, reader, waiter) = reader_and_waiter();
    reader.signal("INT");
    reader.end().exits(130);
    waiter.end().exits(0);
}

#[test]
fn what_one_process_reads_ends_the_wait_of_all_at_once() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let id = world.j2v("submit a.json").exits(0).line().to_owned();
    let patient: Vec<Running> = (0..3).map(|_| Running::start(&world, &format!("poll {id} --interval 1h --timeout 2h"))).collect();
    for process in &patient {
        process.until_it_tells(&id);
    }
    until("another one sees it done", || world.j2v(&format!("poll {id} --once")).code == 0);
    let looks = world.requests(READS);
    for process in patient {
        process.end().exits(0);
    }
    assert_eq!(world.requests(READS), looks);
}

/// The list shows a batch's renders and all others by one request.
#[test]
fn a_batch_reads_for_those_who_wait_beside_it() {
    let world = World::new();
    world.movie("long.json", &json!({ "render-time": "1h" }));
    world.movie("short.json", &json!({ "render-time": "2s" }));
    world.write("rows.csv", "id\n1\n2\n3\n4\n5\n6\n");
    let batch = Running::start(&world, "batch long.json --rows rows.csv --key id --no-check --interval 50ms --timeout 60s");
    until("it reads", || world.requests(READS) > 0);
    let id = world.j2v("submit short.json").exits(0).line().to_owned();
    let waiter = Running::start(&world, &format!("poll {id} --interval 1h --timeout 30s"));
    waiter.end().exits(0);
    batch.signal("INT");
    batch.end().exits(130);
}

#[test]
fn a_status_younger_than_the_interval_is_not_asked_again() {
    let (world, ids) = rendering(1, Duration::from_secs(3600));
    let poll = |wait: &str| world.j2v(&format!("poll {} {wait}", ids[0])).exits(11);
    poll("--interval 20ms --timeout 200ms");
    let looks = world.requests(READS);
    assert!(looks > 0);
    poll("--interval 1h --timeout 200ms");
    assert_eq!(world.requests(READS), looks);
}
