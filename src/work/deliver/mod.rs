//! Delivery of outcomes to an application: each at least once, and never two at a time for one render, whichever
//! process delivers. The ledger's outbox holds what is due and which process has taken it. The [`Sink`] delivers it.

mod forward;
mod program;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant as Tick;
use tokio_util::sync::CancellationToken;

pub use self::forward::Forward;
pub use self::program::{Program, create_private_folder};
use super::Context;
use crate::ledger::outbox::{Attempt, AttemptResult, Delivery};
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::policy::{READING_ONE, URL_LATE};
use crate::render::event::{Event, Outcome, OutcomeStatus};
use crate::render::identity::{ProjectId, hex};
use crate::render::line;
use crate::render::outcome::{Report, Status};
use crate::render::schedule::next_delivery;
use crate::render::state::Fact;
use crate::render::untrusted::escaped;

/// The pause between two requests for that URL.
const URL_PAUSE: Duration = Duration::from_secs(5);

/// How often to look for what other processes put into the outbox, when they don't announce it.
const GLANCE: Duration = Duration::from_secs(1);

/// The pause before using a failed ledger again.
const TROUBLE: Duration = Duration::from_secs(5);

/// The pause before a due delivery is tried again that can't be claimed because its render has another one in progress.
const SOON: Duration = Duration::from_millis(500);

/// An outcome as it is delivered.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The id: the same for each attempt at one outcome, different for every other outcome. Letters and digits.
    pub id: String,
    /// The content: the object of `--json`.
    pub facts: Value,
    /// The same object as a line, without the line end.
    pub line: String,
}

/// The result of one delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkResult {
    /// The application has received it.
    Over,
    /// The application has not received it. It may be tried again, after this time at least.
    Failed {
        /// The reason.
        why: String,
        /// How long the application asks to be left alone.
        after: Option<Duration>,
    },
    /// The application wants no further deliveries.
    Closed(String),
    /// The attempt was not started.
    Later {
        /// How long to wait before starting it.
        after: Duration,
        /// What it waits for, if the user should know.
        why: Option<String>,
    },
}

/// A way to deliver outcomes to an application.
pub trait Sink: Send + Sync {
    /// The sink's name for messages.
    fn name(&self) -> String;

    /// Delivers one outcome.
    fn hand<'a>(&'a self, notification: &'a Notification) -> Pin<Box<dyn Future<Output = SinkResult> + Send + 'a>>;
}

/// A sink that calls a function of this program with the object of `--json`.
#[must_use]
pub fn function(name: &str, hear: impl Fn(&Value) -> SinkResult + Send + Sync + 'static) -> Arc<dyn Sink> {
    Arc::new(Function { name: name.to_owned(), hear })
}

struct Function<F> {
    name: String,
    hear: F,
}

impl<F: Fn(&Value) -> SinkResult + Send + Sync> Sink for Function<F> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn hand<'a>(&'a self, notification: &'a Notification) -> Pin<Box<dyn Future<Output = SinkResult> + Send + 'a>> {
        Box::pin(async { (self.hear)(&notification.facts) })
    }
}

/// What to deliver, and when to stop.
#[derive(Debug, Clone)]
pub struct DeliveryLimits {
    /// Deliver only what has been due for this long.
    pub age: Duration,
    /// Cancelled when no further outcome will come: the deliverer then ends as soon as nothing is due.
    pub all: CancellationToken,
    /// Cancelled to stop: no new attempt starts, and attempts in progress are waited for.
    pub stop: CancellationToken,
    /// How long attempts in progress may take then.
    pub grace: Duration,
}

/// The counts of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Outcomes that an application received.
    pub delivered: u32,
    /// Attempts that failed.
    pub failed: u32,
}

/// Delivers what is due in the space of a context.
pub struct Deliverer {
    context: Context,
    sink: Arc<dyn Sink>,
    abreast: usize,
    wake: Notify,
}

impl Deliverer {
    /// A deliverer with this sink and at most `abreast` deliveries at a time.
    #[must_use]
    pub fn new(context: Context, sink: Arc<dyn Sink>, abreast: usize) -> Self {
        Self { context, sink, abreast: abreast.max(1), wake: Notify::new() }
    }

    /// Announces a new entry in the outbox.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Delivers until it has to stop. Calls `heard` with every delivered outcome.
    ///
    /// # Errors
    /// When the ledger fails while nothing is in progress and no further outcome will come.
    pub async fn run(&self, until: &DeliveryLimits, mut heard: impl FnMut(&Notification)) -> Result<Tally, LedgerError> {
        let mut tally = Tally::default();
        let mut out = FuturesUnordered::new();
        let mut untold = Vec::new();
        let mut leave_at = None;
        loop {
            let stops = until.stop.is_cancelled();
            if stops && leave_at.is_none() {
                leave_at = Some(Tick::now() + until.grace);
            }
            let is_told = self.tell(&mut untold).await;
            if let (Err(error), false) = (&is_told, stops) {
                self.cause(error).await;
                continue;
            }
            if !stops {
                match self.take(until, self.abreast - out.len()).await {
                    Ok(taken) => out.extend(taken.into_iter().map(|delivery| self.attempt(delivery))),
                    Err(error) if out.is_empty() && until.all.is_cancelled() => return Err(error),
                    Err(error) => self.cause(&error).await,
                }
            }
            if out.is_empty() && (stops || until.all.is_cancelled()) {
                return is_told.map(|()| tally);
            }
            let count = out.len();
            tokio::select! {
                Some(first) = out.next(), if count > 0 => {
                    // Attempts that ended together are recorded in one transaction.
                    let others = std::iter::from_fn(|| out.next().now_or_never().flatten());
                    for (delivery, notification, hand) in std::iter::once(first).chain(others) {
                        match &hand {
                            SinkResult::Over => { tally.delivered += 1; heard(&notification); }
                            SinkResult::Failed { .. } | SinkResult::Closed(_) => tally.failed += 1,
                            SinkResult::Later { .. } => {}
                        }
                        untold.push(self.judge(&delivery, hand));
                    }
                }
                () = self.wait(until, count, leave_at) => if stops { return is_told.map(|()| tally) },
            }
        }
    }

    /// Waits until the next look at the outbox. After the stop, waits until the time for attempts in progress is over.
    async fn wait(&self, until: &DeliveryLimits, out: usize, leave_at: Option<Tick>) {
        if let Some(leave_at) = leave_at {
            return tokio::time::sleep_until(leave_at).await;
        }
        let DeliveryLimits { age, all, stop, .. } = until;
        if out >= self.abreast {
            return stop.cancelled().await;
        }
        let due = self.context.store.next_due(self.context.space.clone()).await.ok().flatten();
        let pause = due.map_or(GLANCE, |due| due.plus(*age).since(self.context.world.now()).clamp(SOON, GLANCE));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.wake.notified() => {}
            () = all.cancelled(), if !all.is_cancelled() => {}
            () = stop.cancelled() => {}
        }
    }

    async fn take(&self, until: &DeliveryLimits, most: usize) -> Result<Vec<Delivery>, LedgerError> {
        let due_by = self.context.world.now().minus(until.age);
        let space = self.context.space.clone();
        let due = self.context.store.next_due(space.clone()).await?;
        if most == 0 || due.is_none_or(|due| due > due_by) {
            return Ok(Vec::new());
        }
        self.context.store.take(space, u32::try_from(most).unwrap_or(u32::MAX), due_by).await
    }

    /// Reports a ledger failure and waits. Finished deliveries must be recorded and those in progress must not be lost,
    /// so the ledger is tried until it works.
    async fn cause(&self, error: &LedgerError) {
        self.context.tell(&Event::Warning(format!("{error}; trying again")));
        tokio::time::sleep(TROUBLE).await;
    }

    async fn tell(&self, untold: &mut Vec<Attempt>) -> Result<(), LedgerError> {
        if !untold.is_empty() {
            self.context.store.record_attempts(untold.clone()).await?;
            untold.clear();
        }
        Ok(())
    }

    async fn attempt(&self, delivery: Delivery) -> (Delivery, Notification, SinkResult) {
        let (notification, hand) = match self.notification(&delivery).await {
            Ok(Ok(notification)) => {
                let hand = self.sink.hand(&notification).await;
                (notification, hand)
            }
            Ok(Err(notification)) => (notification, SinkResult::Later { after: URL_PAUSE, why: None }),
            Err(error) => (
                notification_of(&delivery, &Outcome::new(OutcomeStatus::Unknown)),
                SinkResult::Failed { why: error.to_string(), after: None },
            ),
        };
        (delivery, notification, hand)
    }

    /// The notification of a delivery. The inner error carries it when it has to wait until the service returns the
    /// video's URL.
    async fn notification(&self, delivery: &Delivery) -> Result<Result<Notification, Notification>, LedgerError> {
        let row = self
            .context
            .store
            .find(Some(self.context.space.clone()), RenderQuery::Project(delivery.project.clone()))
            .await?
            .into_iter()
            .next();
        let newer = row.as_ref().and_then(|row| row.report.clone()).filter(|report| report.status == delivery.report.status);
        let mut report = newer.unwrap_or_else(|| delivery.report.clone());
        let lacks_url = |report: &Report| report.status == Status::Done && report.url.is_none();
        if lacks_url(&report) && !report.is_expired(self.context.service_now()) {
            report = self.read_again(&report, row.as_ref()).await?;
        }
        let is_young = report.ended_at.is_some_and(|ended| self.context.service_now().since(ended) < URL_LATE);
        let waits = lacks_url(&report) && is_young;
        let notification = notification_of(delivery, &self.outcome(report, row));
        Ok(if waits { Err(notification) } else { Ok(notification) })
    }

    async fn read_again(&self, report: &Report, row: Option<&Render>) -> Result<Report, LedgerError> {
        let Ok(read) = self.context.client.read(&report.project, READING_ONE).await else { return Ok(report.clone()) };
        if let Some(row) = row {
            self.context.learn(row, Fact::Seen(Box::new(read.clone()))).await?;
        }
        Ok(if read.status == report.status { read } else { report.clone() })
    }

    fn outcome(&self, mut report: Report, row: Option<Render>) -> Outcome {
        let file = row.as_ref().and_then(|row| row.file.as_deref()).map(crate::service::place::here);
        let is_gone = report.status == Status::Done && report.is_expired(self.context.service_now());
        let status = match report.status {
            Status::Done if is_gone && file.is_none() => OutcomeStatus::Expired,
            Status::Done => OutcomeStatus::Done,
            Status::Deleted => OutcomeStatus::Deleted,
            _ => OutcomeStatus::Error,
        };
        if is_gone {
            report.url = None;
        }
        Outcome {
            project: Some(report.project.clone()),
            key: row.as_ref().map(|row| row.key.clone()),
            source: row.map(|row| row.source),
            message: report.message.clone(),
            report: Some(report),
            file,
            ..Outcome::new(status)
        }
    }

    fn judge(&self, delivery: &Delivery, hand: SinkResult) -> Attempt {
        let (now, status) = (self.context.world.now(), delivery.status.clone());
        let project = delivery.project.clone();
        let (result, detail) = match hand {
            SinkResult::Over => {
                let to = self.sink.name();
                self.context.tell(&Event::Delivered { project, status, to: to.clone() });
                (AttemptResult::Over, to)
            }
            SinkResult::Later { after, why } => {
                if let Some(why) = why.as_ref().filter(|why| delivery.detail.as_ref() != Some(why)) {
                    self.context.tell(&Event::Warning(format!("{project}: `{status}` waits: {why}")));
                }
                (AttemptResult::Later(now.plus(after)), why.unwrap_or_else(|| "not started yet".to_owned()))
            }
            SinkResult::Closed(why) => {
                self.undelivered(project, status, &why, None);
                (AttemptResult::GivenUp, why)
            }
            SinkResult::Failed { why, after } => {
                let pause =
                    next_delivery(delivery.attempts, self.context.world.fraction()).map(|pause| pause.max(after.unwrap_or_default()));
                let why = if pause.is_some() { why } else { format!("{why}; no more attempts") };
                self.undelivered(project, status, &why, pause);
                (pause.map_or(AttemptResult::GivenUp, |pause| AttemptResult::Again(now.plus(pause))), why)
            }
        };
        Attempt { delivery: delivery.id, result, detail, at: now }
    }

    fn undelivered(&self, project: ProjectId, status: String, why: &str, again: Option<Duration>) {
        let command = if again.is_some() { ["show", project.as_str()].to_vec() } else { ["webhook", "replay", project.as_str()].to_vec() };
        let next = self.context.command.spell(&command);
        self.context.tell(&Event::Undelivered { project, status, why: why.to_owned(), again, next });
    }
}

fn notification_of(delivery: &Delivery, outcome: &Outcome) -> Notification {
    let facts = line::facts(outcome);
    Notification { id: name_of(delivery), line: escaped(&facts.to_string()).into_owned(), facts }
}

/// A name that is the same for one outcome in every ledger, and that fits into a header and a file name.
fn name_of(delivery: &Delivery) -> String {
    let Delivery { space, project, status, .. } = delivery;
    let words = [space.account.as_str(), &space.endpoint, project.as_str(), status];
    format!("msg{}", hex(&Sha256::digest(words.join("\0").as_bytes())[..16]))
}
