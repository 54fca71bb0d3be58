//! `faults.md#submit`, rows 5 to 13, 20, 21 and 23: the answer to the POST is lost or can't be trusted. The render is searched
//! for, and never sent again.

use serde_json::json;

use crate::peer::Peer;
use crate::running::{abreast, until};
use crate::support::World;

/// A movie that was accepted and whose answer is lost ends well: found, printed, paid for once.
#[track_caller]
fn is_found(fault: &str, words: &str) {
    is_found_within("1s", fault, words);
}

/// The same with enough time for the answer to arrive.
#[track_caller]
fn is_found_within(limit: &str, fault: &str, words: &str) {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": [fault] }));
    let run = world.j2v(&format!("submit a.json --request-timeout {limit}")).exits(0).tells(words);
    assert!(run.line().starts_with("EMU"), "{run:?}");
    assert!(!run.stderr.contains('<'), "{}", run.stderr);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{fault}");
}

/// A movie that was not accepted and whose answer is lost is not found and not sent again.
#[track_caller]
fn is_unknown(fault: &str, words: &str) {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": [fault] }));
    let run = world.j2v("submit a.json --key k --request-timeout 500ms --settle-for 200ms").exits(8).tells(words);
    let run = run.tells("next: j2v settle k").tells("next: j2v show k");
    assert!(run.stdout.trim().is_empty() && !run.stderr.contains('<'), "{run:?}");
    world.j2v("submit a.json --key k --settle-for 100ms").exits(8).tells("nothing was sent");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (0, 1), "{fault}");
}

/// A render with the key `a` whose answer is lost and whose rule is to send it again, a later one with the key `b`, both two
/// minutes old by our own clock, and a list that shows neither. `also` is set in the ledger, too.
fn lost_before_what_the_list_lacks(also: &str) -> World {
    let world = World::with_faults(&["list-lag=2h"]);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    world.j2v("submit a.json --key a --settle-for 0s --quarantine 1h --on-unknown resubmit").exits(8);
    world.movie("b.json", &json!({}));
    world.j2v("submit b.json --key b").exits(0);
    let older = "bound_at = bound_at - 120000, posted_at = posted_at - 120000, gave_up_at = gave_up_at - 120000";
    let ledger = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
    ledger.execute(&format!("UPDATE render SET {older}{also}"), []).unwrap();
    world
}

#[test]
fn a_list_without_what_was_sent_later_lets_nothing_be_sent_again() {
    let world = lost_before_what_the_list_lacks("");
    world.j2v("submit a.json --key a --settle-for 0s --quarantine 0s").exits(8).tells("nothing is sent again until it does");
    assert_eq!(world.posts(), 2);
}

#[test]
fn a_render_that_was_resubmitted_already_is_held_whatever_the_list_lacks() {
    let world = lost_before_what_the_list_lacks(", resubmits_left = 0");
    world.j2v("submit a.json --key a --settle-for 0s --quarantine 0s").exits(8).hides("nothing is sent again until it does");
    let held = world.j2v("history --json").exits(0).jsons().into_iter().find(|row| row["key"] == "a").unwrap();
    assert_eq!((held["state"].as_str(), world.posts()), (Some("held"), 2));
}

/// A render with the key `a` that was accepted, whose answer was lost, and that is held although the list shows it by now.
/// `submit` is the command that sent it.
fn held_too_early(submit: &str) -> World {
    let world = World::with_faults(&["list-lag=1s"]);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    world.write("rows.csv", "id,city\na,Rome\n");
    world.j2v(&format!("{submit} --settle-for 0s --quarantine 0s")).exits(8);
    assert_eq!(state_of_a(&world), "held");
    until("the list shows it", || String::from_utf8_lossy(&world.ask("GET", "/v2/movies", "")).contains("EMU"));
    world
}

fn state_of_a(world: &World) -> String {
    let ledger = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
    ledger.query_row("SELECT state FROM render WHERE key = 'a'", [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_held_is_looked_for_before_the_rule_chosen_now_sends_it_again() {
    for command in ["submit a.json --key a", "batch a.json --rows rows.csv --key id --no-wait"] {
        let world = held_too_early(command);
        world.j2v(&format!("{command} --on-unknown resubmit")).exits(0);
        assert_eq!((world.posts(), world.accepted()), (1, 1), "{command}");
    }
}

#[test]
fn what_is_held_is_not_sent_again_while_the_list_can_not_be_read() {
    for command in ["submit a.json --key a --settle-for 0s", "batch a.json --rows rows.csv --key id --no-wait"] {
        let world = World::with_faults(&["list-status=403"]);
        world.movie("a.json", &json!({ "fault": ["post-reset"] }));
        world.write("rows.csv", "id,city\na,Rome\n");
        world.j2v("submit a.json --key a --settle-for 0s --quarantine 0s").exits(8);
        let ledger = rusqlite::Connection::open(world.path("ledger.db")).unwrap();
        ledger.execute("UPDATE render SET state = 'held'", []).unwrap();
        if command.starts_with("batch") {
            ledger.execute("UPDATE render SET scope = 'a', line = 2", []).unwrap();
        }
        drop(ledger);
        let run = world.j2v(&format!("{command} --on-unknown resubmit")).exits(8);
        run.tells("the service's list could not be read").tells("next: j2v settle");
        assert_eq!((world.posts(), state_of_a(&world).as_str()), (1, "held"), "{command}");
    }
}

#[test]
fn a_row_that_changed_never_sends_the_movie_that_it_had_when_its_answer_was_lost() {
    let world = World::with_faults(&["post-reset-before*1"]);
    let batch = "batch a.json --rows rows.csv --key id --no-wait --settle-for 0s --quarantine 0s";
    world.write("a.json", r#"{"scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ city }}"}]}]}"#);
    world.write("rows.csv", "id,city\na,Rome\n");
    world.j2v(batch).exits(8);
    world.write("rows.csv", "id,city\na,Oslo\n");
    world
        .j2v(&format!("{batch} --on-unknown resubmit"))
        .exits(7)
        .tells("1 whose answer is lost (looked for first)")
        .tells("next run of its batch");
    assert_eq!((world.posts(), world.accepted()), (1, 0));
    world.j2v(batch).exits(0);
    assert_eq!((world.posts(), world.accepted()), (2, 1));
    let body = String::from_utf8_lossy(&world.ask("GET", "/v2/movies", "")).into_owned();
    assert!(body.contains("Oslo") && !body.contains("Rome"), "{body}");
}

#[test]
fn row_05_silence_is_unknown_and_not_sent_again() {
    is_unknown("post-hang-before", "no answer came in time");
}

#[test]
fn row_06_silence_after_the_movie_was_accepted_is_looked_for_and_found() {
    is_found("post-hang", "no answer came in time");
}

#[test]
fn row_07_a_reset_after_the_full_write_is_looked_for_and_found() {
    abreast(["post-reset", "post-close"], |fault| is_found(fault, "the connection broke before an answer came"));
}

#[test]
fn row_07_a_reset_that_accepted_nothing_is_unknown_and_not_sent_again() {
    abreast(["post-reset-before", "post-close-before"], |fault| is_unknown(fault, "the connection broke before an answer came"));
}

#[test]
fn row_08_a_connection_that_breaks_inside_the_movie_is_unknown_and_not_sent_again() {
    abreast([0, 1, 4096, 300_000], |read| {
        let world = World::with_faults(&[&format!("post-drop={read}*1")]);
        let text = "x".repeat(1_000_000);
        world.write("a.json", json!({"scenes": [{"duration": 1, "comment": text}]}).to_string());
        world.j2v("submit a.json --key k --settle-for 200ms").exits(8).tells("looking for key k");
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (0, 1), "{read} bytes");
    });
}

#[test]
fn row_09_an_answer_that_breaks_off_anywhere_leads_to_the_project() {
    abreast([0, 1, 27, 35, 43, 44, 45, 60, 80], |bytes| {
        let world = World::new();
        world.movie("a.json", &json!({ "fault": [format!("post-truncate={bytes}")] }));
        let run = world.j2v("submit a.json").exits(0);
        assert_eq!(run.line(), world.oracle()["accepted"][0]["project"], "{bytes} bytes");
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{bytes} bytes");
    });
}

#[test]
fn row_10_a_page_or_nothing_with_200_did_not_come_from_the_api() {
    is_found("post-html", "the reply did not come from the API");
    is_found("post-empty", "the reply did not come from the API");
    is_unknown("post-html-before", "the reply did not come from the API");
}

#[test]
fn row_11_200_without_a_project_is_looked_for_and_found() {
    is_found("post-no-project", "does not hold what was asked for");
}

#[test]
fn row_12_an_answer_that_drips_is_given_up_and_found() {
    is_found("post-drip", "did not arrive in time");
}

#[test]
fn row_13_a_redirect_of_the_post_is_not_followed() {
    abreast([301, 302, 303, 307, 308], |status| {
        let elsewhere = Peer::answering(|_| Vec::new());
        let fault = format!("post-redirect={status}:http://{}/secret-path?grant=secret", elsewhere.address());
        let world = World::new();
        world.movie("a.json", &json!({ "fault": [fault] }));
        let run = world.j2v("submit a.json").exits(0).tells("a redirect to 127.0.0.1, which is not followed");
        assert!(!run.stderr.contains("secret"), "only the host: {}", run.stderr);
        assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1), "{status}");
        assert!(elsewhere.heard().is_empty(), "{status}: {:?}", elsewhere.heard());
    });
}

#[test]
fn row_20_an_error_of_a_gateway_is_looked_for_whether_the_movie_was_accepted_or_not() {
    abreast([500, 502, 503, 504], |status| is_found(&format!("post-status={status}"), "a web page, not an answer of the API"));
    is_unknown("post-status-before=502", "HTTP 502 Bad Gateway");
}

#[test]
fn row_21_lost_patience_on_the_way_is_looked_for() {
    abreast([408, 425, 499, 520, 524], |status| is_found(&format!("post-status={status}"), &format!("HTTP {status}")));
    is_unknown("post-status-before=408", "HTTP 408");
}

#[test]
fn row_23_an_answer_that_is_too_large_or_too_deep_is_looked_for() {
    is_found_within("30s", "post-huge", "accepted as project EMU");
    is_found_within("30s", "post-deep", "the reply did not come from the API");
}

#[test]
fn row_23_an_honest_answer_of_200_kilobytes_is_believed() {
    let world = World::with_faults(&["post-big"]);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json").exits(0);
    assert!(run.line().starts_with("EMU") && !run.stderr.contains("looking for"), "{run:?}");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_lost_answer_waits_for_a_list_that_lags() {
    let world = World::with_faults(&["list-lag=700ms", "get-lag=700ms"]);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    world.j2v("submit a.json --wait").exits(0).tells("found again");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn a_lost_answer_is_found_where_the_list_shows_the_document_only() {
    let world = World::with_faults(&["list-no-client-data"]);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    world.j2v("submit a.json").exits(0).tells("found again");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_lost_answer_that_no_list_shows_stays_unknown_and_a_later_command_ends_it() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-reset", "list-drop-client-data"] }));
    world.j2v("submit a.json --key k --settle-for 200ms").exits(8);
    let project = world.oracle()["accepted"][0]["project"].as_str().unwrap().to_owned();
    world.j2v(&format!("settle k --adopt {project}")).exits(0);
    let run = world.j2v("submit a.json --key k --wait").exits(0);
    assert!(run.line().contains(&project), "{run:?}");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn a_lost_answer_past_its_quarantine_is_held_and_sent_again_only_by_a_person() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-reset-before*1"] }));
    let held = world.j2v("submit a.json --key k --settle-for 300ms --quarantine 0s").exits(8).tells("you decide");
    let held = held.tells("settle k --adopt PROJECT").tells("settle k --resubmit").tells("settle k --abandon");
    assert!(held.stdout.trim().is_empty());
    world.j2v("submit a.json --key k").exits(8);
    assert_eq!(world.requests("POST /v2/movies"), 1);
    world.j2v("settle k --resubmit").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 2));
}

#[test]
fn a_lost_answer_is_sent_once_more_where_the_user_said_so_in_advance() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-reset-before*2"] }));
    world.j2v("submit a.json --key k --settle-for 300ms --quarantine 0s --on-unknown resubmit").exits(8);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (0, 2), "once, not for ever");
}

#[test]
fn a_list_that_is_not_whole_is_no_evidence_that_nothing_was_accepted() {
    let world = World::with_faults(&["list-repeat-cursor"]);
    world.movie("other.json", &json!({}));
    world.movie("a.json", &json!({ "fault": ["post-reset", "list-lag=1h"] }));
    world.j2v("submit other.json").exits(0);
    let rule = "--settle-for 300ms --quarantine 0s --on-unknown resubmit";
    world.j2v(&format!("submit a.json --key k {rule}")).exits(8);
    assert_eq!(world.requests("POST /v2/movies"), 2, "one for each movie");
}
