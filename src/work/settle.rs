//! The user's decision about a submission whose answer was lost: it is bound to a project, given up, or sent again.

use super::submit::{Order, Submitted, submit};
use super::{Context, outcome, search};
use crate::ledger::{Change, LedgerError, Render, RenderQuery};
use crate::policy::READING_ONE;
use crate::render::identity::ProjectId;
use crate::render::state::{Fact, State};
use crate::render::token::Token;
use crate::service::read::ReadError;

/// Why a decision was not recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// There is nothing to decide: its state, and its project if it has one.
    #[error("nothing to decide: it is `{}`", .0.shown())]
    Decided(State, Option<ProjectId>),
    /// The project was rendered for this other row of the ledger.
    #[error("the project was rendered for another submission")]
    OfAnother(Box<Render>),
    /// The project carries the token of another submission.
    #[error("the project was rendered for another submission ({0})")]
    OfToken(Token),
    /// The project can't be read at the service.
    #[error(transparent)]
    Unread(#[from] ReadError),
    /// The ledger no longer has the movie.
    #[error("its movie is no longer kept")]
    Unkept,
    /// The ledger failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Binds a submission to a project of the service, unless that is known to belong to another one.
///
/// # Errors
/// When it has a project already, the project belongs to another submission or can't be read, or the ledger fails.
pub async fn adopt(context: &Context, render: &Render, project: ProjectId) -> Result<Render, SettleError> {
    if render.submission.project.as_ref() == Some(&project) {
        return Ok(render.clone());
    }
    let owners = context.store.find(Some(context.space.clone()), RenderQuery::Project(project.clone())).await?;
    if let Some(owner) = owners.into_iter().find(|owner| owner.id != render.id) {
        return Err(SettleError::OfAnother(Box::new(owner)));
    }
    let report = context.client.read(&project, READING_ONE).await?;
    if let Some(token) = search::token(&report).filter(|token| !token.names(&render.identity())) {
        return Err(SettleError::OfToken(token));
    }
    let render = decide(context, render, Fact::Adopted { project }).await?;
    Ok(context.learn(&render, Fact::Seen(Box::new(report))).await?)
}

/// Gives a submission up: it is no longer looked for.
///
/// # Errors
/// When it has a project, or the ledger fails.
pub async fn abandon(context: &Context, render: &Render) -> Result<Render, SettleError> {
    decide(context, render, Fact::Abandoned).await
}

/// Sends the movie that the ledger keeps once more. A row of a batch is only made ready: its key belongs to the batch, and
/// only a run of that sends it, within its budget.
///
/// # Errors
/// When the movie is no longer kept, or the ledger fails.
pub async fn resubmit(context: &Context, render: Render) -> Result<Submitted, SettleError> {
    if render.submission.state.is_bound() {
        return Ok(Submitted::Bound(Box::new(render)));
    }
    let order = Order::of_render(context, &render).await?.ok_or(SettleError::Unkept)?;
    let render = decide(context, &render, Fact::Resubmitted).await?;
    if render.batch().is_some() {
        return Ok(Submitted::Over(Box::new(outcome::unbound(context, &render))));
    }
    Ok(submit(context, &order).await?)
}

async fn decide(context: &Context, render: &Render, fact: Fact) -> Result<Render, SettleError> {
    match context.record(render.id, Change::Fact(fact)).await? {
        Ok(recorded) => Ok(recorded.render),
        Err(out_of_turn) => Err(SettleError::Decided(out_of_turn.state, render.submission.project.clone())),
    }
}
