//! `j2v reconcile`: its findings, its repairs, and that it is safe at any time and when two run at once.

use serde_json::{Value, json};

use crate::support::{Run, World};

/// The findings of one kind.
fn of_kind(run: &Run, kind: &str) -> Vec<Value> {
    run.jsons().into_iter().filter(|finding| finding["finding"] == kind).collect()
}

/// Waits until the service has rendered a project.
fn until_rendered(world: &World, id: &str) {
    let is_done = || {
        let answer: Value = serde_json::from_slice(&world.ask("GET", &format!("/v2/movies?project={id}"), "")).unwrap();
        answer["movie"]["status"] == "done"
    };
    while !is_done() {
        std::thread::yield_now();
    }
}

/// A world in which one accepted render has ended without the ledger's knowledge.
fn missed() -> (World, String) {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let id = world.j2v("submit a.json --key k").exits(0).line().to_owned();
    until_rendered(&world, &id);
    (world, id)
}

#[test]
fn nothing_to_tell_is_told_and_ends_with_0() {
    let world = World::new();
    let run = world.j2v("reconcile").exits(0).tells("nothing needs attention");
    assert_eq!((run.stdout.as_str(), world.posts()), ("", 0));
}

#[test]
fn an_outcome_that_nobody_told_is_missed_and_mended() {
    let (world, id) = missed();
    world.j2v("reconcile").exits(0);
    let run = world.j2v("reconcile --older-than 0s --json").exits(11);
    let [finding] = &of_kind(&run, "missed")[..] else { panic!("{run:?}") };
    assert_eq!(
        (&finding["project"], &finding["key"], &finding["state"], &finding["status"]),
        (&json!(id), &json!("k"), &json!("bound"), &json!("done"))
    );
    assert_eq!(world.j2v("history --json").json()["state"], "bound", "looking changes nothing");
    let run = world.j2v("reconcile --older-than 0s --fix").exits(0);
    assert!(run.stdout.contains("missed: 1 render\n") && run.stdout.contains("fixed: the ledger knows it as `done`"), "{run:?}");
    assert_eq!(world.j2v("history --json").json()["state"], "done");
    let again = world.j2v("reconcile --older-than 0s --fix --json").exits(0);
    assert!(of_kind(&again, "missed").is_empty() && !of_kind(&again, "unsaved").is_empty());
}

#[test]
fn what_is_rendered_and_not_saved_is_saved_once() {
    let (world, id) = missed();
    world.j2v("poll k").exits(0);
    let run = world.j2v("reconcile --json").exits(0);
    assert_eq!(of_kind(&run, "unsaved")[0]["next"], json!([format!("j2v download {id}")]));
    world.j2v("reconcile --expiring 8d").exits(14);
    let run = world.j2v("reconcile --fix --download videos/ --json").exits(0);
    let saved = of_kind(&run, "unsaved")[0]["file"].as_str().unwrap().to_owned();
    assert!(world.has(&format!("videos/{id}.mp4")) && saved.ends_with(&format!("{id}.mp4")));
    assert_eq!(world.j2v("reconcile --json").exits(0).stdout, "");
    world.j2v("reconcile --fix --download file.mp4").exits(2);
}

#[test]
fn what_is_restored_or_was_missed_is_saved_in_the_same_run() {
    let (world, id) = missed();
    let run = world.j2v("reconcile --older-than 0s --fix --download videos/ --json").exits(0);
    assert!(world.has(&format!("videos/{id}.mp4")), "{run:?}");
    let ledger = world.j2v("reconcile --json").exits(0);
    assert_eq!(ledger.stdout, "", "nothing is left for the next run");
    for left in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        std::fs::remove_file(world.path(left)).ok();
    }
    let run = world.j2v("reconcile --json").exits(0);
    let rebuild = run.next()[0].strip_prefix("j2v ").unwrap().to_owned();
    world.j2v(&format!("{rebuild} --download again/")).exits(0).tells("recovered 1 render");
    assert!(world.has(&format!("again/{id}.mp4")));
}

#[cfg(unix)]
#[test]
fn what_was_missed_reaches_the_application_once_though_two_mend_at_once() {
    let (world, id) = missed();
    world.write("hear.sh", "#!/bin/sh\ncat >> heard.jsonl\n");
    std::fs::set_permissions(world.path("hear.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let line = "reconcile --fix --older-than 0s --exec ./hear.sh";
    for child in [world.start(line), world.start(line), world.start(line)] {
        Run::of(child).exits(0);
    }
    world.j2v(line).exits(0);
    let heard: Vec<Value> =
        String::from_utf8(world.read("heard.jsonl")).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert_eq!(
        (&heard[0]["project"], &heard[0]["status"], &heard[0]["client-data"]["listing_id"]),
        (&json!(id), &json!("done"), &json!("L-1"))
    );
    world.j2v("reconcile --exec ./hear.sh").exits(2);
}

#[cfg(unix)]
#[test]
fn an_outcome_in_back_off_is_delivered_by_the_next_repair() {
    use std::os::unix::fs::PermissionsExt;
    let (world, id) = missed();
    world.write("hear.sh", "#!/bin/sh\nexit 1\n");
    std::fs::set_permissions(world.path("hear.sh"), std::fs::Permissions::from_mode(0o755)).unwrap();
    world.j2v("reconcile --older-than 0s --fix --exec ./hear.sh").exits(1).tells("was not delivered");
    world.write("hear.sh", "#!/bin/sh\ncat >> heard.jsonl\n");
    let run = world.j2v("reconcile --older-than 0s --fix --json --exec ./hear.sh").exits(0);
    assert_eq!(of_kind(&run, "undelivered")[0]["mended"], json!("delivered"), "{run:?}");
    let heard = String::from_utf8(world.read("heard.jsonl")).unwrap();
    assert_eq!((heard.lines().count(), heard.contains(&id)), (1, true), "{heard}");
    world.j2v("reconcile --older-than 0s --fix --exec ./hear.sh").exits(0).hides("reconcile --fix");
    assert_eq!(world.read("heard.jsonl").len(), heard.len(), "it is delivered once");
}

#[test]
fn a_lost_ledger_is_put_back_from_the_tokens() {
    let world = World::new();
    for name in ["a", "b"] {
        world.movie(&format!("{name}.json"), &json!({}));
        world.j2v(&format!("submit {name}.json --key {name} --wait")).exits(0);
    }
    world.j2v("submit a.json --key a --again --wait").exits(0);
    let long = "k".repeat(150);
    world.j2v(&format!("submit b.json --key {long}")).exits(0);
    let before = world.accepted();
    std::fs::remove_file(world.path("ledger.db")).unwrap();
    for left in ["ledger.db-wal", "ledger.db-shm"] {
        std::fs::remove_file(world.path(left)).ok();
    }
    // Another ledger may be another machine's: nothing is taken from it unless the user states that it is lost.
    let run = world.j2v("reconcile --json").exits(0);
    let [elsewhere, ..] = &of_kind(&run, "elsewhere")[..] else { panic!("{run:?}") };
    let rebuild = format!("j2v reconcile --fix --adopt-from {}", elsewhere["ledger"].as_str().unwrap());
    assert_eq!((of_kind(&run, "elsewhere").len(), run.next()), (4, vec![rebuild.as_str()]), "{run:?}");
    world.j2v("reconcile --fix").exits(0).tells("this ledger is empty, and 4 renders");
    assert_eq!(world.j2v("history --json").exits(0).stdout, "");
    world.j2v(rebuild.strip_prefix("j2v ").unwrap()).exits(0).tells("recovered 4 renders");
    // The same submissions attach: nothing is paid twice.
    world.j2v("submit a.json --key a --wait").exits(0);
    world.j2v("submit b.json --key b --wait").exits(0);
    world.j2v(&format!("submit b.json --key {long} --wait")).exits(0);
    world.j2v("submit b.json --key a").exits(13);
    assert_eq!((world.accepted(), world.posts()), (before, 4));
    let history = world.j2v("history --json").jsons();
    let generations: Vec<&Value> = history.iter().filter(|row| row["key"] == "a").map(|row| &row["generation"]).collect();
    assert!(generations.contains(&&json!(2)) && history.iter().any(|row| row["key"] == json!(long)), "{history:?}");
    world.j2v("reconcile --fix").exits(0);
}

#[test]
fn row_83_a_damaged_ledger_is_kept_and_made_anew_from_the_tokens() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.movie(&format!("{name}.json"), &json!({}));
        world.j2v(&format!("submit {name}.json --key {name}")).exits(0);
    }
    // The whole ledger in one file, and then flipped bits all over it.
    rusqlite::Connection::open(world.path("ledger.db")).unwrap().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let mut bytes = world.read("ledger.db");
    for byte in bytes.iter_mut().skip(4096).step_by(97) {
        *byte ^= 0x40;
    }
    world.write("ledger.db", &bytes);
    world.j2v("reconcile").exits(1).tells("is damaged").tells("next: j2v reconcile --fix");
    world.j2v("reconcile --fix").exits(0).tells("it is kept as").tells("recovered 3 renders");
    let kept = std::fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().path());
    let kept = kept.into_iter().find(|path| {
        path.to_string_lossy().contains(".damaged-") && path.extension().is_some_and(|end| !end.to_string_lossy().ends_with("-wal"))
    });
    assert_eq!(std::fs::read(kept.unwrap()).unwrap(), bytes);
    for name in ["a", "b", "c"] {
        world.j2v(&format!("submit {name}.json --key {name}")).exits(0);
    }
    assert_eq!((world.accepted(), world.posts()), (3, 3));
}

#[test]
fn a_log_whose_ledger_was_moved_away_is_no_new_ledger_s() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k").exits(0);
    std::fs::rename(world.path("ledger.db"), world.path("moved.db")).unwrap();
    let run = world.j2v("submit a.json --key k").exits(1).tells("ledger.db-wal is still there");
    assert_eq!((run.stdout.trim(), world.posts()), ("", 1));
    std::fs::rename(world.path("ledger.db-wal"), world.path("moved.db-wal")).unwrap();
    world.j2v("submit a.json --key k --ledger moved.db").exits(0);
    assert_eq!(world.posts(), 1);
}

#[test]
fn what_an_older_ledger_takes_for_unsent_is_bound_to_what_the_server_has() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-credits*1"] }));
    world.j2v("submit a.json --key k").exits(5);
    // A copy of the ledger is used, now that there are credits; then the old one is used again, like a backup.
    world.j2v("ledger copy ledger.db other.db").exits(0);
    let other = world.path("other.db");
    let id = world.j2v_with(&[("J2V_LEDGER", other.to_str().unwrap())], "submit a.json --key k").exits(0).line().to_owned();
    let run = world.j2v("reconcile --json").exits(8);
    assert_eq!(of_kind(&run, "found")[0]["project"], json!(id));
    world.j2v_with(&[("J2V_LEDGER", other.to_str().unwrap())], "poll k").exits(0);
    let run = world.j2v("reconcile --fix --download videos/ --json").exits(0);
    assert!(of_kind(&run, "found")[0]["mended"].as_str().unwrap().starts_with("saved: "), "{run:?}");
    assert!(world.has(&format!("videos/{id}.mp4")));
    assert_eq!(world.j2v("submit a.json --key k").exits(0).line(), id);
    assert_eq!((world.accepted(), world.posts()), (1, 2));
}

#[test]
fn a_render_of_another_ledger_is_named_as_that_and_neither_taken_nor_called_lost_or_doubled() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --wait").exits(0);
    let other = world.path("other.db");
    let id = world.j2v_with(&[("J2V_LEDGER", other.to_str().unwrap())], "submit a.json --key k --wait").exits(0);
    let theirs = world.accepted_fields("project").remove(1);
    for line in ["reconcile --json", "reconcile --fix --json", "reconcile --fix --download videos/ --json"] {
        let run = world.j2v(line).exits(0).hides("delete");
        let [finding] = &of_kind(&run, "elsewhere")[..] else { panic!("{run:?}") };
        assert_eq!((finding["project"].as_str(), &finding["next"]), (Some(theirs.as_str()), &json!([])), "{id:?}");
        assert!(of_kind(&run, "lost").is_empty() && of_kind(&run, "duplicate").is_empty(), "{run:?}");
    }
    assert_eq!(world.j2v("history --json").exits(0).jsons().len(), 1);
    world.j2v("reconcile").exits(0).hides("this ledger is empty");
}

#[test]
fn a_second_project_of_one_render_is_named_with_the_command_that_deletes_it() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-hang"] }));
    world.crash("submit a.json --key k");
    world.j2v("poll k").exits(0);
    let token = world.accepted_fields("token").remove(0);
    let twin = json!({"resolution": "sd", "client-data": {"j2v": token}, "scenes": [{"duration": 2}]});
    world.ask("POST", "/v2/movies", &twin.to_string());
    let run = world.j2v("reconcile --json").exits(8);
    let [finding] = &of_kind(&run, "duplicate")[..] else { panic!("{run:?}") };
    assert_eq!(finding["key"], "k");
    let extra = finding["project"].as_str().unwrap();
    assert_ne!(finding["kept"], finding["project"]);
    assert_eq!(finding["next"], json!([format!("j2v show {extra}"), format!("j2v delete {extra}")]));
    assert!(finding["message"].as_str().unwrap().contains("cost"), "{finding}");
    world.j2v("reconcile --fix --json").exits(8);
    world.j2v(&format!("delete --yes {extra}")).exits(0);
    world.j2v("reconcile").exits(0);
}

#[test]
fn a_lost_answer_is_searched_for_and_a_held_one_is_a_person_s() {
    let world = World::with_faults(&["list-lag=1h"]);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    world.j2v("submit a.json --key k --settle-for 0s --quarantine 1h").exits(8);
    let run = world.j2v("reconcile --json").exits(8);
    assert_eq!((&of_kind(&run, "unknown")[0]["key"], &of_kind(&run, "unknown")[0]["next"]), (&json!("k"), &json!(["j2v settle k"])));
    world.j2v("submit a.json --key k --settle-for 0s --quarantine 0s").exits(8);
    let run = world.j2v("reconcile --fix --json").exits(8);
    assert_eq!(of_kind(&run, "held").len(), 1, "{run:?}");
    assert_eq!(world.posts(), 1);
}

#[test]
fn what_has_the_rule_to_be_sent_again_is_sent_once_by_two_at_once() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-reset-before*1"] }));
    world.j2v("submit a.json --key k --settle-for 0s --quarantine 1s --on-unknown resubmit").exits(8);
    // It is unknown until its quarantine ends.
    while of_kind(&world.j2v("reconcile --json").exits(8), "resend").is_empty() {}
    assert_eq!(world.posts(), 1);
    let children = [world.start("reconcile --fix --json"), world.start("reconcile --fix --json")];
    for child in children {
        Run::of(child).exits(0);
    }
    world.j2v("poll k").exits(0);
    assert_eq!((world.accepted(), world.posts()), (1, 2));
}

#[test]
fn a_list_that_can_t_be_read_is_told() {
    let run = World::at("http://127.0.0.1:9/v2").j2v("reconcile").exits(7).tells("list could not be read");
    assert_eq!(run.stdout, "");
}

#[test]
fn a_render_of_somebody_else_is_listed_and_left_alone() {
    let world = World::new();
    world.ask("POST", "/v2/movies", &json!({"resolution": "sd", "scenes": [{"duration": 2}]}).to_string());
    let run = world.j2v("reconcile --fix --json").exits(0);
    assert_eq!(of_kind(&run, "foreign").len(), 1);
    assert_eq!(world.j2v("history --json").exits(0).stdout, "");
    let run = world.j2v("reconcile").exits(0);
    assert!(run.stdout.starts_with("foreign: 1 render\n"), "{}", run.stdout);
}

#[test]
fn a_lost_answer_is_not_said_to_be_missing_from_a_list_that_was_not_read() {
    let world = World::with_faults(&["post-reset-before*1", "list-status=500"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --settle-for 0s").exits(8);
    let run = world.j2v("reconcile --json");
    let message = run.jsons()[0]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("the server's list was not read since"), "{run:?}");
}
