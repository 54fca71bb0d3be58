//! The service on this machine: its contract on loopback, with its oddities, and faults on demand.
//!
//! For use without a key, and for tests: `GET /emulator/state` reports the accepted movies, the number of requests to
//! each path, and the callbacks. It renders nothing. Its project ids begin with `EMU` and its `server` header is
//! `j2v-emulator/VERSION`, so that it can't be mistaken for the service.
//!
//! # State
//! A project shows `pending` for the first tenth of the render time, then `running`, then its end: a pure function
//! of the project and the time. With a folder each project is also a file, and emulators of one folder see each
//! other's projects. Each process counts for itself how often a fault has occurred and a project was read. Webhooks
//! come from the process that accepted the movie, while it runs.
//!
//! # Seed
//! With a seed the n-th project has the same id in every run, and the clock (the `Date` header included) starts at
//! 2026-01-15T12:00:00Z and runs at the machine's speed. In a folder the clock continues from emulator to emulator.
//!
//! # Key
//! Every key is valid except an empty one and those that begin with `wrong`, unless [`KeyRule::Exactly`] is set.
//!
//! # Credits
//! A render costs one credit per second, a failed one nothing. A movie that costs more than the balance is refused.
//!
//! # Scripts
//! A movie can set its own faults and its own course; a field that can't be parsed is refused:
//!
//! ```json
//! { "client-data": { "emulator": {
//!     "fault": ["post-reset", "get-status=503*2"],
//!     "render-time": "200ms",
//!     "outcome": "error",
//!     "message": "Scene #1, element #1: Failed to download 'https://example.com/a.jpg' (404)",
//!     "status": ["running", "pending", "done"],
//!     "webhook-shape": "guide"
//! } } }
//! ```
//!
//! `fault`: see [`catalogue()`]. `outcome`: `done`, `error` (with `message`) or `timeout`. `status`: the statuses of
//! successive reads of the project, whatever the time; the last one stays. A movie's own faults are counted for that
//! movie, and go before those of the emulator. A movie that can't be rendered (no `src`, no length) always fails.

mod account;
mod account_store;
mod answer;
mod backend;
mod clock;
mod create;
pub mod faults;
mod files;
mod h264;
mod headers;
mod list;
mod mp4;
mod oracle;
mod page;
mod payload;
mod plan;
mod query;
mod recording;
mod report;
mod routes;
mod script;
mod seed;
mod state;
mod status;
mod store;
mod webhook;
mod wire;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use self::backend::Backend;
pub use self::faults::{Fault, FaultError, FaultInfo, Place, Takes, catalogue};
use self::recording::play::Player;
use self::recording::record::Recorder;
pub use self::recording::record::{Answered, Asked, Passing, Upstream};
pub use self::state::{Shape, ShapeError};
use self::wire::{Listener, Wire};
use crate::world::World;

/// How long the service keeps a file (`service.md#retention`).
const RETENTION: Duration = Duration::from_secs(7 * 24 * 3600);

/// How long a file stays `pending` after its bytes arrived: "some seconds" in the service, less here.
const MEDIA_SETTLE: Duration = Duration::from_millis(300);

/// Which keys are valid.
#[derive(Clone)]
pub enum KeyRule {
    /// Any but an empty one and those that begin with `wrong`.
    Any,
    /// This one.
    Exactly(String),
}

/// The settings of an emulator.
pub struct Settings {
    /// The address that it listens on; port 0 is any free port.
    pub bind: SocketAddr,
    /// How long a render takes.
    pub render_time: Duration,
    /// The seed. The same seed gives the same ids, times and random numbers.
    pub seed: Option<u64>,
    /// The initial balance; without one the balance is always sufficient.
    pub credits: Option<u64>,
    /// Faults for every movie.
    pub faults: Vec<Fault>,
    /// The folder of the projects; without a folder they exist only in memory.
    pub folder: Option<PathBuf>,
    /// Which keys are valid.
    pub key: KeyRule,
    /// The form of webhooks.
    pub webhook_shape: Shape,
    /// How long files are kept after the end of a render.
    pub retention: Duration,
    /// How long a file of the media stays `pending` after its bytes arrived.
    pub media_settle: Duration,
    /// The clock, and the random numbers of an emulator without a seed.
    pub world: World,
}

impl Settings {
    /// A free port on loopback, renders of 2 s, any key, no faults, nothing kept.
    #[must_use]
    pub fn new(world: World) -> Self {
        Self {
            bind: (Ipv4Addr::LOCALHOST, 0).into(),
            render_time: Duration::from_secs(2),
            seed: None,
            credits: None,
            faults: Vec::new(),
            folder: None,
            key: KeyRule::Any,
            webhook_shape: Shape::default(),
            retention: RETENTION,
            media_settle: MEDIA_SETTLE,
            world,
        }
    }
}

/// Why an emulator can't be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The address is in use, or not one of this machine.
    #[error("the emulator can't listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// The system's message.
        #[source]
        source: io::Error,
    },
    /// The folder can't be made or read.
    #[error("the emulator can't use its folder {folder}", folder = folder.display())]
    Folder {
        /// The path of the folder.
        folder: PathBuf,
        /// The system's message.
        #[source]
        source: io::Error,
    },
}

/// A running emulator; it ends when it is dropped.
pub struct Emulator {
    address: SocketAddr,
    stop: DropGuard,
    serving: JoinHandle<io::Result<()>>,
}

impl Emulator {
    /// Starts an emulator, as tasks of the current tokio runtime of either kind.
    ///
    /// # Errors
    /// When the address can't be bound, or the folder can't be used.
    pub async fn start(settings: Settings) -> Result<Self, EmulatorError> {
        let (listener, address) = bound(settings.bind).await?;
        let folder = settings.folder.clone().unwrap_or_default();
        let failed = |source| EmulatorError::Folder { folder: folder.clone(), source };
        let uploads = bind_uploads(address.ip(), settings.folder.as_deref()).await.map_err(failed)?;
        let upload_address = uploads.local_addr().map_err(failed)?;
        let backend = Arc::new(Backend::open(settings, address, upload_address).map_err(failed)?);
        let stop = backend.stop.clone();
        tokio::spawn(serve(uploads, account::routes::upload_router(Arc::clone(&backend)), stop.clone()));
        Ok(Self::serve(listener, address, routes::router(backend), stop))
    }

    /// Starts a proxy in front of an API that records every exchange into a folder.
    ///
    /// # Errors
    /// As [`Emulator::start`].
    pub async fn record(bind: SocketAddr, folder: &Path, upstream: Arc<dyn Upstream>, world: World) -> Result<Self, EmulatorError> {
        let (listener, address) = bound(bind).await?;
        let recorder =
            Recorder::new(upstream, folder, world).map_err(|source| EmulatorError::Folder { folder: folder.to_owned(), source })?;
        Ok(Self::serve(listener, address, recorder.router(), CancellationToken::new()))
    }

    /// Starts a server that replays the recording of a folder.
    ///
    /// # Errors
    /// As [`Emulator::start`], and when the folder holds no recording.
    pub async fn play(bind: SocketAddr, folder: &Path) -> Result<Self, EmulatorError> {
        let player = Player::read(folder).map_err(|source| EmulatorError::Folder { folder: folder.to_owned(), source })?;
        let (listener, address) = bound(bind).await?;
        Ok(Self::serve(listener, address, player.router(), CancellationToken::new()))
    }

    fn serve(listener: TcpListener, address: SocketAddr, router: Router, stop: CancellationToken) -> Self {
        let serving = tokio::spawn(serve(listener, router, stop.clone()));
        Self { address, stop: stop.drop_guard(), serving }
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The API address for clients: `http://127.0.0.1:PORT/v2`.
    #[must_use]
    pub fn api_url(&self) -> String {
        format!("http://{}/v2", self.address)
    }

    /// Ends every connection, including hanging ones, and waits until they are closed.
    pub async fn stop(self) {
        drop(self.stop);
        // A server that panicked has ended as well.
        let _ = self.serving.await;
    }
}

/// The address of the storage host, which receives and delivers the bytes of files. A folder's storage host keeps its
/// first port, if that port is free, so that the URLs of its files stay valid.
async fn bind_uploads(ip: IpAddr, folder: Option<&Path>) -> io::Result<TcpListener> {
    let Some(folder) = folder else { return TcpListener::bind((ip, 0)).await };
    let kept = folder.join("media-port");
    if let Some(port) = std::fs::read_to_string(&kept).ok().and_then(|port| port.trim().parse::<u16>().ok())
        && let Ok(listener) = TcpListener::bind((ip, port)).await
    {
        return Ok(listener);
    }
    let listener = TcpListener::bind((ip, 0)).await?;
    if !kept.exists() {
        std::fs::create_dir_all(folder)?;
        std::fs::write(kept, listener.local_addr()?.port().to_string())?;
    }
    Ok(listener)
}

/// Serves until the token is cancelled, which ends every connection.
async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) -> io::Result<()> {
    let app = router.into_make_service_with_connect_info::<Wire>();
    axum::serve(Listener::new(listener, stop.clone()), app).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// A bound socket, and its address.
async fn bound(bind: SocketAddr) -> Result<(TcpListener, SocketAddr), EmulatorError> {
    let refused = |source| EmulatorError::Bind { address: bind, source };
    let listener = TcpListener::bind(bind).await.map_err(refused)?;
    let address = listener.local_addr().map_err(refused)?;
    Ok((listener, address))
}
