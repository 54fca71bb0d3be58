//! Probes the files that a movie uses, without the key: whether each exists, its type, its size and its playing time.
//! HEAD comes first. If that is not enough, the probe reads the file's first bytes and those that the first ones
//! point to. It never reads more than a few hundred kilobytes of a file, and it uses a private address only where
//! that is allowed.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, Response, StatusCode, Url};

use super::answer::ConnectFault;
use super::builder::Timeouts;
use super::keyless::{Hosts, Keyless, MOST_HOPS, NOT_HTTPS};
use super::length::{self, Part, Reading};
use super::wire::{connect_fault, innermost};

/// How many bytes one request asks for. The header of a container is nearly always smaller.
const WINDOW: usize = 256 << 10;

/// How many files are probed at once.
const AT_ONCE: usize = 4;

/// The use of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// Played: its length matters.
    Recording,
    /// Shown as it is.
    Still,
    /// A web page, shown.
    Page,
}

/// The properties of a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// Its type, as the server reports it.
    pub content_type: Option<String>,
    /// Its size, bytes.
    pub bytes: Option<u64>,
    /// Its playing time, if its container states it.
    pub length: Option<Duration>,
}

/// Why a probe failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The address is not allowed.
    #[error("its address is not trusted: {0}")]
    Untrusted(&'static str),
    /// No connection was made.
    #[error("{host} can't be reached: {fault}")]
    Unreachable {
        /// The host.
        host: String,
        /// Why.
        fault: ConnectFault,
    },
    /// The connection broke.
    #[error("the connection to {host} broke: {why}")]
    Broken {
        /// The host.
        host: String,
        /// The system's message.
        why: String,
    },
    /// It took too long.
    #[error("{0} doesn't answer in time")]
    Timeout(String),
    /// The server refused the request.
    #[error("{host} answers with HTTP {status}")]
    Status {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// The server sent a web page instead of the file.
    #[error("{0} sends a web page instead of the file")]
    Page(String),
    /// The file is shorter than it declares.
    #[error("the file is cut off: it ends before what it promises to hold")]
    Cut,
}

impl ProbeError {
    /// Whether no request was sent because the address is not encrypted: the file may exist.
    #[must_use]
    pub fn is_unasked(&self) -> bool {
        matches!(self, Self::Untrusted(why) if *why == NOT_HTTPS)
    }
}

/// Probes files.
pub struct Probe {
    keyless: Keyless,
    hosts: Hosts,
    patience: Duration,
}

/// A server's answer about a file.
struct RangeAnswer {
    url: Url,
    status: StatusCode,
    content_type: Option<String>,
    /// The offset of the bytes in the file.
    at: u64,
    /// The size of the whole file, bytes.
    total: Option<u64>,
    bytes: Vec<u8>,
}

impl Probe {
    /// A probe of files on these hosts; loopback is allowed if the API runs there. It sends nothing yet.
    #[must_use]
    pub fn new(api_is_loopback: bool, hosts: Hosts, timeouts: Timeouts) -> Self {
        Self { keyless: Keyless::new(api_is_loopback, timeouts), hosts, patience: timeouts.request }
    }

    /// Probes several files, a few at once. The results are in the order of the files.
    pub async fn all(&self, files: &[(&str, Wanted)]) -> Vec<Result<Found, ProbeError>> {
        stream::iter(files).map(|(url, wanted)| self.one(url, *wanted)).buffered(AT_ONCE).collect().await
    }

    /// Probes one file.
    ///
    /// # Errors
    /// When its address is not trusted, when the file can't be read, or when it has another type than `wanted`.
    pub async fn one(&self, url: &str, wanted: Wanted) -> Result<Found, ProbeError> {
        let url = Url::parse(url).map_err(|_| ProbeError::Untrusted("it is not a URL"))?;
        let head = match self.ask(Method::HEAD, &url, 0).await {
            Ok(head) if head.status.is_success() => Some(head),
            // Many servers do not support HEAD, or have a signature that allows only GET: their refusal means
            // nothing.
            Ok(_) | Err(ProbeError::Broken { .. }) => None,
            Err(error) => return Err(error),
        };
        if let Some(head) = &head {
            head.is_what_is(wanted)?;
            if wanted != Wanted::Recording && head.content_type.is_some() {
                return Ok(head.found(None));
            }
        }
        let url = head.map_or(url, |head| head.url);
        let start = self.ask(Method::GET, &url, 0).await?;
        start.is_what_is(wanted)?;
        let length = if wanted == Wanted::Recording { self.length(&start).await? } else { None };
        Ok(start.found(length))
    }

    /// The length of a recording. The first bytes may only point to the bytes that hold it.
    async fn length(&self, start: &RangeAnswer) -> Result<Option<Duration>, ProbeError> {
        let mut reading = length::read(start.part());
        if let (Reading::At(at), StatusCode::PARTIAL_CONTENT) = (reading, start.status) {
            let rest = self.ask(Method::GET, &start.url, at).await?;
            let fits = rest.status == StatusCode::PARTIAL_CONTENT && rest.at == at;
            reading = if fits { length::read(rest.part()) } else { Reading::Unknown };
        }
        match reading {
            Reading::Known(length) => Ok(Some(length)),
            Reading::Cut => Err(ProbeError::Cut),
            Reading::At(_) | Reading::Unknown => Ok(None),
        }
    }

    /// Sends one request, through redirects, for the bytes from `at` on.
    async fn ask(&self, method: Method, url: &Url, at: u64) -> Result<RangeAnswer, ProbeError> {
        let asking = tokio::time::timeout(self.patience, self.follow(method, url.clone(), at));
        asking.await.unwrap_or_else(|_| Err(ProbeError::Timeout(host(url))))
    }

    async fn follow(&self, method: Method, mut url: Url, at: u64) -> Result<RangeAnswer, ProbeError> {
        let last = at.saturating_add(WINDOW as u64 - 1);
        for _ in 0..=MOST_HOPS {
            self.keyless.trust(&url, self.hosts).map_err(ProbeError::Untrusted)?;
            let http = self.keyless.client(&url, self.hosts).map_err(|fault| not_connected(&url, fault))?;
            let request = http.request(method.clone(), url.clone());
            let request = if method == Method::GET { request.header(header::RANGE, format!("bytes={at}-{last}")) } else { request };
            let response = request
                .send()
                .await
                .map_err(|error| if error.is_connect() { not_connected(&url, connect_fault(&error)) } else { broken(&url, &error) })?;
            if !response.status().is_redirection() {
                return take(response, url).await;
            }
            let location = text(response.headers(), &header::LOCATION).and_then(|location| url.join(location).ok());
            url = location.ok_or(ProbeError::Untrusted("it redirects without an address"))?;
        }
        Err(ProbeError::Untrusted("it redirects too often"))
    }
}

impl RangeAnswer {
    fn is_what_is(&self, wanted: Wanted) -> Result<(), ProbeError> {
        if !self.status.is_success() {
            return Err(ProbeError::Status { host: host(&self.url), status: self.status.as_u16() });
        }
        let is_page = self.content_type.as_ref().is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
        if is_page && wanted != Wanted::Page { Err(ProbeError::Page(host(&self.url))) } else { Ok(()) }
    }

    fn part(&self) -> Part<'_> {
        Part { bytes: &self.bytes, at: self.at, total: self.total }
    }

    fn found(&self, length: Option<Duration>) -> Found {
        Found { content_type: self.content_type.clone(), bytes: self.total, length }
    }
}

/// Reads no more of an answer than was requested, whatever the server sends.
async fn take(mut response: Response, url: Url) -> Result<RangeAnswer, ProbeError> {
    let (status, headers) = (response.status(), response.headers());
    let content_type = text(headers, &header::CONTENT_TYPE).map(str::to_owned);
    let (at, total) = match text(headers, &header::CONTENT_RANGE).and_then(range) {
        Some(range) if status == StatusCode::PARTIAL_CONTENT => range,
        _ => (0, text(headers, &header::CONTENT_LENGTH).and_then(|length| length.parse().ok())),
    };
    let mut bytes = Vec::new();
    while status.is_success() && bytes.len() < WINDOW {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk[..chunk.len().min(WINDOW - bytes.len())]),
            Ok(None) => break,
            Err(error) => return Err(broken(&url, &error)),
        }
    }
    Ok(RangeAnswer { url, status, content_type, at, total, bytes })
}

/// `bytes 0-262143/1234567`: the offset, and the size of the file.
fn range(text: &str) -> Option<(u64, Option<u64>)> {
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.trim().parse().ok()?, total.trim().parse().ok()))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

fn not_connected(url: &Url, fault: ConnectFault) -> ProbeError {
    match fault {
        ConnectFault::Private => ProbeError::Untrusted("its name leads to a private network"),
        ConnectFault::Timeout => ProbeError::Timeout(host(url)),
        fault => ProbeError::Unreachable { host: host(url), fault },
    }
}

fn broken(url: &Url, error: &reqwest::Error) -> ProbeError {
    if error.is_timeout() { ProbeError::Timeout(host(url)) } else { ProbeError::Broken { host: host(url), why: innermost(error) } }
}
