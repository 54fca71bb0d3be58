//! Ledgers for tests, and drafts to place in them.

use std::path::PathBuf;
use std::time::Duration;

#[cfg(all(unix, feature = "postgres"))]
use j2v::ledger::postgres::{Address, Postgres};
use j2v::ledger::sqlite::Sqlite;
use j2v::ledger::{Again, Change, NewRender, PlaceResult, Record, Recorded, Render, RenderId, RenderQuery, SUBMIT_SCOPE, Space, Store};
use j2v::render::identity::{Key, MovieHash, ProjectId};
use j2v::render::outcome::{Reason, Refusal, Report};
use j2v::render::state::{Fact, InvalidTransition, OnUnknown};
use j2v::world::{Timestamp, World};
use serde_json::json;
use tempfile::TempDir;

/// The place of a ledger.
pub(crate) trait Home {
    /// Its store.
    type Store: Store + 'static;

    /// Another handle on the same ledger.
    fn open(&self) -> Self::Store;
}

/// A ledger in its own file.
pub(crate) struct OnFile {
    folder: TempDir,
}

impl OnFile {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("state").join("ledger.db")
    }
}

impl Home for OnFile {
    type Store = Sqlite;

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path(), &World::real()).unwrap()
    }
}

/// A ledger in memory: it has only one handle.
pub(crate) struct InMemory;

impl Home for InMemory {
    type Store = Sqlite;

    fn open(&self) -> Sqlite {
        Sqlite::in_memory(&World::real()).unwrap()
    }
}

/// A ledger in its own database.
#[cfg(all(unix, feature = "postgres"))]
pub(crate) struct OnServer {
    url: String,
}

#[cfg(all(unix, feature = "postgres"))]
impl OnServer {
    /// `None` where there is no server.
    pub(crate) fn new() -> Option<Self> {
        crate::cluster::shared().map(|cluster| Self { url: cluster.database() })
    }
}

#[cfg(all(unix, feature = "postgres"))]
impl Home for OnServer {
    type Store = Postgres;

    fn open(&self) -> Postgres {
        open(&self.url)
    }
}

/// Opens a ledger on a server, also from outside a runtime.
#[cfg(all(unix, feature = "postgres"))]
pub(crate) fn open(url: &str) -> Postgres {
    let address = Address::parse(url).unwrap();
    let opening = || tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(Postgres::open(address, World::real()));
    std::thread::scope(|threads| threads.spawn(opening).join().unwrap()).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp(1_700_000_000_000 + second * 1000)
}

pub(crate) fn space() -> Space {
    Space { account: "default".to_owned(), endpoint: "https://api.example/v2".to_owned() }
}

pub(crate) fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

pub(crate) fn project(letter: char) -> ProjectId {
    ProjectId::parse(&letter.to_string().repeat(16)).unwrap()
}

/// A draft with the user's own key and this movie.
pub(crate) fn named(name: &str, movie: &str) -> NewRender {
    NewRender {
        space: space(),
        scope: SUBMIT_SCOPE.to_owned(),
        key: key(name),
        named: true,
        movie: MovieHash::of(movie.as_bytes()),
        body: movie.as_bytes().to_vec(),
        traceable: true,
        source: "movie.json".to_owned(),
        flags: vec!["--var".to_owned(), "city=Berlin".to_owned()],
        on_unknown: OnUnknown::Hold,
        quarantine: Duration::from_secs(900),
        again: Again::No,
        row: None,
        at: at(0),
    }
}

/// A draft without a key of the user's.
pub(crate) fn unnamed(next_u64: u64, movie: &str) -> NewRender {
    NewRender { key: Key::random(next_u64), named: false, ..named("x", movie) }
}

pub(crate) fn again(draft: NewRender) -> NewRender {
    NewRender { again: Again::Yes, ..draft }
}

/// Places one draft.
pub(crate) async fn place(store: &impl Store, draft: NewRender) -> PlaceResult {
    store.place(vec![draft]).await.unwrap().remove(0)
}

/// Places a draft that must become a new row.
pub(crate) async fn new(store: &impl Store, draft: NewRender) -> Render {
    match place(store, draft).await {
        PlaceResult::New(render) => render,
        PlaceResult::Existing(render) => panic!("{} already exists", render.key),
    }
}

/// Records one change at a time in seconds.
pub(crate) async fn change(store: &impl Store, render: RenderId, change: Change, second: i64) -> Result<Recorded, InvalidTransition> {
    store.record(vec![Record { render, change, at: at(second) }]).await.unwrap().remove(0)
}

/// Records one fact at a time in seconds; it must be in order.
pub(crate) async fn fact(store: &impl Store, render: RenderId, fact: Fact, second: i64) -> Recorded {
    change(store, render, Change::Fact(fact), second).await.unwrap()
}

/// The row with this id.
pub(crate) async fn row(store: &impl Store, render: RenderId) -> Render {
    store.find(None, RenderQuery::Id(render)).await.unwrap().remove(0)
}

/// The kinds of the history's entries.
pub(crate) async fn kinds(store: &impl Store, render: RenderId) -> Vec<String> {
    store.history(render).await.unwrap().into_iter().map(|event| event.kind).collect()
}

pub(crate) fn accepted(letter: char) -> Fact {
    Fact::Accepted { project: project(letter) }
}

pub(crate) fn lost(epoch: u64) -> Fact {
    Fact::Lost { epoch, why: "no answer".to_owned() }
}

pub(crate) fn refused(epoch: u64) -> Fact {
    Fact::Refused { epoch, refusal: Refusal { reason: Reason::Credits, message: "no credits left".to_owned() } }
}

/// A report with these fields besides the project.
pub(crate) fn seen(letter: char, fields: &serde_json::Value) -> Fact {
    let mut movie = json!({"project": project(letter).as_str()});
    for (name, value) in fields.as_object().unwrap() {
        movie[name] = value.clone();
    }
    Fact::Seen(Box::new(Report::read(&movie).unwrap()))
}

/// Runs every test of a file on one kind of ledger.
macro_rules! on {
    ($module:ident, $home:expr, [$($name:ident),* $(,)?]) => {
        mod $module {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&$home).await;
            })*
        }
    };
}

/// Runs every test of a file on a ledger that several machines may share.
#[cfg(all(unix, feature = "postgres"))]
macro_rules! on_server {
    ($module:ident, [$($name:ident),* $(,)?]) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if let Some(home) = $crate::fixture::OnServer::new() {
                    super::$name(&home).await;
                }
            })*
        }
    };
}

/// Runs every test of a file on each kind of ledger.
macro_rules! on_each {
    ($names:tt) => {
        $crate::fixture::on!(in_memory, crate::fixture::InMemory, $names);
        $crate::fixture::on!(on_file, crate::fixture::OnFile::new(), $names);
        #[cfg(all(unix, feature = "postgres"))]
        $crate::fixture::on_server!(on_server, $names);
    };
}

#[cfg(all(unix, feature = "postgres"))]
pub(crate) use on_server;
pub(crate) use {on, on_each};
