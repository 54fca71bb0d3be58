//! The only builder of HTTP clients, and how long each phase of their requests may take.

use std::time::Duration;

use reqwest::{ClientBuilder, redirect, retry as resend};

use super::wire::{choose_cryptography, tls_without_roots};

/// The `User-Agent` of every request.
pub const USER_AGENT: &str = concat!("j2v/", env!("CARGO_PKG_VERSION"));

/// How long each phase of a request may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name resolution, TCP and TLS together.
    pub connect: Duration,
    /// From the first byte of the request to the end of its answer; of a read, to the head of its answer.
    pub request: Duration,
    /// The body of an answer to a read: list pages hold megabytes.
    pub body: Duration,
}

impl Default for Timeouts {
    /// 10 s, 30 s (`contract.md#talking-to-the-service`), and 2 min.
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), request: Duration::from_secs(30), body: Duration::from_secs(120) }
    }
}

/// The common settings of all clients: no redirects, no hidden retries, the system's roots only for TLS, and no proxy
/// for loopback.
#[expect(clippy::disallowed_methods, reason = "the one place that builds HTTP clients")]
pub(super) fn builder(tls: bool, loopback: bool) -> ClientBuilder {
    let builder = reqwest::Client::builder().user_agent(USER_AGENT);
    let builder = builder.redirect(redirect::Policy::none()).retry(resend::never()).referer(false);
    let builder = if loopback { builder.no_proxy() } else { builder };
    match tls_without_roots() {
        Ok(empty) if !tls => builder.tls_backend_preconfigured(empty),
        _ => {
            choose_cryptography();
            builder
        }
    }
}
