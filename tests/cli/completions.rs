//! Completions: the offered words, and no trace of the request.

use std::process::Command;

use rexpect::session::spawn_command;
use serde_json::json;

use crate::support::{Run, World};

/// The words that fish would offer for the last word of a line.
fn offered(world: &World, words: &[&str]) -> Vec<String> {
    let mut command = world.command(&[&["--", "j2v"], words].concat());
    let run = Run::of(command.env("J2V_COMPLETE", "fish").spawn().unwrap()).exits(0);
    assert_eq!(run.stderr, "");
    run.lines().iter().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

fn has(offered: &[String], value: &str) -> bool {
    offered.iter().any(|other| other == value)
}

#[test]
fn projects_and_keys_come_from_the_ledger() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key L-4821").exits(0).line().to_owned();
    for command in ["poll", "show", "download", "delete", "explain"] {
        let all = offered(&world, &[command, ""]);
        assert!(has(&all, &project) && has(&all, "L-4821"), "{command}: {all:?}");
    }
    let keys = offered(&world, &["settle", "L"]);
    assert!(has(&keys, "L-4821") && !has(&keys, &project), "{keys:?}");
    assert!(offered(&world, &["poll", "--ledger", "other.db", ""]).iter().all(|word| word.starts_with('-')), "another ledger");
}

#[test]
fn rules_profiles_commands_and_flags_are_offered() {
    let world = World::new();
    assert!(has(&offered(&world, &["check", "--explain", "J2V06"]), "J2V064"));
    assert!(has(&offered(&world, &["sub"]), "submit"));
    assert!(has(&offered(&world, &["submit", "--dow"]), "--download"));
    std::fs::create_dir_all(world.path(".config/j2v/keys")).unwrap();
    world.write(".config/j2v/keys/work", "kept-elsewhere");
    assert!(has(&offered(&world, &["poll", "--profile", ""]), "work"));
}

#[test]
fn files_columns_variables_and_words_are_offered_where_they_are_wanted() {
    let world = World::new();
    world.write("listing.json", r#"{"variables":{"address":""},"scenes":[{"comment":"{{city}}"}]}"#);
    world.write("listings.csv", "listing_id,City\n1,Rome\n");
    world.write("items.jsonl", "{\"sku\":1}\n");
    assert!(has(&offered(&world, &["submit", "li"]), "listing.json"));
    assert!(has(&offered(&world, &["batch", "listing.json", "--rows", ""]), "listings.csv"));
    assert!(has(&offered(&world, &["build", "listing.json", "--vars", "it"]), "items.jsonl"));
    let batch = ["batch", "listing.json", "--rows", "listings.csv"];
    assert!(has(&offered(&world, &[&batch[..], &["--key", ""]].concat()), "listing_id"));
    assert!(has(&offered(&world, &[&batch[..], &["--map", "C"]].concat()), "City="));
    assert!(has(&offered(&world, &["batch", "listing.json", "--rows=items.jsonl", "--key", ""]), "sku"));
    let variables = offered(&world, &["submit", "listing.json", "--var", ""]);
    assert!(has(&variables, "address=") && has(&variables, "city="), "{variables:?}");
    assert!(has(&offered(&world, &["submit", "listing.json", "--resolution", "full"]), "full-hd"));
    assert!(has(&offered(&world, &["emulator", "--fault", "post-h"]), "post-hang"));
    assert!(offered(&world, &["batch", "listing.json", "--rows", "none.csv", "--key", ""]).iter().all(|word| word.starts_with('-')));
    assert!(!world.has("ledger.db"));
}

#[test]
fn being_asked_makes_no_ledger_and_no_folder() {
    let world = World::new();
    offered(&world, &["poll", ""]);
    offered(&world, &["poll", "--emulate", ""]);
    assert!(!world.has("ledger.db") && !world.has("state") && !world.has(".config"));
}

#[test]
fn every_shell_has_its_script() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = world.run(&["completions", shell]).exits(0);
        assert!(run.stdout.contains("J2V_COMPLETE") && run.stdout.contains("j2v"), "{shell}");
    }
    world.j2v("completions tcsh").exits(2);
}

#[test]
fn bash_completes_a_project_at_tab() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key L-4821").exits(0).line().to_owned();
    let bin = std::path::Path::new(env!("CARGO_BIN_EXE_j2v")).parent().unwrap();
    let mut bash = Command::new("bash");
    bash.args(["--norc", "--noprofile", "-i"]).env_clear().current_dir(world.path("."));
    bash.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).env("HOME", world.path("."));
    bash.env("J2V_LEDGER", world.path("ledger.db")).env("TERM", "dumb").env("PS1", "ready> ");
    let mut session = spawn_command(bash, Some(20_000)).unwrap();
    session.exp_string("ready> ").unwrap();
    // Bash shows nothing of a line on a terminal without echo, as this one has.
    session.send_line("stty echo; source <(j2v completions bash)").unwrap();
    session.exp_string("ready> ").unwrap();
    session.send(&format!("j2v show {}\t", &project[..8])).unwrap();
    session.flush().unwrap();
    session.exp_string(&project[8..]).unwrap();
    session.send_line("").unwrap();
    session.exp_string("L-4821").unwrap();
    session.send_line("exit").unwrap();
    session.exp_eof().unwrap();
}
