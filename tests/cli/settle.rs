//! `j2v settle`: the user decides about a lost answer.

use serde_json::json;

use crate::support::World;

const HELD: &str = "submit a.json --key L-1 --settle-for 0s --quarantine 0s";

fn held(faults: &[&str]) -> World {
    let world = World::with_faults(faults);
    world.movie("a.json", &json!({}));
    world.j2v(HELD).exits(8);
    world
}

#[test]
fn adopt_names_the_project_and_the_key_attaches_to_it() {
    let world = held(&["post-reset", "list-drop-client-data"]);
    let project = world.accepted_fields("project").remove(0);
    world.j2v(&format!("settle L-1 --adopt {project}")).exits(0).prints(&[&project]);
    world.j2v("submit a.json --key L-1").exits(0).prints(&[&project]);
    assert_eq!(world.posts(), 1);
}

#[test]
fn adopt_refuses_the_project_of_another_submission_and_one_that_is_none() {
    let world = held(&["post-reset-before*1"]);
    let other = world.j2v("submit a.json --key L-2").exits(0);
    world.j2v(&format!("settle L-1 --adopt {}", other.line())).exits(2).tells("another submission").tells("L-2");
    let run = world.j2v("settle L-1 --adopt EMU0000000000000").exits(6).tells("does not know this project");
    assert_eq!(run.next(), ["j2v list"]);
    assert_eq!(world.j2v("show L-1 --json").json()["state"], "held");
}

#[test]
fn resubmit_sends_the_movie_that_was_kept_as_a_second_attempt() {
    let world = held(&["post-reset-before*1"]);
    let run = world.j2v("settle L-1 --resubmit").exits(0);
    assert_eq!(world.accepted_fields("project"), run.lines());
    assert!(world.accepted_fields("token")[0].contains(".2."));
    world.j2v("settle L-1 --resubmit").exits(0).prints(&run.lines());
    assert_eq!((world.posts(), world.accepted()), (2, 1));
}

#[test]
fn abandon_gives_it_up_and_only_again_renders_it_anew() {
    let world = held(&["post-reset-before*1"]);
    world.j2v("settle L-1 --abandon").exits(0).tells("given up");
    let run = world.j2v("submit a.json --key L-1").exits(8).prints(&[""]).tells("--again");
    assert_eq!(run.next(), ["j2v submit a.json --quarantine 0ms --key L-1 --again"]);
    world.j2v("poll").exits(0);
    world.j2v("submit a.json --key L-1 --again").exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn abandon_as_json_is_one_object_as_everywhere() {
    let world = held(&["post-reset-before*1"]);
    let line = world.j2v("settle L-1 --abandon --json").exits(0).json();
    assert_eq!((&line["status"], &line["key"]), (&json!("abandoned"), &json!("L-1")));
}

#[test]
fn without_a_decision_it_looks_once_and_tells_what_is_known() {
    let world = World::with_faults(&["post-hang*1"]);
    world.movie("a.json", &json!({}));
    world.crash("submit a.json --key L-1");
    let run = world.j2v("settle L-1").exits(0);
    assert_eq!(world.accepted_fields("project"), run.lines());
    let world = held(&["post-reset-before*1"]);
    world.j2v("settle L-1").exits(8).prints(&[""]).tells("--resubmit");
}

#[test]
fn what_is_decided_needs_no_decision() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key L-1").exits(0);
    world.j2v("settle L-1").exits(0).prints(&project.lines());
    world.j2v("settle L-1 --resubmit").exits(0).prints(&project.lines());
    world.j2v("settle L-1 --abandon").exits(2).tells("key L-1 is `rendering` as project").hides("bound");
    assert_eq!(world.posts(), 1);
}

#[test]
fn a_key_that_the_ledger_does_not_have_is_refused_with_the_way_to_look_it_up() {
    let world = World::new();
    let run = world.j2v("settle L-9").exits(6).tells("L-9");
    assert_eq!(run.next(), ["j2v history"]);
    world.j2v("settle L-9 --resubmit --abandon").exits(2);
}

#[test]
fn a_search_that_was_refused_decides_nothing() {
    let world = held(&["post-reset*1", "list-lag=400ms"]);
    world.j2v_with(&[("J2V_API_KEY", "wrong")], "settle L-1").exits(4).hides("you decide");
}

#[test]
fn a_list_that_could_not_be_read_is_not_said_to_lack_the_render() {
    let world = World::with_faults(&["post-reset-before*1", "list-status=500"]);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --key k --settle-for 0s").exits(8).hides("is not on the server's list");
    run.tells("the server's list could not be read: ").tells("HTTP 500").tells("next: j2v settle k");
    let run = world.j2v("settle k").exits(8).hides("is not on the server's list").tells("the server's list could not be");
    assert_eq!(run.next(), ["j2v settle k", "j2v settle k --resubmit", "j2v settle k --abandon"]);
    world.j2v("poll k").exits(8).hides("is not on the server's list").tells("was not read since");
}

#[test]
fn a_row_whose_list_could_not_be_read_says_so() {
    let world = World::with_faults(&["post-reset-before*1", "list-status=500"]);
    world.movie("a.json", &json!({}));
    world.write("rows.csv", "id\n1\n");
    let run = world.j2v("batch a.json --rows rows.csv --key id --settle-for 0s").exits(8).hides("is not on the server's list");
    run.tells("the server's list could not be read: ");
}

#[test]
fn a_search_without_a_result_names_the_decisions_and_each_leads_out() {
    for (decision, code) in [("--resubmit", 0), ("--abandon", 0)] {
        let world = World::with_faults(&["post-reset-before*1"]);
        world.movie("a.json", &json!({}));
        world.j2v("submit a.json --key k --settle-for 0s").exits(8).tells("is not on the server's list (yet)");
        let run = world.j2v("settle k").exits(8).tells("--adopt PROJECT");
        let way_out = run.next().into_iter().find(|next| next.ends_with(decision)).unwrap().to_owned();
        world.j2v(way_out.strip_prefix("j2v ").unwrap()).exits(code);
    }
}

#[test]
fn a_render_found_beside_the_lines_of_another_names_its_own_command() {
    let world = World::with_faults(&["post-hang*1"]);
    world.movie("a.json", &json!({"render-time": "10m"}));
    world.movie("b.json", &json!({"render-time": "10m"}));
    world.crash("submit a.json --key k");
    let run = world.j2v("submit b.json --key l").exits(0);
    let project = world.accepted_fields("project").into_iter().find(|project| project != run.line()).unwrap();
    run.tells(&format!("found again: key k is project {project} (`j2v poll {project}` follows it)"));
}
