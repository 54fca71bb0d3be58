//! A service that accepts any movie after a delay, on a connection for each request, with or without TLS; it lists the
//! accepted movies, a hundred per page, and measures from the first POST to the last answer.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use j2v::world::World;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// Connections that are served at once: more than any client here opens.
const THREADS: usize = 128;

/// Renders per page of the list.
const PAGE: usize = 100;

/// The authority that signed the server's certificate.
pub(crate) const AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/loopback-ca.pem");

/// The behaviour of a server.
#[derive(Clone, Copy)]
pub(crate) struct Manners {
    /// The delay of an answer.
    pub(crate) delay: Duration,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
    /// The number of renders from which on all are done; until then all are queued.
    pub(crate) done_from: usize,
}

/// What the server has recorded.
#[derive(Default, Clone)]
pub(crate) struct Seen {
    /// The time of each accepted movie.
    taken: Vec<String>,
    first: Option<Instant>,
    last: Option<Instant>,
    /// The requested pages of the list, and how many of them began a sweep.
    pub(crate) pages: usize,
    /// See `pages`.
    pub(crate) sweeps: usize,
    /// Renders that were requested individually.
    pub(crate) singles: usize,
}

impl Seen {
    /// The number of accepted movies.
    pub(crate) fn movies(&self) -> usize {
        self.taken.len()
    }

    /// The time from the first POST to the last answer to a POST.
    pub(crate) fn span(&self) -> Duration {
        self.first.zip(self.last).map(|(first, last)| last - first).unwrap_or_default()
    }
}

/// A server that runs until the process ends.
pub(crate) struct Server {
    address: SocketAddr,
    tls: bool,
    seen: Arc<Mutex<Seen>>,
}

impl Server {
    pub(crate) fn start(manners: Manners) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let config = manners.tls.then(tls_config);
        let seen: Arc<Mutex<Seen>> = Arc::default();
        for _ in 0..THREADS {
            let (listener, config, seen) = (listener.try_clone().expect("a socket"), config.clone(), Arc::clone(&seen));
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    // A client may disconnect at any time.
                    let _ = serve(stream, config.as_ref(), manners, &seen);
                }
            });
        }
        Self { address, tls: manners.tls, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://{}/v2", if self.tls { "https" } else { "http" }, self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Resets the record.
    pub(crate) fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Seen::default();
    }
}

fn tls_config() -> Arc<ServerConfig> {
    let certificate = include_bytes!("../../tests/fixtures/loopback.crt.der").to_vec().into();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(include_bytes!("../../tests/fixtures/loopback.key.der").to_vec()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS versions");
    Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).expect("a certificate and its key"))
}

fn serve(stream: TcpStream, config: Option<&Arc<ServerConfig>>, manners: Manners, seen: &Mutex<Seen>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match config {
        None => answer(&stream, &stream, manners, seen),
        Some(config) => {
            let connection = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
            let mut tls = StreamOwned::new(connection, stream);
            let request = Request::read(&mut BufReader::new(&mut tls))?;
            tls.write_all(&request.answer(manners, seen))?;
            tls.conn.send_close_notify();
            tls.flush()
        }
    }
}

fn answer(from: impl Read, mut to: impl Write, manners: Manners, seen: &Mutex<Seen>) -> io::Result<()> {
    let request = Request::read(&mut BufReader::new(from))?;
    to.write_all(&request.answer(manners, seen))
}

/// The first line of a request; its body is read and discarded.
struct Request {
    line: String,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> io::Result<Self> {
        let (mut first, mut length) = (String::new(), 0);
        reader.read_line(&mut first)?;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        io::copy(&mut reader.take(length), &mut io::sink())?;
        Ok(Self { line: first })
    }

    fn answer(&self, manners: Manners, seen: &Mutex<Seen>) -> Vec<u8> {
        let begun = Instant::now();
        thread::sleep(manners.delay);
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let body = if self.line.starts_with("POST") {
            take(&mut seen, begun)
        } else if let Some(number) = self.project() {
            seen.singles += 1;
            format!(r#"{{"success":true,"movie":{}}}"#, movie(number, manners, &seen))
        } else {
            self.list(manners, &mut seen)
        };
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        (head + &body).into_bytes()
    }

    /// The number of the individually requested render.
    fn project(&self) -> Option<usize> {
        self.line.split("project=BENCH").nth(1)?.split(['&', ' ']).next()?.parse().ok()
    }

    /// A page of the list; the cursor is the number of the page's first render.
    fn list(&self, manners: Manners, seen: &mut Seen) -> String {
        let cursor = self.line.split("next_token=").nth(1).and_then(|rest| rest.split(['&', ' ']).next()?.parse::<usize>().ok());
        seen.pages += 1;
        seen.sweeps += usize::from(cursor.is_none());
        let from = cursor.unwrap_or(0);
        let to = (from + PAGE).min(seen.taken.len());
        let movies = (from..to).map(|number| movie(number, manners, seen)).collect::<Vec<_>>().join(",");
        let more = to < seen.taken.len();
        let next = if more { format!(r#""{to}""#) } else { "null".to_owned() };
        format!(r#"{{"success":true,"movies":[{movies}],"has_next":{more},"next_token":{next}}}"#)
    }
}

fn movie(number: usize, manners: Manners, seen: &Seen) -> String {
    let status = if seen.taken.len() >= manners.done_from { "done" } else { "pending" };
    let created = seen.taken.get(number).map(String::as_str).unwrap_or_default();
    format!(
        r#"{{"success":true,"status":"{status}","project":"BENCH{number:011}","url":"https://example.com/{number}.mp4","duration":2,"created_at":"{created}","ended_at":"{created}"}}"#
    )
}

fn take(seen: &mut Seen, begun: Instant) -> String {
    seen.first.get_or_insert(begun);
    seen.last = Some(Instant::now());
    let (number, now) = (seen.taken.len(), World::real().now().to_iso());
    seen.taken.push(now.clone());
    format!(r#"{{"success":true,"project":"BENCH{number:011}","timestamp":"{now}"}}"#)
}
