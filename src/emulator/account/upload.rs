//! The storage host: receives the bytes of files at signed URLs, and serves them. It must never see the key.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, put};
use futures_util::StreamExt;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

use super::super::account_store::{Account, MediaFile};
use super::super::answer::{Answer, broken_off};
use super::super::backend::Backend;
use super::super::faults::Place;
use super::super::faults::catalogue::FaultKind;
use super::super::headers::presented;
use super::super::wire::Wire;
use super::media::GRANTED_FOR;
use crate::world::Timestamp;

/// The routes of the storage host.
pub(in crate::emulator) fn router(backend: Arc<Backend>) -> Router {
    Router::new()
        .route("/upload/{grant}", put(store))
        .route("/emulator/files/{*path}", get(fetch))
        .layer(from_fn_with_state(backend.clone(), presented))
        .with_state(backend)
}

/// A refusal in the form of the storage behind the service.
fn refused(status: StatusCode, code: &str, message: &str) -> Answer {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>");
    Answer::new(status, "application/xml", body.into_bytes())
}

/// Records a key that was sent here by mistake.
fn note_keys(backend: &Backend, request: &Request) -> bool {
    let has_key = request.headers().contains_key("x-api-key") || request.headers().contains_key(header::AUTHORIZATION);
    let mut log = backend.log();
    *log.requests.entry(format!("{} {}", request.method(), if request.method() == "PUT" { "/upload" } else { "/media" })).or_default() += 1;
    if has_key {
        *log.keys.entry("misplaced").or_default() += 1;
    }
    has_key
}

/// `PUT /upload/GRANT`: the bytes of a file.
async fn store(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Path(grant): Path<String>,
    request: Request,
) -> Response {
    wire.mend();
    let has_key = note_keys(&backend, &request);
    let fault = backend.injector.due(Place::Upload, "", &[]);
    let kind = fault.as_ref().map(|fault| fault.info().kind);
    match (&fault, kind) {
        (Some(fault), Some(FaultKind::Unread)) => return broken_off(request.into_body(), fault, &wire).await,
        (Some(_), Some(FaultKind::UploadExpired)) => return refused(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired").send(),
        (Some(fault), Some(FaultKind::Status)) => {
            return Answer::new(StatusCode::OK, "text/plain", Vec::new()).spoilt(Some(fault), &wire).await;
        }
        _ => {}
    }
    if has_key {
        return refused(StatusCode::FORBIDDEN, "AccessDenied", "Only one authentication mechanism is allowed").send();
    }
    if let Err(no) = acceptable(&backend, &grant, &request) {
        return no.send();
    }
    match kept(&backend, &grant, request.into_body()).await {
        Ok(()) => Answer::new(StatusCode::OK, "text/plain", Vec::new()).spoilt(fault.as_ref(), &wire).await,
        Err(error) => Answer::failure(&error).send(),
    }
}

/// Whether the request is the signed one, and in time.
fn acceptable(backend: &Backend, grant: &str, request: &Request) -> Result<(), Answer> {
    let found = backend.account.with(|account| granted(account, grant).cloned()).map_err(|error| Answer::failure(&error))?;
    let file = found.ok_or_else(|| refused(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied"))?;
    if backend.clock.now().since(Timestamp(file.registered_at)).as_millis() > u128::from(GRANTED_FOR) {
        return Err(refused(StatusCode::FORBIDDEN, "AccessDenied", "Request has expired"));
    }
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if header(header::CONTENT_LENGTH).is_none() {
        return Err(refused(StatusCode::LENGTH_REQUIRED, "MissingContentLength", "You must provide the Content-Length HTTP header."));
    }
    if header(header::CONTENT_TYPE) != Some(file.content_type.as_str()) {
        let why = "The request signature we calculated does not match the signature you provided.";
        return Err(refused(StatusCode::FORBIDDEN, "SignatureDoesNotMatch", why));
    }
    Ok(())
}

fn granted<'a>(account: &'a Account, grant: &str) -> Option<&'a MediaFile> {
    account.files.iter().find(|file| file.grant == grant)
}

/// Stores the bytes: either all of them or none.
async fn kept(backend: &Backend, grant: &str, body: Body) -> io::Result<()> {
    let path = backend.account.bytes_of(grant)?;
    let beside = path.with_extension("part");
    let mut file = File::create(&beside).await?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        file.write_all(&piece.map_err(io::Error::other)?).await?;
    }
    file.flush().await?;
    tokio::fs::rename(&beside, &path).await?;
    let now = backend.clock.now().0;
    backend.account.with(|account| {
        if let Some(file) = account.files.iter_mut().find(|file| file.grant == grant) {
            file.stored_at = Some(now);
        }
    })
}

/// `GET /emulator/files/PATH`: public.
async fn fetch(State(backend): State<Arc<Backend>>, Path(path): Path<String>, request: Request) -> Response {
    note_keys(&backend, &request);
    let found = backend.account.with(|account| {
        let named = |file: &&MediaFile| file.stored_at.is_some() && file.path() == path;
        account.files.iter().find(named).cloned()
    });
    let Ok(Some(file)) = found else { return refused(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied").send() };
    let bytes = match backend.account.bytes_of(&file.grant) {
        Ok(path) => tokio::fs::read(path).await,
        Err(error) => Err(error),
    };
    match bytes {
        Ok(bytes) => Answer::new(StatusCode::OK, "application/octet-stream", bytes).with(header::CONTENT_TYPE, &file.content_type).send(),
        Err(error) => Answer::failure(&error).send(),
    }
}
