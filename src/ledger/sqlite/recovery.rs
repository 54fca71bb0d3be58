//! Restored rows: inserted without a body, and assigned to the first submission that means them.

use super::failure::Failure;
use super::job::Session;
use super::{rows, tally};
use crate::ledger::columns;
use crate::ledger::recovery::{Lost, claimed, meant};
use crate::ledger::{NewRender, Render, RenderId, RenderQuery, history};

/// Makes a row of a render that the ledger doesn't know.
pub(super) fn restore(session: &Session<'_>, lost: &Lost) -> Result<Option<Render>, Failure> {
    let refused = |why: crate::render::identity::NameError| Failure::Refused(why.to_string());
    let (connection, space) = (session.connection, Some(&lost.space));
    let mut known = rows::find(connection, space, &RenderQuery::Project(lost.report.project.clone()))?;
    known.extend(rows::find(connection, space, &RenderQuery::AnyKey(lost.key().map_err(refused)?))?);
    if known.iter().any(|render| lost.is_known_as(render)) {
        return Ok(None);
    }
    let mut render = lost.row(RenderId(0)).map_err(refused)?;
    render.id = rows::insert(connection, &render, None)?;
    rows::tell(connection, render.id, &history::restored(&render))?;
    Ok(Some(render))
}

/// Makes the restored row that a draft means the draft's own.
pub(super) fn claim(session: &Session<'_>, draft: &NewRender) -> Result<Option<Render>, Failure> {
    let restored = rows::restored(session.connection, &draft.space, &draft.key.spelled())?;
    let Some(render) = meant(draft, restored) else { return Ok(None) };
    let render = claimed(&render, draft);
    rows::update(session.connection, &render, columns::ORIGIN.iter())?;
    tally::entered(session.connection, &render)?;
    Ok(Some(render))
}
