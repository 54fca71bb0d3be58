//! Which render of its key counts for a row: the latest, or an earlier one of the same movie when an edit was undone.

use crate::ledger::{LedgerError, Render, RenderQuery, Space, Store};
use crate::render::identity::{Key, MovieHash};
use crate::render::state::State;

/// Finds, for each key and movie of a batch, the render that counts for it. An earlier generation counts when it is of
/// this movie and the latest is of another one. Its video exists or will exist, so it is not paid for again.
///
/// # Errors
/// When the ledger fails.
pub async fn current(store: &dyn Store, space: &Space, batch: &str, rows: &[(Key, MovieHash)]) -> Result<Vec<Option<Render>>, LedgerError> {
    let keys = rows.iter().map(|(key, _)| key.clone()).collect();
    let mut current = store.latest(space.clone(), batch.to_owned(), keys).await?;
    for ((key, movie), latest) in rows.iter().zip(&mut current) {
        if !latest.as_ref().is_some_and(|latest| latest.generation > 1 && is_of_another(latest, *movie)) {
            continue;
        }
        let generations = store.find(Some(space.clone()), RenderQuery::Key(batch.to_owned(), key.clone())).await?;
        let earlier = generations.into_iter().filter(|render| render.movie.agrees(*movie) && has_video(render));
        if let Some(earlier) = earlier.max_by_key(|render| render.generation) {
            *latest = Some(earlier);
        }
    }
    Ok(current)
}

/// An unsettled render is not given up for an earlier one: it may be paid for.
fn is_of_another(latest: &Render, movie: MovieHash) -> bool {
    latest.submission.state.is_bound() && !latest.movie.agrees(movie)
}

fn has_video(render: &Render) -> bool {
    match render.submission.state {
        State::Bound | State::Timeout | State::Done => true,
        State::Deleted | State::Expired => render.file.is_some(),
        _ => false,
    }
}
