//! `j2v submit`: sends each movie exactly once, follows it to its end, and saves it where the flags ask for that.

use std::cell::Cell;

use futures_util::stream::{self, StreamExt};

use super::movies::{self, Composed};
use super::session::{Session, ledger_failed};
use super::submit_check::SubmitCheck;
use super::token_place::with_place_for_token;
use super::uploads::{self, UploadMode};
use super::waiting::{self, PollMode, Videos};
use super::{Call, CliError, dry_run, replacing, template_variables};
use crate::cli::SubmitArgs;
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render};
use crate::movie::Document;
use crate::output::{RecordFormat, Results, Wanted};
use crate::render::event::{Cause, Event, Listener, Outcome, OutcomeStatus};
use crate::render::identity::Key;
use crate::render::outcome::Reason;
use crate::render::state::{OnUnknown, State};
use crate::work::Context;
use crate::work::follow::{Followed, follow, remembered};
use crate::work::outcome::submitted;
use crate::work::save::{Saving, words_of_submission};
use crate::work::submit::{Order, Submitted, submit};

pub(super) async fn run(call: &Call, args: &SubmitArgs) -> anyhow::Result<Exit> {
    let mut others = replacing::inputs_of_movie(&args.movie);
    others.extend(replacing::file_of_download(args.saving.download.as_deref()));
    replacing::refuse_results(args.results.as_deref(), &others)?;
    let mut composed = movies::compose_all(&call.out, &args.movie)?;
    if args.movie.upload {
        let mode = if args.dry_run { UploadMode::LookUp } else { UploadMode::Send };
        uploads::swap(call, &args.movie, Some(&args.gate), &mut composed, mode).await?;
    }
    let count = composed.len();
    let keys = keys(args, &composed)?;
    let saving = waiting::maybe_saving(&args.saving, &args.naming, Videos::Count(count))?;
    named_by_what_is_there(saving.as_ref(), &composed)?;
    if args.dry_run {
        return dry_run::run(call, args, keys, composed).await;
    }
    if let Some(saving) = &saving {
        waiting::make_ready(saving)?;
    }
    let results = Results::new(&call.out, args.json, wanted(args, saving.as_ref()), count);
    let mut results = recorded(results, args)?;
    let orders = orders(call, args, keys, composed, &mut results);
    if orders.is_empty() {
        return Ok(results.finish());
    }
    let session = match Session::without_past(call).await {
        Ok(session) => session,
        Err(error) => return not_begun(call, &orders, results, error),
    };
    template_variables::compare(call, &session.context.client, orders.iter().map(|(_, order)| &order.movie)).await;
    let wanted = orders.len();
    let (bound, failed) = submit_all(&session.context, orders, call.settings.concurrency, &mut results).await;
    if let Some(error) = failed {
        ledger_failed(error).tell_ways_out(&call.out);
    }
    // This run has just searched for the answers that it lost itself.
    let has_time_for_the_past = bound.len() == wanted;
    let mode = if waits(args) { PollMode::Many } else { PollMode::One };
    let followed = to_follow(&session.context, bound, mode, &mut results).await;
    if has_time_for_the_past && let Err(error) = session.catch_up(call).await {
        call.out.warning(&format!("{error:#}"));
    }
    if !followed.is_empty() {
        let patience = waiting::patience(call, &session.context, &args.waiting, mode);
        follow(&session.context, followed, patience, saving.as_ref(), |index, outcome| results.end(index, outcome)).await;
    }
    session.close().await;
    Ok(results.finish())
}

/// The same results, also written to the file of `--results` if there is one.
fn recorded<'a>(results: Results<'a>, args: &SubmitArgs) -> Result<Results<'a>, CliError> {
    let Some(path) = &args.results else { return Ok(results) };
    let refused = |why: String| CliError::new(Exit::Usage, format!("--results {}: {why}; nothing was sent", path.display()));
    let format = RecordFormat::of(path).ok_or_else(|| refused("the file's ending says its format: .csv, .jsonl or .html".to_owned()))?;
    results.recorded(path, format).map_err(|why| refused(why.to_string()))
}

fn waits(args: &SubmitArgs) -> bool {
    args.wait || args.saving.download.is_some()
}

/// The key of each movie: the one from the command line, or the name of a file in a folder.
fn keys(args: &SubmitArgs, composed: &[Composed]) -> Result<Vec<Option<Key>>, CliError> {
    if args.key.is_some() && composed.len() > 1 {
        return Err(CliError::new(Exit::Usage, "--key names one video: use it with one movie"));
    }
    if args.again && args.key.is_none() && composed.iter().any(|composed| composed.stem.is_none()) {
        return Err(CliError::new(
            Exit::Usage,
            "--again renders a key once more: name it with --key (without a key every submit is a new render)",
        ));
    }
    movies::refuse_one_key_twice(composed)?;
    let key = |composed: &Composed| {
        let key = args.key.as_deref().map(|key| ("--key", key)).or_else(|| Some((composed.source.as_str(), composed.stem.as_deref()?)));
        key.map(|(from, key)| Key::parse(key).map_err(|why| CliError::new(Exit::Usage, format!("{from}: {why}")))).transpose()
    };
    composed.iter().map(key).collect()
}

/// The movie's `client-data`, for the lines about renders of which the service has not reported it yet.
fn client_data(movie: &Document) -> Option<serde_json::Value> {
    serde_json::from_str(&movie.root.get("client-data")?.to_compact()).ok()
}

/// Refuses a `--name` with a word that a movie's video will not have, before anything is paid.
fn named_by_what_is_there(saving: Option<&Saving>, composed: &[Composed]) -> Result<(), CliError> {
    let Some(pattern) = saving.and_then(|saving| saving.pattern.as_ref()) else { return Ok(()) };
    for Composed { source, movie, .. } in composed {
        let Ok(movie) = movie else { continue };
        let data = client_data(movie).unwrap_or_default();
        let known = words_of_submission(&data);
        if let Some(missing) = pattern.names().find(|name| !known.contains(name)) {
            let why = format!("--name: {source} has no `{missing}`; there are {}; nothing was sent", known.join(", "));
            return Err(CliError::new(Exit::Usage, why));
        }
    }
    Ok(())
}

fn wanted(args: &SubmitArgs, saving: Option<&Saving>) -> Wanted {
    match saving {
        Some(_) => Wanted::File,
        None if waits(args) => Wanted::Url,
        None => Wanted::Project,
    }
}

/// The movies that may be sent; the outcome of every other one is already known.
fn orders(
    call: &Call,
    args: &SubmitArgs,
    keys: Vec<Option<Key>>,
    composed: Vec<Composed>,
    results: &mut Results<'_>,
) -> Vec<(usize, Order)> {
    let mut orders = Vec::new();
    let mut gate = SubmitCheck::new(call, &args.gate, &args.movie);
    for (index, (Composed { source, movie, .. }, key)) in composed.into_iter().zip(keys).enumerate() {
        match movie.and_then(|movie| with_place_for_token(!args.lost.no_token, &source, movie)).and_then(|movie| gate.pass(&source, movie))
        {
            Ok(movie) => {
                results.carries(index, client_data(&movie));
                orders.push((index, order(args, key, source, movie)));
            }
            Err(stop) => {
                let (status, cause) = match stop.exit {
                    Exit::Usage => (OutcomeStatus::Invalid, Cause::Usage),
                    Exit::Credits => (OutcomeStatus::Unsent, Cause::Refused(Reason::Credits)),
                    _ => (OutcomeStatus::Invalid, Cause::None),
                };
                let outcome = Outcome { source: Some(source), key, ..Outcome::new(status).because(cause, stop.message.clone()) };
                // People read the help between the reason and the commands; a program gets the commands in the line.
                let line = Outcome { next: stop.next_commands(), ..outcome.clone() };
                results.end_silently(index, &line, Exit::of(&line));
                call.out.hear(&Event::Ended(Box::new(outcome)));
                stop.tell_ways_out(&call.out);
            }
        }
    }
    gate.tell();
    orders
}

/// The output of a run that can't start: a line for every movie nevertheless, and the reason once.
fn not_begun(call: &Call, orders: &[(usize, Order)], mut results: Results<'_>, error: anyhow::Error) -> anyhow::Result<Exit> {
    let stop = error.downcast::<CliError>()?;
    let message = format!("{}; nothing was sent", stop.message);
    for (index, order) in orders {
        let outcome = Outcome {
            source: Some(order.source.clone()),
            key: order.key.clone(),
            next: stop.next_commands(),
            ..Outcome::new(OutcomeStatus::Unsent).because(Cause::None, message.clone())
        };
        results.end_silently(*index, &outcome, stop.exit);
    }
    CliError { message, ..stop }.tell(&call.out);
    Ok(results.finish())
}

fn order(args: &SubmitArgs, key: Option<Key>, source: String, movie: Document) -> Order {
    Order {
        movie,
        source,
        flags: args.to_flags(),
        key,
        again: args.again,
        traceable: !args.lost.no_token,
        on_unknown: args.lost.on_unknown.map(OnUnknown::from),
        quarantine: args.lost.quarantine,
        settle_for: args.lost.settle_for,
    }
}

/// Submits several movies at once, started in the order of the arguments; returns the renders that the service has, and the
/// first failure of the ledger. A refusal because of the key or the credits would meet every other movie, too, so it stops the
/// rest (`faults.md` rows 15, 16).
async fn submit_all(
    context: &Context,
    orders: Vec<(usize, Order)>,
    abreast: usize,
    results: &mut Results<'_>,
) -> (Vec<(usize, Render)>, Option<LedgerError>) {
    let stopped = &Cell::new(None);
    let submissions = orders.into_iter().map(|(index, order)| async move {
        if let Some(reason) = stopped.get() {
            return (index, Ok(Submitted::Over(Box::new(not_tried(&order, reason)))), order.source);
        }
        let submitted = submit(context, &order).await;
        if let Ok(Submitted::Over(outcome)) = &submitted
            && let Cause::Refused(reason @ (Reason::Key | Reason::Credits)) = outcome.cause
        {
            stopped.set(Some(reason));
        }
        (index, submitted, order.source)
    });
    let mut submissions = stream::iter(submissions).buffer_unordered(abreast);
    let (mut bound, mut failed) = (Vec::new(), None);
    while let Some((index, submitted, source)) = submissions.next().await {
        match submitted {
            Ok(Submitted::Bound(render)) => bound.push((index, *render)),
            Ok(Submitted::Over(outcome)) => results.end(index, *outcome),
            // The renders that the service has accepted for other movies of this run are still reported.
            Err(error) => {
                results.end(index, unwritten(source, &error));
                failed.get_or_insert(error);
            }
        }
    }
    (bound, failed)
}

fn not_tried(order: &Order, reason: Reason) -> Outcome {
    let why = "not sent: the service refused another movie for a reason that applies to every movie";
    let outcome = Outcome::new(OutcomeStatus::Unsent).because(Cause::Refused(reason), why);
    Outcome { source: Some(order.source.clone()), key: order.key.clone(), ..outcome }
}

fn unwritten(source: String, error: &LedgerError) -> Outcome {
    Outcome { source: Some(source), ..Outcome::new(OutcomeStatus::Unsent).because(Cause::Internal, error.to_string()) }
}

/// Without `--wait`, reads again only the renders that may have changed: a render with the status `timeout` may have
/// finished, and a file may have been deleted after a week.
async fn to_follow(context: &Context, bound: Vec<(usize, Render)>, mode: PollMode, results: &mut Results<'_>) -> Vec<Followed> {
    let mut followed = Vec::new();
    for (index, render) in bound {
        if mode == PollMode::Many || render.submission.state == State::Timeout || context.may_be_gone(&render) {
            followed.extend(Followed::of_render(index, &render));
            continue;
        }
        let known = if render.submission.state == State::Bound { None } else { remembered(context, &render).await };
        results.end(index, known.unwrap_or_else(|| submitted(context, &render)));
    }
    followed
}
