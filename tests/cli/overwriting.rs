//! What `--out`, `--storyboard` and `--results` may replace: j2v's own earlier file, never an input or another's file.

use serde_json::json;

use crate::support::World;

const ROWS: &str = "id,city\nk0,Berlin\nk1,Rome\n";

/// A movie, a table and a map for it, and a file of the user.
fn world() -> World {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.write("flat.json", r#"{"scenes":[{"duration":1,"elements":[{"type":"text","text":"{{city}}"}]}]}"#);
    world.write("rows.csv", ROWS);
    world
}

#[test]
fn a_preview_replaces_its_own_page_and_nothing_else() {
    let world = world();
    let preview = |flags: &str| world.j2v(&format!("preview a.json --offline {flags}"));
    for flag in ["--out", "--storyboard"] {
        world.write("notes.html", "<!doctype html>\n<html lang=\"en\">\nmine");
        let movie = world.read("a.json");
        preview(&format!("{flag} a.json")).exits(2).tells(&format!("{flag} a.json")).tells("choose another name");
        assert_eq!(world.read("a.json"), movie);
        preview(&format!("{flag} notes.html")).exits(2).tells(&format!("{flag} notes.html")).tells("choose another name");
        assert!(world.read("notes.html").ends_with(b"mine"));
        preview(&format!("{flag} page.html")).exits(0);
        let page = world.read("page.html");
        preview(&format!("{flag} page.html")).exits(0);
        assert_eq!(world.read("page.html"), page);
    }
    world.write("empty.html", "");
    preview("--out empty.html").exits(0);
    preview("--out fresh.html --storyboard notes.html").exits(2);
    assert!(!world.has("fresh.html"), "nothing is written where one of both is refused");
    preview("--out gone/page.html").exits(2).tells("gone/page.html");
}

#[test]
fn two_outputs_are_two_files() {
    let world = world();
    std::fs::create_dir(world.path("pages")).unwrap();
    for (out, board) in [("page.html", "page.html"), ("page.html", "./page.html"), ("pages/../page.html", "page.html")] {
        let preview = || world.j2v(&format!("preview a.json --offline --out {out} --storyboard {board}"));
        preview().exits(2).tells("--storyboard").tells("--out").tells("choose another name");
        assert!(!world.has("page.html"), "nothing is written");
        world.j2v("preview a.json --offline --out page.html").exits(0);
        preview().exits(2);
        std::fs::remove_file(world.path("page.html")).unwrap();
    }
    for results in ["video.csv", "./video.csv"] {
        let run = world.j2v(&format!("submit a.json --wait --download video.csv --results {results}"));
        run.exits(2).tells("--results").tells("--download").tells("nothing was sent");
    }
    assert_eq!(world.posts(), 0);
}

#[cfg(unix)]
#[test]
fn an_input_under_another_name_is_still_an_input() {
    let world = world();
    world.write("values.html", "{}");
    std::fs::hard_link(world.path("rows.csv"), world.path("other.csv")).unwrap();
    std::os::unix::fs::symlink("a.json", world.path("page.html")).unwrap();
    let movie = world.read("a.json");
    world.j2v("preview a.json --offline --out page.html").exits(2).tells("--out page.html");
    assert_eq!(world.read("a.json"), movie);
    world.j2v("preview a.json --offline --vars values.html --out ./values.html").exits(2).tells("--vars");
    world.j2v("batch flat.json --rows rows.csv --key id --results other.csv").exits(2).tells("--rows");
    assert_eq!((world.read("rows.csv"), world.posts()), (ROWS.into(), 0));
}

#[test]
fn results_replace_no_input_and_no_file_of_others() {
    let world = world();
    let line = "{\"id\":\"k0\",\"city\":\"Berlin\"}\n";
    for (name, text) in [("mine.csv", ROWS), ("mine.jsonl", line), ("mine.html", "<!doctype html>\n<html lang=\"en\">\nmine")] {
        world.write(name, text);
        for command in ["batch flat.json --rows rows.csv --key id", "submit a.json --wait"] {
            let run = world.j2v(&format!("{command} --results {name}")).exits(2);
            run.tells(&format!("--results {name}")).tells("choose another name").tells("nothing was sent");
            assert_eq!(world.read(name), text.as_bytes());
        }
    }
    world.write("more.csv", "id,pet\nk0,cat\n");
    world.write("map.jsonl", "{\"city\": \"city\"}");
    let batch = "batch flat.json --rows rows.csv --key id --map-file map.jsonl --join more.csv --on id --as pets";
    for (name, flag) in [("rows.csv", "--rows"), ("more.csv", "--join"), ("map.jsonl", "--map-file")] {
        world.j2v(&format!("{batch} --results {name}")).exits(2).tells(flag).tells("nothing was sent");
    }
    assert_eq!((world.read("rows.csv"), world.posts()), (ROWS.into(), 0));
    std::fs::copy(world.path("a.json"), world.path("movie.jsonl")).unwrap();
    world.j2v("submit movie.jsonl --results movie.jsonl").exits(2).tells("nothing was sent");
    assert_eq!((world.read("movie.jsonl"), world.posts()), (world.read("a.json"), 0));
}

#[test]
fn results_of_an_earlier_run_are_replaced() {
    let world = world();
    for name in ["out.csv", "out.jsonl", "out.html", "empty.csv"] {
        if name == "empty.csv" {
            world.write(name, "");
        }
        for _ in 0..2 {
            world.j2v(&format!("batch flat.json --rows rows.csv --key id --results {name}")).exits(0);
            world.j2v(&format!("submit a.json --key a --wait --results {name}")).exits(0);
        }
        assert!(!world.read(name).is_empty());
    }
}

#[test]
fn two_runs_of_one_batch_at_once_both_write_their_results() {
    let world = world();
    let rows: String = (0..60).map(|row| format!("k{row},Berlin {row}\n")).collect();
    world.write("rows.csv", format!("id,city\n{rows}"));
    let line = "batch flat.json --rows rows.csv --key id --results out.csv".split(' ').collect::<Vec<_>>();
    world.run(&line).exits(0);
    for _ in 0..5 {
        let both: Vec<_> = (0..4).map(|_| world.command(&line).stderr(std::process::Stdio::piped()).spawn().unwrap()).collect();
        for child in both {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        }
        assert_eq!(String::from_utf8(world.read("out.csv")).unwrap().lines().count(), 61);
    }
    let left = std::fs::read_dir(world.path(""))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("out.csv"));
    assert_eq!(left.count(), 1);
}

/// The names of the files that begin so.
fn names(world: &World, beginning: &str) -> Vec<String> {
    let names = std::fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(beginning)).collect()
}

#[test]
fn the_next_run_removes_what_a_killed_one_left_but_nothing_of_a_run_that_lives() {
    let world = world();
    world.movie("b.json", &json!({}));
    world.j2v("submit a.json b.json --wait --results out.csv").exits(0);
    for name in ["c.json", "d.json"] {
        world.movie(name, &json!({}));
    }
    world.write("out.csv.backup.new", "mine");
    let begun = |interval: &str| {
        let before = names(&world, "out.csv");
        let mut run = world.start(&format!("submit c.json d.json --wait --interval {interval} --results out.csv"));
        while names(&world, "out.csv").iter().all(|name| before.contains(name)) {
            assert!(run.try_wait().unwrap().is_none(), "it ended before it had a draft");
        }
        run
    };
    let mut killed = begun("60s");
    killed.kill().unwrap();
    killed.wait().unwrap();
    assert_eq!(names(&world, "out.csv").len(), 3, "the draft of the killed run");
    let living = begun("2s");
    world.j2v("submit a.json b.json --wait --results out.csv").exits(0);
    assert_eq!(names(&world, "out.csv").len(), 3, "the draft of the run that lives");
    let ended = living.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let mut left = names(&world, "out.csv");
    left.sort();
    assert_eq!(left, ["out.csv", "out.csv.backup.new"]);
}

#[cfg(unix)]
#[test]
fn a_file_that_is_replaced_keeps_its_link_and_its_permissions() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let world = world();
    let mode = |name: &str| std::fs::metadata(world.path(name)).unwrap().permissions().mode() & 0o777;
    world.write("real.json", r#"{"resolution": "square", "scenes": [{"duration": 4}]}"#);
    symlink("real.json", world.path("link.json")).unwrap();
    world.j2v("check link.json --fix").exits(0);
    assert!(std::fs::symlink_metadata(world.path("link.json")).unwrap().is_symlink());
    assert!(String::from_utf8(world.read("real.json")).unwrap().contains("squared"));
    world.write(".mcp.json", "{}");
    std::fs::set_permissions(world.path(".mcp.json"), PermissionsExt::from_mode(0o640)).unwrap();
    world.j2v("agent setup --mcp").exits(0);
    assert_eq!(mode(".mcp.json"), 0o640);
    assert_eq!(mode(".claude/skills/j2v/SKILL.md"), mode("a.json"), "a new file is as the umask has it");
}
