//! The `j2v` command.

fn main() {}
