//! `check` for CI: annotations, SARIF, and the certain fixes.

use serde_json::{Value, json};

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

/// A schema of an object with exactly these members, some of them required.
fn object(required: &[&str], properties: Value) -> Value {
    let mut object = json!({"type": "object", "required": required, "additionalProperties": false});
    object["properties"] = properties;
    object
}

fn list_of(items: Value) -> Value {
    let mut list = json!({"type": "array", "uniqueItems": true});
    list["items"] = items;
    list
}

/// The rules of the published schema of SARIF 2.1.0 for the objects that are written here: the members, the required
/// ones, their types and words.
fn sarif_rules() -> Value {
    let (text, number) = (json!({"type": "string"}), json!({"type": "integer", "minimum": 1}));
    let level = json!({"enum": ["none", "note", "warning", "error"]});
    let message = object(&["text"], json!({"text": {"type": "string", "minLength": 1}}));
    let rule = object(
        &["id"],
        json!({
            "id": text,
            "name": text,
            "shortDescription": message,
            "help": message,
            "defaultConfiguration": object(&[], json!({"level": level})),
        }),
    );
    let driver = object(&["name"], json!({"name": text, "semanticVersion": text, "rules": list_of(rule)}));
    let run = object(
        &["tool"],
        json!({
            "tool": object(&["driver"], json!({"driver": driver})),
            "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            "results": {"type": "array", "items": sarif_result(&text, &number, &level, &message)},
        }),
    );
    object(&["version", "runs"], json!({"$schema": text, "version": {"const": "2.1.0"}, "runs": list_of(run)}))
}

fn sarif_result(text: &Value, number: &Value, level: &Value, message: &Value) -> Value {
    let region = object(&[], json!({"startLine": number, "startColumn": number, "endLine": number, "endColumn": number}));
    let uri = json!({"type": "string", "pattern": "^([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"});
    let artifact = object(&[], json!({"uri": uri, "uriBaseId": text}));
    let physical = object(&["artifactLocation"], json!({"artifactLocation": artifact, "region": region}));
    let logical = object(&[], json!({"fullyQualifiedName": text, "kind": text}));
    let location = object(&[], json!({"physicalLocation": physical, "logicalLocations": list_of(logical)}));
    object(
        &["message"],
        json!({
            "ruleId": text,
            "ruleIndex": {"type": "integer", "minimum": -1},
            "level": level,
            "message": message,
            "locations": {"type": "array", "items": location},
            "partialFingerprints": {"type": "object", "additionalProperties": text},
            "properties": {"type": "object"},
        }),
    )
}

/// File names that are valid everywhere except on Windows.
#[cfg(unix)]
const HOSTILE_NAMES: [&str; 6] = [
    "a,b:100%.json",
    "x\n::error file=y.json::z.json",
    "\r\n::stop-commands::t.json",
    "ü 画 \"q\".json",
    "%0A::warning::.json",
    "\u{1b}[31m\u{202e}.json",
];

/// Movies whose texts imitate commands of a workflow.
#[cfg(unix)]
fn hostile(world: &World) {
    std::fs::create_dir(world.path("movies")).unwrap();
    let value = "x\\n::error::y\\r%0A::add-mask::secret \\u001b]0;t\\u0007";
    for name in HOSTILE_NAMES {
        world.write(
            &format!("movies/{name}"),
            format!(r#"{{"resolution": "{value}", "{value}": 1, "scenes": [{{"duration": "{value}"}}]}}"#),
        );
    }
    world.write("movies/broken.json", "{\n::error::x");
}

#[test]
#[cfg(unix)]
fn no_name_and_no_message_gets_out_of_its_annotation() {
    let world = World::new();
    hostile(&world);
    let run = world.j2v("check movies --format github").exits(3);
    let kinds = ["::error ", "::warning ", "::notice "];
    for line in run.lines() {
        assert!(kinds.iter().any(|kind| line.starts_with(kind)), "{line:?}");
        assert!(!line.contains(['\r', '\u{1b}', '\u{7}', '\u{202e}']), "{line:?}");
        let properties = line.split_once(' ').unwrap().1.split("::").next().unwrap();
        for property in properties.split(',') {
            let (name, value) = property.split_once('=').unwrap();
            assert!(["file", "line", "col", "title"].contains(&name) && !value.contains(':'), "{line:?}");
        }
    }
    let named = |name: &str| run.stdout.contains(&format!("file=movies/{name},"));
    assert!(named("a%2Cb%3A100%25.json") && named("%250A%3A%3Awarning%3A%3A.json"), "{}", run.stdout);
}

#[test]
#[cfg(unix)]
fn sarif_keeps_to_the_rules_of_its_schema_whatever_the_files_are_called() {
    let world = World::new();
    hostile(&world);
    world.write("movies/m.json", BROKEN);
    world.write("movies/flag.yaml", "resolution: nope\nscenes:\n  - duration: 1\n");
    let validator = jsonschema::draft7::new(&sarif_rules()).unwrap();
    for line in ["check movies --format sarif", "check movies --format sarif --set /quality=best", "check movies/flag.yaml --format sarif"]
    {
        let document: Value = serde_json::from_str(&world.j2v(line).exits(0).stdout).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(wrong.is_empty(), "{line}: {wrong:#?}");
        let results = document["runs"][0]["results"].as_array().unwrap();
        let mut prints: Vec<String> = results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
        prints.sort_unstable();
        prints.dedup();
        assert!(!results.is_empty() && prints.len() * 2 > results.len(), "{line}: alerts must be told apart");
    }
    let clean = r#"{"resolution": "full-hd", "scenes": [{"duration": 4}]}"#;
    world.write("clean.json", clean);
    let document: Value = serde_json::from_str(&world.j2v("check clean.json --format sarif").exits(0).stdout).unwrap();
    assert!(validator.is_valid(&document) && document["runs"][0]["results"] == json!([]), "{document:#}");
}
