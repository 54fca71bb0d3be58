//! Passes a file of the movie to a browser on this machine, without the key: streamed, only the range that the browser
//! requests, and never from a private address unless that is allowed.

use axum::body::Bytes;
use futures_util::Stream;
use reqwest::header::{self, HeaderMap};
use reqwest::{Response, StatusCode, Url};

use super::builder::Timeouts;
use super::keyless::{Hosts, Keyless, MOST_HOPS};
use super::wire::{connect_fault, innermost};

/// The headers of an answer that are passed on.
const PASSED_ON: [header::HeaderName; 4] = [header::CONTENT_TYPE, header::CONTENT_LENGTH, header::CONTENT_RANGE, header::ACCEPT_RANGES];

/// The longest text that is read into memory, bytes.
const LONGEST_TEXT: usize = 2 << 20;

/// Why a file can't be passed on, as a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RelayError(String);

/// Requests files from other hosts.
pub struct Relay {
    keyless: Keyless,
    hosts: Hosts,
}

/// A file, or the requested part of it.
pub struct Passed {
    /// The status: 200, or 206 for a part.
    pub status: u16,
    /// The headers: type, length and range.
    pub headers: HeaderMap,
    response: Response,
}

impl Passed {
    /// Its bytes, as a stream.
    pub fn into_body(self) -> impl Stream<Item = reqwest::Result<Bytes>> + Send + 'static {
        self.response.bytes_stream()
    }
}

impl Relay {
    /// A relay. It requests files on this machine only if the API runs there, or if any host is allowed. It sends nothing yet.
    #[must_use]
    pub fn new(api_is_loopback: bool, hosts: Hosts, timeouts: Timeouts) -> Self {
        Self { keyless: Keyless::new(api_is_loopback, timeouts), hosts }
    }

    /// Requests a file, or a range of it (`range` is the value of the header `Range`), through redirects.
    ///
    /// # Errors
    /// When its address is not trusted, or the file can't be fetched.
    pub async fn get(&self, url: &str, range: Option<&str>) -> Result<Passed, RelayError> {
        let mut url = Url::parse(url).map_err(|_| RelayError("it is not a URL".to_owned()))?;
        for _ in 0..=MOST_HOPS {
            self.keyless.trust(&url, self.hosts).map_err(|why| RelayError(why.to_owned()))?;
            let http = self.keyless.client(&url, self.hosts).map_err(|fault| RelayError(fault.to_string()))?;
            let request = http.get(url.clone());
            let request = if let Some(range) = range { request.header(header::RANGE, range) } else { request };
            let response = request.send().await.map_err(|error| RelayError(why(&error)))?;
            if !response.status().is_redirection() {
                return passed(response);
            }
            let location = response.headers().get(header::LOCATION).and_then(|location| location.to_str().ok());
            url = location
                .and_then(|location| url.join(location).ok())
                .ok_or_else(|| RelayError("it redirects without an address".to_owned()))?;
        }
        Err(RelayError("it redirects too often".to_owned()))
    }

    /// Reads a text file, such as captions.
    ///
    /// # Errors
    /// As [`Self::get`], and when the text is too long.
    pub async fn text(&self, url: &str) -> Result<String, RelayError> {
        let mut response = self.get(url, None).await?.response;
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| RelayError(why(&error)))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LONGEST_TEXT {
                return Err(RelayError("it is longer than 2 MB".to_owned()));
            }
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn passed(response: Response) -> Result<Passed, RelayError> {
    let status = response.status();
    if !matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        return Err(RelayError(format!("the server answers with HTTP {}", status.as_u16())));
    }
    let headers = PASSED_ON.iter().filter_map(|name| Some((name.clone(), response.headers().get(name)?.clone()))).collect();
    Ok(Passed { status: status.as_u16(), headers, response })
}

fn why(error: &reqwest::Error) -> String {
    if error.is_connect() { connect_fault(error).to_string() } else { innermost(error) }
}
