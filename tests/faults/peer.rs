//! Raw servers for behaviour that the emulator lacks: silence, other protocols, self-signed certificates.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// A server that records what it receives, one text per connection.
pub(crate) struct Peer {
    address: SocketAddr,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// A server that answers each request; an empty answer closes the connection.
    pub(crate) fn answering(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::serving(move |stream, heard| {
            let request = read_request(stream);
            let answer = answer(&request);
            heard(request);
            // The client may have disconnected.
            stream.write_all(&answer).ok();
        })
    }

    /// A server that sends this as soon as it receives anything.
    pub(crate) fn blurting(words: Vec<u8>) -> Self {
        Self::serving(move |stream, heard| {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).unwrap_or(0);
            heard(String::from_utf8_lossy(&buffer[..count]).into_owned());
            // The client may have disconnected.
            stream.write_all(&words).ok();
        })
    }

    /// A server that accepts connections and data, and never sends anything.
    pub(crate) fn silent() -> Self {
        Self::serving(|stream, heard| {
            let mut buffer = [0; 4096];
            let count = stream.read(&mut buffer).unwrap_or(0);
            heard(String::from_utf8_lossy(&buffer[..count]).into_owned());
            // Until the client disconnects.
            while stream.read(&mut buffer).unwrap_or(0) > 0 {}
        })
    }

    fn serving(serve: impl Fn(&mut TcpStream, &dyn Fn(String)) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let (serve, told) = (Arc::new(serve), Arc::clone(&heard));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, serve, told) = (stream.unwrap(), Arc::clone(&serve), Arc::clone(&told));
                thread::spawn(move || serve(&mut stream, &|text| told.lock().unwrap().push(text)));
            }
        });
        Self { address, heard }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The received data, one text per connection.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

/// An address without a listener.
pub(crate) fn closed_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// An HTTP answer; each of the `headers` ends with a line break.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

/// An HTTP answer with JSON.
pub(crate) fn json(status: &str, body: &serde_json::Value) -> Vec<u8> {
    answer(status, "Content-Type: application/json\r\n", &body.to_string())
}

/// The address of a TLS server with a self-signed certificate, and the number of its connections.
pub(crate) fn self_signed() -> (SocketAddr, Arc<Mutex<u32>>) {
    let certificate = include_bytes!("../fixtures/self-signed.crt.der").to_vec().into();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("../fixtures/self-signed.key.der").to_vec()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let came = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&came);
    thread::spawn(move || {
        for stream in listener.incoming() {
            *counted.lock().unwrap() += 1;
            let mut tls = rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
            // The client disconnects during the handshake.
            let heard = tls.read(&mut [0; 16]).unwrap_or(0);
            assert_eq!(heard, 0, "a request came through");
        }
    });
    (address, came)
}

/// Reads a request to the end of its body, or to the end of the connection.
fn read_request(stream: &mut TcpStream) -> String {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        match stream.read(&mut buffer).unwrap_or(0) {
            0 => return text,
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}
