//! `/v2/media/folder`.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::account_store::{Account, MediaFile};
use super::super::backend::Backend;
use super::super::query::Fields;
use super::media::{TEMP, folder_name, may, normal, text};
use super::{refused, success, told};

/// Files per page by default.
const PAGE: usize = 50;

/// The most files per page.
const LARGEST_PAGE: usize = 100;

/// `GET /v2/media/folder`: a folder's files, or all folders.
pub(in crate::emulator) async fn list(State(backend): State<Arc<Backend>>, Query(query): Query<Fields>, headers: HeaderMap) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let answer = backend.account.with(|account| {
        let fields = if query.get("tree").is_some_and(|tree| tree == "true") { tree(account) } else { folder(&backend, account, &query) };
        Ok(success(&backend, fields))
    });
    told(answer).send()
}

fn folders(account: &Account) -> BTreeSet<&str> {
    account.folders.iter().map(String::as_str).chain([TEMP]).collect()
}

fn tree(account: &Account) -> Value {
    let line = |path: &str, folder: &str| {
        let files: Vec<&MediaFile> = account.files.iter().filter(|file| file.is_in(folder)).collect();
        json!({ "path": path, "files": files.len(), "size": files.iter().map(|file| file.size).sum::<u64>() })
    };
    let inner = folders(account).into_iter().map(|folder| line(folder, folder));
    json!({ "tree": std::iter::once(line("/", "")).chain(inner).collect::<Vec<_>>() })
}

fn folder(backend: &Backend, account: &Account, query: &Fields) -> Value {
    let field = |name: &str| query.get(name).map(String::as_str);
    let path = normal(field("path").or(field("folder")).unwrap_or("/"));
    let all: Vec<&MediaFile> = account.files.iter().filter(|file| file.is_in(&path)).collect();
    let wanted = field("q").unwrap_or_default().to_lowercase();
    let fits = |file: &&MediaFile| field("type").is_none_or(|kind| kind == file.kind()) && file.name.to_lowercase().contains(&wanted);
    let fitting: Vec<&MediaFile> = all.iter().copied().filter(fits).collect();
    let number = |name: &str, other: usize| field(name).and_then(|text| text.parse().ok()).unwrap_or(other);
    let size = number("page_size", PAGE).clamp(1, LARGEST_PAGE);
    let page = fitting.iter().skip(number("page", 0).saturating_mul(size)).take(size);
    let inside = |folder: &str| match folder.strip_prefix(&path).map(|rest| rest.trim_start_matches('/')) {
        Some(name) if !name.is_empty() && !name.contains('/') && (path.is_empty() || folder[path.len()..].starts_with('/')) => {
            Some(name.to_owned())
        }
        _ => None,
    };
    json!({
        "path": if path.is_empty() { "/" } else { &path },
        "folders": folders(account).into_iter().filter_map(inside).collect::<Vec<_>>(),
        "files": page.map(|file| file.shown(backend)).collect::<Vec<_>>(),
        "total": fitting.len(),
        "total_files": all.len(),
        "total_size": all.iter().map(|file| file.size).sum::<u64>(),
    })
}

/// `POST /v2/media/folder`.
pub(in crate::emulator) async fn make_folder(State(backend): State<Arc<Backend>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = backend.account.with(|account| {
        let folder = text(&body, "folder").filter(|folder| !folder.is_empty()).ok_or_else(|| refused("folder is required"))?;
        let folder = folder_name(folder);
        if folder.is_empty() {
            return Err(refused("Invalid folder name"));
        }
        let is_new = folder != TEMP && account.make_folder(&folder);
        Ok(success(&backend, if is_new { json!({}) } else { json!({ "message": "Folder already exists" }) }))
    });
    told(answer).send()
}

/// `DELETE /v2/media/folder`: deletes an empty folder.
pub(in crate::emulator) async fn remove_folder(State(backend): State<Arc<Backend>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(no) = may(&headers) {
        return no.send();
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = backend.account.with(|account| {
        let folder = text(&body, "folder").filter(|folder| !folder.is_empty()).ok_or_else(|| refused("folder is required"))?;
        let folder = normal(folder);
        let inside = format!("{folder}/");
        if folder.is_empty() {
            return Err(refused("Cannot delete root folder"));
        }
        if folder == TEMP {
            return Err(refused("Cannot delete the temp folder"));
        }
        if account.files.iter().any(|file| file.is_in(&folder)) || account.folders.iter().any(|other| other.starts_with(&inside)) {
            return Err(refused("Folder is not empty. Delete all files first."));
        }
        account.folders.remove(&folder);
        Ok(success(&backend, json!({})))
    });
    told(answer).send()
}
