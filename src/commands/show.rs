//! `j2v show`: one render's whole history: the submission, every attempt, the answers, the cost.

use serde_json::{Value, json};

use super::Call;
use super::history::facts;
use super::renders::{Name, one, unheard_of};
use super::session::{self, Session, ledger_failed, spelling, store_to_read};
use crate::cli::ShowArgs;
use crate::exit::Exit;
use crate::ledger::inbox::{Callbacks, Kept};
use crate::ledger::outbox::{Deliveries, Delivery};
use crate::ledger::{Event, LedgerError, Render, Store};
use crate::output::table;
use crate::policy::READING_ONE;
use crate::render::identity::ProjectId;
use crate::render::token::{LedgerName, Token};
use crate::world::Timestamp;

pub(super) async fn run(call: &Call, args: &ShowArgs) -> anyhow::Result<Exit> {
    let ledger = store_to_read(call).await?;
    let name = Name { text: &args.render, batch: args.scope.batch.as_deref() };
    let found = match one(ledger.as_ref(), Some(session::space(call)), name, &spelling(call)).await? {
        None => one(ledger.as_ref(), None, name, &spelling(call)).await?,
        here => here,
    };
    let Some(render) = found else { return of_service(call, args, name).await };
    let history = ledger.history(render.id).await.map_err(ledger_failed)?;
    let body = ledger.body(render.id).await.map_err(ledger_failed)?.and_then(|body| String::from_utf8(body).ok());
    let mail = Mail::of(ledger.as_ref(), &render).await.map_err(ledger_failed)?;
    let token = token(&render, ledger.name());
    if args.json {
        call.out.data(&whole(&render, token.as_deref(), &history, &mail, body.as_deref()).to_string());
        return Ok(Exit::Done);
    }
    for line in told(&render, token, &history, &mail) {
        call.out.data(&line);
    }
    if let Some(body) = body {
        call.out.data(&format!("\nmovie (the token is added to its client-data):\n{body}"));
    }
    Ok(Exit::Done)
}

/// A project that is not in the ledger: the service's answer about it.
async fn of_service(call: &Call, args: &ShowArgs, name: Name<'_>) -> anyhow::Result<Exit> {
    let project = ProjectId::parse(name.text).ok().filter(|project| name.batch.is_none() && project.is_well_formed());
    let project = project.ok_or_else(|| unheard_of(name, &spelling(call).spell(&["history"])))?;
    let session = Session::to_look(call).await?;
    let read = session.context.client.read(&project, READING_ONE).await;
    session.close().await;
    let report = read.map_err(|error| session::unreadable_project(&spelling(call), project.as_str(), &error))?;
    if args.json {
        call.out.data(&json!({"project": project.as_str(), "status": report.status.as_str(), "report": report.raw}).to_string());
        return Ok(Exit::Done);
    }
    call.out.note(&format!("{project} is not in this ledger; the service reports:"));
    let fields = report.raw.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    let rows: Vec<Vec<String>> =
        fields.map(|(name, value)| vec![name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)]).collect();
    for line in table::lay_out(&rows) {
        call.out.data(&line);
    }
    Ok(Exit::Done)
}

fn token(render: &Render, ledger: LedgerName) -> Option<String> {
    render.traceable.then(|| Token::new(&render.identity(), render.submission.attempt, ledger).to_string())
}

fn whole(render: &Render, token: Option<&str>, history: &[Event], mail: &Mail, body: Option<&str>) -> Value {
    let mut whole = facts(render);
    let history: Vec<Value> =
        history.iter().map(|event| json!({"at": event.at.to_iso(), "event": event.kind, "detail": event.detail})).collect();
    if let Some(fields) = whole.as_object_mut() {
        fields.insert("token".to_owned(), json!(token));
        fields.insert("report".to_owned(), json!(render.report.as_ref().map(|report| &report.raw)));
        fields.insert("story".to_owned(), json!(history));
        fields.insert("callbacks".to_owned(), mail.callbacks.iter().map(callback).collect());
        fields.insert("deliveries".to_owned(), mail.deliveries.iter().map(delivery).collect());
        fields.insert("body".to_owned(), json!(body));
    }
    whole
}

fn told(render: &Render, token: Option<String>, history: &[Event], mail: &Mail) -> Vec<String> {
    let mut rows = Vec::new();
    if let Value::Object(fields) = facts(render) {
        let shown = fields.into_iter().filter(|(name, value)| !value.is_null() && name != "scope");
        rows.extend(shown.map(|(name, value)| {
            let text = if name == "state" { Value::from(render.submission.state.shown()) } else { value };
            vec![label(name), text.as_str().map_or_else(|| text.to_string(), str::to_owned)]
        }));
    }
    rows.extend(token.map(|token| vec!["token".to_owned(), token]));
    let mut lines = table::lay_out(&rows);
    lines.push(String::new());
    let mut history: Vec<(Timestamp, Vec<String>)> =
        history.iter().map(|event| (event.at, vec![event.at.to_iso(), event.kind.clone(), event.detail.clone()])).collect();
    history.extend(mail.lines());
    // The history is already in order; callbacks and deliveries are inserted by their time.
    history.sort_by_key(|(at, _)| *at);
    lines.extend(table::lay_out(&history.into_iter().map(|(_, line)| line).collect::<Vec<_>>()));
    lines
}

/// The name of a field of the JSON, for people.
fn label(field: String) -> String {
    match field.as_str() {
        "account" => "profile".to_owned(),
        "endpoint" => "api".to_owned(),
        "bound_at" => "accepted_at".to_owned(),
        _ => field,
    }
}

/// The callbacks for a render, and its deliveries.
struct Mail {
    callbacks: Vec<Kept>,
    deliveries: Vec<Delivery>,
}

impl Mail {
    async fn of(ledger: &dyn Store, render: &Render) -> Result<Self, LedgerError> {
        let Some(project) = render.submission.project.clone() else { return Ok(Self { callbacks: Vec::new(), deliveries: Vec::new() }) };
        let space = Some(render.space.clone());
        Ok(Self {
            callbacks: ledger.callbacks(space.clone(), Callbacks::Of(vec![project.clone()])).await?,
            deliveries: ledger.deliveries(space, Deliveries::Of(vec![project])).await?,
        })
    }

    /// A line for each, with its time.
    fn lines(&self) -> Vec<(Timestamp, Vec<String>)> {
        let line = |at: Timestamp, kind: &str, detail: String| (at, vec![at.to_iso(), kind.to_owned(), detail]);
        let came =
            self.callbacks.iter().map(|kept| line(kept.received_at, "callback", format!("{} bytes, {}", kept.size, kept.content_type)));
        let went = self.deliveries.iter().map(|delivery| {
            let detail = delivery.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
            let text = format!("`{}` {}, attempt {}{detail}", delivery.status, delivery.progress.as_str(), delivery.attempts);
            line(delivery.touched_at, "delivery", text)
        });
        came.chain(went).collect()
    }
}

fn callback(kept: &Kept) -> Value {
    json!({
        "at": kept.received_at.to_iso(),
        "settled_at": kept.settled_at.map(Timestamp::to_iso),
        "content_type": kept.content_type,
        "size": kept.size,
    })
}

fn delivery(delivery: &Delivery) -> Value {
    json!({
        "status": delivery.status,
        "progress": delivery.progress.as_str(),
        "attempts": delivery.attempts,
        "at": delivery.touched_at.to_iso(),
        "due_at": delivery.due_at.to_iso(),
        "detail": delivery.detail,
    })
}
