//! A raw TCP server for tests: each connection plays the next act of a script; the last act is repeated.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};

/// What the server does with one connection.
#[derive(Clone)]
pub(crate) enum Act {
    /// Reads the request, sends these bytes, closes.
    Reply(Vec<u8>),
    /// Sends these bytes as soon as it receives anything, closes.
    Blurt(Vec<u8>),
    /// Reads the request, sends these bytes, then nothing, and keeps the connection.
    ReplyAndHang(Vec<u8>),
    /// Reads the request and sends nothing.
    Hang,
    /// Sends nothing, reads nothing.
    HangBeforeReading,
    /// Reads the request and closes.
    Close,
    /// Reads the request and resets the connection.
    Reset,
    /// Reads this many bytes and resets the connection.
    ResetAfter(usize),
}

pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    begun: watch::Receiver<usize>,
    ended: watch::Receiver<usize>,
}

/// An HTTP answer; each of the `headers` ends with a line break.
pub(crate) fn json_reply(status: &str, headers: &str, body: &str) -> Vec<u8> {
    reply(status, &format!("Content-Type: application/json\r\n{headers}"), body.as_bytes())
}

/// An HTTP answer; each of the `headers` ends with a line break.
pub(crate) fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

impl Server {
    pub(crate) async fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests: Arc<Mutex<Vec<String>>> = Arc::default();
        let (opening, begun) = watch::channel(0);
        let (closing, ended) = watch::channel(0);
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let mut requests = seen.lock().unwrap();
                let place = requests.len();
                requests.push(String::new());
                opening.send_replace(place + 1);
                let act = script[place.min(script.len() - 1)].clone();
                let (seen, closing) = (Arc::clone(&seen), closing.clone());
                tokio::spawn(async move {
                    play(stream, act, |request| seen.lock().unwrap()[place] = request).await;
                    closing.send_modify(|count| *count += 1);
                });
            }
        });
        Self { address, requests, begun, ended }
    }

    /// A server that accepts one connection, listens for a while, reports whether nothing arrived, then answers.
    pub(crate) async fn listening_for_silence(answer: Vec<u8>) -> (Self, oneshot::Receiver<bool>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, told) = oneshot::channel();
        let (_, ended) = watch::channel(0);
        let begun = ended.clone();
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let silent = tokio::time::timeout(Duration::from_millis(150), stream.peek(&mut [0])).await.is_err();
            tell.send(silent).unwrap();
            play(stream, Act::Reply(answer), |_| ()).await;
        });
        (Self { address, requests: Arc::default(), begun, ended }, told)
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn https_url(&self) -> String {
        format!("https://{}/v2", self.address)
    }

    /// The requests so far, one for each connection; empty where none arrived.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.requests.lock().unwrap().len()
    }

    /// Waits until this many connections have been accepted.
    pub(crate) async fn heard(&self, count: usize) {
        self.begun.clone().wait_for(|begun| *begun >= count).await.unwrap();
    }

    /// Waits until this many connections have ended.
    pub(crate) async fn finished(&self, count: usize) {
        self.ended.clone().wait_for(|ended| *ended >= count).await.unwrap();
    }
}

async fn play(mut stream: TcpStream, act: Act, heard: impl FnOnce(String)) {
    match act {
        Act::HangBeforeReading => std::future::pending().await,
        Act::ResetAfter(bytes) => {
            let mut read = vec![0; bytes];
            stream.read_exact(&mut read).await.unwrap();
            return stream.set_zero_linger().unwrap();
        }
        Act::Blurt(bytes) => {
            stream.readable().await.unwrap();
            return stream.write_all(&bytes).await.unwrap();
        }
        _ => heard(request(&mut stream).await),
    }
    match act {
        Act::Reply(bytes) => {
            // The client may disconnect during an answer that is too large for it.
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::ReplyAndHang(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            std::future::pending::<()>().await;
        }
        Act::Reset => stream.set_zero_linger().unwrap(),
        Act::Hang => std::future::pending().await,
        Act::Close | Act::HangBeforeReading | Act::ResetAfter(_) | Act::Blurt(_) => {}
    }
}

/// Reads a request to the end of its body, or to the end of the connection.
async fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

/// The address of a TLS server with a self-signed certificate.
pub(crate) fn self_signed() -> String {
    let certificate = include_bytes!("../fixtures/self-signed.crt.der").to_vec().into();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("../fixtures/self-signed.key.der").to_vec()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(config).unwrap(), stream);
        // The client disconnects during the handshake.
        let _ = tls.read(&mut [0; 16]);
        let _ = tls.flush();
    });
    format!("https://{address}/v2")
}
