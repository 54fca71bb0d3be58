//! `GET` and `DELETE /v2/movies?project=`: one project (`service.md#status` and `service.md#delete`).

use std::io;
use std::sync::Arc;

use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::answer::Answer;
use super::backend::Backend;
use super::faults::Place;
use super::faults::catalogue::FaultKind;
use super::list;
use super::query::Fields;
use super::report::{Format, UNKNOWN_PROJECT, movie};
use super::state::Record;
use super::wire::Wire;
use crate::world::Timestamp;

/// The message with which a deletion refuses an invalid id.
const BAD_ID: &str = "A 16-character project ID must be provided in the 'project' query parameter";

/// The route of `GET`: with a project its status, without one the list.
pub(super) async fn get(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let origin = backend.origin(&headers);
    let Some(project) = project(&query) else {
        *backend.log().looks.entry("list").or_default() += 1;
        let fault = backend.injector.due(Place::List, "", &[]);
        let answer = list::list(&backend, &query, &origin, fault.as_ref()).unwrap_or_else(|error| Answer::failure(&error));
        return answer.spoilt(fault.as_ref(), &wire).await;
    };
    *backend.log().looks.entry("project").or_default() += 1;
    let found = backend.store().find(project);
    let faults = found.as_ref().ok().and_then(Option::as_ref).map_or(&[][..], |record| &record.faults);
    let fault = backend.injector.due(Place::Get, project, faults);
    let format = if query.get("format").is_some_and(|format| format == "simple") { Format::Simple } else { Format::Full };
    let answer = found.and_then(|record| status(&backend, record, &origin, format)).unwrap_or_else(|error| Answer::failure(&error));
    answer.spoilt(fault.as_ref(), &wire).await
}

/// `id` is an alias of `project`; an empty value counts as absent.
fn project(query: &Fields) -> Option<&str> {
    let told = query.get("project").or_else(|| query.get("id"));
    told.map(String::as_str).filter(|project| !project.is_empty())
}

fn status(backend: &Backend, record: Option<Arc<Record>>, origin: &str, format: Format) -> io::Result<Answer> {
    let now = backend.clock.now();
    let Some(record) = record.filter(|record| !record.is_hidden(FaultKind::GetLag, now)) else {
        return Ok(Answer::refusal(StatusCode::BAD_REQUEST, UNKNOWN_PROJECT));
    };
    let view = backend.look(&record, now, origin);
    let body = json!({ "success": true, "movie": movie(&record, view, format), "remaining_quota": backend.quota()? });
    Ok(Answer::json(StatusCode::OK, &body))
}

/// The route of `DELETE`: removes the file and keeps the project; a second deletion changes nothing.
pub(super) async fn delete(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Query(query): Query<Fields>,
) -> Response {
    let project = project(&query).unwrap_or_default();
    let found = backend.store().find(project);
    let faults = found.as_ref().ok().and_then(Option::as_ref).map_or(&[][..], |record| &record.faults);
    if let Some(fault) = backend.injector.due(Place::Delete, project, faults) {
        return Answer::json(StatusCode::OK, &json!({})).spoilt(Some(&fault), &wire).await;
    }
    found.and_then(|record| remove(&backend, project, record)).unwrap_or_else(|error| Answer::failure(&error)).send()
}

fn remove(backend: &Backend, project: &str, record: Option<Arc<Record>>) -> io::Result<Answer> {
    if project.len() != 16 || !project.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(Answer::refusal(StatusCode::BAD_REQUEST, BAD_ID));
    }
    let Some(record) = record else {
        return Ok(Answer::refusal(StatusCode::BAD_REQUEST, UNKNOWN_PROJECT));
    };
    let now = backend.clock.now();
    let deleted_at = record.deleted_at.unwrap_or(now.0);
    backend.store().update(Record { deleted_at: Some(deleted_at), ..Record::clone(&record) })?;
    let deleted_at = Timestamp(deleted_at).to_iso();
    Ok(Answer::json(StatusCode::OK, &json!({ "success": true, "project": project, "deleted_at": deleted_at, "timestamp": now.to_iso() })))
}
