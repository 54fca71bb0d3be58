//! Places rows in the ledger, chunk by chunk, and routes each by its state.

use std::collections::HashMap;

use tokio::sync::mpsc;

use super::current;
use super::pipeline::Pipeline;
use super::row::{How, Row};
use super::row_action::{RowAction, row_action};
use super::{Entry, Item, Run};
use crate::ledger::batch::TableRow;
use crate::ledger::{Again, Change, LedgerError, NewRender, PlaceResult, Record, Render, RenderId, RenderQuery};
use crate::policy::{QUARANTINE, READING_LIST};
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::{Fact, OnUnknown, State};
use crate::work::outcome::described;
use crate::work::search;

/// Accepts rows until there are no more, or until the user interrupts.
pub(super) async fn intake(pipeline: &Pipeline<'_>, mut rows: mpsc::Receiver<Vec<Entry>>) -> Result<(), LedgerError> {
    while let Some(Some(chunk)) = pipeline.context.unless_interrupted(rows.recv()).await {
        let good = chunk.into_iter().filter_map(|entry| good(pipeline, entry)).collect();
        take_in(pipeline, good).await?;
    }
    pipeline.all_in();
    Ok(())
}

/// Returns the row if it can be rendered. Any other row gets its outcome here.
fn good(pipeline: &Pipeline<'_>, entry: Entry) -> Option<(usize, Item)> {
    let place = pipeline.came_in();
    match entry {
        Entry::Good(item) => Some((place, item)),
        Entry::Bad { number, key, why } => {
            let row = Row { place, number, stem: None, is_left: false, looked: 0 };
            let outcome = Outcome { key, source: Some(pipeline.run.source.clone()), ..Outcome::new(OutcomeStatus::Invalid) };
            pipeline.end(row, How::Over(Box::new(outcome.because(Cause::None, why))));
            None
        }
    }
}

/// A row, the ledger's render of its key, and the action for it.
struct Known {
    place: usize,
    item: Item,
    latest: Option<Render>,
    row_action: RowAction,
}

async fn take_in(pipeline: &Pipeline<'_>, chunk: Vec<(usize, Item)>) -> Result<(), LedgerError> {
    let mut known = look_up(pipeline, chunk).await?;
    if pipeline.limits.stopped().is_some() {
        return pass_on(pipeline, known).await;
    }
    if let Err(why) = look_for_cold(pipeline, &mut known).await? {
        return not_looked_for(pipeline, known, &why).await;
    }
    make_ready(pipeline, &known).await?;
    let (sent, others): (Vec<Known>, Vec<Known>) = known.into_iter().partition(|known| known.row_action.is_sent());
    pass_on(pipeline, others).await?;
    let (rows, drafts): (Vec<Row>, Vec<NewRender>) = sent.into_iter().map(|known| (row(&known), draft(pipeline, known))).unzip();
    let placed = pipeline.context.store.place(drafts).await?;
    let mut renders: Vec<Render> = placed.into_iter().map(|(PlaceResult::New(render) | PlaceResult::Existing(render))| render).collect();
    let doubts = pipeline.context.store.completeness().doubts;
    let looked = look_for_forgotten(pipeline, &mut renders).await?;
    for (row, render) in rows.into_iter().zip(renders) {
        match &looked {
            Err(why) if render.submission.state == State::Intent => pipeline.end(row, How::Over(Box::new(unsent(Some(&render), why)))),
            _ => pipeline.route(Row { looked: doubts, ..row }, render).await,
        }
    }
    Ok(())
}

/// Looks for rows that are new to the ledger, when it may have forgotten whole rows (`faults.md` row 85).
async fn look_for_forgotten(pipeline: &Pipeline<'_>, renders: &mut [Render]) -> Result<Result<(), String>, LedgerError> {
    if let Err(why) = look(pipeline, renders).await? {
        return Ok(Err(why));
    }
    let ids = renders.iter().map(|render| render.id).collect();
    let found = pipeline.context.store.find(None, RenderQuery::Ids(ids)).await?;
    let mut found: HashMap<RenderId, Render> = found.into_iter().map(|render| (render.id, render)).collect();
    for render in renders {
        if let Some(now) = found.remove(&render.id) {
            *render = now;
        }
    }
    Ok(Ok(()))
}

/// Reads the service's list for rows that are to be sent. The inner error says why it could not be read.
pub(super) async fn look(pipeline: &Pipeline<'_>, renders: &[Render]) -> Result<Result<(), String>, LedgerError> {
    match pipeline.context.unless_interrupted(pipeline.presearch.look(pipeline.context, renders, READING_LIST)).await {
        None => Ok(Err("interrupted".to_owned())),
        Some(looked) => Ok(looked?.map_err(|why| why.to_string())),
    }
}

pub(super) fn unsent(render: Option<&Render>, why: &str) -> Outcome {
    let message = format!("not sent: could not check whether it was sent before: {why}");
    let outcome = render.map_or_else(|| Outcome::new(OutcomeStatus::Unsent), |render| described(render, OutcomeStatus::Unsent));
    outcome.because(Cause::Unreachable, message)
}

async fn look_up(pipeline: &Pipeline<'_>, chunk: Vec<(usize, Item)>) -> Result<Vec<Known>, LedgerError> {
    let rows: Vec<(Key, MovieHash)> = chunk.iter().map(|(_, item)| (item.key.clone(), item.movie)).collect();
    let latest = renders(pipeline, &rows).await?;
    let known = chunk.into_iter().zip(latest).map(|((place, item), latest)| {
        pipeline.heaviest.set(pipeline.heaviest.get().max(item.body.len()));
        let row_action = row_action(latest.as_ref(), item.movie, pipeline.run.rules);
        Known { place, item, latest, row_action }
    });
    Ok(known.collect())
}

/// The renders that count for rows, which the ledger then remembers.
async fn renders(pipeline: &Pipeline<'_>, rows: &[(Key, MovieHash)]) -> Result<Vec<Option<Render>>, LedgerError> {
    let (context, run) = (pipeline.context, pipeline.run);
    let found = current::find(context.store.as_ref(), &context.space, &run.name, rows, run.rules.changed).await?;
    current::remember(context.store.as_ref(), &found, context.world.now()).await?;
    Ok(found.into_iter().map(|current| current.render).collect())
}

/// Gives rows that are not sent any more their outcome, and routes all others by their render's state.
async fn pass_on(pipeline: &Pipeline<'_>, all: Vec<Known>) -> Result<(), LedgerError> {
    let kept = all.iter().filter(|known| !known.row_action.is_sent()).filter_map(|known| known.latest.as_ref());
    let mut settled = settled(pipeline, kept).await?;
    for known in all {
        let row = row(&known);
        match known.latest {
            Some(render) if !known.row_action.is_sent() => {
                let now = settled.remove(&render.id).unwrap_or(render);
                pipeline.route(row, now).await;
            }
            latest => pipeline.unsent(row, latest.as_ref()),
        }
    }
    Ok(())
}

fn row(known: &Known) -> Row {
    Row {
        place: known.place,
        number: known.item.number,
        stem: known.item.stem.as_deref().map(Box::from),
        is_left: known.row_action == RowAction::Left,
        looked: 0,
    }
}

/// Looks once for all rows of the chunk that are to be sent and were placed long ago. A row that is found is not sent.
async fn look_for_cold(pipeline: &Pipeline<'_>, known: &mut [Known]) -> Result<Result<(), String>, LedgerError> {
    let is_wanted = |known: &&Known| matches!(known.row_action, RowAction::Send | RowAction::Replace);
    let cold: Vec<Render> = known.iter().filter(is_wanted).filter_map(|known| known.latest.clone()).collect();
    if cold.is_empty() {
        return Ok(Ok(()));
    }
    if let Err(why) = look(pipeline, &cold).await? {
        return Ok(Err(why));
    }
    let rows: Vec<(Key, MovieHash)> = known.iter().map(|known| (known.item.key.clone(), known.item.movie)).collect();
    let latest = renders(pipeline, &rows).await?;
    for (known, latest) in known.iter_mut().zip(latest) {
        known.row_action = row_action(latest.as_ref(), known.item.movie, pipeline.run.rules);
        known.latest = latest;
    }
    Ok(Ok(()))
}

/// Another machine, or this one before its ledger was restored, may have sent these rows. None is sent without a look
/// at the list.
async fn not_looked_for(pipeline: &Pipeline<'_>, all: Vec<Known>, why: &str) -> Result<(), LedgerError> {
    let (sent, others): (Vec<Known>, Vec<Known>) = all.into_iter().partition(|known| known.row_action.is_sent());
    for known in &sent {
        pipeline.end(row(known), How::Over(Box::new(unsent(known.latest.as_ref(), why))));
    }
    pass_on(pipeline, others).await
}

/// Reopens rows that were refused. A movie that was placed before and never accepted is replaced by the current one.
async fn make_ready(pipeline: &Pipeline<'_>, known: &[Known]) -> Result<(), LedgerError> {
    let at = pipeline.context.world.now();
    let mut records = Vec::new();
    for (latest, row_action) in known.iter().filter_map(|known| Some((known.latest.as_ref()?, known.row_action))) {
        let mut add = |change| records.push(Record { render: latest.id, change, at });
        match row_action {
            RowAction::Send => {
                if latest.submission.state == State::Rejected {
                    add(Change::Fact(Fact::Reopened));
                }
                rules_of(pipeline.run, latest).for_each(add);
            }
            RowAction::Replace => add(Change::Fact(Fact::Abandoned)),
            _ => {}
        }
    }
    if !records.is_empty() {
        // A row that refuses the change was claimed by another process in between: placing it shows its state.
        pipeline.context.store.record(records).await?;
    }
    Ok(())
}

/// The rules chosen for this run that differ from the row's.
fn rules_of(run: &Run, render: &Render) -> impl Iterator<Item = Change> + use<> {
    let rule = run.on_unknown.filter(|rule| *rule != render.submission.on_unknown).map(Change::Rule);
    let length = run.quarantine.filter(|length| *length != render.quarantine).map(Change::Quarantine);
    rule.into_iter().chain(length)
}

/// Applies the rules chosen for this run to the renders that are not settled yet, and looks once more for those that are
/// held. Returns their state after that.
async fn settled(pipeline: &Pipeline<'_>, renders: impl Iterator<Item = &Render>) -> Result<HashMap<RenderId, Render>, LedgerError> {
    let (context, at) = (pipeline.context, pipeline.context.world.now());
    let (mut records, mut ids) = (Vec::new(), Vec::new());
    for render in renders.filter(|render| render.submission.state.is_unsettled()) {
        ids.push(render.id);
        records.extend(rules_of(pipeline.run, render).map(|change| Record { render: render.id, change, at }));
    }
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    if !records.is_empty() {
        context.store.record(records).await?;
    }
    let mut now = context.store.find(None, RenderQuery::Ids(ids.clone())).await?;
    if search::look_for_held(context, &now, READING_LIST).await? {
        now = context.store.find(None, RenderQuery::Ids(ids)).await?;
    }
    Ok(now.into_iter().map(|render| (render.id, render)).collect())
}

fn draft(pipeline: &Pipeline<'_>, known: Known) -> NewRender {
    let (run, item) = (pipeline.run, known.item);
    let Run { name, source, flags, .. } = run;
    NewRender {
        space: pipeline.context.space.clone(),
        scope: name.clone(),
        key: item.key,
        named: true,
        movie: item.movie,
        body: item.body,
        traceable: run.traceable,
        source: source.clone(),
        flags: flags.clone(),
        on_unknown: run.on_unknown.unwrap_or(OnUnknown::Hold),
        quarantine: run.quarantine.unwrap_or(QUARANTINE),
        again: if matches!(known.row_action, RowAction::Renew | RowAction::Replace) { Again::Yes } else { Again::No },
        row: Some(TableRow { number: item.number, estimate: item.estimate }),
        at: pipeline.context.world.now(),
    }
}
