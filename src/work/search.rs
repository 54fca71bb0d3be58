//! Searching for renders whose answer was lost: one sweep of the server's list covers all of them, by their tokens. A render
//! that is found is bound. One that is not found after its quarantine is held, or becomes an intent again where its rule is to
//! resubmit. Nothing is sent here (`protocol.md#who-may-post`).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant as Tick;

use super::Context;
use crate::ledger::{Change, LedgerError, Record, Render, RenderQuery};
use crate::policy::READING_LIST;
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::render::schedule::{listed_within, next_search};
use crate::render::state::{Fact, State};
use crate::render::token::{LedgerName, Token, Trace};
use crate::service::page::Window;
use crate::service::read::{MOST_PER_PAGE, ReadError};
use crate::world::Timestamp;

/// How far before the POST the window of a search begins, since clocks differ (`protocol.md#searching`).
pub(super) const BEFORE: Duration = Duration::from_secs(3600);

/// A clock difference above this, in milliseconds, makes the first window of a process miss.
const MARGIN: u64 = 60_000;

/// How far after the current time the window ends.
const AFTER: Duration = Duration::from_secs(120);

/// The number of latest rows that are searched for a render sent later.
const LATEST: u32 = 1000;

/// Searches for one render until it is found, `patience` is over, or the user interrupts. Also returns why the last search
/// could not read the list: a render that is not found then may be on it.
///
/// # Errors
/// When the ledger fails.
pub async fn settle(context: &Context, render: Render, patience: Duration) -> Result<(Render, Option<ReadError>), LedgerError> {
    if !render.traceable {
        return Ok((render, None));
    }
    let (mut render, mut unread) = (render, None);
    // A clock that is set meanwhile moves the schedule of searches, but not the deadline (row 39).
    let deadline = Tick::now() + patience;
    while render.submission.state == State::Unknown {
        let wait = next_search_in(context, &render, context.world.now());
        // The last search is at the deadline itself, whatever the schedule says.
        let left = deadline.saturating_duration_since(Tick::now());
        let is_last = wait >= left;
        tokio::select! {
            () = tokio::time::sleep(wait.min(left)) => {}
            () = context.interrupt.cancelled() => return Ok((render, unread)),
        }
        // The last sweep gets one try of its own, and no more.
        let left = deadline.saturating_duration_since(Tick::now());
        match context.unless_interrupted(search_list(context, std::slice::from_ref(&render), left)).await {
            Some(swept) => unread = swept?.err(),
            None => return Ok((render, unread)),
        }
        render = context.reload(&render).await?;
        if is_last {
            break;
        }
    }
    Ok((render, unread))
}

/// Searches once for all unsettled renders of any command that are due by the schedule, and reports those that it
/// found. Rows whose sender died are taken over first. No answer of the service is not an error: a later command
/// searches again.
///
/// # Errors
/// When the ledger fails.
pub async fn catch_up(context: &Context) -> Result<(), LedgerError> {
    let mut unsettled = context.store.find(Some(context.space.clone()), RenderQuery::Unsettled).await?;
    if unsettled.iter().any(|render| render.submission.state == State::Sending) {
        context.store.reap(context.world.now()).await?;
        unsettled = context.store.find(Some(context.space.clone()), RenderQuery::Unsettled).await?;
    }
    let now = context.world.now();
    let due: Vec<Render> = unsettled.into_iter().filter(|render| is_due(context, render, now)).collect();
    if due.is_empty() {
        return Ok(());
    }
    context.unless_interrupted(search_list(context, &due, READING_LIST)).await.map_or(Ok(()), |swept| swept.map(|_| ()))
}

fn is_due(context: &Context, render: &Render, now: Timestamp) -> bool {
    let is_sought = matches!(render.submission.state, State::Unknown | State::Held) && render.traceable && render.gave_up_at.is_some();
    is_sought && next_search_in(context, render, now).is_zero()
}

/// The time until a render is due for a search by the schedule.
pub(super) fn next_search_in(context: &Context, render: &Render, now: Timestamp) -> Duration {
    // A time in the future was written by another clock.
    let Some(gave_up) = render.gave_up_at.filter(|gave_up| now >= *gave_up) else { return Duration::ZERO };
    let last = render.searched_at.filter(|&at| at >= gave_up).map(|at| at.since(gave_up));
    next_search(context.locality, last).saturating_sub(now.since(gave_up))
}

/// Looks once more for those of `renders` that are held, before they are called held again. One that the list doesn't show
/// becomes an intent again if the rule to resubmit was chosen since. A list that can't be read changes nothing. Returns whether
/// it looked: the rows may have another state then.
///
/// # Errors
/// When the ledger fails.
pub(super) async fn look_for_held(context: &Context, renders: &[Render], patience: Duration) -> Result<bool, LedgerError> {
    let is_sought = |render: &&Render| render.submission.state == State::Held && render.traceable;
    let held: Vec<Render> = renders.iter().filter(is_sought).cloned().collect();
    if held.is_empty() {
        return Ok(false);
    }
    let Some(swept) = context.unless_interrupted(search_list(context, &held, patience)).await else { return Ok(true) };
    if let Err(why) = swept?
        && held.iter().any(is_undecided)
    {
        context
            .tell(&Event::Warning(format!("the service's list could not be read ({why}): nothing that is held is sent again without it")));
    }
    Ok(true)
}

/// Whether a sweep that doesn't show a render decides about it: it is held, or is sent again where its rule says so.
fn is_undecided(render: &Render) -> bool {
    match render.submission.state {
        State::Unknown => true,
        // The rule was chosen after the search had ended.
        State::Held => render.submission.may_resubmit(),
        _ => false,
    }
}

/// Sweeps the list once for all of `renders`, and retries for `patience`. A render that is found is bound. One past its
/// quarantine after a healthy sweep is held, or sent again later where its rule says so.
///
/// # Errors
/// The outer error when the ledger fails, the inner one when the list can't be read.
pub async fn search_list(context: &Context, renders: &[Render], patience: Duration) -> Result<Result<(), ReadError>, LedgerError> {
    let started = context.world.now();
    let is_over = |render: &Render| {
        let quarantine_ends = render.gave_up_at.map(|at| at.plus(render.quarantine));
        is_undecided(render) && quarantine_ends.is_some_and(|end| started >= end)
    };
    let decides = renders.iter().any(is_over);
    let seen = match Box::pin(read(context, renders, decides, patience)).await {
        Ok(seen) => seen,
        Err(why) => return Ok(Err(why)),
    };
    let resent: Vec<&Render> = renders.iter().filter(|render| is_over(render) && render.submission.may_resubmit()).collect();
    let unseen = if resent.is_empty() { None } else { unseen_since(context, &resent, &seen.projects).await? };
    if let Some(unseen) = &unseen {
        let why = format!("the list doesn't show {unseen} yet, which was sent later: nothing is sent again until it does");
        context.tell(&Event::Warning(why));
    }
    for (twins, hits) in seen.hits.into_values() {
        let hits = nobody_elses(context, &twins, hits).await?;
        for (render, hits) in shared_out(&twins, hits, &context.store.name()) {
            if hits.is_empty() {
                let is_proven = unseen.is_none() || !render.submission.may_resubmit();
                missed(context, render, seen.whole && is_over(render) && is_proven).await?;
            } else {
                found(context, render, &hits).await?;
            }
        }
    }
    Ok(Ok(()))
}

/// Finds a render of this ledger that was sent later than one to be sent again, and that the list does not show
/// although it had enough time. Such a list is no proof of absence (`protocol.md#searching`). Without a later render
/// nothing can be checked.
async fn unseen_since(context: &Context, resent: &[&Render], seen: &HashSet<ProjectId>) -> Result<Option<ProjectId>, LedgerError> {
    let Some(since) = resent.iter().filter_map(|render| render.posted_at).min() else { return Ok(None) };
    let before = context.world.now().minus(listed_within(context.locality));
    let is_later = |render: &Render| render.posted_at.is_some_and(|at| at > since) && render.bound_at.is_some_and(|at| at <= before);
    let latest = context.store.find(Some(context.space.clone()), RenderQuery::All(LATEST)).await?;
    let later = latest.into_iter().filter(is_later).filter_map(|render| render.submission.project);
    Ok(later.into_iter().find(|project| !seen.contains(project)))
}

/// The result of reading the list.
#[derive(Default)]
struct SweepHits<'a> {
    /// The projects found for each trace, and the renders that they may belong to: tokens distinguish those renders
    /// only by their scopes, or not at all.
    hits: HashMap<Trace, (Vec<&'a Render>, Vec<Report>)>,
    /// Every project of the list; kept when a render's absence decides whether it is sent again.
    projects: HashSet<ProjectId>,
    whole: bool,
}

/// Reads the list. When absence decides, the list is read twice: a render may move from page to page during one sweep
/// (`faults.md` row 41), and only the first answer shows the difference of the clocks.
async fn read<'a>(context: &Context, renders: &'a [Render], decides: bool, patience: Duration) -> Result<SweepHits<'a>, ReadError> {
    let mut seen = SweepHits::default();
    let keeps_all = renders.iter().any(|render| render.submission.may_resubmit());
    for render in renders {
        seen.hits.entry(render.identity().trace()).or_default().0.push(render);
    }
    let knew_the_time = context.client.server_offset().is_some();
    seen.whole = read_once(context, window(context, renders), &mut seen, keeps_all, patience).await?;
    let was_elsewhere = !knew_the_time && context.client.server_offset().is_some_and(|ahead| ahead.unsigned_abs() > MARGIN);
    if decides || was_elsewhere {
        let second = read_once(context, window(context, renders), &mut seen, keeps_all, patience).await?;
        seen.whole = second && (seen.whole || was_elsewhere);
    }
    Ok(seen)
}

/// Reads the list once. Returns whether it was read to the end. Only reports with a wanted token are kept, so the list
/// may be of any length.
async fn read_once(
    context: &Context,
    window: Window,
    seen: &mut SweepHits<'_>,
    keeps_all: bool,
    patience: Duration,
) -> Result<bool, ReadError> {
    let mut pages = context.client.pages(window, MOST_PER_PAGE, patience.min(READING_LIST));
    while let Some(reports) = pages.next().await? {
        for report in reports {
            if keeps_all {
                seen.projects.insert(report.project.clone());
            }
            let Some((_, hits)) = token(&report).and_then(|token| seen.hits.get_mut(token.trace())) else { continue };
            match hits.iter_mut().find(|hit| hit.project == report.project) {
                Some(hit) => *hit = report,
                None => hits.push(report),
            }
        }
    }
    Ok(pages.visit().whole)
}

/// A time span on this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// Its beginning.
    pub(super) from: Timestamp,
    /// Its end.
    pub(super) until: Timestamp,
}

/// Adds the reports with this ledger's tokens in a span to `hits`, by their traces.
///
/// # Errors
/// When the list can't be read.
pub(super) async fn read_tokens(
    context: &Context,
    span: Span,
    hits: &mut HashMap<Trace, Vec<Report>>,
    patience: Duration,
) -> Result<(), ReadError> {
    let (ledger, mut knew_the_time) = (context.store.name(), context.client.server_offset().is_some());
    loop {
        let mut pages = context.client.pages(context.window(span.from, span.until.plus(AFTER)), MOST_PER_PAGE, patience);
        while let Some(reports) = pages.next().await? {
            for report in reports {
                let Some(token) = token(&report).filter(|token| token.is_of(&ledger)) else { continue };
                let known = hits.entry(token.trace().clone()).or_default();
                if known.iter().all(|known| known.project != report.project) {
                    known.push(report);
                }
            }
        }
        let is_elsewhere = context.client.server_offset().is_some_and(|ahead| ahead.unsigned_abs() > MARGIN);
        if knew_the_time || !is_elsewhere {
            return Ok(());
        }
        // The first answer has shown the difference of the clocks.
        knew_the_time = true;
    }
}

/// The hits that belong to no other render of this ledger, in the order of their creation.
pub(super) async fn nobody_elses(context: &Context, twins: &[&Render], hits: Vec<Report>) -> Result<Vec<Report>, LedgerError> {
    let mut free = Vec::new();
    for hit in hits {
        let owners = context.store.find(Some(context.space.clone()), RenderQuery::Project(hit.project.clone())).await?;
        if owners.iter().all(|owner| twins.iter().any(|twin| twin.id == owner.id)) {
            free.push(hit);
        }
    }
    free.sort_by_key(|hit| hit.created_at);
    Ok(free)
}

/// Assigns each project to the render that its token names. Projects that an older token leaves open are assigned one
/// to each render while they last. Projects left over become duplicates of the last render.
pub(super) fn shared_out<'a>(twins: &[&'a Render], hits: Vec<Report>, ledger: &LedgerName) -> Vec<(&'a Render, Vec<Report>)> {
    let mut shares: Vec<(&Render, Vec<Report>)> = twins.iter().map(|twin| (*twin, Vec::new())).collect();
    for hit in hits {
        let Some(token) = token(&hit) else { continue };
        let is_its = |share: &(&Render, Vec<Report>)| token.belongs_to(&share.0.identity(), ledger);
        let place = shares.iter().position(|share| is_its(share) && share.1.is_empty()).or_else(|| shares.iter().rposition(is_its));
        if let Some(place) = place {
            shares[place].1.push(hit);
        }
    }
    shares
}

/// The earliest time at which it may have been sent.
pub(super) fn start(render: &Render) -> Timestamp {
    render.posted_at.unwrap_or(render.created_at)
}

fn window(context: &Context, renders: &[Render]) -> Window {
    let now = context.world.now();
    let since = renders.iter().map(start).min().unwrap_or(now);
    // A render not accepted by the end of its quarantine never was: a row that is held for weeks needs no more pages.
    let until = renders.iter().map(|render| render.gave_up_at.map_or(now, |at| at.plus(render.quarantine))).max().unwrap_or(now);
    // When absence allows a render to be sent again, renders sent since must be on the list, too.
    let until = if renders.iter().any(|render| render.submission.may_resubmit()) { now } else { until.min(now) };
    context.window(since.minus(BEFORE), until.plus(AFTER))
}

/// The token of a report, if it carries one of ours.
#[must_use]
pub fn token(report: &Report) -> Option<Token> {
    report.client_data.as_ref()?.get("j2v")?.as_str().and_then(Token::parse)
}

pub(super) async fn found(context: &Context, render: &Render, hits: &[Report]) -> Result<(), LedgerError> {
    let mut bound = render.clone();
    for report in hits {
        bound = context.learn(&bound, Fact::Found { project: report.project.clone() }).await?;
    }
    let Some(project) = bound.submission.project.clone() else { return Ok(()) };
    context.tell(&context.found_again(&project, render));
    if let Some(report) = hits.iter().find(|report| report.project == project) {
        context.learn(&bound, Fact::Seen(Box::new(report.clone()))).await?;
    }
    Ok(())
}

/// Records an unsuccessful search. After a `decisive` one the quarantine is over.
async fn missed(context: &Context, render: &Render, decisive: bool) -> Result<(), LedgerError> {
    let record = |change| Record { render: render.id, change, at: context.world.now() };
    let mut records = vec![record(Change::Searched)];
    if decisive {
        records.push(record(Change::Fact(Fact::QuarantineOver { epoch: render.submission.epoch })));
    }
    context.store.record(records).await.map(drop)
}
