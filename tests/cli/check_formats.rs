//! `check` for CI: annotations, SARIF, and the fixes that are certain.

use serde_json::Value;

use crate::support::World;

const BROKEN: &str = r#"{
  // kept
  "resolution": "1080p",
  "client_data": {"n": 1.50},
  "webhook": "https://app.example/hook",
  "scenes": [{"duration": "4s", "elements": [{"type": "video", "url": "https://example.com/a.mp4"}]}],
}
"#;

#[test]
fn annotations_escape_what_a_file_and_a_message_may_hold() {
    let world = World::new();
    let name = "a,b:100%.json";
    world.write(name, r#"{"resolution": "x\n::error::", "scenes": [{"duration": 1}]}"#);
    let run = world.run(&["check", name, "--format", "github"]).exits(3);
    let line = run.lines().into_iter().find(|line| line.contains("J2V020")).unwrap().to_owned();
    assert!(line.starts_with("::error file=a%2Cb%3A100%25.json,line=1,col=16,title=J2V020::"), "{line}");
    assert!(run.lines().iter().all(|line| line.starts_with("::error ") || line.starts_with("::warning ") || line.starts_with("::notice ")));
}

#[test]
fn more_than_ten_annotations_of_a_kind_are_counted() {
    let world = World::new();
    let scenes = vec![r#"{"duration": 1, "elements": [{"type": "video"}]}"#; 15].join(",");
    world.write("m.json", format!(r#"{{"resolution": "hd", "scenes": [{scenes}]}}"#));
    let run = world.j2v("check m.json --format github").exits(3);
    assert_eq!(run.lines().iter().filter(|line| line.starts_with("::error ")).count(), 10, "{}", run.stdout);
    assert!(run.stdout.contains("and 5 more"), "{}", run.stdout);
}

#[test]
fn sarif_has_the_members_that_its_schema_demands_and_keeps_an_alert_when_lines_move() {
    let world = World::new();
    world.write("m.json", BROKEN);
    let read = |world: &World| serde_json::from_str::<Value>(&world.j2v("check m.json --format sarif").exits(0).stdout).unwrap();
    let first = read(&world);
    assert_eq!(first["version"], "2.1.0");
    let run = &first["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() >= 4, "{first:#}");
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "m.json");
        let region = &place["region"];
        let (start, end) = (&region["startColumn"], &region["endColumn"]);
        assert!(region["startLine"].as_u64().unwrap() >= 1 && start.as_u64().unwrap() >= 1 && end.as_u64().unwrap() >= 1);
        assert!(result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap().starts_with('/'));
    }
    world.write("m.json", format!("\n\n{BROKEN}"));
    let moved = read(&world);
    let prints = |document: &Value| -> Vec<Value> {
        document["runs"][0]["results"].as_array().unwrap().iter().map(|result| result["partialFingerprints"].clone()).collect()
    };
    assert_eq!(prints(&first), prints(&moved));
    assert_ne!(first, moved);
}

#[test]
fn certain_fixes_change_nothing_else_and_a_second_run_finds_none() {
    let world = World::new();
    world.write("m.json", BROKEN);
    let shown = world.j2v("check m.json --fix --diff").exits(0).stdout;
    assert!(shown.contains("\n-  \"resolution\": \"1080p\",\n") && shown.contains("\n+  \"resolution\": \"full-hd\",\n"), "{shown}");
    assert!(shown.lines().all(|line| line.starts_with(['-', '+', ' ', '@'])), "{shown}");
    assert_eq!(world.read("m.json"), BROKEN.as_bytes());
    world.j2v("check m.json --fix").exits(0).tells("5 fixed");
    let exports = r#""exports": [{"destinations": [{"type": "webhook", "endpoint": "https://app.example/hook"}]}]"#;
    let fixed = BROKEN
        .replace("\"1080p\"", "\"full-hd\"")
        .replace("\"client_data\"", "\"client-data\"")
        .replace(r#""webhook": "https://app.example/hook""#, exports)
        .replace("\"4s\"", "4")
        .replace("\"url\"", "\"src\"");
    assert_eq!(String::from_utf8(world.read("m.json")).unwrap(), fixed);
    assert!(!world.j2v("check m.json --fix").exits(0).stderr.contains("fixed"));
    assert_eq!(String::from_utf8(world.read("m.json")).unwrap(), fixed);
}

#[test]
fn what_is_not_certain_is_left_to_a_person() {
    let world = World::new();
    let movie = r#"{"resolution": "hd", "scenes": [{"duration": 4, "elements": [{"type": "image", "src": "https://example.com/a.png", "url": "x", "end": 3}]}]}"#;
    world.write("m.json", movie);
    world.j2v("check m.json --fix");
    assert_eq!(world.read("m.json"), movie.as_bytes());
    world.run(&["check", "-", "--fix"]).exits(2).tells("stdin");
}

#[test]
fn findings_as_json_have_their_pointer_and_their_end_and_the_rules_can_be_listed() {
    let world = World::new();
    world.write("m.json", BROKEN);
    let run = world.j2v("check m.json --json");
    let finding = run.lines().iter().map(|line| serde_json::from_str::<Value>(line).unwrap()).find(|one| one["code"] == "J2V020").unwrap();
    assert_eq!((&finding["pointer"], &finding["end_line"], &finding["end_column"]), (&"/resolution".into(), &3.into(), &24.into()));
    assert_eq!(finding["fixable"], true);
    let rules = world.j2v("check --rules").exits(0);
    assert!(rules.lines().len() > 100 && rules.stdout.contains("J2V064 src-missing: error; it may stop a submission"));
    assert!(serde_json::from_str::<Value>(world.j2v("check --rules --json").exits(0).lines()[0]).unwrap()["code"].is_string());
}
