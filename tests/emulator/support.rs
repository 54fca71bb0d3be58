//! An emulator under test, and two ways to talk to it: an HTTP client, and a bare socket that sees the bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use j2v::emulator::{Emulator, Fault, Settings};
use j2v::world::{Clock, Timestamp, World};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A clock that a test moves.
pub(crate) struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A running emulator, its clock, and a client.
pub(crate) struct Service {
    pub(crate) emulator: Emulator,
    pub(crate) client: reqwest::Client,
    hands: Arc<Hands>,
}

/// Settings with a still clock at 2026-03-14T15:09:26.000Z.
pub(crate) fn settings() -> (Settings, Arc<Hands>) {
    let hands = Arc::new(Hands(AtomicI64::new(Timestamp::from_iso("2026-03-14T15:09:26.000Z").unwrap().0)));
    let world = World { clock: hands.clone(), ..World::real() };
    (Settings::new(world), hands)
}

impl Service {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn faulty(faults: &[&str]) -> Self {
        Self::with(|settings| settings.faults = faults.iter().map(|text| Fault::parse(text).unwrap()).collect()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let (mut settings, hands) = settings();
        change(&mut settings);
        Self { emulator: Emulator::start(settings).await.unwrap(), client: client(), hands }
    }

    /// Moves the clock on.
    pub(crate) fn pass(&self, time: Duration) {
        self.hands.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Lets every render end.
    pub(crate) fn render(&self) {
        self.pass(Duration::from_secs(2));
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.emulator.address())
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.client.get(self.url(path)).header("x-api-key", "key")).await
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        answer(self.client.delete(self.url(path)).header("x-api-key", "key")).await
    }

    pub(crate) async fn post(&self, movie: &Value) -> (u16, Value) {
        answer(self.client.post(self.url("/v2/movies")).header("x-api-key", "key").body(movie.to_string())).await
    }

    /// POSTs a movie that is accepted; returns its project.
    pub(crate) async fn project(&self, movie: &Value) -> String {
        let (status, body) = self.post(movie).await;
        assert_eq!(status, 200, "{body}");
        body["project"].as_str().unwrap().to_owned()
    }

    /// The `movie` object of a project.
    pub(crate) async fn movie(&self, project: &str) -> Value {
        let (status, body) = self.get(&format!("/v2/movies?project={project}")).await;
        assert_eq!(status, 200, "{body}");
        body["movie"].clone()
    }

    pub(crate) async fn state(&self) -> Value {
        self.get("/emulator/state").await.1
    }

    pub(crate) async fn accepted(&self) -> usize {
        self.state().await["accepted"].as_array().unwrap().len()
    }

    /// Sends bytes and reads until the connection ends; returns the received text, and how the connection ended.
    pub(crate) async fn raw(&self, request: &str) -> (String, std::io::Result<()>) {
        let mut stream = TcpStream::connect(self.emulator.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let end = stream.read_to_end(&mut bytes).await.map(|_| ());
        (String::from_utf8_lossy(&bytes).into_owned(), end)
    }
}

/// The bytes of a POST.
pub(crate) fn post_bytes(movie: &Value) -> String {
    let body = movie.to_string();
    format!("POST /v2/movies HTTP/1.1\r\nhost: x\r\nx-api-key: key\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

/// The bytes of a GET, after which the connection ends.
pub(crate) fn get_bytes(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\nx-api-key: key\r\nconnection: close\r\n\r\n")
}

#[expect(clippy::disallowed_methods, reason = "a test's own client, against loopback")]
fn client() -> reqwest::Client {
    // The first test chooses; nothing here speaks TLS.
    rustls::crypto::ring::default_provider().install_default().ok();
    reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A movie of 5 s.
pub(crate) fn movie() -> Value {
    json!({ "resolution": "sd", "scenes": [{ "duration": 5 }] })
}

/// A movie with a script for the emulator.
pub(crate) fn scripted(script: &Value) -> Value {
    json!({ "scenes": [{ "duration": 5 }], "client-data": { "emulator": script } })
}
