//! The README's first session, command by command, as it is written there.

use crate::support::World;

/// A command of the session, and what it is said to print.
struct Step {
    line: String,
    prints: Vec<String>,
}

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The first block of commands after the words that begin the session.
fn session() -> Vec<Step> {
    let readme = readme();
    let (_, rest) = readme.split_once("Try it with `--emulate` first:").unwrap();
    let block = rest.split("```").nth(1).unwrap().trim_start_matches("console\n");
    let mut steps: Vec<Step> = Vec::new();
    for line in block.lines() {
        match line.strip_prefix("$ ") {
            Some(command) => {
                let line = command.split(" # ").next().unwrap().trim().to_owned();
                steps.push(Step { line, prints: Vec::new() });
            }
            None => steps.last_mut().unwrap().prints.push(line.to_owned()),
        }
    }
    steps
}

#[test]
fn the_first_session_of_the_readme_works_as_it_is_written() {
    let world = World::new();
    let steps = session();
    assert!(steps.len() >= 5);
    for Step { line, prints } in steps {
        let run = world.j2v(line.strip_prefix("j2v ").unwrap()).exits(0);
        if !prints.is_empty() {
            assert_eq!(run.lines(), prints, "{line}");
        }
    }
    assert!(world.has("film.mp4"));
    assert!(readme().lines().count() <= 250, "the README is for a first look: longer texts belong into docs/");
}

#[test]
fn the_table_of_the_readme_has_every_command() {
    let (readme, help) = (readme(), World::new().j2v("-h").exits(0).stdout);
    let table: String = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let listed = help.split_once("Make a movie:").unwrap().1.lines().take_while(|line| *line != "Options:");
    let names = listed.filter(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    for name in names {
        assert!(table.contains(&format!("`{name}`")) || table.contains(&format!("`{name} ")), "the README's table lacks {name}");
    }
}
