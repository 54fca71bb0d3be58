//! The server of the preview page on loopback. It answers only its own page: the path begins with a secret, the host
//! has to be this machine, a request from another site is refused, and only what is on the shelf is served.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State as Given};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Json, Response};
use axum::routing::get;
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::file::Origin;
use super::local;
use super::shelf::Shelf;
use crate::preview::page::{Mode, Page, State};
use crate::service::relay::Relay;

/// How long the page's request waits for a new state before the page asks again.
const POLL: Duration = Duration::from_secs(25);

/// The types that may be shown from other hosts. An HTML page of theirs would run as one of ours.
const SHOWN: [&str; 3] = ["image/", "video/", "audio/"];

/// The settings and content of the server.
pub struct Served {
    /// The movie's name.
    pub name: String,
    /// The secret that the path begins with.
    pub token: String,
    /// The states of the movie, as they change.
    pub states: watch::Receiver<Arc<State>>,
    /// The files and snippets that the page may request.
    pub shelf: Arc<Shelf>,
    /// Fetches from other hosts; `None` when nothing may be fetched.
    pub relay: Option<Relay>,
    /// The rows of a table, if there is one.
    pub rows: Option<Arc<dyn Rows>>,
    /// Whether Google's fonts are fetched.
    pub online: bool,
    /// The address of the server.
    pub address: SocketAddr,
}

/// The rows of a table as pictures.
pub trait Rows: Send + Sync {
    /// Twelve rows from `from` on whose key contains `key`, in the page's format.
    fn page(&self, from: usize, key: &str) -> serde_json::Value;
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    from: usize,
    #[serde(default)]
    key: String,
}

/// Serves until `stop`.
pub fn serve(served: Served, listener: TcpListener, stop: CancellationToken) -> impl Future<Output = io::Result<()>> {
    let served = Arc::new(served);
    // Not nested: a nested router knows its own root only without the slash at the end.
    let at = |path: &str| format!("/{}/{path}", served.token);
    let app = Router::new()
        .route(&at(""), get(page))
        .route(&at("state/{version}"), get(state))
        .route(&at("media/{number}"), get(media))
        .route(&at("page/{number}"), get(snippet))
        .route(&at("rows"), get(rows))
        .fallback(|| async { StatusCode::NOT_FOUND });
    let app = app.layer(from_fn_with_state(Arc::clone(&served), guard)).with_state(served);
    axum::serve(listener, app).with_graceful_shutdown(async move { stop.cancelled().await }).into_future()
}

/// Refuses other methods and requests from other sites, and adds the security headers to the answers.
async fn guard(Given(served): Given<Arc<Served>>, request: Request, next: Next) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    if !is_ours(request.headers(), served.address) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; sandbox; frame-ancestors 'none'"));
    response
}

/// Whether the host is this machine by its own name and no other site sent the request. A name of another site
/// therefore does not work here.
fn is_ours(headers: &HeaderMap, address: SocketAddr) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_host = [address.to_string(), format!("localhost:{}", address.port())].iter().any(|own| own == host);
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    is_host && site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

async fn page(Given(served): Given<Arc<Served>>) -> Response {
    let state = Arc::clone(&served.states.borrow());
    let page = Page { mode: Mode::Live, name: &served.name, state: &state, has_rows: served.rows.is_some(), online: served.online };
    let mut response = Html(page.to_html()).into_response();
    if let Ok(policy) = format!("{}; frame-ancestors 'none'", page.policy()).parse() {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The next state, as soon as there is one. After a while the answer is empty, so that a closed page holds no
/// connection open.
async fn state(Given(served): Given<Arc<Served>>, Path(version): Path<u64>) -> Response {
    let mut states = served.states.clone();
    let newer = states.wait_for(|state| state.version != version);
    match tokio::time::timeout(POLL, newer).await {
        Ok(Ok(state)) => Json(&**state).into_response(),
        Ok(Err(_)) => StatusCode::GONE.into_response(),
        Err(_) => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn media(Given(served): Given<Arc<Served>>, Path(number): Path<usize>, headers: HeaderMap) -> Response {
    let range = headers.get(header::RANGE).and_then(|range| range.to_str().ok());
    match served.shelf.file(number) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(Origin::Local(file)) => local::file(file, range).await,
        Some(Origin::Remote(url)) => match &served.relay {
            None => (StatusCode::SERVICE_UNAVAILABLE, "--offline fetches nothing").into_response(),
            Some(relay) => relayed(relay, &url, range).await,
        },
    }
}

async fn relayed(relay: &Relay, url: &str, range: Option<&str>) -> Response {
    let passed = match relay.get(url, range).await {
        Ok(passed) => passed,
        Err(why) => return (StatusCode::BAD_GATEWAY, why.to_string()).into_response(),
    };
    let kind =
        passed.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("application/octet-stream").to_owned();
    let is_shown = SHOWN.iter().any(|shown| kind.starts_with(shown)) || kind.starts_with("application/octet-stream");
    if !is_shown {
        return (StatusCode::BAD_GATEWAY, format!("the server sends {kind}, which is neither picture nor sound")).into_response();
    }
    let (status, headers) = (StatusCode::from_u16(passed.status).unwrap_or(StatusCode::OK), passed.headers.clone());
    let mut response = (status, headers, Body::from_stream(passed.into_body())).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=600"));
    response
}

/// A snippet that may run scripts: in a frame without an origin that may fetch nothing.
async fn snippet(Given(served): Given<Arc<Served>>, Path(number): Path<usize>) -> Response {
    let Some(html) = served.shelf.page(number) else { return StatusCode::NOT_FOUND.into_response() };
    let policy = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; \
                  sandbox allow-scripts; frame-ancestors 'self'";
    let page = format!("<!doctype html><meta charset=\"utf-8\"><style>body{{margin:0}}</style>{html}");
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(page)).into_response()
}

async fn rows(Given(served): Given<Arc<Served>>, Query(asked): Query<Asked>) -> Response {
    let Some(rows) = served.rows.clone() else { return StatusCode::NOT_FOUND.into_response() };
    let page = tokio::task::spawn_blocking(move || rows.page(asked.from, &asked.key)).await;
    page.map_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response(), |page| Json(page).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_of_this_machine_is_answered() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8026));
        let asked = |host: &'static str, site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            is_ours(&headers, address)
        };
        assert!(asked("127.0.0.1:8026", None) && asked("localhost:8026", Some("same-origin")) && asked("127.0.0.1:8026", Some("none")));
        assert!(!asked("evil.example:8026", None) && !asked("127.0.0.1", None) && !asked("127.0.0.1:8026", Some("cross-site")));
    }
}
