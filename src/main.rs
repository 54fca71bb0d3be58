//! The `j2v` command: runs it and returns its exit code.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    j2v::run()
}
