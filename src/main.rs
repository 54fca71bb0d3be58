//! The `j2v` command: parse, run, exit code. Nothing else.

use std::process::ExitCode;

use clap::Parser;
use j2v::cli::Cli;
use j2v::commands;

fn main() -> ExitCode {
    commands::run(Cli::parse()).into()
}
