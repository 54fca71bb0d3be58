//! `faults.md#watch`: the correct and wrong answers of the status and the list about a render that was paid for.

use std::sync::Arc;
use std::time::Duration;

use j2v::world::{Clock, Timestamp, World as Outside};
use serde_json::json;

use crate::running::{abreast, until};
use crate::support::{Run, World};

/// A render whose status goes through these faults ends as `done`, with one POST.
#[track_caller]
fn is_done(faults: &[&str]) -> Run {
    let world = World::with_faults(faults);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --wait --request-timeout 1s").exits(0);
    assert!(run.line().starts_with("http://127.0.0.1:") && run.line().ends_with(".mp4"), "{run:?}");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{faults:?}");
    run
}

#[test]
fn row_30_a_project_that_we_bound_may_be_late_to_show_itself() {
    is_done(&["get-lag=800ms", "list-lag=800ms"]);
}

#[test]
fn row_30_an_id_that_this_ledger_never_bound_is_answered_at_once() {
    let world = World::new();
    let run = world.j2v("poll EMU0000000000000").exits(6).tells("the service does not know this project");
    assert_eq!((run.stdout.as_str(), world.requests("GET /v2/movies")), ("\n", 1));
}

#[test]
fn row_31_a_denial_while_the_backend_is_ill_is_not_believed() {
    is_done(&["get-typeerror*3"]);
}

#[test]
fn row_32_a_status_that_goes_backwards_changes_nothing() {
    let world = World::with_faults(&["get-backwards"]);
    world.movie("a.json", &json!({}));
    let url = world.j2v("submit a.json --key k --wait").exits(0).line().to_owned();
    for _ in 0..3 {
        assert_eq!(world.j2v("poll k").exits(0).line(), url);
        assert_eq!(world.j2v("history --json").json()["state"], "done");
    }
}

#[test]
fn row_33_a_timeout_of_the_service_ends_the_wait_and_may_still_become_done() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["timeout-then-done=600ms"] }));
    let run = world.j2v("submit a.json --key k --wait").exits(10).tells("it may still finish");
    assert_eq!(run.stdout, "\n");
    until("it is done", || world.j2v("poll k").code == 0);
    world.j2v("submit a.json --key k --wait").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn row_34_an_error_that_becomes_done_is_taken_for_done() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["error-then-done=600ms"] }));
    world.j2v("submit a.json --key k --wait").exits(9);
    until("it is done", || world.j2v("poll k").code == 0);
    assert_eq!(world.j2v("history --json").json()["state"], "done");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn an_error_ends_with_its_reason_and_the_deliberate_way_to_pay_again() {
    let world = World::new();
    world.movie("a.json", &json!({ "outcome": "error", "message": "Scene #1, element #1: no such file" }));
    let run = world.j2v("submit a.json --key k --wait").exits(9).tells("Scene #1, element #1: no such file");
    assert_eq!(run.tells("--key k --again").stdout, "\n");
    world.j2v("submit a.json --key k --wait").exits(9);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn a_timeout_ends_the_wait_with_a_code_of_its_own() {
    let world = World::new();
    world.movie("a.json", &json!({ "outcome": "timeout" }));
    world.j2v("submit a.json --wait").exits(10).tells("next: j2v poll EMU");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn row_35_an_unknown_word_is_taken_for_running_and_told_once() {
    let run = is_done(&["get-word=polishing"]);
    assert_eq!(run.stderr.matches("unknown status").count(), 1, "{}", run.stderr);
}

#[test]
fn row_36_done_without_a_url_is_read_on_and_is_no_success() {
    let world = World::with_faults(&["done-without-url"]);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --wait --timeout 1s").exits(11).tells("says `done` but gave no URL yet").tells("next: j2v poll EMU");
    assert_eq!(run.stdout, "\n");
}

#[test]
fn row_37_numbers_as_strings_and_nulls_and_new_fields_are_read() {
    is_done(&["get-strings"]);
    is_done(&["get-nulls"]);
    is_done(&["get-big"]);
}

#[test]
fn row_38_a_status_that_can_t_be_read_for_a_while_is_read_later() {
    let faults = ["get-reset*2", "get-close*1", "get-truncate=20*1", "get-429=0*2", "get-html*1", "get-slow=300ms"];
    abreast(faults, |fault| drop(is_done(&[fault])));
    abreast([408, 500, 502, 503, 504, 520], |status| drop(is_done(&[&format!("get-status={status}*1")])));
}

#[test]
fn row_38_a_status_that_does_not_answer_is_asked_again() {
    is_done(&["get-hang*1"]);
}

#[test]
fn row_38_a_status_that_never_answers_does_not_move_the_deadline() {
    let world = World::with_faults(&["get-hang"]);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --wait --timeout 300ms").exits(11).tells("will be charged").tells("next: j2v poll EMU");
    assert_eq!((run.stdout.as_str(), world.accepted()), ("\n", 1));
}

#[test]
fn row_38_a_render_whose_status_hangs_doesn_t_hold_up_the_others() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["get-hang"] }));
    world.movie("b.json", &json!({}));
    let run = world.j2v("submit a.json b.json --wait --timeout 1s").exits(12);
    assert!(run.lines()[0].is_empty() && run.lines()[1].ends_with(".mp4"), "{run:?}");
}

struct Shifted(i64);

impl Clock for Shifted {
    fn now(&self) -> Timestamp {
        Timestamp(Outside::real().now().0 + self.0)
    }
}

/// A world whose service's clock is `millis` milliseconds ahead of this machine's.
fn ahead(millis: i64) -> World {
    World::with(|settings| settings.world = Outside { clock: Arc::new(Shifted(millis)), ..Outside::real() })
}

#[test]
fn row_39_a_lost_answer_is_found_though_the_clocks_are_a_day_apart() {
    abreast([-86_400_000, 86_400_000], |day| {
        let world = ahead(day);
        world.movie("a.json", &json!({ "fault": ["post-reset"] }));
        world.j2v("submit a.json --wait").exits(0).tells("found again");
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{day}");
    });
}

#[test]
fn row_39_a_clock_that_is_off_is_no_reason_to_send_again() {
    let world = ahead(86_400_000);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    world.j2v("submit a.json --key k --quarantine 0s --on-unknown resubmit").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_39_a_month_that_ends_hides_nothing() {
    // The list begins with the current month by default: the POST falls into one month, the search into the next.
    let now = Outside::real().now();
    let midnight = Timestamp::from_iso("2027-01-01T00:00:00Z").unwrap();
    let world = ahead(midnight.minus(Duration::from_millis(400)).0 - now.0);
    world.movie("a.json", &json!({ "fault": ["post-slow=600ms", "post-truncate=0"] }));
    world.movie("b.json", &json!({ "fault": ["post-reset", "list-lag=600ms"] }));
    world.j2v("submit a.json b.json").exits(0).tells("found again");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (2, 2));
}

#[test]
fn row_41_a_list_in_disorder_is_read_all_the_same() {
    let faults = ["list-shuffle", "list-duplicate", "list-repeat-cursor", "list-short", "list-truncate=40*1", "list-429=0*1"];
    abreast(faults, |fault| {
        let world = World::with_faults(&[fault]);
        let names: Vec<String> = (0..6).map(|number| format!("{number}.json")).collect();
        for name in &names {
            world.movie(name, &json!({}));
        }
        let run = world.j2v(&format!("submit {} --wait", names.join(" "))).exits(0);
        let mut urls = run.lines();
        urls.dedup();
        assert_eq!((urls.len(), world.accepted(), world.requests("POST /v2/movies")), (6, 6, 6), "{fault}");
    });
}

#[test]
fn row_41_a_lost_answer_is_found_in_a_list_in_disorder() {
    let faults = ["list-shuffle", "list-duplicate", "list-repeat-cursor", "list-short", "list-status=503*1", "list-reset*1", "list-html*1"];
    abreast(faults, |fault| {
        let world = World::with_faults(&[fault]);
        world.movie("a.json", &json!({ "fault": ["post-close"] }));
        world.j2v("submit a.json").exits(0).tells("found again");
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{fault}");
    });
}

#[test]
fn row_42_a_deleted_video_is_no_failed_render() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --wait").exits(0);
    world.j2v("delete --yes k").exits(0);
    let run = world.j2v("poll k --json").exits(14).tells("the file was deleted on the server");
    assert_eq!((run.json()["status"].clone(), run.json()["url"].clone()), (json!("deleted"), json!(null)));
}
