//! `j2v build`: everything that no flag changes stays as it was written.

use std::fs;
use std::path::Path;

use crate::support::World;

/// The compact spelling of a movie after flags.
#[track_caller]
fn built(movie: &str, flags: &[&str]) -> String {
    let world = World::at("http://127.0.0.1:1/v2");
    world.write("a.json", movie);
    let run = world.run(&[&["build", "a.json", "--compact"], flags].concat()).exits(0);
    assert!(!world.has("ledger.db"), "building writes nothing");
    run.line().to_owned()
}

#[test]
fn numbers_keys_and_strings_stay_as_they_were_written() {
    let movie = r#"{"z":12345678901234567890123,"a":1.50,"e":1e3,"E":-0.0E+2,"unknown":{"b":[null,true]},"text":"\u00e9 \/ é","a":2}"#;
    assert_eq!(built(movie, &[]), movie);
}

#[test]
fn a_pretty_movie_has_the_same_values_in_more_lines() {
    let world = World::new();
    world.write("a.json", r#"{"a":1.50,"scenes":[{"n":12345678901234567890123},{}],"t":"\u00e9"}"#);
    let pretty = world.j2v("build a.json").exits(0);
    assert!(pretty.lines().len() > 3, "{pretty:?}");
    assert_eq!(tight(&pretty.stdout), r#"{"a":1.50,"scenes":[{"n":12345678901234567890123},{}],"t":"\u00e9"}"#);
}

#[test]
fn comments_and_trailing_commas_are_read_with_a_warning_and_never_sent() {
    let world = World::new();
    world.write("a.json", "{\n  // a comment\n  \"scenes\": [1, /* one more */ 2,],\n}\n");
    let run = world.j2v("build a.json --compact").exits(0).prints(&[r#"{"scenes":[1,2]}"#]);
    let run = run.tells("warning: a.json:2:3: ");
    assert!(run.stderr.contains("comma"), "{run:?}");
}

#[test]
fn a_byte_order_mark_and_a_schema_are_left_out() {
    assert_eq!(built("\u{feff}{\"$schema\":\"x\",\"scenes\":[]}", &[]), r#"{"scenes":[]}"#);
}

#[test]
fn a_variable_is_set_as_text_or_as_json() {
    let flags = ["--var", "city=Berlin", "--var", "price:=450000.0", "--var", "list:=[1, 2.50]", "--var", "eq=a=b", "--var", "empty="];
    let expected = r#"{"variables":{"old":1,"city":"Berlin","price":450000.0,"list":[1,2.50],"eq":"a=b","empty":""},"scenes":[]}"#;
    assert_eq!(built(r#"{"variables":{"old":1,"city":"Paris"},"scenes":[]}"#, &flags), expected);
    assert_eq!(built("{}", &["--var", "n=-1"]), r#"{"variables":{"n":"-1"}}"#);
}

#[test]
fn variables_come_from_files_of_json_or_yaml_and_flags_outweigh_them() {
    let world = World::new();
    world.write("a.json", "{}");
    world.write("vars.json", r#"{"city": "Paris", "rooms": 3.50}"#);
    world.write("vars.yaml", "agent: Ann\nactive: yes\ntags:\n  - a\n  - 1\n");
    let run = world.j2v("build a.json --compact --vars vars.json --vars vars.yaml --var city=Berlin").exits(0);
    assert!(run.line().starts_with(r#"{"variables":{"city":"Berlin","rooms":3.50,"agent":"Ann","active":"#), "{run:?}");
    assert!(run.line().ends_with(r#""tags":["a",1]}}"#), "{run:?}");
    world.write("bad.yaml", "a: [1");
    world.j2v("build a.json --vars bad.yaml").exits(3).tells("bad.yaml").hides("movie");
    world.write("list.json", "[]");
    world.j2v("build a.json --vars list.json").exits(3).tells("list.json:1:1");
}

#[test]
fn client_data_is_added_after_what_is_there() {
    let flags = ["--client-data", "order=7", "--client-data", "n:=7"];
    assert_eq!(built(r#"{"client-data":{"a":1}}"#, &flags), r#"{"client-data":{"a":1,"order":"7","n":7}}"#);
}

#[test]
fn destinations_go_to_the_end_of_the_first_export() {
    let hook = r#"{"type":"webhook","endpoint":"https://example.com/h","content-type":"application/json"}"#;
    let flags = ["--webhook", "https://example.com/h", "--connection", "my-ftp"];
    let expected = format!(r#"{{"exports":[{{"destinations":[{hook},{{"id":"my-ftp"}}]}}]}}"#);
    assert_eq!(built("{}", &flags), expected);
    let expected = format!(r#"{{"exports":[{{"destinations":[{{"id":"x"}},{hook},{{"id":"my-ftp"}}]}},{{"destinations":[]}}]}}"#);
    assert_eq!(built(r#"{"exports":[{"destinations":[{"id":"x"}]},{"destinations":[]}]}"#, &flags), expected);
}

#[test]
fn scenes_are_appended_one_or_many() {
    let world = World::new();
    world.write("a.json", r#"{"scenes":[{"n":0}]}"#);
    world.write("one.json", r#"{"n": 1.0}"#);
    world.write("many.json", r#"[{"n":2},{"n":3}]"#);
    let run = world.j2v("build a.json --compact --scene one.json --scene many.json --scene one.json").exits(0);
    run.prints(&[r#"{"scenes":[{"n":0},{"n":1.0},{"n":2},{"n":3},{"n":1.0}]}"#]);
    world.write("text.json", "\"a\"");
    world.j2v("build a.json --scene text.json").exits(3).tells("text.json:1:1");
}

#[test]
fn set_reaches_any_place() {
    let movie = r#"{"scenes":[{"duration":5,"a/b":1}],"width":1}"#;
    let flags = ["--set", "/scenes/0/duration:=4.0", "--set", "/scenes/0/a~1b=x", "--set", "/scenes/-:={}", "--set", "/height:=720"];
    assert_eq!(built(movie, &flags), r#"{"scenes":[{"duration":4.0,"a/b":"x"},{}],"width":1,"height":720}"#);
}

#[test]
fn properties_have_flags_of_their_own() {
    let flags = ["--resolution", "full-hd", "--quality", "high", "--template", "LerKrmBfiqaIgBuacLWn", "--id", "L-1", "--no-cache"];
    let out = built(r#"{"quality":"low","x":1}"#, &flags);
    for member in
        [r#""quality":"high""#, r#""resolution":"full-hd""#, r#""template":"LerKrmBfiqaIgBuacLWn""#, r#""id":"L-1""#, r#""cache":false"#]
    {
        assert!(out.contains(member), "{member} in {out}");
    }
    assert!(out.starts_with(r#"{"quality":"high","x":1,"#), "{out}");
}

#[test]
fn a_flag_that_can_not_be_applied_says_where_and_why() {
    let world = World::new();
    world.write("a.json", "{\n  \"variables\": [],\n  \"scenes\": 5\n}");
    world.write("scene.json", "{}");
    world.j2v("build a.json --var a=b").exits(3).prints(&[]).tells("--var").tells("a.json:2:16").tells("array");
    world.j2v("build a.json --scene scene.json").exits(3).tells("a.json:3:13");
    world.j2v("build a.json --set /scenes/0=x").exits(3).tells("--set");
}

#[test]
fn several_movies_take_the_same_flags() {
    let world = World::new();
    world.write("a.json", r#"{"n":1}"#);
    world.write("b.json", r#"{"n":2}"#);
    world.j2v("build a.json b.json --compact --id x").exits(0).prints(&[r#"{"n":1,"id":"x"}"#, r#"{"n":2,"id":"x"}"#]);
    world.pipe(&["build", "-", "--compact"], r#"{"from":"stdin"}"#).exits(0).prints(&[r#"{"from":"stdin"}"#]);
    world.write("cut.json", "{");
    world.j2v("build a.json cut.json b.json --compact").exits(12).prints(&[r#"{"n":1}"#, r#"{"n":2}"#]);
}

#[test]
fn what_is_no_movie_is_refused_with_its_place_the_likely_reason_and_the_way_out() {
    let cases = [
        ("={ \"width\": 1 }", "1:1", "n8n"),
        ("{\n  \"width\": {{ $json.width }}\n}", "2:12", "n8n"),
        ("{\n  \"scenes\": {{5.json}}\n}", "2:13", "Make"),
        ("{\n  \"scenes\": [{\"duration\": 2", "2:28", "cut off"),
        ("", "1:1", "empty"),
        ("{'scenes': []}", "1:2", "quotes"),
        ("{\"a\": True}", "1:7", "Python"),
        ("<!doctype html>", "1:1", "web page"),
    ];
    for (text, place, reason) in cases {
        let world = World::new();
        world.write("body.json", text);
        let run = world.j2v("build body.json").exits(3).prints(&[]).tells(&format!("error: body.json:{place}: ")).tells(reason);
        assert_eq!(run.stderr.matches("error: ").count(), 1, "{run:?}");
        assert!(run.hides("nothing was sent").stderr.contains("help: "), "{text}");
    }
}

#[test]
fn a_file_that_can_not_be_read_is_wrong_usage() {
    let world = World::new();
    fs::create_dir(world.path("folder")).unwrap();
    world.j2v("build missing.json").exits(2).tells("missing.json").tells("no such file");
    world.j2v("build folder").exits(2).tells("folder");
}

#[test]
fn every_movie_of_the_corpus_comes_out_equal_in_every_number_and_string() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/movies");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("skipped: there is no corpus beside the project");
        return;
    };
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    let world = World::new();
    let texts: Vec<String> = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let mut arguments = vec!["build".into(), "--compact".into()];
    arguments.extend(files.iter().map(|file| file.clone().into_os_string()));
    let run = world.run(&arguments).exits(0);
    assert_eq!(run.lines().len(), files.len());
    for ((file, text), line) in files.iter().zip(&texts).zip(run.lines()) {
        assert_eq!(line, tight(text), "{}", file.display());
    }
}

/// JSON without the white space between its tokens; everything else keeps its spelling.
fn tight(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keeps = |c: &char| {
        let keep = inside || !c.is_ascii_whitespace();
        inside ^= *c == '"' && !escaped;
        escaped = inside && *c == '\\' && !escaped;
        keep
    };
    json.chars().filter(keeps).collect()
}
