//! `j2v delete`: the file is deleted, the entry and its cost stay.

use serde_json::json;

use crate::support::World;

fn rendered() -> (World, String) {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1ms"}));
    let project = world.j2v("submit a.json --key L-1").exits(0).line().to_owned();
    (world, project)
}

#[test]
fn it_deletes_by_key_or_project_prints_the_project_and_may_be_repeated() {
    let (world, project) = rendered();
    world.j2v("delete --yes L-1").exits(0).prints(&[&project]).tells("is still charged");
    world.run(&["delete", &project, "--yes"]).exits(0).prints(&[&project]);
    assert_eq!(world.j2v("list --json").json()["status"], "deleted");
    assert_eq!(world.j2v("show L-1 --json").json()["state"], "deleted");
}

#[test]
fn json_has_an_object_for_every_argument_the_failed_ones_too() {
    let (world, project) = rendered();
    let lines = world.j2v("delete --yes L-1 EMU0000000000000 --json").exits(12).jsons();
    assert_eq!(lines.len(), 2);
    assert_eq!((&lines[0]["project"], &lines[0]["status"]), (&json!(project), &json!("deleted")));
    assert_eq!((&lines[1]["project"], &lines[1]["status"]), (&json!("EMU0000000000000"), &json!("refused")));
}

#[test]
fn an_argument_that_fails_has_an_empty_line() {
    let (world, project) = rendered();
    world.j2v("delete --yes EMU0000000000000 L-1").exits(12).prints(&["", &project]).tells("EMU0000000000000: ");
}

#[test]
fn what_was_never_accepted_can_not_be_deleted() {
    let world = World::with_faults(&["post-credits"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key L-1").exits(5);
    world.j2v("delete --yes L-1").exits(5).prints(&[""]);
    assert_eq!(world.requests("DELETE /v2/movies"), 0);
}

#[test]
fn a_service_that_stumbles_is_asked_again() {
    let world = World::with_faults(&["delete-status=503*1", "delete-reset*1"]);
    world.movie("a.json", &json!({"render-time": "1ms"}));
    let project = world.j2v("submit a.json --key L-1").exits(0);
    world.j2v("delete --yes L-1").exits(0).prints(&project.lines());
    assert_eq!(world.requests("DELETE /v2/movies"), 3);
}
