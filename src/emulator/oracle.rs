//! The emulator's records for tests: the accepted movies, the requests, the callbacks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::answer::Answer;
use super::backend::Backend;
use super::state::Record;
use crate::world::Timestamp;

/// `GET /emulator/state`.
pub(super) async fn state(State(backend): State<Arc<Backend>>) -> Response {
    let records = match backend.store().all() {
        Ok(records) => records,
        Err(error) => return Answer::failure(&error).send(),
    };
    let log = backend.log();
    let body = json!({
        "emulator": env!("CARGO_PKG_VERSION"),
        "now": backend.clock.now().to_iso(),
        "requests": log.requests,
        "looks": log.looks,
        "keys": log.keys,
        "accepted": records.iter().rev().map(|record| accepted(record)).collect::<Vec<_>>(),
        "webhooks": log.webhooks,
    });
    Answer::json(StatusCode::OK, &body).send()
}

/// One accepted POST: the number of entries with a token is the number of renders that would have been paid.
fn accepted(record: &Record) -> Value {
    json!({
        "project": record.project,
        "token": record.client_data.as_ref().and_then(|data| data.get("j2v")),
        "id": record.id,
        "at": Timestamp(record.created_at).to_iso(),
        "body_sha256": hex(&Sha256::digest(record.json.as_bytes())),
    })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// `POST /emulator/reset`: returns to the state of a new emulator in an empty folder.
pub(super) async fn reset(State(backend): State<Arc<Backend>>) -> Response {
    match backend.reset() {
        Ok(()) => Answer::json(StatusCode::OK, &json!({ "success": true })).send(),
        Err(error) => Answer::failure(&error).send(),
    }
}
