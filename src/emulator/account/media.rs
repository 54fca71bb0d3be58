//! `/v2/media` and `/v2/media/file`: the storage in use, and single files.

use std::io;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::account_store::{Account, MediaFile, remove_bytes};
use super::super::answer::Answer;
use super::super::backend::{Backend, may_use_media};
use super::super::faults::Place;
use super::super::faults::catalogue::FaultKind;
use super::super::query::Fields;
use super::super::wire::Wire;
use super::{refused, success, told};
use crate::world::Timestamp;

/// The largest file, bytes.
const LARGEST_FILE: u64 = 524_288_000;

/// The free storage, bytes.
const FREE: u64 = 50 << 20;

/// How long an upload URL is valid, milliseconds.
pub(super) const GRANTED_FOR: u64 = 120_000;

/// The folder of temporary files, which cost nothing.
pub(super) const TEMP: &str = "temp";

const FILE_NOT_FOUND: &str = "File not found";

impl MediaFile {
    /// Whether its bytes arrived long enough ago.
    fn is_uploaded(&self, backend: &Backend) -> bool {
        let settled = |at: i64| backend.clock.now().since(Timestamp(at)) >= backend.media_settle;
        !self.stuck && self.stored_at.is_some_and(settled)
    }

    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.folder == folder
    }

    fn is_temporary(&self) -> bool {
        self.folder == TEMP || self.folder.starts_with("temp/")
    }

    pub(super) fn kind(&self) -> &'static str {
        ["image", "video", "audio"].into_iter().find(|kind| self.content_type.starts_with(&format!("{kind}/"))).unwrap_or("other")
    }

    pub(super) fn path(&self) -> String {
        if self.folder.is_empty() { self.name.clone() } else { format!("{}/{}", self.folder, self.name) }
    }

    fn url(&self) -> String {
        format!("{}/emulator/files/{}", self.origin, self.path())
    }

    pub(super) fn shown(&self, backend: &Backend) -> Value {
        json!({
            "name": self.name,
            "folder": self.folder,
            "type": self.kind(),
            "contentType": self.content_type,
            "size": self.size,
            "url": self.url(),
            "thumbnailUrl": null,
            "status": if self.is_uploaded(backend) { "uploaded" } else { "pending" },
            "temporary": self.is_temporary(),
            "created_at": Timestamp(self.registered_at).to_iso(),
        })
    }
}

/// A path as the service stores it: no slash at either end, no double slash.
pub(super) fn normal(path: &str) -> String {
    path.split('/').map(str::trim).filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/")
}

/// A folder's name without unsupported characters.
pub(super) fn folder_name(path: &str) -> String {
    normal(&path.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-')).collect::<String>())
}

/// A file's name; each unsupported character becomes one `_`.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' }).collect()
}

pub(super) fn text<'a>(body: &'a Value, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

/// The file that a body names by `name` and `folder`.
fn named(account: &mut Account, body: &Value) -> Result<usize, Answer> {
    let name = text(body, "name").filter(|name| !name.is_empty()).ok_or_else(|| refused("name is required"))?;
    let folder = normal(text(body, "folder").unwrap_or_default());
    account.files.iter().position(|file| file.name == name && file.is_in(&folder)).ok_or_else(|| refused(FILE_NOT_FOUND))
}

/// Checks that the key's role allows these calls.
pub(super) fn may(headers: &HeaderMap) -> Result<(), Answer> {
    if may_use_media(headers) { Ok(()) } else { Err(Answer::refusal(StatusCode::FORBIDDEN, "Insufficient permissions")) }
}

/// `GET /v2/media`: the storage in use.
pub(in crate::emulator) async fn usage(State(backend): State<Arc<Backend>>, headers: HeaderMap) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let is_blocked = backend.injector.due(Place::MediaUsage, "", &[]).is_some();
    let answer = backend.account.with(|account| {
        let counts = |file: &&MediaFile| file.is_uploaded(&backend) && !file.is_temporary();
        let used: u64 = account.files.iter().filter(counts).map(|file| file.size).sum();
        // 10 credits per GiB and week beyond the free storage, rounded up.
        let credits = (used.saturating_sub(FREE) * 10).div_ceil(1 << 30);
        Ok(success(
            &backend,
            json!({ "storage": {
                "used_bytes": used,
                "free_allowance": FREE,
                "credits_per_week": credits,
                "blocked": is_blocked,
                "blocked_at": is_blocked.then(|| backend.clock.now().to_iso()),
            }}),
        ))
    });
    told(answer).send()
}

/// `GET /v2/media/file?path=`.
pub(in crate::emulator) async fn file(State(backend): State<Arc<Backend>>, Query(query): Query<Fields>, headers: HeaderMap) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let path = normal(query.get("path").map_or("", String::as_str));
    let answer = backend.account.with(|account| {
        let file = account.files.iter().find(|file| file.path() == path).ok_or_else(|| refused(FILE_NOT_FOUND))?;
        Ok(success(&backend, json!({ "file": file.shown(&backend) })))
    });
    told(answer).send()
}

/// `POST /v2/media/file`: registers a file, and returns the URL for its bytes.
pub(in crate::emulator) async fn register(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let fault = backend.injector.due(Place::MediaRegister, "", &[]);
    if let Some(fault) = fault.as_ref().filter(|fault| matches!(fault.info().kind, FaultKind::Refuse { .. } | FaultKind::Status)) {
        return Answer::json(StatusCode::OK, &json!({})).spoilt(Some(fault), &wire).await;
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let is_stuck = fault.as_ref().is_some_and(|fault| fault.info().kind == FaultKind::StaysPending);
    let answer = backend.account.with(|account| registered(&backend, account, &body, is_stuck));
    let answer = told(answer);
    match &fault {
        Some(fault) if fault.info().kind == FaultKind::NoUploadUrl => answer.without("uploadUrl").send(),
        Some(fault) if fault.info().kind == FaultKind::StaysPending => answer.send(),
        fault => answer.spoilt(fault.as_ref(), &wire).await,
    }
}

fn registered(backend: &Backend, account: &mut Account, body: &Value, stuck: bool) -> Result<Answer, Answer> {
    let name = text(body, "name").filter(|name| !name.is_empty()).ok_or_else(|| refused("name is required"))?;
    let content_type = text(body, "contentType").ok_or_else(|| refused("contentType is required"))?;
    let size = body.get("size").and_then(Value::as_u64).filter(|size| *size > 0).ok_or_else(|| refused("size is required"))?;
    if size > LARGEST_FILE {
        return Err(Answer::refusal(StatusCode::PAYLOAD_TOO_LARGE, "File is too large"));
    }
    let (name, folder) = (file_name(name), folder_name(text(body, "folder").unwrap_or_default()));
    if account.files.iter().any(|file| file.name == name && file.is_in(&folder)) {
        return Err(Answer::refusal(StatusCode::CONFLICT, "A file with this name already exists. Delete it first."));
    }
    account.make_folder(&folder);
    account.given += 1;
    let grant = backend.grant(account.given);
    let file = MediaFile {
        name,
        folder,
        content_type: content_type.to_owned(),
        size,
        origin: backend.media_origin(),
        grant,
        registered_at: backend.clock.now().0,
        stored_at: None,
        stuck,
    };
    let upload = format!("{}/upload/{}?X-Amz-Signature={}", file.origin, file.grant, backend.grant(0));
    let fields = json!({ "uploadUrl": upload, "fileUrl": file.url(), "expiresIn": GRANTED_FOR / 1000 });
    account.files.push(file);
    Ok(success(backend, fields))
}

impl Account {
    /// Makes a folder and its parents; returns whether it is new.
    pub(super) fn make_folder(&mut self, folder: &str) -> bool {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        ends.filter(|end| *end > 0).map(|end| self.folders.insert(folder[..end].to_owned())).last().unwrap_or(false)
    }
}

/// `PUT /v2/media/file`: moves a file and keeps its name.
pub(in crate::emulator) async fn move_file(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let fault = backend.injector.due(Place::MediaMove, "", &[]);
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let loses = fault.as_ref().is_some_and(|fault| fault.info().kind == FaultKind::LoseOnMove);
    let answer = backend.account.with(|account| moved(&backend, account, &body, loses));
    let fault = fault.filter(|_| !loses);
    told(answer).spoilt(fault.as_ref(), &wire).await
}

fn moved(backend: &Backend, account: &mut Account, body: &Value, loses: bool) -> Result<Answer, Answer> {
    let destination = text(body, "destination").ok_or_else(|| refused("destination is required"));
    let at = named(account, body)?;
    let destination = folder_name(destination?);
    let name = account.files[at].name.clone();
    if account.files.iter().any(|file| file.name == name && file.is_in(&destination)) {
        return Err(Answer::refusal(StatusCode::CONFLICT, "A file with this name already exists in the destination folder"));
    }
    if loses && !account.files[at].is_uploaded(backend) {
        account.files.remove(at);
    } else {
        account.make_folder(&destination);
        account.files[at].folder = destination;
    }
    Ok(success(backend, json!({})))
}

/// `DELETE /v2/media/file`.
pub(in crate::emulator) async fn remove_file(State(backend): State<Arc<Backend>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let removed = backend.account.with(|account| named(account, &body).map(|at| account.files.remove(at)));
    let answer = removed.and_then(|removed| match removed {
        Ok(file) => backend.account.bytes_of(&file.grant).map(|path| {
            remove_bytes(&path);
            Ok(success(&backend, json!({})))
        }),
        Err(no) => io::Result::Ok(Err(no)),
    });
    told(answer).send()
}
