//! The client of the service against raw TCP servers on loopback: its behaviour on the wire, fault by fault. The
//! names state the row of `faults.md`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

mod client;
mod download;
mod probe;
mod server;
