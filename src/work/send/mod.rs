//! The one way from a render that is wanted to an answer that is believed: connect, claim, POST, classify the answer, and
//! record what it means for the row. Nothing else calls `Client::post_movie`; `protocol.md#who-may-post` says which commands
//! lead here. A single submission and a batch differ in the [`Admission`] that they give, and in what they do about a service
//! that asks for patience.

mod claim;
mod limits;
mod slots;
mod stop;

use std::time::Duration;

pub(super) use self::claim::Admission;
use self::claim::{Claim, Claimed};
pub(super) use self::limits::{SendLimits, Slowed};
pub(super) use self::slots::{AHEAD, Slots};
pub use self::stop::StopReason;
use super::Context;
use super::outcome::{described, interrupted_in_flight, interrupted_unsent, unknown};
use crate::ledger::batch::Unclaimed;
use crate::ledger::{LedgerError, Render};
use crate::movie::Document;
use crate::policy::{ANSWER_GRACE, READING_ONE};
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::identity::ProjectId;
use crate::render::outcome::Refusal;
use crate::render::state::Fact;
use crate::service::answer::{ConnectFault, PostMeaning, RequestResult, meaning_of_post};

/// How one POST ended, and what the ledger says of its render now.
pub(super) enum Posted {
    /// The row has another state by now: it is accepted, its answer is lost, or another process was faster.
    Moved(Box<Render>),
    /// The service refused the movie.
    Refused(Box<Render>, Refusal),
    /// Nothing was sent, since the run sends nothing now or the claim did not hold.
    HeldBack(Box<Render>),
    /// Nothing was sent: the batch's budget is used up.
    OverBudget(Unclaimed),
    /// Nothing was accepted; a later try may succeed.
    Setback(Box<Render>, Setback),
    /// The render's outcome for this command.
    Over(Box<Outcome>),
    /// The same, after a failure of the ledger.
    Unwritten(Box<Outcome>, LedgerError),
}

/// Why nothing was accepted, although nothing is wrong with the movie.
pub(super) enum Setback {
    /// There was no connection.
    Unconnected(ConnectFault),
    /// The service asks for patience (429).
    Throttled {
        /// For how long, if it said so.
        retry_after: Option<Duration>,
    },
}

impl Setback {
    /// The reason, for people. `host` is the service's host.
    pub(super) fn why(&self, host: &str) -> String {
        match self {
            Self::Unconnected(fault) => format!("{host}: {fault}"),
            Self::Throttled { .. } => "the service asks to slow down (429)".to_owned(),
        }
    }
}

/// Hears about a POST while it is under way.
pub(super) trait PostObserver {
    /// The service accepted the render; the ledger does not know it yet.
    fn accepted(&self, render: &Render, project: &ProjectId);

    /// The answer is lost.
    async fn lost(&self, render: &Render, why: &str);

    /// The user interrupted while the request is in flight: its answer is awaited a little longer.
    fn awaits_answer(&self, render: &Render);
}

/// Sends `wanted`, whose row is an intent. `movie` is its movie, for a caller that has it at hand; else the ledger's.
///
/// # Errors
/// When the ledger fails and nothing was accepted. A failure after that is in the outcome.
pub(super) async fn post(
    context: &Context,
    wanted: &Render,
    movie: Option<&Document>,
    admission: &Admission,
    hearer: &impl PostObserver,
) -> Result<Posted, LedgerError> {
    let body = match body(context, wanted, movie).await? {
        Ok(body) => body,
        Err(outcome) => return Ok(Posted::Over(outcome)),
    };
    let claim = Claim::default();
    let answer = context.client.post_movie(body, claim.hook(context, admission, wanted));
    let happened = tokio::select! {
        happened = answer => Some(happened),
        () = interrupted(context, &claim, wanted, hearer) => None,
    };
    let claimed = claim.take(admission);
    match happened {
        None => left(context, wanted, claimed).await,
        Some(happened) => match claimed.failed {
            Some(error) => Err(error),
            None => Answer { context, render: claimed.render.as_ref().unwrap_or(wanted), hearer }.read(&happened, claimed.refused).await,
        },
    }
}

/// The movie with its token; an outcome when the movie has no place for the token.
async fn body(context: &Context, render: &Render, movie: Option<&Document>) -> Result<Result<Vec<u8>, Box<Outcome>>, LedgerError> {
    let invalid = |why: String| Box::new(described(render, OutcomeStatus::Invalid).because(Cause::None, why));
    let stored = match movie {
        Some(_) => None,
        None => context.store.body(render.id).await?,
    };
    let token = render.traceable.then(|| context.token(render).to_string());
    Ok(match (movie, stored, token) {
        (Some(movie), _, None) => Ok(movie.to_compact().into_bytes()),
        (Some(movie), _, Some(token)) => with_token(movie, &token).map_err(invalid),
        (None, Some(stored), None) => Ok(stored),
        (None, Some(stored), Some(token)) => {
            let movie = Document::read("the ledger", stored).map_err(|refused| refused.to_string());
            movie.and_then(|movie| with_token(&movie, &token)).map_err(invalid)
        }
        (None, None, _) => {
            Err(Box::new(described(render, OutcomeStatus::Unsent).because(Cause::Internal, "its movie is no longer in the ledger")))
        }
    })
}

fn with_token(movie: &Document, token: &str) -> Result<Vec<u8>, String> {
    movie.with_token(token).map(|movie| movie.to_compact().into_bytes()).map_err(|why| why.to_string())
}

/// Completes at the interruption while nothing is claimed, otherwise after the grace or at the second interruption.
async fn interrupted(context: &Context, claim: &Claim, wanted: &Render, hearer: &impl PostObserver) {
    context.interrupt.cancelled().await;
    if claim.has_begun() {
        hearer.awaits_answer(wanted);
        tokio::select! {
            () = tokio::time::sleep(ANSWER_GRACE) => {}
            () = context.leave.cancelled() => {}
        }
    }
}

/// The answer of a POST that is still in flight after the grace is lost; any process may search for it.
async fn left(context: &Context, wanted: &Render, claimed: Claimed) -> Result<Posted, LedgerError> {
    let Some(sent) = claimed.render else { return Ok(Posted::Over(Box::new(interrupted_unsent(wanted)))) };
    let (epoch, why) = (sent.submission.epoch, "interrupted before the answer".to_owned());
    let sent = context.learn(&sent, Fact::Lost { epoch, why }).await?;
    Ok(Posted::Over(Box::new(interrupted_in_flight(context, &sent))))
}

/// The answer to a POST, and the claimed row.
struct Answer<'a, H> {
    context: &'a Context,
    render: &'a Render,
    hearer: &'a H,
}

impl<H: PostObserver> Answer<'_, H> {
    async fn read(&self, happened: &RequestResult, refused: Option<Unclaimed>) -> Result<Posted, LedgerError> {
        let epoch = self.render.submission.epoch;
        match meaning_of_post(happened) {
            PostMeaning::Accepted { project } => Ok(self.bound(project).await),
            PostMeaning::Refused(refusal) => {
                let render = self.context.learn(self.render, Fact::Refused { epoch, refusal: refusal.clone() }).await?;
                Ok(Posted::Refused(Box::new(render), refusal))
            }
            PostMeaning::Stopped { .. } => self.not_claimed(refused).await,
            PostMeaning::NotSent { fault } => Ok(Posted::Setback(Box::new(self.render.clone()), Setback::Unconnected(fault))),
            PostMeaning::Throttled { retry_after } => {
                let render = self.context.learn(self.render, Fact::NotSent { epoch }).await?;
                Ok(Posted::Setback(Box::new(render), Setback::Throttled { retry_after }))
            }
            PostMeaning::Unknown { why, salvaged } => Ok(self.unknown(why, salvaged).await),
        }
    }

    async fn not_claimed(&self, refused: Option<Unclaimed>) -> Result<Posted, LedgerError> {
        match refused {
            Some(budget @ (Unclaimed::Renders { .. } | Unclaimed::Credits { .. })) => Ok(Posted::OverBudget(budget)),
            // Another process was faster: the row has its result.
            Some(Unclaimed::InvalidTransition(_)) => Ok(Posted::Moved(Box::new(self.context.reload(self.render).await?))),
            None => Ok(Posted::HeldBack(Box::new(self.render.clone()))),
        }
    }

    /// The received answer counts more than the ledger: when the ledger can't record it, the id is reported all the
    /// same.
    async fn bound(&self, project: ProjectId) -> Posted {
        self.hearer.accepted(self.render, &project);
        match self.context.learn(self.render, Fact::Accepted { project: project.clone() }).await {
            Ok(render) => Posted::Moved(Box::new(render)),
            Err(error) => {
                let mut outcome = described(self.render, OutcomeStatus::Submitted)
                    .because(Cause::Internal, format!("accepted as project {project}, but the ledger could not be written: {error}"))
                    .then(self.context.command.spell(&["poll", project.as_str()]));
                outcome.project = Some(project);
                Posted::Unwritten(Box::new(outcome), error)
            }
        }
    }

    /// When the ledger can't record the loss, the row stays `sending`. It is searched for as soon as this process is
    /// gone.
    async fn unknown(&self, why: String, salvaged: Option<ProjectId>) -> Posted {
        let context = self.context;
        if let Some(project) = salvaged
            && matches!(context.unless_interrupted(context.client.read(&project, READING_ONE)).await, Some(Ok(_)))
        {
            return self.bound(project).await;
        }
        self.hearer.lost(self.render, &why).await;
        let epoch = self.render.submission.epoch;
        match context.learn(self.render, Fact::Lost { epoch, why: why.clone() }).await {
            Ok(render) => Posted::Moved(Box::new(render)),
            Err(error) => {
                let outcome = unknown(context, self.render, &format!("{why}, and the ledger could not be written: {error}"));
                Posted::Unwritten(Box::new(outcome), error)
            }
        }
    }
}
