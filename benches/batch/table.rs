//! The movie and the rows of the benchmark, and the command that renders them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::server::{AUTHORITY, Server};

const J2V: &str = env!("CARGO_BIN_EXE_j2v");

/// A movie whose only text is a variable, with enough further text to make it `weight` bytes.
pub(crate) fn movie(folder: &Path, weight: usize) {
    let filling = "x".repeat(weight);
    let text = format!(
        r#"{{"resolution":"sd","comment":"{filling}","scenes":[{{"duration":2,"elements":[{{"type":"text","text":"{{{{city}}}}"}}]}}]}}"#
    );
    fs::write(folder.join("flat.json"), text).expect("a movie is written");
}

/// A table with this many rows.
pub(crate) fn rows(folder: &Path, count: usize) {
    let mut table = BufWriter::new(File::create(folder.join("flats.jsonl")).expect("a table"));
    for number in 0..count {
        writeln!(table, r#"{{"id":"L-{number}","city":"City number {number}"}}"#).expect("a row is written");
    }
}

/// `j2v batch` in a folder with both, with its own ledger.
pub(crate) fn batch(folder: &Path, server: &Server, more: &[&str]) -> Command {
    let mut command = Command::new(J2V);
    command.args(["batch", "flat.json", "--rows", "flats.jsonl", "--key", "id", "--quiet"]).args(more);
    command.current_dir(folder).env("J2V_API_KEY", "bench").env("J2V_API_URL", server.url());
    command.env("J2V_LEDGER", folder.join("ledger.db")).env("SSL_CERT_FILE", AUTHORITY);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}
