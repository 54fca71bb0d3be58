//! `j2v emulator` and `--emulate`: the service on this machine, for users and their tests.

use std::io::{BufRead, BufReader};
use std::process::Child;

use serde_json::json;

use crate::support::{Run, World};

/// A running `j2v emulator`, ended with its test.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(world: &World, flags: &str) -> Self {
        let mut child = world.start(&format!("emulator --bind 127.0.0.1:0 {flags}"));
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim_end().to_owned() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn emulate_needs_no_key_and_the_next_command_finds_the_render() {
    let world = World::at("http://127.0.0.1:1/v2");
    world.movie("a.json", &json!({"render-time": "100ms"}));
    let nobody = [("J2V_API_KEY", ""), ("J2V_LEDGER", "")];
    let submitted = world.j2v_with(&nobody, "submit a.json --emulate --key L-1").exits(0);
    assert_eq!(submitted.next(), [format!("j2v poll {} --emulate", submitted.line())]);
    let polled = world.j2v_with(&nobody, &format!("poll --emulate {}", submitted.line())).exits(0);
    assert!(polled.line().contains(submitted.line()), "{polled:?}");
    world.j2v_with(&nobody, "submit a.json --emulate --key L-1").exits(0).prints(&submitted.lines());
    world.j2v_with(&nobody, "download L-1 --emulate -o film.mp4").exits(0).prints(&["film.mp4"]);
    assert_eq!(&world.read("film.mp4")[4..8], b"ftyp");
    assert_eq!(world.j2v_with(&nobody, "list --emulate").exits(0).lines().len(), 1);
    assert_eq!(world.j2v_with(&nobody, "history --json").exits(0).lines().len(), 0, "the real ledger knows nothing of it");
}

#[test]
fn it_prints_its_url_and_serves_until_it_is_stopped() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let emulator = Running::start(&world, "--render-time 100ms");
    assert!(emulator.url.starts_with("http://127.0.0.1:") && emulator.url.ends_with("/v2"), "{}", emulator.url);
    let run = world.j2v(&format!("submit a.json --wait --api-url {}", emulator.url)).exits(0);
    assert!(run.line().starts_with(emulator.url.trim_end_matches("/v2")));
    assert_eq!(world.accepted(), 0, "the other emulator was not asked");
}

#[test]
fn its_flags_shape_it() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let emulator =
        Running::start(&world, "--fault post-refuse=Moved*1 --accept-key open-sesame --credits 3 --render-time 1ms --folder kept");
    let submit = format!("submit a.json --api-url {}", emulator.url);
    world.j2v(&submit).exits(4);
    let open = [("J2V_API_KEY", "open-sesame")];
    world.j2v_with(&open, &submit).exits(6).tells("Moved");
    let first = world.j2v_with(&open, &submit).exits(0);
    world.j2v_with(&open, &submit).exits(5);
    drop(emulator);
    let next = Running::start(&world, "--folder kept");
    world.run(&["poll", first.line(), "--once", "--api-url", &next.url]).exits(0);
}

#[test]
fn a_fault_that_does_not_exist_is_refused_with_the_nearest_one() {
    let world = World::new();
    world.j2v("emulator --fault post-rest").exits(2).tells("did you mean 'post-reset'?");
    world.j2v("emulator --fault post-truncate").exits(2).tells("post-truncate=BYTES");
}

#[test]
fn a_port_that_is_taken_is_said_once_with_the_way_out() {
    let world = World::new();
    let address = world.url().trim_start_matches("http://").trim_end_matches("/v2").to_owned();
    let run = world.run(&["emulator", "--bind", &address]).exits(1).tells(&address);
    assert_eq!(run.stderr.matches(&address).count(), 1, "{run:?}");
    assert_eq!(run.next(), ["j2v emulator --bind 127.0.0.1:0"]);
}

#[test]
fn it_says_that_it_is_no_renderer() {
    let world = World::new();
    let mut child = world.start("emulator --bind 127.0.0.1:0");
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("renders nothing"), "{line}");
    child.kill().unwrap();
    assert_eq!(Run::of(child).code, -1);
}
