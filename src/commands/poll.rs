//! `j2v poll`: follows renders to their end. It never sends a movie.

use super::Call;
use super::party::{self, Party};
use super::renders::Known;
use super::session::{Session, ledger_failed};
use super::waiting::{self, Looks};
use crate::cli::PollArgs;
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render, Which};
use crate::output::{Results, Wanted};
use crate::render::state::State;
use crate::work::Desk;

pub(super) async fn run(call: &Call, args: &PollArgs) -> anyhow::Result<Exit> {
    let parties = if args.renders.is_empty() {
        let session = Session::open(call).await?;
        let known = unfinished(call, &session.desk, args).await.map_err(ledger_failed)?;
        vec![Party::of(session, known)]
    } else {
        party::meet(call, &args.renders).await?
    };
    let count = parties.iter().map(|party| party.known.len()).sum();
    let saving = waiting::maybe_saving(&args.saving, count)?;
    let wanted = if saving.is_some() { Wanted::File } else { Wanted::Url };
    let looks = if args.once { Looks::One } else { Looks::Many };
    let mut results = Results::new(&call.out, args.json, wanted, count);
    let patience = |desk: &Desk| waiting::patience(call, desk, &args.waiting, looks);
    party::follow_all(parties, patience, saving.as_ref(), &mut results).await;
    Ok(results.finish())
}

/// Everything of this account that was accepted and has not ended, and what nobody knows the outcome of.
async fn unfinished(call: &Call, desk: &Desk, args: &PollArgs) -> Result<Vec<Known>, LedgerError> {
    let space = Some(desk.space.clone());
    let mut renders = desk.store.find(space.clone(), Which::Unfinished).await?;
    if args.missed {
        let before = desk.world.now().minus(args.older_than);
        renders.retain(|render| render.bound_at.is_some_and(|at| at <= before));
    } else {
        let (held, unknown): (Vec<Render>, Vec<Render>) =
            desk.store.find(space, Which::Unsettled).await?.into_iter().partition(|render| render.submission.state == State::Held);
        for render in held {
            call.out.warning(&format!("key {} is held: its answer was lost and it was not found on the server; you decide", render.key));
            call.out.hint(&desk.command.spell(&["settle", render.key.as_str()]));
        }
        renders.extend(unknown);
    }
    if renders.is_empty() {
        call.out.progress("nothing in the ledger is unfinished");
    }
    renders.sort_by_key(|render| render.id);
    Ok(renders.into_iter().map(|render| Known::Render(Box::new(render))).collect())
}
