//! `j2v submit --dry-run`: the exact request, nothing sent, nothing written.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::World;

/// The body of a dry run, as it is spelled.
fn body(stdout: &str) -> &str {
    stdout.split_once("\n\n").unwrap().1.trim_end()
}

fn sha256(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn it_prints_the_request_and_sends_and_writes_nothing() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --key L-1 --dry-run").exits(0);
    let lines = run.lines();
    assert_eq!(lines[0], format!("POST {}/movies", world.url()));
    assert!(lines.contains(&"content-type: application/json") && lines.contains(&"x-api-key: [redacted]"), "{run:?}");
    assert!(body(&run.stdout).contains(r#""j2v":"L-1#1."#));
    assert!(world.oracle()["requests"].as_object().unwrap().keys().all(|kind| kind.contains("/emulator/")));
    assert!(!world.has("ledger.db") && !world.has("state"));
}

#[test]
fn the_body_is_byte_for_byte_what_a_submit_then_sends() {
    let world = World::with_faults(&["post-credits*1"]);
    world.write("a.json", r#"{ "scenes": [{"duration": 1.50, "n": 12345678901234567890123}], "id": "é" }"#);
    let first = world.j2v("submit a.json --key L-1 --dry-run").exits(0);
    world.j2v("submit a.json --key L-1").exits(5);
    let second = world.j2v("submit a.json --key L-1 --dry-run").exits(0);
    world.j2v("submit a.json --key L-1").exits(0);
    let again = world.j2v("submit a.json --key L-1 --again --dry-run").exits(0);
    world.j2v("submit a.json --key L-1 --again").exits(0);
    assert_ne!(body(&first.stdout), body(&second.stdout), "the second attempt says so");
    assert_eq!(world.accepted_fields("body_sha256"), [sha256(body(&second.stdout)), sha256(body(&again.stdout))]);
}

#[test]
fn a_key_that_has_its_render_is_said_to_send_nothing() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({}));
    world.j2v("submit a.json --key L-1").exits(0);
    world.j2v("submit a.json --key L-1 --dry-run").exits(0).tells("nothing would be sent");
    world.j2v("submit b.json --key L-1 --dry-run").exits(13).prints(&[]).tells("another movie").tells("--again");
    world.j2v("submit b.json --key L-1 --again --dry-run").exits(0).hides("nothing would be sent");
    assert_eq!(world.posts(), 1);
}

#[test]
fn as_json_the_body_keeps_its_spelling() {
    let world = World::new();
    world.write("a.json", r#"{"scenes": [{"duration": 1.50}], "client-data": {}}"#);
    let run = world.j2v("submit a.json --no-token --dry-run --json").exits(0);
    let request: Value = run.json();
    assert_eq!((&request["method"], &request["headers"]["x-api-key"]), (&json!("POST"), &json!("[redacted]")));
    assert!(run.line().contains(r#""body":{"scenes":[{"duration":1.50}],"client-data":{}}"#), "{run:?}");
}

#[test]
fn what_could_not_be_sent_is_refused_here_too() {
    let world = World::new();
    world.write("cut.json", "{");
    world.write("text.json", r#"{"client-data": "L-1"}"#);
    world.j2v("submit cut.json --dry-run").exits(3).tells("cut.json:1:2");
    world.j2v("submit text.json --dry-run").exits(3).tells("--no-token");
    world.j2v("submit missing.json -n").exits(2).tells("missing.json");
}

#[test]
fn flags_are_part_of_the_request() {
    let world = World::new();
    world.write("a.json", r#"{"scenes": []}"#);
    let run =
        world.run(&["submit", "a.json", "-n", "--no-token", "--var", "city=Berlin", "--webhook", "https://example.com/hook"]).exits(0);
    let expected = concat!(
        r#"{"scenes":[],"variables":{"city":"Berlin"},"exports":[{"destinations":"#,
        r#"[{"type":"webhook","endpoint":"https://example.com/hook","content-type":"application/json"}]}]}"#
    );
    assert_eq!(body(&run.stdout), expected);
}

#[test]
fn emulate_needs_neither_key_nor_folder() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v_with(&[("J2V_API_KEY", "")], "submit a.json --emulate --dry-run").exits(0).tells("");
    assert!(!world.has("state"));
}
