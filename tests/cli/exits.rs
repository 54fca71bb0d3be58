//! Every exit code of the contract, each from a situation of a user.

use std::net::TcpListener;

use serde_json::json;

use crate::support::{Run, World};

fn world(faults: &[&str]) -> World {
    let world = World::with_faults(faults);
    world.movie("a.json", &json!({}));
    world.movie("bad.json", &json!({"outcome": "error"}));
    world
}

#[test]
fn code_0_all_done() {
    let world = world(&[]);
    world.j2v("submit a.json --wait").exits(0);
    world.j2v("--version").exits(0);
}

#[test]
fn code_1_a_failure_of_j2v_itself() {
    let world = world(&[]);
    world.write("file", "");
    world.j2v("submit a.json --ledger file/ledger.db").exits(1).tells("nothing was sent").tells("help: ").prints(&[""]);
    world.write("garbage.db", "this is no ledger, however long one looks at it");
    std::fs::set_permissions(world.path("garbage.db"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    world.j2v("history --ledger garbage.db").exits(1).tells("garbage.db").tells("help: ");
    assert_eq!(world.posts(), 0);
}

#[test]
fn code_2_wrong_usage() {
    let world = world(&[]);
    let wrong = [
        "",
        "sumbit a.json",
        "submit",
        "submit a.json --frob",
        "submit missing.json",
        "submit a.json bad.json --key L-1",
        "submit a.json --again",
        "submit a.json --key",
        "submit - -",
        "submit a.json --timeout 20",
        "submit a.json --var city",
        "submit a.json --set scenes=1",
        "submit a.json --api-url nonsense",
        "submit a.json --ledger l.db --no-ledger",
        "build a.json --vars missing.json",
        "poll --older-than 10m",
        "poll --missed EMU0000000000000",
        "settle K --resubmit --abandon",
        "list --from yesterday",
        "list --from 2026-02-02 --to 2026-01-01",
        "download",
        "delete",
        "show",
    ];
    for line in wrong {
        let run = world.j2v(line);
        assert_eq!(run.code, 2, "{line}: {run:?}");
        assert!(run.stdout.trim().is_empty(), "{line}: {run:?}");
        assert!(!run.stderr.is_empty(), "{line}");
    }
    assert_eq!(world.posts(), 0);
}

#[test]
fn code_3_the_movie_is_invalid_and_nothing_was_sent() {
    let world = world(&[]);
    world.write("cut.json", r#"{"scenes": ["#);
    world.j2v("submit cut.json").exits(3).prints(&[""]).tells("nothing was sent");
    world.j2v("build cut.json").exits(3);
    world.write("list.json", "[]");
    world.j2v("submit list.json").exits(3).tells("list.json:1:1").tells("object");
    assert_eq!(world.posts(), 0);
}

#[test]
fn code_4_the_key_is_missing_wrong_or_not_allowed() {
    let world = world(&["post-permissions*1"]);
    world.j2v("submit a.json").exits(4).tells("Insufficient permissions");
    world.j2v_with(&[("J2V_API_KEY", "wrong-one")], "submit a.json").exits(4).tells("Invalid API Key");
    for command in ["submit a.json", "poll EMU0000000000000", "list", "delete --yes EMU0000000000000", "settle K"] {
        world.j2v_with(&[("J2V_API_KEY", "")], command).exits(4).tells("J2V_API_KEY").tells("--emulate");
    }
    world.j2v_with(&[("J2V_API_KEY", "wrong-one")], "list").exits(4);
    assert_eq!(world.accepted(), 0);
}

#[test]
fn code_5_credits_or_quota_are_used_up() {
    for fault in ["post-credits", "post-quota"] {
        let world = world(&[fault]);
        world.j2v("submit a.json").exits(5).prints(&[""]).tells("nothing was accepted");
    }
    let poor = World::with(|settings| settings.credits = Some(3));
    poor.movie("a.json", &json!({}));
    poor.j2v("submit a.json").exits(0);
    poor.j2v("submit a.json").exits(5);
    assert_eq!(poor.accepted(), 1);
}

#[test]
fn code_6_the_service_refused_or_knows_no_such_project() {
    let world = world(&["post-plan*1", "post-refuse=Bad request*1", "post-413*1"]);
    world.j2v("submit a.json").exits(6).tells("Movie is larger");
    world.j2v("submit a.json").exits(6).tells("Bad request");
    world.j2v("submit a.json").exits(6);
    for command in ["poll", "download", "delete --yes"] {
        world.j2v(&format!("{command} EMU0000000000000")).exits(6).prints(&[""]).tells("does not know this project");
    }
    world.j2v("show EMU0000000000000").exits(6);
    assert_eq!(world.accepted(), 0);
}

#[test]
fn code_7_the_service_could_not_be_reached_and_nothing_was_accepted() {
    // A port that was just free refuses connections; each command tries for 10 s, all at the same time.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let world = World::at(&format!("http://127.0.0.1:{port}/v2"));
    world.movie("a.json", &json!({}));
    let lines = ["submit a.json", "list", "delete --yes EMU0000000000000"];
    let children = lines.map(|line| world.start(line));
    for (line, child) in lines.into_iter().zip(children) {
        let run = Run::of(child).exits(7).tells("refused");
        assert_eq!(run.lines().len(), usize::from(line != "list"), "{run:?}");
    }
    assert_eq!(world.j2v("history --json").json()["state"], "intent");
}

#[test]
fn code_7_also_when_the_service_only_asks_to_wait() {
    let world = world(&["post-429=700"]);
    world.j2v("submit a.json").exits(7).prints(&[""]).tells("nothing was accepted");
    assert_eq!(world.accepted(), 0);
}

#[test]
fn code_8_a_post_may_have_been_accepted() {
    let world = world(&["post-reset-before*2"]);
    world.j2v("submit a.json --key k --settle-for 0s").exits(8).tells("next: j2v settle k");
    world.j2v("submit a.json --key held --settle-for 0s --quarantine 0s").exits(8);
}

#[test]
fn code_9_a_render_ended_in_error() {
    let world = world(&[]);
    world.j2v("submit bad.json --wait").exits(9).prints(&[""]);
    world.write("srcless.json", r#"{"scenes": [{"elements": [{"type": "video"}]}]}"#);
    world.j2v("submit srcless.json --wait --allow J2V064").exits(9).tells("Scene #1 Element #1");
}

#[test]
fn code_10_a_render_ended_in_timeout() {
    let world = world(&["timeout"]);
    world.j2v("submit a.json --wait").exits(10).prints(&[""]).tells("may still finish").tells("next: j2v poll");
}

#[test]
fn code_11_the_deadline_passed_and_the_render_still_runs() {
    let world = World::new();
    world.movie("slow.json", &json!({"render-time": "1h"}));
    let project = world.j2v("submit slow.json").exits(0);
    for command in ["poll ID --timeout 0s", "poll ID --timeout 150ms --interval 50ms", "poll ID --once", "download ID"] {
        world.j2v(&command.replace("ID", project.line())).exits(11).prints(&[""]).tells("next: j2v poll");
    }
}

#[test]
fn code_12_several_movies_with_different_outcomes() {
    let world = world(&[]);
    world.j2v("submit a.json bad.json --wait").exits(12);
    world.j2v("submit bad.json bad.json --wait").exits(9);
    world.j2v("submit a.json missing.json").exits(12);
}

#[test]
fn code_13_the_key_was_used_for_another_movie() {
    let world = world(&[]);
    world.j2v("submit a.json --key k").exits(0);
    world.j2v("submit bad.json --key k").exits(13).tells("nothing was sent");
    assert_eq!(world.posts(), 1);
}

#[test]
fn code_14_rendered_but_the_file_could_not_be_saved() {
    let world = world(&["file-html"]);
    world.write("film.mp4", "something else");
    world.j2v("submit a.json --download film.mp4").exits(14).prints(&[""]).tells("already exists").tells("rendered");
    assert_eq!(world.read("film.mp4"), b"something else");
    world.j2v("submit a.json --download other.mp4").exits(14).prints(&[""]).tells("not saved");
    assert!(!world.has("other.mp4"));
    world.j2v("submit a.json --key k --wait").exits(0);
    world.j2v("download k -o film.mp4/inside.mp4").exits(14).prints(&[""]);
}
