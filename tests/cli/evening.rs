//! An agent's evening: a video made only with `commands --json`, the skill and `--json` answers, while the service has faults.

use std::fs;

use serde_json::Value;

use crate::support::World;

/// The flags of a command in the catalogue.
fn flags(commands: &[Value], name: &str) -> Vec<String> {
    let command = commands.iter().find(|command| command["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    command["flags"].as_array().unwrap().iter().map(|flag| flag["name"].as_str().unwrap().to_owned()).collect()
}

/// The first movie in the skill.
fn movie_of_the_skill(world: &World) -> String {
    let page = world.j2v("agent skill").exits(0).stdout;
    page.split("```json\n").nth(1).unwrap().split("```").next().unwrap().to_owned()
}

/// Follows the answers until the video is saved: a status, and the next command.
fn until_saved(world: &World, first: Value) -> Value {
    let mut answer = first;
    for _ in 0..20 {
        if answer["file"].is_string() {
            return answer;
        }
        let next = answer["next"].as_array().and_then(|next| next.first()).and_then(Value::as_str).map(str::to_owned);
        let line = match answer["status"].as_str().unwrap() {
            "submitted" | "pending" | "running" | "waiting" | "done" => "j2v poll evening-1 --timeout 50s --download videos/".to_owned(),
            _ => next.unwrap_or_else(|| panic!("a status that leads nowhere: {answer}")),
        };
        let words = line.strip_prefix("j2v ").unwrap_or_else(|| panic!("not a command of j2v: {line}"));
        answer = world.j2v(&format!("{words} --json")).json();
    }
    panic!("no video after 20 answers: {answer}");
}

#[test]
fn a_video_is_made_from_what_programs_are_told_while_the_service_has_faults() {
    let world = World::with_faults(&["post-reset*1", "get-status=502*2", "list-html*1", "file-truncate=900*1"]);
    let commands: Vec<Value> = serde_json::from_str(&world.j2v("commands --json").exits(0).stdout).unwrap();
    for (name, wanted) in [
        ("check", &["--fix", "--json"][..]),
        ("preview", &["--out", "--offline"]),
        ("plan", &["--json"]),
        ("submit", &["--key", "--max-credits", "--json"]),
        ("poll", &["--timeout", "--download", "--json"]),
    ] {
        let flags = flags(&commands, name);
        assert!(wanted.iter().all(|flag| flags.iter().any(|known| known == flag)), "{name}: {flags:?}");
    }
    let movie = movie_of_the_skill(&world);
    world.write("evening.json", movie.replace("\"duration\": 4", "\"duration\": \"4s\"").replace("\"full-hd\"", "\"1080p\""));
    let findings = world.j2v("check evening.json --json").jsons();
    assert!(findings.iter().any(|finding| finding["fixable"] == Value::Bool(true)), "{findings:?}");
    let left = world.j2v("check evening.json --fix --json").exits(0).jsons();
    assert!(left.iter().all(|finding| finding["severity"] != "error"), "{left:?}");
    world.j2v("preview evening.json --out evening.html --offline").exits(0);
    assert!(world.has("evening.html"));
    let most = world.j2v("plan evening.json --json").exits(0).json()["credits"]["at_most"].as_u64().unwrap();
    let submitted = world.j2v(&format!("submit evening.json --key evening-1 --max-credits {most} --json")).json();
    let saved = until_saved(&world, submitted);
    assert_eq!((&saved["status"], &saved["key"]), (&"done".into(), &"evening-1".into()));
    let file = fs::read(world.path(saved["file"].as_str().unwrap())).unwrap();
    assert_eq!(&file[4..8], b"ftyp");
    assert_eq!(world.accepted(), 1, "paid for once");
}
