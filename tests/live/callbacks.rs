//! A receiver that keeps what the service calls back with, headers and all, and says 200.

use std::fmt;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};

/// What came so far.
pub(crate) struct Callbacks {
    /// The URL under which the service reaches this receiver.
    pub(crate) url: String,
    came: Came,
}

type Came = Arc<Mutex<Vec<Callback>>>;

/// One callback.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    /// The path without its slash.
    pub(crate) path: String,
    /// Name and value of each header.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Callbacks {
    /// Listens at an address. A `{}` in the URL stands for the address that it got.
    pub(crate) async fn listen(bind: &str, url: &str) -> Self {
        let listener = tokio::net::TcpListener::bind(bind).await.unwrap();
        let url = url.replace("{}", &listener.local_addr().unwrap().to_string());
        let came = Came::default();
        let app = Router::new().fallback(take).with_state(Arc::clone(&came));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, came }
    }

    /// The first callback to a path.
    pub(crate) fn to(&self, path: &str) -> Option<Callback> {
        self.all().into_iter().find(|callback| callback.path == path)
    }

    /// All that came.
    pub(crate) fn all(&self) -> Vec<Callback> {
        self.came.lock().unwrap().clone()
    }
}

async fn take(State(came): State<Came>, uri: Uri, headers: HeaderMap, body: Bytes) {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let path = uri.path().trim_start_matches('/').rsplit('/').next().unwrap_or_default().to_owned();
    came.lock().unwrap().push(Callback { path, headers: headers.collect(), body: String::from_utf8_lossy(&body).into_owned() });
}

impl Callback {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// As it came over the wire.
impl fmt::Display for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "POST /{}", self.path)?;
        self.headers.iter().try_for_each(|(name, value)| writeln!(f, "{name}: {value}"))?;
        write!(f, "\n{}", self.body)
    }
}
