//! Following the accepted renders of a batch: one poller reads the service's list, page by page, for all rows. Per
//! render it keeps only the project, the row and the creation time. It does not write a status that has not changed.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant as Tick;

use super::Follow;
use super::finish::How;
use super::pipeline::{Pipeline, Row};
use crate::ledger::{Change, LedgerError, Record, Render, RenderId};
use crate::policy::{LIST_MARGIN, READING_LIST, READS_ABREAST};
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Reason, Report, Status};
use crate::render::schedule::{HANDFUL, split};
use crate::render::state::{Fact, State};
use crate::service::page::Window;
use crate::service::read::{MOST_PER_PAGE, ReadError};
use crate::work::belief::{Doubt, Listed, on_the_list, rest_after, tell_of_unknown_word};
use crate::work::send::StopReason;
use crate::work::until::until;
use crate::world::Timestamp;

/// Renders that one look reads singly; one page of the list holds a hundred.
const ALONE: usize = 20;

/// The longest pause between two looks that a slow list can cause.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The target for the bytes of movies that one page of the list echoes.
const PAGE: usize = 2 << 20;

/// An accepted render to follow.
pub(super) struct Accepted {
    project: ProjectId,
    watched: Watched,
}

/// What the poller keeps of an accepted render.
struct Watched {
    row: Row,
    id: RenderId,
    /// When the service accepted it, in milliseconds: [`Render::listed_at`].
    since: i64,
    /// The same on this machine's clock: [`Render::accepted_at`].
    accepted_at: Timestamp,
    /// The status that was read last, while it is under way: its index in [`Poller::words`].
    status: Option<usize>,
    /// The number of the last sweep that showed it.
    shown_by: u32,
}

impl Accepted {
    /// The render to follow for a row; the row itself when its project is not known.
    pub(super) fn of(row: Row, render: &Render) -> Result<Self, Row> {
        let Some(project) = render.submission.project.clone() else { return Err(row) };
        let (since, accepted_at) = (render.listed_at().0, render.accepted_at());
        Ok(Self { project, watched: Watched { row, id: render.id, since, accepted_at, status: None, shown_by: 0 } })
    }
}

/// Follows every render that `incoming` delivers, as long as the pipeline lives.
pub(super) async fn follow_all(pipeline: &Pipeline<'_>, incoming: UnboundedReceiver<Accepted>) -> Result<(), LedgerError> {
    let Some(follow) = pipeline.run.follow else { return std::future::pending().await };
    let poller = Poller {
        pipeline,
        follow,
        incoming,
        watching: HashMap::new(),
        doubts: HashMap::new(),
        words: Vec::new(),
        others: Vec::new(),
        due: None,
        sweeps: 0,
        failures: 0,
    };
    poller.run().await
}

struct Poller<'a> {
    pipeline: &'a Pipeline<'a>,
    follow: Follow,
    incoming: UnboundedReceiver<Accepted>,
    watching: HashMap<ProjectId, Watched>,
    /// Answers that are not believed yet. Few renders ever have an entry.
    doubts: HashMap<ProjectId, Doubt>,
    /// The words for "under way" that the service has used: a status is written, and told, only when it changes.
    words: Vec<String>,
    /// The creation times of the account's other renders, from the last sweep.
    others: Vec<i64>,
    due: Option<Tick>,
    /// The number of sweeps so far.
    sweeps: u32,
    failures: u32,
}

impl Poller<'_> {
    async fn run(mut self) -> Result<(), LedgerError> {
        loop {
            self.land_if_stopped();
            let deadline = self.deadline();
            let limits = std::sync::Arc::clone(&self.pipeline.limits);
            tokio::select! {
                Some(accepted) = self.incoming.recv() => self.add(accepted),
                () = until(self.due) => self.look_unless_stopped().await?,
                () = until(deadline) => self.land_all(How::Runs),
                () = limits.until_stopped(), if limits.stopped().is_none() => {}
            }
        }
    }

    async fn look_unless_stopped(&mut self) -> Result<(), LedgerError> {
        let interrupt = self.pipeline.context.interrupt.clone();
        tokio::select! {
            looked = self.look() => looked,
            () = interrupt.cancelled() => Ok(()),
        }
    }

    /// The timeout counts from the last submission, so that a long batch does not use it up while it still sends.
    fn deadline(&self) -> Option<Tick> {
        (!self.watching.is_empty()).then(|| self.pipeline.accepted_at.get() + self.follow.timeout)
    }

    fn add(&mut self, accepted: Accepted) {
        let age = self.age(&accepted.watched);
        self.watching.insert(accepted.project, accepted.watched);
        // A render that was just accepted is read after one pause; any other is read at once.
        let due = Tick::now() + self.follow.poll_interval.pause(age).saturating_sub(age);
        self.due.get_or_insert(due);
    }

    fn age(&self, watched: &Watched) -> Duration {
        self.pipeline.context.world.now().since(watched.accepted_at)
    }

    /// Stops polling once the key is refused, the run is interrupted or the ledger failed.
    fn land_if_stopped(&mut self) {
        match self.pipeline.limits.stopped() {
            Some(StopReason::Refused(refusal)) if refusal.reason == Reason::Key => self.land_all(|id| How::Refused(id, refusal.clone())),
            Some(StopReason::Interrupted | StopReason::Ledger(_)) => self.land_all(How::Interrupted),
            _ => {}
        }
    }

    fn land_all(&mut self, how: impl Fn(RenderId) -> How) {
        for watched in std::mem::take(&mut self.watching).into_values() {
            self.pipeline.finish(watched.row, how(watched.id));
        }
        self.due = None;
    }

    fn finish(&mut self, project: &ProjectId, how: impl FnOnce(RenderId) -> How) {
        self.doubts.remove(project);
        if let Some(watched) = self.watching.remove(project) {
            self.pipeline.finish(watched.row, how(watched.id));
        }
    }

    /// Reads the due renders: most through the list, and singly those that would make the list too long.
    async fn look(&mut self) -> Result<(), LedgerError> {
        let began = Tick::now();
        while let Ok(accepted) = self.incoming.try_recv() {
            self.add(accepted);
        }
        let cut = self.cut();
        let mut alone: Vec<ProjectId> = Vec::new();
        let mut is_read = true;
        if let Some(cut) = cut {
            match self.read_list(cut).await? {
                Some(absent) => alone.extend(absent),
                None => is_read = false,
            }
        }
        if is_read {
            let old = self.watching.iter().filter(|(_, watched)| cut.is_none_or(|cut| watched.since < cut));
            alone.extend(old.map(|(project, _)| project.clone()).take(ALONE));
            is_read = self.read_alone(alone).await?;
        }
        self.failures = if is_read { 0 } else { self.failures + 1 };
        self.plan(began.elapsed());
        Ok(())
    }

    /// The creation time from which on the list is read; `None` when single reads take fewer requests.
    fn cut(&self) -> Option<i64> {
        if self.watching.len() < HANDFUL {
            return None;
        }
        let since: Vec<i64> = self.watching.values().map(|watched| watched.since).collect();
        split(&since, &self.others).listed.into_iter().map(|index| since[index]).min()
    }

    /// Sweeps the list for everything created since `cut`, page by page. Returns the projects that the list should have
    /// shown and did not; `None` when the list can't be read.
    async fn read_list(&mut self, cut: i64) -> Result<Option<Vec<ProjectId>>, LedgerError> {
        let (context, now) = (self.pipeline.context, self.pipeline.context.world.now());
        let window: Window = context.window(Timestamp(cut).minus(LIST_MARGIN), now.plus(LIST_MARGIN));
        let limit = u8::try_from(PAGE / self.pipeline.heaviest.get().max(1)).unwrap_or(u8::MAX).clamp(1, MOST_PER_PAGE);
        self.sweeps += 1;
        self.others.clear();
        let mut pages = context.client.pages(window, limit, READING_LIST);
        loop {
            let reports = match pages.next().await {
                Ok(Some(reports)) => reports,
                Ok(None) => break,
                Err(error) => {
                    self.unreadable(None, &error);
                    return Ok(None);
                }
            };
            let (ours, others): (Vec<Report>, Vec<Report>) =
                reports.into_iter().partition(|report| self.watching.contains_key(&report.project));
            self.others.extend(others.iter().filter_map(|report| Some(report.created_at?.0)));
            self.take_in(ours).await?;
        }
        let is_absent = |watched: &Watched| watched.since >= cut && watched.shown_by != self.sweeps;
        let absent = self.watching.iter().filter(|(_, watched)| is_absent(watched)).map(|(project, _)| project.clone());
        Ok(Some(absent.take(ALONE).collect()))
    }

    /// Returns whether every read succeeded.
    async fn read_alone(&mut self, projects: Vec<ProjectId>) -> Result<bool, LedgerError> {
        let client = &self.pipeline.context.client;
        let mut reads = stream::iter(projects.into_iter().map(|project| async move {
            let answer = client.read(&project, READING_LIST).await;
            (project, answer)
        }))
        .buffer_unordered(READS_ABREAST);
        let mut answers = Vec::new();
        while let Some(answer) = reads.next().await {
            answers.push(answer);
        }
        drop(reads);
        let mut all = true;
        for (project, answer) in answers {
            match answer {
                Ok(report) => self.take_in(vec![report]).await?,
                Err(ReadError::NoSuchProject { .. }) => self.denied(&project).await?,
                Err(error) => {
                    all = false;
                    self.unreadable(Some(project), &error);
                }
            }
        }
        Ok(all)
    }

    /// Writes changed statuses in one transaction, and finishes the renders that have ended.
    async fn take_in(&mut self, reports: Vec<Report>) -> Result<(), LedgerError> {
        let at = self.pipeline.context.world.now();
        let mut records = Vec::new();
        for report in reports {
            let status = self.underway(&report.status);
            let Some(watched) = self.watching.get_mut(&report.project) else { continue };
            watched.shown_by = self.sweeps;
            if let Some(doubt) = self.doubts.get_mut(&report.project) {
                doubt.seen();
            }
            if status.is_some() && status == watched.status {
                continue;
            }
            watched.status = status;
            tell_of_unknown_word(self.pipeline.context, &report);
            records.push(Record { render: watched.id, change: Change::Fact(Fact::Seen(Box::new(report))), at });
        }
        if records.is_empty() {
            return Ok(());
        }
        for recorded in self.pipeline.context.store.record(records).await?.into_iter().flatten() {
            self.seen(&recorded.render);
        }
        Ok(())
    }

    /// The index of a status in [`Self::words`], if the render is under way.
    fn underway(&mut self, status: &Status) -> Option<usize> {
        if !status.is_underway() {
            return None;
        }
        let known = self.words.iter().position(|word| word == status.as_str());
        Some(known.unwrap_or_else(|| {
            self.words.push(status.as_str().to_owned());
            self.words.len() - 1
        }))
    }

    fn seen(&mut self, render: &Render) {
        let (Some(project), Some(report)) = (&render.submission.project, &render.report) else { return };
        let state = render.submission.state;
        if !state.has_ended() && state != State::Timeout {
            return;
        }
        let now = self.pipeline.context.service_now();
        if state == State::Done && report.url.is_none() && self.doubt(project).awaits_url(state, report, now) {
            return;
        }
        self.finish(&project.clone(), How::Ended);
    }

    fn doubt(&mut self, project: &ProjectId) -> &mut Doubt {
        self.doubts.entry(project.clone()).or_default()
    }

    async fn denied(&mut self, project: &ProjectId) -> Result<(), LedgerError> {
        let Some(watched) = self.watching.get(project) else { return Ok(()) };
        let (since, age) = (watched.since, self.age(watched));
        if self.doubt(project).denied(age) {
            match on_the_list(self.pipeline.context, project, Timestamp(since)).await {
                Listed::Shown(report) => self.take_in(vec![*report]).await?,
                Listed::Absent => self.finish(project, How::Missing),
                Listed::Unread => {}
            }
        }
        Ok(())
    }

    /// A refusal is not a temporary failure: it ends the polling of every render.
    fn unreadable(&mut self, project: Option<ProjectId>, error: &ReadError) {
        if let ReadError::Refused(refusal) = error {
            return self.land_all(|id| How::Refused(id, refusal.clone()));
        }
        self.pipeline.context.tell(&Event::Unreadable { project, why: error.to_string() });
    }

    /// Plans the next look by the age of the youngest render, and no sooner than the last look took. The pause grows
    /// while the service can't be read.
    fn plan(&mut self, took: Duration) {
        let Some(youngest) = self.watching.values().max_by_key(|watched| watched.accepted_at) else {
            self.due = None;
            return;
        };
        let pause = self.follow.poll_interval.pause(self.age(youngest)).max(took.min(LONGEST_PAUSE));
        self.due = Some(Tick::now() + rest_after(self.failures, pause));
    }
}
