//! The emulator over real connections: the service's contract, its faults, its storage.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should stop")]

mod account;
mod catalogue;
mod contract;
mod faults;
mod folder;
mod support;
mod webhooks;
