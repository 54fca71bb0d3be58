//! The times and numbers of the protocol that several files need or that users rely on, each once, with its reason. `limits`
//! has the limits on the input of others; a constant of one file stays in that file.

use std::time::Duration;

/// How long the service keeps a finished video (`service.md#retention`).
pub const RETENTION: Duration = days(7);

/// How long a request in flight may go on after the first Ctrl-C (`faults.md` row 25).
pub const ANSWER_GRACE: Duration = seconds(10);

/// How long a command or a program waits for one video unless it says otherwise (`contract.md#waiting`).
pub const WAITING: Duration = seconds(20 * 60);

/// How long an answer may stay lost before the user decides (`protocol.md#searching`).
pub const QUARANTINE: Duration = seconds(15 * 60);

/// How long one read of a project is retried while a user or a program waits for it.
pub const READING_ONE: Duration = seconds(10);

/// How long one read of the list, or of a watched project, is retried: the next look follows soon.
pub const READING_LIST: Duration = seconds(30);

/// Single reads in flight at once. The service limits requests, and the list answers for a handful.
pub const READS_ABREAST: usize = 4;

/// How far a render's creation time in the list may differ from the time that the ledger has.
pub const LIST_MARGIN: Duration = seconds(60);

/// How long a render that was just accepted may be invisible: "no such project" says nothing before (`faults.md` row 30).
pub const INVISIBLE_FOR: Duration = seconds(120);

/// "No such project" is believed of an accepted render after this many answers over [`DENIED_FOR`], once the list does not
/// show it either (`faults.md` row 31).
pub const DENIALS: u32 = 3;

/// See [`DENIALS`].
pub const DENIED_FOR: Duration = seconds(60);

/// How long a `done` without a URL is read again (`faults.md` row 36).
pub const URL_LATE: Duration = seconds(120);

/// The longest pause between two reads of a service that can't be read (`faults.md` row 38).
pub const LONGEST_REST: Duration = seconds(300);

/// The longest wait that the service may ask for (`faults.md` row 18).
pub const LONGEST_RETRY_AFTER: Duration = seconds(600);

/// How long a single submission is tried again while the service is too busy: its user waits for it.
pub const THROTTLED_FOR: Duration = LONGEST_RETRY_AFTER;

/// How often it is tried in that time.
pub const THROTTLED_TRIES: u32 = 8;

/// How long a batch waits for a service that accepts nothing and asks for patience: it has more to lose by ending.
pub const BATCH_THROTTLED_FOR: Duration = LONGEST_RETRY_AFTER.saturating_mul(2);

/// How long a refused connection is tried again, and a name that can't be resolved or a certificate that isn't trusted
/// (`contract.md#talking-to-the-service`).
pub const REFUSED_FOR: Duration = seconds(10);

/// How long a command searches for a lost answer unless it says otherwise, before it leaves the rest to later commands
/// (`protocol.md#searching`).
pub const SETTLE_FOR: Duration = seconds(60);

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn days(count: u64) -> Duration {
    seconds(count * 24 * 3600)
}
