//! Restored rows in memory.

use super::{Memory, Row, refused, reply};
use crate::ledger::recovery::{Lost, RESTORED, Recovery, claimed, meant};
use crate::ledger::{LedgerError, NewRender, Render, RenderId, Reply, story};

impl Recovery for Memory {
    fn restore(&self, lost: Vec<Lost>) -> Reply<'_, Vec<Option<Render>>> {
        let mut rows = self.rows();
        self.wrote();
        reply(lost.iter().map(|lost| restore(&mut rows, lost)).collect())
    }
}

fn restore(rows: &mut Vec<Row>, lost: &Lost) -> Result<Option<Render>, LedgerError> {
    if rows.iter().any(|row| row.render.space == lost.space && lost.is_known_as(&row.render)) {
        return Ok(None);
    }
    let id = RenderId(i64::try_from(rows.len()).unwrap_or(i64::MAX).saturating_add(1));
    let render = lost.row(id).map_err(|why| refused(why.to_string()))?;
    rows.push(Row { story: vec![story::restored(&render)], body: None, render: render.clone() });
    Ok(Some(render))
}

/// Makes the restored row that a draft means the draft's own.
pub(super) fn claim(rows: &mut [Row], draft: &NewRender) -> Option<Render> {
    let key = draft.key.spelled();
    let is_it = |render: &&Render| render.space == draft.space && render.key == key && render.scope.starts_with(RESTORED);
    let restored = rows.iter().map(|row| &row.render).filter(is_it).cloned().collect();
    let render = claimed(&meant(draft, restored).filter(|_| draft.named)?, draft);
    let row = rows.iter_mut().find(|row| row.render.id == render.id)?;
    row.render = render.clone();
    Some(render)
}
