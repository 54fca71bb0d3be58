//! The check of the service's list before a POST that the ledger calls the first of its render. A ledger that was
//! restored from a backup has forgotten what was sent since. A render that the list shows is adopted, and not paid for
//! again.
//!
//! A batch checks the list whatever its ledger says, once for all its rows: only another machine may have seen what is
//! missing. A single submission checks it only when there is a reason, so that it usually costs no request.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;

use super::Context;
use super::search::{BEFORE, Span, found, nobody_elses, read_tokens, shared_out, start};
use crate::ledger::{Completeness, Gap, LedgerError, Render};
use crate::policy::RETENTION;
use crate::render::event::Event;
use crate::render::outcome::Report;
use crate::render::schedule::listed_within;
use crate::render::state::State;
use crate::render::token::Trace;
use crate::service::read::ReadError;
use crate::world::Timestamp;

/// An intent older than this may have been sent by another machine, or before a backup was restored
/// (`protocol.md#searching`).
const COLD: Duration = Duration::from_secs(120);

/// How long a machine checks the list before each single submission with a key, once it has met a ledger that was in
/// use already. A user who sets up a machine again restores the backup on the same day.
const NEWLY_MET: Duration = Duration::from_secs(24 * 3600);

/// How long the list is retried when nothing indicates that the ledger has forgotten anything.
const UNDOUBTED: Duration = Duration::from_secs(5);

/// Checks the list once for renders that this ledger would send for the first time but that may have been sent before:
/// intents that are old (`faults.md` row 84), and every render with a user's key when the ledger may have forgotten
/// whole rows (`faults.md` row 85). Returns whether it checked: the rows may have another state then.
///
/// # Errors
/// The outer error when the ledger fails, the inner one when the list can't be read: nothing is to be sent then.
pub async fn before_first_post(context: &Context, render: &Render, patience: Duration) -> Result<Result<bool, ReadError>, LedgerError> {
    let (now, completeness) = (context.world.now(), context.store.completeness());
    let is_newly_met = completeness.met.is_some_and(|met| now.since(met) < NEWLY_MET);
    let is_forgotten = render.named && (is_newly_met || gap(&completeness, now).is_some());
    if !is_unsent(render) || !(is_forgotten || is_cold(render, &completeness, now)) {
        return Ok(Ok(false));
    }
    let looked = Presearch::default().look(context, std::slice::from_ref(render), patience).await?;
    Ok(looked.map(|()| true))
}

/// What the list showed, kept for all checks of one run.
#[derive(Default)]
pub(super) struct Presearch {
    listed: Mutex<Option<Snapshot>>,
}

/// The renders of this ledger that the list showed.
struct Snapshot {
    spans: Vec<Span>,
    completeness: Completeness,
    /// When the list was read.
    at: Timestamp,
    hits: HashMap<Trace, Vec<Report>>,
}

impl Presearch {
    /// Adopts those of some renders that the service already has. A list that can't be read is an error only when
    /// something indicates that the ledger has forgotten anything.
    ///
    /// # Errors
    /// The outer error when the ledger fails, the inner one when the list can't be read: nothing is to be sent then.
    pub(super) async fn look(
        &self,
        context: &Context,
        renders: &[Render],
        patience: Duration,
    ) -> Result<Result<(), ReadError>, LedgerError> {
        let mut sought: Vec<&Render> = renders.iter().filter(|render| is_unsent(render)).collect();
        let mut listed = self.listed.lock().await;
        while !sought.is_empty() {
            let (now, completeness) = (context.world.now(), context.store.completeness());
            let spans = spans(&sought, &completeness, now);
            let known = match listed.take().filter(|listed| listed.serves(&spans, &completeness)) {
                Some(known) => known,
                None => match read(context, &sought, spans, completeness, patience).await {
                    Ok(read) => read,
                    Err(why) => return Ok(Err(why)),
                },
            };
            let known = listed.insert(known);
            let adopted = adopt(context, known, &sought).await?;
            sought.retain(|render| !adopted.contains(&render.id));
            // The last renders sent before the ledger was restored may not be on the list yet.
            let Some(wait) = known.until_settled(context).filter(|_| !sought.is_empty()) else { break };
            context.tell(&Event::Warning(format!(
                "the ledger was restored to an earlier state: nothing is sent for {} s, until the service's list shows everything that was sent before",
                wait.as_secs_f64().ceil()
            )));
            if context.unless_interrupted(tokio::time::sleep(wait)).await.is_none() {
                break;
            }
            *listed = None;
        }
        Ok(Ok(()))
    }
}

impl Snapshot {
    fn serves(&self, spans: &[Span], completeness: &Completeness) -> bool {
        let covers =
            |span: &Span| self.spans.iter().any(|known| known.from <= span.from && known.until.max(self.at) >= span.until.min(self.at));
        (self.completeness.doubts, self.completeness.gap) == (completeness.doubts, completeness.gap) && spans.iter().all(covers)
    }

    /// The time until a list is sure to show every render sent in a gap; `None` when this list was read later.
    fn until_settled(&self, context: &Context) -> Option<Duration> {
        let settled = self.completeness.gap?.until.plus(listed_within(context.locality));
        let wait = settled.since(self.at);
        (!wait.is_zero() && wait <= listed_within(context.locality)).then(|| settled.since(context.world.now()))
    }
}

/// Whether a row would be sent for the first time, according to its ledger.
fn is_unsent(render: &Render) -> bool {
    render.traceable && matches!(render.submission.state, State::Intent | State::Rejected)
}

fn gap(completeness: &Completeness, now: Timestamp) -> Option<Gap> {
    completeness.gap.filter(|gap| now.since(gap.until) < Gap::REMEMBERED)
}

fn is_cold(render: &Render, completeness: &Completeness, now: Timestamp) -> bool {
    // A row with a time in the future was written by another clock.
    let is_old = now.since(render.touched_at) > COLD || now < render.touched_at;
    is_old || gap(completeness, now).is_some_and(|gap| render.touched_at <= gap.until.plus(BEFORE))
}

/// The time spans of the list that may hold renders that were sent and forgotten.
fn spans(sought: &[&Render], completeness: &Completeness, now: Timestamp) -> Vec<Span> {
    let is_newly_met = completeness.met.is_some_and(|met| now.since(met) < RETENTION);
    let proven = completeness.proven.filter(|_| !is_newly_met).unwrap_or_default().max(now.minus(RETENTION));
    let oldest = sought.iter().filter(|render| is_cold(render, completeness, now)).map(|render| start(render)).min();
    let from = oldest.map_or(proven, |oldest| oldest.min(proven)).min(now).max(now.minus(Gap::REMEMBERED));
    let lately = Span { from: from.minus(BEFORE), until: now };
    let gap = gap(completeness, now).map(|gap| Span { from: gap.from.max(now.minus(Gap::REMEMBERED)).minus(BEFORE), until: gap.until });
    match gap {
        Some(gap) if gap.until >= lately.from => vec![Span { from: gap.from.min(lately.from), until: now }],
        gap => gap.into_iter().chain([lately]).collect(),
    }
}

/// Reads the list. Returns an empty one when it can't be read and nothing depends on it.
async fn read(
    context: &Context,
    sought: &[&Render],
    spans: Vec<Span>,
    completeness: Completeness,
    patience: Duration,
) -> Result<Snapshot, ReadError> {
    let at = context.world.now();
    let is_needed = completeness.doubts > 0
        || gap(&completeness, at).is_some()
        || completeness.met.is_some_and(|met| at.since(met) < NEWLY_MET)
        || sought.iter().any(|render| is_cold(render, &completeness, at));
    let patience = if is_needed { patience } else { patience.min(UNDOUBTED) };
    let mut listed = Snapshot { spans, completeness, at, hits: HashMap::new() };
    for span in &listed.spans {
        match read_tokens(context, *span, &mut listed.hits, patience).await {
            Err(why) if is_needed => return Err(why),
            Err(ReadError::Refused(_)) | Ok(()) => {}
            Err(why) => {
                let what = "could not check whether any of it was sent before; there is no sign that it was";
                context.tell(&Event::Warning(format!("{what}: {why}")));
                break;
            }
        }
    }
    Ok(listed)
}

/// Binds the renders whose tokens are listed, and returns their ids.
async fn adopt(context: &Context, listed: &Snapshot, sought: &[&Render]) -> Result<Vec<crate::ledger::RenderId>, LedgerError> {
    let mut twins: HashMap<Trace, Vec<&Render>> = HashMap::new();
    for render in sought {
        twins.entry(render.identity().trace()).or_default().push(render);
    }
    let mut adopted = Vec::new();
    for (trace, twins) in twins {
        let Some(hits) = listed.hits.get(&trace) else { continue };
        let hits = nobody_elses(context, &twins, hits.clone()).await?;
        for (render, hits) in shared_out(&twins, hits, &context.store.name()) {
            if !hits.is_empty() {
                found(context, render, &hits).await?;
                adopted.push(render.id);
            }
        }
    }
    Ok(adopted)
}
