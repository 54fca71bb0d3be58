//! Many callbacks at a time, and what a receiver printed of them.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::receiver::Receiver;

const CONNECTIONS: usize = 16;

/// A connection that stays open for many callbacks.
struct Line<'a> {
    receiver: &'a str,
    path: &'a str,
    stream: Option<TcpStream>,
}

impl Line<'_> {
    /// Posts one callback; returns whether it was answered with 200.
    fn post(&mut self, number: usize) -> bool {
        let body = format!(r#"{{"project":"p{number:015}","status":"done","url":"https://a/{number}.mp4"}}"#);
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.path,
            body.len()
        );
        let answered = self.exchange(request.as_bytes());
        if answered.is_none() {
            self.stream = None;
        }
        answered == Some(true)
    }

    fn exchange(&mut self, request: &[u8]) -> Option<bool> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.receiver).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
            stream.set_nodelay(true).ok()?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut()?;
        stream.write_all(request).ok()?;
        let mut answer = Vec::new();
        let mut buffer = [0; 1024];
        while !answer.ends_with(b"\r\n\r\nok") {
            let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
            answer.extend_from_slice(&buffer[..count]);
            if answer.starts_with(b"HTTP/1.1 5") {
                return Some(false);
            }
        }
        Some(answer.starts_with(b"HTTP/1.1 200"))
    }
}

/// Posts all of `numbers`; returns those without an answer.
pub(crate) fn post_all(receiver: &Receiver, numbers: &[usize], answered: &AtomicUsize) -> Vec<usize> {
    let path = &receiver.url["http://".len() + receiver.address().len()..];
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for share in numbers.chunks(numbers.len().div_ceil(CONNECTIONS).max(1)) {
            let (failed, answered) = (&failed, &answered);
            scope.spawn(move || {
                let mut line = Line { receiver: receiver.address(), path, stream: None };
                for &number in share {
                    if line.post(number) {
                        answered.fetch_add(1, Ordering::Relaxed);
                    } else {
                        failed.lock().unwrap().push(number);
                    }
                }
            });
        }
    });
    failed.into_inner().unwrap()
}

/// How often each project was printed; a line that the kill cut off does not count.
pub(crate) fn count(texts: &[&str]) -> HashMap<String, usize> {
    let lines = texts.iter().flat_map(|text| text.split_inclusive('\n')).filter(|line| line.ends_with('\n'));
    let mut counts = HashMap::new();
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap();
        *counts.entry(line["project"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counts
}
