//! Row 76 and `protocol.md#the-order-of-the-durable-step`, read from the system calls: the connection is established, the
//! ledger is synced, and only then the first byte of the request is sent.

#![expect(clippy::print_stdout, reason = "a test that is skipped says so")]

use std::fs;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{Run, World};

/// The relevant system calls of a submission under `strace`, in order; `None` where `strace` does not work.
fn traced(world: &World) -> Option<Vec<String>> {
    let j2v = world.command(&["submit", "a.json"]);
    let mut command = Command::new("strace");
    command.args(["-f", "-s", "64", "-o", "trace", "-e", "trace=connect,fsync,fdatasync,sendto,sendmsg,write,writev"]);
    command.arg(j2v.get_program()).args(j2v.get_args()).current_dir(j2v.get_current_dir().unwrap());
    command.env_clear().env("PATH", "/usr/bin:/bin").envs(j2v.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(child) = command.spawn() else {
        println!("skipped: there is no strace");
        return None;
    };
    let run = Run::of(child);
    if run.stderr.contains("ptrace") {
        println!("skipped: strace may not trace here");
        return None;
    }
    run.exits(0);
    let trace = fs::read_to_string(world.path("trace")).unwrap();
    fs::remove_file(world.path("trace")).unwrap();
    Some(trace.lines().filter(|line| !line.contains("resumed>")).map(str::to_owned).collect())
}

#[track_caller]
fn is_durable_before_the_first_byte(calls: &[String]) {
    let place = |what: &str, is_it: &dyn Fn(&str) -> bool| {
        calls.iter().position(|call| is_it(call)).unwrap_or_else(|| panic!("no {what} in:\n{}", calls.join("\n")))
    };
    let syncs: Vec<usize> = (0..calls.len()).filter(|&index| calls[index].contains("sync(")).collect();
    let connect = place("connection", &|call| call.contains("connect(") && call.contains("AF_INET"));
    let request = place("request", &|call| call.contains("POST /v2/movies"));
    let shown = calls.join("\n");
    assert!(syncs.iter().any(|sync| (connect..request).contains(sync)), "no sync between connection and request:\n{shown}");
    assert!(syncs.iter().filter(|sync| **sync < request).count() <= 2, "too many syncs before the request:\n{shown}");
    assert!(syncs.len() <= 4, "too many syncs:\n{shown}");
}

#[test]
fn row_76_the_ledger_is_synced_between_the_connection_and_the_first_byte() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    // First a new ledger, then an existing one.
    for _ in 0..2 {
        let Some(calls) = traced(&world) else { return };
        is_durable_before_the_first_byte(&calls);
    }
    assert_eq!(world.accepted(), 2);
}
