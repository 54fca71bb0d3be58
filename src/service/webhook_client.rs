//! Delivers a body to an address that the user named: without the key, following no redirect, sending nothing twice.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};

use super::builder::Timeouts;
use super::endpoint::is_loopback;
use super::keyless::{Hosts, Keyless};
use super::retry::retry_after;
use super::wire::innermost;
use crate::world::World;

/// How long an application may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// An address that accepts bodies.
#[derive(Clone, PartialEq, Eq)]
pub struct Address(Url);

/// Why a text is not such an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// It can't be read.
    #[error("it is not a URL ({0})")]
    NoUrl(String),
    /// Neither `http` nor `https`.
    #[error("it is neither `https://` nor `http://`")]
    Scheme,
}

impl Address {
    /// Parses an address from a user.
    ///
    /// # Errors
    /// When nothing can be delivered to it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let url = Url::parse(text.trim()).map_err(|error| AddressError::NoUrl(error.to_string()))?;
        if matches!(url.scheme(), "https" | "http") { Ok(Self(url)) } else { Err(AddressError::Scheme) }
    }

    /// The address with `path` appended to its own path.
    #[must_use]
    pub fn with_path(&self, path: &str) -> String {
        let mut url = self.0.clone();
        let whole = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        url.to_string()
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_this_machine(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether the connection to it is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }
}

/// Scheme and host: the path and the query may hold a secret.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.0.port().map(|port| format!(":{port}")).unwrap_or_default();
        write!(f, "{}://{}{port}/…", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// What an application answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// How long it asks us to wait.
    pub retry_after: Option<Duration>,
}

impl Answered {
    /// Whether it accepted the body.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// Delivers bodies.
pub struct WebhookClient {
    clients: Keyless,
    world: World,
}

impl WebhookClient {
    /// A client. It makes no connection yet.
    #[must_use]
    pub fn new(world: World) -> Self {
        let timeouts = Timeouts { request: PATIENCE, ..Timeouts::default() };
        Self { clients: Keyless::new(true, timeouts), world }
    }

    /// Delivers a body, once.
    ///
    /// # Errors
    /// Why there was no answer, as a text.
    pub async fn hand(
        &self,
        to: &Address,
        content_type: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<Answered, String> {
        let client = self.clients.client(&to.0, Hosts::Any).map_err(|fault| fault.to_string())?;
        let mut all = HeaderMap::new();
        let text = |value: &str| HeaderValue::from_str(value).map_err(|_| format!("`{}` can't stand in a header", value.escape_debug()));
        all.insert(header::CONTENT_TYPE, text(content_type)?);
        for (name, value) in headers {
            all.insert(HeaderName::from_static(name), text(value)?);
        }
        let sending = client.post(to.0.clone()).headers(all).body(body).send();
        let response = match tokio::time::timeout(PATIENCE, sending).await {
            Err(_) => return Err(format!("no answer within {} s", PATIENCE.as_secs())),
            Ok(Err(error)) => return Err(innermost(&error)),
            Ok(Ok(response)) => response,
        };
        let asked = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        Ok(Answered { status: response.status().as_u16(), retry_after: asked.and_then(|asked| retry_after(asked, self.world.now())) })
    }
}
