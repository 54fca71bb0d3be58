//! Rows 70 to 75 from outside: SIGKILL during the request, and then the same command again.

use serde_json::json;

use crate::running::{Running, abreast, until};
use crate::support::World;

/// Kills a submission during its POST, runs it again, and requires one render in the end.
#[track_caller]
fn survives_a_kill(fault: &str, flags: &str) {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": [format!("{fault}*1")] }));
    let line = format!("submit a.json {flags}");
    let running = Running::start(&world, &line);
    until("the movie is accepted", || world.accepted() == 1);
    running.signal("KILL");
    running.end().exits(-1);
    let run = world.j2v(&format!("{line} --wait")).exits(0).tells("nothing was sent");
    assert!(run.line().contains(world.oracle()["accepted"][0]["project"].as_str().unwrap()), "{run:?}");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{line}");
}

#[test]
fn row_72_a_kill_while_the_answer_is_out_is_paid_once() {
    survives_a_kill("post-hang", "--key k");
}

#[test]
fn row_72_the_same_command_without_a_key_after_a_kill_is_paid_once() {
    survives_a_kill("post-hang", "");
}

#[test]
fn row_71_a_kill_before_the_service_took_the_movie_is_not_sent_again_by_itself() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-hang-before*1"] }));
    let running = Running::start(&world, "submit a.json --key k");
    until("the POST is out", || world.requests("POST /v2/movies") == 1);
    running.signal("KILL");
    running.end();
    world.j2v("submit a.json --key k --settle-for 200ms").exits(8).tells("next: j2v settle k");
    world.j2v("settle k --resubmit").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 2));
}

#[test]
fn row_74_a_kill_while_waiting_costs_nothing() {
    let world = World::new();
    world.movie("a.json", &json!({ "render-time": "400ms" }));
    let running = Running::start(&world, "submit a.json --key k --wait");
    running.until_it_tells("waiting for the render");
    running.signal("KILL");
    running.end();
    world.j2v("submit a.json --key k --wait").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_72_a_kill_is_healed_by_any_later_command() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-hang"] }));
    let running = Running::start(&world, "submit a.json --key k");
    until("the movie is accepted", || world.accepted() == 1);
    running.signal("KILL");
    running.end();
    world.j2v("poll").exits(0);
    assert_eq!(world.j2v("history --json").json()["state"], "done");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_75_a_kill_at_any_moment_is_paid_once() {
    abreast(0..12_u64, |number| {
        let world = World::new();
        world.movie("a.json", &json!({}));
        let line = "submit a.json --key k --download out/ --settle-for 300ms";
        let running = Running::start(&world, line);
        std::thread::sleep(std::time::Duration::from_millis(number * 25));
        running.signal("KILL");
        running.end();
        let run = world.j2v(line);
        // Killed between the durable step and the first byte: it is unknown whether anything was sent.
        if run.code == 8 {
            assert_eq!(world.accepted(), 0, "{run:?}");
            return;
        }
        assert_eq!(&world.read(run.exits(0).line())[4..8], b"ftyp");
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
    });
}
