//! Handles stored callbacks: ask the service (through [`crate::work::poll`]), update the ledger, queue the outcome for the
//! application. A render whose callback the service does not confirm yet is polled, as if no callback had come. The
//! service is not asked about a render whose end the ledger knows, nor with `--trust` about a callback that names an end.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::time::Instant as Tick;
use tokio_util::sync::CancellationToken;

use super::agenda::{Agenda, Ownership, Round};
use super::{Listening, Trust};
use crate::ledger::inbox::{CallbackId, Callbacks, Kept};
use crate::ledger::outbox::{Announcement, Heard};
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::policy::INVISIBLE_FOR;
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::render::schedule::{PollInterval, next_search};
use crate::render::state::{Fact, State};
use crate::service::webhook;
use crate::work::Context;
use crate::work::deliver::Deliverer;
use crate::work::follow::Followed;
use crate::work::poll::{PollResult, Target, WaitPolicy, poll};
use crate::work::search::token;

/// The most callbacks handled in one look.
const MOST: usize = 10_000;

/// How many are read from the ledger at once: those that arrive meanwhile are stored in between.
const SLICE: usize = 500;

/// The most outcomes written in one transaction.
const TOGETHER: usize = 500;

/// The pause before asking again a service that refused a request.
const REFUSED: Duration = Duration::from_secs(60);

/// The pause before using a failed ledger again.
const PAUSE: Duration = Duration::from_secs(1);

/// A look reads every open callback, in the engine that also stores new ones: looks take at most a tenth of its time.
const REST: u32 = 10;

/// How long requests in flight may take at the end.
const LAST: Duration = Duration::from_secs(2);

pub(super) struct Confirmer<'a> {
    context: &'a Context,
    trust: Trust,
    poll_interval: PollInterval,
    arrived: &'a Notify,
    deliverer: &'a Deliverer,
}

/// Certain outcomes and the callbacks that announced them, to be written together.
#[derive(Default)]
struct Certain {
    outcomes: Vec<Announcement>,
    settled: Vec<CallbackId>,
}

impl<'a> Confirmer<'a> {
    pub(super) fn new(context: &'a Context, listening: &Listening, arrived: &'a Notify, deliverer: &'a Deliverer) -> Self {
        Self { context, trust: listening.trust, poll_interval: listening.poll_interval, arrived, deliverer }
    }

    /// Handles callbacks until `stop`. A ledger failure is reported and the work is tried again; the callbacks stay in
    /// the ledger.
    pub(super) async fn run(&self, stop: &CancellationToken) {
        let mut agenda = Agenda::default();
        let (told, mut answers) = mpsc::unbounded_channel();
        let mut out = FuturesUnordered::new();
        while !stop.is_cancelled() {
            let began = Tick::now();
            match self.look(&mut agenda).await {
                Ok(rounds) => out.extend(rounds.into_iter().map(|round| self.confirm(round, told.clone()))),
                Err(error) => {
                    self.context.tell(&Event::Warning(format!("{error}; trying again")));
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            }
            let looked = Tick::now();
            let rested = looked + (looked - began) * REST;
            let mut is_wanted = false;
            loop {
                let next = if is_wanted { rested } else { agenda.next_look(looked).max(rested) };
                tokio::select! {
                    Some(ownership) = out.next(), if !out.is_empty() => agenda.out[ownership as usize] -= 1,
                    Some((project, again)) = answers.recv() => agenda.answered(project, again),
                    () = self.arrived.notified() => is_wanted = true,
                    () = tokio::time::sleep_until(next) => break,
                    () = stop.cancelled() => break,
                }
                is_wanted |= agenda.has_more && answers.is_empty();
            }
        }
        // Answers that have arrived are written. Requests without an answer by then are repeated by the next receiver.
        let _ = tokio::time::timeout(LAST, out.collect::<Vec<_>>()).await;
    }

    /// Looks at every due callback. Returns the rounds of requests for the service.
    async fn look(&self, agenda: &mut Agenda) -> Result<Vec<Round>, LedgerError> {
        let open = self.open().await?;
        let mut unreadable = Vec::new();
        let mut of: HashMap<ProjectId, Vec<Kept>> = HashMap::new();
        for kept in open {
            match kept.project.clone() {
                Some(project) => of.entry(project).or_default().push(kept),
                None => unreadable.push(kept.id),
            }
        }
        agenda.waiting.retain(|project, _| of.contains_key(project));
        agenda.soonest = agenda.waiting.values().copied().min();
        self.set_aside(unreadable).await?;
        let (now, before) = (Tick::now(), of.len());
        of.retain(|project, _| !agenda.asked.contains(project));
        agenda.has_more = of.len() < before;
        of.retain(|project, _| agenda.waiting.get(project).is_none_or(|due| *due <= now));
        let [ours, strangers] = self.without_question(of, agenda).await?;
        let mut rounds = agenda.rounds(Ownership::Ours, ours);
        rounds.extend(agenda.rounds(Ownership::Elsewhere, strangers));
        Ok(rounds)
    }

    /// The callbacks that are not settled, oldest first.
    async fn open(&self) -> Result<Vec<Kept>, LedgerError> {
        let mut open: Vec<Kept> = Vec::new();
        while open.len() < MOST {
            let after = open.last().map_or(CallbackId::NONE, |last| last.id);
            let wanted = Callbacks::Open { after, most: u32::try_from(SLICE).unwrap_or(u32::MAX) };
            let some = self.context.store.callbacks(Some(self.context.space.clone()), wanted).await?;
            let is_all = some.len() < SLICE;
            open.extend(some);
            if is_all {
                break;
            }
        }
        Ok(open)
    }

    /// Settles callbacks that name no project. They stay in the inbox as they came; nothing more can be done.
    async fn set_aside(&self, unreadable: Vec<CallbackId>) -> Result<(), LedgerError> {
        if unreadable.is_empty() {
            return Ok(());
        }
        self.context.tell(&Event::Heard { project: None });
        self.context.store.handled(unreadable, self.context.world.now()).await
    }

    /// Handles what needs no request. Returns what needs one: renders of the ledger, and unknown projects.
    async fn without_question(
        &self,
        of: HashMap<ProjectId, Vec<Kept>>,
        agenda: &mut Agenda,
    ) -> Result<[Vec<(Target, Vec<Kept>)>; 2], LedgerError> {
        let (mut due, mut certain) = ([Vec::new(), Vec::new()], Certain::default());
        if of.is_empty() {
            return Ok(due);
        }
        let mut rows: HashMap<ProjectId, Render> = HashMap::new();
        let projects: Vec<ProjectId> = of.keys().cloned().collect();
        for some in projects.chunks(SLICE) {
            let found = self.context.store.find(Some(self.context.space.clone()), RenderQuery::Projects(some.to_vec())).await?;
            rows.extend(found.into_iter().filter_map(|row| Some((row.submission.project.clone()?, row))));
        }
        for (project, kept) in of {
            if !agenda.waiting.contains_key(&project) {
                self.context.tell(&Event::Heard { project: Some(project.clone()) });
            }
            let row = rows.remove(&project);
            if let Some(report) = self.known_already(&project, row.as_ref(), &kept).await? {
                agenda.waiting.remove(&project);
                self.act(row, report, &kept, &mut certain).await?;
                if certain.settled.len() >= TOGETHER {
                    self.write(&mut certain).await?;
                }
                continue;
            }
            let ownership = if row.is_some() { Ownership::Ours } else { Ownership::Elsewhere };
            let followed = row.as_ref().and_then(|row| Followed::of_render(0, row));
            let since = kept.iter().map(|kept| kept.received_at).min().unwrap_or(self.context.world.now());
            due[ownership as usize].push((followed.map_or(Target { project, render: None, since }, |followed| followed.target), kept));
        }
        self.write(&mut certain).await?;
        Ok(due)
    }

    /// Reads a round of renders, and acts on each answer as it arrives. Reports for each project whether and when to
    /// ask again.
    async fn confirm(&self, round: Round, told: UnboundedSender<(ProjectId, Option<Duration>)>) -> Ownership {
        let Round { ownership, of } = round;
        let mut open: HashSet<ProjectId> = of.iter().map(|(target, _)| target.project.clone()).collect();
        let (sender, mut poll_results) = mpsc::unbounded_channel();
        let patience = WaitPolicy { poll_interval: self.poll_interval, deadline: None, once: true };
        let watching = poll(self.context.clone(), of.iter().map(|(target, _)| target.clone()).collect(), patience, sender);
        let acting = async {
            let (mut certain, mut answered) = (Certain::default(), Vec::new());
            while let Some((place, poll_result)) = poll_results.recv().await {
                let (target, kept) = &of[place];
                let again = self.seen(&target.project, poll_result, kept, &mut certain).await?;
                answered.push((target.project.clone(), again));
                if poll_results.is_empty() {
                    self.write(&mut certain).await?;
                    for (project, again) in answered.drain(..) {
                        open.remove(&project);
                        // The receiver is gone only when the run is stopping.
                        let _ = told.send((project, again));
                    }
                }
            }
            Ok::<(), LedgerError>(())
        };
        let ((), acted) = tokio::join!(Box::pin(watching), acting);
        if let Err(error) = acted {
            self.context.tell(&Event::Warning(format!("{error}; trying again")));
        }
        for project in open {
            let _ = told.send((project, Some(PAUSE)));
        }
        ownership
    }

    async fn row(&self, project: &ProjectId) -> Result<Option<Render>, LedgerError> {
        let rows = self.context.store.find(Some(self.context.space.clone()), RenderQuery::Project(project.clone())).await?;
        Ok(rows.into_iter().next())
    }

    /// The report that needs no request: a final one from the ledger, or any callback's where callbacks are trusted.
    /// Even then a body's project is believed only when its id looks like the service's.
    async fn known_already(&self, project: &ProjectId, row: Option<&Render>, kept: &[Kept]) -> Result<Option<Report>, LedgerError> {
        let is_over = |render: &&Render| matches!(render.submission.state, State::Done | State::Deleted | State::Expired);
        if let Some(report) = row.filter(is_over).and_then(|row| row.report.clone()) {
            return Ok(Some(report));
        }
        if self.trust == Trust::AskFirst || (row.is_none() && !project.is_well_formed()) {
            return Ok(None);
        }
        for kept in kept {
            let raw = self.context.store.raw(kept.id).await?.unwrap_or_default();
            if let Some(report) = webhook::read(&raw).report.filter(|report| report.status.has_ended()) {
                return Ok(Some(report));
            }
        }
        Ok(None)
    }

    /// Acts on the report of a project. Returns when to ask for it again, if at all.
    async fn seen(
        &self,
        project: &ProjectId,
        poll_result: PollResult,
        kept: &[Kept],
        certain: &mut Certain,
    ) -> Result<Option<Duration>, LedgerError> {
        let age = kept.iter().map(|kept| self.context.world.now().since(kept.received_at)).min().unwrap_or_default();
        let pause = match poll_result {
            PollResult::Ended(report) if report.status.has_ended() => {
                self.act(self.row(project).await?, *report, kept, certain).await?;
                return Ok(None);
            }
            PollResult::Ended(_) | PollResult::Looked(_) | PollResult::Runs { .. } => self.poll_interval.pause(age),
            PollResult::Missing if age < INVISIBLE_FOR => next_search(self.context.locality, Some(age)).saturating_sub(age),
            PollResult::Missing => {
                self.unknown(project, kept).await?;
                return Ok(None);
            }
            PollResult::Refused(refusal) => {
                self.context.tell(&Event::Warning(format!("{project}: the service refuses the request: {}", refusal.message)));
                REFUSED
            }
            PollResult::Broken(why) | PollResult::Unreachable(why) => {
                self.context.tell(&Event::Warning(why));
                PAUSE
            }
            PollResult::Interrupted(_) => PAUSE,
        };
        Ok(Some(pause))
    }

    /// A callback that the service denies was invented, or belongs to another account. It is kept for a week, and
    /// reported if its render appears.
    async fn unknown(&self, project: &ProjectId, kept: &[Kept]) -> Result<(), LedgerError> {
        let why = "a callback names it, but the service does not know this project of this account; nothing was done";
        self.context.tell(&Event::Warning(format!("{project}: {why}")));
        self.handled(kept).await
    }

    /// Records a certain outcome in the ledger, and queues it for the application.
    async fn act(&self, row: Option<Render>, report: Report, kept: &[Kept], certain: &mut Certain) -> Result<(), LedgerError> {
        let row = match row {
            None => self.bind(&report).await?,
            row => row,
        };
        if let Some(row) = &row {
            self.context.learn(row, Fact::Seen(Box::new(report.clone()))).await?;
        }
        let at = row.and_then(|row| row.bound_at).unwrap_or(self.context.world.now());
        certain.outcomes.push(Announcement { space: self.context.space.clone(), report, at, heard: Heard::NotYet });
        certain.settled.extend(kept.iter().map(|kept| kept.id));
        Ok(())
    }

    /// Writes the outcomes first. A callback that is settled earlier would be lost by a crash in between.
    async fn write(&self, certain: &mut Certain) -> Result<(), LedgerError> {
        if certain.settled.is_empty() {
            return Ok(());
        }
        let Certain { outcomes, settled } = std::mem::take(certain);
        self.context.store.announce(outcomes).await?;
        self.context.store.handled(settled, self.context.world.now()).await?;
        self.deliverer.wake();
        Ok(())
    }

    async fn handled(&self, kept: &[Kept]) -> Result<(), LedgerError> {
        self.context.store.handled(kept.iter().map(|kept| kept.id).collect(), self.context.world.now()).await
    }

    /// Finds a render whose answer is outstanding or lost, by the token that the service itself returns (`faults.md`
    /// row 52).
    async fn bind(&self, report: &Report) -> Result<Option<Render>, LedgerError> {
        let Some(token) = token(report) else { return Ok(None) };
        let unsettled = self.context.store.find(Some(self.context.space.clone()), RenderQuery::Unsettled).await?;
        let ledger = self.context.store.name();
        let Some(row) = unsettled.into_iter().find(|row| token.belongs_to(&row.identity(), &ledger)) else { return Ok(None) };
        let bound = self.context.learn(&row, Fact::Found { project: report.project.clone() }).await?;
        self.context.tell(&self.context.found_again(&report.project, &row));
        Ok(Some(bound))
    }
}
