//! When two submissions are the same render, and when a second one is paid for: every row of `protocol.md#cases`. The
//! emulator's count of accepted movies is the oracle.

use serde_json::json;

use crate::support::{Run, World};

/// A lost answer that is not found during the command: `unknown`.
const BRIEF: &str = "--settle-for 0s";

/// A lost answer that the user has to decide about at once: `held`.
const IMPATIENT: &str = "--settle-for 0s --quarantine 0s";

fn world(faults: &[&str]) -> World {
    let world = World::with_faults(faults);
    world.movie("a.json", &json!({}));
    world
}

#[test]
fn without_a_key_the_same_movie_under_way_is_told_and_rendered_once_more() {
    let world = World::with(|settings| settings.render_time = std::time::Duration::from_secs(3600));
    world.movie("a.json", &json!({}));
    let id = world.j2v("submit a.json").exits(0).hides("under way").line().to_owned();
    world.j2v("submit a.json").exits(0).tells(&format!("already rendering as {id}"));
    assert_eq!(world.accepted(), 2);
}

#[test]
fn without_a_key_a_second_submit_is_a_second_render() {
    let world = world(&[]);
    let first = world.j2v("submit a.json").exits(0);
    let second = world.j2v("submit a.json").exits(0).hides("attached");
    assert_ne!(first.line(), second.line());
    assert_eq!(world.accepted(), 2);
}

#[test]
fn without_a_key_a_lost_submission_of_the_same_movie_is_settled_first_and_paid_once() {
    let world = world(&["post-hang*1"]);
    world.crash("submit a.json");
    let again = world.j2v("submit a.json").exits(0).tells("attached to the render of key").tells("found again");
    assert_eq!(world.accepted_fields("project"), again.lines());
    assert_eq!(world.posts(), 1);
    world.j2v("submit a.json").exits(0);
    assert_eq!(world.accepted(), 2, "a third submit is deliberate");
}

#[test]
fn without_a_key_a_lost_submission_of_another_movie_is_no_reason_to_wait() {
    let world = world(&["post-reset-before*1"]);
    world.movie("b.json", &json!({}));
    world.j2v(&format!("submit a.json {BRIEF}")).exits(8);
    world.j2v("submit b.json").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn the_same_key_attaches_to_a_render_under_way_and_to_one_that_is_done() {
    let world = world(&[]);
    let first = world.j2v("submit a.json --key L-1").exits(0);
    world.j2v("submit a.json --key L-1").exits(0).tells("attached").tells("nothing was sent").prints(&first.lines());
    let done = world.j2v("submit a.json --key L-1 --wait").exits(0);
    assert!(done.line().ends_with(&format!("/files/{}.mp4", first.line())), "{done:?}");
    world.j2v("submit a.json --key L-1").exits(0).prints(&first.lines());
    world.j2v("submit a.json --key L-1 --wait").exits(0).prints(&done.lines());
    assert_eq!(world.posts(), 1);
}

#[test]
fn the_same_movie_in_another_spelling_is_the_same_movie() {
    let world = world(&[]);
    world.write("spaced.json", r#"{ "scenes" : [ {"duration":2.0} ], "id": "caf\u00e9" }"#);
    world.write("tight.json", r#"{"id":"café","scenes":[{"duration":2}]}"#);
    let first = world.j2v("submit spaced.json --key L-1").exits(0);
    world.j2v("submit tight.json --key L-1").exits(0).prints(&first.lines());
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_deleted_file_is_no_success_unless_it_was_saved() {
    let world = world(&[]);
    world.j2v("submit a.json --key L-1 --wait").exits(0);
    world.j2v("delete --yes L-1").exits(0);
    let gone = world.j2v("submit a.json --key L-1 --wait").exits(14).prints(&[""]).tells("--again");
    assert_eq!(gone.next(), ["j2v submit a.json --key L-1 --again"]);
    world.j2v("submit a.json --key L-1").exits(14).tells("--again");
    let saved = world.j2v("submit a.json --key L-2 --download film.mp4").exits(0);
    world.j2v("delete --yes L-2").exits(0);
    world.j2v("submit a.json --key L-2 --wait").exits(0).prints(&saved.lines());
    world.j2v("submit a.json --key L-2 --download elsewhere.mp4").exits(0).prints(&saved.lines());
    assert_eq!(world.posts(), 2);
}

#[test]
fn a_file_older_than_seven_days_is_gone_and_again_is_the_way_out() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key L-1 --wait").exits(0);
    world.a_week_goes_by();
    world.j2v("submit a.json --key L-1 --wait").exits(14).prints(&[""]).tells("7 days");
    let again = world.j2v("submit a.json --key L-1").exits(14).tells("--again");
    assert_eq!(again.next(), ["j2v submit a.json --key L-1 --again"]);
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_render_that_failed_says_why_and_is_not_sent_again() {
    let world = World::new();
    world.movie("a.json", &json!({"outcome": "error", "message": "Scene #1 is upside down"}));
    world.j2v("submit a.json --key L-1 --wait").exits(9).tells("Scene #1 is upside down");
    for line in ["submit a.json --key L-1", "submit a.json --key L-1 --wait"] {
        let again = world.j2v(line).exits(9).tells("Scene #1 is upside down");
        assert_eq!(again.next(), ["j2v explain L-1", "j2v submit a.json --key L-1 --again"]);
    }
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_timeout_is_looked_at_again_since_it_may_have_finished() {
    let world = World::new();
    world.movie("a.json", &json!({"status": ["timeout", "timeout", "done"]}));
    let first = world.j2v("submit a.json --key L-1 --wait").exits(10).prints(&[""]).tells("may still finish");
    assert_eq!(first.next().len(), 1, "{first:?}");
    world.j2v("submit a.json --key L-1").exits(10);
    let finished = world.j2v("submit a.json --key L-1").exits(0);
    assert_eq!(world.accepted_fields("project"), finished.lines());
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_refusal_had_accepted_nothing_so_the_key_is_sent_again() {
    let world = world(&["post-credits*1"]);
    world.j2v("submit a.json --key L-1").exits(5).prints(&[""]).tells("Insufficient credits");
    world.j2v("submit a.json --key L-1").exits(0);
    assert_eq!((world.posts(), world.accepted()), (2, 1));
}

#[test]
fn another_movie_under_a_used_key_is_not_sent_and_the_difference_is_named() {
    let world = World::new();
    world.write("a.json", r#"{"scenes": [{"duration": 2, "elements": [{"type": "text", "text": "one"}]}]}"#);
    world.write("b.json", r#"{"scenes": [{"duration": 2, "elements": [{"type": "text", "text": "two"}]}]}"#);
    world.j2v("submit a.json --key L-1").exits(0);
    let other = world.j2v("submit b.json --key L-1").exits(13).prints(&[""]).tells("/scenes/0/elements/0/text").tells("--again");
    assert!(other.next().contains(&"j2v submit b.json --key L-1 --again"), "{other:?}");
    assert_eq!(world.posts(), 1);
}

#[test]
fn again_is_a_new_render_of_the_key_and_a_new_generation() {
    let world = world(&[]);
    world.movie("b.json", &json!({}));
    let first = world.j2v("submit a.json --key L-1").exits(0);
    let second = world.j2v("submit b.json --key L-1 --again").exits(0);
    assert_ne!(first.line(), second.line());
    world.j2v("submit b.json --key L-1").exits(0).prints(&second.lines());
    let tokens = world.accepted_fields("token");
    assert!(tokens[0].starts_with("L-1#1.") && tokens[1].starts_with("L-1#2."), "{tokens:?}");
    assert_eq!(tokens.len(), 2);
}

#[test]
fn again_waits_until_it_is_known_what_became_of_the_generation_before() {
    let found = world(&["post-hang*1"]);
    found.crash("submit a.json --key L-1");
    found.j2v("submit a.json --key L-1 --again").exits(0).tells("found again");
    let tokens = found.accepted_fields("token");
    assert!(tokens[0].starts_with("L-1#1.") && tokens[1].starts_with("L-1#2."), "{tokens:?}");
    let lost = world(&["post-reset-before*1"]);
    lost.j2v(&format!("submit a.json --key L-1 {BRIEF}")).exits(8);
    lost.j2v(&format!("submit a.json --key L-1 --again {BRIEF}")).exits(8);
    assert_eq!((lost.posts(), lost.accepted()), (1, 0));
}

#[test]
fn another_api_is_another_world_for_the_same_key_and_ledger() {
    let (here, there) = (world(&[]), World::new());
    here.j2v("submit a.json --key L-1").exits(0);
    here.j2v(&format!("submit a.json --key L-1 --api-url {}", there.url())).exits(0);
    assert_eq!((here.accepted(), there.accepted()), (1, 1));
}

#[test]
fn a_lost_answer_is_found_again_and_never_sent_twice() {
    for fault in ["post-reset", "post-close", "post-html", "post-empty", "post-no-project", "post-status=502", "post-truncate=20"] {
        let world = world(&[fault]);
        let run = world.j2v("submit a.json --key L-1").exits(0).tells("looking for key L-1");
        assert_eq!(world.accepted_fields("project"), run.lines(), "{fault}");
        assert_eq!(world.posts(), 1, "{fault}");
    }
}

#[test]
fn a_request_without_an_answer_is_given_up_and_found_again() {
    let world = world(&["post-hang"]);
    let run = world.j2v("submit a.json --key L-1 --request-timeout 300ms").exits(0).tells("no answer came in time");
    assert_eq!(world.accepted_fields("project"), run.lines());
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_key_too_long_for_the_token_is_found_again_all_the_same() {
    let world = world(&["post-reset"]);
    let key = "a long name / Küche ".repeat(20);
    let run = world.run(&["submit", "a.json", "--key", &key]).exits(0).tells("found again");
    assert!(world.accepted_fields("token")[0].len() < 130);
    world.run(&["submit", "a.json", "--key", &key]).exits(0).prints(&run.lines());
    assert_eq!(world.posts(), 1);
}

#[test]
fn an_unknown_outcome_names_the_key_and_the_commands_and_is_sent_by_nobody() {
    let world = world(&["post-reset-before"]);
    for _ in 0..2 {
        let run = world.j2v(&format!("submit a.json --key L-1 {BRIEF}")).exits(8).prints(&[""]).tells("L-1");
        assert_eq!(run.next(), ["j2v settle L-1", "j2v show L-1"]);
    }
    assert_eq!((world.posts(), world.accepted()), (1, 0));
}

#[test]
fn every_later_command_keeps_looking_for_a_lost_answer() {
    let world = world(&["post-hang*1"]);
    world.movie("a.json", &serde_json::json!({"render-time": "10m"}));
    world.crash("submit a.json --key L-1");
    world.j2v("list").exits(0).tells("found again: key L-1");
    assert_eq!(world.j2v("history --json").json()["state"], "bound");
}

#[test]
fn what_is_held_is_never_sent_again_by_itself() {
    let world = world(&["post-reset-before*1"]);
    let decide = ["j2v show L-1", "j2v settle L-1 --resubmit", "j2v settle L-1 --abandon"];
    for _ in 0..2 {
        let run = world
            .j2v(&format!("submit a.json --key L-1 {IMPATIENT}"))
            .exits(8)
            .prints(&[""])
            .tells("you decide")
            .tells("`j2v settle L-1 --adopt PROJECT`");
        assert_eq!(run.next(), decide);
    }
    world.j2v("poll --timeout 0s").exits(8).tells("key L-1 is held").tells("next: j2v settle L-1");
    assert_eq!((world.posts(), world.accepted()), (1, 0));
}

#[test]
fn on_unknown_resubmit_sends_once_more_after_the_quarantine() {
    let world = world(&["post-reset-before*1"]);
    world.j2v("submit a.json --key L-1 --on-unknown resubmit --quarantine 0s --settle-for 1s").exits(0);
    assert_eq!((world.posts(), world.accepted()), (2, 1));
    assert!(world.accepted_fields("token")[0].contains(".2."), "the second attempt says so");
}

#[test]
fn on_unknown_resubmit_chosen_for_what_is_held_sends_once_more_and_no_oftener() {
    let world = world(&["post-reset-before"]);
    world.j2v(&format!("submit a.json --key L-1 {IMPATIENT}")).exits(8).tells("you decide");
    for _ in 0..2 {
        world.j2v(&format!("submit a.json --key L-1 --on-unknown resubmit {IMPATIENT}")).exits(8);
    }
    assert_eq!((world.posts(), world.accepted()), (2, 0));
}

#[test]
fn a_rule_that_was_chosen_stands_until_another_is() {
    let world = world(&["post-credits*1", "post-reset-before*1"]);
    world.j2v("submit a.json --key L-1 --on-unknown resubmit --quarantine 0s").exits(5);
    world.j2v("submit a.json --key L-1 --settle-for 1s").exits(0);
    assert_eq!((world.posts(), world.accepted()), (3, 1));
}

#[test]
fn on_unknown_resubmit_sends_no_third_time() {
    let world = world(&["post-reset-before"]);
    for _ in 0..2 {
        world.j2v("submit a.json --key L-1 --on-unknown resubmit --quarantine 0s --settle-for 200ms").exits(8);
    }
    assert_eq!((world.posts(), world.accepted()), (2, 0));
}

#[test]
fn without_a_token_a_lost_answer_stays_lost_and_says_what_to_compare() {
    let world = world(&["post-reset*1"]);
    world.j2v("submit a.json --key L-1 --no-token --settle-for 0s").exits(8).tells("j2v list");
    assert_eq!(world.accepted_fields("token"), [""]);
    world.j2v("submit a.json --key L-1 --no-token --settle-for 0s").exits(8);
    assert_eq!(world.posts(), 1);
}

#[test]
fn client_data_that_takes_no_token_is_refused_with_the_way_out() {
    let world = World::new();
    world.write("a.json", r#"{"client-data": "L-1", "scenes": [{"duration": 2}]}"#);
    world.j2v("submit a.json").exits(3).prints(&[""]).tells("client-data").tells("--no-token").tells("nothing was sent");
    assert_eq!(world.posts(), 0);
    world.j2v("submit a.json --no-token").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_member_of_client_data_that_is_called_j2v_is_the_user_s_and_is_never_written_over() {
    let world = World::new();
    world.write("a.json", r#"{"client-data": {"j2v": "mine"}, "scenes": [{"duration": 2}]}"#);
    world.j2v("submit a.json").exits(3).prints(&[""]).tells("a.json:1:25: ").tells("--no-token");
    let line = world.j2v("submit a.json --no-token --wait --json").exits(0).json();
    assert_eq!(line["client-data"], json!({"j2v": "mine"}));
    let token = r#"{"client-data": {"j2v": "L-1#1.0123abcd.1"}, "scenes": [{"duration": 2}]}"#;
    world.write("copied.json", token);
    world.j2v("submit copied.json --key L-2").exits(0);
    assert!(world.accepted_fields("token")[1].starts_with("L-2#1."), "a token that came along with a copy gives way");
}

#[test]
fn four_processes_with_one_key_send_one_movie_and_print_one_id() {
    let world = world(&["post-slow=100ms"]);
    let runs: Vec<_> = (0..4).map(|_| world.start("submit a.json --key L-1")).collect();
    let runs: Vec<_> = runs.into_iter().map(|child| Run::of(child).exits(0)).collect();
    assert_eq!(world.posts(), 1);
    let accepted = world.accepted_fields("project");
    assert!(runs.iter().all(|run| run.lines() == accepted), "{runs:?}");
}

#[test]
fn a_rotated_api_key_pays_no_second_time_and_another_profile_does() {
    let world = world(&[]);
    let first = world.j2v("submit a.json --key L-1").exits(0);
    world.j2v_with(&[("J2V_API_KEY", "rotated")], "submit a.json --key L-1").exits(0).prints(&first.lines());
    assert_eq!(world.accepted(), 1);
    world.j2v_with(&[("J2V_PROFILE", "customer")], "submit a.json --key L-1").exits(0);
    assert_eq!(world.accepted(), 2);
}

#[test]
fn commands_that_follow_never_send() {
    let world = world(&["post-credits*1", "post-reset-before*1"]);
    world.j2v("submit a.json --key refused").exits(5);
    world.j2v(&format!("submit a.json --key lost {BRIEF}")).exits(8);
    world.j2v("poll refused").exits(5).prints(&[""]);
    world.j2v("poll lost").exits(8).prints(&[""]);
    world.j2v("poll").exits(8);
    world.j2v("list").exits(0);
    world.j2v("settle lost").exits(8);
    assert_eq!(world.posts(), 2);
}

#[test]
fn again_waits_for_the_earlier_generation_and_never_sends_another_movie_in_its_place() {
    let world = world(&["post-reset-before*1"]);
    world.write("b.json", r#"{"scenes": [{"duration": 3}]}"#);
    world.j2v(&format!("submit a.json --key L-1 {IMPATIENT}")).exits(8).tells("you decide");
    world.j2v(&format!("submit b.json --key L-1 --again --on-unknown resubmit {IMPATIENT}")).exits(8).tells("you decide");
    assert_eq!((world.posts(), world.accepted()), (1, 0));
    world.j2v("settle L-1 --abandon").exits(0);
    let second = world.j2v("submit b.json --key L-1 --again").exits(0);
    assert_eq!((world.posts(), world.accepted_fields("project")), (2, vec![second.line().to_owned()]));
    assert!(world.accepted_fields("token")[0].starts_with("L-1#2."));
}

#[test]
fn one_again_pays_once() {
    let world = world(&["post-reset-before*1"]);
    world.j2v("submit a.json --key L-1 --on-unknown resubmit --settle-for 0s").exits(8);
    world.j2v("submit a.json --key L-1 --again --quarantine 0s --settle-for 0s").exits(8);
    assert_eq!((world.posts(), world.accepted()), (1, 0));
}

#[test]
fn a_movie_that_carries_its_token_is_the_same_movie() {
    let world = world(&[]);
    let first = world.j2v("submit a.json --key L-1").exits(0);
    let request = world.j2v("submit a.json --key L-1 --dry-run --json").json();
    world.write("sent.json", request["body"].to_string());
    world.j2v("submit sent.json --key L-1").exits(0).prints(&first.lines());
    assert_eq!(world.posts(), 1);
}
