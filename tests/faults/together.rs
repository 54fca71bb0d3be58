//! Row 26, and two processes on the same key: the second one takes over the outcome of the first.

use serde_json::json;

use crate::running::{Running, abreast, until};
use crate::support::World;

/// Four processes submit the same key at the same moment: one POST, one id.
#[track_caller]
fn four_are_one(faults: &[&str], flags: &str) {
    let world = World::with_faults(faults);
    world.movie("a.json", &json!({}));
    let line = format!("submit a.json --key k --request-timeout 1s {flags}");
    let running: Vec<Running> = (0..4).map(|_| Running::start(&world, &line)).collect();
    let mut told: Vec<String> = running.into_iter().map(|one| one.end().exits(0).line().to_owned()).collect();
    told.dedup();
    assert_eq!(told.len(), 1, "{faults:?}: {told:?}");
    assert_eq!(world.accepted(), 1, "{faults:?}");
}

#[test]
fn row_26_four_processes_with_one_key_make_one_render() {
    four_are_one(&[], "");
    four_are_one(&[], "--wait");
}

#[test]
fn row_26_four_processes_with_one_key_survive_a_lost_answer_together() {
    abreast(["post-reset", "post-hang", "post-status=502", "post-truncate=10", "post-slow=500ms"], |fault| four_are_one(&[fault], ""));
    four_are_one(&["post-reset", "get-status=503*3", "list-429=0*1"], "--wait");
}

#[test]
fn row_26_four_processes_with_one_key_wait_for_a_busy_service_together() {
    four_are_one(&["post-429*2"], "");
}

#[test]
fn row_26_many_movies_with_faults_are_paid_once_each() {
    let world = World::new();
    let faults = ["post-reset", "post-status=502", "post-429*1", "post-big", "post-close", "get-reset*1"];
    let names: Vec<String> = (0..faults.len()).map(|number| format!("{number}.json")).collect();
    for (name, fault) in names.iter().zip(faults) {
        world.movie(name, &json!({ "fault": [fault] }));
    }
    let run = world.j2v(&format!("submit {} --wait", names.join(" "))).exits(0);
    assert_eq!((run.lines().len(), world.accepted()), (faults.len(), faults.len()));
}

#[test]
fn row_80_a_stopped_owner_is_waited_for_and_not_doubled() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-slow=500ms"] }));
    let owner = Running::start(&world, "submit a.json --key k");
    until("the POST is out", || world.requests("POST /v2/movies") == 1);
    owner.signal("STOP");
    let impatient = world.j2v("submit a.json --key k --settle-for 300ms").exits(8).tells("another process is sending it");
    assert!(impatient.stdout.trim().is_empty());
    let patient = Running::start(&world, "submit a.json --key k");
    patient.until_it_tells("attached to the render of key k");
    owner.signal("CONT");
    let (owner, patient) = (owner.end().exits(0), patient.end().exits(0));
    assert_eq!(owner.line(), patient.line());
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_102_two_services_in_one_ledger_never_mix() {
    let (one, other) = (World::new(), World::new());
    one.movie("a.json", &json!({}));
    one.j2v("submit a.json --key k").exits(0);
    one.j2v(&format!("submit a.json --key k --api-url {}", other.url())).exits(0);
    assert_eq!((one.accepted(), other.accepted()), (1, 1));
}
