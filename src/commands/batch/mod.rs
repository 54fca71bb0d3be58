//! `j2v batch`: one movie and a table of rows, or a folder of movies, each rendered once. A second run continues the first.

mod earlier_runs;
mod folder;
mod outcomes;
pub(super) mod preflight;
mod running;
mod status;

use std::path::Path;

use self::earlier_runs::EarlierRuns;
use super::session::{self, ledger_failed};
use super::waiting::{self, Videos};
use super::{Call, CliError, movies, replacing};
use crate::cli::{BatchArgs, NameArgs};
use crate::exit::Exit;
use crate::ledger::batch::{Batch, Budget};
use crate::ledger::{SUBMIT_SCOPE, Space, Store};
use crate::output::RecordFormat;
use crate::quantity::counted;
use crate::settings::LedgerPlace;
use crate::work::CommandLine;
use crate::work::batch::{Changed, Rules, Sum, Survey};
use crate::work::save::Saving;
use crate::world::World;

pub(super) async fn run(call: &Call, args: &BatchArgs) -> anyhow::Result<Exit> {
    if let Some(name) = &args.status {
        return status::run(call, args.json, name.as_deref()).await;
    }
    let name = name(args)?;
    refuse_what_cannot_be(call, args)?;
    let saving =
        waiting::maybe_saving(&args.saving, &NameArgs::default(), Videos::OfRows)?.map(|saving| Saving { replace: args.replace, ..saving });
    let space = Space { account: call.settings.account.clone(), endpoint: session::endpoint(&call.settings.api) };
    let store = if args.dry_run { session::store_as_it_is(call).await? } else { session::store(call).await? };
    let rules = rules(args);
    let earlier = EarlierRuns { store: store.as_ref(), space: &space, name: &name, rules };
    let checked = if folder::is_named(args) {
        folder::preflight(call, args, &earlier).await?
    } else {
        preflight::preflight(call, args, &earlier).await?
    };
    let batch = batch(args, name, space, checked.template);
    ask_first(call, args, &batch, store.as_ref(), &checked.survey).await?;
    if args.dry_run {
        return Ok(Exit::Done);
    }
    drop(store);
    if let Some(saving) = &saving {
        waiting::make_ready(saving)?;
    }
    Box::pin(running::run(call, args, batch, checked, saving)).await
}

/// The batch's name. With its key it identifies a render of the batch.
fn name(args: &BatchArgs) -> Result<String, CliError> {
    let movie = args.movie.movies.first().map(String::as_str).unwrap_or_default();
    if let (None, Some(id), true) = (&args.batch, &args.movie.template, args.movie.movies.is_empty()) {
        return Ok(id.clone());
    }
    // A folder such as `.` has its name in its whole path alone.
    let whole = || Path::new(movie).file_name().map_or_else(|| Path::new(movie).canonicalize().ok(), |_| Some(movie.into()));
    let stem = || Some(whole()?.file_stem()?.to_string_lossy().into_owned());
    let name = match &args.batch {
        Some(name) => name.clone(),
        None if movie == movies::STDIN => {
            return Err(CliError::new(Exit::Usage, "the movie comes from stdin: name the batch with --batch"));
        }
        None => stem().unwrap_or_default(),
    };
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(CliError::new(Exit::Usage, "--batch: a batch needs a name, on one line"));
    }
    if name == SUBMIT_SCOPE {
        return Err(CliError::new(
            Exit::Usage,
            format!("a batch can't be called `{name}`, which stands for the keys of `j2v submit`: choose another name with --batch"),
        ));
    }
    Ok(name)
}

fn refuse_what_cannot_be(call: &Call, args: &BatchArgs) -> Result<(), CliError> {
    let missing = match (&args.table.rows, &args.table.key) {
        _ if folder::is_named(args) => None,
        (None, _) => Some("--rows TABLE is missing: a batch is a movie with a table, or a folder of movies"),
        (Some(_), None) => Some("--key COLUMN is missing: the column whose values name the rows"),
        (Some(_), Some(_)) => None,
    };
    if let Some(missing) = missing {
        return Err(CliError::new(Exit::Usage, missing).then("j2v batch --help"));
    }
    if call.settings.ledger == LedgerPlace::Nowhere {
        let why = "a batch needs a ledger, or its next run would pay again: leave out --no-ledger, or name a file with --ledger";
        return Err(CliError::new(Exit::Usage, why));
    }
    if let Some(file) = args.results.as_deref().filter(|file| RecordFormat::of(file).is_none()) {
        return Err(CliError::new(
            Exit::Usage,
            format!("--results {}: the file's ending says its format: .csv, .jsonl or .html", file.display()),
        ));
    }
    let inputs = [replacing::inputs_of_movie(&args.movie), replacing::inputs_of_table(&args.table)].concat();
    replacing::refuse_results(args.results.as_deref(), &inputs)?;
    if args.no_wait && args.saving.download.is_some() {
        return Err(CliError::new(Exit::Usage, "--no-wait ends before there are videos to save: leave out --download or --no-wait"));
    }
    Ok(())
}

fn rules(args: &BatchArgs) -> Rules {
    let changed = match (args.update, args.keep) {
        (true, _) => Changed::Update,
        (false, true) => Changed::Keep,
        (false, false) => Changed::Ask,
    };
    Rules { changed, retry_failed: args.retry_failed, retry_expired: args.retry_expired }
}

fn batch(args: &BatchArgs, name: String, space: Space, template: crate::render::identity::MovieHash) -> Batch {
    let at = World::real().now();
    Batch {
        space,
        name,
        template,
        source: args.movie.movies.first().cloned().or_else(|| args.movie.template_for_movie()).unwrap_or_default(),
        flags: args.to_flags(),
        budget: Budget { renders: args.pace.max_renders, credits: args.gate.max_credits },
        created_at: at,
        ended_at: None,
    }
}

/// The command that runs a batch again.
fn command(call: &Call, batch: &Batch, more: &[&str]) -> String {
    CommandLine::with_flags(call.flags.clone()).batch(&batch.source, &batch.flags, more)
}

/// The same, waiting for what the runs so far have only sent.
fn command_that_waits(call: &Call, batch: &Batch) -> String {
    let mut batch = batch.clone();
    batch.flags.retain(|flag| flag != "--no-wait");
    command(call, &batch, &[])
}

/// Refuses to pay for a changed movie or for many changed rows without the user's decision. Asks which of the two is meant
/// before anything is sent (`protocol.md#cases`).
async fn ask_first(call: &Call, args: &BatchArgs, batch: &Batch, store: &dyn Store, survey: &Survey) -> Result<(), CliError> {
    let known = store.batches(Some(batch.space.clone()), Some(batch.name.clone())).await.map_err(ledger_failed)?.pop();
    let apart = known.as_ref().filter(|_| args.batch.is_none()).and_then(|known| apart(call, batch, &known.batch));
    let rules = rules(args);
    let is_other_movie = known.is_some_and(|known| known.batch.template != batch.template);
    if !survey.asks(is_other_movie, rules) {
        return Ok(());
    }
    let what = if is_other_movie { "the movie of this batch has changed" } else { "more than a tenth of this batch has changed" };
    let changed = survey.changed;
    let message = format!(
        "{what}: {} of {} rendered rows {} ({}); rendering {} again would cost {}; nothing was sent",
        changed.rows,
        survey.finished,
        if changed.rows == 1 { "is now a different movie" } else { "are now different movies" },
        examples(survey),
        if changed.rows == 1 { "it" } else { "them" },
        cost(&changed)
    );
    let stop = CliError::new(Exit::OtherMovie, message);
    let stop = apart.into_iter().fold(stop, CliError::then);
    let stop = stop.then(command(call, batch, &["--update"])).then(command(call, batch, &["--keep"]));
    // A movie is often changed because of the rows that failed with it.
    let retries = survey.changed_failed > 0 && !rules.retry_failed;
    Err(if retries { stop.then(command(call, batch, &["--keep", "--retry-failed"])) } else { stop })
}

/// Warns that two movies of one file name, or two tables of one movie, share a batch unless it is named. Gives the command
/// that keeps them apart.
fn apart(call: &Call, batch: &Batch, known: &Batch) -> Option<String> {
    let table = |batch: &Batch| {
        let at = batch.flags.iter().position(|flag| flag == "--rows")?;
        batch.flags.get(at + 1).cloned()
    };
    let (source, rows) = (&known.source, table(known).unwrap_or_default());
    if *source == batch.source && table(known) == table(batch) {
        return None;
    }
    call.out.warning(&format!(
        "batch {} was started with {source} and {rows}; these rows are added to it, and a key in both is one row. --batch NAME starts another batch",
        batch.name
    ));
    let stem = table(batch).and_then(|table| Some(Path::new(&table).file_stem()?.to_string_lossy().into_owned()))?;
    Some(command(call, batch, &["--batch", &format!("{}-{stem}", batch.name)]))
}

/// The first of the changed rows.
fn examples(survey: &Survey) -> String {
    let named: Vec<String> = survey.examples.iter().map(|(row, key)| format!("row {row} (key {key})")).collect();
    let more = if survey.changed.rows > named.len() as u64 { "; …" } else { "" };
    format!("{}{more}", named.join("; "))
}

/// `14 to send (up to 28 credits)`; nothing is said of a cost where nothing is sent.
fn to_send(sent: &Sum) -> String {
    if sent.rows == 0 { "0 to send".to_owned() } else { format!("{} to send ({})", sent.rows, cost(sent)) }
}

/// The most that a number of rows may cost, for people.
fn cost(sum: &Sum) -> String {
    let credits = counted(sum.credits, "credit");
    let open = match sum.unbounded {
        0 => return format!("up to {credits}"),
        1 => "1 row has no upper bound".to_owned(),
        rows => format!("{rows} rows have no upper bound"),
    };
    if sum.credits == 0 { open } else { format!("at least {credits}; {open}") }
}
