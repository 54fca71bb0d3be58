//! A batch through the library, with a clock, a ledger and an emulator in this process.

#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

mod running;
mod support;
