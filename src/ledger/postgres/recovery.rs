//! Restored rows: inserted without a body, and assigned to the first submission that means them.

use std::collections::{HashMap, HashSet};

use super::channel::Channel;
use super::failure::Failure;
use super::{rows, write};
use crate::ledger::columns;
use crate::ledger::recovery::{Lost, claimed, meant};
use crate::ledger::{Event, NewRender, Render, RenderId, Space, history};
use crate::render::identity::{Key, NameError};

/// Makes rows of renders that the ledger doesn't know.
pub(super) async fn restore(channel: &Channel, lost: &[Lost]) -> Result<Vec<Option<Render>>, Failure> {
    let refused = |why: NameError| Failure::Refused(why.to_string());
    let keys: Vec<Key> = lost.iter().map(Lost::key).collect::<Result<_, _>>().map_err(refused)?;
    let mut known = rows::alike(channel, lost, &keys).await?;
    let numbers = write::numbers(channel, lost.len()).await?;
    let mut restored = Vec::with_capacity(lost.len());
    for (lost, number) in lost.iter().zip(numbers) {
        let is_known = known.iter().any(|render| render.space == lost.space && lost.is_known_as(render));
        restored.push(if is_known { None } else { Some(lost.row(RenderId(number)).map_err(refused)?) });
        known.extend(restored.last().cloned().flatten());
    }
    let rows: Vec<Render> = restored.iter().flatten().cloned().collect();
    let inserted: HashSet<RenderId> = write::insert(channel, &rows).await?.into_iter().collect();
    if inserted.len() < rows.len() {
        // Another process is restoring the same render: the next try sees its row.
        return Err(Failure::Raced);
    }
    let stories: Vec<(RenderId, Event)> = rows.iter().map(|render| (render.id, history::restored(render))).collect();
    write::tell(channel, &stories).await?;
    Ok(restored)
}

/// The restored rows that drafts may mean; each is assigned to one draft at most.
pub(super) struct Restored {
    rows: HashMap<(Space, Key), Vec<Render>>,
    taken: Vec<Render>,
}

impl Restored {
    /// The restored rows with the keys of some drafts, locked.
    pub(super) async fn of(channel: &Channel, drafts: &[&NewRender]) -> Result<Self, Failure> {
        let mut rows: HashMap<(Space, Key), Vec<Render>> = HashMap::new();
        if !drafts.is_empty() {
            for render in rows::restored(channel, drafts).await? {
                rows.entry((render.space.clone(), render.key.clone())).or_default().push(render);
            }
        }
        Ok(Self { rows, taken: Vec::new() })
    }

    /// Makes the restored row that a draft means the draft's own.
    pub(super) fn claim(&mut self, draft: &NewRender) -> Option<Render> {
        let rows = self.rows.get_mut(&(draft.space.clone(), draft.key.spelled()))?;
        let render = meant(draft, rows.clone())?;
        rows.retain(|row| row.id != render.id);
        let render = claimed(&render, draft);
        self.taken.push(render.clone());
        Some(render)
    }

    /// Writes the assigned rows.
    pub(super) async fn write(self, channel: &Channel) -> Result<(), Failure> {
        if self.taken.is_empty() { Ok(()) } else { write::update(channel, &self.taken, &columns::ORIGIN).await }
    }
}
