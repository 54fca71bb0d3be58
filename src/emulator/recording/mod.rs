//! What an API was asked and what it answered, as files: a proxy writes them ([`record`]), a server on loopback answers
//! with them ([`play`]). So what the real service said on one machine can be looked into on another.
//!
//! A file holds one exchange and none of what is secret: [`redact`] takes it out.

pub(super) mod play;
pub(super) mod record;
mod redact;

use std::collections::BTreeMap;

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The headers that a file keeps; all others may be about a person or a secret.
const KEPT: [&str; 6] = ["content-type", "retry-after", "date", "server", "user-agent", "x-amzn-requestid"];

/// One request and what came of it.
#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    /// When it was asked.
    at: String,
    method: String,
    /// The path with its query, as the client has asked for it.
    path: String,
    request: Part,
    /// What came back; nothing when the connection failed.
    answer: Option<Part>,
    /// Why nothing came back.
    error: Option<String>,
}

/// Headers and a body; of an answer its status.
#[derive(Debug, Serialize, Deserialize)]
struct Part {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    /// The body where it is JSON, as it is spelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    json: Option<Box<RawValue>>,
    /// The body where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Part {
    /// A part whose body is free of secrets already.
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
