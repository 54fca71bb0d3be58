//! The peak memory of a batch, at three lengths, and with a heavy movie.

use std::fs;
use std::process::Child;
use std::thread;
use std::time::Duration;

use crate::server::{Manners, Server};
use crate::{heading, table};

/// The interval of the measurements: the system keeps the peak so far, so that only the end matters.
const LOOK: Duration = Duration::from_millis(20);

/// The lengths of the table, rows, and the size of the movie, bytes.
const SIZES: [(usize, usize); 4] = [(1_000, 0), (10_000, 0), (100_000, 0), (1_000, 500_000)];

/// Measures each size with its own process and ledger.
pub(crate) fn at_any_length() {
    heading("peak resident memory of a batch that follows its renders (VmHWM)");
    for (rows, weight) in SIZES {
        let server = Server::start(Manners { delay: Duration::ZERO, tls: false, done_from: rows });
        let folder = tempfile::tempdir().expect("a folder");
        table::movie(folder.path(), weight);
        table::rows(folder.path(), rows);
        let mut command = table::batch(folder.path(), &server, &["--concurrency", "32", "--results", "results.csv", "--no-check"]);
        let mut child = command.spawn().expect("j2v runs");
        let peak = peak(&mut child);
        let status = child.wait().expect("it ends");
        let lines = fs::read_to_string(folder.path().join("results.csv")).map_or(0, |text| text.lines().count());
        println!(
            "  {rows:>7} rows of {:>4} kB: {:>6.1} MB   ({status}, {} movies, {lines} lines)",
            weight / 1000,
            peak / 1024.0,
            server.seen().movies()
        );
    }
}

/// The peak memory of a process until it ends, kB.
fn peak(child: &mut Child) -> f64 {
    let path = format!("/proc/{}/status", child.id());
    let mut highest: f64 = 0.0;
    while matches!(child.try_wait(), Ok(None)) {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let mark = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
        highest = highest.max(mark.unwrap_or(0.0));
        thread::sleep(LOOK);
    }
    highest
}
