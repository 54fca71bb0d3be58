//! Watching a thousand renders: the number of requests of one sweep.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use j2v::emulator::{Emulator, Settings};
use j2v::world::World;
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::heading;

const J2V: &str = env!("CARGO_BIN_EXE_j2v");
const RENDERS: usize = 1000;

/// An emulator whose renders never end, and a ledger.
pub(crate) struct Service {
    runtime: Runtime,
    emulator: Emulator,
    folder: TempDir,
}

impl Service {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        let settings = Settings { render_time: Duration::from_secs(3600), ..Settings::new(World::real()) };
        let emulator = runtime.block_on(Emulator::start(settings)).expect("an emulator");
        Self { runtime, emulator, folder: tempfile::tempdir().expect("a folder for the ledger") }
    }

    /// A command that is not started yet.
    pub(crate) fn j2v(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(J2V);
        command.args(arguments).env("J2V_API_KEY", "bench").env("J2V_API_URL", self.emulator.api_url());
        command.env("J2V_LEDGER", self.folder.path().join("ledger.db")).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The path of a movie that differs from those of all other numbers.
    pub(crate) fn movie(&self, number: usize) -> String {
        let path = self.folder.path().join(format!("{number}.json"));
        let text = format!(r#"{{"scenes":[{{"duration":2,"elements":[{{"type":"text","text":"{number}"}}]}}]}}"#);
        std::fs::write(&path, text).expect("a movie is written");
        path.to_string_lossy().into_owned()
    }

    /// How many reads the emulator has answered so far.
    pub(crate) fn reads(&self) -> u64 {
        let url = format!("http://{}/emulator/state", self.emulator.address());
        // The HTTP library needs it even without TLS.
        rustls::crypto::ring::default_provider().install_default().ok();
        let state: Value = self.runtime.block_on(async { reqwest::get(url).await?.json().await }).expect("the emulator tells its state");
        state["requests"]["GET /v2/movies"].as_u64().unwrap_or(0)
    }
}

/// Submits a thousand movies to the emulator, then reads all of them once.
pub(crate) fn a_thousand_renders() {
    let service = Service::start();
    let movies: Vec<String> = (0..RENDERS).map(|number| service.movie(number)).collect();
    let start = Instant::now();
    for some in movies.chunks(200) {
        service.j2v(&[vec!["submit".to_owned(), "--quiet".to_owned()], some.to_vec()].concat()).status().expect("j2v runs");
    }
    heading("watching 1,000 renders");
    println!("  submitted in {:.1} s", start.elapsed().as_secs_f64());
    let before = service.reads();
    let start = Instant::now();
    service.j2v(&["poll".to_owned(), "--once".to_owned(), "--quiet".to_owned()]).status().expect("j2v runs");
    let took = start.elapsed().as_secs_f64();
    println!("  one look at all of them: {} requests, {took:.2} s", service.reads() - before);
}
