//! Callbacks, as a receiver on loopback reads them.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::{Service, scripted};

struct Receiver {
    endpoint: String,
    calls: UnboundedReceiver<(String, String)>,
}

impl Receiver {
    /// Answers every request with 200, and passes on its head and its body.
    async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/hook", listener.local_addr().unwrap());
        let (sender, calls) = unbounded_channel();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut bytes = Vec::new();
                let (head, body) = loop {
                    assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "a request that ends early");
                    if let Some(whole) = whole(&bytes) {
                        break whole;
                    }
                };
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.unwrap();
                sender.send((head, body)).unwrap();
            }
        });
        Self { endpoint, calls }
    }

    async fn json(&mut self) -> Value {
        serde_json::from_str(&self.calls.recv().await.unwrap().1).unwrap()
    }
}

fn whole(bytes: &[u8]) -> Option<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length: usize = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    (body.len() == length).then(|| (head.to_owned(), body.to_owned()))
}

/// A movie that is done at once and calls these endpoints back.
fn calling(endpoints: &[&str], script: Value) -> Value {
    let destinations: Vec<Value> = endpoints.iter().map(|endpoint| json!({ "type": "webhook", "endpoint": endpoint })).collect();
    let mut script = script;
    script["render-time"] = json!("0s");
    let mut movie = scripted(&script);
    movie["id"] = json!("mine");
    movie["exports"] = json!([{ "destinations": destinations }]);
    movie
}

#[tokio::test]
async fn each_documented_shape_is_sent() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    for (shape, expected) in [
        ("reference", vec!["width", "height", "duration", "size", "url", "project", "id", "client-data"]),
        ("tutorial", vec!["project", "status", "url", "duration", "size", "client-data"]),
        ("guide", vec!["success", "movie"]),
    ] {
        let project = service.project(&calling(&[&receiver.endpoint], json!({ "webhook-shape": shape }))).await;
        let body = receiver.json().await;
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), expected);
        let inner = if body["movie"].is_object() { &body["movie"] } else { &body };
        assert_eq!(inner["project"], project.as_str());
        assert_eq!(inner["duration"], if shape == "reference" { json!("5") } else { json!(5) });
        assert_eq!(inner["url"], service.url(&format!("/files/{project}.mp4")));
    }
}

#[tokio::test]
async fn a_failed_render_calls_back_too() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    let script = json!({ "webhook-shape": "tutorial", "outcome": "error", "message": "no" });
    service.project(&calling(&[&receiver.endpoint], script)).await;
    let body = receiver.json().await;
    assert_eq!((&body["status"], &body["message"], body.get("url")), (&json!("error"), &json!("no"), None));
}

#[tokio::test]
async fn a_form_is_sent_for_the_full_content_type_only() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    let mut movie = calling(&[&receiver.endpoint], json!({}));
    for (kind, expected) in [("application/x-www-form-urlencoded", "project=EMU"), ("urlencoded", "{")] {
        movie["exports"][0]["destinations"][0]["content-type"] = json!(kind);
        service.project(&movie).await;
        let (head, body) = receiver.calls.recv().await.unwrap();
        assert!(body.contains(expected), "{body}");
        assert_eq!(head.contains("content-type: application/x-www-form-urlencoded"), expected != "{");
    }
}

#[tokio::test]
async fn callbacks_are_doubled_forged_and_reordered() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    service.project(&calling(&[&receiver.endpoint], json!({ "fault": ["webhook-double", "webhook-forged=http://127.0.0.1:9/x"] }))).await;
    let (one, two, forged) = (receiver.json().await, receiver.json().await, receiver.json().await);
    assert_eq!(one, two);
    assert_eq!(forged["url"], "http://127.0.0.1:9/x");
    let endpoints = ["/a", "/b"].map(|path| receiver.endpoint.replace("/hook", path));
    service.project(&calling(&[&endpoints[0], &endpoints[1]], json!({ "fault": ["webhook-reorder"] }))).await;
    assert!(receiver.calls.recv().await.unwrap().0.starts_with("POST /b "));
    assert!(receiver.calls.recv().await.unwrap().0.starts_with("POST /a "));
}

#[tokio::test]
async fn a_callback_can_come_before_the_answer() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    let project = service.project(&calling(&[&receiver.endpoint], json!({ "fault": ["webhook-first"] }))).await;
    let (_, body) = receiver.calls.try_recv().unwrap();
    assert!(body.contains(&project));
    assert_eq!(service.state().await["webhooks"][0]["status"], 200);
}

#[tokio::test]
async fn a_callback_can_be_larger_than_a_receiver_should_take() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    service.project(&calling(&[&receiver.endpoint], json!({ "fault": ["webhook-huge"] }))).await;
    assert!(receiver.calls.recv().await.unwrap().1.len() > 1 << 20);
}

#[tokio::test]
async fn a_missing_callback_never_comes() {
    let (service, mut receiver) = (Service::new().await, Receiver::new().await);
    service.project(&calling(&[&receiver.endpoint], json!({ "fault": ["webhook-missing", "webhook-first"] }))).await;
    let told = service.project(&calling(&[&receiver.endpoint], json!({}))).await;
    assert_eq!(receiver.json().await["project"], told.as_str());
}

#[tokio::test]
async fn nobody_elsewhere_is_called() {
    let service = Service::new().await;
    service.project(&calling(&["https://example.com/hook"], json!({ "fault": ["webhook-first"] }))).await;
    let state = service.state().await;
    assert_eq!(state["webhooks"][0]["note"], "not called: only http:// endpoints on loopback are");
}
