//! The requests to an API and its answers, as files: a proxy writes them ([`record`]), a server on loopback replays
//! them ([`play`]). So the real service's answers on one machine can be examined on another.
//!
//! A file holds one exchange without its secrets: [`redact`] removes them.

pub(super) mod play;
pub(super) mod record;
mod redact;

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The headers that a file keeps; other headers may identify a person or contain a secret.
const KEPT: [&str; 6] = ["content-type", "retry-after", "date", "server", "user-agent", "x-amzn-requestid"];

/// One request and its result.
#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    /// The time of the request.
    at: String,
    method: String,
    /// The path with its query, as the client requested it.
    path: String,
    request: Part,
    /// The answer; `None` when the connection failed.
    answer: Option<Part>,
    /// Why there was no answer.
    error: Option<String>,
}

/// Headers and a body; for an answer also its status.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    /// The body if it is JSON, as it is spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    /// The body if it is not JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Part {
    /// A part whose body contains no secrets any more.
    fn new(status: Option<u16>, headers: &HeaderMap, body: &[u8]) -> Self {
        let kept = KEPT.into_iter().filter_map(|name| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned())));
        let json = serde_json::from_slice(body).ok();
        let text = (json.is_none() && !body.is_empty()).then(|| String::from_utf8_lossy(body).into_owned());
        Self { status, headers: kept.collect(), json, text }
    }

    fn body(&self) -> Vec<u8> {
        let json = self.json.as_ref().map(|json| json.get());
        json.or(self.text.as_deref()).unwrap_or_default().into()
    }
}
