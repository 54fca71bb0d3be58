//! An isolated world for the real binary: its own home, its own ledger, its own emulator, and a canary as the key, which
//! must appear nowhere.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use j2v::emulator::{Emulator, Fault, Settings};
use j2v::world::{Clock, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

/// The key of every test. No output and no file may hold it.
pub(crate) const CANARY: &str = "canary-7d1f0c52b9e84a63";

/// The render time of these tests by default.
const RENDER_TIME: Duration = Duration::from_millis(200);

/// One test's world.
pub(crate) struct World {
    folder: TempDir,
    runtime: Option<Runtime>,
    emulator: Option<Emulator>,
    url: String,
    ahead: Arc<Ahead>,
}

impl World {
    /// A world with an emulator that makes no faults.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A world whose emulator makes these faults.
    pub(crate) fn with_faults(faults: &[&str]) -> Self {
        let faults: Vec<Fault> = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Self::with(move |settings| settings.faults = faults)
    }

    /// A world whose emulator is set up by `change`.
    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut settings = Settings::new(j2v::world::World::real());
        settings.render_time = RENDER_TIME;
        let ahead = Arc::new(Ahead::default());
        settings.world.clock = Arc::clone(&ahead) as Arc<dyn Clock>;
        change(&mut settings);
        let emulator = runtime.block_on(Emulator::start(settings)).unwrap();
        let url = emulator.api_url();
        Self { folder: tempfile::tempdir().unwrap(), runtime: Some(runtime), emulator: Some(emulator), url, ahead }
    }

    /// Moves the service's clock eight days forward: by then it has deleted every file.
    pub(crate) fn a_week_goes_by(&self) {
        self.ahead.0.store(8 * 24 * 3600 * 1000, Ordering::Relaxed);
    }

    /// A world whose API is at `url`, with any server or none.
    pub(crate) fn at(url: &str) -> Self {
        Self { folder: tempfile::tempdir().unwrap(), runtime: None, emulator: None, url: url.to_owned(), ahead: Arc::default() }
    }

    /// The path of a file in the folder in which commands run.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The API that commands use.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Reads a file of the folder.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// A movie of one text scene, 2 s long, with the given `client-data.emulator`.
    pub(crate) fn movie(&self, name: &str, emulator: &Value) {
        let movie = serde_json::json!({
            "resolution": "sd",
            "client-data": {"listing_id": "L-1", "emulator": emulator},
            "scenes": [{"duration": 2, "elements": [{"type": "text", "text": name}]}],
        });
        self.write(name, movie.to_string());
    }

    /// Whether there is a file of this name in the folder.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// A command in this world, not started.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_j2v"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.env("HOME", self.folder.path()).env("XDG_STATE_HOME", self.path("state"));
        command.env("J2V_API_KEY", CANARY).env("J2V_API_URL", &self.url).env("J2V_LEDGER", self.path("ledger.db"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command line to its end; words are split at spaces.
    pub(crate) fn j2v(&self, line: &str) -> Run {
        self.run(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs a command to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Run {
        Run::of(self.command(arguments).spawn().unwrap())
    }

    /// Runs a command with a text on stdin.
    pub(crate) fn pipe<S: AsRef<OsStr>>(&self, arguments: &[S], stdin: &str) -> Run {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
        Run::of(child)
    }

    /// Runs a command line with these variables; an empty value counts as unset.
    pub(crate) fn j2v_with(&self, environment: &[(&str, &str)], line: &str) -> Run {
        let mut command = self.command(&line.split_whitespace().collect::<Vec<_>>());
        Run::of(command.envs(environment.iter().copied()).spawn().unwrap())
    }

    /// Starts a command line; words are split at spaces.
    pub(crate) fn start(&self, line: &str) -> Child {
        self.command(&line.split_whitespace().collect::<Vec<_>>()).spawn().unwrap()
    }

    /// Runs a command line and kills it while it waits for the answer to its POST; the emulator must have a
    /// `post-hang` for it.
    pub(crate) fn crash(&self, line: &str) {
        let before = self.accepted();
        let mut child = self.start(line);
        while self.accepted() == before {
            assert!(child.try_wait().unwrap().is_none(), "{line} ended before its answer came");
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// The emulator's answer to a request that no `j2v` sent.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let address = self.url.trim_start_matches("http://").trim_end_matches("/v2");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\nx-api-key: any\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let answer = self.runtime.as_ref().unwrap().block_on(async {
            let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            answer
        });
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..end]));
        answer[end + 4..].to_vec()
    }

    /// The emulator's record of requests and accepted movies.
    pub(crate) fn oracle(&self) -> Value {
        serde_json::from_slice(&self.ask("GET", "/emulator/state", "")).unwrap()
    }

    /// The number of accepted POSTs: the renders that the user pays for.
    pub(crate) fn accepted(&self) -> usize {
        self.oracle()["accepted"].as_array().unwrap().len()
    }

    /// A field of every accepted POST, in order.
    pub(crate) fn accepted_fields(&self, field: &str) -> Vec<String> {
        let mut accepted = self.oracle()["accepted"].as_array().unwrap().clone();
        accepted.sort_by_key(|entry| entry["at"].as_str().unwrap().to_owned());
        accepted.iter().map(|entry| entry[field].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// The number of movies that were sent, accepted or not.
    pub(crate) fn posts(&self) -> u64 {
        self.requests("POST /v2/movies")
    }

    /// The number of requests of this kind (`"POST /v2/movies"`).
    pub(crate) fn requests(&self, kind: &str) -> u64 {
        self.oracle()["requests"][kind].as_u64().unwrap_or(0)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let (Some(runtime), Some(emulator)) = (self.runtime.take(), self.emulator.take()) {
            runtime.block_on(emulator.stop());
            runtime.shutdown_background();
        }
        if !std::thread::panicking() {
            assert_no_canary(self.folder.path());
        }
    }
}

/// The service's clock: this many milliseconds ahead of ours.
#[derive(Default)]
struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        Timestamp(j2v::world::World::real().now().0 + self.0.load(Ordering::Relaxed))
    }
}

fn assert_no_canary(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if entry.file_type().unwrap().is_dir() {
            assert_no_canary(&path);
        } else if let Ok(bytes) = fs::read(&path) {
            let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
            assert!(!found, "{} holds the key", path.display());
        }
    }
}

/// The result of a command.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Waits for a child's end.
    pub(crate) fn of(child: Child) -> Self {
        let output = child.wait_with_output().unwrap();
        let run = Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!run.stdout.contains(CANARY) && !run.stderr.contains(CANARY), "the key was printed: {run:?}");
        assert_for_people(&run.stderr);
        run
    }

    /// Checks the exit code; shows everything when it differs.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Checks that stderr contains a text.
    #[track_caller]
    pub(crate) fn tells(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "no `{words}` in:\n{}", self.stderr);
        self
    }

    /// Checks that stderr does not contain a text.
    #[track_caller]
    pub(crate) fn hides(self, words: &str) -> Self {
        assert!(!self.stderr.contains(words), "`{words}` in:\n{}", self.stderr);
        self
    }

    /// Checks the lines of stdout.
    #[track_caller]
    pub(crate) fn prints(self, lines: &[&str]) -> Self {
        assert_eq!(self.lines(), lines, "stderr:\n{}", self.stderr);
        self
    }

    /// The next commands that stderr names.
    pub(crate) fn next(&self) -> Vec<&str> {
        self.stderr.lines().filter_map(|line| line.strip_prefix("next: ")).collect()
    }

    /// The lines of stdout.
    pub(crate) fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// The only line of stdout.
    #[track_caller]
    pub(crate) fn line(&self) -> &str {
        let lines = self.lines();
        assert_eq!(lines.len(), 1, "{self:?}");
        lines[0]
    }

    /// The only line of stdout, as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(self.line()).unwrap()
    }

    /// The lines of stdout, each as JSON.
    #[track_caller]
    pub(crate) fn jsons(&self) -> Vec<Value> {
        self.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Checks that a message contains no traces of the programming language, and nothing that moves a terminal's cursor.
fn assert_for_people(stderr: &str) {
    for trace in
        ["Some(", "Ok(", "Err(", "None,", "Error {", "Os {", "os error", "panicked", "RUST_BACKTRACE", "reqwest", "rusqlite", "tokio"]
    {
        assert!(!stderr.contains(trace), "`{trace}` in:\n{stderr}");
    }
    let without_colors = COLORS.iter().fold(stderr.to_owned(), |text, color| text.replace(color, ""));
    assert!(without_colors.chars().all(|c| c == '\n' || !c.is_control()), "a control character in:\n{without_colors:?}");
    for message in without_colors.lines().filter_map(|line| line.strip_prefix("error: ").or_else(|| line.strip_prefix("warning: "))) {
        let first = message.split(' ').next().unwrap_or_default();
        let is_name = first.ends_with(':') || first.starts_with("EMU") || first.contains('_') || first == "HTTP";
        assert!(is_name || !message.starts_with(char::is_uppercase), "not lower-case: {message}");
    }
}

/// The colours of `--color always`.
const COLORS: [&str; 5] = ["\u{1b}[1m", "\u{1b}[31m", "\u{1b}[33m", "\u{1b}[36m", "\u{1b}[0m"];
