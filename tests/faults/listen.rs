//! Rows 50 to 56, 60 and 101: callbacks that are late, doubled, missing, early, forged or of any form. The program gets
//! each outcome once, and nothing in a body is believed or fetched.

use j2v::emulator::Shape;
use serde_json::json;

use crate::peer::{Peer, answer};
use crate::receiver::{Receiver, got, request, shown, submit, until_got};
use crate::running::{Running, abreast, until};
use crate::support::World;

/// A render that outlasts every test.
const FOREVER: &str = "1h";

#[test]
fn row_50_a_render_whose_callback_never_comes_is_polled_and_takes_the_same_way() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "--poll-after 300ms --interval 100ms");
    let project = submit(&world, "k", &json!({"fault": ["webhook-missing"]}));
    let handed = until_got(&world, 1);
    assert_eq!((&handed[0]["project"], &handed[0]["status"], &handed[0]["key"]), (&json!(project), &json!("done"), &json!("k")));
    assert_eq!(handed[0]["client-data"]["j2v"], json!(null), "the token is ours");
    receiver.stop();
    assert_eq!(shown(&world, "k")["callbacks"], json!([]));
}

#[test]
fn row_51_a_callback_that_comes_twice_has_one_effect() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "");
    submit(&world, "k", &json!({"fault": ["webhook-double"]}));
    until_got(&world, 1);
    until("both were answered", || world.oracle()["webhooks"].as_array().unwrap().iter().filter(|call| call["status"] == 200).count() == 2);
    receiver.stop();
    let shown = shown(&world, "k");
    assert_eq!((got(&world).len(), shown["callbacks"].as_array().unwrap().len()), (1, 1));
    assert_eq!((&shown["deliveries"][0]["progress"], &shown["deliveries"][0]["attempts"]), (&json!("done"), &json!(1)));
}

#[test]
fn row_52_a_callback_before_the_answer_binds_the_render_by_its_token() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "--interval 50ms");
    world.movie("k.json", &json!({"fault": ["webhook-first", "post-hang"]}));
    let submitting = Running::start(&world, "submit k.json --key k --webhook @listen --wait");
    let handed = until_got(&world, 1);
    assert_eq!((&handed[0]["key"], &handed[0]["source"], &handed[0]["status"]), (&json!("k"), &json!("k.json"), &json!("done")));
    assert_eq!(shown(&world, "k")["state"], "done", "while its answer is still awaited");
    submitting.signal("KILL");
    submitting.end();
    receiver.stop();
    assert_eq!((world.accepted(), world.posts(), got(&world).len()), (1, 1, 1));
}

#[test]
fn row_53_a_render_of_another_ledger_is_handed_on_and_an_invented_one_is_kept() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "");
    let posted: serde_json::Value = serde_json::from_slice(&world.ask("POST", "/v2/movies", r#"{"scenes":[{"duration":2}]}"#)).unwrap();
    let project = posted["project"].as_str().unwrap();
    assert_eq!(receiver.post(r#"{"project":"nobody","status":"done","url":"https://a/v.mp4"}"#), 200);
    assert_eq!(receiver.post(&json!({"project": project, "status": "done"}).to_string()), 200);
    let handed = until_got(&world, 1);
    assert_eq!((&handed[0]["project"], &handed[0]["key"]), (&json!(project), &json!(null)));
    receiver.stop();
    assert_eq!(got(&world).len(), 1);
    assert_eq!(world.j2v("webhook replay").exits(0).lines().len(), 3, "a head and two callbacks");
}

#[test]
fn row_54_a_forged_body_changes_nothing_and_nothing_that_it_names_is_asked_for() {
    let world = World::new();
    let evil = Peer::answering(|_| answer("200 OK", "", "evil"));
    let receiver = Receiver::with_program(&world, "--interval 50ms");
    let project = submit(&world, "k", &json!({"render-time": FOREVER}));
    let before = world.requests("GET /v2/movies");
    let url = format!("http://{}/v.mp4", evil.address());
    for status in ["done", "error"] {
        assert_eq!(receiver.post(&json!({"project": project, "status": status, "url": url, "message": url}).to_string()), 200);
    }
    until("the service was asked twice", || world.requests("GET /v2/movies") >= before + 2);
    receiver.stop();
    let shown = shown(&world, "k");
    assert_eq!((&shown["state"], &shown["url"], got(&world).len()), (&json!("bound"), &json!(null), 0));
    assert_eq!((evil.heard().len(), shown["callbacks"].as_array().unwrap().len()), (0, 2));
}

#[test]
fn row_54_the_emulator_s_own_forgery_is_handed_on_with_the_true_url() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "");
    submit(&world, "k", &json!({"fault": ["webhook-forged"]}));
    let handed = until_got(&world, 1);
    until("the forged one was answered", || world.oracle()["webhooks"].as_array().unwrap().len() == 2);
    receiver.stop();
    assert_eq!(got(&world).len(), 1);
    assert!(handed[0]["url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{handed:?}");
}

#[test]
fn row_55_an_old_body_again_is_no_news() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "");
    let project = submit(&world, "k", &json!({}));
    until_got(&world, 1);
    for status in ["error", "running", "pending"] {
        assert_eq!(receiver.post(&json!({"project": project, "status": status}).to_string()), 200);
    }
    until("all are taken care of", || shown(&world, "k")["callbacks"].as_array().unwrap().iter().all(|kept| !kept["settled_at"].is_null()));
    receiver.stop();
    assert_eq!((got(&world).len(), &shown(&world, "k")["state"]), (1, &json!("done")));
}

#[test]
fn row_56_every_shape_and_spelling_is_understood() {
    let cases = [Shape::Reference, Shape::Tutorial, Shape::Guide]
        .into_iter()
        .flat_map(|shape| [(shape, "application/json"), (shape, "application/x-www-form-urlencoded")]);
    abreast(cases, |(shape, kind)| {
        let world = World::with(|settings| settings.webhook_shape = shape);
        let receiver = Receiver::with_program(&world, "");
        world.movie("k.json", &json!({}));
        let set = format!(
            "/exports:=[{{\"destinations\":[{{\"type\":\"webhook\",\"endpoint\":\"{}\",\"content-type\":\"{kind}\"}}]}}]",
            receiver.url
        );
        world.run(&["submit", "k.json", "--key", "k", "--set", &set]).exits(0);
        let handed = until_got(&world, 1);
        receiver.stop();
        assert_eq!((&handed[0]["status"], &handed[0]["client-data"]["listing_id"]), (&json!("done"), &json!("L-1")), "{shape:?} {kind}");
        assert_eq!(shown(&world, "k")["callbacks"][0]["content_type"], json!(kind));
    });
}

#[test]
fn row_56_what_nobody_can_read_is_kept_and_answered() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    for body in ["", "nonsense", "{", "[]", r#"{"movie":7}"#, "\u{0}\u{1}"] {
        assert_eq!(receiver.post(body), 200, "{body:?}");
    }
    receiver.running.until_it_tells("received a callback without a project");
    receiver.stop();
    assert_eq!(world.j2v("webhook replay").exits(0).lines().len(), 7);
}

#[test]
fn row_60_a_render_that_failed_takes_the_same_way() {
    let world = World::with(|settings| settings.webhook_shape = Shape::Guide);
    let receiver = Receiver::with_program(&world, "");
    submit(&world, "k", &json!({"fault": ["error=Scene #1: no"]}));
    let handed = until_got(&world, 1);
    receiver.stop();
    assert_eq!((&handed[0]["status"], &handed[0]["message"], &handed[0]["url"]), (&json!("error"), &json!("Scene #1: no"), &json!(null)));
}

#[test]
fn row_60_an_error_that_becomes_done_is_two_outcomes() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "--interval 50ms");
    let project = submit(&world, "k", &json!({"fault": ["error-then-done=300ms"]}));
    until_got(&world, 1);
    until("it is done by the service's word", || world.run(&["list", "--json"]).exits(0).json()["status"] == "done");
    assert_eq!(receiver.post(&json!({"project": project, "status": "done"}).to_string()), 200);
    let handed = until_got(&world, 2);
    receiver.stop();
    assert_eq!((&handed[0]["status"], &handed[1]["status"]), (&json!("error"), &json!("done")));
}

#[test]
fn row_101_any_other_path_is_nothing_and_no_answer_repeats_what_was_sent() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    let guesses =
        ["/", "/json2video-callback/", "/json2video-callback/0000000000000000000000000000000000000000", "/canary%3Cscript%3E", "/health/x"];
    for path in guesses {
        let (status, answer) = request(&format!("http://{}{path}", receiver.address()), "POST", "text/canary", b"canary");
        assert_eq!(status, 404, "{path}");
        assert!(!answer.contains("canary"), "{answer}");
    }
    assert_eq!(request(&receiver.url, "GET", "text/plain", b"").0, 405);
    assert_eq!(request(&format!("http://{}/health", receiver.address()), "GET", "text/plain", b"").0, 200);
    receiver.stop();
    let run = world.j2v("listen --bind 0.0.0.0:0 --timeout 10ms").exits(0).tells("others on the network can reach it");
    assert_eq!(run.stdout, "");
}

#[test]
fn the_path_is_made_once_and_trust_needs_no_question_where_a_project_looks_like_one() {
    let world = World::new();
    let first = Receiver::start(&world, "--quiet");
    let path = first.url.rsplit('/').next().unwrap().to_owned();
    assert!(path.len() >= 32, "{path}");
    first.running.signal("TERM");
    first.running.end().exits(0);
    let second = Receiver::start(&world, "--trust");
    assert!(second.url.ends_with(&path));
    let asked = world.requests("GET /v2/movies");
    for project in ["../../etc/passwd", "-rf", "$(id)", "anybody", "AnybodyOf16Bytes0"] {
        let body = json!({"project": project, "status": "done", "url": "https://a/v.mp4"});
        assert_eq!(second.post(&body.to_string()), 200);
    }
    assert_eq!(second.post(r#"{"project":"AnybodyOf16Bytes","status":"done","url":"https://a/v.mp4","size":"7"}"#), 200);
    until("it is printed", || second.running.printed().ends_with('\n'));
    let line: serde_json::Value = serde_json::from_str(&second.running.printed()).unwrap();
    assert_eq!((&line["project"], &line["size"]), (&json!("AnybodyOf16Bytes"), &json!(7)));
    second.running.signal("TERM");
    let printed = second.running.end().exits(0).stdout;
    assert_eq!(printed.lines().count(), 1, "what does not look like a project is asked for: {printed}");
    assert!(world.requests("GET /v2/movies") > asked);
}
