//! The receiver: a callback is kept, then answered, and only then anything is done about it. What it says is a hint;
//! the service is asked before a render changes or an application hears. While it runs it is its own fallback: a
//! render whose callback doesn't come is polled, and its outcome takes the same way.

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

/// Bits of the secret in the path that is made: 160.
const SECRET: usize = 20;

/// Whether a callback is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The service is asked first.
    AskFirst,
    /// Its word is enough (`--trust`).
    Believe,
}

/// How a receiver works.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The path that callbacks come to.
    pub path: String,
    /// Whether they are believed.
    pub trust: Trust,
    /// How long a render may be silent before it is polled.
    pub poll_after: Duration,
    /// How often it is then.
    pub poll_interval: PollInterval,
    /// How long an application that is at an outcome is waited for in the end.
    pub grace: Duration,
}

impl Listening {
    /// A receiver at a path: it asks first, and polls what has been silent for 10 min.
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

/// Why a receiver ended that should not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The ledger failed before anything was out.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Nobody can connect any more.
    #[error("no more connections can be accepted")]
    Server(#[source] io::Error),
}

/// Receives until `stop`: then open callbacks are answered, and what an application is at is waited for.
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
    // From now on outcomes are put aside for somebody, whichever process sees them.
    if context.store.receiver(context.space.clone()).await?.is_none() {
        let keeping = Keeping { path: Some(listening.path.clone()), ..Keeping::default() };
        context.store.keep_receiver(context.space.clone(), keeping, context.world.now()).await?;
    }
    let arrived = Arc::new(Notify::new());
    let serving = Box::pin(server::serve(context, listener, &listening.path, Arc::clone(&arrived), stop.clone()));
    let confirmer = Confirmer::new(context, listening, &arrived, deliverer);
    let fallback = Fallback::new(context, listening, deliverer);
    let until = DeliveryLimits { age: Duration::ZERO, all: CancellationToken::new(), stop: stop.clone(), grace: listening.grace };
    // Whichever ends first ends the others, and nothing is dropped in the middle of it.
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

/// A path that nobody guesses.
///
/// # Errors
/// When the system has no randomness to give.
pub fn secret_path() -> io::Result<String> {
    let mut bytes = [0; SECRET];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(format!("/json2video-callback/{}", hex(&bytes)))
}
