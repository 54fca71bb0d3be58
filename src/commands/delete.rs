//! `j2v delete`: deletes rendered files on the server. The entry stays, and so does its cost.

use std::time::Duration;

use super::Call;
use super::party::{self, Party};
use super::renders::Known;
use super::session::{ledger_failed, unreadable};
use crate::cli::DeleteArgs;
use crate::exit::Exit;
use crate::ledger::{LedgerError, Render};
use crate::output::{Results, Wanted};
use crate::render::event::{Outcome, Trouble, Verdict};
use crate::render::identity::ProjectId;
use crate::render::outcome::Reason;
use crate::service::read::ReadError;
use crate::work::Desk;
use crate::work::outcome::{described, unbound};

/// For how long one deletion is tried.
const TRYING: Duration = Duration::from_secs(30);

pub(super) async fn run(call: &Call, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let parties = party::meet(call, &args.renders).await?;
    let count = parties.iter().map(|party| party.known.len()).sum();
    let mut results = Results::new(&call.out, args.json, Wanted::Deletion, count);
    for Party { session, known } in parties {
        for (index, known) in known {
            let outcome = one(&session.desk, known).await.map_err(ledger_failed)?;
            match &outcome.project {
                Some(project) if outcome.trouble == Trouble::None && outcome.verdict == Verdict::Deleted => {
                    results.end_silently(index, &outcome, Exit::Done);
                    call.out.progress(&format!("{project}: the file is deleted on the server; the render stays paid"));
                }
                _ => results.end(index, outcome),
            }
        }
        session.close().await;
    }
    Ok(results.finish())
}

async fn one(desk: &Desk, known: Known) -> Result<Outcome, LedgerError> {
    match known {
        Known::Project(project) => delete(desk, project, None).await,
        Known::Render(render) => match render.submission.project.clone() {
            Some(project) => delete(desk, project, Some(&render)).await,
            None => Ok(unbound(desk, &render)),
        },
    }
}

/// Deletes one file; the ledger learns it from the service.
async fn delete(desk: &Desk, project: ProjectId, render: Option<&Render>) -> Result<Outcome, LedgerError> {
    let outcome = |verdict| Outcome {
        project: Some(project.clone()),
        ..render.map_or_else(|| Outcome::new(verdict), |render| described(render, verdict))
    };
    if let Err(error) = desk.client.delete(&project, TRYING).await {
        let (verdict, trouble) = meaning(&error);
        return Ok(outcome(verdict).because(trouble, unreadable(&error).message));
    }
    if let Some(render) = render {
        desk.look_again(render).await?;
    }
    Ok(outcome(Verdict::Deleted))
}

fn meaning(error: &ReadError) -> (Verdict, Trouble) {
    match error {
        ReadError::NoSuchProject { .. } => (Verdict::Refused, Trouble::Refused(Reason::Request)),
        ReadError::Refused(refusal) if refusal.reason == Reason::Request => (Verdict::Refused, Trouble::Refused(refusal.reason)),
        ReadError::Refused(refusal) => (Verdict::Unsent, Trouble::Refused(refusal.reason)),
        ReadError::Unreachable { .. } | ReadError::Broken { .. } => (Verdict::Unsent, Trouble::Unreachable),
    }
}
