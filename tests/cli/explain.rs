//! `j2v explain`: the service's message, its cause, its fix, and the line that it refers to.

use crate::support::World;

/// A movie whose second element has no file, which the service only finds when it renders.
const NO_SRC: &str = r#"{
  "resolution": "sd",
  "scenes": [
    {
      "duration": 2,
      "elements": [
        {"type": "text", "text": "Hello"},
        {"type": "video", "url": "https://example.com/a.mp4"}
      ]
    }
  ]
}
"#;

fn failed(world: &World) {
    world.write("a.json", NO_SRC);
    world.j2v("submit a.json --key L-1 --no-check --wait").exits(9);
}

#[test]
fn a_failed_render_leads_to_the_line_of_its_movie() {
    let world = World::new();
    failed(&world);
    let run = world.j2v("explain L-1").exits(0);
    assert!(run.stdout.contains("cause:   an element has no file"), "{}", run.stdout);
    assert!(run.stdout.contains("--> a.json:8:9"), "{}", run.stdout);
    assert!(run.stdout.contains(r#"{"type": "video""#), "{}", run.stdout);
    assert_eq!(run.next(), ["j2v check --explain J2V064"]);
    let told = world.j2v("explain L-1 --json").exits(0).json();
    assert_eq!((&told["place"]["line"], &told["place"]["file"], &told["rule"]), (&8.into(), &"a.json".into(), &"J2V064".into()));
    assert_eq!(told["place"]["pointer"], "/scenes/0/elements/1");
}

#[test]
fn a_file_that_has_changed_since_is_not_taken_for_the_movie_that_was_sent() {
    let world = World::new();
    failed(&world);
    world.write("a.json", NO_SRC.replace("Hello", "Good bye"));
    let run = world.j2v("explain L-1").exits(0);
    assert!(run.stdout.contains("L-1 (as it was sent; a.json has changed since or is gone)"), "{}", run.stdout);
    assert!(run.stdout.contains(r#""type": "video""#) || run.stdout.contains("elements"), "{}", run.stdout);
}

#[test]
fn words_are_explained_without_a_ledger_and_none_is_made() {
    let world = World::new();
    let run = world.run(&["explain", "Movie duration cannot be zero"]).exits(0);
    assert!(run.stdout.contains("fix:     give the scenes or the elements a `duration`"), "{}", run.stdout);
    let run = world.j2v("explain Error: Invalid API Key").exits(0);
    assert_eq!(run.next(), ["j2v auth login"]);
    assert!(world.j2v("explain words of tomorrow").exits(0).stdout.contains("does not know this message"));
    let unknown = world.j2v("explain words of tomorrow --json").exits(0).json();
    assert!(unknown["cause"].is_null());
    assert_eq!(unknown["cure"], "ask the service's support, with this message and the project's id");
    assert!(!world.has("ledger.db"));
}

#[test]
fn what_has_no_message_or_is_unknown_is_told_with_the_next_command() {
    let world = World::new();
    world.movie("a.json", &serde_json::json!({}));
    world.j2v("submit a.json --key L-1 --wait").exits(0);
    let run = world.j2v("explain L-1").exits(2).tells("nothing to explain");
    assert_eq!(run.next(), ["j2v show L-1"]);
    let run = world.j2v("explain JkGxEoPRF9EgRb32").exits(6).tells("does not know this project");
    assert_eq!(run.next(), ["j2v list"]);
}

#[test]
fn a_rule_is_explained_by_its_code_too() {
    let world = World::new();
    let rule = world.j2v("check --explain J2V064").exits(0).stdout;
    assert_eq!(world.j2v("explain J2V064").exits(0).stdout, rule);
}
