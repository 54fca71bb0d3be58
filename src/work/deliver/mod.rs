//! Outcomes on their way to an application: each at least once, never two at a time for one render, whoever delivers.
//! What is due, and who is at it, stands in the ledger's outbox; how it is handed over is the [`Sink`]'s.

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
use super::watch::is_long_over;
use crate::ledger::outbox::{Attempt, AttemptResult, Delivery};
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::render::event::{Event, Outcome, Verdict};
use crate::render::identity::{ProjectId, hex};
use crate::render::line;
use crate::render::outcome::{Report, Status};
use crate::render::schedule::next_delivery;
use crate::render::state::Fact;
use crate::render::untrusted::escaped;

/// A `done` without a URL is waited on for this long after its end (`faults.md` row 36).
const URL_LATE: Duration = Duration::from_secs(120);

/// How soon it is looked at again.
const URL_PAUSE: Duration = Duration::from_secs(5);

/// For how long the address of a video is asked for.
const READING: Duration = Duration::from_secs(10);

/// What others put into the outbox is looked for this often where nobody says so.
const GLANCE: Duration = Duration::from_secs(1);

/// A ledger that fails is tried again after this.
const TROUBLE: Duration = Duration::from_secs(5);

/// What is due but can't be taken, since somebody is at its render, is tried again after this.
const SOON: Duration = Duration::from_millis(500);

/// An outcome as it is handed over.
#[derive(Debug, Clone)]
pub struct Notification {
    /// The same for each attempt at one outcome, another for every other one: letters and digits.
    pub id: String,
    /// What is told: the object of `--json`.
    pub facts: Value,
    /// The same as a line, without its end.
    pub line: String,
}

/// What came of handing it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkResult {
    /// The application has heard.
    Over,
    /// It has not; it may be tried again, after this time at least.
    Failed {
        /// What happened.
        why: String,
        /// How long the application asks to be left alone.
        after: Option<Duration>,
    },
    /// It wants no more of them.
    Closed(String),
    /// Nothing was begun.
    Later {
        /// When it may be.
        after: Duration,
        /// What it waits for, if a person should know.
        why: Option<String>,
    },
}

/// A way to an application.
pub trait Sink: Send + Sync {
    /// What it is called.
    fn name(&self) -> String;

    /// Hands one outcome over.
    fn hand<'a>(&'a self, notification: &'a Notification) -> Pin<Box<dyn Future<Output = SinkResult> + Send + 'a>>;
}

/// A door that is a function of this program: it is given what `--json` tells.
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

/// When to deliver what, and when to stop.
#[derive(Debug, Clone)]
pub struct DeliveryLimits {
    /// Only what is due for this long.
    pub age: Duration,
    /// Cancelled when nothing more is coming: then it ends as soon as nothing is due.
    pub all: CancellationToken,
    /// Cancelled when it is to stop: then nothing new is begun, and what is out is waited for.
    pub stop: CancellationToken,
    /// How long that may take.
    pub grace: Duration,
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Outcomes that an application has heard of.
    pub delivered: u32,
    /// Attempts that failed.
    pub failed: u32,
}

/// Delivers what is due in the space of a desk.
pub struct Deliverer {
    context: Context,
    sink: Arc<dyn Sink>,
    abreast: usize,
    wake: Notify,
}

impl Deliverer {
    /// Delivers through a door, at most so many at a time.
    #[must_use]
    pub fn new(context: Context, sink: Arc<dyn Sink>, abreast: usize) -> Self {
        Self { context, sink, abreast: abreast.max(1), wake: Notify::new() }
    }

    /// Says that something was put into the outbox.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Delivers until it is to stop; tells every outcome that was handed over to `heard`.
    ///
    /// # Errors
    /// When the ledger fails, nothing is out, and nothing more is coming.
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
                self.trouble(error).await;
                continue;
            }
            if !stops {
                match self.take(until, self.abreast - out.len()).await {
                    Ok(taken) => out.extend(taken.into_iter().map(|delivery| self.attempt(delivery))),
                    Err(error) if out.is_empty() && until.all.is_cancelled() => return Err(error),
                    Err(error) => self.trouble(&error).await,
                }
            }
            if out.is_empty() && (stops || until.all.is_cancelled()) {
                return is_told.map(|()| tally);
            }
            let count = out.len();
            tokio::select! {
                Some(first) = out.next(), if count > 0 => {
                    // What ended together is written down together.
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

    /// Waits until it is worth looking again; once it is to stop, until the time for what is out is over.
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

    /// What was handed over must be written down, and what is out must not be lost: it is tried until it works.
    async fn trouble(&self, error: &LedgerError) {
        self.context.tell(&Event::Warning(format!("{error}; trying again")));
        tokio::time::sleep(TROUBLE).await;
    }

    async fn tell(&self, untold: &mut Vec<Attempt>) -> Result<(), LedgerError> {
        if !untold.is_empty() {
            self.context.store.delivered(untold.clone()).await?;
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
            Err(error) => {
                (letter_of(&delivery, &Outcome::new(Verdict::Unknown)), SinkResult::Failed { why: error.to_string(), after: None })
            }
        };
        (delivery, notification, hand)
    }

    /// The letter of a delivery; as an error if it is to wait until the service tells where the video is.
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
        if lacks_url(&report) && !is_long_over(&report, self.context.service_now()) {
            report = self.read_again(&report, row.as_ref()).await?;
        }
        let is_young = report.ended_at.is_some_and(|ended| self.context.service_now().since(ended) < URL_LATE);
        let waits = lacks_url(&report) && is_young;
        let notification = letter_of(delivery, &self.outcome(report, row));
        Ok(if waits { Err(notification) } else { Ok(notification) })
    }

    async fn read_again(&self, report: &Report, row: Option<&Render>) -> Result<Report, LedgerError> {
        let Ok(read) = self.context.client.read(&report.project, READING).await else { return Ok(report.clone()) };
        if let Some(row) = row {
            self.context.learn(row, Fact::Seen(Box::new(read.clone()))).await?;
        }
        Ok(if read.status == report.status { read } else { report.clone() })
    }

    fn outcome(&self, mut report: Report, row: Option<Render>) -> Outcome {
        let file = row.as_ref().and_then(|row| row.file.as_deref()).map(crate::service::place::here);
        let is_gone = report.status == Status::Done && is_long_over(&report, self.context.service_now());
        let verdict = match report.status {
            Status::Done if is_gone && file.is_none() => Verdict::Expired,
            Status::Done => Verdict::Done,
            Status::Deleted => Verdict::Deleted,
            _ => Verdict::Error,
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
            ..Outcome::new(verdict)
        }
    }

    fn judge(&self, delivery: &Delivery, hand: SinkResult) -> Attempt {
        let (now, status) = (self.context.world.now(), delivery.status.clone());
        let project = delivery.project.clone();
        let (handed, detail) = match hand {
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
        Attempt { delivery: delivery.id, handed, detail, at: now }
    }

    fn undelivered(&self, project: ProjectId, status: String, why: &str, again: Option<Duration>) {
        let command = if again.is_some() { ["show", project.as_str()].to_vec() } else { ["webhook", "replay", project.as_str()].to_vec() };
        let next = self.context.command.spell(&command);
        self.context.tell(&Event::Undelivered { project, status, why: why.to_owned(), again, next });
    }
}

fn letter_of(delivery: &Delivery, outcome: &Outcome) -> Notification {
    let facts = line::facts(outcome);
    Notification { id: name_of(delivery), line: escaped(&facts.to_string()).into_owned(), facts }
}

/// A name that every ledger gives the same outcome, and that fits into a header and a file's name.
fn name_of(delivery: &Delivery) -> String {
    let Delivery { space, project, status, .. } = delivery;
    let words = [space.account.as_str(), &space.endpoint, project.as_str(), status];
    format!("msg{}", hex(&Sha256::digest(words.join("\0").as_bytes())[..16]))
}
