//! `j2v delete`: deletes rendered files on the server. The entry stays, and so does its cost.

use std::io::{self, BufRead, IsTerminal};

use super::renders::Known;
use super::session::{ledger_failed, spell, unreadable};
use super::session_group::{self, SessionGroup};
use super::waiting::nothing;
use super::{Call, CliError};
use crate::cli::DeleteArgs;
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render};
use crate::output::{Results, Wanted};
use crate::policy::READING_LIST;
use crate::quantity::counted;
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::identity::ProjectId;
use crate::render::outcome::Reason;
use crate::service::read::ReadError;
use crate::work::Context;
use crate::work::outcome::{described, unbound};

/// Projects that the confirmation names; the rest is counted.
const SHOWN: usize = 5;

pub(super) async fn run(call: &Call, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let session_groups = session_group::meet(call, &args.renders, args.scope.batch.as_deref()).await?;
    let count = session_groups.iter().map(|session_group| session_group.known.len()).sum();
    let names: Vec<String> =
        session_groups.iter().flat_map(|session_group| session_group.known.iter().filter_map(|(_, known)| file_of(known))).collect();
    if args.dry_run {
        for name in &names {
            call.out.data(name);
        }
        call.out.note(&format!("{} would be deleted; nothing was", counted(names.len(), "file")));
        return Ok(Exit::Done);
    }
    if !names.is_empty() && !args.yes && !agreed(call, args, &names)? {
        call.out.note("nothing was deleted");
        return Ok(Exit::Done);
    }
    let mut results = Results::new(&call.out, args.json, Wanted::Deletion, count);
    for SessionGroup { session, known } in session_groups {
        for (index, known) in known {
            let outcome = one(&session.context, known).await.map_err(ledger_failed)?;
            match &outcome.project {
                Some(project) if outcome.cause == Cause::None && outcome.status == OutcomeStatus::Deleted => {
                    results.end_silently(index, &outcome, Exit::Done);
                    call.out.progress(&format!("{project}: the file was deleted on the server; the render is still charged"));
                }
                _ => results.end(index, outcome),
            }
        }
        session.close().await;
    }
    Ok(results.finish())
}

/// The project whose file would be deleted.
fn file_of(known: &Known) -> Option<String> {
    match known {
        Known::Project(project) => Some(project.to_string()),
        Known::Render(render) => render.submission.project.as_ref().map(ToString::to_string),
        Known::Nothing(_) => None,
    }
}

/// Asks at a terminal. A deleted file can't be restored: where no question can be asked, `--yes` is required.
fn agreed(call: &Call, args: &DeleteArgs, names: &[String]) -> Result<bool, CliError> {
    let what = counted(names.len(), "file");
    let reads_stdin = args.renders.iter().any(|name| name == "-");
    if reads_stdin || !call.settings.terminal.stderr || !io::stdin().is_terminal() {
        let stop =
            CliError::new(Exit::Usage, format!("{what} would be deleted from the server for good; nothing was deleted. --yes confirms it"));
        // What stdin said can't be said again by `-`; a project is one render in any scope.
        let renders = if reads_stdin { names } else { &args.renders };
        let words = ["delete"].into_iter().chain(renders.iter().map(String::as_str));
        let scope = args.scope.batch.iter().filter(|_| !reads_stdin).flat_map(|batch| ["--batch", batch.as_str()]);
        return Err(stop.then(spell(call, &words.chain(scope).chain(["--yes"]).collect::<Vec<_>>())));
    }
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = if names.len() > SHOWN { format!(" and {} more", names.len() - SHOWN) } else { String::new() };
    call.out.note(&format!("delete {what} from the server for good ({shown}{more})? [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|why| CliError::new(Exit::Usage, format!("stdin can't be read: {why}; nothing was deleted")))?;
    Ok(["y", "yes"].contains(&answer.trim().to_ascii_lowercase().as_str()))
}

async fn one(context: &Context, known: Known) -> Result<Outcome, LedgerError> {
    match known {
        Known::Project(project) => delete(context, project, None).await,
        Known::Nothing(name) => Ok(nothing(context, &name)),
        Known::Render(render) => match render.submission.project.clone() {
            Some(project) => delete(context, project, Some(&render)).await,
            None => Ok(unbound(context, &render)),
        },
    }
}

/// Deletes one file; the ledger gets the result from the service.
async fn delete(context: &Context, project: ProjectId, render: Option<&Render>) -> Result<Outcome, LedgerError> {
    let outcome = |status| Outcome {
        project: Some(project.clone()),
        ..render.map_or_else(|| Outcome::new(status), |render| described(render, status))
    };
    if let Err(error) = context.client.delete(&project, READING_LIST).await {
        let (status, cause) = meaning(&error);
        return Ok(outcome(status).because(cause, unreadable(&error).message));
    }
    if let Some(render) = render {
        context.look_again(render).await?;
    }
    Ok(outcome(OutcomeStatus::Deleted))
}

fn meaning(error: &ReadError) -> (OutcomeStatus, Cause) {
    match error {
        ReadError::NoSuchProject { .. } => (OutcomeStatus::Refused, Cause::Refused(Reason::Request)),
        ReadError::Refused(refusal) if refusal.reason == Reason::Request => (OutcomeStatus::Refused, Cause::Refused(refusal.reason)),
        ReadError::Refused(refusal) => (OutcomeStatus::Unsent, Cause::Refused(refusal.reason)),
        ReadError::Unreachable { .. } | ReadError::Broken { .. } => (OutcomeStatus::Unsent, Cause::Unreachable),
    }
}
