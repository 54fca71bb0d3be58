//! `j2v doctor`: the faults of the set-up, and their fixes.

use serde_json::{Value, json};

use crate::support::{Run, World};

fn of<'a>(all: &'a [Value], check: &str) -> &'a Value {
    all.iter().find(|finding| finding["check"] == check).unwrap_or_else(|| panic!("no {check} in {all:?}"))
}

#[test]
fn a_sound_set_up_is_told_line_by_line() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json").exits(0);
    let all = world.j2v("doctor --json").exits(0).jsons();
    for check in ["version", "config", "key", "ledger", "disk", "proxy", "api", "clock"] {
        assert_eq!(of(&all, check)["status"], "ok", "{all:?}");
    }
    assert!(of(&all, "ledger")["detail"].as_str().unwrap().contains("sound, 1 render"));
    assert!(!of(&all, "ledger")["detail"].as_str().unwrap().contains("renders"));
    assert!(of(&all, "api")["detail"].as_str().unwrap().contains("credits left"));
    assert!(world.j2v("doctor").exits(0).stdout.starts_with("ok  version"));
}

#[test]
fn a_doctor_makes_no_ledger_and_no_folder() {
    let world = World::new();
    let all = world.j2v("doctor --json --ledger new/ledger.db").exits(0).jsons();
    assert!(of(&all, "ledger")["detail"].as_str().unwrap().starts_with("none yet"));
    assert!(!world.has("new") && !world.has("ledger.db"));
}

#[test]
fn each_fault_is_told_with_its_way_out_and_its_exit_code() {
    let world = World::new();
    let run = world.j2v_with(&[("J2V_API_KEY", "")], "doctor --json").exits(4);
    assert_eq!((&of(&run.jsons(), "key")["status"], &of(&run.jsons(), "key")["next"]), (&json!("fail"), &json!("j2v auth login")));
    let run = world.j2v_with(&[("J2V_API_KEY", "wrong-key-of-somebody")], "doctor --json").exits(4);
    assert_eq!(of(&run.jsons(), "api")["next"], "j2v auth login");
    let run = world.j2v_with(&[("J2V_API_URL", "http://127.0.0.1:1/v2")], "doctor --json").exits(7);
    assert!(of(&run.jsons(), "api")["help"].as_str().unwrap().contains("check the network"));
    world.write("ledger.db", "this is no ledger, and it is for everybody to read");
    std::fs::set_permissions(world.path("ledger.db"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let run = world.j2v("doctor --json").exits(1);
    assert_eq!(of(&run.jsons(), "ledger")["status"], "fail");
    let run = world.j2v_with(&[("J2V_API_KEY", "")], "doctor").exits(4);
    assert!(run.stdout.contains("next: j2v auth login"), "{}", run.stdout);
}

#[test]
fn a_clock_that_is_days_off_is_a_warning() {
    let world = World::new();
    world.a_week_goes_by();
    let run: Run = world.j2v("doctor --json").exits(0);
    assert_eq!(of(&run.jsons(), "clock")["status"], "warn");
}

#[test]
fn a_broken_config_file_is_a_finding_and_no_end() {
    let world = World::new();
    std::fs::create_dir_all(world.path(".config/j2v")).unwrap();
    world.write(".config/j2v/config.toml", "profil = 1\n");
    let run = world.j2v("doctor --json").exits(2);
    assert_eq!(of(&run.jsons(), "config")["next"], "j2v config edit");
    assert_eq!(of(&run.jsons(), "api")["status"], "ok");
}
