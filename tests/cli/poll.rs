//! `j2v poll`: follows renders by project, by key, from stdin, or all that is unfinished.

use serde_json::json;

use crate::support::World;

fn submitted(world: &World, name: &str, script: &serde_json::Value) -> String {
    let file = format!("{name}.json");
    world.movie(&file, script);
    world.run(&["submit", &file, "--key", name]).exits(0).line().to_owned()
}

#[test]
fn renders_are_named_by_project_or_by_key_and_answered_in_that_order() {
    let world = World::new();
    let a = submitted(&world, "a", &json!({"render-time": "400ms"}));
    let b = submitted(&world, "b", &json!({"render-time": "50ms"}));
    let run = world.run(&["poll", &a, "b"]).exits(0);
    assert!(run.lines()[0].contains(&a) && run.lines()[1].contains(&b), "{run:?}");
    assert_eq!(world.posts(), 2);
}

#[test]
fn ids_come_from_stdin_where_the_dash_stands() {
    let world = World::new();
    let a = submitted(&world, "a", &json!({}));
    let b = submitted(&world, "b", &json!({}));
    let run = world.pipe(&["poll", "-", "a"], &format!("{b}\n\n  {a}\n")).exits(0);
    assert_eq!(run.lines().len(), 3);
    assert!(run.lines()[0].contains(&b) && run.lines()[1].contains(&a) && run.lines()[2].contains(&a), "{run:?}");
}

#[test]
fn no_ids_on_stdin_are_nothing_to_do() {
    let world = World::new();
    submitted(&world, "a", &json!({"render-time": "1h"}));
    world.pipe(&["poll", "-"], "").exits(0).prints(&[]);
}

#[test]
fn a_project_that_the_ledger_does_not_know_is_followed_all_the_same() {
    let world = World::new();
    let movie = json!({"scenes": [{"duration": 2}]}).to_string();
    let posted: serde_json::Value = serde_json::from_slice(&world.ask("POST", "/v2/movies", &movie)).unwrap();
    let project = posted["project"].as_str().unwrap();
    let run = world.run(&["poll", project]).exits(0);
    assert!(run.line().contains(project));
    let line = world.run(&["poll", project, "--json"]).exits(0).json();
    assert_eq!((&line["key"], &line["source"]), (&json!(null), &json!(null)));
}

#[test]
fn without_a_name_everything_unfinished_is_followed() {
    let world = World::new();
    submitted(&world, "over", &json!({}));
    world.j2v("poll over").exits(0);
    let open: Vec<String> = ["a", "b"].map(|name| submitted(&world, name, &json!({}))).into();
    let run = world.j2v("poll").exits(0);
    assert_eq!(run.lines().len(), 2);
    assert!(open.iter().zip(run.lines()).all(|(project, line)| line.contains(project)), "{run:?}");
    world.j2v("poll").exits(0).prints(&[]).tells("no render in the ledger is unfinished");
}

#[test]
fn many_renders_are_read_through_the_list() {
    let world = World::new();
    for name in ["a", "b", "c", "d", "e", "f"] {
        submitted(&world, name, &json!({"render-time": "1ms"}));
    }
    world.j2v("poll").exits(0);
    let looks = &world.oracle()["looks"];
    assert_eq!((&looks["list"], &looks["project"]), (&json!(1), &json!(null)));
}

#[test]
fn once_looks_once_and_says_where_it_stands() {
    let world = World::new();
    let slow = submitted(&world, "slow", &json!({"render-time": "1h"}));
    let quick = submitted(&world, "quick", &json!({"render-time": "1ms"}));
    let run = world.j2v("poll slow quick --once").exits(12);
    assert_eq!(run.lines()[0], "");
    assert!(run.lines()[1].contains(&quick));
    assert!(run.next().contains(&format!("j2v poll {slow}").as_str()), "{run:?}");
    assert_eq!(world.requests("GET /v2/movies"), 2);
}

#[test]
fn missed_are_those_that_were_accepted_longer_ago() {
    let world = World::new();
    let a = submitted(&world, "a", &json!({}));
    world.j2v("poll --missed").exits(0).prints(&[]);
    let run = world.j2v("poll --missed --older-than 0s").exits(0);
    assert!(run.line().contains(&a));
    world.j2v("poll --missed --older-than 0s").exits(0).prints(&[]);
}

#[test]
fn the_deadline_ends_the_waiting_and_not_the_render() {
    let world = World::new();
    let a = submitted(&world, "a", &json!({"render-time": "1h"}));
    let run = world.j2v("poll a --timeout 200ms --interval 50ms").exits(11).prints(&[""]).tells("continues and will be charged");
    assert_eq!(run.next(), [format!("j2v poll {a}")]);
}

#[test]
fn waiting_in_vain_for_a_service_that_fails_says_that_nothing_was_read_and_why() {
    let world = World::with_faults(&["get-status=500", "list-status=500"]);
    let projects = ["a", "b", "c", "d", "e", "f"].map(|name| submitted(&world, name, &json!({"render-time": "1h"})));
    for line in ["poll a --timeout 2500ms", "poll --timeout 2500ms"] {
        let run = world.j2v(line).exits(11).tells(&format!("{}: timed out; its status could not be read: ", projects[0]));
        run.tells("HTTP 500 Internal Server Error").tells("; the render continues and will be charged");
    }
    let unknown = world.j2v("poll JkGxEoPRF9EgRb32 --timeout 1s").exits(7).tells("its state is unknown: ");
    unknown.tells("HTTP 500 Internal Server Error").hides("charged");
}

#[test]
fn a_project_that_nobody_knows_is_not_said_to_be_charged() {
    let world = World::new();
    let run = world.j2v("poll JkGxEoPRF9EgRb32").exits(6).tells("the service does not know this project").hides("charged");
    assert_eq!(run.next(), ["j2v list"]);
    World::at("http://127.0.0.1:9/v2").j2v("poll JkGxEoPRF9EgRb32 --timeout 1ms").tells("JkGxEoPRF9EgRb32: ").hides("charged");
}

#[test]
fn a_look_at_what_was_missed_does_not_hide_what_still_renders() {
    let world = World::new();
    submitted(&world, "a", &json!({"render-time": "1h"}));
    world.j2v("poll --missed --once").exits(0).tells("no webhook was missed; 1 render is still rendering");
}

#[test]
fn a_render_that_is_over_is_not_waited_for() {
    let world = World::new();
    submitted(&world, "a", &json!({"render-time": "1ms"}));
    world.j2v("poll a").exits(0).tells("waiting for the render");
    world.j2v("poll a").exits(0).hides("waiting for the render");
}

#[test]
fn an_id_that_nobody_knows_of_a_service_that_can_t_be_reached_ends_clearly() {
    let run = World::at("http://127.0.0.1:9/v2").j2v("poll JkGxEoPRF9EgRb32 --timeout 10m").exits(7).tells("its state is unknown");
    assert_eq!((run.stdout.as_str(), run.next()), ("\n", vec!["j2v poll JkGxEoPRF9EgRb32"]));
}

#[test]
fn the_service_s_timeout_ends_the_waiting_at_once() {
    let world = World::new();
    submitted(&world, "a", &json!({"outcome": "timeout", "render-time": "1ms"}));
    world.j2v("poll a").exits(10);
    world.j2v("poll").exits(10);
}

#[test]
fn a_status_goes_through_whatever_a_bad_day_brings() {
    for fault in
        ["get-status=503*1", "get-reset*1", "get-html*1", "get-typeerror*2", "get-429=0*1", "get-strings", "get-nulls*1", "get-lag=200ms"]
    {
        let world = World::with_faults(&[fault]);
        let a = submitted(&world, "a", &json!({"render-time": "1ms"}));
        let run = world.j2v("poll a --interval 50ms").exits(0);
        assert!(run.line().contains(&a), "{fault}");
    }
}

#[test]
fn on_loopback_the_interval_takes_any_value() {
    let world = World::new();
    submitted(&world, "a", &json!({"status": ["pending", "running", "running", "running", "done"], "render-time": "1ms"}));
    world.j2v("poll a --interval 1ms").exits(0).hides("raised");
    assert_eq!(world.requests("GET /v2/movies"), 5);
}

#[test]
fn a_word_that_nobody_knows_is_taken_as_running_and_told_once() {
    let world = World::new();
    let a = submitted(&world, "a", &json!({"status": ["dreaming", "dreaming", "done"], "render-time": "1ms"}));
    let run = world.j2v("poll a --interval 1ms").exits(0).tells("`dreaming`");
    assert!(run.line().contains(&a));
    assert_eq!(run.stderr.matches("`dreaming`").count(), 1, "{run:?}");
}

#[test]
fn several_videos_are_saved_in_a_folder() {
    let world = World::new();
    let a = submitted(&world, "a", &json!({}));
    let b = submitted(&world, "b", &json!({}));
    world.j2v("poll a b --download one.mp4").exits(2);
    let (a, b) = (format!("out/{a}.mp4"), format!("out/{b}.mp4"));
    world.j2v("poll a b --download out/").exits(0).prints(&[&a, &b]);
    assert_eq!(&world.read(&a)[4..8], b"ftyp");
}

#[test]
fn a_name_that_is_neither_key_nor_project_is_asked_of_nobody() {
    let world = World::new();
    let run = world.j2v("poll nobody").exits(6).prints(&[""]).tells("nobody").tells("no such render in the ledger");
    assert_eq!(run.next(), ["j2v history"]);
    world.run(&["poll", ""]).exits(2);
}

#[test]
fn what_may_have_been_accepted_is_no_empty_answer() {
    let world = World::with_faults(&["post-reset-before*1"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key lost --settle-for 0s").exits(8);
    let run = world.j2v("poll --json").exits(8).tells("next: j2v settle lost");
    assert_eq!((&run.json()["status"], &run.json()["key"]), (&json!("unknown"), &json!("lost")));
}

#[test]
fn what_is_held_is_a_line_and_an_outcome_of_its_own() {
    let world = World::with_faults(&["post-reset-before*1"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key lost --settle-for 0s --quarantine 0s").exits(8);
    let run = world.j2v("poll").exits(8).prints(&[""]).tells("key lost is held").hides("no render in the ledger is unfinished");
    assert_eq!(run.next(), ["j2v settle lost"]);
    let run = world.j2v("poll --json").exits(8);
    let line = run.json();
    assert_eq!((&line["status"], &line["key"], &line["next"]), (&json!("held"), &json!("lost"), &json!(["j2v settle lost"])));
    world.j2v("poll --batch other").exits(0).prints(&[]);

    // Beside a render that is followed to its end.
    let project = submitted(&world, "b", &json!({}));
    let run = world.j2v("poll").exits(12);
    assert!(run.lines()[0].is_empty() && run.lines()[1].contains(&project), "{run:?}");
    let project = submitted(&world, "c", &json!({}));
    world.j2v("poll --download c.mp4").exits(12).prints(&["", "c.mp4"]);
    assert_eq!(world.j2v("poll c --json").json()["project"], json!(project));
}

#[test]
fn missed_are_no_submissions_without_a_project() {
    let world = World::with_faults(&["post-reset-before*1"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key lost --settle-for 0s --quarantine 0s").exits(8);
    world.j2v("poll --missed --older-than 0s").exits(0).prints(&[]);
}
