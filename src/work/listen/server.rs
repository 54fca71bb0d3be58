//! The door for the service: one path, whose callbacks are on disk before they are answered. Any other path is nothing
//! at all, and no answer repeats what was sent.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::connection::Polite;
use crate::ledger::inbox::Callback;
use crate::ledger::{Space, Store};
use crate::render::event::{Event, Listener};
use crate::service::webhook;
use crate::work::Desk;
use crate::world::World;

/// The largest body that is taken, bytes (`faults.md` row 57).
const LARGEST: usize = 1 << 20;

/// The longest content type that is kept, characters.
const LONGEST_TYPE: usize = 200;

/// How long the ledger may take: the service wants its answer within 5 s (`service.md#callbacks`).
const PATIENCE: Duration = Duration::from_secs(4);

/// When somebody whose callback could not be kept may come again, seconds.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("60");

struct Reception {
    store: Arc<dyn Store>,
    space: Space,
    path: [u8; 32],
    world: World,
    listener: Arc<dyn Listener>,
    arrived: Arc<Notify>,
}

/// Serves until `stop`, and then until what was begun is answered.
pub(super) fn serve(
    desk: &Desk,
    listener: TcpListener,
    path: &str,
    arrived: Arc<Notify>,
    stop: CancellationToken,
) -> impl Future<Output = io::Result<()>> + use<> {
    let reception = Reception {
        store: Arc::clone(&desk.store),
        space: desk.space.clone(),
        path: hash(path),
        world: desk.world.clone(),
        listener: Arc::clone(&desk.listener),
        arrived,
    };
    let app = Router::new().route("/health", get(health)).fallback(take).layer(DefaultBodyLimit::max(LARGEST));
    let app = app.with_state(Arc::new(reception));
    axum::serve(Polite::new(listener), app).with_graceful_shutdown(async move { stop.cancelled().await }).into_future()
}

async fn take(State(reception): State<Arc<Reception>>, request: Request) -> Response {
    if !reception.is_path(request.uri().path()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if request.method() != Method::POST {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.chars().take(LONGEST_TYPE).collect();
    match Bytes::from_request(request, &()).await {
        Ok(raw) => reception.keep(content_type, &raw).await,
        // Its own words would tell more of us than a status.
        Err(refused) => refused.into_response().status().into_response(),
    }
}

/// Whether a callback would be kept.
async fn health(State(reception): State<Arc<Reception>>) -> Response {
    match reception.store.receiver(reception.space.clone()).await {
        Ok(_) => "ok\n".into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

impl Reception {
    /// By their hashes, each byte of them, so that the time it takes says nothing about the path.
    fn is_path(&self, path: &str) -> bool {
        hash(path).iter().zip(&self.path).fold(0, |difference, (one, other)| difference | (one ^ other)) == 0
    }

    async fn keep(&self, content_type: String, raw: &[u8]) -> Response {
        let told = webhook::read(raw);
        let (space, at) = (self.space.clone(), self.world.now());
        let callback = Callback { space, project: told.project, token: told.token, content_type, raw: raw.to_vec(), at };
        match tokio::time::timeout(PATIENCE, self.store.receive(vec![callback])).await {
            Ok(Ok(_)) => {
                self.arrived.notify_one();
                "ok".into_response()
            }
            Ok(Err(error)) => self.not_kept(&error.to_string()),
            Err(_) => self.not_kept("the ledger does not answer"),
        }
    }

    fn not_kept(&self, why: &str) -> Response {
        let why = format!("{why}: a callback was answered with 503; the service doesn't send it again, so its render is polled");
        self.listener.hear(&Event::Warning(why));
        (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)]).into_response()
    }
}

fn hash(path: &str) -> [u8; 32] {
    Sha256::digest(path.as_bytes()).into()
}
