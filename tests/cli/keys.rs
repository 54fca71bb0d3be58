//! The API key and the ledger: who can read them, and where they never go.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use crate::support::{CANARY, World};

fn world() -> World {
    let world = World::with(|settings| settings.key = j2v::emulator::KeyRule::Exactly(CANARY.to_owned()));
    world.movie("a.json", &json!({}));
    world
}

fn mode(world: &World, name: &str) -> u32 {
    fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_key_comes_from_either_variable_and_the_first_one_wins() {
    let world = world();
    world.j2v_with(&[("J2V_API_KEY", ""), ("JSON2VIDEO_API_KEY", CANARY)], "submit a.json").exits(0);
    world.j2v_with(&[("JSON2VIDEO_API_KEY", "another")], "submit a.json").exits(0).tells("J2V_API_KEY is used");
    world.j2v_with(&[("JSON2VIDEO_API_KEY", CANARY)], "submit a.json").exits(0).hides("J2V_API_KEY is used");
}

#[test]
fn a_key_that_can_be_none_is_refused_without_being_shown() {
    let world = world();
    let broken = format!("{CANARY}\u{7f}x");
    world.j2v_with(&[("J2V_API_KEY", &broken)], "submit a.json").exits(4).tells("J2V_API_KEY");
    assert_eq!(world.posts(), 0);
}

#[test]
fn commands_that_need_no_service_need_no_key() {
    let world = world();
    for line in ["build a.json", "history", "submit a.json --dry-run", "--help"] {
        world.j2v_with(&[("J2V_API_KEY", "")], line).exits(0);
    }
}

#[test]
fn the_key_is_never_sent_to_where_the_service_points() {
    let other = World::new();
    for status in ["301", "307"] {
        let fault = format!("post-redirect={status}:{}/movies", other.url());
        let world = World::with_faults(&[&fault]);
        world.movie("a.json", &json!({}));
        let run = world.j2v("submit a.json").exits(0);
        assert_eq!(world.accepted_fields("project"), run.lines(), "the answer was lost, and found again");
    }
    assert_eq!(other.posts() + other.requests("GET /v2/movies"), 0);
}

// The end of every world and run checks that no output and no file holds the key.

#[test]
fn the_ledger_is_for_its_owner_only() {
    let world = world();
    world.j2v("submit a.json --ledger new/ledger.db").exits(0);
    assert_eq!((mode(&world, "new/ledger.db"), mode(&world, "new")), (0o600, 0o700));
}

#[test]
fn a_ledger_that_others_can_read_is_refused_with_the_command_that_closes_it() {
    let world = world();
    world.j2v("submit a.json").exits(0);
    for exposed in [0o644, 0o660] {
        fs::set_permissions(world.path("ledger.db"), fs::Permissions::from_mode(exposed)).unwrap();
        let run = world.j2v("submit a.json").exits(1).prints(&[""]).tells("others").tells("nothing was sent");
        assert_eq!(run.next(), [format!("chmod 600 {}", world.path("ledger.db").display())]);
        world.j2v("history").exits(1).tells("chmod 600").hides("nothing was sent");
    }
    assert_eq!(world.posts(), 1);
    fs::set_permissions(world.path("ledger.db"), fs::Permissions::from_mode(0o600)).unwrap();
    world.j2v("history").exits(0);
}

#[test]
fn no_ledger_leaves_no_file_and_the_next_command_says_so_too() {
    let world = world();
    let run = world.j2v("submit a.json --no-ledger --wait").exits(0);
    assert!(run.line().starts_with("http"));
    assert!(!world.has("ledger.db") && !world.has("state"));
    let run = world.j2v("submit a.json --no-ledger").exits(0);
    assert_eq!(run.next(), [format!("j2v poll {} --no-ledger", run.line())]);
}

#[test]
fn a_flag_outweighs_the_environment_and_the_default_is_the_state_folder() {
    let world = world();
    world.j2v("submit a.json --ledger flag.db").exits(0);
    assert!(world.has("flag.db") && !world.has("ledger.db"));
    world.j2v_with(&[("J2V_LEDGER", "")], "submit a.json").exits(0);
    assert!(world.has("state/j2v/ledger.db"));
    world.j2v_with(&[("J2V_LEDGER", "mysql://me:secret@db/j2v")], "history").exits(2).hides("secret");
    let url = world.url().to_owned();
    world.j2v_with(&[("J2V_API_URL", "http://127.0.0.1:1/v2")], &format!("submit a.json --api-url {url}")).exits(0);
    assert_eq!(world.accepted(), 3);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_refused_and_not_passed_over() {
    use std::os::unix::ffi::OsStrExt;
    let world = World::new();
    let name = std::ffi::OsStr::from_bytes(b"l\xff.db");
    let mut command = world.command(&["history"]);
    let run = crate::support::Run::of(command.env("J2V_LEDGER", name).spawn().unwrap());
    run.exits(2).tells("$J2V_LEDGER is not UTF-8 text");
}
