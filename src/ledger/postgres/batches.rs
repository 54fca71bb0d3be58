//! The calls of [`Batches`] in terms of rows. A claim locks a batch that has a budget: the sum of its tally then stays the same
//! until the commit.

use std::collections::{HashMap, HashSet};

use tokio_postgres::Row;

use super::Postgres;
use super::channel::Channel;
use super::engine::{Need, Session};
use super::failure::Failure;
use super::owner::is_alive;
use super::rows;
use super::tally::read_count;
use super::values::{Parameter, borrowed, cells, parameter};
use super::work::{self, Changes};
use crate::ledger::batch::{Batch, BatchStatus, Batches, Budget, Count, Tally, Unclaimed, Worker};
use crate::ledger::cells::Cells;
use crate::ledger::columns::{self, BATCH};
use crate::ledger::{Change, Record};
use crate::ledger::{Recorded, Render, RenderId, Reply, Space};
use crate::render::identity::Key;
use crate::render::state::Fact;
use crate::world::Timestamp;

impl Batches for Postgres {
    fn keep(&self, batch: Batch) -> Reply<'_, BatchStatus> {
        self.ask(Need::Write, async move |session: &Session<'_>| {
            keep(session.channel, &batch).await?;
            let standing = find(session.channel, Some(&batch.space), Some(&batch.name)).await?.pop();
            standing.ok_or_else(|| Failure::Refused(format!("the batch {} was not kept", batch.name)))
        })
    }

    fn batches(&self, space: Option<Space>, name: Option<String>) -> Reply<'_, Vec<BatchStatus>> {
        self.ask(Need::Read, async move |session: &Session<'_>| find(session.channel, space.as_ref(), name.as_deref()).await)
    }

    fn latest(&self, space: Space, scope: String, keys: Vec<Key>) -> Reply<'_, Vec<Option<Render>>> {
        self.ask(Need::Read, async move |session: &Session<'_>| {
            let names: Vec<rows::RenderName<'_>> = keys.iter().map(|key| (&space, scope.as_str(), key)).collect();
            let found = rows::latest(session.channel, &names).await?;
            let found: HashMap<Key, Render> = found.into_iter().map(|render| (render.key.clone(), render)).collect();
            Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
        })
    }

    fn claim(&self, renders: Vec<RenderId>, at: Timestamp) -> Reply<'_, Vec<Result<Recorded, Unclaimed>>> {
        self.detector.of_claims(self.ask(Need::Claim, async move |session: &Session<'_>| claim(session, &renders, at).await))
    }

    fn members(&self, space: Space, name: String, after: RenderId, most: u32) -> Reply<'_, Vec<Render>> {
        self.ask(Need::Read, async move |session: &Session<'_>| rows::members(session.channel, &space, &name, after, most).await)
    }

    fn workers(&self, space: Space, name: String) -> Reply<'_, Vec<Worker>> {
        self.ask(Need::Read, async move |session: &Session<'_>| workers(session.channel, &space, &name).await)
    }
}

async fn keep(channel: &Channel, batch: &Batch) -> Result<(), Failure> {
    let values: Vec<Parameter<'_>> = BATCH.iter().map(|column| parameter((column.cell)(batch), column.kind)).collect();
    channel.execute(&columns::keep_batch(), &borrowed(&values)).await.map(drop)
}

async fn find(channel: &Channel, space: Option<&Space>, name: Option<&str>) -> Result<Vec<BatchStatus>, Failure> {
    const TALLIES: &str = "SELECT account, endpoint, name, state, current, sum(renders)::bigint, sum(estimated)::bigint, sum(consumed), \
         sum(paid_renders)::bigint, sum(paid_credits) FROM tally \
         WHERE ($1::text IS NULL OR account = $1 AND endpoint = $2) AND ($3::text IS NULL OR name = $3) \
         GROUP BY account, endpoint, name, state, current HAVING sum(renders) > 0";
    let (account, endpoint) = (space.map(|space| space.account.as_str()), space.map(|space| space.endpoint.as_str()));
    let sql = format!(
        "SELECT {} FROM batch WHERE ($1::text IS NULL OR account = $1 AND endpoint = $2) AND ($3::text IS NULL OR name = $3) \
         ORDER BY created_at DESC, name",
        columns::names(&BATCH)
    );
    let batches = channel.query(&sql, &[&account, &endpoint, &name]).await?;
    let mut tallies: HashMap<(Space, String), Tally> = HashMap::new();
    for row in channel.query(TALLIES, &[&account, &endpoint, &name]).await? {
        let mut cells = Cells::new(["account", "endpoint", "name", "state", "current"].into_iter(), cells(&row));
        let space = Space { account: cells.take()?, endpoint: cells.take()? };
        let name = cells.take()?;
        tallies.entry((space, name)).or_default().add(cells.take()?, cells.take()?, read_count(&row, 5)?);
    }
    let standing = |row: &Row| {
        let batch = columns::batch(cells(row))?;
        let tally = tallies.remove(&(batch.space.clone(), batch.name.clone())).unwrap_or_default();
        Ok(BatchStatus { batch, tally })
    };
    batches.iter().map(standing).collect()
}

async fn workers(channel: &Channel, space: &Space, name: &str) -> Result<Vec<Worker>, Failure> {
    const SQL: &str = concat!(
        "SELECT owner, ",
        is_alive!("found.owner"),
        ", claimed, sending, last_at FROM (SELECT owner, count(*) AS claimed, count(*) FILTER (WHERE state = 'sending') AS sending, \
         max(posted_at) AS last_at FROM render WHERE scope = $1 AND account = $2 AND endpoint = $3 AND line IS NOT NULL \
         AND owner IS NOT NULL AND posted_at IS NOT NULL GROUP BY owner) AS found ORDER BY last_at DESC, owner"
    );
    let worker = |row: &Row| {
        Ok(Worker {
            name: row.try_get(0)?,
            is_alive: row.try_get(1)?,
            claimed: row.try_get::<_, i64>(2)?.cast_unsigned(),
            sending: row.try_get::<_, i64>(3)?.cast_unsigned(),
            last_at: Timestamp(row.try_get(4)?),
        })
    };
    channel.query(SQL, &[&name, &space.account, &space.endpoint]).await?.iter().map(worker).collect()
}

/// A batch: its space and its name.
type BatchName = (Space, String);

/// Claims renders in their order, each if the budget of its batch allows it.
async fn claim(session: &Session<'_>, ids: &[RenderId], at: Timestamp) -> Result<Vec<Result<Recorded, Unclaimed>>, Failure> {
    let found = work::lock(session.channel, ids).await?;
    let batches: HashSet<BatchName> =
        found.iter().filter(|render| render.row.is_some()).map(|render| (render.space.clone(), render.scope.clone())).collect();
    let mut budgets = budgets(session.channel, batches).await?;
    let mut changes = Changes::of(found);
    let owner = session.owner.as_deref().unwrap_or_default();
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        let record = Record { render: *id, change: Change::Fact(Fact::Claimed), at };
        let before = changes.row(*id)?.clone();
        let budget = budgets.get_mut(&(before.space.clone(), before.scope.clone())).zip(before.row);
        if let Some(((budget, spent), row)) = &budget
            && let Err(over) = budget.afford(spent, *row)
        {
            results.push(Err(over));
            continue;
        }
        let claimed = changes.take_in(&record, owner)?;
        if let (Ok(recorded), Some(((_, spent), _))) = (&claimed, budget) {
            *spent = spent.and(Count::of(&recorded.render).unwrap_or_default());
        }
        results.push(claimed.map_err(Unclaimed::from));
    }
    work::write(session.channel, changes).await?;
    Ok(results)
}

/// The budgets of those batches that have one, locked, and what is spent of them.
async fn budgets(channel: &Channel, batches: HashSet<BatchName>) -> Result<HashMap<BatchName, (Budget, Count)>, Failure> {
    const LOCK: &str = "SELECT account, endpoint, name, max_renders, max_credits FROM batch \
         JOIN unnest($1::text[], $2::text[], $3::text[]) AS wanted (account, endpoint, name) USING (account, endpoint, name) \
         WHERE max_renders IS NOT NULL OR max_credits IS NOT NULL ORDER BY account, endpoint, name FOR UPDATE OF batch";
    const SPENT: &str = "SELECT coalesce(sum(renders), 0)::bigint, coalesce(sum(estimated), 0)::bigint, coalesce(sum(consumed), 0), \
         coalesce(sum(paid_renders), 0)::bigint, coalesce(sum(paid_credits), 0) FROM tally \
         WHERE account = $1 AND endpoint = $2 AND name = $3";
    let mut budgets = HashMap::new();
    if batches.is_empty() {
        return Ok(budgets);
    }
    let text = |of: fn(&BatchName) -> &str| batches.iter().map(of).collect::<Vec<_>>();
    let (accounts, endpoints, names) = (text(|batch| &batch.0.account), text(|batch| &batch.0.endpoint), text(|batch| &batch.1));
    for row in channel.query(LOCK, &[&accounts, &endpoints, &names]).await? {
        let batch: BatchName = (Space { account: row.try_get(0)?, endpoint: row.try_get(1)? }, row.try_get(2)?);
        let limit = |column: usize| Ok::<_, Failure>(row.try_get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
        let budget = Budget { renders: limit(3)?, credits: limit(4)? };
        // Read after the lock: only then are the counts of the previous holder of the lock visible.
        let spent = channel.optional(SPENT, &[&batch.0.account, &batch.0.endpoint, &batch.1]).await?;
        let spent = spent.map_or(Ok(Count::default()), |row| read_count(&row, 0))?;
        budgets.insert(batch, (budget, spent));
    }
    Ok(budgets)
}
