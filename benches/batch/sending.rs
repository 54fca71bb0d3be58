//! How fast rows are sent, with a ledger that is synced to disk before each of them is sent.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use crate::server::{Manners, Server};
use crate::{heading, table};

/// The delay of the server's answer.
const DELAY: Duration = Duration::from_millis(20);

/// How many POSTs are sent at once.
const ABREAST: usize = 32;

/// The rows of `j2v batch`.
const ROWS: usize = 10_000;

/// The rows of the programs that would take too long for as many.
const FEWER: usize = 2_000;

/// The service's SDK speaks TLS to port 443 only: this sends it to the loopback server in plain HTTP, which is
/// less work for it than the real service.
const SDK_SCRIPT: &str = r"
const http = require('http'), https = require('https'), fs = require('fs');
https.request = (options, answer) => http.request({ ...options, hostname: '127.0.0.1', port: process.env.PORT }, answer);
const { Movie } = require('json2video-sdk');
const template = fs.readFileSync('flat.json', 'utf8');
const rows = fs.readFileSync('flats.jsonl', 'utf8').split('\n').filter(line => line).map(line => JSON.parse(line));
async function worker() {
  for (let row; (row = rows.shift());) {
    const movie = new Movie();
    movie.setAPIKey('bench');
    movie.object = { ...JSON.parse(template), variables: row };
    await movie.render();
  }
}
Promise.all(Array.from({ length: 32 }, worker));
";

/// Compared with programs that do the same without a ledger.
pub(crate) fn in_the_clear() {
    let server = Server::start(Manners { delay: DELAY, tls: false, done_from: usize::MAX });
    heading(&format!("sending rows at {ABREAST} abreast to a server that takes {} ms (ratio to the server's own time)", DELAY.as_millis()));
    let folder = tempfile::tempdir().expect("a folder");
    table::movie(folder.path(), 0);
    table::rows(folder.path(), ROWS);
    run("j2v batch --no-wait", &server, ROWS, &mut batch(folder.path(), &server));
    bare(&server);
    table::rows(folder.path(), FEWER);
    bodies(folder.path());
    run("xargs -P 32 curl, no ledger", &server, FEWER, &mut curl(folder.path(), &server));
    match sdk(folder.path(), &server) {
        Some(mut script) => run("json2video-sdk, a pool of 32, no ledger", &server, FEWER, &mut script),
        None => println!("  (the SDK is left out: npm could not install it)"),
    }
}

/// The cost of a TLS connection for each POST.
pub(crate) fn over_tls() {
    let server = Server::start(Manners { delay: DELAY, tls: true, done_from: usize::MAX });
    heading(&format!("the same over TLS, a connection for each POST, at {ABREAST} abreast"));
    let folder = tempfile::tempdir().expect("a folder");
    table::movie(folder.path(), 0);
    table::rows(folder.path(), FEWER);
    run("j2v batch --no-wait", &server, FEWER, &mut batch(folder.path(), &server));
}

fn batch(folder: &Path, server: &Server) -> Command {
    table::batch(folder, server, &["--no-wait", "--concurrency", &ABREAST.to_string()])
}

/// The limit of this machine: threads that only connect, write and read.
fn bare(server: &Server) {
    server.forget();
    let body = r#"{"scenes":[{"duration":2,"elements":[{"type":"text","text":"City"}]}]}"#;
    let request = format!("POST /v2/movies HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let next = AtomicUsize::new(0);
    let start = Instant::now();
    thread::scope(|threads| {
        for _ in 0..ABREAST {
            threads.spawn(|| {
                while next.fetch_add(1, Ordering::Relaxed) < ROWS {
                    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).expect("a connection");
                    stream.write_all(request.as_bytes()).expect("a request");
                    io::copy(&mut stream, &mut io::sink()).expect("an answer");
                }
            });
        }
    });
    tell("32 threads that do nothing else, no ledger", server, ROWS, start.elapsed());
}

/// Runs a command; prints the time per row, as the server measured it and in total.
fn run(name: &str, server: &Server, rows: usize, command: &mut Command) {
    server.forget();
    let start = Instant::now();
    let status = command.status().unwrap_or_else(|why| panic!("{name}: {why}"));
    let took = start.elapsed();
    assert!(status.success(), "{name}: {status}");
    tell(name, server, rows, took);
}

fn tell(name: &str, server: &Server, rows: usize, took: Duration) {
    let seen = server.seen();
    assert_eq!(seen.movies(), rows, "{name}");
    let ideal = DELAY.as_secs_f64() * count(rows) / count(ABREAST);
    println!(
        "  {name:<44} {rows:>6} rows: first to last POST {:>7.2} s   {:>5.3}   whole {:>7.2} s   {:>5.3}",
        seen.span().as_secs_f64(),
        seen.span().as_secs_f64() / ideal,
        took.as_secs_f64(),
        took.as_secs_f64() / ideal
    );
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn count(number: usize) -> f64 {
    number as f64
}

/// A file for each row, and a list of the files, as a shell script would make them.
fn bodies(folder: &Path) {
    let mut names = String::new();
    for number in 0..FEWER {
        let body = format!(r#"{{"scenes":[{{"duration":2,"elements":[{{"type":"text","text":"City number {number}"}}]}}]}}"#);
        fs::write(folder.join(format!("{number}.json")), body).expect("a body is written");
        let _ = writeln!(names, "@{number}.json");
    }
    fs::write(folder.join("bodies.txt"), names).expect("a list is written");
}

fn curl(folder: &Path, server: &Server) -> Command {
    let mut xargs = Command::new("xargs");
    xargs.args(["-a", "bodies.txt", "-P", &ABREAST.to_string(), "-n", "1", "curl", "-s", "-H", "x-api-key: bench"]);
    xargs.args(["-H", "content-type: application/json", &format!("{}/movies", server.url()), "--data-binary"]);
    xargs.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    xargs
}

/// Installs the SDK into the folder; `None` where there is no npm.
fn sdk(folder: &Path, server: &Server) -> Option<Command> {
    fs::write(folder.join("render.js"), SDK_SCRIPT).ok()?;
    let install = Command::new("npm").args(["install", "--silent", "json2video-sdk@2"]).current_dir(folder).output();
    if !install.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let mut node = Command::new("node");
    node.arg("render.js").current_dir(folder).env("PORT", server.port().to_string()).stdin(Stdio::null()).stdout(Stdio::null());
    Some(node)
}
