//! How the questions are asked: the real binary and a plain HTTP client, both through j2v's own recording proxy, which passes each
//! request on once and writes down what was said, without the key.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::budget::Budget;
use crate::callbacks::Callbacks;
use crate::report::Report;
use crate::settings::Settings;

/// One run.
pub(crate) struct Session {
    pub(crate) settings: Settings,
    pub(crate) budget: Budget,
    pub(crate) callbacks: Option<Callbacks>,
    /// Passes on what the report rests on, and keeps it.
    pub(crate) recorded: Proxy,
    /// Passes on what nobody else is to see, or what is too large to keep; its recording goes when the run is over.
    pub(crate) unrecorded: Proxy,
    runtime: Runtime,
    client: reqwest::Client,
    scratch: TempDir,
}

/// When something was seen for the first time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looked {
    /// The last look that did not show it.
    pub(crate) before: Option<Duration>,
    /// The first that did.
    pub(crate) at: Duration,
}

/// What the service answered.
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// How `j2v` ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Session {
    #[expect(clippy::disallowed_methods, reason = "it asks as any other program would")]
    pub(crate) fn start(settings: Settings) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        // Whichever test comes first chooses; what is asked here is the proxy, which speaks no TLS.
        rustls::crypto::ring::default_provider().install_default().ok();
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir_all(&settings.folder).unwrap();
        let recorded = Proxy::start(&settings, &settings.folder.join("traffic"));
        let unrecorded = Proxy::start(&settings, &scratch.path().join("traffic"));
        let callbacks = settings.callbacks.as_ref().map(|(bind, url)| runtime.block_on(Callbacks::listen(bind, url)));
        Self { budget: Budget::of(settings.credits), callbacks, recorded, unrecorded, runtime, client, scratch, settings }
    }

    /// Runs `j2v` to its end, with a text on stdin where there is one.
    pub(crate) fn j2v(&self, proxy: &Proxy, arguments: &[&str], stdin: Option<&Path>) -> Ended {
        let mut command = bare();
        command.args(arguments).env("J2V_API_KEY", &self.settings.key).env("J2V_API_URL", &proxy.url);
        command.env("J2V_LEDGER", self.scratch.path().join("ledger.db")).current_dir(self.scratch.path());
        let input = stdin.map_or_else(Stdio::null, |path| fs::File::open(path).unwrap().into());
        let output = command.stdin(input).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Ended { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Writes a file for `j2v`.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.scratch.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Asks once, by a plain client.
    pub(crate) fn get(&self, proxy: &Proxy, path: &str) -> Answered {
        self.answered(self.client.get(format!("{}{path}", proxy.url)))
    }

    /// Posts once, by a plain client.
    pub(crate) fn post(&self, proxy: &Proxy, path: &str, body: Vec<u8>) -> Answered {
        self.answered(self.client.post(format!("{}{path}", proxy.url)).header("content-type", "application/json").body(body))
    }

    fn answered(&self, request: reqwest::RequestBuilder) -> Answered {
        self.runtime.block_on(async {
            let request = request.header("x-api-key", &self.settings.key).timeout(Duration::from_secs(120));
            let Ok(response) = request.send().await else { return Answered { status: 0, body: Value::Null } };
            let status = response.status().as_u16();
            let text = response.text().await.unwrap_or_default();
            Answered { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
        })
    }

    /// Looks at the pace of the run until something is there or patience is over.
    pub(crate) fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> Option<(Looked, T)> {
        let begin = Instant::now();
        let mut before = None;
        loop {
            let at = begin.elapsed();
            if let Some(found) = look() {
                return Some((Looked { before, at }, found));
            }
            if at >= self.settings.patience {
                return None;
            }
            before = Some(at);
            std::thread::sleep(self.settings.pace);
        }
    }

    /// Ends the run: the report and the callbacks become files, and no file may hold the key.
    pub(crate) fn finish(self, report: &Report) {
        let Self { settings, callbacks, recorded, unrecorded, .. } = self;
        drop((recorded, unrecorded));
        fs::write(settings.folder.join("report.md"), report.to_string()).unwrap();
        for (nth, callback) in callbacks.iter().flat_map(Callbacks::all).enumerate() {
            fs::write(settings.folder.join(format!("callback-{nth}.txt")), callback.to_string()).unwrap();
        }
        let holding = files(&settings.folder).into_iter().find(|path| holds(path, &settings.key));
        assert_eq!(holding, None, "a file holds the key: don't send it to anyone");
    }
}

/// `j2v emulator --record`, as long as it is needed.
pub(crate) struct Proxy {
    process: Child,
    pub(crate) url: String,
}

impl Proxy {
    fn start(settings: &Settings, folder: &Path) -> Self {
        let mut command = bare();
        command.args(["emulator", "--bind", "127.0.0.1:0", "--record"]).arg(folder);
        command.envs(settings.api.iter().map(|url| ("J2V_API_URL", url)));
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://"), "the proxy did not start: {url}");
        Self { process, url: url.trim_end().to_owned() }
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The real binary in the user's environment, without the user's settings of j2v.
fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_j2v"));
    let foreign = std::env::vars_os().map(|(name, _)| name);
    for name in foreign.filter(|name| name.to_string_lossy().starts_with("J2V_") || name.to_string_lossy().starts_with("JSON2VIDEO_")) {
        command.env_remove(name);
    }
    command
}

/// All files of a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn holds(path: &Path, key: &str) -> bool {
    fs::read(path).unwrap().windows(key.len()).any(|window| window == key.as_bytes())
}
