//! `j2v submit`: each movie POSTed exactly once; followed to its end and saved where that is wanted.

use futures_util::stream::{self, StreamExt};

use super::movies::{self, Composed};
use super::session::{Session, ledger_failed};
use super::waiting::{self, Looks};
use super::{Call, Stop, dry_run};
use crate::cli::{OnUnknownArg, SubmitArgs};
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render};
use crate::output::{Results, Wanted};
use crate::render::event::{Outcome, Trouble, Verdict};
use crate::render::identity::Key;
use crate::render::state::{OnUnknown, State};
use crate::work::Desk;
use crate::work::follow::{Followed, follow, remembered};
use crate::work::outcome::described;
use crate::work::save::Saving;
use crate::work::submit::{Order, Submitted, submit};

/// Movies that are submitted at once.
const ABREAST: usize = 4;

pub(super) async fn run(call: &Call, args: &SubmitArgs) -> anyhow::Result<Exit> {
    let key = key(args)?;
    let count = args.movie.movies.len();
    let saving = waiting::maybe_saving(&args.saving, count)?;
    let composed = movies::compose_all(&call.out, &args.movie)?;
    if args.dry_run {
        return dry_run::run(call, args, key.as_ref(), composed).await;
    }
    let mut results = Results::new(&call.out, args.json, wanted(args, saving.as_ref()), count);
    let orders = orders(args, key.as_ref(), composed, &mut results);
    if orders.is_empty() {
        return Ok(results.finish());
    }
    let session = Session::open(call).await?;
    let bound = submit_all(&session.desk, orders, &mut results).await.map_err(ledger_failed)?;
    let looks = if waits(args) { Looks::Many } else { Looks::One };
    let followed = to_follow(&session.desk, bound, looks, &mut results).await;
    if !followed.is_empty() {
        let patience = waiting::patience(call, &session.desk, &args.waiting, looks);
        follow(&session.desk, followed, patience, saving.as_ref(), |index, outcome| results.end(index, outcome)).await;
    }
    session.close().await;
    Ok(results.finish())
}

fn waits(args: &SubmitArgs) -> bool {
    args.wait || args.saving.download.is_some()
}

fn key(args: &SubmitArgs) -> Result<Option<Key>, Stop> {
    if args.key.is_some() && args.movie.movies.len() > 1 {
        return Err(Stop::new(Exit::Usage, "--key names one video: give one movie with it"));
    }
    if args.again && args.key.is_none() {
        return Err(Stop::new(
            Exit::Usage,
            "--again renders a key once more: name it with --key (without a key every submit is a new render)",
        ));
    }
    args.key.as_deref().map(Key::parse).transpose().map_err(|why| Stop::new(Exit::Usage, format!("--key: {why}")))
}

fn wanted(args: &SubmitArgs, saving: Option<&Saving>) -> Wanted {
    match saving {
        Some(_) => Wanted::File,
        None if waits(args) => Wanted::Url,
        None => Wanted::Project,
    }
}

/// The movies that can be sent; the outcome of every other one is known already.
fn orders(args: &SubmitArgs, key: Option<&Key>, composed: Vec<Composed>, results: &mut Results<'_>) -> Vec<(usize, Order)> {
    let mut orders = Vec::new();
    for (index, Composed { source, movie }) in composed.into_iter().enumerate() {
        match movie {
            Ok(movie) => orders.push((index, order(args, key, source, movie))),
            Err(stop) => {
                let trouble = if stop.exit == Exit::Usage { Trouble::Usage } else { Trouble::None };
                let outcome = Outcome { source: Some(source), ..Outcome::new(Verdict::Invalid).because(trouble, stop.message) };
                results.end(index, outcome);
            }
        }
    }
    orders
}

fn order(args: &SubmitArgs, key: Option<&Key>, source: String, movie: crate::movie::Document) -> Order {
    Order {
        movie,
        source,
        key: key.cloned(),
        again: args.again,
        traceable: !args.no_token,
        on_unknown: match args.on_unknown {
            OnUnknownArg::Hold => OnUnknown::Hold,
            OnUnknownArg::Resubmit => OnUnknown::Resubmit,
        },
        quarantine: args.quarantine,
        settle_for: args.settle_for,
    }
}

/// Submits in the order of the arguments, a few at once; gives back what the service has.
async fn submit_all(desk: &Desk, orders: Vec<(usize, Order)>, results: &mut Results<'_>) -> Result<Vec<(usize, Render)>, LedgerError> {
    let submissions = orders.into_iter().map(|(index, order)| async move { (index, submit(desk, &order).await) });
    let mut submissions = stream::iter(submissions).buffered(ABREAST);
    let mut bound = Vec::new();
    while let Some((index, submitted)) = submissions.next().await {
        match submitted? {
            Submitted::Over(outcome) => results.end(index, *outcome),
            Submitted::Bound(render) => bound.push((index, *render)),
        }
    }
    Ok(bound)
}

/// Without `--wait` only what the API called a timeout is looked at again: it may have finished.
async fn to_follow(desk: &Desk, bound: Vec<(usize, Render)>, looks: Looks, results: &mut Results<'_>) -> Vec<Followed> {
    let mut followed = Vec::new();
    for (index, render) in bound {
        if looks == Looks::Many || render.submission.state == State::Timeout {
            followed.extend(waiting::followed(desk, index, &render));
            continue;
        }
        let known = if render.submission.state == State::Bound { None } else { remembered(desk, &render).await };
        results.end(index, known.unwrap_or_else(|| described(&render, Verdict::Submitted)));
    }
    followed
}
