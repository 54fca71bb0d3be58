//! `j2v explain`: explains a message of the service in plain words, and shows the line of the movie that it is about.

use std::path::Path;

use clap::Parser;
use serde_json::json;

use super::renders::{Name, one, unheard_of};
use super::session::{self, Session, ledger_failed};
use super::{Call, CliError, check, movies};
use crate::cli::{Cli, Command, ExplainArgs};
use crate::exit::Exit;
use crate::ledger::{Render, Store};
use crate::movie::check::Rule;
use crate::movie::diagnostic::{Diagnostic, Evidence, Severity};
use crate::movie::{Document, Mention, mention};
use crate::output::findings::{Placed, place};
use crate::output::{sanitize, snippet};
use crate::policy::READING_ONE;
use crate::render::explanation::Explanation;
use crate::render::identity::{MovieHash, ProjectId};
use crate::settings::LedgerPlace;

/// The name for the service's messages that match no rule of the check.
const SERVICE: &str = "service";

pub(super) async fn run(call: &Call, args: &ExplainArgs) -> anyhow::Result<Exit> {
    if let [word] = &args.words[..]
        && let Some(rule) = Rule::named(word).filter(|rule| rule.code.eq_ignore_ascii_case(word))
    {
        return Ok(check::explain(call, rule, args.json));
    }
    let Told { message, meant } = told(call, args).await?;
    let explanation = Explanation::of(&message);
    let line = meant.as_ref().map(|meant| Line::new(&message, explanation, meant));
    let placed = line.as_ref().and_then(Line::placed);
    let cure = match explanation {
        Some(explanation) => explanation.cure,
        None if placed.is_some() => "look at the place of the movie that the message names",
        None => "ask the service's support, with this message and the project's id",
    };
    if args.json {
        call.out.data(&to_json(&message, explanation, cure, meant.as_ref(), placed.as_ref()));
        return Ok(Exit::Done);
    }
    call.out.data(&format!("message: {}", sanitize::message(&message)));
    call.out.data(&format!("cause:   {}", explanation.map_or("j2v does not know this message", |known| known.cause)));
    call.out.data(&format!("fix:     {cure}"));
    if let (Some(placed), Some(meant)) = (&placed, &meant) {
        call.out.drawn(&format!("\n{}", snippet::render(&meant.name, placed, &[], call.settings.canvas)));
        if !meant.mention.is_certain {
            call.out.data("note: the movie iterates or leaves out scenes or elements, so the service may number them differently");
        }
    }
    for command in explanation.into_iter().flat_map(ways_on) {
        call.out.hint(&command);
    }
    Ok(Exit::Done)
}

/// The next commands to type.
fn ways_on(explanation: &Explanation) -> Vec<String> {
    let rule = explanation.rule.map(|code| format!("j2v check --explain {code}"));
    rule.into_iter().chain(explanation.next.map(str::to_owned)).collect()
}

/// A message, and its subject.
struct Told {
    message: String,
    meant: Option<Meant>,
}

/// The place of a movie that a message is about.
struct Meant {
    name: String,
    movie: Document,
    mention: Mention,
}

/// The message to explain: the last one about a render, or the words on the command line.
async fn told(call: &Call, args: &ExplainArgs) -> anyhow::Result<Told> {
    let words = &args.words;
    let name = |text| Name { text, batch: args.scope.batch.as_deref() };
    if let [text] = &words[..]
        && let Some(ledger) = ledger(call).await?
        && let Some(render) = named(call, ledger.as_ref(), name(text)).await?
    {
        let message = last_words(&render).ok_or_else(|| nothing_said(call, &render))?;
        let meant = meant(call, ledger.as_ref(), &render, &message).await?;
        return Ok(Told { message, meant });
    }
    let text = words.join(" ");
    if words.len() == 1 && !text.contains(' ') && ProjectId::parse(&text).is_ok() && Explanation::of(&text).is_none() {
        return of_service(call, name(&text)).await;
    }
    Ok(Told { message: text, meant: None })
}

async fn named(call: &Call, ledger: &dyn Store, name: Name<'_>) -> Result<Option<Render>, CliError> {
    let command = session::spelling(call);
    match one(ledger, Some(session::space(call)), name, &command).await? {
        None => one(ledger, None, name, &command).await,
        here => Ok(here),
    }
}

/// The service's message for a project that is not in the ledger.
async fn of_service(call: &Call, name: Name<'_>) -> anyhow::Result<Told> {
    let project = ProjectId::parse(name.text).map_err(|why| CliError::new(Exit::Usage, why.to_string()))?;
    if name.batch.is_some() || !project.is_well_formed() {
        return Err(unheard_of(name, &session::spell(call, &["history"])).into());
    }
    let session = Session::to_look(call).await?;
    let read = session.context.client.read(&project, READING_ONE).await;
    session.close().await;
    let report = read.map_err(|error| session::unreadable_project(&session::spelling(call), project.as_str(), &error))?;
    let message = report.message.clone().ok_or_else(|| {
        let why = format!("nothing to explain: {project} is `{}` at the service, without a message", report.status.as_str());
        CliError::new(Exit::Usage, why).then(session::spell(call, &["show", project.as_str()]))
    })?;
    Ok(Told { message, meant: None })
}

/// The ledger, if there is one; none is created.
async fn ledger(call: &Call) -> anyhow::Result<Option<std::sync::Arc<dyn Store>>> {
    match &call.settings.ledger {
        LedgerPlace::File(path) if !path.exists() => Ok(None),
        _ => session::store(call).await.map(Some),
    }
}

fn last_words(render: &Render) -> Option<String> {
    let reported = render.report.as_ref().and_then(|report| report.message.clone());
    reported.or_else(|| render.refusal.as_ref().map(|refusal| refusal.message.clone())).filter(|message| !message.trim().is_empty())
}

fn nothing_said(call: &Call, render: &Render) -> CliError {
    let (state, name) = (render.submission.state.as_str(), session::spelling(call).name(render));
    CliError::new(Exit::Usage, format!("nothing to explain: the render of key {name} is `{state}`, without a message"))
        .then(session::spell(call, &["show", &name]))
}

/// The place in the user's own file if it still composes to the movie that was sent, else in the movie that was sent.
async fn meant(call: &Call, ledger: &dyn Store, render: &Render, message: &str) -> anyhow::Result<Option<Meant>> {
    if let Some(movie) = unchanged(call, render) {
        let name = render.source.clone();
        return Ok(mention(&movie, message).map(|mention| Meant { name, movie, mention }));
    }
    let name = match render.row {
        Some(row) => format!("{} (as it was sent: row {} of its table)", render.full_name(), row.number),
        None => format!("{} (as it was sent; {} has changed since or is gone)", render.key, render.source),
    };
    let body = ledger.body(render.id).await.map_err(ledger_failed)?.and_then(|body| String::from_utf8(body).ok());
    let sent = body.and_then(|body| Document::parse(&name, body).ok()).map(|movie| movie.to_pretty());
    let movie = sent.and_then(|text| Document::parse(&name, text).ok());
    Ok(movie.and_then(|movie| Some(Meant { mention: mention(&movie, message)?, name, movie })))
}

/// The movie, composed again as before; `None` if the result differs.
fn unchanged(call: &Call, render: &Render) -> Option<Document> {
    if render.batch().is_some() || !Path::new(&render.source).is_file() {
        return None;
    }
    let words = ["j2v", "submit", render.source.as_str()].into_iter().chain(render.flags.iter().map(String::as_str));
    let Ok(Cli { command: Command::Submit(mut args), .. }) = Cli::try_parse_from(words) else { return None };
    args.movie.defaults.clone_from(&call.settings.movie);
    let composed = movies::compose_silently(&args.movie).ok()?.pop()?.movie.ok()?;
    (MovieHash::of(composed.canonical().as_bytes()) == render.movie).then_some(composed)
}

/// The line of a movie that a message is about, as a finding.
struct Line<'a> {
    meant: &'a Meant,
    finding: [Diagnostic; 1],
}

impl<'a> Line<'a> {
    fn new(message: &str, explanation: Option<&Explanation>, meant: &'a Meant) -> Self {
        let code = explanation.and_then(|explanation| explanation.rule).unwrap_or(SERVICE);
        let span = meant.mention.span;
        let label = Some(format!("`{}`", meant.mention.pointer));
        let (severity, evidence) = (Severity::Error, Evidence::Live);
        let finding = Diagnostic { severity, evidence, label, ..Diagnostic::of_rule(code, span, message) };
        Self { meant, finding: [finding] }
    }

    fn placed(&self) -> Option<Placed<'_>> {
        place(&self.meant.movie.sources, &self.finding).pop()
    }
}

fn to_json(message: &str, explanation: Option<&Explanation>, cure: &str, meant: Option<&Meant>, placed: Option<&Placed<'_>>) -> String {
    let place = meant.zip(placed.and_then(|placed| placed.place)).map(|(meant, (source, position, _))| {
        json!({
            "file": source.name,
            "line": position.line,
            "column": position.column,
            "pointer": meant.mention.pointer.to_string(),
            "certain": meant.mention.is_certain,
        })
    });
    let rule = explanation.and_then(|explanation| explanation.rule).and_then(Rule::named).map(|rule| rule.code);
    json!({
        "message": message,
        "cause": explanation.map(|explanation| explanation.cause),
        "cure": cure,
        "rule": rule,
        "place": place,
        "next": explanation.map(ways_on),
    })
    .to_string()
}
