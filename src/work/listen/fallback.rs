//! The receiver's own fallback: it polls renders whose callback did not come (`faults.md` row 50).

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::Listening;
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::policy::RETENTION;
use crate::render::event::Event;
use crate::render::schedule::PollInterval;
use crate::work::Context;
use crate::work::deliver::Deliverer;
use crate::work::follow::Followed;
use crate::work::poll::{PollResult, WaitPolicy, poll};
use crate::work::search;
use crate::world::Timestamp;

/// The longest sleep; renders that another process submitted are seen by then.
const GLANCE: Duration = Duration::from_secs(5);

/// The shortest sleep.
const SOON: Duration = Duration::from_millis(50);

/// The longest interval for a render that stays unfinished: the interval is a twentieth of the render's age, at most
/// this.
const SELDOM: Duration = Duration::from_secs(3600);

pub(super) struct Fallback<'a> {
    context: &'a Context,
    poll_after: Duration,
    poll_interval: PollInterval,
    deliverer: &'a Deliverer,
}

impl<'a> Fallback<'a> {
    pub(super) fn new(context: &'a Context, listening: &Listening, deliverer: &'a Deliverer) -> Self {
        Self { context, poll_after: listening.poll_after, poll_interval: listening.poll_interval, deliverer }
    }

    /// Polls silent renders until `stop`. A ledger failure is reported and the work is tried again.
    pub(super) async fn run(&self, stop: &CancellationToken) {
        let mut forgot_at = None;
        while !stop.is_cancelled() {
            let looked = tokio::select! {
                looked = self.look(&mut forgot_at) => looked,
                // What was read is written. A request without an answer is repeated by the next receiver.
                () = stop.cancelled() => return,
            };
            let pause = match looked {
                Ok(pause) => pause,
                Err(error) => {
                    self.context.tell(&Event::Warning(format!("{error}; trying again")));
                    GLANCE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Polls the silent renders that are due. Returns when to look again.
    async fn look(&self, forgot_at: &mut Option<Timestamp>) -> Result<Duration, LedgerError> {
        search::catch_up(self.context).await?;
        let now = self.context.world.now();
        if forgot_at.is_none_or(|at| now.since(at) >= SELDOM) {
            self.context.store.forget(now.minus(RETENTION)).await?;
            *forgot_at = Some(now);
        }
        let unfinished = self.context.store.find(Some(self.context.space.clone()), RenderQuery::Unfinished).await?;
        let (due, later): (Vec<Render>, Vec<Render>) = unfinished.into_iter().partition(|render| self.due(render) <= now);
        if !due.is_empty() {
            self.poll(&due).await;
            self.deliverer.wake();
        }
        let next = later.iter().map(|render| self.due(render).since(now)).min().unwrap_or(GLANCE);
        let again = due.iter().map(|render| self.pause(render, now)).min().unwrap_or(GLANCE);
        Ok(next.min(again).clamp(SOON, GLANCE))
    }

    /// When to poll a render: once it is silent, and then at the poll interval, counted from the last read of any
    /// process.
    fn due(&self, render: &Render) -> Timestamp {
        let silent_at = bound_at(render).plus(self.poll_after);
        let read_at = render.read_at.map(|at| at.plus(self.pause(render, at)));
        read_at.map_or(silent_at, |at| at.max(silent_at))
    }

    fn pause(&self, render: &Render, now: Timestamp) -> Duration {
        let age = now.since(bound_at(render));
        self.poll_interval.pause(age).max((age / 20).min(SELDOM))
    }

    /// Writes the results into the rows, and so into the outbox.
    async fn poll(&self, due: &[Render]) {
        let targets = due.iter().filter_map(|render| Some(Followed::of_render(0, render)?.target)).collect();
        let (sender, mut poll_results) = mpsc::unbounded_channel();
        let patience = WaitPolicy { poll_interval: self.poll_interval, deadline: None, once: true };
        poll(self.context.clone(), targets, patience, sender).await;
        while let Some((_, poll_result)) = poll_results.recv().await {
            match poll_result {
                PollResult::Refused(refusal) => {
                    self.context.tell(&Event::Warning(format!("the service refuses the request: {}", refusal.message)));
                    return;
                }
                PollResult::Broken(why) => self.context.tell(&Event::Warning(why)),
                _ => {}
            }
        }
    }
}

fn bound_at(render: &Render) -> Timestamp {
    render.bound_at.unwrap_or(render.created_at)
}
