//! `j2v list`: the renders on the server, all pages, newest first.

use serde_json::json;

use crate::support::World;

#[test]
fn every_page_is_listed_newest_first() {
    let world = World::with_faults(&["list-short"]);
    let movie = json!({"scenes": [{"duration": 2}]}).to_string();
    for _ in 0..60 {
        world.ask("POST", "/v2/movies", &movie);
    }
    let run = world.j2v("list --json").exits(0);
    let mut listed: Vec<String> = run.jsons().iter().map(|line| line["project"].as_str().unwrap().to_owned()).collect();
    listed.sort_unstable();
    let mut accepted = world.accepted_fields("project");
    accepted.sort_unstable();
    assert_eq!(listed, accepted);
    assert!(world.requests("GET /v2/movies") > 1, "one page holds 50 here");
}

#[test]
fn a_line_tells_project_status_time_and_key() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({"outcome": "error", "message": "Scene #1 is upside down"}));
    world.j2v("submit a.json --key L-1 --wait").exits(0);
    world.j2v("submit b.json --key L-2 --wait").exits(9);
    let run = world.j2v("list").exits(0);
    let projects = world.accepted_fields("project");
    assert_eq!(world.j2v("list --json").jsons()[1]["key"], "L-1");
    let [bad, good] = run.lines()[..] else { panic!("{run:?}") };
    assert!(good.starts_with(&projects[0]) && good.contains("done") && good.contains("L-1") && good.contains("2 s"), "{run:?}");
    assert!(bad.starts_with(&projects[1]) && bad.contains("error") && bad.contains("Scene #1 is upside down"), "{run:?}");
}

#[test]
fn from_and_to_bound_the_window() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json").exits(0);
    world.j2v("list --from 2020-01-01 --to 2020-01-31").exits(0).prints(&[]);
    world.j2v("list --to 2020-01-31T18:00:00Z").exits(0).prints(&[]);
    let run = world.j2v("list --from 2026-01-01").exits(0);
    assert!(run.line().starts_with(project.line()));
}

#[test]
fn a_list_that_is_shuffled_or_doubled_is_listed_once_and_in_order() {
    for fault in ["list-shuffle", "list-duplicate", "list-repeat-cursor"] {
        let world = World::with_faults(&[fault]);
        let movie = json!({"scenes": [{"duration": 2}]}).to_string();
        for _ in 0..5 {
            world.ask("POST", "/v2/movies", &movie);
        }
        let run = world.j2v("list").exits(0);
        let times: Vec<&str> = run.lines().iter().map(|line| line.split_whitespace().nth(2).unwrap()).collect();
        assert_eq!(times.len(), 5, "{fault}: {run:?}");
        assert!(times.is_sorted_by(|newer, older| newer >= older), "{fault}: {run:?}");
    }
}

#[test]
fn a_list_that_repeats_its_cursor_is_said_not_to_be_whole() {
    let world = World::with_faults(&["list-repeat-cursor", "list-short"]);
    let movie = json!({"scenes": [{"duration": 2}]}).to_string();
    for _ in 0..51 {
        world.ask("POST", "/v2/movies", &movie);
    }
    world.j2v("list").exits(0).tells("the list is incomplete");
}

#[test]
fn a_service_that_stumbles_is_asked_again() {
    let world = World::with_faults(&["list-status=503*1", "list-reset*1", "list-429=0*1"]);
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json").exits(0);
    assert!(world.j2v("list").exits(0).line().starts_with(project.line()));
}

#[test]
fn an_empty_account_lists_nothing() {
    World::new().j2v("list").exits(0).prints(&[]);
}

#[test]
fn a_line_for_programs_has_the_dates() {
    let world = World::new();
    world.movie("a.json", &serde_json::json!({"render-time": "1ms"}));
    world.j2v("submit a.json --wait").exits(0);
    let line = world.j2v("list --json").exits(0).json();
    for date in ["created_at", "ended_at", "kept_until"] {
        assert!(line[date].as_str().is_some_and(|at| at.ends_with('Z')), "{date}: {line}");
    }
}
