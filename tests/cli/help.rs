//! Help is for people: it lists the built commands, fits a screen, and agrees with the contract.

use std::collections::BTreeSet;

use crate::support::World;

/// The commands of this version.
const COMMANDS: &[&str] = &[
    "init",
    "build",
    "check",
    "expand",
    "plan",
    "preview",
    "templates",
    "media",
    "submit",
    "batch",
    "poll",
    "listen",
    "webhook",
    "list",
    "settle",
    "history",
    "show",
    "download",
    "delete",
    "reconcile",
    "schema",
    "emulator",
    "auth",
    "ledger",
    "config",
    "doctor",
    "explain",
    "completions",
    "man",
    "mcp",
    "agent",
    "commands",
];

#[test]
fn help_lists_the_commands_that_are_built_and_no_others() {
    let run = World::new().j2v("--help").exits(0);
    let listed = run.lines().into_iter().skip_while(|line| *line != "Make a movie:").take_while(|line| *line != "Options:");
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    assert_eq!(names.collect::<BTreeSet<_>>(), COMMANDS.iter().copied().collect());
}

#[test]
fn the_first_page_is_as_it_is_kept() {
    let page = World::new().j2v("-h").exits(0).stdout;
    snapbox::assert_data_eq!(page, snapbox::file!["help/top.txt"].raw());
}

#[test]
fn every_command_has_a_short_and_a_long_help_no_wider_than_a_screen() {
    let world = World::new();
    for &command in COMMANDS {
        let short = world.run(&[command, "-h"]).exits(0);
        let long = world.run(&[command, "--help"]).exits(0);
        assert!(short.lines().len() <= 55, "{command} -h has {} lines", short.lines().len());
        for line in short.lines().iter().chain(&long.lines()) {
            assert!(line.chars().count() <= 100, "{command}: {line}");
        }
    }
}

#[test]
fn every_page_of_help_has_examples_and_exit_codes() {
    let world = World::new();
    for &command in COMMANDS {
        let page = world.run(&[command, "--help"]).exits(0).stdout;
        let examples = page.split_once("\nExamples:\n").map(|(_, examples)| examples).unwrap_or_default();
        assert!(examples.contains(&format!("j2v {command}")), "{command} --help shows no example of itself");
        let (_, codes) = page.split_once("\nExit codes:\n").unwrap_or_else(|| panic!("{command} --help has no exit codes"));
        assert!(codes.contains("  2    wrong usage"), "{command}");
    }
}

#[test]
fn help_names_every_exit_code_and_variable() {
    let run = World::new().j2v("--help").exits(0);
    let codes = (0..=14).chain([130]);
    for code in codes {
        let starts = format!("  {code:<4} ");
        assert!(run.lines().iter().any(|line| line.starts_with(&starts)), "no exit code {code}");
    }
    for name in ["J2V_API_KEY", "JSON2VIDEO_API_KEY", "J2V_API_URL", "J2V_LEDGER", "J2V_PROFILE", "NO_COLOR"] {
        assert!(run.stdout.contains(name), "{name}");
    }
}

#[test]
fn flags_of_building_stand_apart_from_those_of_submitting() {
    let run = World::new().j2v("submit --help").exits(0);
    let place = |word: &str| run.stdout.find(word).unwrap_or_else(|| panic!("no {word}"));
    let (options, building) = (place("\nOptions:"), place("\nBuilding the movie:"));
    let after = [place("\nGlobal options:"), place("\nExamples:")].into_iter().filter(|place| *place > building).min().unwrap();
    for flag in ["--key", "--again", "--wait", "--download", "--settle-for", "--dry-run"] {
        let listed = |range: std::ops::Range<usize>| run.stdout[range].contains(flag);
        assert!(listed(options..building) && !listed(building..after), "{flag} stands under building");
    }
    for flag in ["--var", "--scene", "--webhook", "--no-cache"] {
        assert!((building..after).contains(&place(&format!("      {flag}"))), "{flag}");
    }
}

#[test]
fn the_emulator_s_help_lists_every_fault_as_it_is_written() {
    let run = World::new().j2v("emulator --help").exits(0);
    for fault in j2v::emulator::catalogue() {
        assert!(run.stdout.contains(&format!("    {} ", fault.usage())), "{}", fault.usage());
    }
}

#[test]
fn a_mistyped_command_or_flag_is_met_with_the_right_one() {
    let world = World::new();
    world.j2v("sumbit a.json").exits(2).tells("submit");
    world.j2v("submit a.json --wiat").exits(2).tells("--wait");
}

#[test]
fn the_version_is_the_package_s() {
    World::new().j2v("--version").exits(0).prints(&[&format!("j2v {}", env!("CARGO_PKG_VERSION"))]);
}
