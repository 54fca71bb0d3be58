//! Drives a browser of this machine through `WebDriver`: Debian's `chromium` and `chromium-driver`. Where they are missing, the
//! tests print that they were skipped; with `J2V_TEST_BROWSER=required`, as in CI, they fail.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::time::{Duration, Instant};

use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::{Method, Url};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a step may take that is immediate on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    port: u16,
    pub(crate) client: Client,
    _profile: TempDir,
}

impl Drop for Browser {
    /// Ends the driver by its own command, which also ends the browser; a killed driver would leave the browser running.
    fn drop(&mut self) {
        if let Ok(mut driver) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = driver.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = write!(driver, "GET /shutdown HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n", self.port);
            let _ = driver.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The new messages of the browser's log.
#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, <Url as FromStr>::Err> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}

impl Browser {
    /// Opens a window; `None` where there is no browser.
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "CI says that nothing may be missing; elsewhere a test is skipped aloud"
    )]
    pub(crate) async fn open() -> Option<Self> {
        let Some((driver, port)) = driver() else {
            assert!(std::env::var("J2V_TEST_BROWSER").is_err(), "chromium-driver is not installed");
            eprintln!("skipped: chromium-driver is not installed");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let folder = format!("--user-data-dir={}", profile.path().display());
        let args = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--force-prefers-reduced-motion",
            "--window-size=1280,900",
            &folder,
        ];
        let capabilities: Capabilities = serde_json::from_value(json!({
            "goog:chromeOptions": {"args": args},
            "goog:loggingPrefs": {"browser": "ALL"},
        }))
        .unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        let client = builder.connect(&format!("http://127.0.0.1:{port}")).await.unwrap();
        Some(Self { driver, port, client, _profile: profile })
    }

    /// The value that a script returns; the script includes `return`.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|why| panic!("{script}: {why}"))
    }

    /// Waits until a script returns a true value.
    pub(crate) async fn until(&self, script: &str) -> Value {
        let began = Instant::now();
        loop {
            let found = self.run(script).await;
            if !matches!(found, Value::Null | Value::Bool(false)) {
                return found;
            }
            assert!(began.elapsed() < PATIENCE, "never true: {script}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Sets the clock of the page and waits until the picture is drawn.
    pub(crate) async fn at(&self, seconds: f64) {
        self.run(&format!("window.drawn = false; j2v.clock.set({seconds}, false); requestAnimationFrame(() => requestAnimationFrame(() => {{ window.drawn = true; }}))")).await;
        self.until("return window.drawn").await;
    }

    /// The new errors of scripts. A failed request of the page is not an error of its own.
    pub(crate) async fn faults(&self) -> Vec<String> {
        let log = self.client.issue_cmd(Log).await.unwrap();
        let entries = log.as_array().cloned().unwrap_or_default();
        let is_fault = |entry: &&Value| entry["level"] == "SEVERE" && entry["source"] != "network";
        entries.iter().filter(is_fault).map(|entry| entry["message"].to_string()).collect()
    }
}

fn driver() -> Option<(Child, u16)> {
    let mut driver = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
    Some((driver, port.expect("chromedriver says its port")))
}
