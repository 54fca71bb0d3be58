//! `check --fix` on movies with an inserted mistake: the file becomes the original, byte for byte, and stays so.

use std::collections::BTreeMap;
use std::fs;

use j2v::movie::check::Rule;
use j2v::movie::check::rules::Example;
use serde_json::Value;

use crate::support::World;

/// A correct text, and the mistake in its place.
const MISTAKES: &[(&str, &str)] = &[
    ("\"full-hd\"", "\"1080p\""),
    ("\"client-data\"", "\"client_data\""),
    ("\"background-color\"", "\"background_color\""),
    ("\"src\": ", "\"url\": "),
    ("\"duration\": 4", "\"duration\": \"4s\""),
    ("\"duration\": 10", "\"duration\": \"10s\""),
    ("\"scenes\"", "\"Scenes\""),
    ("\"elements\"", "\"Elements\""),
    ("\"quality\"", "\"Quality\""),
    ("\"squared\"", "\"square\""),
];

/// The movies of this repository: the starters, the example, and the right example of every rule.
fn movies() -> BTreeMap<String, String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = ["examples/listing.json", "src/commands/starters/slideshow.json", "src/commands/starters/captions.json"];
    let files = files.map(|file| (file.rsplit('/').next().unwrap().replace(".json", ""), fs::read_to_string(root.join(file)).unwrap()));
    let rules = Rule::all().filter(|rule| !matches!(rule.example, Example::Told));
    files.into_iter().chain(rules.map(|rule| (rule.code.to_owned(), rule.example.movie(rule.right)))).collect()
}

/// Every movie with every mistake that fits into it, at one place at a time, with comments and odd spacing beside it.
fn mutated() -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for (name, movie) in movies() {
        let movie = movie.replacen('{', "{ // kept\r\n\t", 1) + "\n\n";
        for (number, (right, wrong)) in MISTAKES.iter().enumerate() {
            for (at, _) in movie.match_indices(right) {
                let broken = format!("{}{wrong}{}", &movie[..at], &movie[at + right.len()..]);
                all.push((format!("{name}-{number}-{at}.json"), movie.clone(), broken));
            }
        }
    }
    all
}

#[test]
fn a_fix_restores_the_file_byte_for_byte_and_a_second_one_changes_nothing() {
    let world = World::new();
    let cases = mutated();
    assert!(cases.len() > 200, "{}", cases.len());
    fs::create_dir(world.path("movies")).unwrap();
    for (name, _, broken) in &cases {
        world.write(&format!("movies/{name}"), broken);
    }
    let found = |world: &World| {
        let run = world.j2v("check movies --json --allow J2V001");
        let fixable = run.jsons().into_iter().filter(|finding| finding["fixable"] == Value::Bool(true));
        fixable.map(|finding| finding["file"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let before = found(&world);
    world.j2v("check movies --fix");
    let (mut restored, mut untouched) = (0, 0);
    for (name, movie, broken) in &cases {
        let after = String::from_utf8(world.read(&format!("movies/{name}"))).unwrap();
        if after == *broken {
            assert!(!before.iter().any(|file| file.ends_with(name.as_str())), "{name} was called fixable and is not fixed");
            untouched += 1;
        } else {
            assert_eq!(after, *movie, "{name}");
            restored += 1;
        }
    }
    assert!(restored > 150 && restored > 3 * untouched, "{restored} restored, {untouched} left to a person");
    assert_eq!(found(&world), [""; 0], "the findings are gone");
    assert!(!world.j2v("check movies --fix").stderr.contains("fixed"));
    assert!(world.j2v("check movies --fix --diff").exits(0).stdout.is_empty());
}

#[test]
fn every_kind_of_mistake_is_found_and_fixed_in_a_movie_of_its_own() {
    let world = World::new();
    let movie = r##"{"resolution": "full-hd", "quality": "low", "client-data": {"n": 1.50},
  "scenes": [{"background-color": "#0E7C66", "duration": 4, "elements": [{"type": "image", "src": "https://example.com/a.jpg"}]},
             {"duration": 10}]}"##;
    for (right, wrong) in MISTAKES.iter().filter(|(right, _)| movie.contains(right)) {
        let broken = movie.replacen(right, wrong, 1);
        world.write("m.json", &broken);
        let run = world.j2v("check m.json --json");
        assert!(run.jsons().iter().any(|one| one["fixable"] == Value::Bool(true)), "{broken}: {}", run.stdout);
        world.j2v("check m.json --fix");
        assert_eq!(String::from_utf8(world.read("m.json")).unwrap(), movie, "{broken}");
    }
}

#[test]
fn what_fix_leaves_to_a_person_is_not_called_fixable() {
    let world = World::new();
    let two = r#"{"type": "image", "url": "https://example.com/a.jpg", "Src": "https://example.com/b.jpg"}"#;
    let taken = r#"{"type": "image", "url": "https://example.com/a.jpg", "src": "https://example.com/b.jpg"}"#;
    let scene = r#"{"duration": "4s"}"#;
    let movie = format!(
        r#"{{"resolution": "sd", "webhook": "https://example.com/a", "webhook_url": "https://example.com/b",
  "scenes": [{{"duration": 4, "elements": [{two}, {taken}]}}]}}"#
    );
    world.write("m.json", &movie);
    world.write("s.json", scene);
    let fixable = |run: crate::support::Run| run.jsons().iter().filter(|one| one["fixable"] == Value::Bool(true)).count();
    assert_eq!(fixable(world.j2v("check m.json --scene s.json --json")), 0);
    world.j2v("check m.json --scene s.json --fix");
    assert_eq!(String::from_utf8(world.read("m.json")).unwrap(), movie, "two values for one name: a person decides");
    assert_eq!(String::from_utf8(world.read("s.json")).unwrap(), scene);
    world.write("one.json", r#"{"resolution": "square", "scenes": [{"duration": 4}]}"#);
    assert_eq!(fixable(world.j2v("check one.json --json")), 1);
    assert_eq!(fixable(world.pipe(&["check", "-", "--json"], &String::from_utf8(world.read("one.json")).unwrap())), 0, "stdin is no file");
}
