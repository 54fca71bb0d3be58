//! The only holder of the key. It makes one request and returns the result on the wire; [`super::answer`] decides what the
//! result means.
//!
//! [`Client::post_movie`] sends a movie, the only request here that starts a render; `ask` sends all others to the API, those
//! that change templates and media included.
//!
//! Three kinds of clients, each built when it is first needed: one for movies, whose connections wait for the durable step
//! ([`super::first_byte`]); one for all other requests to the API; and those of [`super::keyless`], which never see the key.

use std::borrow::Cow;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{ClientBuilder, Method, Response, Url};

use super::answer::{Answer, Body, BodyEnd, ConnectFault, Loss, RequestResult};
use super::builder::builder;
pub use super::builder::{Timeouts, USER_AGENT};
use super::endpoint::{ApiUrl, is_loopback};
use super::first_byte::{BeforeFirstByte, GuardLayer, SendGuard, Stage};
use super::keyless::Keyless;
use super::mend::mended;
use super::retry::{http_date, retry_after};
use super::secret::ApiKey;
use super::wire::{Names, connect_fault, innermost};
use crate::world::World;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The largest answer to a POST, a status or a deletion that is read, bytes (`faults.md` row 23).
pub(super) const LARGEST_ANSWER: usize = 10 << 20;

/// The clock offset before the first answer with a date.
const UNKNOWN_OFFSET: i64 = i64::MIN;

/// The settings of a client.
#[derive(Clone)]
pub struct Settings {
    /// The address of the API.
    pub url: ApiUrl,
    /// The key of the account.
    pub key: ApiKey,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// The clock and the random numbers.
    pub world: World,
}

/// A request without a durable step before its first byte.
pub(super) struct Question<'a> {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) query: &'a [(&'a str, &'a str)],
    /// JSON.
    pub(super) body: Option<Vec<u8>>,
    /// The largest answer that is read, bytes.
    pub(super) largest: usize,
}

/// Talks to one API with one key. Cheap to make; shared by reference.
pub struct Client {
    pub(super) settings: Settings,
    submit: OnceLock<reqwest::Client>,
    read: OnceLock<reqwest::Client>,
    pub(super) keyless: Keyless,
    offset: AtomicI64,
}

impl Client {
    /// A client of one API. No connection is made, no file is read.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            submit: OnceLock::new(),
            read: OnceLock::new(),
            keyless: Keyless::new(settings.url.is_loopback(), settings.timeouts),
            settings,
            offset: AtomicI64::new(UNKNOWN_OFFSET),
        }
    }

    /// The address of the API.
    #[must_use]
    pub fn url(&self) -> &ApiUrl {
        &self.settings.url
    }

    /// How far this machine's clock is ahead of the service's, milliseconds; `None` before the first answer with a
    /// date.
    #[must_use]
    pub fn server_offset(&self) -> Option<i64> {
        Some(self.offset.load(Ordering::Relaxed)).filter(|offset| *offset != UNKNOWN_OFFSET)
    }

    /// Sends a movie, once, on a connection of its own, whose first byte waits for `before_first_byte`.
    ///
    /// The time for an answer runs from the end of the hook; the hook itself may take as long as it needs.
    pub async fn post_movie(&self, body: Vec<u8>, before_first_byte: BeforeFirstByte) -> RequestResult {
        let http = match self.submit_client() {
            Ok(http) => http,
            Err(fault) => return RequestResult::NotConnected(fault),
        };
        let guard = SendGuard::new(before_first_byte);
        let request = http.post(self.url().movies().clone()).header(header::CONTENT_TYPE, "application/json").body(body);
        let sending = Arc::clone(&guard).guard(request.headers(self.key_header()).send());
        let mut out_of_time = pin!(guard.out_of_time(self.settings.timeouts.request));
        let answer = tokio::select! {
            answer = sending => answer,
            () = &mut out_of_time => return RequestResult::Lost(Loss::Timeout),
        };
        match answer {
            Ok(response) => RequestResult::Answered(self.take(response, LARGEST_ANSWER, out_of_time).await),
            Err(error) => match guard.stage() {
                Stage::Connecting => RequestResult::NotConnected(connect_fault(&error)),
                Stage::Stopped(why) => RequestResult::HookStopped(why),
                Stage::Open => RequestResult::Lost(Loss::Broken(innermost(&error))),
            },
        }
    }

    /// Sends a request, once. Its first byte waits for nothing.
    pub(super) async fn ask(&self, question: &Question<'_>) -> RequestResult {
        let http = match self.read_client() {
            Ok(http) => http,
            Err(fault) => return RequestResult::NotConnected(fault),
        };
        let mut url = question.url.clone();
        if !question.query.is_empty() {
            url.query_pairs_mut().extend_pairs(question.query);
        }
        let request = http.request(question.method.clone(), url).headers(self.key_header());
        let sending = match &question.body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.clone()).send(),
            None => request.send(),
        };
        let Timeouts { connect, request, .. } = self.settings.timeouts;
        let limit = connect.min(request) + request;
        match tokio::time::timeout(limit, sending).await {
            Err(_) => RequestResult::Lost(Loss::Timeout),
            Ok(Ok(response)) => {
                let out_of_time = pin!(tokio::time::sleep(self.settings.timeouts.body));
                RequestResult::Answered(self.take(response, question.largest, out_of_time).await)
            }
            Ok(Err(error)) if error.is_connect() => RequestResult::NotConnected(connect_fault(&error)),
            Ok(Err(error)) if error.is_timeout() => RequestResult::Lost(Loss::Timeout),
            Ok(Err(error)) => RequestResult::Lost(Loss::Broken(innermost(&error))),
        }
    }

    fn key_header(&self) -> HeaderMap {
        HeaderMap::from_iter([(X_API_KEY, self.settings.key.header())])
    }

    async fn take(&self, response: Response, largest: usize, out_of_time: Pin<&mut impl Future<Output = ()>>) -> Answer {
        let now = self.settings.world.now();
        let text = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let without_key = |text: &str| String::from_utf8_lossy(&self.without_key(text.into())).into_owned();
        if let Some(date) = text(header::DATE).and_then(http_date) {
            self.offset.store(now.0.saturating_sub(date.0), Ordering::Relaxed);
        }
        let location = text(header::LOCATION).and_then(|location| response.url().join(location).ok());
        Answer {
            status: response.status().as_u16(),
            content_type: text(header::CONTENT_TYPE).map(without_key),
            retry_after: text(header::RETRY_AFTER).and_then(|header| retry_after(header, now)),
            location_host: location.filter(|_| response.status().is_redirection()).and_then(|url| url.host_str().map(without_key)),
            body: self.readable(collect(response, largest, out_of_time).await),
        }
    }

    /// Removes the key, in any spelling, from a text that came from outside (`faults.md` row 97).
    #[must_use]
    pub fn without_key(&self, text: Vec<u8>) -> Vec<u8> {
        self.settings.key.scrubbed(text)
    }

    /// The body without the key, as JSON that can be read.
    fn readable(&self, body: Body) -> Body {
        let bytes = self.without_key(body.bytes);
        match (body.end, mended(&bytes)) {
            (BodyEnd::Whole, Cow::Owned(mended)) => Body { bytes: mended, ..body },
            _ => Body { bytes, ..body },
        }
    }

    fn submit_client(&self) -> Result<&reqwest::Client, ConnectFault> {
        let connect = self.settings.timeouts.connect;
        let build = || self.api_builder().http1_only().pool_max_idle_per_host(0).connector_layer(GuardLayer { connect }).build();
        first(&self.submit, build)
    }

    fn read_client(&self) -> Result<&reqwest::Client, ConnectFault> {
        first(&self.read, || self.api_builder().connect_timeout(self.settings.timeouts.connect).build())
    }

    fn api_builder(&self) -> ClientBuilder {
        let url = self.url().movies();
        builder(url.scheme() == "https", is_loopback(url)).dns_resolver(Names::default())
    }
}

fn first(
    cell: &OnceLock<reqwest::Client>,
    build: impl FnOnce() -> Result<reqwest::Client, reqwest::Error>,
) -> Result<&reqwest::Client, ConnectFault> {
    if let Some(client) = cell.get() {
        return Ok(client);
    }
    let client = build().map_err(|error| connect_fault(&error))?;
    Ok(cell.get_or_init(|| client))
}

async fn collect(mut response: Response, largest: usize, mut out_of_time: Pin<&mut impl Future<Output = ()>>) -> Body {
    let mut bytes = Vec::new();
    loop {
        let chunk = tokio::select! {
            chunk = response.chunk() => chunk,
            () = &mut out_of_time => return Body { bytes, end: BodyEnd::TooSlow },
        };
        match chunk {
            Ok(Some(chunk)) if bytes.len() + chunk.len() > largest => {
                bytes.extend_from_slice(&chunk[..largest - bytes.len()]);
                return Body { bytes, end: BodyEnd::TooLarge };
            }
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => return Body { bytes, end: BodyEnd::Whole },
            Err(_) => return Body { bytes, end: BodyEnd::Cut },
        }
    }
}
