//! The number of requests that following a batch takes, while rows are sent and after.

use std::time::{Duration, Instant};

use crate::server::{Manners, Server};
use crate::{heading, table};

/// The number of rows.
const ROWS: usize = 5_000;

/// Follows a batch whose renders all end when the last one has been sent.
pub(crate) fn sweeps() {
    let server = Server::start(Manners { delay: Duration::from_millis(5), tls: false, done_from: ROWS });
    let folder = tempfile::tempdir().expect("a folder");
    table::movie(folder.path(), 0);
    table::rows(folder.path(), ROWS);
    heading(&format!("following {ROWS} renders through the list, 100 a page"));
    let start = Instant::now();
    let status = table::batch(folder.path(), &server, &["--concurrency", "32"]).status().expect("j2v runs");
    let seen = server.seen();
    assert!(status.success() && seen.movies() == ROWS, "{status}, {} of {ROWS} rows", seen.movies());
    println!(
        "  {} pages in {} sweeps, {} read alone, the rows sent in {:.1} s, all done after {:.1} s",
        seen.pages,
        seen.sweeps,
        seen.singles,
        seen.span().as_secs_f64(),
        start.elapsed().as_secs_f64()
    );
    let again = table::batch(folder.path(), &server, &["--concurrency", "32"]).status().expect("j2v runs");
    let after = server.seen();
    println!(
        "  a second run: {again}, {} requests, {} movies sent",
        after.pages + after.singles - seen.pages - seen.singles,
        after.movies() - seen.movies()
    );
}
