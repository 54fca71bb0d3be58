//! Every fault of the catalogue has an effect: with it, some answer differs from the answer without it.

use std::time::Duration;

use futures_util::future::join_all;
use j2v::emulator::{Fault, FaultInfo, Takes, catalogue};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::{Service, get_bytes, post_bytes};

/// Longer than any answer on loopback takes.
const SILENCE: Duration = Duration::from_secs(1);

/// The webhooks' own tests read the callbacks; this test compares only answers.
fn is_seen_in_answers(info: &FaultInfo) -> bool {
    !info.name.starts_with("webhook-")
}

fn written(info: &FaultInfo) -> String {
    let argument = match info.takes {
        Takes::Nothing | Takes::Seconds | Takes::Message | Takes::Address { needed: false } => "",
        Takes::Bytes => "=7",
        Takes::Status => "=503",
        Takes::Time => "=1h",
        Takes::Word => "=queued",
        Takes::Address { needed: true } => "=http://127.0.0.1:9/",
    };
    format!("{}{argument}", info.name)
}

/// The answers to a client from the POST to the deletion; it ends at the first silence.
async fn transcript(fault: Option<&str>) -> Vec<String> {
    let service = Service::with(|settings| {
        settings.seed = Some(7);
        settings.faults = fault.map(|text| Fault::parse(text).unwrap()).into_iter().collect();
    })
    .await;
    let post =
        post_bytes(&json!({ "scenes": [{ "duration": 1 }], "client-data": { "a": 1 } })).replace("host: x", "host: x\r\nconnection: close");
    let project = "/v2/movies?project=PROJECT";
    let part = "GET /files/PROJECT.mp4 HTTP/1.1\r\nhost: x\r\nrange: bytes=0-99\r\nconnection: close\r\n\r\n";
    let mut seen = vec![exchange(&service, &post).await];
    // When the POST's answer was lost, the oracle knows the project.
    let known = service.state().await["accepted"][0]["project"].as_str().unwrap_or_default().to_owned();
    service.pass(Duration::from_secs(1));
    let running = get_bytes(project);
    ask(&service, &known, &mut seen, &[&running, &post]).await;
    service.pass(Duration::from_secs(4));
    let (status, first_page) = (get_bytes(project), get_bytes("/v2/movies?limit=2"));
    let url = get_bytes("/files/PROJECT.mp4?grant=0");
    let delete = status.replacen("GET", "DELETE", 1);
    ask(&service, &known, &mut seen, &[&status, &status, &first_page, part, &url, &delete]).await;
    account(&service, &mut seen).await;
    seen
}

/// The answers to a client about templates and media.
async fn account(service: &Service, seen: &mut Vec<String>) {
    let address = service.emulator.address().to_string();
    seen.push(exchange_with(&address, &get_bytes("/v2/media")).await);
    let template = json!({ "name": "a", "movie": {} }).to_string();
    seen.push(exchange_with(&address, &request("POST /v2/templates", "application/json", &template)).await);
    let file = json!({ "name": "a.txt", "contentType": "text/plain", "size": 5 }).to_string();
    let registered = exchange_with(&address, &request("POST /v2/media/file", "application/json", &file)).await;
    let upload = registered.split("http://").nth(1).and_then(|rest| rest.split('"').next()).and_then(|url| url.split_once('/'));
    let (host, path) = upload.map(|(host, path)| (host.to_owned(), path.to_owned())).unwrap_or_default();
    // The storage host has another port each time.
    let known = |text: String| if host.is_empty() { text } else { text.replace(&host, "HOST") };
    seen.push(known(registered.clone()));
    if !host.is_empty() {
        let bytes =
            format!("PUT /{path} HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
        seen.push(exchange_with(&host, &bytes).await);
    }
    let look = get_bytes("/v2/media/file?path=b/a.txt");
    let moving = json!({ "name": "a.txt", "folder": "", "destination": "b" }).to_string();
    seen.push(known(exchange_with(&address, &request("PUT /v2/media/file", "application/json", &moving)).await));
    seen.push(known(exchange_with(&address, &look).await));
    service.pass(Duration::from_secs(4));
    seen.push(known(exchange_with(&address, &look).await));
}

fn request(line: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{line} HTTP/1.1\r\nhost: x\r\nx-api-key: key\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

async fn ask(service: &Service, project: &str, seen: &mut Vec<String>, requests: &[&str]) {
    for request in requests {
        if seen.last().is_some_and(|last| last == "silence") {
            return;
        }
        seen.push(exchange(service, &request.replace("PROJECT", project)).await);
    }
}

async fn exchange(service: &Service, request: &str) -> String {
    exchange_with(&service.emulator.address().to_string(), request).await
}

async fn exchange_with(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // A connection that is reset during a write reports it at the next read.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut bytes = Vec::new();
    match timeout(SILENCE, stream.read_to_end(&mut bytes)).await {
        Ok(Ok(_)) => String::from_utf8_lossy(&bytes).into_owned(),
        Ok(Err(error)) => format!("{:?} after {} bytes", error.kind(), bytes.len()),
        Err(_) => "silence".to_owned(),
    }
}

#[tokio::test]
async fn every_fault_of_the_catalogue_can_be_seen() {
    let plain = transcript(None).await;
    assert_eq!(plain, transcript(None).await);
    let seen = join_all(catalogue().iter().filter(|info| is_seen_in_answers(info)).map(|info| {
        let plain = &plain;
        async move { (info.name, transcript(Some(&written(info))).await == *plain) }
    }));
    let unseen: Vec<&str> = seen.await.into_iter().filter_map(|(name, same)| same.then_some(name)).collect();
    assert_eq!(unseen, [""; 0]);
}
