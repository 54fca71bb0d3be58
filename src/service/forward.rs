//! Forwards a request to the API once, with its method, path and body unchanged: for the proxy that records the service's answers (`emulator --record`). A
//! movie that is sent through it is paid for. Nothing is claimed here: that is up to the client that sent it. The key is
//! the caller's own, and goes only to the API.

use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, Url};

use super::answer::ConnectFault;
use super::builder::{Timeouts, builder};
use super::endpoint::ApiUrl;
use super::spelling::without;
use super::wire::{Names, connect_fault, innermost};

/// The headers of a request that are forwarded.
const PASSED_ON: [&str; 4] = ["x-api-key", "content-type", "accept", "if-none-match"];

/// The largest answer, bytes: a page of the list may hold hundreds of megabytes.
const LARGEST: usize = 256 << 20;

/// Forwards requests to one API.
pub struct Forwarder {
    http: reqwest::Client,
    api: ApiUrl,
    patience: Duration,
}

/// The answer of the API.
#[derive(Debug, Clone)]
pub struct Forwarded {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Forwarder {
    /// A forwarder to this API. It sends nothing yet.
    ///
    /// # Errors
    /// When the HTTP client can't be built.
    pub fn new(api: ApiUrl, timeouts: Timeouts) -> Result<Self, ConnectFault> {
        // A reused connection may be dead, and a request sent on it lost: each request gets its own connection.
        let builder = builder(api.movies().scheme() == "https", api.is_loopback()).dns_resolver(Names::default());
        let builder = builder.http1_only().pool_max_idle_per_host(0).connect_timeout(timeouts.connect);
        let http = builder.build().map_err(|error| connect_fault(&error))?;
        Ok(Self { http, api, patience: timeouts.body })
    }

    /// Forwards a request, once. `rest` is the part after the API's own path, with its query.
    ///
    /// # Errors
    /// Why no answer arrived. The request may have arrived nevertheless.
    pub async fn pass(&self, method: Method, rest: &str, headers: &HeaderMap, body: Vec<u8>) -> Result<Forwarded, String> {
        let url = Url::parse(&format!("{}{rest}", self.api)).ok().filter(|url| self.api.same_origin(url));
        let url = url.ok_or_else(|| "this path leads away from the API".to_owned())?;
        let names = PASSED_ON.into_iter().map(HeaderName::from_static);
        let kept: HeaderMap = names.filter_map(|name| Some((name.clone(), headers.get(&name)?.clone()))).collect();
        let sending = async {
            let request = self.http.request(method, url).headers(kept).header(header::ACCEPT_ENCODING, "identity").body(body);
            let mut response = request.send().await.map_err(|error| innermost(&error))?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| innermost(&error))? {
                body.extend_from_slice(&chunk);
                if body.len() > LARGEST {
                    return Err("the answer is larger than 256 MB".to_owned());
                }
            }
            Ok(Forwarded { status, headers, body })
        };
        tokio::time::timeout(self.patience, sending).await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }
}

/// A text without the secret, in any spelling.
#[must_use]
pub fn without_secret(secret: &str, text: Vec<u8>) -> Vec<u8> {
    without(text, secret.as_bytes())
}
