//! Drives `j2v mcp` with the client of another implementation, the Python SDK of the protocol, where it is installed
//! (`.ci/run` installs it); and by hand, for what every machine can test.
#![cfg(feature = "mcp")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// Where `.ci/run` installs the client.
const CLIENT: &str = "target/mcp-client/bin/python";

fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).env("XDG_STATE_HOME", home.join("state")).env("PATH", "/usr/bin:/bin").current_dir(home);
    command
}

#[expect(clippy::disallowed_methods, reason = "`.ci/run` says that nothing may be missing")]
#[test]
fn the_client_of_another_implementation_can_do_all_of_it() {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(CLIENT);
    if !python.exists() {
        assert!(std::env::var_os("J2V_TESTS").is_none_or(|which| which != "all"), "{CLIENT} is missing: .ci/run installs it");
        println!("skipped: {CLIENT} is not installed");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/client.py");
    let run = command(&python, home.path()).arg(script).arg(env!("CARGO_BIN_EXE_j2v")).arg(home.path()).output().unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}

#[test]
fn the_tools_are_few_and_short_and_stdout_carries_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let mut server = command(Path::new(env!("CARGO_BIN_EXE_j2v")), home.path())
        .args(["mcp", "--emulate"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = server.stdin.take().unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut ask = |message: Value| {
        writeln!(input, "{message}").unwrap();
        message.get("id").is_some().then(|| serde_json::from_str::<Value>(&lines.next().unwrap().unwrap()).unwrap())
    };
    let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
    let hello = ask(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello})).unwrap();
    assert_eq!(hello["result"]["serverInfo"]["name"], "j2v");
    assert!(hello["result"]["instructions"].as_str().unwrap().chars().count() <= 700);
    ask(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
    let tools = ask(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})).unwrap();
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 8);
    let size = tools["result"].to_string().len();
    assert!(size <= 6000, "tools/list has {size} bytes");
    assert!(!tools.to_string().contains("api_key") && !tools.to_string().contains("apiKey"));
    drop(input);
    assert!(server.wait().unwrap().success());
}
