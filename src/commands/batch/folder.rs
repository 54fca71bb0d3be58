//! A folder of movies as a batch: one movie a file, and the file's name without its ending is the key. As with a table,
//! everything is checked before anything is sent.

use std::path::Path;

use serde_json::json;

use super::super::movies::{self, Composed};
use super::super::submit_check::{SubmitCheck, without_bound};
use super::super::token_place::with_place_for_token;
use super::super::uploads::{self, UploadMode};
use super::super::{Call, CliError};
use super::earlier_runs::EarlierRuns;
use super::preflight::budget::BudgetLeft;
use super::preflight::{CheckedRows, Feed};
use super::to_send;
use crate::cli::{BatchArgs, GateArgs};
use crate::exit::Exit;
use crate::ledger::batch::{Budget, TableRow};
use crate::movie::Document;
use crate::movie::check::Resolved;
use crate::movie::plan::Unbounded;
use crate::quantity::counted;
use crate::render::identity::{Key, MovieHash};
use crate::work::batch::{Entry, Item, Survey, row_action};

/// The movies that are passed to the run at once.
const CHUNK: usize = 50;

/// Whether the command names a folder of movies, and no table.
pub(super) fn is_named(args: &BatchArgs) -> bool {
    let names_folder = args.movie.movies.first().is_some_and(|name| Path::new(name).is_dir());
    names_folder && args.table.rows.is_none() && args.table.key.is_none()
}

/// Checks every movie of the folder and reports the findings.
///
/// # Errors
/// When the folder can't be used, or movies are invalid and not to be skipped: nothing was sent.
pub(super) async fn preflight(call: &Call, args: &BatchArgs, earlier: &EarlierRuns<'_>) -> anyhow::Result<CheckedRows> {
    let mut composed = movies::compose_all(&call.out, &args.movie)?;
    if args.movie.upload {
        let mode = if args.dry_run { UploadMode::LookUp } else { UploadMode::Send };
        uploads::swap(call, &args.movie, Some(&args.gate), &mut composed, mode).await?;
    }
    movies::refuse_one_key_twice(&composed)?;
    // The batch has a budget of its own, which holds over all its runs.
    let gate = GateArgs { max_credits: None, ..args.gate.clone() };
    let mut check = SubmitCheck::new(call, &gate, &args.movie);
    let mut checked = Vec::with_capacity(composed.len());
    for (number, Composed { source, stem, movie }) in (1..).zip(composed) {
        let key = key(&source, stem.as_deref())?;
        let movie = movie.and_then(|movie| with_place_for_token(!args.lost.no_token, &source, movie));
        let sent = movie.and_then(|movie| sent(&mut check, number, &key, &source, &movie));
        checked.push(FolderMovie { number, key, source, sent });
    }
    check.tell();
    let budget = Budget { renders: args.pace.max_renders, credits: args.gate.max_credits };
    // Only a dry run tells what fits.
    let known = if args.dry_run { earlier.standing().await? } else { None };
    let mut budget_left = BudgetLeft::of(budget, known.as_ref());
    let survey = survey(earlier, args.gate.max_credits, &mut budget_left, &mut checked).await?;
    let refused: Vec<&CliError> = checked.iter().filter_map(|movie| movie.sent.as_ref().err()).collect();
    for stop in &refused {
        stop.tell(&call.out);
    }
    let invalid = refused.len();
    if invalid > 0 && !args.skip_invalid {
        let exit = if refused.iter().all(|stop| stop.exit == Exit::Credits) { Exit::Credits } else { Exit::Invalid };
        let message = format!("{invalid} of {} can't be rendered; nothing was sent", counted(checked.len(), "movie"));
        let help = Some("fix them, or send only the others with --skip-invalid".to_owned());
        return Err(CliError { help, ..CliError::new(exit, message) }.into());
    }
    if args.dry_run {
        show(call, args, earlier.name, &survey, checked.len(), invalid);
        if let Some(fit) = budget_left.summary().filter(|_| !args.json) {
            call.out.note(&fit);
        }
    }
    let rows = u64::try_from(checked.len()).unwrap_or(u64::MAX);
    let feed = feed(checked.into_iter().map(FolderMovie::entry).collect());
    Ok(CheckedRows { rows, for_excel: false, template: MovieHash::of(b"a folder of movies"), survey, feed })
}

fn key(source: &str, stem: Option<&str>) -> Result<Key, CliError> {
    Key::parse(stem.unwrap_or_default()).map_err(|why| CliError::new(Exit::Usage, format!("{source}: {why}")))
}

/// A movie of the folder after its check.
struct FolderMovie {
    number: u64,
    key: Key,
    source: String,
    /// What a run would send, or why it can't be rendered.
    sent: Result<SentMovie, CliError>,
}

/// What a run would send of a movie.
struct SentMovie {
    item: Item,
    /// Why its cost has no upper bound.
    unbounded: Option<Unbounded>,
}

impl FolderMovie {
    fn entry(self) -> Entry {
        let Self { number, key, sent, .. } = self;
        match sent {
            Ok(SentMovie { item, .. }) => Entry::Good(item),
            Err(stop) => Entry::Bad { number, key: Some(key), why: stop.message },
        }
    }
}

/// A movie as the run sends it.
///
/// # Errors
/// When the service would refuse it.
fn sent(check: &mut SubmitCheck<'_>, number: u64, key: &Key, source: &str, movie: &Document) -> Result<SentMovie, CliError> {
    let resolved = Resolved::of(movie);
    check.pass_resolved(source, movie, &resolved)?;
    let (body, hash) = (movie.to_compact().into_bytes(), MovieHash::of(movie.canonical().as_bytes()));
    let estimate = resolved.plan.credits.amount.at_most();
    let unbounded = resolved.plan.unbounded().into_iter().next();
    Ok(SentMovie { item: Item { number, key: key.clone(), stem: None, movie: hash, body, estimate }, unbounded })
}

/// Hands the movies over in chunks, as a table does with its rows.
fn feed(entries: Vec<Entry>) -> Feed {
    Box::new(move |sender| {
        let mut entries = entries.into_iter();
        loop {
            let chunk: Vec<Entry> = entries.by_ref().take(CHUNK).collect();
            if chunk.is_empty() || sender.blocking_send(chunk).is_err() {
                return;
            }
        }
    })
}

/// What a run would do. A movie that it would send under a cap on credits is refused where its cost has no upper bound.
async fn survey(
    earlier: &EarlierRuns<'_>,
    cap: Option<u64>,
    budget_left: &mut BudgetLeft,
    checked: &mut [FolderMovie],
) -> Result<Survey, CliError> {
    let good = checked.iter().filter_map(|movie| Some(&movie.sent.as_ref().ok()?.item));
    let keys: Vec<(Key, MovieHash)> = good.map(|item| (item.key.clone(), item.movie)).collect();
    let mut latest = earlier.latest(&keys).await?.into_iter();
    let mut survey = Survey::default();
    for movie in checked {
        let Ok(SentMovie { item, unbounded }) = &movie.sent else { continue };
        let latest = latest.next().flatten();
        match (cap, unbounded) {
            (Some(cap), Some(open)) if row_action(latest.as_ref(), item.movie, earlier.rules).is_sent() => {
                let stop = CliError::new(Exit::Credits, format!("{}: {}", movie.source, without_bound(open, cap)));
                movie.sent = Err(CliError { help: Some(open.fix.to_owned()), ..stop });
            }
            _ => {
                let row = TableRow { number: item.number, estimate: item.estimate };
                if survey.take(latest.as_ref(), item.movie, row, earlier.rules).is_sent() {
                    budget_left.take(row);
                }
            }
        }
    }
    Ok(survey)
}

fn show(call: &Call, args: &BatchArgs, name: &str, survey: &Survey, movies: usize, invalid: usize) {
    let sent = survey.sent();
    let most = (sent.unbounded == 0).then_some(sent.credits);
    if args.json {
        let folder = args.movie.movies.first();
        call.out.data(
            &json!({
                "batch": name, "movie": folder, "table": null, "rows": movies, "to_send": sent.rows, "anew": survey.renewed.rows,
                "changed": survey.changed.rows, "failed": survey.failed, "invalid": invalid, "credits_at_most": most,
            })
            .to_string(),
        );
        return;
    }
    let failed = if survey.failed > 0 { format!(", {} failed", survey.failed) } else { String::new() };
    call.out.note(&format!("{}: {}{failed}; nothing was sent", counted(movies, "movie"), to_send(&sent)));
}
