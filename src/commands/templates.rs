//! `j2v templates`: lists, reads, stores and compares the account's movies.

use std::path::Path;

use serde_json::json;

use super::account_failure::failed;
use super::media::show;
use super::movie_files::{self, STDIN};
use super::new_file::{not_written, write};
use super::session::{self, Reached};
use super::{Call, CliError};
use crate::cli::{
    TemplateDeleteArgs, TemplateDiffArgs, TemplateDuplicateArgs, TemplateIdArgs, TemplateListArgs, TemplatePullArgs, TemplatePushArgs,
    TemplateVarsArgs, TemplatesCommand,
};
use crate::exit::Exit;
use crate::movie::check::{Resolved, Settings, check};
use crate::movie::compose::Assignment;
use crate::movie::json::Node;
use crate::movie::{Document, differences};
use crate::output::table::Cell;
use crate::service::account::AccountError;
use crate::service::client::Client;
use crate::service::templates::{LARGEST_MOVIE, LONGEST_NAME, Template, TemplateSummary, TemplateVariable};
use crate::work::templates::{Copy, Push, PushError, Pushed, TemplateNotes, create, duplicate, update};
use crate::world::Timestamp;

pub(super) async fn run(call: &Call, command: &TemplatesCommand) -> anyhow::Result<Exit> {
    let reached = session::reach(&call.settings, session::key(&call.settings)?).await?;
    let ended = act(call, &reached, command).await;
    reached.close().await;
    ended
}

async fn act(call: &Call, reached: &Reached, command: &TemplatesCommand) -> anyhow::Result<Exit> {
    let client = &reached.client;
    match command {
        TemplatesCommand::List(args) => {
            let all = client.templates().await.map_err(|error| failed(&error))?;
            let fits = |summary: &TemplateSummary| args.tag.iter().all(|tag| summary.tags.iter().any(|known| same_tag(known, tag)));
            list(call, args, all.iter().filter(|summary| fits(summary)));
            Ok(Exit::Done)
        }
        TemplatesCommand::Library(args) => {
            let all = client.template_library(&args.tag).await.map_err(|error| failed(&error))?;
            list(call, args, all.iter());
            Ok(Exit::Done)
        }
        TemplatesCommand::Get(args) => get(call, client, args).await,
        TemplatesCommand::Vars(args) => vars(call, client, args).await,
        TemplatesCommand::Push(args) => push(call, client, args).await,
        TemplatesCommand::Pull(args) => pull(call, client, args).await,
        TemplatesCommand::Diff(args) => diff(call, client, args).await,
        TemplatesCommand::Duplicate(args) => copy(call, client, args).await,
        TemplatesCommand::Delete(args) => delete(call, client, args).await,
    }
}

/// Compares tags in any case. The service's own clients filter tags themselves, too.
fn same_tag(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

fn list<'a>(call: &Call, args: &TemplateListArgs, all: impl Iterator<Item = &'a TemplateSummary>) {
    if args.json {
        for summary in all {
            let TemplateSummary { id, name, tags, created_at, updated_at, video_url } = summary;
            let facts =
                json!({ "id": id, "name": name, "tags": tags, "created_at": created_at, "updated_at": updated_at, "video_url": video_url });
            call.out.data(&facts.to_string());
        }
        return;
    }
    let time = |at: &Option<String>| Cell::Time(at.as_deref().and_then(Timestamp::from_iso));
    let row = |summary: &TemplateSummary| {
        vec![summary.id.clone().into(), summary.name.clone().into(), summary.tags.join(", ").into(), time(&summary.updated_at)]
    };
    show(call, &["ID", "NAME", "TAGS", "CHANGED"], all.map(row).collect());
}

/// This machine's record of the account's templates.
fn notes(call: &Call) -> TemplateNotes {
    let settings = &call.settings;
    let folder = settings.state.as_ref().map(|folder| folder.join("templates"));
    TemplateNotes::new(folder, session::account_space(settings))
}

/// Records what was read; a failed write of the record is not an error.
fn note(call: &Call, template: &Template) {
    if let Err(why) = notes(call).see(template) {
        call.out.warning(&format!("the next push can't notice whether another has changed this template: {why}"));
    }
}

/// The message and exit code for a failed call about one template.
fn failed_on(call: &Call, error: &AccountError, id: &str) -> CliError {
    if !matches!(error, AccountError::NotFound { .. }) {
        return failed(error);
    }
    CliError::new(Exit::Refused, format!("{id}: the account has no such template")).then(session::spell(call, &["templates", "list"]))
}

async fn get(call: &Call, client: &Client, args: &TemplateIdArgs) -> anyhow::Result<Exit> {
    let template = client.template(&args.id).await.map_err(|error| failed_on(call, &error, &args.id))?;
    call.out.raw(template.movie.as_bytes())?;
    note(call, &template);
    Ok(Exit::Done)
}

async fn vars(call: &Call, client: &Client, args: &TemplateVarsArgs) -> anyhow::Result<Exit> {
    if args.schema {
        let schema = client.template_schema(&args.id).await.map_err(|error| failed_on(call, &error, &args.id))?;
        call.out.data(&serde_json::to_string_pretty(&schema)?);
        return Ok(Exit::Done);
    }
    let variables = client.template_variables(&args.id).await.map_err(|error| failed_on(call, &error, &args.id))?;
    if args.csv_header {
        call.out.data(&csv_header(&variables)?);
    } else if args.json {
        for variable in &variables {
            let TemplateVariable { name, label, kind, help, required, options, spec, .. } = variable;
            let facts = json!({
                "name": name, "label": label, "type": kind, "default": variable.default_value(), "help": help,
                "required": required.unwrap_or(false), "options": options, "spec": spec,
            });
            call.out.data(&facts.to_string());
        }
    } else {
        if variables.is_empty() {
            call.out.note("this template has no variables");
        }
        show(call, &["NAME", "TYPE", "DEFAULT", "", "HELP"], variables.iter().map(row).collect());
    }
    Ok(Exit::Done)
}

/// Whether a variable's value is JSON in a table, and not text.
fn is_json(variable: &TemplateVariable) -> bool {
    matches!(variable.kind.as_deref(), Some("number" | "boolean" | "array" | "collection"))
}

/// A column for the key, then one for each variable; `:=` marks those that contain JSON.
fn csv_header(variables: &[TemplateVariable]) -> anyhow::Result<String> {
    let key = (!variables.iter().any(|variable| variable.name == "id")).then(|| "id".to_owned());
    let column = |variable: &TemplateVariable| format!("{}{}", variable.name, if is_json(variable) { ":=" } else { "" });
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(key.into_iter().chain(variables.iter().map(column)))?;
    Ok(String::from_utf8(writer.into_inner()?)?.trim_end().to_owned())
}

fn row(variable: &TemplateVariable) -> Vec<Cell> {
    let default = variable.default_value().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    let label = variable.label.clone().filter(|label| *label != variable.name);
    let help = variable.help.clone().or(label).unwrap_or_default();
    let required = if variable.required == Some(true) { "required" } else { "" };
    let kind = variable.kind.as_deref().unwrap_or("text");
    vec![variable.name.as_str().into(), kind.into(), default.unwrap_or_default().into(), required.into(), help.into()]
}

/// The movie of a file, unchanged, and the bytes to store: the file's own, if they are strict JSON.
fn movie(call: &Call, file: &str) -> Result<(Document, String), CliError> {
    let read = Document::read(file, movie_files::read_movie(file)?);
    let mut movie = read.map_err(|refused| super::movies::refusal(*refused))?;
    let text = movie.sources.first().map(|source| source.text.clone()).unwrap_or_default();
    let is_strict = movie.diagnostics.is_empty()
        && text.trim_start().starts_with('{')
        && serde_json::from_str::<&serde_json::value::RawValue>(&text).is_ok();
    for finding in &movie.diagnostics {
        call.out.warning(&format!("{file}: {}", finding.message));
    }
    let has_schema = movie.root.remove("$schema");
    let text = if is_strict && !has_schema { text } else { movie.to_compact() };
    Ok((movie, text))
}

async fn push(call: &Call, client: &Client, args: &TemplatePushArgs) -> anyhow::Result<Exit> {
    let (movie, text) = movie(call, &args.file)?;
    refuse_broken(call, args, &movie)?;
    if text.len() > LARGEST_MOVIE {
        call.out.warning(&format!("{}: the movie has {} bytes, the service takes about {LARGEST_MOVIE}", args.file, text.len()));
    }
    let name = args.name.clone().or_else(|| args.id.is_none().then(|| stem(&args.file)));
    if let Some(name) = name.as_ref().filter(|name| name.trim().is_empty() || name.chars().count() > LONGEST_NAME) {
        return Err(CliError::new(
            Exit::Usage,
            format!("`{name}` is not a template's name: give one of 1 to {LONGEST_NAME} characters with --name"),
        )
        .into());
    }
    let tags = (!args.tag.is_empty()).then(|| args.tag.iter().map(|tag| tag.trim().to_owned()).collect());
    let (order, notes) = (Push { movie: &movie, text, name, tags }, notes(call));
    let pushed = match &args.id {
        None => create(client, &notes, &order, |id| call.out.data(id)).await,
        Some(id) => update(client, &notes, id, &order, args.force).await,
    };
    let pushed = pushed.map_err(|error| match &error {
        PushError::Changed { id, .. } => {
            let stop = CliError { help: Some("--force overwrites it".to_owned()), ..push_failed(&error) };
            stop.then(session::spell(call, &["templates", "diff", id, &args.file]))
        }
        _ => push_failed(&error),
    })?;
    match (&pushed, &args.id) {
        (Pushed::Created(id) | Pushed::Found(id), _) => {
            let template = client.template(id).await.map_err(|error| failed(&error))?;
            note(call, &template);
            if matches!(pushed, Pushed::Found(_)) {
                call.out.note("an earlier run had stored it: nothing was sent");
            }
        }
        (_, Some(id)) => {
            call.out.data(id);
            call.out.progress(if pushed == Pushed::Unchanged { "unchanged: nothing was sent" } else { "stored" });
        }
        (_, None) => {}
    }
    Ok(Exit::Done)
}

fn stem(file: &str) -> String {
    let stem = if file == STDIN { None } else { Path::new(file).file_stem() };
    stem.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Refuses to store a movie that the service certainly fails on.
fn refuse_broken(call: &Call, args: &TemplatePushArgs, movie: &Document) -> Result<(), CliError> {
    let file = args.file.as_str();
    let resolved = Resolved::of(movie);
    let settings = Settings { loopback: call.settings.is_loopback(), facts: Some(&resolved.facts), ..Settings::default() };
    let found = check(movie, &settings);
    let Some(first) = found.iter().find(|finding| finding.stops()) else { return Ok(()) };
    let place = movie.spelled_place(first.span).unwrap_or_else(|| file.to_owned());
    let stop = CliError {
        help: first.help.clone(),
        ..CliError::new(Exit::Invalid, format!("{place}: {}: {}; nothing was sent", first.code, first.message))
    };
    let stop = stop.then(session::spell(call, &["check", file]));
    Err(if first.code == "J2V065" { stop.then(uploaded(call, args)) } else { stop })
}

/// The commands that store a movie with its local files on the account's media.
fn uploaded(call: &Call, args: &TemplatePushArgs) -> String {
    let name = args.name.clone().unwrap_or_else(|| stem(&args.file));
    let to = args.id.as_ref().map_or(["--name", &name], |id| ["--id", id]);
    let build = session::spell(call, &["build", &args.file, "--upload"]);
    format!("{build} | {}", session::spell(call, &["templates", "push", "-", to[0], to[1]]))
}

fn push_failed(error: &PushError) -> CliError {
    match error {
        PushError::Service(error) => failed(error),
        PushError::Changed { .. } => CliError::new(Exit::OtherMovie, format!("{error}; nothing was sent")),
        _ => CliError::new(Exit::Internal, error.to_string()),
    }
}

async fn pull(call: &Call, client: &Client, args: &TemplatePullArgs) -> anyhow::Result<Exit> {
    let template = client.template(&args.id).await.map_err(|error| failed_on(call, &error, &args.id))?;
    let file = args.file.clone().unwrap_or_else(|| format!("{}.json", args.id).into());
    let is_there = std::fs::read(&file).is_ok_and(|there| there == template.movie.as_bytes());
    if !is_there {
        write(&file, &template.movie, args.overwrite).map_err(|why| not_written(&file, &why))?;
    }
    note(call, &template);
    call.out.data(&file.display().to_string());
    Ok(Exit::Done)
}

async fn diff(call: &Call, client: &Client, args: &TemplateDiffArgs) -> anyhow::Result<Exit> {
    let (movie, _) = movie(call, &args.file)?;
    let template = client.template(&args.id).await.map_err(|error| failed_on(call, &error, &args.id))?;
    let stored = Document::parse("template.json", template.movie).map_err(|refused| super::movies::refusal(*refused))?;
    let found = differences(&stored.root, &movie.root);
    for difference in &found {
        let at = if difference.at.to_string().is_empty() { "/".to_owned() } else { difference.at.to_string() };
        for (mark, side) in [('-', difference.before), ('+', difference.after)] {
            if let Some(node) = side {
                call.out.data(&format!("{mark} {at}: {}", shortened(node)));
            }
        }
    }
    Ok(if found.is_empty() { Exit::Done } else { Exit::OtherMovie })
}

/// The longest value that is shown in full, characters.
const LONGEST_SHOWN: usize = 200;

fn shortened(node: &Node) -> String {
    let text = node.to_compact();
    match text.char_indices().nth(LONGEST_SHOWN) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

async fn copy(call: &Call, client: &Client, args: &TemplateDuplicateArgs) -> anyhow::Result<Exit> {
    let variables = args.var.iter().map(|text| Assignment::parse(text).map_err(|why| CliError::new(Exit::Usage, format!("--var: {why}"))));
    let variables = variables.collect::<Result<Vec<_>, _>>()?;
    let merged = variables.iter().fold(Node::object(), |merged, one| merged.with(&one.name, one.value.to_node()));
    let merged = (!variables.is_empty()).then(|| merged.to_serde());
    let order = Copy { id: &args.id, name: args.name.as_deref(), variables: merged };
    match duplicate(client, &notes(call), &order, |id| call.out.data(id)).await {
        Ok(Pushed::Found(_)) => call.out.note("an earlier run had copied it: nothing was sent"),
        Ok(_) => {}
        Err(PushError::Service(error)) => return Err(failed_on(call, &error, &args.id).into()),
        Err(error) => return Err(push_failed(&error).into()),
    }
    Ok(Exit::Done)
}

async fn delete(call: &Call, client: &Client, args: &TemplateDeleteArgs) -> anyhow::Result<Exit> {
    let mut exits = Vec::new();
    for id in &args.ids {
        exits.push(match client.delete_template(id).await {
            Ok(()) => {
                notes(call).forget(id);
                call.out.data(id);
                Exit::Done
            }
            Err(error) => {
                let stop = failed_on(call, &error, id);
                stop.tell(&call.out);
                stop.exit
            }
        });
    }
    Ok(Exit::fold(exits))
}
