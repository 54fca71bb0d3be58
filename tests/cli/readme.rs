//! The first sessions of the README and of the book, command by command, as they are written there.

use crate::support::World;

/// A command of the session, and the output that the page promises.
struct Step {
    line: String,
    prints: Vec<String>,
}

fn page(name: &str) -> String {
    std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The block of commands that begins with a movie.
fn session(page: &str) -> Vec<Step> {
    let block =
        page.split("```").find_map(|block| block.strip_prefix("console\n").filter(|block| block.starts_with("$ j2v init"))).unwrap();
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
    works(&page("README.md"));
    assert!(page("README.md").lines().count() <= 250, "the README is for a first look: longer texts belong into docs/");
}

#[test]
fn the_first_session_of_the_book_works_as_it_is_written() {
    works(&page("docs/start.md"));
}

fn works(page: &str) {
    let world = World::new();
    let steps = session(page);
    assert!(steps.len() >= 5);
    for Step { line, prints } in steps {
        let run = world.j2v(line.strip_prefix("j2v ").unwrap()).exits(0);
        if !prints.is_empty() {
            assert_eq!(run.lines(), prints, "{line}");
        }
    }
    assert!(world.has("film.mp4"));
}

#[test]
fn the_table_of_the_readme_has_every_command() {
    let (readme, help) = (page("README.md"), World::new().j2v("-h").exits(0).stdout);
    let table: String = readme.lines().filter(|line| line.starts_with("| `")).collect();
    let listed = help.split_once("Make a movie:").unwrap().1.lines().take_while(|line| *line != "Options:");
    let names = listed.filter(|line| line.starts_with("  ")).filter_map(|line| line.split_whitespace().next());
    for name in names {
        assert!(table.contains(&format!("`{name}`")) || table.contains(&format!("`{name} ")), "the README's table lacks {name}");
    }
}
