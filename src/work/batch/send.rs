//! Sending rows, a few at once: what each answer means for its row, and what it means for all others.

use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::Instant as Tick;

use super::claim::{Claim, Claimed, Terms};
use super::finish::How;
use super::pipeline::{Pipeline, Row};
use super::send_limits::Slowed;
use super::slots::AHEAD;
use super::stop::StopReason;
use crate::ledger::batch::Unclaimed;
use crate::ledger::{LedgerError, Render};
use crate::movie::Document;
use crate::render::event::{Event, Outcome, Trouble, Verdict};
use crate::render::identity::ProjectId;
use crate::render::outcome::{Reason, Refusal};
use crate::render::state::Fact;
use crate::service::answer::{PostMeaning, RequestResult, meaning_of_post};
use crate::service::retry::{LONGEST_RETRY_AFTER, REFUSED_FOR, RetryPolicy};
use crate::work::outcome::{described, interrupted_in_flight, interrupted_unsent};

/// How long a request in flight may go on after the first Ctrl-C (`faults.md` row 25).
const GRACE: Duration = Duration::from_secs(10);

/// How long the run waits for a service that accepts nothing and asks for patience.
const THROTTLED_FOR: Duration = LONGEST_RETRY_AFTER.saturating_mul(2);

/// How long to try to read a project that a damaged answer may have named.
const READING: Duration = Duration::from_secs(10);

/// Sends every row that the queue delivers, as long as the pipeline lives.
pub(super) async fn send_all(pipeline: &Pipeline<'_>, mut queue: mpsc::Receiver<(Row, Render)>) -> Result<(), LedgerError> {
    let workers = pipeline.run.concurrency + pipeline.run.concurrency.div_ceil(4).min(AHEAD);
    let mut out = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some((row, render)) = queue.recv(), if out.len() < workers => out.push(send(pipeline, row, render)),
            Some(()) = out.next(), if !out.is_empty() => {}
            else => std::future::pending().await,
        }
    }
}

/// The result of one attempt.
enum Tried {
    /// The row has another state by now.
    Moved(Box<Render>),
    /// Nothing was sent: try again when it is this row's turn.
    Again(Box<Render>),
    /// The run sends nothing more.
    Unsent,
    /// The row's outcome.
    Over(Box<Outcome>),
}

async fn send(pipeline: &Pipeline<'_>, mut row: Row, mut render: Render) {
    while pipeline.limits.turn().await {
        match pipeline.look_again(row, render).await {
            Some(ready) => (row, render) = ready,
            None => return,
        }
        match attempt(pipeline, &row, &render).await {
            Ok(Tried::Again(next)) => render = *next,
            Ok(Tried::Moved(next)) => return pipeline.route(row, *next).await,
            Ok(Tried::Over(outcome)) => return pipeline.end(row, How::Over(outcome)),
            Ok(Tried::Unsent) => break,
            Err(error) => {
                pipeline.ledger_failed(&error);
                break;
            }
        }
    }
    pipeline.unsent(row, Some(&render));
}

/// One POST. Returns a ledger error only when nothing was sent.
async fn attempt(pipeline: &Pipeline<'_>, row: &Row, render: &Render) -> Result<Tried, LedgerError> {
    let body = match body(pipeline, render).await? {
        Ok(body) => body,
        Err(outcome) => return Ok(Tried::Over(outcome)),
    };
    let (claim, began) = (Claim::default(), Tick::now());
    let terms =
        Terms { context: pipeline.context.clone(), limits: pipeline.limits.clone(), slots: pipeline.slots.clone(), looked: row.looked };
    let post = pipeline.context.client.post_movie(body, claim.hook(terms, render.clone()));
    let happened = tokio::select! {
        happened = post => Some(happened),
        () = interrupted(pipeline, &claim) => None,
    };
    let claimed = claim.take();
    if let Some(left_at) = claimed.left_at {
        pipeline.slots.answered(left_at.elapsed());
    }
    let Some(happened) = happened else { return left(pipeline, render, claimed).await };
    if let Some(error) = claimed.failed {
        return Err(error);
    }
    let post = Post { pipeline, render: claimed.render.as_ref().unwrap_or(render), began };
    match post.answered(&happened, claimed.refused).await {
        Ok(tried) => Ok(tried),
        Err(error) => Ok(post.unwritten(&error)),
    }
}

/// The movie with its token; an outcome when the movie has no place for the token.
async fn body(pipeline: &Pipeline<'_>, render: &Render) -> Result<Result<Vec<u8>, Box<Outcome>>, LedgerError> {
    let Some(body) = pipeline.context.store.body(render.id).await? else {
        return Ok(Err(Box::new(described(render, Verdict::Unsent).because(Trouble::Internal, "its movie is no longer in the ledger"))));
    };
    if !render.traceable {
        return Ok(Ok(body));
    }
    let token = pipeline.context.token(render).to_string();
    let movie = Document::read("the ledger", body).map_err(|refused| refused.to_string());
    let sent = movie.and_then(|movie| movie.with_token(&token).map_err(|why| why.to_string()));
    let invalid = |why| Box::new(described(render, Verdict::Invalid).because(Trouble::None, why));
    Ok(sent.map(|movie| movie.to_compact().into_bytes()).map_err(invalid))
}

/// Completes at the interruption while nothing is claimed, otherwise after the grace.
async fn interrupted(pipeline: &Pipeline<'_>, claim: &Claim) {
    pipeline.context.interrupt.cancelled().await;
    if claim.has_begun() {
        tokio::time::sleep(GRACE).await;
    }
}

/// The answer of a POST that is still in flight after the grace is lost; any process may search for it.
async fn left(pipeline: &Pipeline<'_>, render: &Render, claimed: Claimed) -> Result<Tried, LedgerError> {
    let Some(sent) = claimed.render else { return Ok(Tried::Over(Box::new(interrupted_unsent(render)))) };
    let (epoch, why) = (sent.submission.epoch, "interrupted before the answer".to_owned());
    let sent = pipeline.context.learn(&sent, Fact::Lost { epoch, why }).await?;
    Ok(Tried::Over(Box::new(interrupted_in_flight(pipeline.context, &sent))))
}

/// A POST that has ended, and its claimed row.
struct Post<'a> {
    pipeline: &'a Pipeline<'a>,
    render: &'a Render,
    began: Tick,
}

impl Post<'_> {
    async fn answered(&self, happened: &RequestResult, refused: Option<Unclaimed>) -> Result<Tried, LedgerError> {
        let (pipeline, epoch) = (self.pipeline, self.render.submission.epoch);
        match meaning_of_post(happened) {
            PostMeaning::Accepted { project } => self.bound(project).await,
            PostMeaning::Refused(refusal) => {
                pipeline.limits.answered();
                self.stop_for(&refusal);
                self.learn(Fact::Refused { epoch, refusal }).await
            }
            PostMeaning::Stopped { .. } => self.not_claimed(refused).await,
            PostMeaning::NotSent { fault } => {
                let why = format!("{}: {fault}", pipeline.context.client.url().host());
                Ok(self.slow_down(RetryPolicy::lasting(REFUSED_FOR).with(&fault), None, why, self.render))
            }
            PostMeaning::Throttled { retry_after } => {
                let render = pipeline.context.learn(self.render, Fact::NotSent { epoch }).await?;
                let why = "the service asks to slow down (429)".to_owned();
                Ok(self.slow_down(RetryPolicy::lasting(THROTTLED_FOR), retry_after, why, &render))
            }
            PostMeaning::Unknown { why, salvaged } => self.unknown(why, salvaged).await,
        }
    }

    async fn learn(&self, fact: Fact) -> Result<Tried, LedgerError> {
        self.pipeline.context.learn(self.render, fact).await.map(|render| Tried::Moved(Box::new(render)))
    }

    /// A refusal for the key or the credits applies to every other row, too.
    fn stop_for(&self, refusal: &Refusal) {
        if matches!(refusal.reason, Reason::Key | Reason::Credits) {
            self.pipeline.limits.stop(StopReason::Refused(refusal.clone()));
        }
    }

    async fn not_claimed(&self, refused: Option<Unclaimed>) -> Result<Tried, LedgerError> {
        match refused {
            Some(budget @ (Unclaimed::Renders { .. } | Unclaimed::Credits { .. })) => {
                self.pipeline.limits.stop(StopReason::Budget(budget.to_string()));
                Ok(Tried::Unsent)
            }
            // Another process was faster: the row has its result.
            Some(Unclaimed::InvalidTransition(_)) => Ok(Tried::Moved(Box::new(self.pipeline.context.again(self.render).await?))),
            None => Ok(Tried::Again(Box::new(self.render.clone()))),
        }
    }

    fn slow_down(&self, patience: RetryPolicy, retry_after: Option<Duration>, why: String, render: &Render) -> Tried {
        let pipeline = self.pipeline;
        match pipeline.limits.failed(self.began, patience, retry_after, pipeline.context.world.fraction()) {
            Slowed::Anew(after) => pipeline.context.tell(&Event::TryingAgain { why, after }),
            Slowed::Already => {}
            Slowed::TooLong => pipeline.limits.stop(StopReason::Unreachable(why)),
        }
        Tried::Again(Box::new(render.clone()))
    }

    async fn unknown(&self, why: String, salvaged: Option<ProjectId>) -> Result<Tried, LedgerError> {
        let (pipeline, epoch) = (self.pipeline, self.render.submission.epoch);
        if let Some(project) = salvaged
            && matches!(pipeline.context.unless_interrupted(pipeline.context.client.read(&project, READING)).await, Some(Ok(_)))
        {
            return self.bound(project).await;
        }
        if let Some(open_for) = pipeline.limits.lost() {
            pipeline.context.tell(&Event::Warning(format!(
                "too many answers were lost ({why}): sending pauses for {} s while they are looked for",
                open_for.as_secs_f64()
            )));
        }
        self.learn(Fact::Lost { epoch, why }).await
    }

    async fn bound(&self, project: ProjectId) -> Result<Tried, LedgerError> {
        self.pipeline.limits.answered();
        self.pipeline.accepted_at.set(Tick::now());
        match self.pipeline.context.learn(self.render, Fact::Accepted { project: project.clone() }).await {
            Ok(render) => Ok(Tried::Moved(Box::new(render))),
            // The received answer counts more than the ledger: the id is reported all the same.
            Err(error) => {
                self.pipeline.ledger_failed(&error);
                let message = format!("accepted as project {project}, but the ledger could not be written: {error}");
                let next = self.pipeline.context.command.spell(&["poll", project.as_str()]);
                let mut outcome = described(self.render, Verdict::Submitted).because(Trouble::Internal, message).then(next);
                outcome.project = Some(project);
                Ok(Tried::Over(Box::new(outcome)))
            }
        }
    }

    /// When the ledger can't record the result, the row stays `sending`. It is searched for as soon as this process is
    /// gone.
    fn unwritten(&self, error: &LedgerError) -> Tried {
        self.pipeline.ledger_failed(error);
        let why = format!("the movie may have been accepted, but the ledger could not be written: {error}");
        let outcome = crate::work::outcome::unknown(self.pipeline.context, self.render, &why);
        Tried::Over(Box::new(Outcome { trouble: Trouble::Internal, ..outcome }))
    }
}
