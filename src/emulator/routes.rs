//! Paths and methods, and the steps of every request: the log, the key, the headers.

use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use super::account::routes as account;
use super::answer::Answer;
use super::backend::{Backend, KeyCheck};
use super::headers::presented;
use super::wire::Wire;
use super::{create, files, oracle, page, status};

/// All routes of the emulator.
pub(super) fn router(backend: Arc<Backend>) -> Router {
    let movies = get(status::get).post(create::create).delete(status::delete).fallback(wrong_method);
    let files = get(account::file).post(account::register).put(account::move_file).delete(account::remove_file);
    let folders = get(account::list).post(account::make_folder).delete(account::remove_folder);
    let service = Router::new()
        .route("/v2/movies", movies)
        .route("/v2/templates", get(account::get).post(account::write).delete(account::remove).fallback(wrong_method))
        .route("/v2/templates/library", get(account::library).fallback(wrong_method))
        .route("/v2/media", get(account::usage).fallback(wrong_method))
        .route("/v2/media/file", files.fallback(wrong_method))
        .route("/v2/media/folder", folders.fallback(wrong_method))
        .route_layer(from_fn_with_state(backend.clone(), keyed));
    Router::new()
        .merge(service)
        .route("/files/{name}", get(files::file).fallback(wrong_method))
        .route("/emulator/state", get(oracle::state))
        .route("/emulator/reset", post(oracle::reset))
        .route("/", get(page::page))
        .fallback(nowhere)
        .layer(from_fn_with_state(backend.clone(), logged))
        .with_state(backend)
}

async fn wrong_method() -> Response {
    Answer::refusal(StatusCode::METHOD_NOT_ALLOWED, "Method not supported").send()
}

async fn nowhere() -> Response {
    Answer::refusal(StatusCode::NOT_FOUND, "The emulator has no such path").send()
}

/// Counts the request.
async fn logged(State(backend): State<Arc<Backend>>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request, next: Next) -> Response {
    wire.mend();
    let path = request.uri().path();
    if !path.starts_with("/emulator/") {
        let mut log = backend.log();
        *log.requests.entry(format!("{} {path}", request.method())).or_default() += 1;
        if !path.starts_with("/v2/") && request.headers().contains_key("x-api-key") {
            *log.keys.entry("misplaced").or_default() += 1;
        }
    }
    presented(State(backend), request, next).await
}

/// Passes requests with valid keys; the others get the recorded answers, which are a 400 (`service.md#errors`, live).
async fn keyed(State(backend): State<Arc<Backend>>, request: Request, next: Next) -> Response {
    let (word, message) = match backend.check_key(request.headers()) {
        KeyCheck::Accepted => ("accepted", None),
        KeyCheck::Wrong => ("wrong", Some("Error: Invalid API Key")),
        KeyCheck::Missing => ("missing", Some("Error: API Key not provided")),
    };
    *backend.log().keys.entry(word).or_default() += 1;
    match message {
        Some(message) => Answer::refusal(StatusCode::BAD_REQUEST, message).send(),
        None => next.run(request).await,
    }
}
