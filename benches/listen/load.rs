//! The load: as many callbacks as a receiver answers, each for its own render, over connections that stay open.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Connections that are open at once.
pub(crate) const CONNECTIONS: usize = 64;

/// The length of a round, and of the warm-up before it.
const ROUND: Duration = Duration::from_secs(4);
const WARM_UP: Duration = Duration::from_secs(1);

/// The result of a receiver.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    /// Callbacks answered with 200, per second.
    pub(crate) a_second: f64,
    /// The median of their latencies, milliseconds.
    pub(crate) middle: f64,
    /// The latency that 99 of 100 stay under, milliseconds.
    pub(crate) slowest: f64,
}

/// Loads a receiver for a round.
pub(crate) fn load(address: SocketAddr, path: &str) -> Figures {
    let begin = Instant::now() + WARM_UP;
    let mut latencies: Vec<f64> = thread::scope(|scope| {
        let lines: Vec<_> = (0..CONNECTIONS).map(|line| scope.spawn(move || drive(address, path, line, begin))).collect();
        lines.into_iter().flat_map(|line| line.join().expect("a connection is driven to its end")).collect()
    });
    latencies.sort_by(f64::total_cmp);
    let at = |share: usize| latencies.get(latencies.len() * share / 100).copied().unwrap_or(f64::NAN);
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let a_second = latencies.len() as f64 / ROUND.as_secs_f64();
    Figures { a_second, middle: at(50), slowest: at(99) }
}

/// Posts one callback after another; returns the latencies of those that began within the round.
fn drive(address: SocketAddr, path: &str, line: usize, begin: Instant) -> Vec<f64> {
    let mut stream: Option<TcpStream> = None;
    let mut latencies = Vec::new();
    for number in 0_u32.. {
        let start = Instant::now();
        if start >= begin + ROUND {
            break;
        }
        // A receiver that closes its connections after each answer gets a new one.
        let answered = stream.take().or_else(|| connect(address)).and_then(|open| exchange(open, path, line, number));
        match answered {
            None => continue,
            Some(Answered::StaysOpen(open)) => stream = Some(open),
            Some(Answered::Closes) => {}
        }
        if start >= begin {
            latencies.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    latencies
}

fn connect(address: SocketAddr) -> Option<TcpStream> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

/// An answer of 200.
enum Answered {
    StaysOpen(TcpStream),
    Closes,
}

/// One callback and its answer, if that is 200.
fn exchange(mut stream: TcpStream, path: &str, line: usize, number: u32) -> Option<Answered> {
    let body = format!(
        r#"{{"project":"bench{line:02}x{number:07}","status":"done","url":"https://assets.json2video.com/clients/bench/{number}.mp4","duration":24,"size":5421988,"client-data":{{"listing_id":"L-4821","property_address":"123 Oak Street","agent_id":"AG-42"}}}}"#
    );
    let length = body.len();
    let request =
        format!("POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = Vec::with_capacity(512);
    let mut buffer = [0; 2048];
    while !answer.ends_with(b"\r\n\r\nok") {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        answer.extend_from_slice(&buffer[..count]);
    }
    let closes = String::from_utf8_lossy(&answer).to_ascii_lowercase().contains("connection: close");
    let answered = if closes { Answered::Closes } else { Answered::StaysOpen(stream) };
    answer.starts_with(b"HTTP/1.1 200").then_some(answered)
}
