//! `j2v settle`: decides a submission whose outcome is unknown. It searches for it, binds it to a project, gives it up, or
//! sends it again: `--resubmit` POSTs the movie, unless its key belongs to a batch, whose next run does.

use super::renders::{Name, one, unheard_of};
use super::session::{Session, ledger_failed, unreadable, unreadable_project};
use super::waiting::submitted;
use super::{Call, CliError, session_group};
use crate::cli::SettleArgs;
use crate::exit::Exit;
use crate::ledger::{Change, Render, RenderQuery};
use crate::movie::Document;
use crate::output::{Results, Wanted};
use crate::policy::READING_ONE;
use crate::render::event::{Outcome, OutcomeStatus};
use crate::render::identity::ProjectId;
use crate::render::state::{Fact, State};
use crate::service::read::ReadError;
use crate::work::Context;
use crate::work::follow::remembered;
use crate::work::outcome::unbound;
use crate::work::search;
use crate::work::submit::{Order, Submitted, submit};

pub(super) async fn run(call: &Call, args: &SettleArgs) -> anyhow::Result<Exit> {
    let name = Name { text: &args.key, batch: args.scope.batch.as_deref() };
    let call = &session_group::call_of(call, name).await?;
    let session = Session::open(call).await?;
    let context = &session.context;
    let render = find(context, name).await?;
    let render = look(call, context, render).await?;
    let outcome = if let Some(project) = &args.adopt {
        adopt(context, render, project).await?
    } else if args.resubmit {
        resubmit(context, render).await?
    } else if args.abandon {
        decide(context, &render, Fact::Abandoned).await.map(|render| unbound(context, &render))?
    } else {
        standing(context, &render).await
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

/// Reads the server once before anything is decided: that settles most questions.
async fn look(call: &Call, context: &Context, render: Render) -> anyhow::Result<Render> {
    let is_open = matches!(render.submission.state, State::Unknown | State::Held | State::Abandoned);
    if !is_open || !render.traceable {
        return Ok(render);
    }
    if let Err(why) = search::sweep(context, std::slice::from_ref(&render), READING_ONE).await.map_err(ledger_failed)? {
        if matches!(why, ReadError::Refused(_)) {
            return Err(unreadable(&why).into());
        }
        call.out.warning(&format!("the server's list could not be searched: {why}"));
    }
    Ok(context.reload(&render).await.map_err(ledger_failed)?)
}

async fn decide(context: &Context, render: &Render, fact: Fact) -> anyhow::Result<Render> {
    let decided = context.record(render.id, Change::Fact(fact)).await.map_err(ledger_failed)?;
    let refused = |state: State| {
        let project = render.submission.project.as_ref().map(|project| format!(" as project {project}")).unwrap_or_default();
        let name = context.command.name(render);
        CliError::new(Exit::Usage, format!("nothing to decide: key {name} is `{}`{project}", state.shown()))
            .then(context.command.spell(&["show", &name]))
    };
    Ok(decided.map_err(|out_of_turn| refused(out_of_turn.state))?.render)
}

async fn adopt(context: &Context, render: Render, project: &str) -> anyhow::Result<Outcome> {
    let project = ProjectId::parse(project).map_err(|why| CliError::new(Exit::Usage, format!("--adopt: {why}")))?;
    if render.submission.project.as_ref() == Some(&project) {
        return Ok(standing(context, &render).await);
    }
    let owners = context.store.find(Some(context.space.clone()), RenderQuery::Project(project.clone())).await.map_err(ledger_failed)?;
    if let Some(owner) = owners.iter().find(|owner| owner.id != render.id) {
        let name = context.command.name(owner);
        let why = format!(
            "project {project} was rendered for another submission ({name}); it can't be adopted for {}",
            context.command.name(&render)
        );
        return Err(CliError::new(Exit::Usage, why).then(context.command.spell(&["show", &name])).into());
    }
    let read = context.client.read(&project, READING_ONE).await;
    let report = read.map_err(|error| unreadable_project(&context.command, &project, &error))?;
    let other = search::token(&report).filter(|token| !token.names(&render.identity()));
    if let Some(token) = other {
        let why = format!("project {project} was rendered for another submission ({token}); it can't be adopted for key {}", render.key);
        return Err(CliError::new(Exit::Usage, why).into());
    }
    let render = decide(context, &render, Fact::Adopted { project }).await?;
    let render = context.learn(&render, Fact::Seen(Box::new(report))).await.map_err(ledger_failed)?;
    Ok(standing(context, &render).await)
}

/// Sends it again: this command is the user's decision.
async fn resubmit(context: &Context, render: Render) -> anyhow::Result<Outcome> {
    if render.submission.state.is_bound() {
        return Ok(standing(context, &render).await);
    }
    let body = context.store.body(render.id).await.map_err(ledger_failed)?.and_then(|body| String::from_utf8(body).ok());
    let movie = body.and_then(|body| Document::parse(&render.source, body).ok());
    let Some(movie) = movie else {
        let why = format!("the movie of key {} is no longer kept: submit it with --again", context.command.name(&render));
        return Err(CliError::new(Exit::Usage, why).into());
    };
    let render = decide(context, &render, Fact::Resubmitted).await?;
    if render.batch().is_some() {
        // Its key belongs to a batch: only a run of that batch may send it, within its budget.
        return Ok(unbound(context, &render));
    }
    match submit(context, &Order::of_render(&render, movie)).await.map_err(ledger_failed)? {
        Submitted::Bound(render) => Ok(standing(context, &render).await),
        Submitted::Over(outcome) => Ok(*outcome),
    }
}

/// The state, in the words of an outcome.
async fn standing(context: &Context, render: &Render) -> Outcome {
    if !render.submission.state.is_bound() {
        return unbound(context, render);
    }
    match remembered(context, render).await {
        Some(outcome) if render.submission.state.has_ended() => outcome,
        _ => submitted(context, render),
    }
}
