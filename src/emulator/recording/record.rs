//! The recording proxy. It forwards each request once, whatever its result: a movie that is sent through it is also paid
//! for only once.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;

use super::redact::without_secrets;
use super::{Exchange, Part};
use crate::emulator::answer::Answer;
use crate::world::World;

/// The largest request, bytes: no movie is larger.
const LARGEST: usize = 64 << 20;

/// The headers of an answer that reach the client.
const PASSED_ON: [HeaderName; 5] = [header::CONTENT_TYPE, header::RETRY_AFTER, header::DATE, header::LOCATION, header::SERVER];

/// A request for the API.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its method.
    pub method: axum::http::Method,
    /// The part after the API's own path, with its query: `/movies?project=…`.
    pub rest: String,
    /// Its headers, including the key.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// The answer of the API.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The answer of an API, or why there is none.
pub type Passing<'a> = Pin<Box<dyn Future<Output = Result<Answered, String>> + Send + 'a>>;

/// The API behind the proxy.
pub trait Upstream: Send + Sync {
    /// Forwards a request, once.
    fn pass(&self, asked: Asked) -> Passing<'_>;

    /// A text without the secret, in any spelling.
    fn without(&self, secret: &str, text: Vec<u8>) -> Vec<u8>;

    /// Reports a failure.
    fn warn(&self, why: &str);
}

/// The folder of the exchanges, and the API.
pub(in crate::emulator) struct Recorder {
    upstream: Arc<dyn Upstream>,
    folder: PathBuf,
    world: World,
    next: AtomicU64,
}

impl Recorder {
    /// Records into a folder, after the exchanges already in it.
    ///
    /// # Errors
    /// When the folder can't be made or read.
    pub(in crate::emulator) fn new(upstream: Arc<dyn Upstream>, folder: &Path, world: World) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let count = std::fs::read_dir(folder)?.count();
        let next = AtomicU64::new(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(Self { upstream, folder: folder.to_owned(), world, next })
    }

    /// All requests of the API.
    pub(in crate::emulator) fn router(self) -> Router {
        Router::new().fallback(passed).with_state(Arc::new(self))
    }

    async fn pass(&self, asked: Asked) -> Result<Answered, String> {
        let at = self.world.now().to_iso();
        let key = asked.headers.get("x-api-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
        let clean = |body: &[u8]| without_secrets(&self.upstream.without(&key, body.to_vec()));
        let text = |text: &str| String::from_utf8_lossy(&self.upstream.without(&key, text.into())).into_owned();
        let (method, path) = (asked.method.to_string(), text(&format!("/v2{}", asked.rest)));
        let request = Part::new(None, &asked.headers, &clean(&asked.body));
        let answered = self.upstream.pass(asked).await;
        let exchange = Exchange {
            at,
            method,
            path,
            request,
            answer: answered.as_ref().ok().map(|one| Part::new(Some(one.status), &one.headers, &clean(&one.body))),
            error: answered.as_ref().err().map(|why| text(why)),
        };
        if let Err(why) = self.write(&exchange) {
            // The client gets its answer nevertheless: it may be the answer of a paid render.
            self.upstream.warn(&format!("an exchange could not be written into {}: {why}", self.folder.display()));
        }
        answered
    }

    fn write(&self, exchange: &Exchange) -> io::Result<()> {
        let text = serde_json::to_string_pretty(exchange)?;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
            let path = self.folder.join(format!("{number:05}-{}.json", exchange.method.to_lowercase()));
            match OpenOptions::new().write(true).create_new(true).open(path) {
                Ok(mut file) => return file.write_all(text.as_bytes()),
                Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
                Err(why) => return Err(why),
            }
        }
    }
}

async fn passed(State(recorder): State<Arc<Recorder>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Some(rest) = path.strip_prefix("/v2").map(str::to_owned) else {
        return Answer::refusal(StatusCode::NOT_FOUND, "The recording proxy passes on what begins with /v2").send();
    };
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, "The recording proxy takes 64 MB at most").send();
    };
    let asked = Asked { method: parts.method, rest, headers: parts.headers, body };
    // A client that disconnects loses its answer; the request has been sent, and its result is recorded.
    let passing = tokio::spawn(async move { recorder.pass(asked).await });
    match passing.await.unwrap_or_else(|_| Err("the proxy failed".to_owned())) {
        Ok(answered) => {
            let mut response = Response::new(Body::from(answered.body));
            *response.status_mut() = StatusCode::from_u16(answered.status).unwrap_or(StatusCode::BAD_GATEWAY);
            for name in PASSED_ON {
                if let Some(value) = answered.headers.get(&name) {
                    response.headers_mut().insert(name, value.clone());
                }
            }
            response
        }
        Err(why) => Answer::refusal(StatusCode::BAD_GATEWAY, &why).send(),
    }
}
