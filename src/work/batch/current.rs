//! Which render of its key counts for a row: the latest, or an earlier one when an edit was taken back. The latest one notes
//! which, so that the row keeps that video when its movie changes again.

use super::row_action::Changed;
use crate::ledger::{Change, LedgerError, Record, Render, RenderId, RenderQuery, Space, Store};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::State;
use crate::world::Timestamp;

/// The renders of a row's key.
pub(super) struct Current {
    /// The one that counts for the row.
    pub(super) render: Option<Render>,
    /// What the latest one has to note, where the row is of the movie of the one that counts.
    note: Option<(RenderId, Option<u32>)>,
}

/// Finds, for each key and movie of a batch, the render that counts for it. An earlier generation counts when it is of
/// this movie and the latest is of another one. Its video exists or will exist, so it is not paid for again. It still counts
/// when the row is then of a third movie. A generation that was queued and never accepted gives way in the same manner; with
/// `--keep` it does so to any earlier video.
///
/// # Errors
/// When the ledger fails.
pub async fn current(
    store: &dyn Store,
    space: &Space,
    batch: &str,
    rows: &[(Key, MovieHash)],
    changed: Changed,
) -> Result<Vec<Option<Render>>, LedgerError> {
    Ok(find(store, space, batch, rows, changed).await?.into_iter().map(|current| current.render).collect())
}

/// The same, with what is to be noted of it.
pub(super) async fn find(
    store: &dyn Store,
    space: &Space,
    batch: &str,
    rows: &[(Key, MovieHash)],
    changed: Changed,
) -> Result<Vec<Current>, LedgerError> {
    let keys = rows.iter().map(|(key, _)| key.clone()).collect();
    let mut all = Vec::with_capacity(rows.len());
    for ((key, movie), latest) in rows.iter().zip(store.latest(space.clone(), batch.to_owned(), keys).await?) {
        all.push(match latest {
            Some(latest) if latest.generation > 1 => of_several(store, space, batch, (key, *movie), latest, changed).await?,
            render => Current { render, note: None },
        });
    }
    Ok(all)
}

async fn of_several(
    store: &dyn Store,
    space: &Space,
    batch: &str,
    (key, movie): (&Key, MovieHash),
    latest: Render,
    changed: Changed,
) -> Result<Current, LedgerError> {
    let keeps_any = changed == Changed::Keep && was_never_accepted(&latest);
    if !keeps_any && !is_of_another(&latest, movie) {
        return Ok(Current { note: note(&latest, &latest, movie), render: Some(latest) });
    }
    let generations = store.find(Some(space.clone()), RenderQuery::Key(batch.to_owned(), key.clone())).await?;
    let counted = counted(&generations, &latest);
    let is_same = |render: &Render| render.movie.agrees(movie);
    let counts = |render: &Render| keeps_any || is_same(render) || render.generation == counted;
    let earlier = generations.into_iter().filter(|render| has_video(render) && counts(render));
    let earlier = earlier.max_by_key(|render| (is_same(render), render.generation == counted, render.generation));
    let render = earlier.unwrap_or_else(|| latest.clone());
    Ok(Current { note: note(&latest, &render, movie), render: Some(render) })
}

/// The generation that counted when the row was last rendered or its edit taken back. One that was only queued, and not by
/// an edit that was taken back, has never counted.
fn counted(generations: &[Render], latest: &Render) -> u32 {
    let accepted = generations.iter().filter(|render| !was_never_accepted(render)).max_by_key(|render| render.generation);
    let last = if latest.gives_way_to.is_some() { latest } else { accepted.unwrap_or(latest) };
    last.gives_way_to.unwrap_or(last.generation)
}

fn note(latest: &Render, render: &Render, movie: MovieHash) -> Option<(RenderId, Option<u32>)> {
    let gives_way_to = (render.generation != latest.generation).then_some(render.generation);
    let is_news = render.movie.agrees(movie) && latest.gives_way_to != gives_way_to;
    is_news.then_some((latest.id, gives_way_to))
}

/// Notes which renders count, where that has changed.
pub(super) async fn remember(store: &dyn Store, all: &[Current], at: Timestamp) -> Result<(), LedgerError> {
    let notes = all.iter().filter_map(|current| current.note.as_ref());
    let records: Vec<Record> =
        notes.map(|(latest, earlier)| Record { render: *latest, change: Change::GivesWayTo(*earlier), at }).collect();
    if !records.is_empty() {
        store.record(records).await?;
    }
    Ok(())
}

/// An unsettled render is not given up for an earlier one: it may be paid for.
fn is_of_another(latest: &Render, movie: MovieHash) -> bool {
    (latest.submission.state.is_bound() || was_never_accepted(latest)) && !latest.movie.agrees(movie)
}

fn was_never_accepted(render: &Render) -> bool {
    matches!(render.submission.state, State::Intent | State::Rejected | State::Abandoned)
}

fn has_video(render: &Render) -> bool {
    match render.submission.state {
        State::Bound | State::Timeout | State::Done => true,
        State::Deleted | State::Expired => render.file.is_some(),
        _ => false,
    }
}
