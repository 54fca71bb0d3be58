//! Rows whose answer was lost. One sweep of the list searches for all of them, as often as the youngest needs it. Rows
//! that another process is sending wait here, too, until that process has an answer or is gone.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant as Tick;

use super::pipeline::Pipeline;
use super::row::{How, Lost, Row};
use crate::ledger::{LedgerError, Render, RenderId, RenderQuery};
use crate::policy::READING_LIST;
use crate::render::schedule::Locality;
use crate::render::state::State;
use crate::service::read::ReadError;
use crate::work::outcome::{self, interrupted_in_flight};
use crate::work::search;
use crate::work::until::until;
use crate::world::Timestamp;

/// How often the ledger is asked for the result of another process's request.
const PEEK: Duration = Duration::from_millis(200);

/// The shortest time between two sweeps, so that several answers lost in a row don't cause a sweep each.
fn between(locality: Locality) -> Duration {
    match locality {
        Locality::Loopback => Duration::from_millis(100),
        Locality::Remote => Duration::from_secs(5),
    }
}

/// Searches for every row that `incoming` delivers, as long as the pipeline lives.
pub(super) async fn settle_all(pipeline: &Pipeline<'_>, incoming: UnboundedReceiver<Lost>) -> Result<(), LedgerError> {
    Search { pipeline, incoming, wanted: HashMap::new(), swept: None, unread: None, due: None }.run().await
}

struct Search<'a> {
    pipeline: &'a Pipeline<'a>,
    incoming: UnboundedReceiver<Lost>,
    wanted: HashMap<RenderId, Wanted>,
    swept: Option<Tick>,
    /// Why the last sweep could not read the list.
    unread: Option<ReadError>,
    due: Option<Tick>,
}

/// A row that is searched for.
struct Wanted {
    row: Row,
    /// When this run stops searching.
    deadline: Tick,
}

impl Search<'_> {
    async fn run(mut self) -> Result<(), LedgerError> {
        let interrupt = self.pipeline.context.interrupt.clone();
        loop {
            tokio::select! {
                Some(lost) = self.incoming.recv() => self.take_in(lost),
                () = until(self.due) => self.look().await?,
                () = interrupt.cancelled() => return self.leave().await,
            }
        }
    }

    fn take_in(&mut self, lost: Lost) {
        let deadline = Tick::now() + self.pipeline.run.settle_for;
        self.wanted.insert(lost.id, Wanted { row: lost.row, deadline });
        self.due = Some(self.earliest());
    }

    /// The earliest time at which a sweep is allowed.
    fn earliest(&self) -> Tick {
        let now = Tick::now();
        self.swept.map_or(now, |swept| (swept + between(self.pipeline.context.locality)).max(now))
    }

    async fn look(&mut self) -> Result<(), LedgerError> {
        let context = self.pipeline.context;
        while let Ok(lost) = self.incoming.try_recv() {
            self.take_in(lost);
        }
        let mut renders = self.known().await?;
        if renders.iter().any(|render| render.submission.state == State::Sending) {
            context.store.reap(context.world.now()).await?;
            renders = self.known().await?;
        }
        let sought: Vec<Render> =
            renders.iter().filter(|render| render.submission.state == State::Unknown && render.traceable).cloned().collect();
        if sought.iter().any(|render| self.is_due(render, context.world.now())) {
            // No answer of the service is not an error: it is asked again until the rows' time is over.
            if let Some(swept) = context.unless_interrupted(search::search_list(context, &sought, READING_LIST)).await {
                self.unread = swept?.err();
            }
            self.swept = Some(Tick::now());
            renders = self.known().await?;
        }
        for render in renders {
            self.send_on(render).await;
        }
        self.plan().await
    }

    async fn known(&self) -> Result<Vec<Render>, LedgerError> {
        self.pipeline.context.store.find(None, RenderQuery::Ids(self.wanted.keys().copied().collect())).await
    }

    fn is_due(&self, render: &Render, now: Timestamp) -> bool {
        let is_last_chance = self.wanted.get(&render.id).is_some_and(|wanted| Tick::now() >= wanted.deadline);
        is_last_chance || self.wait(render, now).is_zero()
    }

    fn wait(&self, render: &Render, now: Timestamp) -> Duration {
        search::next_search_in(self.pipeline.context, render, now)
    }

    /// Routes a row that is settled, and a row whose time is over.
    async fn send_on(&mut self, render: Render) {
        let Some(wanted) = self.wanted.get(&render.id) else { return };
        let is_open = matches!(render.submission.state, State::Sending | State::Unknown);
        let is_hopeless = render.submission.state == State::Unknown && !render.traceable;
        if is_open && !is_hopeless && Tick::now() < wanted.deadline {
            return;
        }
        let Some(wanted) = self.wanted.remove(&render.id) else { return };
        if let (State::Unknown, Some(why)) = (render.submission.state, &self.unread) {
            self.pipeline.end(wanted.row, How::Over(Box::new(outcome::lost(self.pipeline.context, &render, Some(why)))));
        } else if is_open {
            self.pipeline.end(wanted.row, How::Unbound(render.id));
        } else {
            self.pipeline.route(wanted.row, render).await;
        }
    }

    /// Plans the next sweep: when the first row is due, or when its time is over.
    async fn plan(&mut self) -> Result<(), LedgerError> {
        let now = self.pipeline.context.world.now();
        let renders = self.known().await?;
        let due = renders.iter().filter_map(|render| {
            let deadline = self.wanted.get(&render.id)?.deadline;
            let wait = if render.submission.state == State::Sending { PEEK } else { self.wait(render, now) };
            Some((Tick::now() + wait).min(deadline))
        });
        self.due = due.min().map(|due| due.max(self.earliest()));
        Ok(())
    }

    /// Reports the rows that are open at the interruption as open. A row that is in flight during the grace arrives
    /// later and is reported, too.
    async fn leave(mut self) -> Result<(), LedgerError> {
        loop {
            for render in self.known().await? {
                if let Some(wanted) = self.wanted.remove(&render.id) {
                    let outcome = interrupted_in_flight(self.pipeline.context, &render);
                    self.pipeline.end(wanted.row, How::Over(Box::new(outcome)));
                }
            }
            let Some(lost) = self.incoming.recv().await else { return Ok(()) };
            self.take_in(lost);
        }
    }
}
