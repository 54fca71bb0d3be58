//! `POST /v2/movies`: accepts a movie, or refuses it in the words of the service (`service.md#errors`).

use std::io;
use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::account;
use super::answer::{Answer, broken_off};
use super::backend::Backend;
use super::faults::catalogue::FaultKind;
use super::faults::{Fault, Place};
use super::script::{Draft, Script};
use super::state::Record;
use super::wire::Wire;
use super::{files, plan, webhook};

/// The largest body, bytes. The service's own limit is unknown (`service.md#open`).
const LARGEST_BODY: usize = 64 << 20;

/// The route.
pub(super) async fn create(State(backend): State<Arc<Backend>>, ConnectInfo(wire): ConnectInfo<Wire>, request: Request) -> Response {
    let origin = backend.origin(request.headers());
    if let Some(fault) = backend.injector.due(Place::BeforeRead, "", &[]) {
        return broken_off(request.into_body(), &fault, &wire).await;
    }
    let Ok(body) = to_bytes(request.into_body(), LARGEST_BODY).await else {
        return Answer::bare(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large").send();
    };
    let movie = read(&body);
    let script = movie.as_ref().map_or_else(|_| Ok(Script::default()), Script::read);
    let script = match script {
        Ok(script) => script,
        Err(why) => return Answer::bare(StatusCode::BAD_REQUEST, &format!("j2v emulator: {why}")).send(),
    };
    let name = movie.as_ref().ok().filter(|_| !script.faults.is_empty()).map(name).unwrap_or_default();
    if let Some(fault) = backend.injector.due(Place::BeforeAccept, &name, &script.faults) {
        return Answer::json(StatusCode::OK, &json!({})).spoilt(Some(&fault), &wire).await;
    }
    let movie = match movie.and_then(|movie| instantiated(&backend, movie)) {
        Ok(movie) => movie,
        Err(message) => return Answer::bare(StatusCode::BAD_REQUEST, &message).send(),
    };
    let fault = backend.injector.due(Place::AfterAccept, &name, &script.faults);
    match accept(&backend, &body, &movie, script) {
        Ok(Ok(record)) => accepted(backend, record, origin, fault, &wire).await,
        Ok(Err(message)) => Answer::bare(StatusCode::BAD_REQUEST, &message).send(),
        Err(error) => Answer::failure(&error).send(),
    }
}

fn read(body: &[u8]) -> Result<Map<String, Value>, String> {
    if body.trim_ascii().is_empty() {
        return Err("No movie JSON received".to_owned());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(movie)) if movie.is_empty() => Err("Error parsing movie JSON or the movie was empty".to_owned()),
        Ok(Value::Object(movie)) => Ok(movie),
        Ok(_) => Err("No valid movie JSON received".to_owned()),
        Err(_) => Err("Error parsing movie JSON or the movie was empty".to_owned()),
    }
}

/// The movie of the template that it names, with the variables merged into it.
fn instantiated(backend: &Backend, mut movie: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let Some(id) = movie.get("template").and_then(Value::as_str) else { return Ok(movie) };
    let found = backend.account.with(|account| account::instantiated(account, id, movie.get("variables")));
    let template = found.map_err(|error| format!("the emulator failed: {error}"))?.ok_or_else(|| format!("Template {id} not found"))?;
    movie.shift_remove("template");
    for (name, value) in template {
        if name == "variables" {
            movie.insert(name, value);
        } else {
            movie.entry(name).or_insert(value);
        }
    }
    Ok(movie)
}

/// The name under which a movie's own faults are counted: the movie without the submitter's token, so that a second
/// attempt at the same movie continues the count.
fn name(movie: &Map<String, Value>) -> String {
    let mut movie = movie.clone();
    if let Some(Value::Object(data)) = movie.get_mut("client-data") {
        data.shift_remove("j2v");
    }
    Value::Object(movie).to_string()
}

fn accept(backend: &Backend, body: &[u8], movie: &Map<String, Value>, script: Script) -> io::Result<Result<Record, String>> {
    let draft = Draft {
        json: String::from_utf8_lossy(body).into_owned(),
        movie,
        plan: plan::plan(movie),
        script,
        faults: backend.injector.for_life(),
        at: backend.clock.now(),
        render_time: backend.render_time,
        shape: backend.shape,
    };
    let mut record = draft.into_record();
    record.size = files::size(&record);
    if !backend.can_pay(&record)? {
        return Ok(Err("Insufficient credits".to_owned()));
    }
    backend.store().add(record).map(Ok)
}

async fn accepted(backend: Arc<Backend>, record: Record, origin: String, fault: Option<Fault>, wire: &Wire) -> Response {
    let body = json!({ "success": true, "project": record.project, "timestamp": backend.clock.now().to_iso() });
    let calls = webhook::deliver(backend.clone(), record.clone(), origin);
    if record.has(FaultKind::WebhookFirst) {
        calls.await;
    } else {
        tokio::spawn(async move { backend.stop.clone().run_until_cancelled(calls).await });
    }
    Answer::json(StatusCode::OK, &body).spoilt(fault.as_ref(), wire).await
}
