//! Which render of its key counts for a row: the latest, or an earlier one of the same movie when an edit was undone.

use super::row_action::Changed;
use crate::ledger::{LedgerError, Render, RenderQuery, Space, Store};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::State;

/// Finds, for each key and movie of a batch, the render that counts for it. An earlier generation counts when it is of
/// this movie and the latest is of another one. Its video exists or will exist, so it is not paid for again. A generation
/// that was queued and never accepted gives way in the same manner; with `--keep` it does so to any earlier video.
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
    let keys = rows.iter().map(|(key, _)| key.clone()).collect();
    let mut current = store.latest(space.clone(), batch.to_owned(), keys).await?;
    for ((key, movie), latest) in rows.iter().zip(&mut current) {
        let Some(found) = latest.as_ref().filter(|latest| latest.generation > 1) else { continue };
        let keeps_any = changed == Changed::Keep && was_never_accepted(found);
        if !keeps_any && !is_of_another(found, *movie) {
            continue;
        }
        let generations = store.find(Some(space.clone()), RenderQuery::Key(batch.to_owned(), key.clone())).await?;
        let is_same = |render: &Render| render.movie.agrees(*movie);
        let earlier = generations.into_iter().filter(|render| has_video(render) && (keeps_any || is_same(render)));
        if let Some(earlier) = earlier.max_by_key(|render| (is_same(render), render.generation)) {
            *latest = Some(earlier);
        }
    }
    Ok(current)
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
