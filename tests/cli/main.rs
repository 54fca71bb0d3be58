//! The real binary against the emulator, used as a user would.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod agents;
mod answers;
mod batch;
mod batch_budget;
mod batch_faults;
mod build;
mod check;
mod check_fixes;
mod check_formats;
mod check_probe;
mod check_projects;
mod completions;
mod config;
mod delete;
mod docs;
mod doctor;
mod download;
mod dry_run;
mod edits;
mod emulator;
mod evening;
mod exact;
mod exits;

mod expand;
mod explain;
mod fields;
mod first_tries;
mod gate;
mod help;
mod history;
mod identity;
mod init;
mod keys;
mod list;
mod man;
mod media;
mod naming;
mod next_commands;
mod no_ledger;
mod output;
mod overwriting;
mod plan;
mod poll;
mod profiles;
mod readme;
mod reconcile;
mod schema;
mod settle;
mod sources;
mod submit;
mod support;
mod tables;
mod templates;
mod uploads;
mod webhook;
