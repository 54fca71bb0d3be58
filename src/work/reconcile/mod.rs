//! Compares ledger, inbox, outbox and the server's list, and finds renders that were missed, lost or duplicated, or
//! that will soon be deleted. Looking changes only what every command changes: unsettled renders are searched for.

mod compare;
mod mend;

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use self::compare::Sides;
pub use self::mend::{Remedies, hand_over, hurry, mend};
use super::{Context, search};
use crate::ledger::inbox::Callbacks;
use crate::ledger::outbox::{Deliveries, Delivery, Progress};
use crate::ledger::{LedgerError, Render, RenderQuery};
use crate::policy::{READING_LIST, READS_ABREAST, RETENTION};
use crate::render::identity::{Key, ProjectId};
use crate::render::outcome::Report;
use crate::render::state::{OnUnknown, State};
use crate::render::token::{LedgerName, Token};
use crate::service::page::Window;
use crate::service::read::{ReadError, Sweep};
use crate::world::Timestamp;

/// How far before the oldest render, and how far past the current time, the list is read.
const MARGIN: Duration = Duration::from_secs(3600);

/// Projects in one query to the ledger.
const ASKED: usize = 500;

/// The most deliveries reported.
const MOST_DELIVERIES: u32 = 10_000;

/// The kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Its answer was lost, and it is being searched for.
    Unknown,
    /// Its answer was lost, and the user decides.
    Held,
    /// It is to be sent again: by its own rule, or since a user decided so.
    Resend,
    /// The server has it; the ledger says that it was never accepted.
    Found,
    /// The server has it with this ledger's token, or with one that is adopted; the ledger has no row of it.
    Lost,
    /// The server has it; another ledger made it.
    Elsewhere,
    /// Another project for a render that has one.
    Duplicate,
    /// It has ended, and the ledger did not learn of it.
    Missed,
    /// It was accepted, and the server does not know it.
    Vanished,
    /// Its outcome has not been delivered to an application.
    Undelivered,
    /// It is rendered, not saved, and soon deleted.
    Expiring,
    /// It is rendered and not saved.
    Unsaved,
    /// The server has it without a j2v token; it is not ours.
    Foreign,
}

impl Kind {
    /// All kinds, the most urgent first.
    pub const ALL: [Self; 13] = [
        Self::Held,
        Self::Unknown,
        Self::Resend,
        Self::Duplicate,
        Self::Found,
        Self::Lost,
        Self::Vanished,
        Self::Missed,
        Self::Undelivered,
        Self::Expiring,
        Self::Unsaved,
        Self::Elsewhere,
        Self::Foreign,
    ];

    /// The kind's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Resend => "resend",
            Self::Found => "found",
            Self::Lost => "lost",
            Self::Duplicate => "duplicate",
            Self::Missed => "missed",
            Self::Vanished => "vanished",
            Self::Undelivered => "undelivered",
            Self::Expiring => "expiring",
            Self::Unsaved => "unsaved",
            Self::Elsewhere => "elsewhere",
            Self::Foreign => "foreign",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kind.
    pub kind: Kind,
    /// Its row.
    pub render: Option<Render>,
    /// The service's report of its project.
    pub report: Option<Report>,
    /// The message for the user.
    pub message: String,
    /// The next commands.
    pub next: Vec<String>,
    /// How it was repaired, if it was.
    pub mended: Option<String>,
}

impl Finding {
    /// Whether `reconcile --fix` fixes it without more flags. A row of a batch is sent by its batch, and a render that a person
    /// decided to send again by its own command.
    #[must_use]
    pub fn is_fixable(&self) -> bool {
        match self.kind {
            Kind::Found | Kind::Lost | Kind::Missed => true,
            Kind::Resend => {
                self.render.as_ref().is_some_and(|render| render.batch().is_none() && render.submission.on_unknown == OnUnknown::Resubmit)
            }
            _ => false,
        }
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, render: None, report: None, message: message.into(), next: Vec::new(), mended: None }
    }

    fn of(self, render: &Render) -> Self {
        Self { render: Some(render.clone()), ..self }
    }

    fn told_by(self, report: &Report) -> Self {
        Self { report: Some(report.clone()), ..self }
    }

    fn then(mut self, command: String) -> Self {
        self.next.push(command);
        self
    }

    /// Its project.
    #[must_use]
    pub fn project(&self) -> Option<&ProjectId> {
        let of_row = || self.render.as_ref()?.submission.project.as_ref();
        self.report.as_ref().map(|report| &report.project).or_else(of_row)
    }

    /// The token of its project.
    #[must_use]
    pub fn token(&self) -> Option<Token> {
        search::token(self.report.as_ref()?)
    }

    /// The last report of its video.
    #[must_use]
    pub fn last(&self) -> Option<&Report> {
        self.report.as_ref().or_else(|| self.render.as_ref()?.report.as_ref())
    }
}

/// The limits of a comparison.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Start of the list's window. The default is the creation of the oldest unfinished render, and at least as far
    /// back as files are kept.
    pub from: Option<Timestamp>,
    /// End of the list's window. The default is the current time.
    pub to: Option<Timestamp>,
    /// Renders silent for less than this do not count as missed.
    pub older_than: Duration,
    /// Videos deleted within this time count as expiring.
    pub expiring: Duration,
    /// Another ledger whose renders this one adopts, because that ledger is lost.
    pub adopt_from: Option<LedgerName>,
}

/// The result of a comparison.
#[derive(Debug)]
pub struct Comparison {
    /// All findings, the most urgent first.
    pub findings: Vec<Finding>,
    /// Renders whose files the service has deleted by now.
    pub(super) over: Vec<Render>,
    /// Why the list could not be read. Findings that need the list are missing then.
    pub unread: Option<ReadError>,
    /// Whether the whole list was read.
    pub whole: bool,
    /// The number of renders on the list.
    pub listed: usize,
}

/// Compares all sources.
///
/// # Errors
/// When the ledger fails.
pub async fn comparison(context: &Context, limits: &Limits) -> Result<Comparison, LedgerError> {
    let space = || Some(context.space.clone());
    let unfinished = context.store.find(space(), RenderQuery::Unfinished).await?;
    let (unsettled, unsearched) = search_all(context).await?;
    let resends = context.store.find(space(), RenderQuery::Resends).await?;
    context.learn_names(&unsettled.iter().collect::<Vec<_>>()).await?;
    let oldest = unfinished.iter().chain(&unsettled).map(|render| render.posted_at.unwrap_or(render.created_at)).min();
    let swept = match unsearched {
        // A list that could not be read a moment ago is not tried again.
        Some(why) => Err(why),
        None => context.client.sweep(window(context, limits, oldest), READING_LIST).await,
    };
    let (sweep, unread) = match swept {
        Ok(sweep) => (sweep, None),
        Err(why) => (Sweep::default(), Some(why)),
    };
    let told = with_unlisted(context, sweep.reports, &unfinished, limits, unread.is_none()).await;
    let heard = heard(context, &unfinished).await?;
    let rows = rows(context, unfinished, &told.reports).await?;
    let sides = Sides { context, limits, rows: &rows, reports: &told.reports, heard: &heard };
    let mut comparison = Comparison {
        findings: sides.of_unsettled(&unsettled, &resends),
        over: Vec::new(),
        whole: sweep.whole,
        listed: told.listed,
        unread,
    };
    sides.compare(&mut comparison);
    comparison.findings.extend(told.vanished.iter().map(|render| sides.vanished(render)));
    comparison.findings.extend(owed(context, limits).await?.iter().map(|delivery| sides.undelivered(delivery)));
    comparison.findings.sort_by_key(|finding| Kind::ALL.iter().position(|kind| *kind == finding.kind));
    Ok(comparison)
}

/// Everything that is unsettled after a search, and the error if the search failed.
async fn search_all(context: &Context) -> Result<(Vec<Render>, Option<ReadError>), LedgerError> {
    let unsettled = || context.store.find(Some(context.space.clone()), RenderQuery::Unsettled);
    let mut found = unsettled().await?;
    if found.iter().any(|render| render.submission.state == State::Sending) {
        context.store.reap(context.world.now()).await?;
        found = unsettled().await?;
    }
    let is_sought = |render: &&Render| render.traceable && render.submission.state != State::Sending;
    let sought: Vec<Render> = found.iter().filter(is_sought).cloned().collect();
    if sought.is_empty() {
        return Ok((found, None));
    }
    let searched = search::search_list(context, &sought, READING_LIST).await?;
    Ok((unsettled().await?, searched.err()))
}

fn window(context: &Context, limits: &Limits, oldest: Option<Timestamp>) -> Window {
    let now = context.world.now();
    let kept = now.minus(RETENTION);
    let since = oldest.map_or(kept, |oldest| oldest.min(kept));
    let around = context.window(since.minus(MARGIN), now.plus(MARGIN));
    Window { from: limits.from.unwrap_or(around.from), to: limits.to.unwrap_or(around.to) }
}

/// The service's answers about renders.
struct Listing {
    /// The reports from the list and from single reads.
    reports: Vec<Report>,
    /// The number of reports from the list.
    listed: usize,
    /// Renders that neither the list nor the status request knows.
    vanished: Vec<Render>,
}

/// Adds single reads of renders that are long unfinished and not on the list. When the list could not be read, no
/// render counts as missing from it.
async fn with_unlisted(context: &Context, mut reports: Vec<Report>, unfinished: &[Render], limits: &Limits, is_read: bool) -> Listing {
    let listed: HashSet<&ProjectId> = reports.iter().map(|report| &report.project).collect();
    let before = context.world.now().minus(limits.older_than);
    let is_left_out = |render: &&Render| {
        let project = render.submission.project.as_ref();
        is_read && project.is_some_and(|project| !listed.contains(project)) && render.bound_at.is_some_and(|at| at <= before)
    };
    let left_out: Vec<(Render, ProjectId)> =
        unfinished.iter().filter(is_left_out).filter_map(|render| Some((render.clone(), render.submission.project.clone()?))).collect();
    let reads = left_out.into_iter().map(|(render, project)| async move { (render, context.client.read(&project, READING_LIST).await) });
    let (mut vanished, count) = (Vec::new(), reports.len());
    let mut reads = stream::iter(reads).buffer_unordered(READS_ABREAST);
    while let Some((render, read)) = reads.next().await {
        match read {
            Ok(report) => reports.push(report),
            Err(ReadError::NoSuchProject { .. }) => vanished.push(render),
            Err(_) => {}
        }
    }
    reports.sort_by_key(|report| report.created_at);
    Listing { reports, listed: count, vanished }
}

/// The rows of the reports, by project and by token, and everything unfinished.
async fn rows(context: &Context, unfinished: Vec<Render>, reports: &[Report]) -> Result<Vec<Render>, LedgerError> {
    let space = || Some(context.space.clone());
    let mut rows = unfinished;
    for some in reports.chunks(ASKED) {
        let projects = some.iter().map(|report| report.project.clone()).collect();
        rows.extend(context.store.find(space(), RenderQuery::Projects(projects)).await?);
    }
    let known: HashSet<ProjectId> = rows.iter().filter_map(|row| row.submission.project.clone()).collect();
    let strangers = reports.iter().filter(|report| !known.contains(&report.project));
    let keys: HashSet<Key> = strangers.filter_map(|report| Key::parse(search::token(report)?.spelled_key()).ok()).collect();
    if keys.iter().any(Key::is_hash) {
        // Only the rows show which key was hashed.
        rows.extend(context.store.find(space(), RenderQuery::All(u32::MAX)).await?);
    }
    for key in keys {
        rows.extend(context.store.find(space(), RenderQuery::AnyKey(key)).await?);
    }
    rows.sort_by_key(|render| render.id);
    rows.dedup_by_key(|render| render.id);
    Ok(rows)
}

/// The projects whose callback came and was handled.
///
/// # Errors
/// When the ledger fails.
pub async fn heard(context: &Context, renders: &[Render]) -> Result<HashSet<ProjectId>, LedgerError> {
    let mut heard = HashSet::new();
    for some in renders.chunks(ASKED) {
        let projects = some.iter().filter_map(|render| render.submission.project.clone()).collect();
        let kept = context.store.callbacks(Some(context.space.clone()), Callbacks::Of(projects)).await?;
        heard.extend(kept.into_iter().filter(|kept| kept.settled_at.is_some()).filter_map(|kept| kept.project));
    }
    Ok(heard)
}

/// Outcomes that an application should have received by now, and deliveries that were given up.
async fn owed(context: &Context, limits: &Limits) -> Result<Vec<Delivery>, LedgerError> {
    let space = || Some(context.space.clone());
    let before = context.world.now().minus(limits.older_than);
    let mut owed = context.store.deliveries(space(), Deliveries::Open(MOST_DELIVERIES)).await?;
    owed.retain(|delivery| delivery.progress == Progress::Due && (delivery.due_at <= before || delivery.attempts > 0));
    owed.extend(context.store.deliveries(space(), Deliveries::GivenUp(MOST_DELIVERIES)).await?);
    Ok(owed)
}
