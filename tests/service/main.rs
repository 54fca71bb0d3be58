//! The client of the service against raw TCP servers on loopback: what it does on the wire, fault by fault. The
//! names say the row of `faults.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod client;
mod download;
mod probe;
mod server;
