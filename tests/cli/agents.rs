//! The parts that programs and agents rely on: the list of commands, the fields of `--json`, the skill and its set-up.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::World;

/// The blocks of a page in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

fn skill_pages() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("skills/j2v");
    let references = fs::read_dir(folder.join("references")).unwrap().map(|entry| entry.unwrap().path());
    std::iter::once(folder.join("SKILL.md")).chain(references).map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_movie_of_the_skill_passes_the_check_and_every_command_can_be_parsed() {
    let world = World::new();
    let (mut movies, mut commands) = (0, 0);
    for page in skill_pages() {
        for movie in blocks(&page, "json") {
            world.write("movie.json", movie);
            world.j2v("check movie.json").exits(0);
            movies += 1;
        }
        for line in blocks(&page, "sh").iter().flat_map(|block| block.lines()) {
            let command = line.split(" # ").next().unwrap().trim();
            let words = command.strip_prefix("j2v ").unwrap_or_else(|| panic!("not a command of j2v: {line}"));
            world.j2v(&format!("{words} --help")).exits(0);
            commands += 1;
        }
    }
    assert!(movies >= 4 && commands >= 7, "{movies} movies, {commands} commands");
}

#[test]
fn the_skill_has_the_form_that_agents_read() {
    let world = World::new();
    let page = world.j2v("agent skill").exits(0).stdout;
    let head = page.strip_prefix("---\n").unwrap().split("\n---\n").next().unwrap();
    assert!(head.starts_with("name: j2v\n"), "{head}");
    let description = head.split("description: ").nth(1).unwrap();
    assert!((100..=1024).contains(&description.len()), "{} characters", description.len());
    for reference in ["movies", "spellings", "answers"] {
        assert!(page.contains(&format!("references/{reference}.md")));
        assert!(world.j2v(&format!("agent skill --reference {reference}")).exits(0).stdout.starts_with("# "));
    }
    world.j2v("agent skill --reference nonsense").exits(2).tells("movies, spellings, answers");
}

#[test]
fn the_set_up_writes_once_keeps_what_is_there_and_refuses_what_it_can_not_read() {
    let world = World::new();
    let planned = world.j2v("agent setup --mcp --dry-run").exits(0);
    assert!(planned.lines().iter().all(|line| line.starts_with("created (dry run)")), "{}", planned.stdout);
    assert!(!world.has(".claude") && !world.has(".mcp.json"));

    world.write(".mcp.json", r#"{"mcpServers": {"other": {"command": "x"}}, "kept": 1}"#);
    let first = world.j2v("agent setup --mcp").exits(0);
    assert!(first.stdout.contains("created .claude/skills/j2v/SKILL.md") && first.stdout.contains("updated .mcp.json"), "{}", first.stdout);
    let settings: Value = serde_json::from_slice(&world.read(".mcp.json")).unwrap();
    assert_eq!(settings["mcpServers"]["other"]["command"], "x");
    assert_eq!((&settings["mcpServers"]["j2v"]["args"][0], &settings["kept"]), (&Value::from("mcp"), &Value::from(1)));
    let second = world.j2v("agent setup --mcp").exits(0);
    assert!(second.lines().iter().all(|line| line.starts_with("unchanged")), "{}", second.stdout);

    world.write(".mcp.json", "{ broken");
    fs::remove_dir_all(world.path(".claude")).unwrap();
    world.j2v("agent setup --mcp").exits(2).tells(".mcp.json").tells("nothing was written");
    assert_eq!(world.read(".mcp.json"), b"{ broken");
    assert!(!world.has(".claude"));
    world.j2v("agent setup --client cursor --scope user").exits(0);
    assert!(world.has(".cursor/skills/j2v/references/movies.md"));
}

#[test]
fn the_list_of_commands_has_each_with_its_flags_and_exit_codes() {
    let world = World::new();
    let listed: Vec<Value> = serde_json::from_str(&world.j2v("commands --json").exits(0).stdout).unwrap();
    let names: Vec<&str> = listed.iter().map(|command| command["name"].as_str().unwrap()).collect();
    for name in ["submit", "batch", "auth login", "ledger check", "agent setup", "commands"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    for command in &listed {
        let name = command["name"].as_str().unwrap();
        let codes: Vec<u64> = command["exit_codes"].as_array().unwrap().iter().map(|exit| exit["code"].as_u64().unwrap()).collect();
        assert!(codes.contains(&2), "{name}: {codes:?}");
        assert!(!command["about"].as_str().unwrap().is_empty(), "{name}");
        for flag in command["flags"].as_array().unwrap() {
            assert!(flag["name"].as_str().unwrap().starts_with("--"), "{name}: {flag}");
        }
    }
    let submit = &listed[names.iter().position(|name| *name == "submit").unwrap()];
    let download = submit["flags"].as_array().unwrap().iter().find(|flag| flag["name"] == "--download").unwrap();
    assert_eq!((&download["value"], &download["repeatable"]), (&Value::from("PLACE"), &Value::from(false)));
    assert!(world.j2v("commands").exits(0).lines().iter().any(|line| line.starts_with("submit ")));
}

#[test]
fn the_fields_that_are_listed_are_those_that_are_printed() {
    let world = World::new();
    world.movie("movie.json", &Value::Null);
    world.write("broken.json", r#"{"scenes": [{"duration": 1, "elements": [{"type": "video"}]}]}"#);
    world.j2v("submit movie.json --key one --wait").exits(0);
    let listed: Vec<Value> = serde_json::from_str(&world.j2v("commands --json").exits(0).stdout).unwrap();
    let printed = [
        ("submit", "submit movie.json --key one --json"),
        ("poll", "poll one --json"),
        ("history", "history --json"),
        ("check", "check broken.json --json"),
        ("plan", "plan movie.json --json"),
        ("explain", "explain --json Movie duration cannot be zero"),
        ("doctor", "doctor --json"),
        ("auth status", "auth status --json"),
        ("list", "list --json"),
        ("show", "show one --json"),
        ("preview", "preview movie.json --json --offline"),
        ("config show", "config show --json"),
        ("ledger check", "ledger check --json"),
    ];
    for (name, line) in printed {
        let command = listed.iter().find(|command| command["name"] == name).unwrap();
        let fields: BTreeSet<&str> = command["output"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
        let run = world.j2v(line);
        let object: Value = serde_json::from_str(run.lines().first().unwrap_or_else(|| panic!("{line}: {}", run.stderr))).unwrap();
        let seen: BTreeSet<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(fields, seen, "{line}");
    }
}
