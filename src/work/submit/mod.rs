//! Submitting one movie exactly once: place it in the ledger, connect, claim, send, and believe the answer. When there
//! is no answer, search for the render instead of sending again (`protocol.md#searching`).

mod order;

use std::time::Duration;

pub use self::order::Order;
use super::outcome::{abandoned, described, held, interrupted_in_flight, interrupted_unsent, lost, refused, unbound, unknown};
use super::send::{Admission, PostObserver, Posted, Setback, post};
use super::{Context, Submission, presearch, search};
use crate::ledger::history::is_unseen;
use crate::ledger::{Change, LedgerError, PlaceResult, Render, RenderQuery};
use crate::movie::Document;
use crate::movie::json::first_difference;
use crate::policy::{ANSWER_GRACE, READING_ONE, REFUSED_FOR, THROTTLED_FOR, THROTTLED_TRIES};
use crate::render::event::{Cause, Event, Outcome, OutcomeStatus};
use crate::render::identity::{MovieHash, ProjectId};
use crate::render::state::{Fact, State};
use crate::service::read::ReadError;
use crate::service::retry::{Failed, Next, RetryPolicy};

/// How often the ledger is asked for the result of another process's request.
const PEEK: Duration = Duration::from_millis(20);

/// How a submission ended.
#[derive(Debug)]
pub enum Submitted {
    /// The service accepted it; this is its row.
    Bound(Box<Render>),
    /// The service did not accept it, or this is unknown.
    Over(Box<Outcome>),
}

/// Submits a movie, or attaches to the render that its key names.
///
/// # Errors
/// When the ledger fails. Nothing was sent then; a failure after a POST is in the outcome.
pub async fn submit(context: &Context, order: &Order) -> Result<Submitted, LedgerError> {
    let hash = MovieHash::of(order.movie.canonical().as_bytes());
    let mut run = Submitting { context, order, hash, tries: 0, since: tokio::time::Instant::now() };
    match run.place().await? {
        Step::On(render) => finish(&mut run, *render).await,
        Step::Over(outcome) => Ok(Submitted::Over(outcome)),
    }
}

async fn finish(run: &mut Submitting<'_>, render: Render) -> Result<Submitted, LedgerError> {
    let context = run.context;
    let mut render = render;
    loop {
        let step = match render.submission.state {
            State::Intent => run.send(render).await?,
            State::Sending => unless_failed(context, &render, run.wait_for_owner(render.clone()).await),
            State::Unknown => unless_failed(context, &render, run.look_for(render.clone()).await),
            State::Held => over(held(context, &render)),
            State::Rejected => over(refused(context, &render)),
            State::Abandoned => over(abandoned(context, &render)),
            State::Bound | State::Done | State::Error | State::Timeout | State::Deleted | State::Expired => {
                return Ok(Submitted::Bound(Box::new(render)));
            }
        };
        match step {
            Step::On(next) => render = *next,
            Step::Over(outcome) => return Ok(Submitted::Over(outcome)),
        }
    }
}

/// A ledger failure after the POST does not undo the POST: the movie may have been accepted.
fn unless_failed(context: &Context, render: &Render, step: Result<Step, LedgerError>) -> Step {
    step.unwrap_or_else(|error| {
        over(unknown(context, render, &format!("the movie may have been accepted, but the ledger failed: {error}")))
    })
}

/// Continues with a new row. When the ledger may have forgotten an earlier one, the list is read first.
async fn fresh(context: &Context, render: Render) -> Result<Step, LedgerError> {
    match presearch::before_first_post(context, &render, READING_ONE).await? {
        Ok(false) => Ok(Step::On(Box::new(render))),
        Ok(true) => Ok(Step::On(Box::new(context.reload(&render).await?))),
        Err(why) => Ok(over(not_looked_for(context, &render, &why))),
    }
}

/// Prepares an existing row: a refused render is reopened, rules chosen now apply, and an intent that is old is
/// searched for before anything is sent.
async fn existing(context: &Context, order: &Order, mut render: Render) -> Result<Step, LedgerError> {
    let state = render.submission.state;
    context.learn_names(&[&render]).await?;
    if !matches!(state, State::Intent | State::Rejected) {
        context.tell(&Event::Attached { key: render.key.clone(), state, project: render.submission.project.clone() });
    }
    if let Some(rule) = order.on_unknown.filter(|rule| *rule != render.submission.on_unknown) {
        context.record(render.id, Change::Rule(rule)).await?.ok();
    }
    if let Some(length) = order.quarantine.filter(|length| *length != render.quarantine) {
        context.record(render.id, Change::Quarantine(length)).await?.ok();
    }
    if let Err(why) = presearch::before_first_post(context, &render, READING_ONE).await? {
        return Ok(over(not_looked_for(context, &render, &why)));
    }
    render = context.reload(&render).await?;
    if search::look_for_held(context, std::slice::from_ref(&render), order.settle_for).await? {
        render = context.reload(&render).await?;
    }
    if render.submission.state == State::Rejected {
        render = context.learn(&render, Fact::Reopened).await?;
    }
    Ok(Step::On(Box::new(render)))
}

/// Another machine, or this one before its ledger was restored, may have sent the movie. Nothing is sent without a look
/// at the list.
fn not_looked_for(context: &Context, render: &Render, why: &ReadError) -> Outcome {
    described(render, OutcomeStatus::Unsent)
        .because(Cause::Unreachable, format!("could not check whether key {} was sent before: {why}; nothing was sent", render.key))
        .then(context.command.submit(&render.source, &render.flags, &render.key, Submission::Same))
}

enum Step {
    On(Box<Render>),
    Over(Box<Outcome>),
}

fn over(outcome: Outcome) -> Step {
    Step::Over(Box::new(outcome))
}

struct Submitting<'a> {
    context: &'a Context,
    order: &'a Order,
    hash: MovieHash,
    tries: u32,
    since: tokio::time::Instant,
}

impl Submitting<'_> {
    /// The row of the order: a new one, or the one that its key already names.
    async fn place(&mut self) -> Result<Step, LedgerError> {
        let (context, order) = (self.context, self.order);
        let mut has_settled = false;
        let twin = if order.key.is_none() { self.twin().await? } else { None };
        if let Some(twin) = &twin
            && is_unseen(&context.store.history(twin.id).await?)
        {
            self.shown(twin).await?;
            return existing(context, order, twin.clone()).await;
        }
        loop {
            match context.store.place(vec![order.draft(context, self.hash)]).await?.pop() {
                Some(PlaceResult::New(render)) => {
                    if let Some(twin) = &twin {
                        self.tell_of(twin);
                    }
                    return fresh(context, render).await;
                }
                Some(PlaceResult::Existing(render)) if order.again && render.submission.state.is_unsettled() => {
                    let earlier = self.settle_earlier(render).await?;
                    if has_settled || earlier.submission.state.is_unsettled() {
                        return Ok(over(unbound(context, &earlier)));
                    }
                    has_settled = true;
                }
                Some(PlaceResult::Existing(render)) if !render.movie.agrees(self.hash) => {
                    return Ok(over(other_movie(context, order, &render).await?));
                }
                Some(PlaceResult::Existing(render)) => return existing(context, order, render).await,
                None => return Err(LedgerError::Closed),
            }
        }
    }

    /// The unfinished render of the same movie without a key.
    async fn twin(&self) -> Result<Option<Render>, LedgerError> {
        let unfinished = self.context.store.find(Some(self.context.space.clone()), RenderQuery::Unfinished).await?;
        Ok(unfinished.into_iter().find(|other| !other.named && other.movie == self.hash))
    }

    /// Warns that the same movie is already rendering. Without a key each submission is a render of its own. A user who
    /// repeats an interrupted submission should know that the first one continues.
    fn tell_of(&self, twin: &Render) {
        if let Some(project) = &twin.submission.project {
            let follow = self.context.command.spell(&["poll", project.as_str()]);
            self.context.tell(&Event::Warning(format!(
                "{}: the same movie is already rendering as {project} (`{follow}` follows it); without --key this is another render",
                self.order.source
            )));
        }
    }

    /// Records that the user has seen the project of a submission without a key. The next submission is another render.
    async fn shown(&self, render: &Render) -> Result<(), LedgerError> {
        if !render.named {
            self.context.record(render.id, Change::Shown).await?.ok();
        }
        Ok(())
    }

    /// Searches for the earlier generation, until it is known whether it was accepted; a new generation has to wait for
    /// that. The earlier one is never sent here, since its movie is not this order's movie.
    async fn settle_earlier(&self, mut render: Render) -> Result<Render, LedgerError> {
        self.context.tell(&Event::Attached { key: render.key.clone(), state: render.submission.state, project: None });
        loop {
            let step = match render.submission.state {
                State::Sending => self.wait_for_owner(render.clone()).await?,
                State::Unknown => self.look_for(render.clone()).await?,
                _ => return Ok(render),
            };
            match step {
                Step::On(next) => render = *next,
                Step::Over(_) => return self.context.reload(&render).await,
            }
        }
    }

    /// Sends one POST.
    async fn send(&mut self, render: Render) -> Result<Step, LedgerError> {
        if self.context.interrupt.is_cancelled() {
            return Ok(over(interrupted_unsent(&render)));
        }
        Ok(match post(self.context, &render, Some(&self.order.movie), &Admission::Free, self).await? {
            Posted::Moved(render) | Posted::Refused(render, _) => Step::On(render),
            Posted::HeldBack(render) => Step::On(Box::new(self.context.reload(&render).await?)),
            Posted::OverBudget(budget) => over(described(&render, OutcomeStatus::Unsent).because(Cause::Internal, budget.to_string())),
            Posted::Setback(render, setback) => self.try_again(*render, &setback).await?,
            Posted::Over(outcome) | Posted::Unwritten(outcome, _) => Step::Over(outcome),
        })
    }

    fn failed(&mut self, retry_after: Option<Duration>) -> Failed {
        self.tries += 1;
        Failed { tries: self.tries, elapsed: self.since.elapsed(), retry_after, fraction: self.context.world.fraction() }
    }

    async fn try_again(&mut self, render: Render, setback: &Setback) -> Result<Step, LedgerError> {
        let context = self.context;
        let why = setback.why(context.client.url().host());
        let next = match setback {
            Setback::Unconnected(fault) => RetryPolicy::lasting(REFUSED_FOR).with(fault).after(&self.failed(None)),
            Setback::Throttled { retry_after } => {
                RetryPolicy { total: THROTTLED_FOR, tries: THROTTLED_TRIES }.after(&self.failed(*retry_after))
            }
        };
        let Next::Wait(pause) = next else {
            let outcome = described(&render, OutcomeStatus::Unsent)
                .because(Cause::Unreachable, format!("{why}; nothing was accepted"))
                .then(context.command.submit(&render.source, &render.flags, &render.key, Submission::Same));
            return Ok(over(outcome));
        };
        context.tell(&Event::TryingAgain { why, after: pause });
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(Step::On(Box::new(context.reload(&render).await?))),
            () = context.interrupt.cancelled() => Ok(over(interrupted_unsent(&render))),
        }
    }

    /// Another process is sending the movie: waits for its outcome, which is also this order's outcome.
    async fn wait_for_owner(&self, render: Render) -> Result<Step, LedgerError> {
        let context = self.context;
        let deadline = tokio::time::Instant::now() + self.order.settle_for;
        let mut render = render;
        while render.submission.state == State::Sending {
            if context.interrupt.is_cancelled() {
                return Ok(over(interrupted_in_flight(context, &render)));
            }
            if tokio::time::Instant::now() >= deadline {
                let why = "another process is sending it and has no answer yet";
                return Ok(over(unknown(context, &render, why)));
            }
            tokio::time::sleep(PEEK).await;
            context.store.reap(context.world.now()).await?;
            render = context.reload(&render).await?;
        }
        Ok(Step::On(Box::new(render)))
    }

    async fn look_for(&self, render: Render) -> Result<Step, LedgerError> {
        let (settled, unread) = search::settle(self.context, render, self.order.settle_for).await?;
        if settled.submission.state == State::Unknown && self.context.interrupt.is_cancelled() {
            return Ok(over(interrupted_in_flight(self.context, &settled)));
        }
        if settled.submission.state == State::Unknown {
            return Ok(over(lost(self.context, &settled, unread.as_ref())));
        }
        if settled.submission.state.is_bound() {
            self.shown(&settled).await?;
        }
        Ok(Step::On(Box::new(settled)))
    }
}

impl PostObserver for Submitting<'_> {
    fn accepted(&self, render: &Render, project: &ProjectId) {
        self.context.tell(&Event::Accepted { project: project.clone(), key: render.key.clone(), source: self.order.source.clone() });
    }

    async fn lost(&self, render: &Render, why: &str) {
        // Its name is shown if it is not found. A ledger that fails here fails at the next step, too.
        self.context.learn_names(&[render]).await.ok();
        self.context.tell(&Event::LookingFor { key: render.key.clone(), why: why.to_owned() });
    }

    /// The user is shown how to go on before the grace, and may interrupt again instead of waiting.
    fn awaits_answer(&self, render: &Render) {
        let settle = self.context.command.spell(&["settle", &self.context.command.name(render)]);
        self.context.tell(&Event::Warning(format!(
            "interrupted, but the movie was sent: waiting {} s more for the answer. After that, or after another interrupt, `{settle}` finds out what happened",
            ANSWER_GRACE.as_secs()
        )));
    }
}

/// The outcome of a movie whose key was used before for another movie.
///
/// # Errors
/// When the ledger fails.
async fn other_movie(context: &Context, order: &Order, render: &Render) -> Result<Outcome, LedgerError> {
    let before = context.store.body(render.id).await?.and_then(|body| String::from_utf8(body).ok());
    let before = before.and_then(|text| Document::parse("the ledger", text).ok());
    let place = before.and_then(|before| first_difference(&before.root, &order.movie.root));
    let place = place.map_or_else(
        || "the movie that was sent then is no longer kept".to_owned(),
        |pointer| format!("the first difference is at {pointer}"),
    );
    context.learn_names(&[render]).await?;
    let key = &context.command.name(render);
    let mut outcome = Outcome::new(OutcomeStatus::Unsent).because(
        Cause::OtherMovie,
        format!("the key {key} was used before for another movie: {place}; nothing was sent. --again renders this one as well"),
    );
    outcome.key = Some(render.key.clone());
    outcome.source = Some(order.source.clone());
    Ok(outcome.then(context.command.spell(&["show", key])).then(context.command.submit(
        &order.source,
        &order.flags,
        &render.key,
        Submission::Again,
    )))
}
