//! `j2v reconcile`: compares ledger, inbox and server; with `--fix`, repairs the ledger.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::delivering::{self, ABREAST, GRACE};
use super::session::{Session, ledger_failed, unreadable};
use super::waiting::{Videos, saving};
use super::{Call, CliError};
use crate::cli::{NameArgs, ReconcileArgs};
use crate::exit::Exit;
use crate::ledger::outbox::Keeping;
use crate::ledger::sqlite::damage;
use crate::ledger::{LedgerError, RenderQuery};
use crate::output::table;
use crate::render::line;
use crate::render::token::{LedgerName, SUBMIT_SCOPE, Token};
use crate::service::place::{here, is_folder};
use crate::settings::LedgerPlace;
use crate::work::Context;
use crate::work::deliver::{Deliverer, DeliveryLimits, Sink, Tally};
use crate::work::reconcile::{Comparison, Finding, Kind, Limits, Remedies, comparison, hand_over, hurry, mend};
use crate::work::save::Saving;
use crate::world::World;

/// A file that is deleted within this time is reported as expiring.
const SOON: Duration = Duration::from_secs(2 * 24 * 3600);

/// How many findings of a kind are shown to people; thousands would not help.
const SHOWN: usize = 20;

pub(super) async fn run(call: &Call, args: &ReconcileArgs) -> anyhow::Result<Exit> {
    let mut limits = limits(args)?;
    let remedies = Remedies { saving: to_save(args)? };
    if args.deliver.is_any() && !args.fix {
        return Err(CliError::new(Exit::Usage, "--exec and --forward deliver what was missed: use them with --fix").into());
    }
    let sink = delivering::sink(call, &args.deliver)?;
    let is_replaced = examine_ledger(call, args).await?;
    let session = if args.fix { Session::without_past(call).await? } else { Session::to_look(call).await? };
    let context = &session.context;
    if sink.is_some() {
        // From now on outcomes are stored for delivery, including those that are found below.
        context.store.keep_receiver(context.space.clone(), Keeping::default(), context.world.now()).await.map_err(ledger_failed)?;
    }
    let mut found = comparison(context, &limits).await.map_err(ledger_failed)?;
    if is_replaced && limits.adopt_from.is_none() && other_ledgers(&found).len() == 1 {
        // The only other ledger is the damaged one: its replacement continues its renders.
        limits.adopt_from = other_ledgers(&found).into_keys().next();
        found = comparison(context, &limits).await.map_err(ledger_failed)?;
    }
    let mut comparison = found;
    if args.fix {
        mend(context, &mut comparison, &remedies).await.map_err(ledger_failed)?;
    }
    let tally = match sink {
        Some(sink) => hand_on(call, (context, sink), &limits, &mut comparison).await.map_err(ledger_failed)?,
        None => Tally::default(),
    };
    tell(call, args, &comparison);
    tell_of_other_ledgers(call, context, &comparison).await?;
    let exit = exit(call, args, &comparison, tally);
    session.close().await;
    Ok(exit)
}

/// Delivers the undelivered outcomes, including those of earlier runs.
async fn hand_on(
    call: &Call,
    (context, sink): (&Context, Arc<dyn Sink>),
    limits: &Limits,
    comparison: &mut Comparison,
) -> Result<Tally, LedgerError> {
    let all = CancellationToken::new();
    all.cancel();
    let until = DeliveryLimits { age: limits.older_than, all, stop: call.interrupt.clone(), grace: GRACE };
    let mut heard = HashSet::new();
    hurry(context, limits).await?;
    let tally = Deliverer::new(context.clone(), sink, ABREAST)
        .run(&until, |notification| {
            heard.extend(notification.facts["project"].as_str().map(str::to_owned));
        })
        .await?;
    hand_over(context, limits, comparison).await?;
    let is_heard = |finding: &Finding| finding.project().is_some_and(|project| heard.contains(project.as_str()));
    for finding in comparison.findings.iter_mut().filter(|finding| is_heard(finding)) {
        if let (Kind::Missed, Some(mended)) = (finding.kind, &mut finding.mended) {
            mended.push_str(", and its outcome was delivered");
        }
    }
    Ok(tally)
}

/// A damaged ledger can't be compared. It is kept unchanged, and a new one replaces it. Returns whether one does.
async fn examine_ledger(call: &Call, args: &ReconcileArgs) -> anyhow::Result<bool> {
    let LedgerPlace::File(path) = &call.settings.ledger else { return Ok(false) };
    if !call.settings.ledger.is_there() {
        return Ok(false);
    }
    let world = World::real();
    match damage::check(path, &world).await {
        Ok(()) => Ok(false),
        Err(error @ LedgerError::Corrupt { .. }) if !args.fix => {
            let help = "--fix keeps it under another name and rebuilds it from the server's list".to_owned();
            let stop = CliError { help: Some(help), ..ledger_failed(error) };
            Err(stop.then(super::session::spell(call, &["reconcile", "--fix"])).into())
        }
        Err(error @ LedgerError::Corrupt { .. }) => {
            call.out.warning(&error.to_string());
            if let Some(kept) = damage::set_aside(path, &world).await.map_err(ledger_failed)? {
                call.out.warning(&format!(
                    "it is kept as {}; the new ledger does not know submissions that were never accepted, saved files, and renders older than the list that was read (--from reads more)",
                    kept.display()
                ));
            }
            Ok(true)
        }
        Err(error) => Err(ledger_failed(error).into()),
    }
}

fn limits(args: &ReconcileArgs) -> Result<Limits, CliError> {
    let now = World::real().now();
    let (from, to) = (args.from.map(|from| from.start(now)), args.to.map(|to| to.end(now)));
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(CliError::new(Exit::Usage, "--from is after --to"));
    }
    Ok(Limits { from, to, older_than: args.older_than, expiring: args.expiring.unwrap_or(SOON), adopt_from: args.adopt_from.clone() })
}

fn to_save(args: &ReconcileArgs) -> Result<Option<Saving>, CliError> {
    let Some(place) = &args.download else { return Ok(None) };
    if !is_folder(Path::new(place)) {
        return Err(CliError::new(Exit::Usage, format!("--download: {place} is not a folder; with a `/` at its end it is created")));
    }
    saving(place, &NameArgs::default(), &args.rules, Videos::Count(1)).map(Some)
}

fn tell(call: &Call, args: &ReconcileArgs, comparison: &Comparison) {
    if args.json {
        for finding in &comparison.findings {
            call.out.data(&facts(finding).to_string());
        }
    } else {
        // With `--quiet`, only the findings that decide the exit code are shown.
        for kind in Kind::ALL.into_iter().filter(|kind| !call.settings.quiet || code(args, *kind).is_some()) {
            tell_kind(call, args, kind, &comparison.findings);
        }
    }
    if let Some(why) = &comparison.unread {
        call.out.warning(&format!("the server's list could not be read, so only the ledger was checked: {why}"));
    } else if !comparison.whole {
        call.out.warning("the list is incomplete: a page of the service's was missing or unreadable");
    }
    let restored = comparison.findings.iter().filter(|finding| finding.kind == Kind::Lost && finding.mended.is_some()).count();
    if restored > 0 {
        call.out.note(&format!(
            "recovered {} from the server: batches, keys, generations, attempts and projects. Their movies' files and flags are not known \
             until they are submitted again, and a key over 100 bytes shows as its hash until then",
            renders(restored)
        ));
    }
    if comparison.findings.is_empty() && comparison.unread.is_none() && !call.interrupt.is_cancelled() {
        call.out.progress(&format!("{} on the server's list; nothing needs attention", renders(comparison.listed)));
    }
}

/// The ledgers that made the renders that this one didn't, and how many each made.
fn other_ledgers(comparison: &Comparison) -> BTreeMap<LedgerName, usize> {
    let elsewhere = comparison.findings.iter().filter(|finding| finding.kind == Kind::Elsewhere);
    let mut counts = BTreeMap::new();
    for ledger in elsewhere.filter_map(|finding| finding.token()?.ledger().cloned()) {
        *counts.entry(ledger).or_default() += 1;
    }
    counts
}

/// An empty ledger belongs to a new machine, or replaces a lost one: only the user knows which.
async fn tell_of_other_ledgers(call: &Call, context: &Context, comparison: &Comparison) -> Result<(), CliError> {
    let counts = other_ledgers(comparison);
    if counts.is_empty() || !context.store.find(Some(context.space.clone()), RenderQuery::All(1)).await.map_err(ledger_failed)?.is_empty() {
        return Ok(());
    }
    for (ledger, count) in counts {
        call.out.note(&format!(
            "this ledger is empty, and {} on the server made by ledger {ledger}. If that ledger is lost, the next command rebuilds it from the server; if another machine has it, there is nothing to do",
            if count == 1 { "1 render was".to_owned() } else { format!("{count} renders were") }
        ));
        call.out.hint(&context.command.spell(&["reconcile", "--fix", "--adopt-from", &ledger.to_string()]));
    }
    Ok(())
}

fn renders(count: usize) -> String {
    if count == 1 { "1 render".to_owned() } else { format!("{count} renders") }
}

/// A group of findings: its kind, its number, and each finding with the next command.
fn tell_kind(call: &Call, args: &ReconcileArgs, kind: Kind, findings: &[Finding]) {
    let group: Vec<&Finding> = findings.iter().filter(|finding| finding.kind == kind).collect();
    if group.is_empty() {
        return;
    }
    call.out.data(&format!("{}: {}", kind.as_str(), renders(group.len())));
    let rows: Vec<Vec<String>> = group.iter().take(SHOWN).map(|finding| row(finding)).collect();
    for line in table::lay_out(&rows) {
        call.out.data(&format!("  {line}"));
    }
    if group.len() > SHOWN {
        call.out.data(&format!("  … and {} more (--json lists all)", group.len() - SHOWN));
    }
    if !args.fix && group.iter().any(|finding| finding.is_fixable()) {
        call.out.data("  fixed by: j2v reconcile --fix");
    }
}

fn key(finding: &Finding) -> String {
    let of_row = finding.render.as_ref().map(|render| (of_batch(render.batch(), render.key.as_str()), render.generation));
    let batch = |token: &Token| token.scope().filter(|scope| *scope != SUBMIT_SCOPE).map(str::to_owned);
    let of_token = || finding.token().map(|token| (of_batch(batch(&token).as_deref(), token.spelled_key()), token.generation()));
    match of_row.or_else(of_token) {
        Some((key, 1)) => key,
        Some((key, generation)) => format!("{key}#{generation}"),
        None => "-".to_owned(),
    }
}

fn of_batch(batch: Option<&str>, key: &str) -> String {
    batch.map_or_else(|| key.to_owned(), |batch| format!("{batch}/{key}"))
}

fn row(finding: &Finding) -> Vec<String> {
    let project = finding.project().map_or_else(|| "-".to_owned(), ToString::to_string);
    let status = finding.last().map_or_else(|| "-".to_owned(), |report| report.status.as_str().to_owned());
    let way_on = finding.next.first().filter(|_| finding.mended.is_none()).map(|command| format!("→ {command}"));
    let detail = finding.mended.as_ref().map_or_else(|| finding.message.clone(), |mended| format!("fixed: {mended}"));
    vec![project, key(finding), status, detail, way_on.unwrap_or_default()]
}

fn facts(finding: &Finding) -> Value {
    let (render, last) = (finding.render.as_ref(), finding.last());
    let time = |at: Option<crate::world::Timestamp>| at.map(crate::world::Timestamp::to_iso);
    json!({
        "finding": finding.kind.as_str(),
        "project": finding.project().map(ToString::to_string),
        "key": render.map(|render| render.key.to_string()).or_else(|| Some(finding.token()?.spelled_key().to_owned())),
        "generation": render.map(|render| render.generation).or_else(|| Some(finding.token()?.generation())),
        "scope": render.map(|render| render.own_scope().unwrap_or_default().to_owned()).or_else(|| Some(finding.token()?.scope()?.to_owned())),
        "ledger": finding.token().and_then(|token| Some(token.ledger()?.to_string())),
        "source": render.map(|render| render.source.clone()),
        "state": render.map(|render| render.submission.state.as_str()),
        "kept": render.and_then(|render| render.submission.project.as_ref()).filter(|_| finding.kind == Kind::Duplicate).map(ToString::to_string),
        "status": last.map(|report| report.status.as_str().to_owned()),
        "url": last.and_then(|report| report.url.clone()),
        "file": render.and_then(|render| render.file.as_deref()).map(here).map(|file| file.to_string_lossy().into_owned()),
        "credits": last.and_then(|report| report.credits),
        "created_at": time(last.and_then(|report| report.created_at)),
        "kept_until": time(last.and_then(crate::render::outcome::Report::kept_until)),
        "client-data": last.and_then(line::client_data),
        "message": finding.message,
        "next": finding.next,
        "mended": finding.mended,
    })
}

/// The exit code for the findings that remain after the repair: each kind has a code of its own.
fn exit(call: &Call, args: &ReconcileArgs, comparison: &Comparison, tally: Tally) -> Exit {
    if call.interrupt.is_cancelled() {
        return Exit::Interrupted;
    }
    let left = comparison.findings.iter().filter(|finding| finding.mended.is_none()).filter_map(|finding| code(args, finding.kind));
    let unread = comparison.unread.as_ref().map(|why| unreadable(why).exit);
    let undelivered = (tally.failed > 0).then_some(Exit::Internal);
    Exit::fold(left.chain(unread).chain(undelivered))
}

fn code(args: &ReconcileArgs, kind: Kind) -> Option<Exit> {
    match kind {
        Kind::Unknown | Kind::Held | Kind::Resend | Kind::Found | Kind::Lost | Kind::Duplicate => Some(Exit::Unknown),
        Kind::Missed => Some(Exit::Waiting),
        Kind::Vanished => Some(Exit::Refused),
        Kind::Undelivered => Some(Exit::Internal),
        Kind::Expiring => (args.expiring.is_some() || args.download.is_some()).then_some(Exit::Unsaved),
        Kind::Unsaved => args.download.is_some().then_some(Exit::Unsaved),
        Kind::Elsewhere | Kind::Foreign => None,
    }
}
