//! Rows 57 and 58: bodies larger than a receiver should accept, clients slower than it should wait for, and a failing ledger.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use crate::receiver::{Receiver, request, submit, until_got};
use crate::running::abreast;
use crate::support::World;

/// Longer than a connection may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn row_57_a_body_over_a_mebibyte_is_refused_and_one_of_a_mebibyte_is_kept() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    let body = |bytes: usize| [b"{\"project\":\"p\",\"padding\":\"", "x".repeat(bytes - 28).as_bytes(), b"\"}"].concat();
    assert_eq!(request(&receiver.url, "POST", "application/json", &body(1 << 20)).0, 200);
    assert_eq!(request(&receiver.url, "POST", "application/json", &body((1 << 20) + 1)).0, 413);
    assert_eq!(world.j2v("webhook replay").exits(0).lines().len(), 2);
    receiver.stop();
}

#[test]
fn row_57_the_emulator_s_huge_callback_is_refused_and_the_render_is_polled() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "--poll-after 300ms --interval 100ms");
    submit(&world, "k", &json!({"fault": ["webhook-huge"]}));
    assert_eq!(until_got(&world, 1)[0]["status"], "done");
    receiver.stop();
}

#[test]
fn row_57_who_is_slow_is_cut_off_and_holds_up_nobody() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n",
        receiver.url.split_at("http://".len() + receiver.address().len()).1
    );
    // A head that never ends, a body that never ends, and nothing at all.
    let starts = [head.clone(), format!("{head}\r\n{{"), String::new()];
    abreast(starts, |start| {
        let mut stream = TcpStream::connect(receiver.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(start.as_bytes()).unwrap();
        let begin = Instant::now();
        let mut answer = Vec::new();
        let read = stream.read_to_end(&mut answer);
        assert!(read.is_ok() || begin.elapsed() < PATIENCE, "it was not cut off: {start}");
        assert!(!answer.starts_with(b"HTTP/1.1 200"), "{start}");
        assert_eq!(receiver.post("{}"), 200);
    });
    receiver.stop();
}

#[test]
fn row_58_a_ledger_that_is_locked_is_told_with_503_and_goes_on_afterwards() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    let lock = Connection::open(world.path("ledger.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (status, answer) = request(&receiver.url, "POST", "application/json", br#"{"project":"p"}"#);
    assert_eq!(status, 503);
    assert!(answer.to_ascii_lowercase().contains("retry-after: 60"), "{answer}");
    receiver.running.until_it_tells("a callback was answered with 503");
    lock.execute_batch("COMMIT").unwrap();
    assert_eq!(receiver.post(r#"{"project":"p"}"#), 200);
    receiver.stop();
}
