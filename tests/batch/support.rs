//! A context with an emulator, and rows to run.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use j2v::emulator::{Emulator, Settings};
use j2v::ledger::Store;
use j2v::ledger::sqlite::Sqlite;
use j2v::movie::Document;
use j2v::render::event::{Event, Listener};
use j2v::render::identity::{Key, MovieHash};
use j2v::render::schedule::{Locality, PollInterval};
use j2v::service::client::{self, Client, Timeouts};
use j2v::service::endpoint::ApiUrl;
use j2v::service::secret::ApiKey;
use j2v::work::Context;
use j2v::work::batch::{Ended, Entry, Follow, Item, Rules, Run, StopReason, run};
use j2v::world::World;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// The context of one test, and its events.
pub(crate) struct Office {
    pub(crate) context: Context,
    emulator: Option<Emulator>,
    pub(crate) heard: Arc<Heard>,
}

/// All events.
#[derive(Default)]
pub(crate) struct Heard(Mutex<Vec<Event>>);

impl Listener for Heard {
    fn hear(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Heard {
    /// The warnings so far.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let text = |event: &Event| if let Event::Warning(text) = event { Some(text.clone()) } else { None };
        self.0.lock().unwrap().iter().filter_map(text).collect()
    }
}

impl Office {
    pub(crate) async fn with(faults: &[&str]) -> Self {
        let world = World::real();
        let mut settings = Settings::new(world.clone());
        settings.render_time = Duration::from_millis(100);
        settings.faults = faults.iter().map(|fault| fault.parse().unwrap()).collect();
        Self::of(settings, Sqlite::in_memory(&World::real()).unwrap()).await
    }

    pub(crate) async fn of(settings: Settings, store: impl Store + 'static) -> Self {
        let world = World::real();
        let emulator = Emulator::start(settings).await.unwrap();
        let url = ApiUrl::parse(&emulator.api_url()).unwrap();
        let timeouts = Timeouts { request: Duration::from_millis(700), ..Timeouts::default() };
        let client = Client::new(client::Settings { url, key: ApiKey::parse("key").unwrap(), timeouts, world: world.clone() });
        let heard = Arc::new(Heard::default());
        let listener = Arc::clone(&heard) as Arc<dyn Listener>;
        let context = Context { listener, ..Context::new(client, store, world) };
        Self { context, emulator: Some(emulator), heard }
    }

    fn address(&self) -> SocketAddr {
        self.emulator.as_ref().unwrap().address()
    }

    /// Stops the emulator and starts another one in its place.
    pub(crate) async fn restart(&mut self, settings: Settings) {
        let bind = self.address();
        self.emulator.take().unwrap().stop().await;
        self.emulator = Some(Emulator::start(Settings { bind, ..settings }).await.unwrap());
    }

    /// The number of accepted POSTs: the renders that the user pays for.
    pub(crate) async fn accepted(&self) -> usize {
        self.oracle().await["accepted"].as_array().unwrap().len()
    }

    /// The number of requests of this kind.
    pub(crate) async fn requests(&self, kind: &str) -> u64 {
        self.oracle().await["requests"][kind].as_u64().unwrap_or(0)
    }

    /// The emulator's record of requests and accepted movies.
    async fn oracle(&self) -> serde_json::Value {
        let mut stream = TcpStream::connect(self.address()).await.unwrap();
        stream.write_all(b"GET /emulator/state HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        serde_json::from_slice(&answer[end + 4..]).unwrap()
    }

    /// Runs rows to their end.
    pub(crate) async fn run(&self, how: &Run, items: Vec<Item>) -> (Vec<Ended>, Option<StopReason>) {
        let (sender, rows) = mpsc::channel(2);
        let mut ended = Vec::new();
        let feed = async {
            for chunk in items.chunks(50) {
                sender.send(chunk.iter().cloned().map(Entry::Good).collect()).await.ok();
            }
            drop(sender);
        };
        let (stop, ()) = tokio::join!(Box::pin(run(&self.context, how, rows, |end| ended.push(end))), feed);
        ended.sort_by_key(|end| end.number);
        (ended, stop.unwrap())
    }
}

/// A run with the rules that the command has by default, on loopback.
pub(crate) fn plan(rows: u64) -> Run {
    Run {
        name: "flats".to_owned(),
        source: "flat.json".to_owned(),
        flags: Vec::new(),
        rows,
        rules: Rules::default(),
        concurrency: 4,
        interval: None,
        follow: Some(Follow { poll_interval: PollInterval::new(Locality::Loopback, None), timeout: Duration::from_secs(60) }),
        saving: None,
        tells_client_data: false,
        traceable: true,
        on_unknown: None,
        quarantine: None,
        settle_for: Duration::from_secs(2),
    }
}

/// A row with a movie of this text.
pub(crate) fn item(number: u64, text: &str) -> Item {
    let movie = json!({"scenes": [{"duration": 1, "elements": [{"type": "text", "text": text}]}]});
    let document = Document::parse("test", movie.to_string()).unwrap();
    Item {
        number,
        key: Key::parse(&format!("flat {number}")).unwrap(),
        stem: None,
        movie: MovieHash::of(document.canonical().as_bytes()),
        body: document.to_compact().into_bytes(),
        estimate: Some(1),
    }
}

/// This many rows, each with its own movie.
pub(crate) fn items(count: u64) -> Vec<Item> {
    (1..=count).map(|number| item(number, &number.to_string())).collect()
}
