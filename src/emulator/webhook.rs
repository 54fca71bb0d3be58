//! The callbacks of a render: one POST per destination, in each of the documented forms (`service.md#exports`).
//!
//! It calls only `http://` endpoints on this machine: an emulator must not send anything elsewhere. The log shows the
//! destinations that were not called, and the answers of the others.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::Uri;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::backend::Backend;
use super::faults::catalogue::FaultKind;
use super::payload::{body, form, with_url};
use super::state::{End, Record};

/// How long a receiver may take to answer. The service's own patience is unknown (`service.md#open`).
const PATIENCE: Duration = Duration::from_secs(10);

/// The padding of an oversized callback, bytes: more than a receiver should accept.
const HUGE: usize = 2 << 20;

const FORM: &str = "application/x-www-form-urlencoded";

/// The address of a callback, and its form.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Destination {
    endpoint: String,
    form: bool,
}

/// Waits for the end of the render, then calls every destination, one after another.
pub(super) async fn deliver(backend: Arc<Backend>, record: Record, origin: String) {
    let Some(ends_after) = ends_after(&record).filter(|_| !record.has(FaultKind::WebhookMissing)) else { return };
    let late = record.fault(FaultKind::WebhookLate).map_or(Duration::ZERO, super::faults::Fault::time);
    if !record.has(FaultKind::WebhookFirst) {
        sleep(ends_after + late).await;
    }
    let mut body = body(&record, &origin);
    if record.has(FaultKind::WebhookHuge) {
        body["padding"] = json!("x".repeat(HUGE));
    }
    let mut destinations = destinations(&record.json);
    if record.has(FaultKind::WebhookReorder) {
        destinations.reverse();
    }
    for destination in destinations {
        for _ in 0..=u8::from(record.has(FaultKind::WebhookDouble)) {
            call(&backend, &record, &destination, &body).await;
        }
        if let Some(fault) = record.fault(FaultKind::WebhookForged) {
            let forged = with_url(body.clone(), fault.text().unwrap_or("https://forged.invalid/movie.mp4"));
            call(&backend, &record, &destination, &forged).await;
        }
    }
}

/// The time until the render ends; `None` for a render that never ends.
fn ends_after(record: &Record) -> Option<Duration> {
    let first = Duration::from_millis(record.render_time);
    match record.end {
        End::Timeout => record.recovers_after.map(|after| first + Duration::from_millis(after)),
        _ => Some(first),
    }
}

/// The webhooks of a movie; the emulator ignores other kinds of destination.
fn destinations(json: &str) -> Vec<Destination> {
    let movie: Value = serde_json::from_str(json).unwrap_or_default();
    let exports = movie["exports"].as_array().into_iter().flatten();
    let all = exports.flat_map(|export| export["destinations"].as_array().into_iter().flatten());
    let webhooks = all.filter(|destination| destination["type"] == "webhook");
    webhooks
        .filter_map(|destination| {
            let endpoint = destination["endpoint"].as_str()?.to_owned();
            // The service ignores the short forms that the documentation names (`service.md#exports`).
            Some(Destination { endpoint, form: destination["content-type"] == FORM })
        })
        .collect()
}

async fn call(backend: &Backend, record: &Record, destination: &Destination, body: &Value) {
    let (kind, text) = if destination.form { (FORM, form(body)) } else { ("application/json", body.to_string()) };
    let (pause, patience) =
        if record.has(FaultKind::WebhookDrip) { (Some(Duration::from_secs(1)), 6 * PATIENCE) } else { (None, PATIENCE) };
    let outcome = match Endpoint::parse(&destination.endpoint) {
        Some(endpoint) => timeout(patience, endpoint.post(kind, &text, pause)).await.map_err(io::Error::from).flatten(),
        None => Err(io::Error::other("not called: only http:// endpoints on loopback are")),
    };
    let mut entry =
        json!({ "project": record.project, "endpoint": destination.endpoint, "at": backend.clock.now().to_iso(), "body": text });
    match outcome {
        Ok(status) => entry["status"] = json!(status),
        Err(error) => entry["note"] = json!(error.to_string()),
    }
    backend.log().webhooks.push(entry);
}

/// An address on this machine that receives callbacks.
#[derive(Debug, PartialEq, Eq)]
struct Endpoint {
    host: String,
    port: u16,
    path: String,
}

impl Endpoint {
    /// `None` for any other machine, and for any scheme but `http`.
    fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
        let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let endpoint = Self { host: host.to_owned(), port: uri.port_u16().unwrap_or(80), path };
        (uri.scheme_str() == Some("http") && here).then_some(endpoint)
    }

    /// Sends one HTTP/1.1 request, at once or byte by byte; returns the status of the answer.
    async fn post(&self, kind: &str, body: &str, pause: Option<Duration>) -> io::Result<u16> {
        let mut stream = TcpStream::connect((self.host.as_str(), self.port)).await?;
        // A receiver may answer and close before it has read everything.
        let sent = send(&mut stream, &self.request(kind, body), pause).await;
        let mut answer = Vec::new();
        while !answer.contains(&b'\n') && stream.read_buf(&mut answer).await? > 0 {}
        let line = String::from_utf8_lossy(&answer);
        let status = line.split(' ').nth(1).and_then(|status| status.trim().parse().ok());
        match status {
            Some(status) => Ok(status),
            None => Err(sent.err().unwrap_or_else(|| io::Error::other("the receiver did not answer in HTTP"))),
        }
    }

    fn request(&self, kind: &str, body: &str) -> String {
        let (Self { host, port, path }, version, length) = (self, env!("CARGO_PKG_VERSION"), body.len());
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\nuser-agent: j2v-emulator/{version}\r\n\
             content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )
    }
}

async fn send(stream: &mut TcpStream, request: &str, pause: Option<Duration>) -> io::Result<()> {
    let Some(pause) = pause else { return stream.write_all(request.as_bytes()).await };
    for byte in request.bytes() {
        stream.write_u8(byte).await?;
        sleep(pause).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        let endpoint = |host: &str, port, path: &str| Some(Endpoint { host: host.to_owned(), port, path: path.to_owned() });
        assert_eq!(Endpoint::parse("http://127.0.0.1:8080/a?b=c"), endpoint("127.0.0.1", 8080, "/a?b=c"));
        assert_eq!(Endpoint::parse("http://[::1]:9/"), endpoint("::1", 9, "/"));
        for elsewhere in ["https://127.0.0.1/", "http://example.com/", "http://127.0.0.1.example.com/", "http://10.0.0.1/", "nonsense"] {
            assert_eq!(Endpoint::parse(elsewhere), None);
        }
    }

    #[test]
    fn the_short_content_types_are_ignored() {
        let json = json!({ "exports": [{ "destinations": [
            { "type": "webhook", "endpoint": "http://localhost/1", "content-type": "urlencoded" },
            { "type": "email", "to": "a@example.com" },
            { "type": "webhook", "endpoint": "http://localhost/2", "content-type": FORM },
        ] }] });
        let forms: Vec<bool> = destinations(&json.to_string()).into_iter().map(|destination| destination.form).collect();
        assert_eq!(forms, [false, true]);
    }
}
