//! What is done about callbacks that are kept: the service is asked, the ledger learns, the application is to hear. A
//! callback that the service does not confirm yet is polled on, as if it had been silent.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};
use tokio::time::Instant as Tick;
use tokio_util::sync::CancellationToken;

use super::{Listening, Trust};
use crate::ledger::inbox::{CallbackId, Callbacks, Kept};
use crate::ledger::outbox::{Announcement, Heard, is_final};
use crate::ledger::{LedgerError, Render, Which};
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::render::schedule::{Rhythm, next_search};
use crate::render::state::{Fact, State};
use crate::service::webhook;
use crate::work::Desk;
use crate::work::deliver::Deliverer;
use crate::work::follow::Followed;
use crate::work::search::token;
use crate::work::watch::{Patience, Sight, Target, watch};

/// Callbacks that are looked at together.
const MOST: u32 = 10_000;

/// Outcomes that are written together at most.
const TOGETHER: usize = 500;

/// A project that was just accepted may not be visible yet (`faults.md` row 30).
const GRACE: Duration = Duration::from_secs(120);

/// When a service that refuses to tell is asked again.
const REFUSED: Duration = Duration::from_secs(60);

/// When the ledger is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest sleep: what another process kept is seen by then.
const GLANCE: Duration = Duration::from_secs(5);

pub(super) struct Confirmer<'a> {
    desk: &'a Desk,
    trust: Trust,
    rhythm: Rhythm,
    arrived: &'a Notify,
    deliverer: &'a Deliverer,
}

/// Outcomes that are certain, and the callbacks that announced them: written together.
#[derive(Default)]
struct Certain {
    outcomes: Vec<Announcement>,
    settled: Vec<CallbackId>,
}

/// When the callbacks of projects that the service did not confirm are looked at again.
type Waiting = HashMap<ProjectId, Tick>;

impl<'a> Confirmer<'a> {
    pub(super) fn new(desk: &'a Desk, listening: &Listening, arrived: &'a Notify, deliverer: &'a Deliverer) -> Self {
        Self { desk, trust: listening.trust, rhythm: listening.rhythm, arrived, deliverer }
    }

    /// Takes care of callbacks until it is to stop. A ledger that fails is told of and tried again: the callbacks are in it.
    pub(super) async fn run(&self, stop: &CancellationToken) {
        let mut waiting = Waiting::new();
        while !stop.is_cancelled() {
            let pause = match self.look(&mut waiting).await {
                Ok(()) => waiting.values().min().map_or(GLANCE, |due| due.saturating_duration_since(Tick::now()).min(GLANCE)),
                Err(error) => {
                    self.desk.tell(&Event::Warning(format!("{error}; trying again")));
                    PAUSE
                }
            };
            tokio::select! {
                () = self.arrived.notified() => {}
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Looks at every callback whose time has come.
    async fn look(&self, waiting: &mut Waiting) -> Result<(), LedgerError> {
        let open = self.desk.store.callbacks(Some(self.desk.space.clone()), Callbacks::Open(MOST)).await?;
        let mut unreadable = Vec::new();
        let mut of: HashMap<ProjectId, Vec<Kept>> = HashMap::new();
        for kept in open {
            match kept.project.clone() {
                Some(project) => of.entry(project).or_default().push(kept),
                None => unreadable.push(kept.id),
            }
        }
        waiting.retain(|project, _| of.contains_key(project));
        self.set_aside(unreadable).await?;
        let now = Tick::now();
        of.retain(|project, _| waiting.get(project).is_none_or(|due| *due <= now));
        if of.is_empty() {
            return Ok(());
        }
        for project in of.keys().filter(|project| !waiting.contains_key(*project)) {
            self.desk.tell(&Event::Heard { project: Some(project.clone()) });
        }
        self.confirm(of, waiting).await
    }

    /// What names no project stays as it came, and nobody can do more.
    async fn set_aside(&self, unreadable: Vec<CallbackId>) -> Result<(), LedgerError> {
        if unreadable.is_empty() {
            return Ok(());
        }
        self.desk.tell(&Event::Heard { project: None });
        self.desk.store.settle(unreadable, self.desk.world.now()).await
    }

    async fn confirm(&self, of: HashMap<ProjectId, Vec<Kept>>, waiting: &mut Waiting) -> Result<(), LedgerError> {
        let (mut targets, mut certain) = (Vec::new(), Certain::default());
        for (project, kept) in &of {
            let row = self.row(project).await?;
            if let Some(report) = self.known_already(row.as_ref(), kept).await? {
                waiting.remove(project);
                self.act(row, report, kept, &mut certain).await?;
                if certain.settled.len() >= TOGETHER {
                    self.write(&mut certain).await?;
                }
                continue;
            }
            let followed = row.as_ref().and_then(|row| Followed::of_render(0, row));
            let since = kept.iter().map(|kept| kept.received_at).min().unwrap_or(self.desk.world.now());
            targets.push(followed.map_or(Target { project: project.clone(), render: None, since }, |followed| followed.target));
        }
        self.write(&mut certain).await?;
        if targets.is_empty() {
            return Ok(());
        }
        let (sender, mut sights) = mpsc::unbounded_channel();
        let patience = Patience { rhythm: self.rhythm, deadline: None, once: true };
        let watching = watch(self.desk.clone(), targets.clone(), patience, sender);
        let acting = async {
            while let Some((place, sight)) = sights.recv().await {
                let target = &targets[place];
                if let Some(kept) = of.get(&target.project) {
                    self.seen(target, sight, kept, waiting, &mut certain).await?;
                }
                if sights.is_empty() {
                    self.write(&mut certain).await?;
                }
            }
            self.write(&mut certain).await
        };
        let ((), acted) = tokio::join!(watching, acting);
        acted
    }

    async fn row(&self, project: &ProjectId) -> Result<Option<Render>, LedgerError> {
        let rows = self.desk.store.find(Some(self.desk.space.clone()), Which::Project(project.clone())).await?;
        Ok(rows.into_iter().next())
    }

    /// What needs no question: what the ledger knows to be over for good; or anything, where callbacks are believed.
    async fn known_already(&self, row: Option<&Render>, kept: &[Kept]) -> Result<Option<Report>, LedgerError> {
        let is_over = |render: &&Render| matches!(render.submission.state, State::Done | State::Deleted | State::Expired);
        if let Some(report) = row.filter(is_over).and_then(|row| row.report.clone()) {
            return Ok(Some(report));
        }
        if self.trust == Trust::AskFirst {
            return Ok(None);
        }
        for kept in kept {
            let raw = self.desk.store.raw(kept.id).await?.unwrap_or_default();
            if let Some(report) = webhook::read(&raw).report.filter(|report| is_final(&report.status)) {
                return Ok(Some(report));
            }
        }
        Ok(None)
    }

    async fn seen(
        &self,
        target: &Target,
        sight: Sight,
        kept: &[Kept],
        waiting: &mut Waiting,
        certain: &mut Certain,
    ) -> Result<(), LedgerError> {
        let project = &target.project;
        let age = kept.iter().map(|kept| self.desk.world.now().since(kept.received_at)).min().unwrap_or_default();
        let pause = match sight {
            Sight::Ended(report) if is_final(&report.status) => {
                waiting.remove(project);
                return self.act(self.row(project).await?, *report, kept, certain).await;
            }
            Sight::Ended(_) | Sight::Looked(_) | Sight::Runs(_) => self.rhythm.pause(age),
            Sight::Missing if age < GRACE => next_search(self.desk.distance, Some(age)).saturating_sub(age),
            Sight::Missing => {
                waiting.remove(project);
                return self.unknown(project, kept).await;
            }
            Sight::Refused(refusal) => {
                self.desk.tell(&Event::Warning(format!("{project}: the service refuses to tell: {}", refusal.message)));
                REFUSED
            }
            Sight::Broken(why) | Sight::Unreachable(why) => {
                self.desk.tell(&Event::Warning(why));
                PAUSE
            }
            Sight::Interrupted(_) => return Ok(()),
        };
        waiting.insert(project.clone(), Tick::now() + pause);
        Ok(())
    }

    /// A callback that the service denies is somebody else's invention, or another account's: it stays for a week, and
    /// is told if its render appears.
    async fn unknown(&self, project: &ProjectId, kept: &[Kept]) -> Result<(), LedgerError> {
        let why = "a callback names it, but the service knows no such project of this account; nothing was done";
        self.desk.tell(&Event::Warning(format!("{project}: {why}")));
        self.settle(kept).await
    }

    /// The outcome is certain: the ledger learns it, the application is to hear of it.
    async fn act(&self, row: Option<Render>, report: Report, kept: &[Kept], certain: &mut Certain) -> Result<(), LedgerError> {
        let row = match row {
            None => self.bind(&report).await?,
            row => row,
        };
        if let Some(row) = &row {
            self.desk.learn(row, Fact::Seen(Box::new(report.clone()))).await?;
        }
        let at = row.and_then(|row| row.bound_at).unwrap_or(self.desk.world.now());
        certain.outcomes.push(Announcement { space: self.desk.space.clone(), report, at, heard: Heard::NotYet });
        certain.settled.extend(kept.iter().map(|kept| kept.id));
        Ok(())
    }

    /// Outcomes first: a callback that is settled too early would be forgotten by a crash in between.
    async fn write(&self, certain: &mut Certain) -> Result<(), LedgerError> {
        if certain.settled.is_empty() {
            return Ok(());
        }
        let Certain { outcomes, settled } = std::mem::take(certain);
        self.desk.store.announce(outcomes).await?;
        self.desk.store.settle(settled, self.desk.world.now()).await?;
        self.deliverer.wake();
        Ok(())
    }

    async fn settle(&self, kept: &[Kept]) -> Result<(), LedgerError> {
        self.desk.store.settle(kept.iter().map(|kept| kept.id).collect(), self.desk.world.now()).await
    }

    /// A render whose answer is still awaited, or was lost, is found by the token that the service itself tells
    /// (`faults.md` row 52).
    async fn bind(&self, report: &Report) -> Result<Option<Render>, LedgerError> {
        let Some(token) = token(report) else { return Ok(None) };
        let unsettled = self.desk.store.find(Some(self.desk.space.clone()), Which::Unsettled).await?;
        let ledger = self.desk.store.name();
        let Some(row) = unsettled.into_iter().find(|row| token.belongs_to(&row.identity(), &ledger)) else { return Ok(None) };
        let (project, key) = (report.project.clone(), row.key.clone());
        let bound = self.desk.learn(&row, Fact::Found { project: project.clone() }).await?;
        self.desk.tell(&Event::FoundAgain { project, key });
        Ok(Some(bound))
    }
}
