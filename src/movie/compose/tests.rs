//! Tests what each flag changes in a movie, and what it leaves unchanged.

use super::*;

fn movie(text: &str) -> Document {
    Document::parse("m.json", text).unwrap()
}

fn composed(text: &str, flags: &Flags) -> String {
    compose(movie(text), flags).unwrap().to_compact()
}

fn refused(text: &str, flags: &Flags) -> String {
    compose(movie(text), flags).unwrap_err().to_string()
}

fn vars(vars: &[&str]) -> Vec<Assignment> {
    vars.iter().map(|var| var.parse().unwrap()).collect()
}

fn set(settings: &[&str]) -> Flags {
    Flags { set: settings.iter().map(|setting| setting.parse().unwrap()).collect(), ..Flags::default() }
}

#[test]
fn without_flags_a_movie_stays_as_it_was_written() {
    let text = r#"{"b":12345678901234567890123,"a":1.50,"a":1e3,"w":"{{ w }}","x-unknown":null}"#;
    assert_eq!(composed(text, &Flags::default()), text);
}

#[test]
fn a_property_is_replaced_in_place_or_added_at_the_end() {
    let flags = Flags {
        resolution: Some("hd".to_owned()),
        quality: Some("low".to_owned()),
        template: Some("T".to_owned()),
        id: Some("listing".to_owned()),
        no_cache: true,
        ..Flags::default()
    };
    assert_eq!(
        composed(r#"{"resolution":"sd","cache":true,"scenes":[]}"#, &flags),
        r#"{"resolution":"hd","cache":false,"scenes":[],"template":"T","quality":"low","id":"listing"}"#
    );
}

#[test]
fn variables_come_from_the_file_first_and_from_the_flag_last() {
    let file = VarsFile::parse("v.json", r#"{"a": 1.50, "b": "file"}"#).unwrap();
    let flags = Flags { vars_files: vec![file], vars: vars(&["b=flag", "c:=[1e3]"]), ..Flags::default() };
    assert_eq!(composed(r#"{"variables":{"b":"movie","z":0}}"#, &flags), r#"{"variables":{"b":"flag","z":0,"a":1.50,"c":[1e3]}}"#);
}

#[test]
fn client_data_is_added_to() {
    let flags = Flags { client_data: vars(&["listing=L-1", "price:=450000"]), ..Flags::default() };
    assert_eq!(composed("{}", &flags), r#"{"client-data":{"listing":"L-1","price":450000}}"#);
    assert_eq!(
        composed(r#"{"client-data":{"price":1,"a":2},"x":0}"#, &flags),
        r#"{"client-data":{"price":450000,"a":2,"listing":"L-1"},"x":0}"#
    );
}

#[test]
fn destinations_go_to_the_end_of_the_first_export() {
    let destinations = vec![ExportTarget::Webhook("https://a.example/".to_owned()), ExportTarget::Connection("my-app".to_owned())];
    let flags = Flags { destinations, ..Flags::default() };
    let both = r#"{"type":"webhook","endpoint":"https://a.example/","content-type":"application/json"},{"id":"my-app"}"#;
    assert_eq!(composed(r#"{"x":1}"#, &flags), format!(r#"{{"x":1,"exports":[{{"destinations":[{both}]}}]}}"#));
    assert_eq!(composed(r#"{"exports":[]}"#, &flags), format!(r#"{{"exports":[{{"destinations":[{both}]}}]}}"#));
    assert_eq!(
        composed(r#"{"exports":[{"destinations":[{"type":"email"}],"y":1},{}],"x":1}"#, &flags),
        format!(r#"{{"exports":[{{"destinations":[{{"type":"email"}},{both}],"y":1}},{{}}],"x":1}}"#)
    );
}

#[test]
fn scenes_are_appended_and_keep_their_places_and_warnings() {
    let scene = Fragment::scenes("outro.json", "// the end\n{\"duration\": 2.0}").unwrap();
    let two = Fragment::scenes("two.json", "[{}, {\"duration\": 3}]").unwrap();
    let flags = Flags { scenes: vec![scene, two], ..Flags::default() };
    let document = compose(movie(r#"{"scenes":[{"duration":1}]}"#), &flags).unwrap();
    assert_eq!(document.to_compact(), r#"{"scenes":[{"duration":1},{"duration":2.0},{},{"duration":3}]}"#);
    let place = |pointer: &str| document.place(document.root.at(&pointer.parse().unwrap()).unwrap().span).unwrap();
    assert_eq!(place("/scenes/0/duration"), ("m.json", Position { line: 1, column: 24 }));
    assert_eq!(place("/scenes/1/duration"), ("outro.json", Position { line: 2, column: 14 }));
    assert_eq!(place("/scenes/3/duration"), ("two.json", Position { line: 1, column: 19 }));
    assert_eq!(document.place(document.diagnostics[0].span), Some(("outro.json", Position { line: 1, column: 1 })));
}

#[test]
fn set_comes_last_and_reaches_any_place() {
    let mut flags = set(&["/scenes/0/duration:=4.0", "/resolution=sd", "/scenes/-:={}"]);
    flags.resolution = Some("hd".to_owned());
    assert_eq!(composed(r#"{"scenes":[{}]}"#, &flags), r#"{"scenes":[{"duration":4.0},{}],"resolution":"sd"}"#);
    assert_eq!(composed("{}", &set(&[":={\"a\": 1}"])), r#"{"a":1}"#);
}

#[test]
fn the_schema_of_the_editor_is_not_sent() {
    assert_eq!(composed(r#"{"$schema":"movie.schema.json","scenes":[{"$schema":1}]}"#, &Flags::default()), r#"{"scenes":[{"$schema":1}]}"#);
}

#[test]
fn what_stands_in_the_way_is_named_with_its_place() {
    let var = Flags { vars: vars(&["a=b"]), ..Flags::default() };
    assert_eq!(
        refused("{\n  \"variables\": [1]\n}", &var),
        "--var can't be applied: `/variables` (m.json:2:16) is an array, not an object"
    );
    let data = Flags { client_data: vars(&["a=b"]), ..Flags::default() };
    assert!(refused(r#"{"client-data":"L-1"}"#, &data).ends_with("is a string, not an object"));
    let webhook = Flags { destinations: vec![ExportTarget::Webhook("https://a.example".to_owned())], ..Flags::default() };
    assert!(refused(r#"{"exports":{}}"#, &webhook).ends_with("`/exports` (m.json:1:12) is an object, not an array"));
    assert!(refused(r#"{"exports":[1]}"#, &webhook).ends_with("`/exports/0` (m.json:1:13) is a number, not an object"));
    assert!(refused(r#"{"exports":[{"destinations":null}]}"#, &webhook).ends_with("is null, not an array"));
    let scene = Flags { scenes: vec![Fragment::scenes("s.json", "{}").unwrap()], ..Flags::default() };
    assert!(refused(r#"{"scenes":{}}"#, &scene).starts_with("--scene can't be applied: `/scenes`"));
}

#[test]
fn a_place_that_cannot_be_set_is_named() {
    assert_eq!(
        refused(r#"{"width":"1080"}"#, &set(&["/width/x=1"])),
        "--set can't be applied (m.json:1:10): `/width/x` can't be set: `/width` is a string, neither an object nor an array"
    );
    assert_eq!(refused("{}", &set(&[":=[1]"])), "--set can't replace the movie by an array: a movie is an object");
}

#[test]
fn a_made_movie_that_is_no_object_is_refused() {
    let var = Flags { vars: vars(&["a=b"]), ..Flags::default() };
    let error = compose(Document::made(Node::null()), &var).unwrap_err();
    assert_eq!(error.to_string(), "--var can't be applied: the movie is null, not an object");
}
