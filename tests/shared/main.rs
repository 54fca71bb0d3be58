//! The real binary on a ledger that several machines share. The emulator counts the accepted POSTs: whatever happens to the
//! processes or to the database, the count must be one for each key.
#![cfg(all(unix, feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

#[path = "../faults/callbacks.rs"]
mod callbacks;
#[path = "../cluster/mod.rs"]
mod cluster;
#[path = "../kill/dice.rs"]
#[expect(dead_code, reason = "the kill loop uses the rest")]
mod dice;
mod earlier;
mod failover;
#[path = "../kill/flats.rs"]
mod flats;
mod fleet;
mod killed;
mod moved;
#[expect(dead_code, reason = "the tests of faults use the rest")]
#[path = "../faults/receiver.rs"]
mod receiver;
mod receiver_killed;
mod refused;
mod restored;
#[expect(dead_code, reason = "the tests of faults use the rest")]
#[path = "../faults/running.rs"]
mod running;
mod stalled;
#[expect(dead_code, reason = "the tests of the commands use the rest")]
#[path = "../cli/support.rs"]
mod support;
mod together;
