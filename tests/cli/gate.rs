//! The checks of `j2v submit` before it pays, and the movies that pass them.

use serde_json::json;

use crate::support::World;

/// A movie that the service accepts and then fails on.
const SRCLESS: &str = "{\n  \"scenes\": [{\"duration\": 2, \"elements\": [{\"type\": \"video\"}]}]\n}";

/// A movie with two warnings that do not stop it.
const DOUBTFUL: &str = r#"{"qualty": 1, "resolution": "sd", "scenes": [{"duration": 2, "lenght": 1}]}"#;

#[test]
fn what_the_service_certainly_fails_on_is_not_sent() {
    let world = World::new();
    world.write("bad.json", SRCLESS);
    let run = world.j2v("submit bad.json").exits(3).prints(&[""]).tells("error: bad.json:2:52: J2V064: ").tells("nothing was sent");
    let run = run.tells("--allow J2V064").tells("--no-check");
    assert_eq!(run.next(), ["j2v check bad.json"]);
    let outcome = world.j2v("submit bad.json --json").exits(3).json();
    assert_eq!((&outcome["status"], &outcome["source"]), (&json!("invalid"), &json!("bad.json")));
    world.j2v("submit bad.json --dry-run").exits(3).prints(&[]).tells("J2V064");
    assert_eq!(world.posts(), 0);
    assert!(!world.has("ledger.db"), "nothing was begun");
}

#[test]
fn what_is_allowed_is_sent() {
    let world = World::new();
    world.write("bad.json", SRCLESS);
    for flags in ["--allow J2V064", "--allow src-missing", "--no-check"] {
        world.j2v(&format!("submit bad.json {flags}")).exits(0).hides("J2V064");
    }
    assert_eq!(world.accepted(), 3);
    world.j2v("submit bad.json --allow J2V065").exits(3);
    world.j2v("submit bad.json --allow J2V999").exits(2).tells("no such rule");
    world.j2v("submit bad.json --allow src-mising").exits(2).tells("did you mean J2V064 (src-missing)?");
}

#[test]
fn the_command_that_goes_on_passes_the_gate_too() {
    let world = World::with_faults(&["post-429=700"]);
    world.write("bad.json", SRCLESS);
    for (key, flag) in [("k", "--allow J2V064"), ("l", "--no-check")] {
        let run = world.j2v(&format!("submit bad.json --key {key} {flag}")).exits(7);
        assert_eq!(run.next(), [format!("j2v submit bad.json {flag} --key {key}")]);
    }
}

#[test]
fn a_movie_that_is_stopped_stops_no_other() {
    let world = World::new();
    world.write("bad.json", SRCLESS);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit bad.json a.json").exits(12);
    assert_eq!((run.lines()[0], world.accepted()), ("", 1));
}

#[test]
fn a_fault_that_a_flag_brings_in_stops_and_one_that_a_flag_mends_does_not() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.write("bad.json", SRCLESS);
    world.j2v("submit a.json --set /scenes/0/elements/0/type=video").exits(3).tells("J2V064");
    world.j2v("submit bad.json --set /scenes/0/elements/0/src=https://example.com/a.mp4").exits(0);
    assert_eq!(world.posts(), 1);
}

#[test]
fn warnings_are_counted_in_one_line_and_stop_nothing() {
    let world = World::new();
    world.write("a.json", DOUBTFUL);
    world.write("c.json", DOUBTFUL);
    world.movie("b.json", &json!({}));
    let run = world.run(&["submit", "a.json", "b.json", "c.json", "--id", "L 1"]).exits(0);
    let expected = "4 warnings; j2v check a.json c.json --id 'L 1' shows them";
    assert_eq!(run.stderr.lines().filter(|line| line.contains("warning")).collect::<Vec<_>>(), [expected]);
    world.j2v("submit b.json").exits(0).hides("warning");
    world.write("c.json", "{\"scenes\": [{\"duration\": 2}],}");
    let run = world.j2v("submit c.json").exits(0);
    assert_eq!(run.stderr.matches("trailing comma").count(), 1, "{run:?}");
    world.j2v("submit c.json").hides("1 warning");
}

#[test]
fn a_finding_has_the_same_severity_when_it_is_checked_and_when_it_is_sent() {
    let world = World::new();
    let items = vec!["1"; 20_001].join(",");
    let scene = r#"{"duration": 1, "iterate": "rooms"}"#;
    world.write("many.json", format!("{{\"resolution\": \"sd\", \"variables\": {{\"rooms\": [{items}]}}, \"scenes\": [{scene}]}}"));
    let found = world.j2v("check many.json --json").exits(0).tells("1 movie: 0 errors, 1 warning").jsons();
    assert_eq!((&found[0]["code"], &found[0]["severity"], &found[0]["stops"]), (&json!("J2V215"), &json!("warning"), &json!(false)));
    world.j2v("submit many.json --dry-run").exits(0).tells("1 warning; j2v check many.json shows it");
    world.write("doubtful.json", r#"{"resolution": "sd", "scenes": [{"duration": 1, "comment": "{{ 1 + }}"}]}"#);
    let found = world.j2v("check doubtful.json --json").exits(3).json();
    assert_eq!((&found["severity"], &found["stops"]), (&json!("error"), &json!(false)));
    world.j2v("submit doubtful.json --dry-run").exits(0).tells("1 uncertain error; j2v check doubtful.json shows it");
}

#[test]
fn the_estimated_credits_are_told_before_they_are_spent() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --dry-run").exits(0).tells("estimated cost: 2 credits\n");
    world.j2v("submit a.json a.json").exits(0).tells("2 movies: estimated cost: 4 credits\n");
    world
        .j2v("submit a.json --resolution custom --set /width:=3840 --set /height:=2160")
        .exits(0)
        .tells("estimated cost: 2 to 8 credits: above full HD");
    let video = r#"{"scenes": [{"elements": [{"type": "video", "src": "https://example.com/a.mp4"}]}]}"#;
    world.write("video.json", video);
    world.j2v("submit video.json").exits(0).tells("estimated cost: unknown: the length isn't known");
    world.j2v("submit a.json --quiet").exits(0).hides("credits");
}

#[test]
fn what_could_cost_more_than_the_cap_is_not_sent() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --max-credits 2").exits(0);
    let outcome = world.j2v("submit a.json --max-credits 1 --json").exits(5).tells("--max-credits allows 1; nothing was sent").json();
    assert_eq!(outcome["status"], "unsent");
    world.j2v("submit a.json a.json --max-credits 3").exits(12).tells("4 credits with those before it");
    assert_eq!(world.posts(), 2);
    world.write("video.json", r#"{"scenes": [{"elements": [{"type": "video", "src": "https://example.com/a.mp4"}]}]}"#);
    world
        .j2v("submit video.json --max-credits 1000")
        .exits(5)
        .tells("error: video.json:1:27: its cost has no upper bound, and --max-credits allows 1000")
        .tells("help: give the scene a `\"duration\"` in seconds");
    world.j2v("submit a.json --max-credits 1 --no-check").exits(5);
    assert_eq!(world.posts(), 2);
}

#[test]
fn the_movie_s_own_elements_count_against_the_cap_and_what_has_no_bound_names_its_fix() {
    let world = World::new();
    let over = |element: &str| format!(r#"{{"resolution": "hd", "scenes": [{{"duration": 10}}], "elements": [{element}]}}"#);
    world.write("a.json", over(r#"{"type": "video", "src": "https://a.example/v.mp4", "duration": 30}"#));
    world.j2v("submit a.json --max-credits 15").exits(5).tells("it may cost 30 credits, --max-credits allows 15");
    world.write("a.json", over(r#"{"type": "audio", "src": "https://a.example/song.mp3"}"#));
    let run =
        world.j2v("submit a.json --max-credits 500").exits(5).tells("movie element 1, audio song.mp3: the length of the asset is unknown");
    run.tells("help: give it `\"duration\": -2`, which ends it with the scenes");
    world.j2v("check a.json").exits(0).tells("0 errors, 1 warning");
    assert_eq!(world.posts(), 0);
    world.j2v("submit a.json --max-credits 10 --set /elements/0/duration:=-2").exits(0);
    world.j2v("submit a.json").exits(0);
    assert_eq!(world.accepted(), 2);
}

#[test]
fn a_variable_of_a_flag_that_fits_nothing_warns_and_names_the_one_that_is_meant() {
    let world = World::new();
    let movie = r#"{"resolution": "hd", "variables": {"address": "x"}, "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ address }}"}]}]}"#;
    world.write("a.json", movie);
    world.j2v("submit a.json --var adress=y").exits(0).tells("1 warning; j2v check a.json --var adress=y shows it");
    let found = world.j2v("check a.json --var adress=y --json").exits(0).jsons();
    assert_eq!((&found[0]["code"], &found[0]["severity"]), (&json!("J2V201"), &json!("warning")), "{found:?}");
    assert_eq!(found[0]["help"], "did you mean `address`?");
    world.j2v("submit a.json --var address=y").exits(0).hides("warning");
}

#[test]
fn a_movie_that_is_not_sent_keeps_its_key_and_its_next_commands_in_json() {
    let world = World::new();
    world.write("bad.json", SRCLESS);
    world.movie("a.json", &json!({}));
    for (line, code, next) in [
        ("submit bad.json", 3, json!(["j2v check bad.json"])),
        ("submit a.json --max-credits 1", 5, json!(["j2v plan a.json"])),
        ("submit missing.json", 2, json!([])),
    ] {
        let run = world.j2v(&format!("{line} --key k --json")).exits(code);
        let outcome = run.json();
        assert_eq!((&outcome["key"], &outcome["next"]), (&json!("k"), &next), "{line}");
        assert_eq!(json!(run.next()), next, "{line}: each command once");
    }
    let run = world.j2v("submit bad.json --key k").exits(3);
    assert!(run.stderr.find("to send it anyway") < run.stderr.find("next: "), "{run:?}");
}

#[test]
fn what_was_not_tried_keeps_its_key_in_json() {
    let world = World::with_faults(&["post-key"]);
    std::fs::create_dir(world.path("videos")).unwrap();
    for name in ["a", "b"] {
        world.movie(&format!("videos/{name}.json"), &json!({}));
    }
    world.j2v("config set concurrency 1").exits(0);
    for line in world.j2v("submit videos --json").exits(4).jsons() {
        assert_eq!(json!(format!("videos/{}.json", line["key"].as_str().unwrap())), line["source"]);
    }
    assert_eq!(world.posts(), 1);
    let keyless = world.j2v_with(&[("J2V_API_KEY", "")], "submit videos/a.json --key k --json").exits(4).json();
    assert_eq!((&keyless["key"], &keyless["next"]), (&json!("k"), &json!(["j2v auth login"])));
}
