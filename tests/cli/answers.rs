//! Answers of the service that the emulator does not give, from a server that answers every request of one kind alike.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;

use crate::support::World;

const PROJECT: &str = "JkGxEoPRF9EgRb32";

const DONE: &str = r#"{"success":true,"movie":{"success":true,"status":"done","url":"http://127.0.0.1:9/v.mp4"}}"#;

/// The status line and the body of an answer.
type Answer = (&'static str, String);

struct Service {
    world: World,
    posts: Arc<AtomicUsize>,
}

impl Service {
    fn start(post: Answer, read: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let world = World::at(&format!("http://{}/v2", listener.local_addr().unwrap()));
        world.movie("a.json", &json!({}));
        let posts = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&posts);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let is_post = request(&mut stream).starts_with("POST ");
                count.fetch_add(usize::from(is_post), Ordering::SeqCst);
                let (status, body) = if is_post { &post } else { &read };
                let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
                let head =
                    format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                // The client may have disconnected.
                stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).ok();
            }
        });
        Self { world, posts }
    }

    /// A service that accepts every movie as [`PROJECT`] and gives one answer to every GET.
    fn accepting(status: &'static str, read: impl Into<String>) -> Self {
        Self::start(("200 OK", json!({"success": true, "project": PROJECT}).to_string()), (status, read.into()))
    }

    fn posts(&self) -> usize {
        self.posts.load(Ordering::SeqCst)
    }
}

/// Reads a whole request; the client may wait for the end of its body before it reads the answer.
fn request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        let count = stream.read(&mut buffer).unwrap_or(0);
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok());
            if body.len() >= length.unwrap_or(0) {
                return text;
            }
        }
        if count == 0 {
            return text;
        }
    }
}

#[test]
fn row_16_402_says_that_credits_are_used_up_whatever_its_body() {
    for body in [r#"{"message":"Payment required"}"#, "{}"] {
        let service = Service::start(("402 Payment Required", body.to_owned()), ("404 Not Found", "{}".to_owned()));
        let run = service.world.j2v("submit a.json --key k").exits(5).prints(&[""]).tells("nothing was accepted");
        assert_eq!(run.next(), ["j2v auth status", "j2v submit a.json --key k"]);
        assert_eq!(service.world.j2v("history --json").json()["state"], "rejected");
        assert_eq!(service.posts(), 1);
    }
}

#[test]
fn row_16_402_stops_the_rest_of_a_batch() {
    let service = Service::start(("402 Payment Required", "{}".to_owned()), ("200 OK", r#"{"success":true,"movies":[]}"#.to_owned()));
    service.world.write("movie.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "comment": "{{ id }}"}]}"#);
    service.world.write("rows.csv", "id\n1\n2\n3\n4\n5\n6\n");
    service.world.j2v("batch movie.json --rows rows.csv --key id --concurrency 1").exits(5);
    assert_eq!(service.posts(), 1);
}

#[test]
fn row_16_402_to_a_question_is_no_other_refusal() {
    let service = Service::accepting("402 Payment Required", "{}");
    let run =
        service.world.j2v("submit a.json --key k --wait --interval 50ms --timeout 5s").exits(5).tells("continues and will be charged");
    assert_eq!(run.next(), [format!("j2v poll {PROJECT}")]);
}

#[test]
fn row_22_402_from_a_proxy_proves_nothing() {
    let page = "<html>Payment required</html>".to_owned();
    let service = Service::start(("402 Payment Required", page), ("200 OK", r#"{"success":true,"movies":[]}"#.to_owned()));
    service.world.j2v("submit a.json --key k --settle-for 0s").exits(8);
    assert_eq!(service.posts(), 1);
}

#[test]
fn a_key_that_is_refused_during_the_wait_leaves_the_command_that_resumes() {
    for (status, message) in [("401 Unauthorized", "Unauthorized"), ("400 Bad Request", "Error: Invalid API Key")] {
        let service = Service::accepting(status, json!({"success": false, "message": message}).to_string());
        let expected = ["j2v auth login".to_owned(), format!("j2v poll {PROJECT} --download out/")];
        let run = service.world.j2v("submit a.json --key k --download out/ --json").exits(4).tells("continues and will be charged");
        assert_eq!(run.next(), expected);
        assert_eq!(run.json()["next"], json!(expected));
        let run = service.world.j2v("poll k --json").exits(4);
        let expected = ["j2v auth login".to_owned(), format!("j2v poll {PROJECT}")];
        assert_eq!((run.next(), &run.json()["next"]), (expected.iter().map(String::as_str).collect(), &json!(expected)));
    }
}

#[test]
fn an_answer_without_its_project_is_about_the_one_that_was_asked_for() {
    for movie in [DONE.to_owned(), DONE.replace("{\"success\":true,\"status\"", "{\"project\":null,\"status\"")] {
        let service = Service::accepting("200 OK", movie);
        let run = service.world.j2v("submit a.json --key k --wait --interval 50ms --timeout 10s").exits(0);
        assert_eq!(run.line(), "http://127.0.0.1:9/v.mp4");
        let line = service.world.j2v(&format!("poll {PROJECT} --json")).exits(0).json();
        assert_eq!((&line["project"], &line["status"]), (&json!(PROJECT), &json!("done")));
    }
}

#[test]
fn an_answer_about_another_project_is_not_believed() {
    let other = DONE.replace("\"status\"", "\"project\":\"AAAAAAAAAAAAAAAA\",\"status\"");
    let service = Service::accepting("200 OK", other);
    service.world.j2v("submit a.json --key k --wait --interval 50ms --timeout 500ms").exits(11).prints(&[""]);
}

#[test]
fn a_failure_that_names_neither_project_nor_status_may_be_the_request_s() {
    let service = Service::accepting("200 OK", r#"{"success":true,"movie":{"success":false,"message":"try later"}}"#);
    service.world.j2v("submit a.json --key k --wait --interval 50ms --timeout 500ms").exits(11).prints(&[""]);
}
