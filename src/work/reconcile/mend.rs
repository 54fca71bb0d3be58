//! Repairs what was found. Each step has the same result whichever process runs it, and however often: two processes
//! that repair at once do no more than one. The only renders sent here are intents after their first attempt whose rule is to
//! send them again.

use std::collections::HashSet;

use futures_util::stream::{self, StreamExt};

use super::{Comparison, Finding, Kind, Limits, owed};
use crate::ledger::outbox::{Attempt, AttemptResult, Delivery, Progress};
use crate::ledger::recovery::Lost;
use crate::ledger::{Change, LedgerError, Record};
use crate::policy::RETENTION;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::state::Fact;
use crate::work::save::{Saving, save_video};
use crate::work::submit::{Order, Submitted, submit};
use crate::work::{Context, save};

/// Rows written in one transaction.
const WRITTEN: usize = 500;

/// Videos downloaded at once.
const DOWNLOADS: usize = 4;

/// The repairs that are allowed outside the ledger.
#[derive(Debug, Clone, Default)]
pub struct Remedies {
    /// Where unsaved videos are saved; `None` to save none.
    pub saving: Option<Saving>,
}

/// Repairs what can be repaired, and records in each finding how.
///
/// # Errors
/// When the ledger fails. Repairs made until then remain.
pub async fn mend(context: &Context, comparison: &mut Comparison, remedies: &Remedies) -> Result<(), LedgerError> {
    restore(context, &mut comparison.findings).await?;
    bind(context, &mut comparison.findings).await?;
    learn(context, &mut comparison.findings).await?;
    resend(context, &mut comparison.findings).await?;
    for render in &comparison.over {
        save::expired(context, render).await?;
    }
    context.store.forget(context.world.now().minus(RETENTION)).await?;
    if let Some(saving) = &remedies.saving {
        download(context, &mut comparison.findings, saving).await;
    }
    Ok(())
}

/// Marks the outcomes that an application has received by now or is receiving, whichever process delivered them.
///
/// # Errors
/// When the ledger fails.
pub async fn hand_over(context: &Context, limits: &Limits, comparison: &mut Comparison) -> Result<(), LedgerError> {
    let owed: HashSet<(ProjectId, String)> =
        owed(context, limits).await?.into_iter().map(|delivery| (delivery.project, delivery.status)).collect();
    for finding in of_kind(&mut comparison.findings, Kind::Undelivered) {
        let name = finding.report.as_ref().map(|report| (report.project.clone(), report.status.as_str().to_owned()));
        if name.is_some_and(|name| !owed.contains(&name)) {
            finding.mended = Some("delivered".to_owned());
        }
    }
    Ok(())
}

/// Makes deliveries that wait for their next attempt due now.
///
/// # Errors
/// When the ledger fails.
pub async fn hurry(context: &Context, limits: &Limits) -> Result<(), LedgerError> {
    let at = context.world.now();
    let waiting = owed(context, limits).await?.into_iter().filter(|delivery| delivery.progress == Progress::Due && delivery.due_at > at);
    let again = |delivery: Delivery| Attempt {
        delivery: delivery.id,
        result: AttemptResult::Wanted(at),
        detail: delivery.detail.unwrap_or_else(|| "to be delivered now".to_owned()),
        at,
    };
    let attempts: Vec<Attempt> = waiting.map(again).collect();
    if attempts.is_empty() { Ok(()) } else { context.store.record_attempts(attempts).await }
}

fn of_kind(findings: &mut [Finding], kind: Kind) -> Vec<&mut Finding> {
    findings.iter_mut().filter(|finding| finding.kind == kind).collect()
}

/// Creates rows for renders that the ledger has lost.
async fn restore(context: &Context, findings: &mut [Finding]) -> Result<(), LedgerError> {
    let at = context.world.now();
    for some in of_kind(findings, Kind::Lost).chunks_mut(WRITTEN) {
        let lost = some.iter().filter_map(|finding| {
            Some(Lost { space: context.space.clone(), token: finding.token()?, report: finding.report.clone()?, at })
        });
        let restored = context.store.restore(lost.collect()).await?;
        for (finding, render) in some.iter_mut().zip(restored) {
            // If no new row was returned, another process created it first.
            finding.mended = Some("restored to the ledger".to_owned());
            finding.render = render;
        }
    }
    Ok(())
}

/// Binds renders that the ledger took for unsent to their projects.
async fn bind(context: &Context, findings: &mut [Finding]) -> Result<(), LedgerError> {
    for finding in of_kind(findings, Kind::Found) {
        let (Some(render), Some(report)) = (&finding.render, &finding.report) else { continue };
        let bound = context.learn(render, Fact::Found { project: report.project.clone() }).await?;
        let bound = context.learn(&bound, Fact::Seen(Box::new(report.clone()))).await?;
        if bound.submission.project.as_ref() == Some(&report.project) {
            finding.mended = Some(format!("bound to {}", report.project));
        }
        finding.render = Some(bound);
    }
    Ok(())
}

/// Records outcomes that the ledger does not have.
async fn learn(context: &Context, findings: &mut [Finding]) -> Result<(), LedgerError> {
    let at = context.world.now();
    for some in of_kind(findings, Kind::Missed).chunks_mut(WRITTEN) {
        let record = |finding: &&mut Finding| {
            let (render, report) = (finding.render.as_ref()?, finding.report.as_ref()?);
            Some(Record { render: render.id, change: Change::Fact(Fact::Seen(Box::new(report.clone()))), at })
        };
        let recorded = context.store.record(some.iter().filter_map(record).collect()).await?;
        for (finding, recorded) in some.iter_mut().zip(recorded) {
            if let Ok(recorded) = recorded {
                finding.mended = Some(format!("the ledger knows it as `{}`", recorded.render.submission.state.as_str()));
                finding.render = Some(recorded.render);
            }
        }
    }
    Ok(())
}

/// Sends lost renders again that were not found and whose rule is to send again (`protocol.md#who-may-post`).
async fn resend(context: &Context, findings: &mut [Finding]) -> Result<(), LedgerError> {
    for finding in of_kind(findings, Kind::Resend) {
        // The rows of a batch are sent by its next run.
        let Some(render) = finding.render.clone().filter(|render| finding.is_fixable() && render.batch().is_none()) else { continue };
        let Some(order) = Order::of_render(context, &render).await? else { continue };
        match submit(context, &order).await? {
            Submitted::Bound(render) => {
                let project = render.submission.project.clone();
                finding.mended = project.map(|project| format!("sent again: {project}"));
                finding.render = Some(*render);
            }
            Submitted::Over(outcome) => {
                finding.message = outcome.message.clone().unwrap_or_else(|| finding.message.clone());
                finding.next.clone_from(&outcome.next);
            }
        }
    }
    Ok(())
}

/// Saves unsaved videos, those that are deleted soonest first.
async fn download(context: &Context, findings: &mut [Finding], saving: &Saving) {
    let mut wanted: Vec<&mut Finding> = findings.iter_mut().filter(|finding| is_to_save(finding)).collect();
    let downloads = wanted.iter_mut().map(|finding| async {
        let Some(report) = &finding.report else { return };
        match save_video(context, report, finding.render.as_ref(), saving).await {
            Ok(path) => {
                finding.mended = Some(format!("saved: {}", path.display()));
                if let Some(render) = &mut finding.render {
                    render.file = Some(path);
                }
            }
            Err(why) => finding.message = format!("rendered, but not saved: {why}"),
        }
    });
    stream::iter(downloads).buffer_unordered(DOWNLOADS).collect::<Vec<()>>().await;
}

/// Also a render that this run has just put into the ledger, or bound.
fn is_to_save(finding: &Finding) -> bool {
    let is_rendered = |report: &Report| report.status == Status::Done && report.url.is_some();
    match finding.kind {
        Kind::Expiring | Kind::Unsaved => true,
        Kind::Lost | Kind::Found => finding.render.is_some() && finding.report.as_ref().is_some_and(is_rendered),
        _ => false,
    }
}
