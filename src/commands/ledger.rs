//! `j2v ledger`: copies, checks and prunes the ledger itself.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::session::{homeless, ledger_failed};
use super::{Call, CliError};
use crate::cli::{CopyArgs, LedgerArgs, LedgerCheckArgs, LedgerCommand, PruneArgs};
use crate::exit::Exit;
use crate::ledger::RenderQuery;
#[cfg(feature = "postgres")]
use crate::ledger::postgres::Postgres;
use crate::ledger::sqlite::Sqlite;
use crate::ledger::transfer::{CopyError, Transfer, copy};
use crate::quantity::counted;
use crate::render::state::State;
use crate::settings::LedgerPlace;
use crate::world::World;

pub(super) async fn run(call: &Call, args: &LedgerArgs) -> anyhow::Result<Exit> {
    match &args.command {
        LedgerCommand::Copy(args) => move_over(call, args).await,
        LedgerCommand::Check(args) => check(call, args).await,
        LedgerCommand::Prune(args) => prune(call, args).await,
    }
}

async fn open(place: &LedgerPlace) -> Result<Arc<dyn Transfer>, CliError> {
    match place {
        LedgerPlace::File(path) => Ok(Arc::new(Sqlite::open(path, &World::real()).map_err(ledger_failed)?)),
        #[cfg(feature = "postgres")]
        LedgerPlace::Server(address) => {
            Ok(Arc::new(Box::pin(Postgres::open(address.clone(), World::real())).await.map_err(ledger_failed)?))
        }
        LedgerPlace::Homeless => Err(homeless()),
        LedgerPlace::Nowhere => Err(CliError::new(Exit::Usage, "this command needs a ledger: leave out --no-ledger")),
    }
}

fn place(call: &Call, typed: &Path) -> Result<LedgerPlace, CliError> {
    call.settings.ledger_at(typed).map_err(|why| CliError::new(Exit::Usage, why.to_string()))
}

async fn move_over(call: &Call, args: &CopyArgs) -> anyhow::Result<Exit> {
    let (from, to) = (place(call, &args.from)?, place(call, &args.to)?);
    if !from.is_there() {
        return Err(CliError::new(Exit::Usage, format!("there is no ledger {from}")).into());
    }
    if from == to {
        return Err(CliError::new(Exit::Usage, "a ledger can't be copied to itself").into());
    }
    let (source, target) = (open(&from).await?, open(&to).await?);
    refuse_busy(&from, source.as_ref()).await?;
    let copied = copy(source.as_ref(), target.as_ref()).await.map_err(|error| match error {
        CopyError::Ledger(error) => ledger_failed(error),
        other => CliError::new(Exit::Internal, other.to_string()),
    })?;
    for (table, rows) in copied.iter().filter(|(_, rows)| *rows > 0) {
        call.out.note(&format!("{table}: {}", counted(*rows, "row")));
    }
    call.out.note(&format!("copied {from} to {to} and compared them row by row; from now on use {to} and no longer {from}"));
    call.out.hint(&format!("export J2V_LEDGER={to}"));
    Ok(Exit::Done)
}

/// Refuses to copy a ledger during a submission: the submission would be open in both ledgers.
async fn refuse_busy(place: &LedgerPlace, ledger: &dyn Transfer) -> Result<(), CliError> {
    ledger.reap(World::real().now()).await.map_err(ledger_failed)?;
    let unsettled = ledger.find(None, RenderQuery::Unsettled).await.map_err(ledger_failed)?;
    match unsettled.iter().find(|render| render.submission.state == State::Sending) {
        Some(render) => Err(CliError::new(
            Exit::Internal,
            format!("{place} is in use: {} is being sent; copy it when no command is using it", render.key),
        )),
        None => Ok(()),
    }
}

async fn check(call: &Call, args: &LedgerCheckArgs) -> anyhow::Result<Exit> {
    let place = &call.settings.ledger;
    if !place.is_there() {
        return Err(CliError::new(Exit::Usage, format!("there is no ledger {place}")).into());
    }
    let faults = open(place).await?.faults().await.map_err(ledger_failed)?;
    if args.json {
        call.out.data(&json!({"ledger": place.to_string(), "sound": faults.is_empty(), "faults": faults}).to_string());
    }
    for fault in &faults {
        call.out.error(fault);
    }
    if faults.is_empty() {
        call.out.note(&format!("{place} is sound"));
        return Ok(Exit::Done);
    }
    Err(CliError::new(Exit::Internal, format!("{place} has {}; nothing was changed", counted(faults.len(), "fault"))).into())
}

async fn prune(call: &Call, args: &PruneArgs) -> anyhow::Result<Exit> {
    let place = &call.settings.ledger;
    if !place.is_there() {
        return Err(CliError::new(Exit::Usage, format!("there is no ledger {place}")).into());
    }
    let before = World::real().now().minus(args.older_than);
    let pruned = open(place).await?.prune(before).await.map_err(ledger_failed)?;
    call.out.note(&format!(
        "removed from what ended before {}: {}, {} of history, {} of callbacks, {} without a key",
        before.to_iso(),
        counted(pruned.movies, "movie"),
        counted(pruned.lines, "line"),
        if pruned.callbacks == 1 { "1 body".to_owned() } else { format!("{} bodies", pruned.callbacks) },
        counted(pruned.renders, "render")
    ));
    Ok(Exit::Done)
}
