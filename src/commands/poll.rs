//! `j2v poll`: follows renders to their end. It never sends a movie.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::delivering::{self, ABREAST, GRACE};
use super::renders::Known;
use super::session::{Session, ledger_failed};
use super::session_group::{self, SessionGroup};
use super::waiting::{self, PollMode, Videos};
use super::{Call, CliError};
use crate::cli::PollArgs;
use crate::exit::Exit;
use crate::ledger::outbox::Keeping;
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::output::{Results, Wanted};
use crate::render::event::Outcome;
use crate::render::state::State;
use crate::work::Context;
use crate::work::deliver::{Deliverer, DeliveryLimits, Sink, Tally};
use crate::work::outcome::unbound;
use crate::work::reconcile::heard;

pub(super) async fn run(call: &Call, args: &PollArgs) -> anyhow::Result<Exit> {
    if args.deliver.is_any() && !args.missed {
        return Err(CliError::new(Exit::Usage, "--exec and --forward deliver what was missed: use them with --missed").into());
    }
    let sink = delivering::sink(call, &args.deliver)?;
    let (mut deliverer, mut held) = (None, Vec::new());
    let session_groups = if args.renders.is_empty() {
        // Only what is to be delivered needs a ledger that is not there yet.
        let session = if sink.is_some() { Session::open(call).await? } else { Session::of_what_is_there(call).await? };
        deliverer = receive_from_now_on(&session.context, sink).await.map_err(ledger_failed)?;
        let all = unfinished(call, &session.context, args).await.map_err(ledger_failed)?;
        let known;
        (held, known) = without_held(&session.context, all);
        vec![SessionGroup { session, known }]
    } else {
        session_group::meet(call, &args.renders, args.scope.batch.as_deref()).await?
    };
    let count = session_groups.iter().map(|session_group| session_group.known.len()).sum();
    let saving = waiting::maybe_saving(&args.saving, &args.naming, Videos::Count(count))?;
    if let Some(saving) = &saving {
        waiting::make_ready(saving)?;
    }
    let wanted = if saving.is_some() { Wanted::File } else { Wanted::Url };
    let mode = if args.once { PollMode::One } else { PollMode::Many };
    let mut results = Results::new(&call.out, args.json, wanted, count + held.len());
    tell_held(call, &held, &mut results);
    let patience = |context: &Context| waiting::patience(call, context, &args.waiting, mode);
    let all = CancellationToken::new();
    let following = async {
        session_group::follow_all(session_groups, patience, saving.as_ref(), &mut results).await;
        all.cancel();
    };
    let ((), tally) = tokio::join!(following, hand_on(call, args, deliverer, all.clone()));
    let (tally, exit) = (tally.map_err(ledger_failed)?, results.finish());
    Ok(if tally.failed > 0 && exit == Exit::Done { Exit::Internal } else { exit })
}

/// From now on outcomes are stored for delivery.
async fn receive_from_now_on(context: &Context, sink: Option<Arc<dyn Sink>>) -> Result<Option<Deliverer>, LedgerError> {
    let Some(sink) = sink else { return Ok(None) };
    context.store.keep_receiver(context.space.clone(), Keeping::default(), context.world.now()).await?;
    Ok(Some(Deliverer::new(context.clone(), sink, ABREAST)))
}

/// Delivers every undelivered outcome, including those of earlier runs.
async fn hand_on(call: &Call, args: &PollArgs, deliverer: Option<Deliverer>, all: CancellationToken) -> Result<Tally, LedgerError> {
    let Some(deliverer) = deliverer else { return Ok(Tally::default()) };
    let until = DeliveryLimits { age: args.older_than, all, stop: call.interrupt.clone(), grace: GRACE };
    deliverer.run(&until, |_| {}).await
}

/// Every render of this account that has not ended. Those without a project are of no use to an application, so
/// `--missed` leaves them out.
async fn unfinished(call: &Call, context: &Context, args: &PollArgs) -> Result<Vec<Render>, LedgerError> {
    let space = Some(context.space.clone());
    let mut renders = context.store.find(space.clone(), RenderQuery::Unfinished).await?;
    let is_meant = |render: &Render| args.scope.batch.is_none() || render.own_scope() == args.scope.batch.as_deref();
    renders.retain(is_meant);
    let under_way = renders.len();
    if args.missed {
        let before = context.world.now().minus(args.older_than);
        renders.retain(|render| render.bound_at.is_some_and(|at| at <= before));
        let heard = heard(context, &renders).await?;
        renders.retain(|render| render.submission.project.as_ref().is_none_or(|project| !heard.contains(project)));
    } else {
        let mut unsettled = context.store.find(space, RenderQuery::Unsettled).await?;
        unsettled.retain(is_meant);
        context.learn_names(&unsettled.iter().collect::<Vec<_>>()).await?;
        renders.extend(unsettled);
    }
    match (renders.len(), under_way) {
        (0, 0) => call.out.progress("no render in the ledger is unfinished"),
        (0, 1) => call.out.progress("no webhook was missed; 1 render is still rendering"),
        (0, _) => call.out.progress(&format!("no webhook was missed; {under_way} renders are still rendering")),
        _ => {}
    }
    renders.sort_by_key(|render| render.id);
    Ok(renders)
}

/// A submission that a person has to decide about.
struct Held {
    index: usize,
    name: String,
    outcome: Outcome,
}

/// The held submissions, and the renders to follow with the index of each.
fn without_held(context: &Context, all: Vec<Render>) -> (Vec<Held>, Vec<(usize, Known)>) {
    let (mut held, mut known) = (Vec::new(), Vec::new());
    for (index, render) in all.into_iter().enumerate() {
        if render.submission.state == State::Held {
            let name = context.command.name(&render);
            let outcome = Outcome { next: vec![context.command.spell(&["settle", &name])], ..unbound(context, &render) };
            held.push(Held { index, name, outcome });
        } else {
            known.push((index, Known::Render(Box::new(render))));
        }
    }
    (held, known)
}

/// They are told before the wait for the others begins, as nothing about them will change meanwhile.
fn tell_held(call: &Call, held: &[Held], results: &mut Results<'_>) {
    for Held { index, name, outcome } in held {
        call.out.warning(&format!("key {name} is held: its answer was lost and it was not found on the server. Decide with:"));
        outcome.next.iter().for_each(|command| call.out.hint(command));
        results.end_silently(*index, outcome, Exit::of(outcome));
    }
}
