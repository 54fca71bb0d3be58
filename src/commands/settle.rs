//! `j2v settle`: searches for a submission whose outcome is unknown, and records the user's decision about it.

use super::renders::{Name, one, unheard_of};
use super::session::{Session, ledger_failed, unreadable, unreadable_project};
use super::{Call, CliError, session_group};
use crate::cli::SettleArgs;
use crate::exit::Exit;
use crate::ledger::Render;
use crate::output::{Results, Wanted};
use crate::policy::READING_ONE;
use crate::render::event::{Outcome, OutcomeStatus};
use crate::render::identity::ProjectId;
use crate::render::state::State;
use crate::service::read::ReadError;
use crate::work::follow::remembered;
use crate::work::outcome::{lost, submitted, unbound};
use crate::work::search;
use crate::work::settle::{SettleError, abandon, adopt, resubmit};
use crate::work::submit::Submitted;
use crate::work::{Context, Submission};

pub(super) async fn run(call: &Call, args: &SettleArgs) -> anyhow::Result<Exit> {
    let name = Name { text: &args.key, batch: args.scope.batch.as_deref() };
    let call = &session_group::call_of(call, name).await?;
    let session = Session::of_what_is_there(call).await?;
    let context = &session.context;
    let render = find(context, name).await?;
    let (render, unread) = look(call, context, render).await?;
    let refused = |why| refused(context, &render, args.adopt.as_deref(), why);
    let outcome = if let Some(project) = &args.adopt {
        let project = ProjectId::parse(project).map_err(|why| CliError::new(Exit::Usage, format!("--adopt: {why}")))?;
        standing(context, &adopt(context, &render, project).await.map_err(refused)?, None).await
    } else if args.resubmit {
        match resubmit(context, render.clone()).await.map_err(refused)? {
            Submitted::Bound(render) => standing(context, &render, None).await,
            Submitted::Over(outcome) => *outcome,
        }
    } else if args.abandon {
        unbound(context, &abandon(context, &render).await.map_err(refused)?)
    } else {
        standing(context, &render, unread.as_ref()).await
    };
    let mut results = Results::new(&call.out, args.json, Wanted::Project, 1);
    if args.abandon && outcome.status == OutcomeStatus::Abandoned {
        results.end_silently(0, &outcome, Exit::Done);
        call.out.progress(&format!("key {} is given up; it is no longer looked for", args.key));
    } else {
        results.end(0, outcome);
    }
    session.close().await;
    Ok(results.finish())
}

async fn find(context: &Context, name: Name<'_>) -> anyhow::Result<Render> {
    let found = one(context.store.as_ref(), Some(context.space.clone()), name, &context.command).await?;
    let render = found.ok_or_else(|| unheard_of(name, &context.command.spell(&["history"])))?;
    context.learn_names(&[&render]).await.map_err(ledger_failed)?;
    Ok(render)
}

/// The outcome of a search without a result: who does not want to search again decides.
fn undecided(context: &Context, outcome: Outcome, render: &Render) -> Outcome {
    let name = context.command.name(render);
    let decision = |flags: &[&str]| context.command.spell(&[&["settle", &name], flags].concat());
    let adopt = decision(&["--adopt", "PROJECT"]);
    let message = format!("{}. Search again later, or decide (`{adopt}` if you know its project)", outcome.message.unwrap_or_default());
    let next = [&[][..], &["--resubmit"], &["--abandon"]].map(decision).to_vec();
    Outcome { message: Some(message), next, ..outcome }
}

/// Reads the server once before anything is decided: that settles most questions.
/// Also returns why the list could not be read.
async fn look(call: &Call, context: &Context, render: Render) -> anyhow::Result<(Render, Option<ReadError>)> {
    let is_open = matches!(render.submission.state, State::Unknown | State::Held | State::Abandoned);
    if !is_open || !render.traceable {
        return Ok((render, None));
    }
    let unread = search::search_list(context, std::slice::from_ref(&render), READING_ONE).await.map_err(ledger_failed)?.err();
    if let Some(why) = &unread {
        if matches!(why, ReadError::Refused(_)) {
            return Err(unreadable(why).into());
        }
        call.out.warning(&format!("the server's list could not be searched: {why}"));
    }
    Ok((context.reload(&render).await.map_err(ledger_failed)?, unread))
}

/// Why a decision was not recorded, with the next command.
fn refused(context: &Context, render: &Render, adopted: Option<&str>, why: SettleError) -> CliError {
    let (command, name) = (&context.command, context.command.name(render));
    let usage = |why: String| CliError::new(Exit::Usage, why);
    let project = adopted.unwrap_or_default();
    let belongs = |by: &str| usage(format!("project {project} was rendered for another submission ({by}); it can't be adopted for {name}"));
    match why {
        SettleError::Decided(state, project) => {
            let project = project.map(|project| format!(" as project {project}")).unwrap_or_default();
            usage(format!("nothing to decide: key {name} is `{}`{project}", state.shown())).then(command.spell(&["show", &name]))
        }
        SettleError::OfAnother(owner) => {
            let owner = command.name(&owner);
            belongs(&owner).then(command.spell(&["show", &owner]))
        }
        SettleError::OfToken(token) => belongs(&token.to_string()).then(command.spell(&["show", project])),
        SettleError::Unread(error) => unreadable_project(command, project, &error),
        SettleError::Unkept => usage(format!("the movie of key {name} is no longer kept: submit it with --again"))
            .then(command.send(render, Submission::Again)),
        SettleError::Ledger(error) => ledger_failed(error),
    }
}

/// The state, in the words of an outcome.
async fn standing(context: &Context, render: &Render, unread: Option<&ReadError>) -> Outcome {
    if render.submission.state == State::Unknown {
        return undecided(context, lost(context, render, unread), render);
    }
    if !render.submission.state.is_bound() {
        return unbound(context, render);
    }
    match remembered(context, render).await {
        Some(outcome) if render.submission.state.has_ended() => outcome,
        _ => submitted(context, render),
    }
}
