//! A running `j2v listen`, callbacks to it, and a program that records the lines that it gets.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::running::{Running, until};
use crate::support::World;

/// A program that appends the line that it gets to `got`.
pub(crate) const PROGRAM: &str = "--exec /bin/sh on.sh";
const SCRIPT: &str = "read -r line; printf '%s\\n' \"$line\" >> got\n";

/// A receiver on its own port.
pub(crate) struct Receiver {
    pub(crate) running: Running,
    /// The URL for the service's callbacks.
    pub(crate) url: String,
}

impl Receiver {
    /// Starts one that runs [`PROGRAM`].
    pub(crate) fn with_program(world: &World, flags: &str) -> Self {
        world.write("on.sh", SCRIPT);
        Self::start(world, &format!("{flags} {PROGRAM}"))
    }

    /// Starts one and waits until it listens.
    pub(crate) fn start(world: &World, flags: &str) -> Self {
        Self::on(world, "127.0.0.1:0", flags)
    }

    /// Starts one at an address.
    pub(crate) fn on(world: &World, bind: &str, flags: &str) -> Self {
        Self::of(Running::start(world, &format!("listen --bind {bind} {flags}")))
    }

    /// The receiver of a running command, once it listens.
    pub(crate) fn of(running: Running) -> Self {
        running.until_it_tells("next: j2v submit MOVIE");
        let told = running.told();
        let url = told.lines().find_map(|line| line.strip_prefix("the service is to call ")).unwrap().to_owned();
        Self { running, url }
    }

    /// Posts a callback; returns the status of the answer.
    pub(crate) fn post(&self, body: &str) -> u16 {
        request(&self.url, "POST", "application/json", body.as_bytes()).0
    }

    pub(crate) fn address(&self) -> &str {
        address(&self.url)
    }

    /// Stops it with a signal that it can handle.
    pub(crate) fn stop(self) {
        self.running.signal("TERM");
        self.running.end().exits(0).tells("stopped");
    }
}

/// Host and port of a URL.
pub(crate) fn address(url: &str) -> &str {
    url.trim_start_matches("http://").split('/').next().unwrap()
}

/// One request on a connection of its own: the status and the whole answer.
pub(crate) fn request(url: &str, method: &str, kind: &str, body: &[u8]) -> (u16, String) {
    let path = url.trim_start_matches("http://").find('/').map_or("/", |at| &url["http://".len() + at..]);
    let mut stream = TcpStream::connect(address(url)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A body that is too large is not read to its end.
    stream.write_all(body).ok();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer)
}

/// The lines that the program got so far.
pub(crate) fn got(world: &World) -> Vec<Value> {
    if !world.has("got") {
        return Vec::new();
    }
    let text = String::from_utf8(world.read("got")).unwrap();
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Waits until the program got this many lines.
#[track_caller]
pub(crate) fn until_got(world: &World, count: usize) -> Vec<Value> {
    until(&format!("{count} outcomes"), || got(world).len() >= count);
    got(world)
}

/// Submits a movie whose callback goes to this ledger's receiver; returns its project.
pub(crate) fn submit(world: &World, name: &str, script: &Value) -> String {
    let file = format!("{name}.json");
    world.movie(&file, script);
    world.run(&["submit", &file, "--key", name, "--webhook", "@listen"]).exits(0).line().to_owned()
}

/// The ledger's record of a render.
pub(crate) fn shown(world: &World, name: &str) -> Value {
    world.run(&["show", name, "--json"]).exits(0).json()
}
