//! The HTTP server for callbacks: one path, whose callbacks are on disk before they are answered. What is stored is the body
//! without the API key, with the project and the token that it names. Any other path returns no information, and no answer
//! repeats what was sent. A request other than a POST to that path is the last one on its connection.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify};
use tokio::time::Instant as Tick;
use tokio_util::sync::CancellationToken;

use super::connection::{Caller, Connections, LimitedListener};
use crate::ledger::inbox::Callback;
use crate::ledger::outbox::Keeping;
use crate::ledger::{LedgerError, Space, Store};
use crate::render::event::{Event, Listener};
use crate::service::client::Client;
use crate::service::webhook;
use crate::work::Context;
use crate::world::World;

/// The largest accepted body, in bytes (`faults.md` row 57).
const LARGEST: usize = 1 << 20;

/// The longest stored content type, in characters.
const LONGEST_TYPE: usize = 200;

/// How long the ledger may take. The service expects an answer within 5 s (`service.md#callbacks`).
const PATIENCE: Duration = Duration::from_secs(4);

/// When to send again a callback that could not be stored, in seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("60");

/// How long requests and answers in progress may take after `stop`.
const LAST: Duration = Duration::from_secs(5);

/// How long an observation of the ledger is valid, so that health requests cost the ledger no more than an occasional
/// callback.
const HOLDS: Duration = Duration::from_secs(1);

/// How long a callback that found no room counts against the ledger when none has been stored since. A smaller write
/// may still find room.
const DOUBTED: Duration = Duration::from_secs(15);

/// Closes the connection after this answer.
const LAST_ANSWER: (HeaderName, HeaderValue) = (header::CONNECTION, HeaderValue::from_static("close"));

/// Whether the ledger last stored callbacks, and when that was seen.
#[derive(Clone, Copy)]
struct LastWrite {
    keeps: bool,
    until: Tick,
}

impl LastWrite {
    fn now(keeps: bool, holds: Duration) -> Self {
        Self { keeps, until: Tick::now() + holds }
    }
}

struct Reception {
    store: Arc<dyn Store>,
    client: Arc<Client>,
    seen: Mutex<Option<LastWrite>>,
    space: Space,
    path: [u8; 32],
    world: World,
    listener: Arc<dyn Listener>,
    arrived: Arc<Notify>,
}

/// Serves until `stop`, then finishes the requests in progress, for at most [`LAST`].
pub(super) fn serve(
    context: &Context,
    listener: TcpListener,
    path: &str,
    arrived: Arc<Notify>,
    stop: CancellationToken,
) -> impl Future<Output = io::Result<()>> + use<> {
    let reception = Reception {
        store: Arc::clone(&context.store),
        client: Arc::clone(&context.client),
        seen: Mutex::new(None),
        space: context.space.clone(),
        path: hash(path),
        world: context.world.clone(),
        listener: Arc::clone(&context.listener),
        arrived,
    };
    let app = Router::new().route("/health", get(health)).fallback(take).layer(DefaultBodyLimit::max(LARGEST));
    let app = app.with_state(Arc::new(reception)).into_make_service_with_connect_info::<Caller>();
    let connections = Connections::default();
    let stopped = stop.clone();
    let serving = axum::serve(LimitedListener::new(listener, connections.clone()), app)
        .with_graceful_shutdown(async move { stopped.cancelled().await });
    async move {
        let mut serving = std::pin::pin!(serving.into_future());
        tokio::select! {
            served = &mut serving => return served,
            () = async { stop.cancelled().await; tokio::time::sleep(LAST).await } => connections.cut_all(),
        }
        serving.await
    }
}

async fn take(State(reception): State<Arc<Reception>>, ConnectInfo(caller): ConnectInfo<Caller>, request: Request) -> Response {
    if !reception.is_path(request.uri().path()) {
        return last(StatusCode::NOT_FOUND);
    }
    if request.method() != Method::POST {
        return last(StatusCode::METHOD_NOT_ALLOWED);
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.chars().take(LONGEST_TYPE).collect();
    match Bytes::from_request(request, &()).await {
        Ok(raw) => {
            let _in_hand = caller.in_hand();
            reception.keep(content_type, raw.to_vec()).await
        }
        // The library's own text would reveal more than a status.
        Err(refused) => last(refused.into_response().status()),
    }
}

fn last(answer: impl IntoResponse) -> Response {
    ([LAST_ANSWER], answer).into_response()
}

/// Reports whether a callback would be stored.
async fn health(State(reception): State<Arc<Reception>>, ConnectInfo(caller): ConnectInfo<Caller>) -> Response {
    let _in_hand = caller.in_hand();
    if reception.would_keep().await { last("ok\n") } else { last(StatusCode::SERVICE_UNAVAILABLE) }
}

impl Reception {
    /// Compares hashes, and each byte of them, so that the time reveals nothing about the path.
    fn is_path(&self, path: &str) -> bool {
        hash(path).iter().zip(&self.path).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
    }

    async fn keep(&self, content_type: String, raw: Vec<u8>) -> Response {
        let raw = self.client.without_key(raw);
        let told = webhook::read(&raw);
        let (space, at) = (self.space.clone(), self.world.now());
        let callback = Callback { space, project: told.project, token: told.token, content_type, raw, at };
        let received = tokio::time::timeout(PATIENCE, self.store.receive(vec![callback])).await;
        let is_full = matches!(received, Ok(Err(LedgerError::Full { .. })));
        *self.seen.lock().await = Some(LastWrite::now(matches!(received, Ok(Ok(_))), if is_full { DOUBTED } else { HOLDS }));
        match received {
            Ok(Ok(_)) => {
                self.arrived.notify_one();
                "ok".into_response()
            }
            Ok(Err(error)) => self.not_kept(&error.to_string()),
            Err(_) => self.not_kept("the ledger does not answer"),
        }
    }

    /// Whether a callback would be stored: by the result of the last one, otherwise by a test write to the ledger.
    async fn would_keep(&self) -> bool {
        let mut seen = self.seen.lock().await;
        if let Some(seen) = seen.filter(|seen| Tick::now() < seen.until) {
            return seen.keeps;
        }
        let write = self.store.keep_receiver(self.space.clone(), Keeping::default(), self.world.now());
        let keeps = matches!(tokio::time::timeout(PATIENCE, write).await, Ok(Ok(_)));
        *seen = Some(LastWrite::now(keeps, HOLDS));
        keeps
    }

    fn not_kept(&self, why: &str) -> Response {
        let why = format!("{why}: a callback was answered with 503; the service does not send it again, so its render is polled");
        self.listener.hear(&Event::Warning(why));
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response()
    }
}

fn hash(path: &str) -> [u8; 32] {
    Sha256::digest(path.as_bytes()).into()
}
