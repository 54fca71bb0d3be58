//! Batches in memory. Another store keeps tallies as rows change; this one counts when asked.

use super::mail::Mail;
use super::{Memory, OWNER, Row, at as at_row, record, reply, unheard_of};
use crate::ledger::batch::{Batch, Batches, Count, Standing, Tally, Unclaimed, Worker};
use crate::ledger::{Change, Record, Recorded, Render, RenderId, Reply, Space};
use crate::render::identity::Key;
use crate::render::state::{Fact, State};
use crate::world::Timestamp;

impl Batches for Memory {
    fn keep(&self, batch: Batch) -> Reply<'_, Standing> {
        let mut kept = self.kept();
        let known = kept.iter().position(|known| known.name == batch.name && known.space == batch.space);
        let batch = known.map(|place| kept.remove(place)).map_or(batch.clone(), |known| Batch {
            created_at: known.created_at,
            budget: batch.budget.or(known.budget),
            ..batch
        });
        kept.push(batch.clone());
        reply(Ok(standing(&self.rows(), batch)))
    }

    fn batches(&self, space: Option<Space>, name: Option<String>) -> Reply<'_, Vec<Standing>> {
        let is_wanted = |batch: &&Batch| {
            space.as_ref().is_none_or(|space| batch.space == *space) && name.as_ref().is_none_or(|name| batch.name == *name)
        };
        let (kept, rows) = (self.kept(), self.rows());
        let mut found: Vec<Standing> = kept.iter().filter(is_wanted).map(|batch| standing(&rows, batch.clone())).collect();
        found.sort_by(|one, other| {
            let (one, other) = (&one.batch, &other.batch);
            other.created_at.cmp(&one.created_at).then_with(|| one.name.cmp(&other.name))
        });
        reply(Ok(found))
    }

    fn latest(&self, space: Space, scope: String, keys: Vec<Key>) -> Reply<'_, Vec<Option<Render>>> {
        let rows = self.rows();
        let of = |key: &Key| members(&rows, &space, &scope).rev().find(|render| render.key == *key).cloned();
        reply(Ok(keys.iter().map(of).collect()))
    }

    fn claim(&self, renders: Vec<RenderId>, at: Timestamp) -> Reply<'_, Vec<Result<Recorded, Unclaimed>>> {
        let (kept, mut rows, mut mail) = (self.kept(), self.rows(), self.mail());
        if let Some(stranger) = renders.iter().find(|render| at_row(&mut rows, **render).is_none()) {
            return reply(Err(unheard_of(*stranger)));
        }
        self.wrote();
        reply(Ok(renders.into_iter().filter_map(|render| claim(&kept, (&mut rows, &mut mail), render, at)).collect()))
    }

    fn members(&self, space: Space, name: String, after: RenderId, most: u32) -> Reply<'_, Vec<Render>> {
        let rows = self.rows();
        let is_later = |render: &Render| render.id > after && render.row.is_some();
        let current = members(&rows, &space, &name).filter(|render| is_later(render) && is_current(&rows, render));
        reply(Ok(current.take(usize::try_from(most).unwrap_or(usize::MAX)).cloned().collect()))
    }

    /// This process is the only worker.
    fn workers(&self, space: Space, name: String) -> Reply<'_, Vec<Worker>> {
        let rows = self.rows();
        let claimed: Vec<&Render> =
            members(&rows, &space, &name).filter(|render| render.row.is_some() && render.posted_at.is_some()).collect();
        let sending = claimed.iter().filter(|render| render.submission.state == State::Sending).count();
        let worker = claimed.iter().filter_map(|render| render.posted_at).max().map(|last_at| Worker {
            name: OWNER.to_owned(),
            is_alive: true,
            claimed: claimed.len() as u64,
            sending: sending as u64,
            last_at,
        });
        reply(Ok(worker.into_iter().collect()))
    }
}

fn members<'a>(rows: &'a [Row], space: &'a Space, scope: &'a str) -> impl DoubleEndedIterator<Item = &'a Render> {
    rows.iter().map(|row| &row.render).filter(move |render| render.space == *space && render.scope == scope)
}

fn is_current(rows: &[Row], render: &Render) -> bool {
    !members(rows, &render.space, &render.scope).any(|other| other.key == render.key && other.generation > render.generation)
}

fn standing(rows: &[Row], batch: Batch) -> Standing {
    let mut tally = Tally::default();
    for render in members(rows, &batch.space, &batch.name) {
        if let Some(count) = Count::of(render) {
            tally.add(render.submission.state, is_current(rows, render), count);
        }
    }
    Standing { batch, tally }
}

fn claim(kept: &[Batch], (rows, mail): (&mut [Row], &mut Mail), render: RenderId, at: Timestamp) -> Option<Result<Recorded, Unclaimed>> {
    let wanted = at_row(rows, render)?.render.clone();
    let batch = kept.iter().find(|batch| batch.name == wanted.scope && batch.space == wanted.space);
    if let Some((batch, row)) = batch.zip(wanted.row) {
        let spent = members(rows, &batch.space, &batch.name).filter_map(Count::of).fold(Count::default(), Count::and);
        if let Err(over) = batch.budget.afford(&spent, row) {
            return Some(Err(over));
        }
    }
    let change = Record { render, change: Change::Fact(Fact::Claimed), at };
    record(rows, mail, &change).map(|recorded| recorded.map_err(Unclaimed::from))
}
