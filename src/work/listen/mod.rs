//! The receiver stores a callback, then answers it (`server`), and only then acts on it (`confirm`). A callback's content is
//! a hint: the service is asked before a render changes or an application is notified, except with `--trust`. The receiver is
//! its own fallback: it polls a render whose callback does not come, and handles its outcome in the same way. It sends no
//! movie.

mod agenda;
mod confirm;
mod connection;
mod fallback;
mod server;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use self::confirm::Confirmer;
use self::fallback::Fallback;
use super::Context;
use super::deliver::{Deliverer, DeliveryLimits, Notification, Tally};
use crate::ledger::LedgerError;
use crate::ledger::outbox::Keeping;
use crate::render::identity::hex;
use crate::render::schedule::{Locality, PollInterval};

/// Bytes of the random secret in a generated path: 160 bits.
const SECRET: usize = 20;

/// Whether callbacks are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The service is asked first.
    AskFirst,
    /// The callback is enough (`--trust`).
    Believe,
}

/// The settings of a receiver.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The path that receives callbacks.
    pub path: String,
    /// Whether callbacks are believed.
    pub trust: Trust,
    /// How long a render may be silent before it is polled.
    pub poll_after: Duration,
    /// How often it is polled then.
    pub poll_interval: PollInterval,
    /// How long to wait at the end for an application that is processing an outcome.
    pub grace: Duration,
}

impl Listening {
    /// A receiver at a path. It asks the service first, and polls a render that has been silent for 10 min.
    #[must_use]
    pub fn at(path: &str, locality: Locality) -> Self {
        Self {
            path: path.to_owned(),
            trust: Trust::AskFirst,
            poll_after: Duration::from_secs(600),
            poll_interval: PollInterval::new(locality, None),
            grace: Duration::from_secs(30),
        }
    }
}

/// Why a receiver ended unexpectedly.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The ledger failed before anything was in progress.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// No client can connect any more.
    #[error("no more connections can be accepted")]
    Server(#[source] io::Error),
}

/// Receives until `stop`. Then open callbacks are answered, and deliveries in progress are waited for.
///
/// # Errors
/// See [`ListenError`].
pub async fn listen(
    context: &Context,
    listener: TcpListener,
    listening: &Listening,
    deliverer: &Deliverer,
    heard: impl FnMut(&Notification),
    stop: CancellationToken,
) -> Result<Tally, ListenError> {
    // From now on every process that sees an outcome puts it into the outbox.
    if context.store.receiver(context.space.clone()).await?.is_none() {
        let keeping = Keeping { path: Some(listening.path.clone()), ..Keeping::default() };
        context.store.keep_receiver(context.space.clone(), keeping, context.world.now()).await?;
    }
    let arrived = Arc::new(Notify::new());
    let serving = Box::pin(server::serve(context, listener, &listening.path, Arc::clone(&arrived), stop.clone()));
    let confirmer = Confirmer::new(context, listening, &arrived, deliverer);
    let fallback = Fallback::new(context, listening, deliverer);
    let until = DeliveryLimits { age: Duration::ZERO, all: CancellationToken::new(), stop: stop.clone(), grace: listening.grace };
    // The first to end stops the others. None is dropped while it works.
    let (served, (), (), told) = tokio::join!(
        async {
            let served = serving.await.map_err(ListenError::Server);
            stop.cancel();
            served
        },
        Box::pin(confirmer.run(&stop)),
        Box::pin(fallback.run(&stop)),
        async {
            let told = Box::pin(deliverer.run(&until, heard)).await;
            stop.cancel();
            told
        },
    );
    served?;
    Ok(told?)
}

/// A path that can't be guessed.
///
/// # Errors
/// When the system provides no random numbers.
pub fn secret_path() -> io::Result<String> {
    let mut bytes = [0; SECRET];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("/json2video-callback/{}", hex(&bytes)))
}
