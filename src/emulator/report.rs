//! The bodies of the service, as they were recorded and documented: a project in an answer.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::faults::catalogue::FaultKind;
use super::state::{End, Looks, Phase, Record};
use crate::world::Timestamp;

/// The service's message about an unknown project, a leaked runtime error (`service.md#errors`, live).
pub(super) const UNKNOWN_PROJECT: &str = "TypeError: Cannot read properties of null (reading 'success')";

/// Characters that a message must not send to a terminal.
const HOSTILE: &str =
    "\u{1b}[2J\u{1b}[31mError\u{1b}[0m \u{1b}]8;;http://127.0.0.1:9/\u{7}click\u{1b}]8;;\u{7}\u{202e}gpj.exe\u{0}\r\nj2v: all done";

/// A name that must not leave the folder in which it is saved.
pub(super) const HOSTILE_NAME: &str = "../../../../tmp/j2v-was-here.mp4";

/// The circumstances of a read of a project.
#[derive(Clone, Copy)]
pub(super) struct Viewpoint<'a> {
    /// The time of the read.
    pub(super) now: Timestamp,
    /// The earlier reads.
    pub(super) looks: Looks,
    /// `http://HOST` of the request.
    pub(super) origin: &'a str,
    /// How long files are kept.
    pub(super) retention: Duration,
}

/// Whether a status includes the submitted document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// It does.
    Full,
    /// `format=simple`: it does not.
    Simple,
}

/// The `movie` object of a status (`service.md#status`).
pub(super) fn movie(record: &Record, view: Viewpoint<'_>, format: Format) -> Map<String, Value> {
    let phase = record.shown(view.now, view.looks);
    let done = phase == Phase::Done;
    let ended = record.ended_at(&phase);
    let finished = |value: Value| if done { value } else { Value::Null };
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    put("success", json!(phase != Phase::Error));
    put("status", json!(phase.word()));
    put("message", json!(message(record, &phase)));
    put("project", json!(record.project));
    put("url", json!(url(record, view, &phase)));
    put("ass", if record.has(FaultKind::Hostile) { json!(HOSTILE_NAME) } else { json!(false) });
    put("created_at", json!(Timestamp(record.created_at).to_iso()));
    put("ended_at", json!(ended.map(Timestamp::to_iso)));
    put("duration", finished(seconds(record.length)));
    put("size", finished(json!(record.size)));
    put("width", finished(json!(record.width)));
    put("height", finished(json!(record.height)));
    put("rendering_time", finished(seconds(record.render_time)));
    put("client-data", record.client_data.clone().unwrap_or_else(|| json!({})));
    put("consumed_credits", if done { json!([{ "type": "rendering", "credits": record.credits() }]) } else { json!([]) });
    if let Some(at) = record.deleted_at {
        put("deleted_at", json!(Timestamp(at).to_iso()));
    }
    if format == Format::Full {
        put("json", json!(record.json));
    }
    fields
}

/// A project as the list shows it: always with `json` (`service.md#list`, live).
pub(super) fn listed(record: &Record, view: Viewpoint<'_>) -> Map<String, Value> {
    let mut fields = movie(record, view, Format::Full);
    if record.has(FaultKind::NoClientData) || record.has(FaultKind::DropClientData) {
        fields.shift_remove("client-data");
    }
    if record.has(FaultKind::DropClientData) {
        fields.insert("json".to_owned(), json!(without_client_data(&record.json)));
    }
    fields
}

fn without_client_data(json: &str) -> String {
    let Ok(Value::Object(mut movie)) = serde_json::from_str(json) else { return String::new() };
    movie.shift_remove("client-data");
    Value::Object(movie).to_string()
}

/// The message of a failure; empty when it did not fail.
pub(super) fn message<'a>(record: &'a Record, phase: &Phase) -> &'a str {
    match (&record.end, phase) {
        _ if record.has(FaultKind::Hostile) => HOSTILE,
        (End::Error(message), Phase::Error) => message,
        _ => "",
    }
}

fn url(record: &Record, view: Viewpoint<'_>, phase: &Phase) -> Option<String> {
    let there = *phase == Phase::Done && record.is_kept(view.now, view.retention) && !record.has(FaultKind::WithoutUrl);
    if let (true, Some(fault)) = (there, record.fault(FaultKind::OtherUrl)) {
        return fault.text().map(str::to_owned);
    }
    let grant = if record.has(FaultKind::ExpiredUrl) { format!("?grant={}", view.looks.done) } else { String::new() };
    there.then(|| format!("{}/files/{}.mp4{grant}", view.origin, record.project))
}

/// Milliseconds as a number of seconds, without decimals where possible.
pub(super) fn seconds(millis: u64) -> Value {
    if millis.is_multiple_of(1000) { json!(millis / 1000) } else { json!(Duration::from_millis(millis).as_secs_f64()) }
}
