//! An answer before it is sent, and how a fault can change it.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::faults::catalogue::FaultKind;
use super::faults::{Fault, Place};
use super::wire::{CutKind, Wire};

const PAGE: &str = "<!doctype html><html><head><title>Not the API</title></head><body><h1>Not the API</h1></body></html>";

/// The interval at which a slowed answer sends a piece.
const TICK: Duration = Duration::from_millis(100);

/// Status, headers and body.
pub(super) struct Answer {
    status: StatusCode,
    /// Boxed, so that an answer is small enough to be an error.
    headers: Box<HeaderMap>,
    body: Vec<u8>,
}

impl Answer {
    /// Any bytes.
    pub(super) fn new(status: StatusCode, kind: &'static str, body: Vec<u8>) -> Self {
        Self { status, headers: Box::new(HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))])), body }
    }

    /// A JSON body.
    pub(super) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    /// The documented error body (`service.md#errors`).
    pub(super) fn refusal(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "success": false, "message": message }))
    }

    /// The error body of `POST /movies`, which has no `success` (`service.md#errors`).
    pub(super) fn bare(status: StatusCode, message: &str) -> Self {
        Self::json(status, &json!({ "message": message }))
    }

    /// The emulator's own failure, such as a folder that can't be written.
    pub(super) fn failure(error: &std::io::Error) -> Self {
        Self::json(StatusCode::INTERNAL_SERVER_ERROR, &json!({ "error": format!("Error: the emulator failed: {error}") }))
    }

    /// The same with one more header; a value that no header can hold is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    /// Sends it as it is.
    pub(super) fn send(self) -> Response {
        let length = self.body.len();
        respond(self.status, *self.headers, length, Body::from(self.body))
    }

    /// Sends it as the fault demands.
    pub(super) async fn spoilt(self, fault: Option<&Fault>, wire: &Wire) -> Response {
        let Some(fault) = fault else { return self.send() };
        match fault.info().kind {
            FaultKind::Hang => std::future::pending().await,
            FaultKind::Reset => wire.cut(CutKind::Reset),
            FaultKind::Close => wire.cut(CutKind::Close),
            FaultKind::Truncate => wire.cut_after(fault.length(), CutKind::Close),
            FaultKind::ResetAfter => wire.cut_after(fault.length(), CutKind::Reset),
            FaultKind::Slow => tokio::time::sleep(fault.time()).await,
            FaultKind::Drip => return self.paced(1, Duration::from_secs(1)),
            FaultKind::Rate => return self.paced(fault.length().div_ceil(10).max(1), TICK),
            kind => return self.replaced(kind, fault).send(),
        }
        self.send()
    }

    /// The answer that replaces it.
    fn replaced(self, kind: FaultKind, fault: &Fault) -> Self {
        let status =
            |code: u64| u16::try_from(code).ok().and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::BAD_GATEWAY);
        let page = |status| Self::new(status, "text/html; charset=utf-8", PAGE.into());
        match kind {
            FaultKind::Html => page(StatusCode::OK),
            FaultKind::Empty => Self { body: Vec::new(), ..self },
            FaultKind::Status => page(status(fault.number())),
            FaultKind::TooMany => {
                let answer = Self::bare(StatusCode::TOO_MANY_REQUESTS, "Too many requests");
                if let Some(after) = fault.text() { answer.with(header::RETRY_AFTER, after) } else { answer }
            }
            FaultKind::Redirect => {
                let (code, place) = destination(fault.text().unwrap_or_default());
                Self::bare(status(code), "Moved").with(header::LOCATION, place)
            }
            FaultKind::Refuse { status: code, message } => {
                let documented = fault.info().place == Place::Get || message.contains("API Key");
                let body = if documented { Self::refusal } else { Self::bare };
                body(status(code.into()), fault.text().unwrap_or(message))
            }
            FaultKind::Huge => self.padded(11_000_000),
            FaultKind::Big => self.padded(200_000),
            FaultKind::Deep => Self { body: ["[".repeat(10_000), "]".repeat(10_000)].concat().into_bytes(), ..self },
            FaultKind::NoProject => self.changed(|body| drop(body.as_object_mut().and_then(|fields| fields.shift_remove("project")))),
            FaultKind::Strings => self.changed(as_strings),
            FaultKind::Nulls => self.changed(with_nulls),
            _ => self,
        }
    }

    /// The same without a field.
    pub(super) fn without(self, field: &str) -> Self {
        self.changed(|body| drop(body.as_object_mut().and_then(|fields| fields.shift_remove(field))))
    }

    fn padded(self, bytes: usize) -> Self {
        self.changed(|body| body["padding"] = json!("x".repeat(bytes)))
    }

    fn changed(self, change: impl FnOnce(&mut Value)) -> Self {
        let Ok(mut body) = serde_json::from_slice(&self.body) else { return self };
        change(&mut body);
        Self { body: body.to_string().into_bytes(), ..self }
    }

    /// Sends `piece` bytes at a time.
    fn paced(self, piece: usize, every: Duration) -> Response {
        let length = self.body.len();
        let pieces = stream::unfold(Bytes::from(self.body), move |mut rest| async move {
            if rest.is_empty() {
                return None;
            }
            tokio::time::sleep(every).await;
            let next = rest.split_to(piece.min(rest.len()));
            Some((Ok::<_, Infallible>(next), rest))
        });
        respond(self.status, *self.headers, length, Body::from_stream(pieces))
    }
}

fn respond(status: StatusCode, headers: HeaderMap, length: usize, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// `301:http://…`, or only an address, which means 307.
fn destination(text: &str) -> (u64, &str) {
    let told = text.split_once(':').and_then(|(code, place)| Some((code.parse().ok()?, place)));
    told.unwrap_or((307, text))
}

fn as_strings(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.to_string()),
        Value::Array(items) => items.iter_mut().for_each(as_strings),
        Value::Object(fields) => fields.values_mut().for_each(as_strings),
        _ => {}
    }
}

/// Null where a field may be missing, and fields that no source lists.
fn with_nulls(body: &mut Value) {
    body["remaining_quota"] = Value::Null;
    body["region"] = json!({ "name": "nowhere" });
    for name in ["message", "ass", "duration", "size", "width", "height", "rendering_time", "consumed_credits", "priority"] {
        body["movie"][name] = Value::Null;
    }
}

/// Reads a part of a request's body, then resets the connection: the client never gets the answer.
pub(super) async fn broken_off(body: Body, fault: &Fault, wire: &Wire) -> Response {
    let (mut pieces, mut read) = (body.into_data_stream(), 0);
    while read < fault.length() {
        let Some(Ok(piece)) = pieces.next().await else { break };
        read += piece.len();
    }
    wire.cut(CutKind::Reset);
    Answer::json(StatusCode::OK, &json!({})).send()
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    #[tokio::test]
    async fn a_paced_answer_goes_out_in_pieces_and_whole() {
        let answer = Answer::new(StatusCode::OK, "text/plain", b"abcdefg".to_vec()).paced(3, Duration::ZERO);
        assert_eq!(answer.headers()["content-length"], "7");
        let pieces: Vec<Bytes> = answer.into_body().into_data_stream().map(Result::unwrap).collect().await;
        assert_eq!(pieces, ["abc", "def", "g"]);
    }

    #[test]
    fn a_redirect_may_name_its_status() {
        assert_eq!(destination("301:http://a/"), (301, "http://a/"));
        assert_eq!(destination("http://a/"), (307, "http://a/"));
    }
}
