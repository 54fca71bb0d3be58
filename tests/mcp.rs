//! Drives `j2v mcp` with the client of another implementation, the Python SDK of the protocol, where it is installed
//! (`.ci/run` installs it); and by hand, for what every machine can test.
#![cfg(feature = "mcp")]
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

#[path = "kill/dice.rs"]
mod dice;

use crate::dice::Dice;

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
    let mut agent = Agent::start(home.path());
    assert_eq!(agent.hello["result"]["serverInfo"]["name"], "j2v");
    assert!(agent.hello["result"]["instructions"].as_str().unwrap().chars().count() <= 700);
    let tools = agent.ask(&json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}));
    assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 8);
    let size = tools["result"].to_string().len();
    assert!(size <= 6000, "tools/list has {size} bytes");
    assert!(!tools.to_string().contains("api_key") && !tools.to_string().contains("apiKey"));
    agent.leave();
}

#[cfg(unix)]
#[test]
fn a_path_is_a_file_below_the_start_folder_not_a_folder_of_links() {
    let (home, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let movie = r#"{"resolution": "sd", "comment": "outside", "scenes": [{"duration": 1, "elements": [{"type": "text", "text": "Hi"}]}]}"#;
    std::fs::write(outside.path().join("secret.json"), movie).unwrap();
    std::fs::create_dir(home.path().join("movies")).unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.json"), home.path().join("movies/a.json")).unwrap();
    std::fs::write(home.path().join("movie.json"), movie).unwrap();
    let mut agent = Agent::start(home.path());
    let mut told = |tool: &str, path: &str| {
        let arguments = json!({"path": path, "key": "k", "max_credits": 50});
        let answer =
            agent.ask(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}));
        (answer["result"]["isError"] == true, answer["result"]["content"][0]["text"].as_str().unwrap().to_owned())
    };
    for tool in ["check_movie", "render_movie", "preview_movie"] {
        for path in ["", "."] {
            let (refused, why) = told(tool, path);
            assert!(refused && why.contains("`path`"), "{tool} {path:?}: {why}");
        }
        let (refused, why) = told(tool, "movies");
        assert!(refused && why.contains("folder") && why.contains("one movie's file"), "{tool}: {why}");
        assert!(told(tool, "movies/a.json").1.contains("outside"), "{tool}");
    }
    assert!(!told("check_movie", "movie.json").0);
    agent.leave();
}

#[test]
fn a_preview_shows_no_file_outside_the_start_folder() {
    let (home, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let picture = |of: &str| format!("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{of}\"/>");
    std::fs::write(outside.path().join("far.svg"), picture("far")).unwrap();
    std::fs::write(home.path().join("near.svg"), picture("near")).unwrap();
    let image = |src: &Path| json!({"type": "image", "src": src});
    let elements = [image(&outside.path().join("far.svg")), image(Path::new("near.svg"))];
    let mut agent = Agent::start(home.path());
    let arguments = json!({"movie": {"scenes": [{"duration": 2, "elements": elements}]}});
    let call = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "preview_movie", "arguments": arguments}});
    let answer = agent.ask(&call);
    let answer: Value = serde_json::from_str(answer["result"]["content"][0]["text"].as_str().unwrap()).unwrap();
    let (host, path) = answer["url"].as_str().unwrap().trim_start_matches("http://").split_once('/').unwrap();
    let ask = |file: &str| {
        let mut stream = std::net::TcpStream::connect(host).unwrap();
        write!(stream, "GET /{path}{file} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    };
    let files = ["media/0", "media/1"].map(ask).concat();
    assert!(files.contains("near") && !files.contains("far"), "{files}");
    assert!(ask("").contains("is outside of"));
    agent.leave();
}

#[test]
fn wrong_parameters_and_an_unknown_state_are_told_what_would_be_right() {
    let home = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(home.path());
    let code = |answer: Value| answer["error"]["code"].as_i64();
    assert_eq!(code(agent.ask(&json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": null}))), Some(-32602));
    assert_eq!(code(agent.ask(&json!({"jsonrpc": "2.0", "id": 4, "method": "tools/call", "params": {"name": 5}}))), Some(-32602));
    assert_eq!(code(agent.ask(&json!({"jsonrpc": "2.0", "id": 5, "method": "no/such"}))), Some(-32601));
    let mut listed = |state: Value| {
        let params = json!({"name": "list_renders", "arguments": {"state": state}});
        let answer = agent.ask(&json!({"jsonrpc": "2.0", "id": 6, "method": "tools/call", "params": params}));
        (answer["result"]["isError"] == true, answer["result"]["content"][0]["text"].as_str().unwrap().to_owned())
    };
    for state in [json!("finished"), json!("-x"), json!(5)] {
        let (refused, why) = listed(state.clone());
        assert!(refused && why.contains("rejected") && why.contains("held"), "{state}: {why}");
    }
    assert!(!listed(json!("held")).0 && !listed(Value::Null).0);
    agent.leave();
}

/// A session with the server, by hand.
struct Agent {
    server: Child,
    input: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// The server's first answer.
    hello: Value,
}

impl Agent {
    fn start(home: &Path) -> Self {
        let mut server = command(Path::new(env!("CARGO_BIN_EXE_j2v")), home);
        server.args(["mcp", "--emulate"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server = server.spawn().unwrap();
        let (input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let mut agent = Self { server, input, lines: BufReader::new(output).lines(), hello: Value::Null };
        let hello = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}});
        agent.hello = agent.ask(&json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}));
        agent.say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string().as_bytes());
        agent
    }

    fn say(&mut self, line: &[u8]) {
        self.input.write_all(line).unwrap();
        self.input.write_all(b"\n").unwrap();
    }

    /// The answer to a message. Whatever else the server says meanwhile has to be JSON, too.
    fn ask(&mut self, message: &Value) -> Value {
        self.say(message.to_string().as_bytes());
        loop {
            let line = self.lines.next().expect("the server has ended").unwrap();
            let said: Value = serde_json::from_str(&line).unwrap();
            if said["id"] == message["id"] {
                return said;
            }
        }
    }

    /// Ends the session, which ends the server.
    fn leave(self) {
        let Self { mut server, input, .. } = self;
        drop(input);
        assert!(server.wait().unwrap().success());
    }
}

/// Calls as agents make them.
fn calls() -> Vec<Value> {
    let movie = json!({"resolution": "sd", "scenes": [{"duration": 1, "elements": [{"type": "text", "text": "Hi"}]}]});
    let call = |name: &str, arguments: Value| json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": name, "arguments": arguments}});
    vec![
        call("check_movie", json!({"movie": movie})),
        call("check_movie", json!({"path": "a.json", "variables": {"city": "Rome"}})),
        call("explain", json!({"what": "J2V064"})),
        call("describe_movie_format", json!({"part": "scene"})),
        call("render_movie", json!({"movie": movie, "key": "k", "max_credits": 5})),
        call("list_renders", json!({"limit": 5})),
        json!({"jsonrpc": "2.0", "id": 3, "method": "tools/list", "params": {"cursor": "a"}}),
        json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 3, "reason": "none"}}),
        json!({"jsonrpc": "2.0", "id": 3, "method": "initialize", "params": {"protocolVersion": "1", "capabilities": {}, "clientInfo": {"name": "a", "version": "1"}}}),
    ]
}

/// Puts something else in the place of one value.
fn spoil(value: &mut Value, dice: &mut Dice) {
    let inner = match value {
        Value::Object(members) if !members.is_empty() && dice.below(8) > 0 => {
            let nth = usize::try_from(dice.below(members.len() as u64)).unwrap();
            members.values_mut().nth(nth)
        }
        Value::Array(items) if !items.is_empty() && dice.below(8) > 0 => {
            let nth = usize::try_from(dice.below(items.len() as u64)).unwrap();
            items.get_mut(nth)
        }
        _ => None,
    };
    if let Some(inner) = inner {
        return spoil(inner, dice);
    }
    let deep = (0..100).fold(json!(0), |inner, _| json!([inner]));
    let others = [
        json!(null),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("-rf"),
        json!("../../etc/passwd"),
        json!("a\u{0}b\u{202e}"),
        json!("x".repeat(100_000)),
        json!([]),
        json!({}),
        json!(true),
        deep,
    ];
    *value = dice.pick(&others).clone();
}

/// A line that no well-meaning client writes.
fn hostile_line(dice: &mut Dice) -> Vec<u8> {
    let mut call = dice.pick(&calls()).clone();
    for _ in 0..=dice.below(3) {
        spoil(&mut call, dice);
    }
    let mut line = call.to_string().into_bytes();
    if dice.below(3) == 0 {
        let at = usize::try_from(dice.below(line.len() as u64)).unwrap();
        match dice.below(4) {
            0 => line[at] = *dice.pick(b"\xff\0{}[]\","),
            1 => line.truncate(at),
            2 => drop(line.drain(..at)),
            _ => line = vec![b'['; 100_000],
        }
        line.retain(|byte| *byte != b'\n');
    }
    line
}

#[test]
fn no_line_ends_the_server_or_keeps_it_from_answering_the_next() {
    let home = tempfile::tempdir().unwrap();
    let mut agent = Agent::start(home.path());
    for nth in 0..150 {
        agent.say(&hostile_line(&mut Dice::of(11, nth)));
        let answer = agent.ask(&json!({"jsonrpc": "2.0", "id": format!("ping-{nth}"), "method": "ping"}));
        assert!(answer.get("result").is_some(), "after line {nth}: {answer}");
    }
    agent.leave();
}
