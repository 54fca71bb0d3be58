//! `j2v poll`: follows renders to their end. It never sends a movie.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::delivering::{self, ABREAST, GRACE};
use super::party::{self, Party};
use super::renders::Known;
use super::session::{Session, ledger_failed};
use super::waiting::{self, Looks};
use super::{Call, Stop};
use crate::cli::PollArgs;
use crate::exit::Exit;
use crate::ledger::outbox::Keeping;
use crate::ledger::{LedgerError, Render, Which};
use crate::output::{Results, Wanted};
use crate::render::state::State;
use crate::work::Desk;
use crate::work::deliver::{Deliverer, Door, Tally, Until};
use crate::work::reconcile::heard;

pub(super) async fn run(call: &Call, args: &PollArgs) -> anyhow::Result<Exit> {
    if args.deliver.is_any() && !args.missed {
        return Err(Stop::new(Exit::Usage, "--exec and --forward deliver what was missed: use them with --missed").into());
    }
    let door = delivering::door(call, &args.deliver)?;
    let mut errand = None;
    let parties = if args.renders.is_empty() {
        let session = Session::open(call).await?;
        errand = receive_from_now_on(&session.desk, door).await.map_err(ledger_failed)?;
        let known = unfinished(call, &session.desk, args).await.map_err(ledger_failed)?;
        vec![Party::of(session, known)]
    } else {
        party::meet(call, &args.renders, args.scope.batch.as_deref()).await?
    };
    let count = parties.iter().map(|party| party.known.len()).sum();
    let saving = waiting::maybe_saving(&args.saving, count)?;
    let wanted = if saving.is_some() { Wanted::File } else { Wanted::Url };
    let looks = if args.once { Looks::One } else { Looks::Many };
    let mut results = Results::new(&call.out, args.json, wanted, count);
    let patience = |desk: &Desk| waiting::patience(call, desk, &args.waiting, looks);
    let all = CancellationToken::new();
    let following = async {
        party::follow_all(parties, patience, saving.as_ref(), &mut results).await;
        all.cancel();
    };
    let ((), tally) = tokio::join!(following, hand_on(call, args, errand, all.clone()));
    let (tally, exit) = (tally.map_err(ledger_failed)?, results.finish());
    Ok(if tally.failed > 0 && exit == Exit::Done { Exit::Internal } else { exit })
}

/// From now on outcomes are put aside for somebody.
async fn receive_from_now_on(desk: &Desk, door: Option<Arc<dyn Door>>) -> Result<Option<Deliverer>, LedgerError> {
    let Some(door) = door else { return Ok(None) };
    desk.store.keep_receiver(desk.space.clone(), Keeping::default(), desk.world.now()).await?;
    Ok(Some(Deliverer::new(desk.clone(), door, ABREAST)))
}

/// Hands on every outcome that nobody has heard of, those of earlier runs included.
async fn hand_on(call: &Call, args: &PollArgs, deliverer: Option<Deliverer>, all: CancellationToken) -> Result<Tally, LedgerError> {
    let Some(deliverer) = deliverer else { return Ok(Tally::default()) };
    let until = Until { age: args.older_than, all, stop: call.interrupt.clone(), grace: GRACE };
    deliverer.run(&until, |_| {}).await
}

/// Everything of this account that was accepted and has not ended, and what nobody knows the outcome of.
async fn unfinished(call: &Call, desk: &Desk, args: &PollArgs) -> Result<Vec<Known>, LedgerError> {
    let space = Some(desk.space.clone());
    let mut renders = desk.store.find(space.clone(), Which::Unfinished).await?;
    let is_meant = |render: &Render| args.scope.batch.is_none() || render.own_scope() == args.scope.batch.as_deref();
    renders.retain(is_meant);
    let under_way = renders.len();
    if args.missed {
        let before = desk.world.now().minus(args.older_than);
        renders.retain(|render| render.bound_at.is_some_and(|at| at <= before));
        let heard = heard(desk, &renders).await?;
        renders.retain(|render| render.submission.project.as_ref().is_none_or(|project| !heard.contains(project)));
    } else {
        let (held, unknown): (Vec<Render>, Vec<Render>) = desk
            .store
            .find(space, Which::Unsettled)
            .await?
            .into_iter()
            .filter(is_meant)
            .partition(|render| render.submission.state == State::Held);
        desk.learn_names(&held.iter().chain(&unknown).collect::<Vec<_>>()).await?;
        for render in &held {
            let name = desk.command.name(render);
            call.out.warning(&format!("key {name} is held: its answer was lost and it was not found on the server. Decide with:"));
            call.out.hint(&desk.command.spell(&["settle", &name]));
        }
        renders.extend(unknown);
    }
    match (renders.len(), under_way) {
        (0, 0) => call.out.progress("no render in the ledger is unfinished"),
        (0, 1) => call.out.progress("no webhook was missed; 1 render is still rendering"),
        (0, _) => call.out.progress(&format!("no webhook was missed; {under_way} renders are still rendering")),
        _ => {}
    }
    renders.sort_by_key(|render| render.id);
    Ok(renders.into_iter().map(|render| Known::Render(Box::new(render))).collect())
}
