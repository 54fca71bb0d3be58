//! The callbacks of a render: one POST a destination, in each of the documented shapes (`contract.md` 2).
//!
//! Only `http://` endpoints on this machine are called: an emulator must not write to anybody else. What is not
//! called, and what answered how, is in the log.

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
use super::faults::catalogue::Deed;
use super::report::{Format, Viewpoint, movie, seconds};
use super::state::{End, Looks, Record, Shape};
use crate::world::Instant;

/// How long a receiver may take. The service's own patience is unknown (`contract.md` 9).
const PATIENCE: Duration = Duration::from_secs(10);

const FORM: &str = "application/x-www-form-urlencoded";

/// Where a callback goes, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Destination {
    endpoint: String,
    form: bool,
}

/// Waits for the end of the render, then calls every destination, one after another.
pub(super) async fn deliver(backend: Arc<Backend>, record: Record, origin: String) {
    let Some(ends_after) = ends_after(&record).filter(|_| !record.has(Deed::WebhookMissing)) else { return };
    let late = record.fault(Deed::WebhookLate).map_or(Duration::ZERO, super::faults::Fault::time);
    if !record.has(Deed::WebhookFirst) {
        sleep(ends_after + late).await;
    }
    let body = body(&record, &origin, backend.retention);
    let mut destinations = destinations(&record.json);
    if record.has(Deed::WebhookReorder) {
        destinations.reverse();
    }
    for destination in destinations {
        for _ in 0..=u8::from(record.has(Deed::WebhookDouble)) {
            call(&backend, &record, &destination, &body).await;
        }
        if let Some(fault) = record.fault(Deed::WebhookForged) {
            let forged = with_url(body.clone(), fault.text().unwrap_or("https://forged.invalid/movie.mp4"));
            call(&backend, &record, &destination, &forged).await;
        }
    }
}

/// `None` for a render that never ends.
fn ends_after(record: &Record) -> Option<Duration> {
    let first = Duration::from_millis(record.render_time);
    match record.end {
        End::Timeout => record.recovers_after.map(|after| first + Duration::from_millis(after)),
        _ => Some(first),
    }
}

/// The webhooks of a movie; other kinds of destination are none of the emulator's business.
fn destinations(json: &str) -> Vec<Destination> {
    let movie: Value = serde_json::from_str(json).unwrap_or_default();
    let exports = movie["exports"].as_array().into_iter().flatten();
    let all = exports.flat_map(|export| export["destinations"].as_array().into_iter().flatten());
    let webhooks = all.filter(|destination| destination["type"] == "webhook");
    webhooks
        .filter_map(|destination| {
            let endpoint = destination["endpoint"].as_str()?.to_owned();
            // The short forms that the documentation names are ignored by the service (`contract.md` 2.2).
            Some(Destination { endpoint, form: destination["content-type"] == FORM })
        })
        .collect()
}

/// The body in the record's shape (`contract.md` 2.3).
fn body(record: &Record, origin: &str, retention: Duration) -> Value {
    let (ended, failed) = match &record.end {
        End::Error(message) => (record.render_time, Some(message)),
        _ => (record.render_time.saturating_add(record.recovers_after.unwrap_or(0)), None),
    };
    let now = Instant(record.created_at).plus(Duration::from_millis(ended));
    let plain = Record { words: Vec::new(), faults: Vec::new(), ..record.clone() };
    let view = Viewpoint { now, looks: Looks::default(), origin, retention };
    let mut report = movie(&plain, view, Format::Simple);
    let mut take = |name: &str| report.shift_remove(name).unwrap_or_default();
    match (record.shape, failed) {
        (Shape::Reference, None) => json!({
            "width": record.width.to_string(),
            "height": record.height.to_string(),
            "duration": seconds(record.length).to_string(),
            "size": record.size.to_string(),
            "url": take("url"),
            "project": record.project,
            "id": record.id,
            "client-data": take("client-data"),
        }),
        (Shape::Reference, Some(_)) => json!({ "project": record.project, "id": record.id, "client-data": take("client-data") }),
        (Shape::Tutorial, None) => json!({
            "project": record.project,
            "status": "done",
            "url": take("url"),
            "duration": seconds(record.length),
            "size": record.size,
            "client-data": take("client-data"),
        }),
        (Shape::Tutorial, Some(message)) => {
            json!({ "project": record.project, "status": "error", "message": message, "client-data": take("client-data") })
        }
        (Shape::Guide, None) => json!({ "success": true, "movie": {
            "project": record.project,
            "status": "done",
            "url": take("url"),
            "thumbnail": null,
            "duration": seconds(record.length),
            "size": record.size,
            "client-data": take("client-data"),
        } }),
        (Shape::Guide, Some(message)) => json!({ "success": false, "movie": {
            "project": record.project,
            "status": "error",
            "message": message,
            "client-data": take("client-data"),
        } }),
    }
}

fn with_url(mut body: Value, url: &str) -> Value {
    let movie = if body["movie"].is_object() { &mut body["movie"] } else { &mut body };
    movie["url"] = json!(url);
    body
}

async fn call(backend: &Backend, record: &Record, destination: &Destination, body: &Value) {
    let (kind, text) = if destination.form { (FORM, form(body)) } else { ("application/json", body.to_string()) };
    let outcome = match address(&destination.endpoint) {
        Some((host, port, path)) => timeout(PATIENCE, post(&host, port, &path, kind, &text)).await.map_err(io::Error::from).flatten(),
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

/// Host, port and path of an endpoint on this machine.
fn address(endpoint: &str) -> Option<(String, u16, String)> {
    let uri: Uri = endpoint.parse().ok()?;
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    (uri.scheme_str() == Some("http") && here).then(|| (host.to_owned(), uri.port_u16().unwrap_or(80), path.to_owned()))
}

/// One HTTP/1.1 request; the status of its answer.
async fn post(host: &str, port: u16, path: &str, kind: &str, body: &str) -> io::Result<u16> {
    let version = env!("CARGO_PKG_VERSION");
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}:{port}\r\nuser-agent: j2v-emulator/{version}\r\n\
         content-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect((host, port)).await?;
    stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).await?;
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') && stream.read_buf(&mut answer).await? > 0 {}
    let line = String::from_utf8_lossy(&answer);
    let status = line.split(' ').nth(1).and_then(|status| status.trim().parse().ok());
    status.ok_or_else(|| io::Error::other("the receiver did not answer in HTTP"))
}

/// `a=1&client-data%5Border_id%5D=7`: the spelling that PHP and Express read back as nested.
fn form(body: &Value) -> String {
    let mut pairs = Vec::new();
    flatten(None, body, &mut pairs);
    pairs.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect::<Vec<_>>().join("&")
}

fn flatten(name: Option<&str>, value: &Value, pairs: &mut Vec<(String, String)>) {
    let inner = |key: &str| name.map_or_else(|| key.to_owned(), |name| format!("{name}[{key}]"));
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(Some(&inner(key)), value, pairs)),
        Value::Array(items) => items.iter().enumerate().for_each(|(place, value)| flatten(Some(&inner(&place.to_string())), value, pairs)),
        Value::Null => pairs.push((name.unwrap_or_default().to_owned(), String::new())),
        Value::String(text) => pairs.push((name.unwrap_or_default().to_owned(), text.clone())),
        other => pairs.push((name.unwrap_or_default().to_owned(), other.to_string())),
    }
}

fn escaped(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_called() {
        assert_eq!(address("http://127.0.0.1:8080/a?b=c"), Some(("127.0.0.1".to_owned(), 8080, "/a?b=c".to_owned())));
        assert_eq!(address("http://[::1]:9/"), Some(("::1".to_owned(), 9, "/".to_owned())));
        for elsewhere in ["https://127.0.0.1/", "http://example.com/", "http://127.0.0.1.example.com/", "http://10.0.0.1/", "nonsense"] {
            assert_eq!(address(elsewhere), None);
        }
    }

    #[test]
    fn a_form_spells_nested_data_with_brackets() {
        let body = json!({ "project": "EMU", "client-data": { "order_id": 7, "tags": ["a b"] } });
        assert_eq!(form(&body), "project=EMU&client-data%5Border_id%5D=7&client-data%5Btags%5D%5B0%5D=a%20b");
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
