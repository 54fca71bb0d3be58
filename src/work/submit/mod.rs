//! Submitting one movie exactly once: place it in the ledger, connect, claim, send, and believe the answer. When there
//! is no answer, search for the render instead of sending again (`protocol.md#searching`).

mod claim;
mod order;

use std::time::Duration;

use self::claim::Claim;
pub use self::order::Order;
use super::outcome::{abandoned, described, held, interrupted_in_flight, interrupted_unsent, other_movie, refused, unbound, unknown};
use super::{Context, Submission, presearch, search};
use crate::ledger::{Change, LedgerError, PlaceResult, Render, RenderQuery};
use crate::render::event::{Event, Outcome, Trouble, Verdict};
use crate::render::identity::MovieHash;
use crate::render::state::{Fact, OnUnknown, State};
use crate::service::answer::{ConnectFault, PostMeaning, RequestResult, meaning_of_post};
use crate::service::read::ReadError;
use crate::service::retry::{Failed, LONGEST_RETRY_AFTER, Next, REFUSED_FOR, RetryPolicy};

/// How long a request in flight may go on after the first Ctrl-C (`faults.md` row 25).
const GRACE: Duration = Duration::from_secs(10);

/// How long, and at most how often, a movie is tried again while the service is too busy.
const THROTTLED_FOR: Duration = LONGEST_RETRY_AFTER;

/// See [`THROTTLED_FOR`].
const THROTTLED_TRIES: u32 = 8;

/// How long to try to read a project that a damaged answer may have named.
const READING: Duration = Duration::from_secs(10);

/// How often the ledger is asked for the result of another process's request.
const PEEK: Duration = Duration::from_millis(20);

/// The entry in the history of a render without a key which says that its project was shown to the user.
const TOLD: &str = "its project was shown";

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
    let mut run = Run { context, order, hash, tries: 0, since: tokio::time::Instant::now() };
    match run.place().await? {
        Step::On(render) => finish(&mut run, *render).await,
        Step::Over(outcome) => Ok(Submitted::Over(outcome)),
    }
}

async fn finish(run: &mut Run<'_>, render: Render) -> Result<Submitted, LedgerError> {
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
    match presearch::before_first_post(context, &render, READING).await? {
        Ok(false) => Ok(Step::On(Box::new(render))),
        Ok(true) => Ok(Step::On(Box::new(context.again(&render).await?))),
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
    if let Err(why) = presearch::before_first_post(context, &render, READING).await? {
        return Ok(over(not_looked_for(context, &render, &why)));
    }
    if state == State::Held && render.traceable {
        search::sweep(context, std::slice::from_ref(&render), order.settle_for).await?.ok();
    }
    render = context.again(&render).await?;
    let render = match render.submission.state {
        State::Rejected => context.learn(&render, Fact::Reopened).await?,
        State::Held if render.submission.on_unknown == OnUnknown::Resubmit && render.submission.resubmits_left > 0 => {
            let epoch = render.submission.epoch;
            context.learn(&render, Fact::QuarantineOver { epoch }).await?
        }
        _ => render,
    };
    Ok(Step::On(Box::new(render)))
}

/// Another machine, or this one before its ledger was restored, may have sent the movie. Nothing is sent without a look
/// at the list.
fn not_looked_for(context: &Context, render: &Render, why: &ReadError) -> Outcome {
    described(render, Verdict::Unsent)
        .because(Trouble::Unreachable, format!("could not check whether key {} was sent before: {why}; nothing was sent", render.key))
        .then(context.command.submit(&render.source, &render.flags, &render.key, Submission::Same))
}

enum Step {
    On(Box<Render>),
    Over(Box<Outcome>),
}

fn over(outcome: Outcome) -> Step {
    Step::Over(Box::new(outcome))
}

struct Run<'a> {
    context: &'a Context,
    order: &'a Order,
    hash: MovieHash,
    tries: u32,
    since: tokio::time::Instant,
}

impl Run<'_> {
    /// The row of the order: a new one, or the one that its key already names.
    async fn place(&mut self) -> Result<Step, LedgerError> {
        let (context, order) = (self.context, self.order);
        let mut has_settled = false;
        let twin = if order.key.is_none() { self.twin().await? } else { None };
        if let Some(twin) = &twin
            && self.is_untold(twin).await?
        {
            self.told(twin).await?;
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
                None => return Ok(over(Outcome::new(Verdict::Unsent))),
            }
        }
    }

    /// The unfinished render of the same movie without a key.
    async fn twin(&self) -> Result<Option<Render>, LedgerError> {
        let unfinished = self.context.store.find(Some(self.context.space.clone()), RenderQuery::Unfinished).await?;
        Ok(unfinished.into_iter().find(|other| !other.named && other.movie == self.hash))
    }

    /// Whether the user who submitted it never saw its project: the answer was lost with the process, and another
    /// command has found the project since.
    async fn is_untold(&self, twin: &Render) -> Result<bool, LedgerError> {
        let story = self.context.store.story(twin.id).await?;
        let was_told = story.iter().any(|event| event.kind == "accepted" || event.detail == TOLD);
        Ok(!was_told && story.iter().any(|event| event.kind == "found"))
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
    async fn told(&self, render: &Render) -> Result<(), LedgerError> {
        if !render.named {
            self.context.record(render.id, Change::Note(TOLD.to_owned())).await?.ok();
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
                Step::Over(_) => return self.context.again(&render).await,
            }
        }
    }

    /// Sends one POST, and records what its end means for the row.
    async fn send(&mut self, render: Render) -> Result<Step, LedgerError> {
        let context = self.context;
        if context.interrupt.is_cancelled() {
            return Ok(over(interrupted_unsent(&render)));
        }
        let body = match self.body(&render) {
            Ok(body) => body,
            Err(outcome) => return Ok(Step::Over(outcome)),
        };
        let claim = Claim::default();
        let post = context.client.post_movie(body, claim.hook(context, &render));
        let happened = tokio::select! {
            happened = post => happened,
            out = interrupted(context, &claim, &render) => return self.left(claim, out).await,
        };
        let claimed = claim.take();
        if let Some(error) = claimed.failed {
            return Err(error);
        }
        self.answered(claimed.render.unwrap_or(render), &happened).await
    }

    /// The answer of a POST that is still in flight after the grace is lost; any process may search for it.
    async fn left(&self, claim: Claim, outcome: Outcome) -> Result<Step, LedgerError> {
        if let Some(render) = claim.take().render {
            let (epoch, why) = (render.submission.epoch, "interrupted before the answer".to_owned());
            self.context.learn(&render, Fact::Lost { epoch, why }).await?;
        }
        Ok(over(outcome))
    }

    fn body(&self, render: &Render) -> Result<Vec<u8>, Box<Outcome>> {
        if !render.traceable {
            return Ok(self.order.movie.to_compact().into_bytes());
        }
        let token = self.context.token(render);
        self.order.movie.with_token(&token.to_string()).map(|movie| movie.to_compact().into_bytes()).map_err(|why| {
            let mut outcome = described(render, Verdict::Invalid);
            outcome.message = Some(why.to_string());
            Box::new(outcome)
        })
    }

    async fn answered(&mut self, render: Render, happened: &RequestResult) -> Result<Step, LedgerError> {
        let context = self.context;
        let epoch = render.submission.epoch;
        match meaning_of_post(happened) {
            PostMeaning::Accepted { project } => self.bound(render, Fact::Accepted { project }).await,
            PostMeaning::Refused(refusal) => Ok(Step::On(Box::new(context.learn(&render, Fact::Refused { epoch, refusal }).await?))),
            // Another process was faster: the row has its result.
            PostMeaning::Stopped { .. } => Ok(Step::On(Box::new(context.again(&render).await?))),
            PostMeaning::NotSent { fault } => self.not_sent(render, &fault).await,
            PostMeaning::Throttled { retry_after } => {
                let render = context.learn(&render, Fact::NotSent { epoch }).await?;
                let patience = RetryPolicy { total: THROTTLED_FOR, tries: THROTTLED_TRIES };
                let next = patience.after(&self.failed(retry_after));
                self.try_again(render, "the service asks to slow down (429)".to_owned(), next).await
            }
            PostMeaning::Unknown { why, salvaged } => {
                if let Some(project) = salvaged
                    && matches!(context.unless_interrupted(context.client.read(&project, READING)).await, Some(Ok(_)))
                {
                    return self.bound(render, Fact::Accepted { project }).await;
                }
                // Its name is shown if it is not found. A ledger that fails here fails at the next step, too.
                context.learn_names(&[&render]).await.ok();
                context.tell(&Event::LookingFor { key: render.key.clone(), why: why.clone() });
                self.lost(render, epoch, why).await
            }
        }
    }

    /// When the ledger can't record the loss, the row stays `sending`. It is searched for as soon as this process is
    /// gone.
    async fn lost(&self, render: Render, epoch: u64, why: String) -> Result<Step, LedgerError> {
        match self.context.learn(&render, Fact::Lost { epoch, why: why.clone() }).await {
            Ok(render) => Ok(Step::On(Box::new(render))),
            Err(error) => Ok(over(unknown(self.context, &render, &format!("{why}, and the ledger could not be written: {error}")))),
        }
    }

    /// The received answer counts more than the ledger: when the ledger can't record it, the id is reported all the
    /// same.
    async fn bound(&self, render: Render, fact: Fact) -> Result<Step, LedgerError> {
        let context = self.context;
        let Fact::Accepted { project } = &fact else { return Ok(Step::On(Box::new(render))) };
        let project = project.clone();
        context.tell(&Event::Accepted { project: project.clone(), key: render.key.clone(), source: self.order.source.clone() });
        match context.learn(&render, fact).await {
            Ok(render) => Ok(Step::On(Box::new(render))),
            Err(error) => {
                let mut outcome = described(&render, Verdict::Submitted)
                    .because(Trouble::Internal, format!("accepted as project {project}, but the ledger could not be written: {error}"))
                    .then(context.command.spell(&["poll", project.as_str()]));
                outcome.project = Some(project);
                Ok(over(outcome))
            }
        }
    }

    async fn not_sent(&mut self, render: Render, fault: &ConnectFault) -> Result<Step, LedgerError> {
        let next = RetryPolicy::lasting(REFUSED_FOR).with(fault).after(&self.failed(None));
        self.try_again(render, format!("{}: {fault}", self.context.client.url().host()), next).await
    }

    fn failed(&mut self, retry_after: Option<Duration>) -> Failed {
        self.tries += 1;
        Failed { tries: self.tries, elapsed: self.since.elapsed(), retry_after, fraction: self.context.world.fraction() }
    }

    async fn try_again(&mut self, render: Render, why: String, next: Next) -> Result<Step, LedgerError> {
        let context = self.context;
        let Next::Wait(pause) = next else {
            let outcome = described(&render, Verdict::Unsent)
                .because(Trouble::Unreachable, format!("{why}; nothing was accepted"))
                .then(context.command.submit(&render.source, &render.flags, &render.key, Submission::Same));
            return Ok(over(outcome));
        };
        context.tell(&Event::TryingAgain { why, after: pause });
        tokio::select! {
            () = tokio::time::sleep(pause) => Ok(Step::On(Box::new(context.again(&render).await?))),
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
            render = context.again(&render).await?;
        }
        Ok(Step::On(Box::new(render)))
    }

    async fn look_for(&self, render: Render) -> Result<Step, LedgerError> {
        let settled = search::settle(self.context, render, self.order.settle_for).await?;
        if settled.submission.state == State::Unknown && self.context.interrupt.is_cancelled() {
            return Ok(over(interrupted_in_flight(self.context, &settled)));
        }
        if settled.submission.state == State::Unknown {
            let why = "the answer to the POST was lost and the render is not on the server's list (yet)";
            return Ok(over(unknown(self.context, &settled, why)));
        }
        if settled.submission.state.is_bound() {
            self.told(&settled).await?;
        }
        Ok(Step::On(Box::new(settled)))
    }
}

/// The outcome of a submission that is interrupted before its answer: at once while nothing is claimed, otherwise after
/// the grace. The user is shown how to go on before the grace, and may interrupt again instead of waiting.
async fn interrupted(context: &Context, claim: &Claim, render: &Render) -> Outcome {
    context.interrupt.cancelled().await;
    if !claim.has_begun() {
        return interrupted_unsent(render);
    }
    let settle = context.command.spell(&["settle", &context.command.name(render)]);
    context.tell(&Event::Warning(format!(
        "interrupted, but the movie was sent: waiting {} s more for the answer. After that, or after another interrupt, `{settle}` finds out what happened",
        GRACE.as_secs()
    )));
    tokio::time::sleep(GRACE).await;
    interrupted_in_flight(context, render)
}
