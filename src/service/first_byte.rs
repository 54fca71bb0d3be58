//! The durable step: a layer of the submit client's connector. It runs the caller's hook after the connection (TCP and
//! TLS) is established and before the first byte of the request (`protocol.md#the-order-of-the-durable-step`).
//!
//! One client serves all POSTs, so that they share its TLS set-up; each POST passes its own `SendGuard` in a
//! task-local. A connection without a guard, or a second one for the same guard, is refused: nothing can be
//! written that was not claimed.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::watch;
use tokio::time::timeout;
use tower_layer::Layer;
use tower_service::Service;

/// What must be durable before the first byte is sent. It is called at most once.
pub type BeforeFirstByte = Box<dyn FnOnce() -> BoxFuture<'static, Result<(), HookRefused>> + Send>;

/// The durable step failed or was refused: the request must not be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HookRefused(pub String);

/// The connection was not established in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no connection was made in time")]
pub(super) struct ConnectTimedOut;

/// The stage of a POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing was written.
    Connecting,
    /// The hook refused: nothing was written, and nothing will be.
    Stopped(String),
    /// The hook has finished: bytes may have been sent.
    Open,
}

tokio::task_local! {
    static GUARD: Arc<SendGuard>;
}

/// The hook of one POST, and the stage of that POST.
pub(super) struct SendGuard {
    hook: Mutex<Option<BeforeFirstByte>>,
    stage: watch::Sender<Stage>,
}

impl SendGuard {
    pub(super) fn new(hook: BeforeFirstByte) -> Arc<Self> {
        Arc::new(Self { hook: Mutex::new(Some(hook)), stage: watch::Sender::new(Stage::Connecting) })
    }

    /// Runs a request whose connection passes this guard.
    pub(super) async fn guard<F: Future>(self: Arc<Self>, request: F) -> F::Output {
        GUARD.scope(self, request).await
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage.borrow().clone()
    }

    /// Ends when the time for an answer is over. The time starts when the hook has finished, so that a slow disk does not
    /// shorten the time of the service.
    pub(super) async fn out_of_time(&self, limit: Duration) {
        // The sender is a field of this guard, so it is never closed during this wait.
        let mut stage = self.stage.subscribe();
        drop(stage.wait_for(|stage| *stage == Stage::Open).await);
        tokio::time::sleep(limit).await;
    }

    async fn pass(&self) -> Result<(), HookRefused> {
        let hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner).take();
        let verdict = match hook {
            Some(hook) => hook().await,
            None => return Err(HookRefused("a second connection for one POST".to_owned())),
        };
        self.stage.send_replace(match &verdict {
            Ok(()) => Stage::Open,
            Err(refused) => Stage::Stopped(refused.0.clone()),
        });
        verdict
    }
}

/// Wraps a connector in [`GuardedConnector`].
#[derive(Debug, Clone, Copy)]
pub(super) struct GuardLayer {
    /// How long the connection may take. The hook's time is not part of it.
    pub(super) connect: Duration,
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardedConnector<S>;

    fn layer(&self, connector: S) -> Self::Service {
        GuardedConnector { connector, connect: self.connect }
    }
}

/// A connector that returns its connection only after the guard of the current POST has opened.
#[derive(Debug, Clone)]
pub(super) struct GuardedConnector<S> {
    connector: S,
    connect: Duration,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<S, Target> Service<Target> for GuardedConnector<S>
where
    S: Service<Target, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(context)
    }

    fn call(&mut self, target: Target) -> Self::Future {
        let connecting = self.connector.call(target);
        let limit = self.connect;
        Box::pin(async move {
            let guard = GUARD.try_with(Arc::clone).map_err(|_| HookRefused("a connection without a durable step".to_owned()))?;
            let connection = timeout(limit, connecting).await.map_err(|_| ConnectTimedOut)??;
            guard.pass().await?;
            Ok(connection)
        })
    }
}
