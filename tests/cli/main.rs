//! The real binary, driven as a user drives it, against the emulator.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod build;
mod check;
mod delete;
mod doctor;
mod download;
mod dry_run;
mod emulator;
mod exits;
mod expand;
mod gate;
mod help;
mod history;
mod identity;
mod init;
mod keys;
mod list;
mod output;
mod plan;
mod poll;
mod profiles;
mod schema;
mod settle;
mod submit;
mod support;
