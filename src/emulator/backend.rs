//! The shared state of all routes: settings, projects, faults, clock, and the log for tests.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, header};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::account_store::AccountStore;
use super::clock::Clock;
use super::faults::injector::Injector;
use super::report::Viewpoint;
use super::seed::Seed;
use super::state::{Looks, Phase, Record, Shape};
use super::store::Store;
use super::{KeyRule, Settings};
use crate::world::Timestamp;

/// The balance of an account without a given one.
const PLENTY: u64 = 1_000_000;

/// The emulated service.
pub(super) struct Backend {
    /// The emulator's time.
    pub(super) clock: Clock,
    /// Chooses the faults.
    pub(super) injector: Injector,
    /// The default render time.
    pub(super) render_time: Duration,
    /// The default body of webhooks.
    pub(super) shape: Shape,
    /// How long files are kept.
    pub(super) retention: Duration,
    /// Cancelled when the emulator stops.
    pub(super) stop: CancellationToken,
    credits: Option<u64>,
    key: KeyRule,
    address: SocketAddr,
    /// The address of the storage host.
    uploads: SocketAddr,
    /// Templates and media.
    pub(super) account: AccountStore,
    /// How long a file stays `pending` after its bytes arrived.
    pub(super) media_settle: Duration,
    seed: Seed,
    store: Mutex<Store>,
    log: Mutex<Log>,
    looks: Mutex<HashMap<String, Looks>>,
}

/// Requests and callbacks. Keys are counted, never stored.
#[derive(Default)]
pub(super) struct Log {
    /// The number of requests of each "METHOD path".
    pub(super) requests: BTreeMap<String, u64>,
    /// The numbers of status requests and of list requests.
    pub(super) looks: BTreeMap<&'static str, u64>,
    /// The numbers of accepted, wrong, missing and misplaced keys.
    pub(super) keys: BTreeMap<&'static str, u64>,
    /// Callbacks, in the order of their end.
    pub(super) webhooks: Vec<Value>,
}

/// The state of a request's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyCheck {
    /// Valid.
    Accepted,
    /// Not a key of this account.
    Wrong,
    /// Absent.
    Missing,
}

impl Backend {
    /// Opens the projects of the settings' folder.
    pub(super) fn open(settings: Settings, address: SocketAddr, uploads: SocketAddr) -> io::Result<Self> {
        let seed = Seed(settings.seed.unwrap_or_else(|| settings.world.rng.next_u64()));
        let folder = settings.folder.as_deref();
        let store = Store::open(seed, folder)?;
        Ok(Self {
            clock: Clock::open(settings.world, settings.seed.is_some(), folder)?,
            injector: Injector::new(settings.faults, seed),
            render_time: settings.render_time,
            shape: settings.webhook_shape,
            retention: settings.retention,
            stop: CancellationToken::new(),
            credits: settings.credits,
            key: settings.key,
            address,
            uploads,
            account: AccountStore::open(folder)?,
            media_settle: settings.media_settle,
            seed,
            store: Mutex::new(store),
            log: Mutex::default(),
            looks: Mutex::default(),
        })
    }

    /// The projects.
    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The log.
    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks the key of a request.
    pub(super) fn check_key(&self, headers: &HeaderMap) -> KeyCheck {
        let key = key_of(headers);
        match &self.key {
            _ if key.is_empty() => KeyCheck::Missing,
            KeyRule::Any if key.starts_with("wrong") => KeyCheck::Wrong,
            KeyRule::Any => KeyCheck::Accepted,
            KeyRule::Exactly(right) if right == key => KeyCheck::Accepted,
            KeyRule::Exactly(_) => KeyCheck::Wrong,
        }
    }

    /// The id of the n-th template: 20 letters and digits, like the service's.
    pub(super) fn template_id(&self, n: u64) -> String {
        let (first, second) = (self.seed.project_id(n.wrapping_mul(2)), self.seed.project_id(n.wrapping_mul(2) + 1));
        first.chars().chain(second.chars().skip(12)).collect()
    }

    /// A random word that can't be guessed.
    pub(super) fn grant(&self, n: u64) -> String {
        let next_u64 = |place: u64| self.seed.next_u64("grant", n.wrapping_mul(2).wrapping_add(place));
        format!("{:016x}{:016x}", next_u64(0), next_u64(1))
    }

    /// `http://HOST` of the storage host.
    pub(super) fn media_origin(&self) -> String {
        format!("http://{}", self.uploads)
    }

    /// `http://HOST` as the client sees it, so that a URL stays valid when another process serves the folder.
    pub(super) fn origin(&self, headers: &HeaderMap) -> String {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        host.map_or_else(|| format!("http://{}", self.address), |host| format!("http://{host}"))
    }

    /// Counts a read of a project.
    pub(super) fn look<'a>(&self, record: &Record, now: Timestamp, origin: &'a str) -> Viewpoint<'a> {
        let mut all = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let looks = all.entry(record.project.clone()).or_default();
        let before = *looks;
        looks.all += 1;
        looks.done += usize::from(record.phase(now) == Phase::Done);
        Viewpoint { now, looks: before, origin, retention: self.retention }
    }

    /// Whether the account can pay for a render. A render that costs nothing still needs a balance.
    pub(super) fn can_pay(&self, record: &Record) -> io::Result<bool> {
        let Some(credits) = self.credits else { return Ok(true) };
        Ok(self.store().spent()?.saturating_add(record.credits().max(1)) <= credits)
    }

    /// `remaining_quota` (`service.md#status`).
    pub(super) fn quota(&self) -> io::Result<Value> {
        let left = self.credits.unwrap_or(PLENTY).saturating_sub(self.store().spent()?);
        Ok(json!({ "time": left }))
    }

    /// Deletes all projects, counts and callbacks.
    pub(super) fn reset(&self) -> io::Result<()> {
        self.store().clear()?;
        self.account.clear()?;
        *self.log() = Log::default();
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.injector.reset();
        Ok(())
    }
}

fn key_of(headers: &HeaderMap) -> &str {
    headers.get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default()
}

/// Whether the key's role may change templates: the text of a key can name a lower role.
pub(super) fn may_write_templates(headers: &HeaderMap) -> bool {
    !["render-", "viewer-"].iter().any(|role| key_of(headers).starts_with(role))
}

/// Whether the key's role may use the media.
pub(super) fn may_use_media(headers: &HeaderMap) -> bool {
    !key_of(headers).starts_with("viewer-")
}
