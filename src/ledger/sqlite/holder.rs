//! The process that holds the ledger's write lock, for the message that it is locked (`faults.md` row 79).

use std::fs;
use std::path::Path;

use super::failure::{ANOTHER, Failure};
use crate::ledger::LedgerError;

/// The failure as callers of the ledger get it; where the lock was held too long, with who holds it.
pub(super) fn told(failure: &Failure, path: &Path) -> LedgerError {
    match failure.at(path) {
        LedgerError::Busy { path, .. } => LedgerError::Busy { by: holder(&path), path },
        other => other,
    }
}

/// The process that holds the write lock, by its number and, where the system shows it, its name.
fn holder(path: &Path) -> String {
    let Some(process) = process(path) else { return ANOTHER.to_owned() };
    match fs::read_to_string(format!("/proc/{process}/comm")) {
        Ok(name) => format!("process {process} ({})", name.trim()),
        Err(_) => format!("process {process}"),
    }
}

/// The offset of the writer's lock in the log's index: <https://www.sqlite.org/walformat.html> 2.3.1.
#[cfg(target_os = "linux")]
const WRITE_LOCK: u64 = 120;

/// Reads the holder from the system's table. Asking for the lock ourselves would need the index open, and closing the index
/// releases every lock that this process has on it.
#[cfg(target_os = "linux")]
fn process(path: &Path) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    let index = super::file::beside(&fs::canonicalize(path).ok()?, "-shm");
    let file = fs::metadata(index).ok()?.ino();
    fs::read_to_string("/proc/locks").ok()?.lines().find_map(|line| writer(line, file))
}

#[cfg(not(target_os = "linux"))]
fn process(_: &Path) -> Option<u32> {
    None
}

/// The process of a line of `/proc/locks` (`proc_locks(5)`), if it is the writer of this file:
/// `1: POSIX  ADVISORY  WRITE 4711 fd:01:1234 120 120`.
#[cfg(target_os = "linux")]
fn writer(line: &str, file: u64) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "POSIX", _, "WRITE", process, place, first, last] = words[..] else { return None };
    let is_it = place.rsplit(':').next()?.parse() == Ok(file);
    let holds = first.parse::<u64>().ok()? <= WRITE_LOCK && last.parse().map_or(true, |last: u64| last >= WRITE_LOCK);
    process.parse().ok().filter(|process| is_it && holds && *process > 0)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_writer_is_told_from_readers_and_from_other_files() {
        let of = |line| writer(line, 1234);
        assert_eq!(of("1: POSIX  ADVISORY  WRITE 4711 fd:01:1234 120 120"), Some(4711));
        assert_eq!(of("2: POSIX  ADVISORY  WRITE 4711 fd:01:1234 0 EOF"), Some(4711));
        assert_eq!(of("3: POSIX  ADVISORY  READ 4711 fd:01:1234 123 123"), None);
        assert_eq!(of("4: POSIX  ADVISORY  WRITE 4711 fd:01:1234 124 124"), None);
        assert_eq!(of("5: POSIX  ADVISORY  WRITE 4711 fd:01:9 120 120"), None);
        assert_eq!(of("6: -> POSIX  ADVISORY  WRITE 4711 fd:01:1234 120 120"), None, "it only waits");
        assert_eq!(of("7: FLOCK  ADVISORY  WRITE 4711 fd:01:1234 0 EOF"), None);
        assert_eq!(of(""), None);
    }
}
