//! The moments at which a submission is killed, each identified by the system call that follows.

use std::path::Path;

use crate::dice::Dice;

/// A moment in a command's run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Its name; the rows are those of `faults.md#ledger-and-process`.
    pub(crate) name: &'static str,
    /// Only calls on this file count; `KEY` is replaced by the render's key.
    file: Option<&'static str>,
    /// System calls.
    calls: &'static str,
    /// The n-th of them in one thread.
    nth: u64,
    /// Whether every later call counts, too.
    lasts: bool,
}

const fn moment(name: &'static str, file: Option<&'static str>, calls: &'static str, nth: u64) -> Moment {
    Moment { name, file, calls, nth, lasts: false }
}

const LOG: Option<&str> = Some("ledger.db-wal");
const PARTIAL: Option<&str> = Some("out/KEY.mp4.partial");

/// Every important moment, in the order of a submission.
#[rustfmt::skip]
pub(crate) const MOMENTS: [Moment; 18] = [
    moment("row 70: the ledger is being opened", None, "fcntl", 4),
    moment("row 70: the intent is half written", LOG, "pwrite64", 3),
    moment("row 70: before T1", None, "connect", 1),
    moment("row 71: T1 is half written", LOG, "pwrite64", 11),
    moment("row 71: T1 is written and not synced", LOG, "fsync,fdatasync", 1),
    moment("row 71: after T1, before the first byte", None, "writev,sendto", 1),
    moment("row 72: after the send, before the reply", None, "recvfrom", 1),
    moment("row 73: after the reply, before T2", Some("KEY.err"), "write", 4),
    moment("row 73: T2 is half written", LOG, "pwrite64", 18),
    moment("row 74: after T2", None, "connect", 2),
    moment("row 74: the status is being read", None, "recvfrom", 2),
    moment("row 75: before the download", None, "connect", 3),
    moment("row 75: in the download", PARTIAL, "write", 1),
    moment("row 75: before the video is synced", PARTIAL, "fsync,fdatasync", 1),
    moment("row 75: before the video has its name", PARTIAL, "linkat,rename,renameat,renameat2", 1),
    moment("row 75: before the folder is synced", Some("out"), "fsync", 1),
    moment("row 75: before the output", Some("KEY.out"), "write", 1),
    moment("row 75: at the very end", None, "unlink,unlinkat", 3),
];

/// Calls that are hit at random, and the most that one thread makes of them.
const ANYWHERE: [(&str, u64); 6] = [("all", 700), ("fcntl", 70), ("pwrite64", 44), ("epoll_wait", 40), ("write", 40), ("openat", 18)];

impl Moment {
    /// The n-th of these calls on a file.
    pub(crate) fn of_calls(file: Option<&'static str>, calls: &'static str, nth: u64) -> Self {
        moment("a statement", file, calls, nth)
    }

    /// These calls on a file from the n-th on.
    pub(crate) fn from_calls_on(file: Option<&'static str>, calls: &'static str, nth: u64) -> Self {
        Self { lasts: true, ..moment("statements", file, calls, nth) }
    }

    /// A random moment without a name.
    pub(crate) fn anywhere(dice: &mut Dice) -> Self {
        let (calls, most) = *dice.pick(&ANYWHERE);
        moment("anywhere", None, calls, 1 + dice.below(most))
    }

    /// The arguments that make `strace` inject `deed` at this moment into the submission of this key in this folder.
    pub(crate) fn strace(&self, folder: &Path, key: &str, deed: &str) -> Vec<String> {
        let when = format!("{}{}", self.nth, if self.lasts { "+" } else { "" });
        let mut flags = vec!["-e".to_owned(), format!("inject={}:{deed}:when={when}", self.calls)];
        if let Some(file) = self.file {
            flags.extend(["-P".to_owned(), folder.join(file.replace("KEY", key)).display().to_string()]);
        }
        flags
    }
}
