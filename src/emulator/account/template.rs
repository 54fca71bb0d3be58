//! `/v2/templates` and `/v2/templates/library`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::super::account_store::{Account, Template};
use super::super::answer::Answer;
use super::super::backend::{Backend, may_write_templates};
use super::super::faults::Place;
use super::super::faults::catalogue::FaultKind;
use super::super::query::Fields;
use super::super::wire::Wire;
use super::variables::{as_fields, as_schema};
use super::{refused, success, told};
use crate::world::Timestamp;

/// The longest name, characters.
const LONGEST_NAME: usize = 100;

/// The largest movie, bytes: "about 100 KB".
const LARGEST_MOVIE: usize = 100_000;

/// Templates of the public gallery: an id, a name, a tag.
const LIBRARY: [(&str, &str, &str); 2] =
    [("EMULATORlibrary00001", "Property listing", "real estate"), ("EMULATORlibrary00002", "Slideshow", "social media")];

/// The movie of every template of the gallery.
const LIBRARY_MOVIE: &str =
    r#"{"resolution":"sd","variables":{"title":"Title"},"scenes":[{"duration":2,"elements":[{"type":"text","text":"{{title}}"}]}]}"#;

fn not_found(id: &str) -> Answer {
    refused(&format!("Template {id} not found"))
}

/// `GET /v2/templates`: all of them, or one.
pub(in crate::emulator) async fn get(State(backend): State<Arc<Backend>>, Query(query): Query<Fields>) -> Response {
    let answer = backend.account.with(|account| match query.get("id") {
        None => {
            let mut all: Vec<&Template> = account.templates.iter().collect();
            all.sort_by_key(|template| std::cmp::Reverse(template.updated_at));
            let tag = query.get("tag");
            let all = all.into_iter().filter(|template| tag.is_none_or(|tag| template.tags.contains(tag)));
            let listed: Vec<Value> = all.map(|template| Value::Object(shown(template))).collect();
            Ok(success(&backend, json!({ "count": listed.len(), "templates": listed })))
        }
        Some(id) => {
            let template = find(account, id).ok_or_else(|| not_found(id))?;
            Ok(success(&backend, json!({ "template": one(&template, &query) })))
        }
    });
    told(answer).send()
}

/// A template as it appears in the list.
fn shown(template: &Template) -> Map<String, Value> {
    let fields = json!({
        "id": template.id,
        "name": template.name,
        "tags": template.tags,
        "created_at": Timestamp(template.created_at).to_iso(),
        "updated_at": Timestamp(template.updated_at).to_iso(),
        "owner": true,
        "prompt": template.prompt.is_some(),
    });
    if let Value::Object(fields) = fields { fields } else { Map::new() }
}

fn one(template: &Template, query: &Fields) -> Value {
    let mut fields = shown(template);
    let scopes = query.get("scopes").map_or("movie", String::as_str);
    let has = |scope: &str| scopes.split(',').any(|one| one.trim() == scope);
    match query.get("format").map(String::as_str) {
        Some("make") => drop(fields.insert("variables".to_owned(), as_fields(&template.read()))),
        Some("jsonschema") => drop(fields.insert("variables".to_owned(), as_schema(&template.read()))),
        _ if has("movie") => drop(fields.insert("movie".to_owned(), json!(template.movie))),
        _ => {}
    }
    let prompt = if has("prompt") { json!(template.prompt) } else { Value::Null };
    fields.insert("ai_prompt".to_owned(), prompt);
    Value::Object(fields)
}

/// A template of the account or of the gallery.
fn find(account: &Account, id: &str) -> Option<Template> {
    account.template(id).cloned().or_else(|| LIBRARY.iter().find(|(known, ..)| *known == id).map(|entry| published(*entry)))
}

fn published((id, name, tag): (&str, &str, &str)) -> Template {
    Template {
        id: id.to_owned(),
        name: name.to_owned(),
        tags: vec![tag.to_owned(), "published".to_owned()],
        movie: LIBRARY_MOVIE.to_owned(),
        prompt: None,
        created_at: 0,
        updated_at: 0,
    }
}

/// `GET /v2/templates/library`: the gallery. It returns every published template, whatever the tags.
pub(in crate::emulator) async fn library(State(backend): State<Arc<Backend>>) -> Response {
    let listed = LIBRARY.map(|entry| {
        let mut fields = shown(&published(entry));
        let file = |name: &str| json!(format!("https://json2video-cdn2.s3.amazonaws.com/templates/{}/{name}", entry.0));
        fields.extend([("width".to_owned(), json!(640)), ("height".to_owned(), json!(360)), ("aspect_ratio".to_owned(), json!(1.78))]);
        fields.extend([("video_url".to_owned(), file("example.mp4")), ("thumbnail_url".to_owned(), file("thumbnail.jpg"))]);
        Value::Object(fields)
    });
    success(&backend, json!({ "count": listed.len(), "templates": listed })).send()
}

/// `POST /v2/templates`: creates, updates, duplicates.
pub(in crate::emulator) async fn write(
    State(backend): State<Arc<Backend>>,
    ConnectInfo(wire): ConnectInfo<Wire>,
    Query(query): Query<Fields>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !may_write_templates(&headers) {
        return Answer::refusal(StatusCode::FORBIDDEN, "Insufficient permissions").send();
    }
    let fault = backend.injector.due(Place::Template, "", &[]);
    if let Some(fault) = fault.as_ref().filter(|fault| !is_after(fault.info().kind)) {
        return Answer::json(StatusCode::OK, &json!({})).spoilt(Some(fault), &wire).await;
    }
    let payload = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let answer = backend.account.with(|account| match (query.get("id"), query.get("action").map(String::as_str)) {
        (Some(id), Some("duplicate")) => duplicate(&backend, account, id, &payload),
        (Some(id), _) => update(&backend, account, id, &payload),
        (None, _) => create(&backend, account, &payload),
    });
    told(answer).spoilt(fault.as_ref(), &wire).await
}

/// Whether a fault occurs after the template is stored.
fn is_after(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Reset | FaultKind::Hang | FaultKind::Truncate)
}

fn create(backend: &Backend, account: &mut Account, payload: &Value) -> Result<Answer, Answer> {
    let fields = payload.as_object().filter(|fields| !fields.is_empty()).ok_or_else(|| refused("No payload provided"))?;
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() {
        return Err(refused("Template name is required"));
    }
    let now = backend.clock.now().0;
    let mut template = Template {
        id: String::new(),
        name: String::new(),
        tags: Vec::new(),
        movie: "{}".to_owned(),
        prompt: None,
        created_at: now,
        updated_at: now,
    };
    change(account, &mut template, fields)?;
    Ok(success(backend, json!({ "templateId": add(backend, account, template) })))
}

fn add(backend: &Backend, account: &mut Account, mut template: Template) -> String {
    account.given += 1;
    let id = backend.template_id(account.given);
    template.id.clone_from(&id);
    account.templates.push(template);
    id
}

fn update(backend: &Backend, account: &mut Account, id: &str, payload: &Value) -> Result<Answer, Answer> {
    let fields = payload.as_object().filter(|fields| !fields.is_empty()).ok_or_else(|| refused("No payload provided"))?;
    let mut template = account.template(id).cloned().ok_or_else(|| not_found(id))?;
    change(account, &mut template, fields)?;
    // Two changes within a millisecond get different times.
    template.updated_at = backend.clock.now().0.max(template.updated_at + 1);
    let kept = account.templates.iter_mut().find(|known| known.id == id).ok_or_else(|| not_found(id))?;
    *kept = template;
    Ok(success(backend, json!({ "templateId": id })))
}

/// Changes a template. An absent field stays unchanged.
fn change(account: &Account, template: &mut Template, fields: &Map<String, Value>) -> Result<(), Answer> {
    if let Some(name) = fields.get("name").and_then(Value::as_str) {
        if name.chars().count() > LONGEST_NAME {
            return Err(refused("Template name is too long"));
        }
        name.clone_into(&mut template.name);
    }
    match fields.get("tags") {
        None => {}
        Some(Value::String(tags)) => template.tags = tags.split(',').map(|tag| tag.trim().to_owned()).collect(),
        Some(Value::Array(tags)) => template.tags = tags.iter().filter_map(|tag| Some(tag.as_str()?.trim().to_owned())).collect(),
        Some(_) => return Err(refused("Tags must be a string or an array")),
    }
    if let Some(prompt) = fields.get("prompt").and_then(Value::as_str) {
        template.prompt = Some(prompt.to_owned());
    }
    if let Some(movie) = fields.get("movie") {
        template.movie = stored(account, movie)?;
    }
    Ok(())
}

/// The movie to store; a movie that names a template gets that template's body, with its variables merged over it.
fn stored(account: &Account, movie: &Value) -> Result<String, Answer> {
    let (text, movie) = match movie {
        Value::String(text) => (text.clone(), serde_json::from_str(text).unwrap_or_default()),
        other => (other.to_string(), other.clone()),
    };
    if !movie.is_object() {
        return Err(refused("Payload movie must be a JSON string or JSON object"));
    }
    if text.len() > LARGEST_MOVIE {
        return Err(refused("Template movie is too large"));
    }
    let Some(id) = movie.get("template").and_then(Value::as_str) else { return Ok(text) };
    let source = find(account, id).ok_or_else(|| not_found(id))?;
    let mut merged = source.read();
    merge_variables(&mut merged, movie.get("variables"));
    Ok(merged.to_string())
}

/// Merges variables recursively into those of a movie.
pub(in crate::emulator) fn merge_variables(movie: &mut Value, variables: Option<&Value>) {
    if let (Some(movie), Some(variables)) = (movie.as_object_mut(), variables) {
        merge(movie.entry("variables").or_insert_with(|| json!({})), variables);
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn duplicate(backend: &Backend, account: &mut Account, id: &str, payload: &Value) -> Result<Answer, Answer> {
    let source = find(account, id).ok_or_else(|| not_found(id))?;
    let name = payload.get("name").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.map_or_else(|| format!("{} (custom)", source.name), str::to_owned);
    let mut movie = source.read();
    merge_variables(&mut movie, payload.get("variables"));
    let now = backend.clock.now().0;
    let copy = Template { name: name.clone(), movie: movie.to_string(), created_at: now, updated_at: now, ..source };
    Ok(success(backend, json!({ "templateId": add(backend, account, copy), "name": name })))
}

/// `DELETE /v2/templates?id=`.
pub(in crate::emulator) async fn remove(State(backend): State<Arc<Backend>>, Query(query): Query<Fields>, headers: HeaderMap) -> Response {
    if !may_write_templates(&headers) {
        return Answer::refusal(StatusCode::FORBIDDEN, "Insufficient permissions").send();
    }
    let answer = backend.account.with(|account| {
        let id = query.get("id").filter(|id| !id.is_empty()).ok_or_else(|| refused("No template ID provided"))?;
        let before = account.templates.len();
        account.templates.retain(|template| template.id != *id);
        if account.templates.len() == before { Err(not_found(id)) } else { Ok(success(&backend, json!({}))) }
    });
    told(answer).send()
}

/// The assumed length of a template that only the service has, seconds.
const ELSEWHERE: u64 = 5;

/// Whether a template may be in the user's account, which the emulator can't know: an id in the service's form that is
/// not one of the emulator's own. If templates were stored here, the account has only these.
fn may_be_elsewhere(account: &Account, id: &str) -> bool {
    let has_form = id.len() == 20 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    has_form && account.templates.is_empty() && !id.starts_with("EMU")
}

/// The movie of a render request that names a template.
pub(in crate::emulator) fn instantiated(account: &Account, id: &str, variables: Option<&Value>) -> Option<Map<String, Value>> {
    let stored = find(account, id).map(|template| template.read());
    let mut movie = stored.or_else(|| may_be_elsewhere(account, id).then(|| json!({ "scenes": [{ "duration": ELSEWHERE }] })))?;
    merge_variables(&mut movie, variables);
    movie.as_object().cloned()
}
