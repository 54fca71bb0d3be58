//! `j2v check`: its findings, their output, its exit codes.

use std::fs;
use std::path::Path;

use j2v::movie::check::Rule;
use serde_json::{Value, json};

use crate::support::World;

const MOVIE: &str = r#"{
  "resolution": "1080p",
  "variables": {"rooms": [{"name": "Kitchen"}, {}]},
  "scenes": [
    {"duration": 4, "iterate": "rooms", "elements": [{"type": "text", "text": "{{ item.name }}"}]},
    {"duration": 4, "elements": [{"type": "video", "url": "https://example.com/a.mp4"}]},
  ]
}
"#;

/// The output for people.
const SHOWN: &str = r#"error[J2V020]: `1080p` is not a resolution
 --> a.json:2:17
  |
2 |   "resolution": "1080p",
  |                 ^^^^^^^
  |
  = help: did you mean `full-hd`?

warning[J2V209]: item 2 of 2 has no `item.name`
 --> a.json:5:87
  |
5 |     {"duration": 4, "iterate": "rooms", "elements": [{"type": "text", "text": "{{ item.name }}"}]},
  |                                                                                       ^^^^^
  |
  = help: give every item the field, or ask for it in a `condition`

error[J2V064]: the video has no `src`: `url` is not a property of a video
 --> a.json:6:52
  |
6 |     {"duration": 4, "elements": [{"type": "video", "url": "https://example.com/a.mp4"}]},
  |                                                    ^^^^^
  |
  = help: did you mean `src`?

warning[J2V001]: a trailing comma, which JSON does not have: it is not sent
 --> a.json:6:89
  |
6 |     {"duration": 4, "elements": [{"type": "video", "url": "https://example.com/a.mp4"}]},
  |                                                                                         ^

warning[J2V006]: `lenght` is not a property of a scene
--> a.json
 = note: set by --set /scenes/0/lenght
 = help: leave it out; known are: background-color, cache, comment, condition, duration, elements, id, import, iterate, iterate-as, transition, variables

"#;

fn world() -> World {
    let world = World::at("https://api.json2video.com/v2");
    world.write("a.json", MOVIE);
    world.write("right.json", r#"{"resolution": "sd", "scenes": [{"duration": 2}]}"#);
    world.write("doubtful.json", r#"{"qualty": 1, "resolution": "sd", "scenes": [{"duration": 2}]}"#);
    world
}

fn codes(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|finding| finding["code"].as_str().unwrap()).collect()
}

#[test]
fn people_see_the_line_with_its_place_underlined_and_the_way_out() {
    let world = world();
    let run = world.j2v("check a.json --set /scenes/0/lenght=3").exits(3);
    assert_eq!(run.stdout, SHOWN);
    assert_eq!(run.stderr, "1 movie: 2 errors, 3 warnings\n");
    assert!(!world.has("ledger.db"), "checking writes nothing");
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let world = world();
    assert!(!world.j2v("check a.json").stdout.contains('\u{1b}'));
    assert!(world.j2v("check a.json --color always").stdout.contains("\u{1b}["));
}

#[test]
fn programs_get_an_object_a_finding() {
    let found = world().j2v("check a.json --json --set /scenes/0/lenght=3").exits(3).jsons();
    let first = json!({
        "file": "a.json", "line": 2, "column": 17, "severity": "error", "code": "J2V020", "name": "resolution-enum",
        "evidence": "documented", "message": "`1080p` is not a resolution", "flag": null, "used": null, "label": null, "help": "did you mean `full-hd`?",
        "stops": true, "pointer": "/resolution", "end_line": 2, "end_column": 24, "fixable": true,
    });
    assert_eq!(found[0], first);
    assert_eq!(codes(&found), ["J2V020", "J2V209", "J2V064", "J2V001", "J2V006"]);
    let of_flag = found.last().unwrap();
    assert_eq!((&of_flag["file"], &of_flag["line"], &of_flag["stops"]), (&json!("a.json"), &Value::Null, &json!(false)));
}

#[test]
fn errors_decide_the_exit_code_and_the_user_decides_what_is_one() {
    let world = world();
    world.j2v("check right.json").exits(0).prints(&[]).tells("1 movie: 0 errors, 0 warnings\n");
    world.j2v("check doubtful.json").exits(0).tells("1 movie: 0 errors, 1 warning\n");
    world.j2v("check doubtful.json --deny warnings").exits(3).tells("1 error, 0 warnings");
    world.j2v("check doubtful.json --deny J2V006").exits(3);
    world.j2v("check doubtful.json --deny unknown-property").exits(3);
    world.j2v("check doubtful.json --deny J2V007").exits(0);
    world.j2v("check doubtful.json --deny warnings --allow j2v006").exits(0).prints(&[]);
    world.j2v("check a.json --allow J2V020 --allow src-missing").exits(0);
    world.j2v("check a.json --allow warnings").exits(2).tells("no such rule");
    world.j2v("check a.json --deny J2V999").exits(2).tells("no such rule");
}

#[test]
fn what_a_deny_makes_an_error_fails_the_check_and_stops_no_submission() {
    let world = world();
    // A trailing comma is documented to be none of JSON's, and is taken out before the movie is sent.
    world.write("comma.json", r#"{"resolution": "sd", "scenes": [{"duration": 2}],}"#);
    let found = world.j2v("check comma.json --json --deny warnings").exits(3).json();
    assert_eq!((&found["severity"], &found["stops"]), (&json!("error"), &json!(false)));
    world.j2v("submit comma.json --dry-run").exits(0);
    world.write("j2v.toml", "deny = [\"warnings\"]\n");
    assert_eq!(world.j2v("check comma.json --json").exits(3).json()["stops"], false);
    world.write("bad.json", r#"{"resolution": "1080p", "scenes": [{"duration": 2}]}"#);
    assert_eq!(world.j2v("check bad.json --json --deny J2V020").exits(3).json()["stops"], true);
    world.j2v("submit bad.json --dry-run").exits(3);
}

/// So many scenes in one line, each with a warning of its own and then an error of its own.
fn with_mistakes(scenes: usize) -> String {
    let scenes: Vec<_> = (0..scenes).map(|nth| format!("{{\"zebra{nth}\":1,\"duration\":\"x{nth}\"}}")).collect();
    format!("{{\"resolution\":\"sd\",\"scenes\":[{}]}}", scenes.join(","))
}

#[test]
fn of_more_findings_than_anyone_reads_the_errors_are_shown_and_the_rest_is_counted() {
    let world = world();
    world.write("bad.json", with_mistakes(1500));
    let told = "bad.json: 2000 more findings not shown: fix these, and check it again";
    let run = world.j2v("check bad.json --json").exits(3).tells(told).tells("1 movie: 1500 errors, 1500 warnings");
    let found = run.jsons();
    assert_eq!(found.len(), 1000);
    assert!(found.iter().all(|finding| finding["severity"] == "error"));
    assert!(found.is_sorted_by_key(|finding| finding["column"].as_u64()), "they keep their order");
    let shown = world.j2v("check bad.json").exits(3).tells(told).stdout;
    assert_eq!(shown.matches("error[").count(), 1000);
    let sarif: Value = serde_json::from_str(&world.j2v("check bad.json --format sarif").exits(0).tells(told).stdout).unwrap();
    assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1000);
    let annotations = world.j2v("check bad.json --format github").exits(3).stdout;
    assert!(annotations.contains("and 1490 more of kind error"), "{annotations}");
    world.write("same.json", "{\"resolution\":\"sd\",\"scenes\":[".to_owned() + &vec!["{\"duration\":\"x\"}"; 1500].join(",") + "]}");
    let same = world.j2v("check same.json").exits(3).hides("not shown").stdout;
    assert!(same.contains("and 1499 more"), "a mistake that is repeated counts once: {same}");
}

#[test]
fn a_name_or_a_value_that_is_as_long_as_a_file_fills_no_screen() {
    let world = world();
    let long = "x".repeat(1 << 20);
    let text = |text: &str| format!(r#"{{"resolution":"sd","scenes":[{{"duration":1,"elements":[{{"type":"text","text":"{text}"}}]}}]}}"#);
    world.write("value.json", format!(r#"{{"resolution":"{long}","scenes":[{{"duration":1}}]}}"#));
    world.write("name.json", format!(r#"{{"resolution":"sd","{long}":1,"scenes":[{{"duration":1}}]}}"#));
    world.write("variable.json", text(&format!("{{{{ {long} }}}}")));
    world.write("function.json", text(&format!("{{{{ {long}(1) }}}}")));
    for movie in ["value.json", "name.json", "variable.json", "function.json"] {
        for format in ["human", "json", "sarif", "github"] {
            let run = world.j2v(&format!("check {movie} --format {format}"));
            assert!(run.stdout.contains("J2V"), "{movie} {format}: {}", run.stderr);
            let length = run.stdout.len() + run.stderr.len();
            assert!(length < 20_000, "{movie} as {format}: {length} bytes");
        }
    }
}

#[test]
fn a_movie_of_20_000_mistakes_in_one_line_fills_no_screen() {
    let world = world();
    world.write("bad.json", with_mistakes(10_000));
    for line in ["check bad.json", "check bad.json --json", "submit bad.json --dry-run"] {
        let run = world.j2v(line).exits(3);
        assert!(run.stdout.len() + run.stderr.len() < 1 << 20, "{line}: {}", run.stdout.len());
    }
}

#[test]
fn folders_files_and_stdin_are_checked_together() {
    let world = world();
    for folder in ["movies", "movies/deep", "movies/.hidden", "empty"] {
        fs::create_dir(world.path(folder)).unwrap();
    }
    for file in ["movies/b.json", "movies/deep/c.json", "movies/.hidden/d.json", "movies/notes.txt"] {
        world.write(file, r#"{"qualty": 1, "resolution": "sd", "scenes": [{"duration": 2}]}"#);
    }
    let run =
        world.pipe(&["check", "movies", "right.json", "-", "--json"], r#"{"resolution": "sd", "scenes": [{"duration": 2}], "qualty": 1}"#);
    let run = run.exits(0).tells("4 movies: 0 errors, 3 warnings");
    let files: Vec<_> = run.jsons().iter().map(|finding| finding["file"].as_str().unwrap().to_owned()).collect();
    assert_eq!(files, ["movies/b.json", "movies/deep/c.json", "-"]);
    world.j2v("check empty").exits(2).tells("there is no movie in this folder");
    world.j2v("check movies missing.json").exits(2).tells("missing.json").tells("2 warnings");
    world.j2v("check missing.json a.json").exits(3).tells("missing.json");
    world.j2v("check").exits(2).tells("<MOVIE>");
}

#[test]
fn what_is_no_json_is_a_finding_too() {
    let world = world();
    world.write("n8n.json", "{\n  \"width\": {{ $json.width }}\n}");
    world.write("list.json", " []");
    let found = world.j2v("check n8n.json list.json right.json --json").exits(3).tells("3 movies: 2 errors").jsons();
    assert_eq!(codes(&found), ["J2V001", "J2V002"]);
    assert_eq!((&found[0]["line"], &found[0]["column"]), (&json!(2), &json!(12)));
    let shown = world.j2v("check n8n.json").exits(3);
    assert!(shown.stdout.contains("2 |   \"width\": {{ $json.width }}") && shown.stdout.contains("n8n"), "{shown:?}");
}

#[test]
fn the_movie_is_checked_as_it_will_be_sent() {
    let world = world();
    world.j2v("check right.json --resolution 1080p").exits(3);
    world.write("scene.json", "{\n  \"duraton\": 3\n}");
    let found = world.j2v("check right.json --scene scene.json --json").jsons();
    assert!(found.iter().any(|finding| finding["file"] == "scene.json" && finding["line"] == 2), "{found:?}");
    world.write("open.json", r#"{"resolution": "sd", "scenes": [{"duration": "{{ d }}"}]}"#);
    assert_eq!(codes(&world.j2v("check open.json --json").exits(0).jsons()), ["J2V200"]);
    let mended = world.j2v("check open.json --json --var d:=2").exits(0).jsons();
    assert_eq!(codes(&mended), ["J2V213"], "what is assumed is told");
    world.write("hook.json", r#"{"resolution": "sd", "scenes": [{"duration": 2}], "id": "a", "client-data": {"id": 1}}"#);
    let hook = "check hook.json --json --webhook http://127.0.0.1:9/hook";
    assert_eq!(codes(&world.j2v(hook).jsons()), ["J2V304"]);
    assert_eq!(world.j2v(&format!("{hook} --emulate")).jsons(), Vec::<Value>::new(), "but right for an API of this machine");
}

#[test]
fn every_rule_is_explained() {
    let world = world();
    for rule in Rule::all() {
        let run = world.run(&["check", "--explain", rule.code]).exits(0);
        for part in [rule.code, rule.name, rule.why, rule.wrong, rule.right, rule.source, "Wrong:", "Right:", "Evidence: ", "Source: "] {
            let first = part.lines().next().unwrap();
            assert!(run.stdout.contains(first), "{}: no {first}", rule.code);
        }
        assert_eq!(run.stdout.contains("may stop a submission"), rule.may_stop());
    }
    let explained = world.j2v("check --explain src-missing --json").exits(0).json();
    assert_eq!((&explained["code"], &explained["stops"]), (&json!("J2V064"), &json!(true)));
    world.j2v("check --explain src-mising").exits(2).tells("did you mean J2V064 (src-missing)?");
}

#[test]
fn a_hostile_line_moves_no_cursor_and_a_long_one_fills_no_screen() {
    let world = world();
    world.write("escape.json", "{\"qual\u{202e}ty\": \"\u{9b}2J\", \"scenes\": [{\"duration\": 2}]}");
    let shown = world.j2v("check escape.json").stdout;
    assert!(shown.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{shown:?}");
    let long = "x".repeat(100_000);
    world.write("long.json", format!("{{\"id\": \"{long}\", \"qualty\": 1, \"scenes\": [{{\"duration\": 2}}]}}"));
    let shown = world.j2v("check long.json").stdout;
    assert!(shown.contains("long.json:1:100012") && shown.len() < 2_000, "{} bytes", shown.len());
}

#[test]
fn the_listing_checks_without_an_error() {
    let listing = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/listing.json");
    let world = world();
    let run = world.run(&["check".as_ref(), listing.as_os_str(), "--json".as_ref()]).exits(0);
    let warnings = run.jsons().iter().filter(|finding| finding["severity"] == "warning").count();
    assert!(run.jsons().iter().all(|finding| finding["severity"] != "error") && warnings > 0, "{run:?}");
}

#[test]
fn a_value_that_a_flag_or_a_file_sets_is_told_there() {
    let world = world();
    world.write("photo.json", "{\n\"resolution\": \"sd\", \"variables\": {\"photo\": \"\"},\n\"scenes\": [{\"duration\": 2, \"elements\": [{\"type\": \"image\", \"src\": \"{{ photo }}\"}]}]\n}");
    let shown = world.j2v("check photo.json").exits(3).stdout;
    assert!(shown.contains("--> photo.json:2:44") && shown.contains("= note: it is used at photo.json:3:66"), "{shown}");
    let shown = world.j2v("check photo.json --var photo=./a.jpg").exits(3).stdout;
    assert!(shown.contains("J2V065") && shown.contains("= note: set by --var photo"), "{shown}");
    let of_flag = world.j2v("check photo.json --json --var photo=./a.jpg").exits(3).jsons();
    assert_eq!((&of_flag[0]["flag"], &of_flag[0]["line"]), (&json!("--var photo"), &Value::Null));
    assert_eq!(of_flag[0]["used"], json!({"file": "photo.json", "line": 3, "column": 66}));
    world.j2v("submit photo.json --var photo=./a.jpg").exits(3).tells("--var photo: J2V065: ");
    world.write("vars.json", "{\n  \"photo\": \"./a.jpg\"\n}");
    world.j2v("submit photo.json --vars vars.json").exits(3).tells("vars.json:2:12: J2V065: ");
    world.write("vars.yaml", "city: Ulm\nphoto: ./a.jpg\n");
    world.j2v("submit photo.json --vars vars.yaml").exits(3).tells("vars.yaml:2:8: J2V065: ");
    world.j2v("check photo.json --set /variables/photo=https://a.example/a.jpg").exits(0);
}

#[test]
fn a_mistake_that_is_repeated_is_shown_once_with_its_other_places() {
    let world = world();
    let scenes = vec!["{\"duration\": 0.9, \"lenght\": 1}"; 61].join(",\n");
    world.write("often.json", format!("{{\"resolution\": \"sd\", \"scenes\": [\n{scenes}]}}"));
    let run = world.j2v("check often.json").exits(0).tells("0 errors, 61 warnings");
    assert_eq!(run.stdout.matches("J2V006").count(), 1, "{run:?}");
    assert!(run.stdout.contains("= note: and 60 more, at 3:19, 4:19, 5:19, 6:19, 7:19 …: --all shows each"), "{run:?}");
    assert_eq!(world.j2v("check often.json --all").exits(0).stdout.matches("J2V006").count(), 61);
    assert_eq!(world.j2v("check often.json --json").exits(0).jsons().len(), 61);
}

#[test]
fn two_mistakes_in_the_value_of_one_flag_are_two() {
    let world = world();
    let found = world.run(&["check", "right.json", "--json", "--set", r#"/scenes/0:={"duration": 2, "lenght": 1, "coment": "a"}"#]).jsons();
    assert_eq!(codes(&found), ["J2V006", "J2V006"]);
    assert!(found.iter().all(|finding| finding["flag"] == "--set /scenes/0"), "{found:?}");
}

#[test]
fn a_length_as_people_write_it_is_told_as_a_number() {
    let world = World::new();
    let cases = [
        ("5,5", Some("5.5")),
        ("00:05", Some("5")),
        ("1:30", Some("90")),
        ("01:02:03.5", Some("3723.5")),
        ("00:00:01,5", Some("1.5")),
        ("1,000", None),
        ("00:75", None),
        ("1:2:3:4", None),
        (":5", None),
    ];
    for (text, right) in cases {
        world.write("a.json", format!(r#"{{"resolution": "sd", "scenes": [{{"duration": "{text}"}}]}}"#));
        let found = world.j2v("check a.json --json").exits(3).json();
        let help = right.map_or_else(|| "write more than 0".to_owned(), |right| format!("write `{right}`"));
        assert!(found["help"].as_str().unwrap().starts_with(&help), "{text}: {found}");
        assert_eq!(found["fixable"], false, "{text}: a person decides");
    }
    world.write("a.json", r#"{"resolution": "sd", "width": "16:9", "scenes": [{"duration": 1}]}"#);
    assert!(!world.j2v("check a.json").stdout.contains("`969`"));
}

#[test]
fn a_yaml_text_with_a_colon_is_told_to_need_quotes() {
    let world = World::new();
    world.write("a.yaml", "resolution: sd\nscenes:\n  - duration: 2\n    elements:\n      - type: text\n        text: a: b\n");
    let run = world.j2v("check a.yaml").exits(3);
    assert!(run.stdout.contains("a.yaml:6:16") && run.stdout.contains(r#"quotes, as in `text: "a: b"`"#), "{}", run.stdout);
}
