//! The kill loop (`faults.md` rows 70 to 80): the real binary is killed with SIGKILL at each important moment and at
//! random ones, its disk fills up or fails, its ledger is locked, it is stopped and continued; and it is started again
//! until everything is settled. The emulator, which produces its own faults meanwhile, is the oracle.
//!
//! `strace` injects the kills and the errors from outside, at a system call: production code has no hook for them. Where
//! `strace` is missing or may not trace, the tests that need it print so and pass.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]
#![expect(clippy::print_stdout, reason = "a test tells its seed, and when it is skipped")]

mod batch;
mod dice;
mod disk;
mod flats;
mod life;
mod migrating;
mod moment;
mod oracle;
mod round;
mod stopped;
#[expect(dead_code, reason = "the tests of the commands use the rest")]
#[path = "../cli/support.rs"]
mod support;
