//! `j2v webhook`: sends a synthetic callback to an endpoint, sends an old one again, or explains one from stdin.

use std::io::Read;

use serde_json::{Value, json};

use super::renders::{Name, one, unheard_of};
use super::session::{Session, ledger_failed, space, spelling, store, store_as_it_is, store_to_read, unreadable_project};
use super::{Call, CliError, receiver};
use crate::cli::{ParseArgs, ReplayArgs, SendArgs, WebhookArgs, WebhookCommand};
use crate::exit::Exit;
use crate::ledger::inbox::{Callback, CallbackId, Callbacks, Kept, Received};
use crate::ledger::outbox::{Announcement, Attempt, AttemptResult, Deliveries, Delivery, Heard, Keeping, Progress};
use crate::ledger::{Render, RenderQuery};
use crate::movie::compose::Setting;
use crate::movie::json::Node;
use crate::output::table::{self, Cell};
use crate::policy::READING_ONE;
use crate::render::event::{Outcome, OutcomeStatus};
use crate::render::identity::ProjectId;
use crate::render::line;
use crate::render::outcome::{Report, Status};
use crate::service::webhook::{self, Format};
use crate::service::webhook_client::WebhookClient;
use crate::world::World;

/// The largest body that is read from stdin, bytes: a receiver accepts no more.
const LARGEST: u64 = 1 << 20;

/// Callbacks that `replay` lists.
const LISTED: u32 = 20;

pub(super) async fn run(call: &Call, args: &WebhookArgs) -> anyhow::Result<Exit> {
    match &args.action {
        WebhookCommand::Send(args) => send(call, args).await,
        WebhookCommand::Replay(args) => replay(call, args).await,
        WebhookCommand::Parse(args) => parse(call, args).await,
    }
}

async fn send(call: &Call, args: &SendArgs) -> anyhow::Result<Exit> {
    let report = match &args.render {
        Some(name) => known(call, Name { text: name, batch: args.scope.batch.as_deref() })
            .await?
            .report
            .ok_or_else(|| CliError::new(Exit::Usage, format!("{name}: its outcome is not known yet")))?,
        None => invented(&args.status)?,
    };
    let format = if args.form { Format::Form } else { Format::Json };
    let body = format.write(&with_settings(webhook::body(&report, args.shape), &args.set)?);
    if args.dry_run {
        call.out.document(&body);
        return Ok(Exit::Done);
    }
    post(call, &args.to, format.content_type(), body.into_bytes()).await
}

/// The body with what the user sets in it.
fn with_settings(body: Value, settings: &[String]) -> Result<Value, CliError> {
    let mut body = Node::from(body);
    for text in settings {
        let wrong = |why: String| CliError::new(Exit::Usage, format!("--set {text}: {why}; nothing was sent"));
        let Setting { pointer, value } = Setting::parse(text).map_err(|why| wrong(why.to_string()))?;
        body.set(&pointer, value.to_node()).map_err(|why| wrong(why.to_string()))?;
    }
    Ok(body.to_serde())
}

/// A synthetic render. Its project can't be one of the service's: those have 16 letters and digits.
fn invented(status: &str) -> Result<Report, CliError> {
    let movie = json!({
        "project": "invented",
        "status": status,
        "url": (status == "done").then_some("https://example.com/invented.mp4"),
        "message": (status == "error").then_some("Scene #1, element #1: this failure is invented"),
        "duration": 12.5,
        "size": 5_421_988,
        "width": 1920,
        "height": 1080,
        "client-data": {"order_id": 7},
    });
    Report::read(&movie).ok_or_else(|| CliError::new(Exit::Internal, "the invented callback can't be read"))
}

async fn post(call: &Call, to: &str, content_type: &str, body: Vec<u8>) -> anyhow::Result<Exit> {
    let address = receiver::address(call, to).await?;
    let answered = WebhookClient::new(World::real()).hand(&address, content_type, &[], body).await;
    let answered = answered.map_err(|why| CliError::new(Exit::Unreachable, format!("{address}: {why}")))?;
    if answered.is_success() {
        call.out.note(&format!("{address} answered {}", answered.status));
        return Ok(Exit::Done);
    }
    Err(CliError::new(Exit::Refused, format!("{address} answered {}", answered.status)).into())
}

async fn replay(call: &Call, args: &ReplayArgs) -> anyhow::Result<Exit> {
    let Some(text) = &args.render else { return list(call).await };
    let name = Name { text, batch: args.scope.batch.as_deref() };
    match &args.to {
        Some(to) => send_again(call, name, to).await,
        None => hand_on_again(call, name).await,
    }
}

/// The last callbacks, newest first.
async fn list(call: &Call) -> anyhow::Result<Exit> {
    let kept = store_to_read(call).await?.callbacks(Some(space(call)), Callbacks::Last(LISTED)).await.map_err(ledger_failed)?;
    let row = |kept: &Kept| {
        let project = kept.project.as_ref().map(ToString::to_string).unwrap_or_default();
        vec![Cell::Time(Some(kept.received_at)), project.into(), kept.size.to_string().into(), kept.content_type.clone().into()]
    };
    let head = ["RECEIVED", "PROJECT", "BYTES", "CONTENT-TYPE"];
    for line in table::list(&head, kept.iter().map(row), call.settings.canvas, World::real().now()) {
        call.out.drawn(&line);
    }
    Ok(Exit::Done)
}

async fn send_again(call: &Call, name: Name<'_>, to: &str) -> anyhow::Result<Exit> {
    let ledger = store_to_read(call).await?;
    let project = project(call, name).await?;
    let kept = ledger.callbacks(Some(space(call)), Callbacks::Of(vec![project])).await.map_err(ledger_failed)?;
    let last = kept.last().ok_or_else(|| CliError::new(Exit::Usage, format!("{}: no callback was received", name.text)))?;
    let raw = ledger.raw(last.id).await.map_err(ledger_failed)?.unwrap_or_default();
    let content_type = if last.content_type.is_empty() { Format::Json.content_type() } else { &last.content_type };
    post(call, to, content_type, raw).await
}

/// Makes the last outcome due now, whether it waits, was delivered or was given up.
async fn hand_on_again(call: &Call, name: Name<'_>) -> anyhow::Result<Exit> {
    let ledger = store_as_it_is(call).await?;
    let now = World::real().now();
    let project = project(call, name).await?;
    let deliveries = ledger.deliveries(Some(space(call)), Deliveries::Of(vec![project])).await.map_err(ledger_failed)?;
    let last = deliveries.last().ok_or_else(|| CliError::new(Exit::Usage, format!("{}: it has no outcome to deliver", name.text)))?;
    // It was never on its way to a program: only a body that somebody recorded tells of it.
    if last.progress == Progress::Done && last.attempts == 0 {
        confirm(call, last).await?;
    }
    let attempt = Attempt { delivery: last.id, result: AttemptResult::Wanted(now), detail: "to be delivered again".to_owned(), at: now };
    ledger.record_attempts(vec![attempt]).await.map_err(ledger_failed)?;
    let after = ledger.deliveries(Some(space(call)), Deliveries::Of(vec![last.project.clone()])).await.map_err(ledger_failed)?;
    if after.iter().any(|delivery| delivery.id == last.id && delivery.progress == Progress::Taken) {
        call.out.note(&format!("{}: `{}` is being delivered", last.project, last.status));
        return Ok(Exit::Done);
    }
    call.out.note(&format!(
        "{}: `{}` will be delivered again, by a running `j2v listen` or by `j2v poll --missed --older-than 0s` with --exec or --forward",
        last.project, last.status
    ));
    Ok(Exit::Done)
}

/// Asks the service whether an outcome that `parse --record` wrote down is its own: anybody could have sent that body
/// (`protocol.md`).
async fn confirm(call: &Call, recorded: &Delivery) -> anyhow::Result<()> {
    let project = recorded.project.as_str();
    let session = Session::without_past(call).await?;
    let read = session.context.client.read(&recorded.project, READING_ONE).await;
    session.close().await;
    let report = read.map_err(|error| unreadable_project(&spelling(call), project, &error))?;
    if report.status.as_str() == recorded.status && report.url == recorded.report.url {
        return Ok(());
    }
    let says = report.status.as_str();
    let what = if says == recorded.status { "it has another URL".to_owned() } else { format!("it says `{says}`") };
    let why = format!(
        "{project}: `webhook parse --record` wrote its outcome down, and the service does not confirm it ({what}): it is not delivered"
    );
    Err(CliError::new(Exit::Refused, why).then(spelling(call).spell(&["show", project])).into())
}

/// The project of a name: the ledger's render, or the name itself.
async fn project(call: &Call, name: Name<'_>) -> anyhow::Result<ProjectId> {
    let found = one(store_to_read(call).await?.as_ref(), Some(space(call)), name, &spelling(call)).await?;
    let known = found.and_then(|render| render.submission.project);
    match known {
        Some(project) => Ok(project),
        None => Ok(ProjectId::parse(name.text).map_err(|why| CliError::new(Exit::Usage, format!("`{}`: {why}", name.text)))?),
    }
}

async fn known(call: &Call, name: Name<'_>) -> anyhow::Result<Render> {
    let found = one(store_to_read(call).await?.as_ref(), Some(space(call)), name, &spelling(call)).await?;
    Ok(found.ok_or_else(|| unheard_of(name, &spelling(call).spell(&["history"])))?)
}

async fn parse(call: &Call, args: &ParseArgs) -> anyhow::Result<Exit> {
    let mut raw = Vec::new();
    std::io::stdin()
        .lock()
        .take(LARGEST)
        .read_to_end(&mut raw)
        .map_err(|why| CliError::new(Exit::Usage, format!("stdin can't be read: {why}")))?;
    let told = webhook::read(&raw);
    let Some(project) = told.project.clone() else {
        return Err(CliError::new(Exit::Usage, "stdin is not a callback of the service: it names no project").into());
    };
    let row = if args.record { record(call, raw, &told).await? } else { None };
    let outcome = Outcome {
        project: Some(project),
        key: row.as_ref().map(|row| row.key.clone()),
        source: row.map(|row| row.source),
        message: told.report.as_ref().and_then(|report| report.message.clone()),
        report: told.report.clone(),
        ..Outcome::new(told.report.as_ref().map_or(OutcomeStatus::Waiting, status_of))
    };
    let mut facts = line::facts(&outcome);
    if told.report.is_none() {
        facts["status"] = Value::Null;
        facts["client-data"] = told.client_data.clone().map_or(Value::Null, line::without_token);
    }
    call.out.data(&facts.to_string());
    Ok(Exit::Done)
}

fn status_of(report: &Report) -> OutcomeStatus {
    match report.status {
        Status::Done => OutcomeStatus::Done,
        Status::Error => OutcomeStatus::Error,
        Status::Timeout => OutcomeStatus::Timeout,
        Status::Deleted => OutcomeStatus::Deleted,
        Status::Pending => OutcomeStatus::Pending,
        Status::Running | Status::Other(_) => OutcomeStatus::Running,
    }
}

/// Records the callback and that the application has the outcome, so that it is not delivered again. The body changes no render.
async fn record(call: &Call, raw: Vec<u8>, told: &webhook::Told) -> anyhow::Result<Option<Render>> {
    let (ledger, space, at) = (store(call).await?, space(call), World::real().now());
    let callback =
        Callback { space: space.clone(), project: told.project.clone(), token: told.token.clone(), content_type: String::new(), raw, at };
    let received = ledger.receive(vec![callback]).await.map_err(ledger_failed)?;
    let ids: Vec<CallbackId> = received.into_iter().map(|(Received::New(id) | Received::Known(id))| id).collect();
    ledger.handled(ids, at).await.map_err(ledger_failed)?;
    ledger.keep_receiver(space.clone(), Keeping::default(), at).await.map_err(ledger_failed)?;
    if let Some(report) = told.report.clone().filter(|report| report.status.has_ended()) {
        let heard = Announcement { space: space.clone(), report, at, heard: Heard::Already };
        ledger.announce(vec![heard]).await.map_err(ledger_failed)?;
    }
    let Some(project) = &told.project else { return Ok(None) };
    Ok(ledger.find(Some(space), RenderQuery::Project(project.clone())).await.map_err(ledger_failed)?.into_iter().next())
}
