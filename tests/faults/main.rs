//! Every row of the fault tables of `faults.md` that a test of seconds can reproduce: the real binary against the
//! emulator's faults, and against raw servers where the emulator has none. The emulator counts the accepted POSTs;
//! whatever happens, the count must be one. The names state the row.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]
#![expect(clippy::case_sensitive_file_extension_comparisons, reason = "j2v writes `.mp4` and nothing else")]

mod attackers;
mod callbacks;
mod certificates;
mod downloads;
mod durable;
mod interrupted;
mod killed;
mod ledger;
mod listen;
mod listen_hand_on;
mod listen_killed;
mod listen_limits;
mod matrix;
mod peer;
mod pipes;
mod receiver;
mod running;
mod secrets;
mod shared_reads;
mod submit_lost;
mod submit_refused;
mod submit_unsent;
#[expect(dead_code, reason = "the tests of the commands use the rest")]
#[path = "../cli/support.rs"]
mod support;
mod texts;
mod together;
mod watch;
mod watch_for_long;
