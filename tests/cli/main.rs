//! The real binary, driven as a user drives it, against the emulator.

mod build;
mod delete;
mod download;
mod dry_run;
mod emulator;
mod exits;
mod help;
mod history;
mod identity;
mod keys;
mod list;
mod output;
mod poll;
mod settle;
mod submit;
mod support;
