//! `j2v delete`: deletes rendered files on the server. The entry stays, and so does its cost.

use std::time::Duration;

use super::list::stop;
use super::renders::{Known, resolve};
use super::session::{Session, ledger_failed};
use super::{Call, Stop};
use crate::cli::DeleteArgs;
use crate::exit::Exit;
use crate::ledger::Render;
use crate::output::json;
use crate::render::event::{Outcome, Verdict};
use crate::render::identity::ProjectId;
use crate::work::Desk;
use crate::work::outcome::{described, unbound};

/// For how long one deletion is tried.
const TRYING: Duration = Duration::from_secs(30);

pub(super) async fn run(call: &Call, args: &DeleteArgs) -> anyhow::Result<Exit> {
    let session = Session::open(call).await?;
    let desk = &session.desk;
    let mut exits = Vec::new();
    for known in resolve(desk, &args.renders).await? {
        let deleted = match known {
            Known::Project(project) => one(desk, &project, None).await,
            Known::Render(render) => match &render.submission.project {
                Some(project) => one(desk, project, Some(&render)).await,
                None => Err(never_sent(desk, &render)),
            },
        };
        exits.push(tell(call, args, deleted));
    }
    session.close().await;
    Ok(Exit::fold(exits))
}

/// Deletes one file; the ledger learns it from the service.
async fn one(desk: &Desk, project: &ProjectId, render: Option<&Render>) -> Result<Outcome, Stop> {
    desk.client.delete(project, TRYING).await.map_err(|error| Stop { message: format!("{project}: {error}"), ..stop(&error) })?;
    let mut outcome = render.map_or_else(|| Outcome::new(Verdict::Deleted), |render| described(render, Verdict::Deleted));
    outcome.project = Some(project.clone());
    if let Some(render) = render {
        desk.look_again(render).await.map_err(ledger_failed)?;
    }
    Ok(outcome)
}

fn never_sent(desk: &Desk, render: &Render) -> Stop {
    let outcome = unbound(desk, render);
    Stop { exit: Exit::of(&outcome), message: outcome.message.unwrap_or_default(), next: outcome.next }
}

fn tell(call: &Call, args: &DeleteArgs, deleted: Result<Outcome, Stop>) -> Exit {
    match deleted {
        Ok(outcome) => {
            let project = outcome.project.as_ref().map(ToString::to_string).unwrap_or_default();
            call.out.data(&if args.json { json::outcome(&outcome) } else { project.clone() });
            call.out.progress(&format!("{project}: the file is deleted on the server; the render stays paid"));
            Exit::Done
        }
        Err(stop) => {
            if !args.json {
                call.out.data("");
            }
            call.out.error(&stop.message);
            for command in &stop.next {
                call.out.hint(command);
            }
            stop.exit
        }
    }
}
