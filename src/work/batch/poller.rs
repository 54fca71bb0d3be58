//! Following what was accepted: one poller for all rows, through the list, page by page. Of a render that is on its
//! way nothing is kept but its project, its row and when it was made; a status that is no news is not written.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant as Tick;

use super::Follow;
use super::finish::How;
use super::pipeline::{Pipeline, Row};
use super::stop::StopReason;
use crate::ledger::{Change, LedgerError, Record, Render, RenderId};
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Reason, Report, Status};
use crate::render::schedule::{HANDFUL, split};
use crate::render::state::{Fact, State};
use crate::service::page::Window;
use crate::service::read::{MOST_PER_PAGE, ReadError};
use crate::work::watch::is_long_over;

/// How far a render's time on the list may lie from the one that we know.
const MARGIN: Duration = Duration::from_secs(60);

/// For how long one look is tried before the next one takes over.
const READING: Duration = Duration::from_secs(30);

/// Single reads that are out at once.
const ABREAST: usize = 4;

/// Renders that are read alone in one look: the list is asked once for a hundred.
const ALONE: usize = 20;

/// The longest pause between two looks that a slow list makes.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A render that was just accepted may not be visible yet (`faults.md` row 30).
const GRACE: Duration = Duration::from_secs(120);

/// After the grace, "no such project" is believed after so many answers over [`DOUBT`] (row 31).
const DENIALS: u32 = 3;

/// See [`DENIALS`].
const DOUBT: Duration = Duration::from_secs(60);

/// A `done` without a URL is read on for this long (row 36).
const URL_LATE: Duration = Duration::from_secs(120);

/// Bytes of movies that a page of the list should echo at most.
const PAGE: usize = 2 << 20;

/// A render on its way.
pub(super) struct Accepted {
    project: ProjectId,
    watched: Watched,
}

/// What is kept of it.
struct Watched {
    row: Row,
    id: RenderId,
    /// When the service took it, as far as anyone knows, milliseconds.
    since: i64,
    /// What was read last: its word, by its place among [`KNOWN`].
    status: u8,
    /// The last sweep that showed it.
    shown_by: u32,
}

/// Words that are news only once.
const KNOWN: [&str; 3] = ["", "pending", "running"];

fn place(status: &Status) -> u8 {
    KNOWN.iter().position(|known| *known == status.as_str()).and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX)
}

impl Accepted {
    /// The flight of a row; the row itself when its project isn't known.
    pub(super) fn of(row: Row, render: &Render) -> Result<Self, Row> {
        let Some(project) = render.submission.project.clone() else { return Err(row) };
        let created = render.report.as_ref().and_then(|report| report.created_at);
        let since = created.or(render.bound_at).unwrap_or(render.touched_at).0;
        let status = render.report.as_ref().map_or(0, |report| place(&report.status));
        Ok(Self { project, watched: Watched { row, id: render.id, since, status, shown_by: 0 } })
    }
}

/// Follows what comes, for as long as the line lives.
pub(super) async fn follow_all(pipeline: &Pipeline<'_>, incoming: UnboundedReceiver<Accepted>) -> Result<(), LedgerError> {
    let Some(follow) = pipeline.run.follow else { return std::future::pending().await };
    let poller = Poller {
        pipeline,
        follow,
        incoming,
        watching: HashMap::new(),
        doubts: HashMap::new(),
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
    /// What can't be believed yet; few renders ever have any.
    doubts: HashMap<ProjectId, Doubt>,
    /// When the account's other renders were made, as the last sweep saw them.
    others: Vec<i64>,
    due: Option<Tick>,
    /// Sweeps so far.
    sweeps: u32,
    failures: u32,
}

struct Doubt {
    since: Tick,
    denials: u32,
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

    /// The time for following runs from the last submission, so that a long batch isn't left for its length.
    fn deadline(&self) -> Option<Tick> {
        (!self.watching.is_empty()).then(|| self.pipeline.accepted_at.get() + self.follow.timeout)
    }

    fn add(&mut self, accepted: Accepted) {
        let age = self.age(accepted.watched.since);
        self.watching.insert(accepted.project, accepted.watched);
        // A render that was just accepted is looked at after one pause; any other at once.
        let due = Tick::now() + self.follow.poll_interval.pause(age).saturating_sub(age);
        self.due.get_or_insert(due);
    }

    fn age(&self, since: i64) -> Duration {
        self.pipeline.context.world.now().since(crate::world::Timestamp(since))
    }

    /// Whoever may not ask any more follows nothing.
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

    /// Reads what is to be read: the list for most, one by one what the list would be too long for.
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

    /// From which creation time on the list answers; `None` when reading one by one takes fewer requests.
    fn cut(&self) -> Option<i64> {
        if self.watching.len() < HANDFUL {
            return None;
        }
        let since: Vec<i64> = self.watching.values().map(|watched| watched.since).collect();
        split(&since, &self.others).listed.into_iter().map(|index| since[index]).min()
    }

    /// One sweep for everything made since `cut`, page by page; the projects that it should have shown and didn't.
    /// `None` when it can't be read.
    async fn read_list(&mut self, cut: i64) -> Result<Option<Vec<ProjectId>>, LedgerError> {
        let (context, now) = (self.pipeline.context, self.pipeline.context.world.now());
        let window: Window = context.window(crate::world::Timestamp(cut).minus(MARGIN), now.plus(MARGIN));
        let limit = u8::try_from(PAGE / self.pipeline.heaviest.get().max(1)).unwrap_or(u8::MAX).clamp(1, MOST_PER_PAGE);
        self.sweeps += 1;
        self.others.clear();
        let mut pages = context.client.pages(window, limit, READING);
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

    /// Whether all could be read.
    async fn read_alone(&mut self, projects: Vec<ProjectId>) -> Result<bool, LedgerError> {
        let client = &self.pipeline.context.client;
        let mut reads = stream::iter(projects.into_iter().map(|project| async move {
            let answer = client.read(&project, READING).await;
            (project, answer)
        }))
        .buffer_unordered(ABREAST);
        let mut answers = Vec::new();
        while let Some(answer) = reads.next().await {
            answers.push(answer);
        }
        drop(reads);
        let mut all = true;
        for (project, answer) in answers {
            match answer {
                Ok(report) => self.take_in(vec![report]).await?,
                Err(ReadError::NoSuchProject { .. }) => self.denied(&project),
                Err(error) => {
                    all = false;
                    self.unreadable(Some(project), &error);
                }
            }
        }
        Ok(all)
    }

    /// Writes what is news, all in one batch, and lands what has ended.
    async fn take_in(&mut self, reports: Vec<Report>) -> Result<(), LedgerError> {
        let at = self.pipeline.context.world.now();
        let mut records = Vec::new();
        for report in reports {
            let Some(watched) = self.watching.get_mut(&report.project) else { continue };
            watched.shown_by = self.sweeps;
            let status = place(&report.status);
            if status == watched.status && status != u8::MAX {
                continue;
            }
            watched.status = status;
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

    fn seen(&mut self, render: &Render) {
        let (Some(project), Some(report)) = (&render.submission.project, &render.report) else { return };
        let state = render.submission.state;
        if !state.is_final() && state != State::Timeout {
            return;
        }
        let is_urlless = state == State::Done && report.url.is_none() && !is_long_over(report, self.pipeline.context.service_now());
        if is_urlless && self.doubt(project).since.elapsed() < URL_LATE {
            return;
        }
        self.finish(&project.clone(), How::Ended);
    }

    fn doubt(&mut self, project: &ProjectId) -> &mut Doubt {
        self.doubts.entry(project.clone()).or_insert_with(|| Doubt { since: Tick::now(), denials: 0 })
    }

    /// "No such project": not believed of what was accepted until it was said often, for long, and the list agrees.
    fn denied(&mut self, project: &ProjectId) {
        let Some(watched) = self.watching.get(project) else { return };
        let is_young = self.age(watched.since) < GRACE;
        let doubt = self.doubt(project);
        doubt.denials += 1;
        if !is_young && doubt.denials >= DENIALS && doubt.since.elapsed() >= DOUBT {
            self.finish(project, How::Missing);
        }
    }

    /// A refusal is no failure that passes: nobody can follow anything then.
    fn unreadable(&mut self, project: Option<ProjectId>, error: &ReadError) {
        if let ReadError::Refused(refusal) = error {
            return self.land_all(|id| How::Refused(id, refusal.clone()));
        }
        self.pipeline.context.tell(&Event::Unreadable { project, why: error.to_string() });
    }

    /// The next look: by the age of the youngest render, and no sooner than the last one took; slower while the
    /// service can't be read.
    fn plan(&mut self, took: Duration) {
        let Some(youngest) = self.watching.values().map(|watched| watched.since).max() else {
            self.due = None;
            return;
        };
        let pause = self.follow.poll_interval.pause(self.age(youngest)).max(took.min(LONGEST_PAUSE));
        let pause = pause.saturating_mul(1 << self.failures.min(4)).min(LONGEST_PAUSE.max(pause));
        self.due = Some(Tick::now() + pause);
    }
}

async fn until(when: Option<Tick>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
