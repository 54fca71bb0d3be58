//! The `j2v` command: run, exit code. Nothing else.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    j2v::run()
}
