//! The `j2v` command: run, exit code. Nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    j2v::run()
}
