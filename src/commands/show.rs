//! `j2v show`: one render's whole story: what was sent, every attempt, what came back, what it cost.

use serde_json::{Value, json};

use super::Call;
use super::history::facts;
use super::renders::latest;
use super::session::{ledger_failed, store};
use super::settle::unheard_of;
use crate::cli::ShowArgs;
use crate::exit::Exit;
use crate::ledger::{Event, Render};
use crate::output::table;
use crate::render::identity::Token;
use crate::work::CommandLine;

pub(super) async fn run(call: &Call, args: &ShowArgs) -> anyhow::Result<Exit> {
    let ledger = store(call)?;
    let found = latest(ledger.as_ref(), None, &args.render).await.map_err(ledger_failed)?;
    let history = CommandLine::with_flags(call.flags.clone()).spell(&["history"]);
    let render = found.ok_or_else(|| unheard_of(&args.render, &history))?;
    let story = ledger.story(render.id).await.map_err(ledger_failed)?;
    let body = ledger.body(render.id).await.map_err(ledger_failed)?.and_then(|body| String::from_utf8(body).ok());
    if args.json {
        call.out.data(&whole(&render, &story, body.as_deref()).to_string());
        return Ok(Exit::Done);
    }
    for line in told(&render, &story) {
        call.out.data(&line);
    }
    if let Some(body) = body {
        call.out.data(&format!("\nmovie (the token is added to its client-data):\n{body}"));
    }
    Ok(Exit::Done)
}

fn token(render: &Render) -> Option<String> {
    let token = Token::new(&render.key, render.generation, render.movie, render.submission.attempt);
    render.traceable.then(|| token.to_string())
}

fn whole(render: &Render, story: &[Event], body: Option<&str>) -> Value {
    let mut whole = facts(render);
    let story: Vec<Value> =
        story.iter().map(|event| json!({"at": event.at.to_iso(), "event": event.kind, "detail": event.detail})).collect();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("token".to_owned(), json!(token(render)));
        fields.insert("report".to_owned(), json!(render.report.as_ref().map(|report| &report.raw)));
        fields.insert("story".to_owned(), json!(story));
        fields.insert("body".to_owned(), json!(body));
    }
    whole
}

fn told(render: &Render, story: &[Event]) -> Vec<String> {
    let mut rows = Vec::new();
    if let Value::Object(fields) = facts(render) {
        let shown = fields.into_iter().filter(|(_, value)| !value.is_null());
        rows.extend(shown.map(|(name, value)| vec![name, value.as_str().map_or_else(|| value.to_string(), str::to_owned)]));
    }
    rows.extend(token(render).map(|token| vec!["token".to_owned(), token]));
    let mut lines = table::lay_out(&rows);
    lines.push(String::new());
    let story: Vec<Vec<String>> = story.iter().map(|event| vec![event.at.to_iso(), event.kind.clone(), event.detail.clone()]).collect();
    lines.extend(table::lay_out(&story));
    lines
}
