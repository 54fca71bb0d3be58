//! `j2v emulator` and `--emulate`: the service on this machine, for users and their tests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use serde_json::json;

use crate::support::{CANARY, Run, World};

/// A running `j2v emulator`, which ends with its test.
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

/// Sends a movie that no `j2v` made.
fn post(url: &str, key: &str, body: &str) {
    let address = url.trim_start_matches("http://").trim_end_matches("/v2");
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "POST /v2/movies HTTP/1.1\r\nhost: {address}\r\nx-api-key: {key}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 "));
}

/// The text of all files of a folder.
fn all_of(world: &World, folder: &str) -> String {
    let mut paths: Vec<_> = std::fs::read_dir(world.path(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort_unstable();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn what_passes_the_recording_proxy_can_be_played_without_the_key_and_its_signatures() {
    let world = World::with_faults(&["get-big"]);
    let destination = json!({"type": "ftp", "host": "ftp.example", "username": "me", "password": "hunter2"});
    let movie = json!({
        "resolution": "sd",
        "exports": [{"destinations": [destination]}],
        "scenes": [{"duration": 2, "elements": [{"type": "image", "src": "https://me:pw@a.example/x.png?X-Amz-Signature=abc"}]}],
    });
    let text = movie.to_string();
    let recording = Running::start(&world, "--record said");
    let submitted = world.pipe(&["submit", "-", "--key", "one", "--no-check", "--api-url", &recording.url], &text).exits(0);
    let project = submitted.line().to_owned();
    let ended = world.j2v(&format!("poll one --json --api-url {}", recording.url)).json();
    assert_eq!(world.posts(), 1);
    // A key that is in a body by mistake, in a spelling that JSON allows.
    post(&recording.url, "another-key-4711", r#"{"note": "another-\u006bey-4711"}"#);
    drop(recording);
    let said = all_of(&world, "said");
    for secret in [CANARY, "another-", "hunter2", "X-Amz-Signature", "me:pw", "x-api-key"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
    assert!(said.contains("\"method\": \"POST\"") && said.contains(&project) && said.contains("[redacted]"), "{said}");

    let playing = Running::start(&world, "--play said");
    let elsewhere = [("J2V_LEDGER", world.path("other.db").display().to_string())];
    let elsewhere: Vec<(&str, &str)> = elsewhere.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let line = format!("poll {project} --json --api-url {}", playing.url);
    let played = world.j2v_with(&elsewhere, &line).json();
    assert_eq!((&played["status"], &played["duration"]), (&ended["status"], &ended["duration"]));
    assert_eq!(world.j2v_with(&elsewhere, &line).json()["status"], ended["status"], "the last answer stays");
    world.movie("other.json", &json!({}));
    let again = world.j2v_with(&elsewhere, &format!("submit other.json --key two --api-url {}", playing.url)).exits(0);
    assert_eq!(again.line(), project, "the first recorded answer to a POST");
    world.j2v_with(&elsewhere, &format!("submit other.json --key refused --api-url {}", playing.url));
    let third = world.j2v_with(&elsewhere, &format!("submit other.json --key three --api-url {}", playing.url));
    assert_ne!(third.code, 0, "no answer is given twice to a POST: {third:?}");
    assert_eq!(world.posts(), 2, "the service was not asked");
}

#[test]
fn a_recording_that_is_none_is_refused_and_so_is_a_proxy_to_itself() {
    let world = World::new();
    std::fs::create_dir(world.path("empty")).unwrap();
    world.j2v("emulator --bind 127.0.0.1:0 --play empty").exits(1).tells("it holds no recording");
    world.write("empty/00001-get.json", "{}");
    world.j2v("emulator --bind 127.0.0.1:0 --play empty").exits(1).tells("00001-get.json: not a recording");
    world.j2v("emulator --record said --play empty").exits(2);
    world.j2v("emulator --record said --seed 1").exits(2);
    world.j2v("emulator --record said --emulate").exits(2);
}

#[test]
fn a_lost_answer_is_recorded_as_one_and_the_post_passes_once() {
    let world = World::with_faults(&["post-reset*1"]);
    world.movie("a.json", &json!({}));
    let recording = Running::start(&world, "--record said");
    let found = world.j2v(&format!("submit a.json --key one --api-url {}", recording.url)).exits(0);
    assert!(found.line().starts_with("EMU") && world.posts() == 1, "{found:?}");
    assert!(all_of(&world, "said").contains("\"answer\": null"));
}
