//! `faults.md#submit`, rows 14 to 19, 22 and 27: the service refuses or postpones; and movies that are refused before any request.

use serde_json::json;

use crate::running::abreast;
use crate::support::{Run, World};

/// A refusal by the service ends the submission with this code and the service's message; a second run sends it again.
#[track_caller]
fn is_refused(fault: &str, code: i32, words: &str) -> Run {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": [format!("{fault}*1")] }));
    let run = world.j2v("submit a.json --key k").exits(code).tells(words).tells("nothing was accepted");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (0, 1), "{fault}");
    world.j2v("submit a.json --key k").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 2), "{fault}");
    run
}

#[test]
fn row_14_a_refusal_is_told_in_the_words_of_the_service() {
    let message = "Error: Scene #1 Element #2: The element type 'video' requires a 'src' property.";
    is_refused(&format!("post-refuse={message}"), 6, message);
}

#[test]
fn row_15_a_problem_with_the_key_has_a_code_of_its_own() {
    is_refused("post-key", 4, "Invalid API Key");
    is_refused("post-permissions", 4, "Insufficient permissions");
}

#[test]
fn row_15_a_wrong_key_stops_the_movies_that_are_left() {
    let world = World::with_faults(&["post-key"]);
    let names: Vec<String> = (0..9).map(|number| format!("{number}.json")).collect();
    for name in &names {
        world.movie(name, &json!({}));
    }
    world.j2v(&format!("submit {}", names.join(" "))).exits(4);
    assert!(world.requests("POST /v2/movies") <= 4, "{} POSTs", world.requests("POST /v2/movies"));
}

#[test]
fn row_16_a_quota_that_is_used_up_has_a_code_of_its_own() {
    is_refused("post-quota", 5, "You exceeded the quota");
    is_refused("post-credits", 5, "Insufficient credits");
    is_refused("post-suspended", 5, "account_suspended");
}

#[test]
fn row_17_a_movie_that_is_too_large_for_the_plan_concerns_itself_alone() {
    is_refused("post-plan", 6, "Movie is larger (1920x1080) than your plan allowance");
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-plan"] }));
    world.movie("b.json", &json!({}));
    let run = world.j2v("submit a.json b.json").exits(12);
    assert_eq!((run.lines()[0], run.lines().len(), world.accepted()), ("", 2, 1));
}

#[test]
fn row_18_retry_after_is_obeyed_and_then_the_movie_goes_out_once() {
    abreast(["1", "0", "-5", "soon"], |after| {
        let world = World::new();
        world.movie("a.json", &json!({ "fault": [format!("post-429={after}*1")] }));
        let run = world.j2v("submit a.json").exits(0).tells("the service asks to slow down (429)").tells("trying again in");
        assert!(after != "1" || run.stderr.contains("trying again in 1 s"), "{}", run.stderr);
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 2), "{after}");
    });
}

#[test]
fn row_18_an_absurd_retry_after_is_not_waited_for() {
    for after in ["99999999999", "Sat, 06 Nov 2094 08:00:00 GMT"] {
        let world = World::new();
        world.movie("a.json", &json!({ "fault": [format!("post-429={after}")] }));
        world.j2v("submit a.json").exits(7).tells("slow down").tells("nothing was accepted");
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (0, 1), "{after}");
    }
}

#[test]
fn row_19_a_service_that_is_too_busy_is_asked_again_and_takes_the_movie_once() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-429*2"] }));
    world.j2v("submit a.json --wait").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 3));
}

#[test]
fn row_22_a_movie_that_is_too_large_for_the_service_is_refused() {
    is_refused("post-413", 6, "Request Entity Too Large");
}

#[test]
fn row_27_the_same_key_for_another_movie_is_refused_and_nothing_is_sent() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({}));
    world.j2v("submit a.json --key k").exits(0);
    let run = world.j2v("submit b.json --key k").exits(13);
    run.tells("/scenes/0/elements/0/text").tells("--again").tells("nothing was sent");
    assert_eq!(world.requests("POST /v2/movies"), 1);
}
