//! Runs every block of commands in the documentation and the skill as it is written, against the emulator. A block that can't
//! run says why in a comment above it: `<!-- not run: … -->`.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::World;

/// How long a block may take. Each waits only for the emulator's short renders.
const PATIENCE: Duration = Duration::from_secs(60);

/// A block of commands.
struct Block {
    place: String,
    script: String,
    /// Why it is not run.
    excuse: Option<String>,
}

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["docs", "skills/j2v", "skills/j2v/references"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path()));
    let mut pages: Vec<_> = files.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect();
    pages.sort_unstable();
    pages
}

fn blocks(page: &Path) -> Vec<Block> {
    let text = fs::read_to_string(page).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| ["```sh", "```console"].contains(&line.trim())) {
        let inside = lines[number + 1..].iter().take_while(|line| line.trim() != "```").copied();
        let script = if line.trim() == "```sh" { inside.collect::<Vec<_>>().join("\n") } else { typed(inside) };
        let above = lines[..number].iter().rev().find(|line| !line.trim().is_empty()).copied().unwrap_or_default();
        let excuse = above.trim().strip_prefix("<!-- not run: ").and_then(|rest| rest.strip_suffix(" -->")).map(str::to_owned);
        found.push(Block { place: format!("{}:{}", page.display(), number + 1), script, excuse });
    }
    found
}

/// The commands of a session, without what they print.
fn typed<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    let mut script: Vec<&str> = Vec::new();
    for line in lines {
        let goes_on = script.last().is_some_and(|last| last.ends_with('\\'));
        if goes_on {
            script.push(line);
        } else {
            script.extend(line.strip_prefix("$ "));
        }
    }
    script.join("\n")
}

/// A world with the files and the render that the documentation mentions.
fn world() -> (World, String) {
    let world = World::new();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for folder in ["examples", "movies", "videos"] {
        fs::create_dir(world.path(folder)).unwrap();
    }
    for name in ["listing.json", "listings.csv", "rooms.csv"] {
        fs::copy(examples.join(name), world.path("examples").join(name)).unwrap();
        fs::copy(examples.join(name), world.path(name)).unwrap();
    }
    // Without files of other hosts, so that no request goes to them.
    let listing = json!({
        "resolution": "sd",
        "variables": {"address": "1 Elm Road", "open_house": true},
        "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{ address }}"}]}],
    });
    for name in ["listing.json", "movie.json"] {
        world.write(name, listing.to_string());
    }
    world.write("listing.yaml", "address: 7 Elm Road\n");
    world.write("rows.csv", "id,address\n1,Bonn\n2,Ulm\n");
    for name in ["movies/a.json", "videos/b.json"] {
        world.movie(name, &json!({}));
    }
    world.write("on-video.sh", "#!/bin/sh\ncat > /dev/null\n");
    fs::set_permissions(world.path("on-video.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    world.movie("seen.json", &json!({}));
    let project = world.j2v("submit seen.json --key seen --wait --field project").exits(0).line().to_owned();
    world.write("body.json", json!({"project": project, "success": true, "url": "https://example.com/v.mp4"}).to_string());
    (world, project)
}

/// Starts a script in a world, with this `j2v`.
fn shell(world: &World, script: &str) -> Child {
    let program = Path::new(env!("CARGO_BIN_EXE_j2v")).parent().unwrap();
    let own = world.command(&[""; 0]);
    let mut command = Command::new("sh");
    command.args(["-e", "-c", script]).current_dir(world.path("")).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{}:/usr/bin:/bin", program.display()));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn ended(mut child: Child, place: &str) -> Output {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("{place} takes longer than {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

#[test]
fn every_block_of_commands_works_as_it_is_written_or_says_why_it_is_not_run() {
    let (mut ran, mut failed) = (0, Vec::new());
    for page in pages() {
        let (world, project) = world();
        for Block { place, script, excuse } in blocks(&page) {
            if let Some(excuse) = excuse {
                assert!(excuse.len() > 10, "{place}: why is it not run?");
                continue;
            }
            if script.contains("j2v init") {
                fs::remove_file(world.path("listing.json")).unwrap();
            }
            let script: Vec<&str> = script.lines().map(|line| line.split(" | jq ").next().unwrap()).collect();
            let script = script.join("\n").replace("JkGxEoPRF9EgRb32", &project);
            let output = ended(shell(&world, &script), &place);
            ran += 1;
            if !output.status.success() {
                failed.push(format!("{place}: {}\n{script}\n{}", output.status, String::from_utf8_lossy(&output.stderr)));
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    assert!(ran >= 15, "{ran} blocks");
}
