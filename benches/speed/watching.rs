//! Watching a thousand renders: how many requests one sweep takes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use j2v::emulator::{Emulator, Settings};
use j2v::world::World;
use serde_json::Value;

use crate::heading;

const J2V: &str = env!("CARGO_BIN_EXE_j2v");
const RENDERS: usize = 1000;

/// Submits a thousand movies to the emulator, then looks at all of them once.
pub(crate) fn a_thousand_renders() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let settings = Settings { render_time: Duration::from_secs(3600), ..Settings::new(World::real()) };
    let emulator = runtime.block_on(Emulator::start(settings)).expect("an emulator");
    let folder = tempfile::tempdir().expect("a folder for the ledger");
    let j2v = |arguments: &[String]| {
        let mut command = Command::new(J2V);
        command.args(arguments).env("J2V_API_KEY", "bench").env("J2V_API_URL", emulator.api_url());
        command.env("J2V_LEDGER", folder.path().join("ledger.db")).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().expect("j2v runs");
    };
    let movies: Vec<String> = (0..RENDERS).map(|number| movie(folder.path(), number)).collect();
    let start = Instant::now();
    for some in movies.chunks(200) {
        j2v(&[vec!["submit".to_owned(), "--quiet".to_owned()], some.to_vec()].concat());
    }
    heading("watching 1,000 renders");
    println!("  submitted in {:.1} s", start.elapsed().as_secs_f64());
    let before = lists(&runtime, &emulator);
    let start = Instant::now();
    j2v(&["poll".to_owned(), "--once".to_owned(), "--quiet".to_owned()]);
    let took = start.elapsed().as_secs_f64();
    println!("  one look at all of them: {} requests, {took:.2} s", lists(&runtime, &emulator) - before);
    runtime.block_on(emulator.stop());
}

fn movie(folder: &std::path::Path, number: usize) -> String {
    let path = folder.join(format!("{number}.json"));
    let text = format!(r#"{{"scenes":[{{"duration":2,"elements":[{{"type":"text","text":"{number}"}}]}}]}}"#);
    std::fs::write(&path, text).expect("a movie is written");
    path.to_string_lossy().into_owned()
}

/// How many reads the emulator has answered so far.
fn lists(runtime: &tokio::runtime::Runtime, emulator: &Emulator) -> u64 {
    let url = format!("http://{}/emulator/state", emulator.address());
    let state: Value = runtime.block_on(async { reqwest::get(url).await?.json().await }).expect("the emulator tells its state");
    state["requests"]["GET /v2/movies"].as_u64().unwrap_or(0)
}
