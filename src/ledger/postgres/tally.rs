//! The tally of a batch, which changes with its renders.
//!
//! Every change of a batch's row changes the tally, and the transaction that changes a row of the tally locks it until its
//! commit. So the tally has shards, each for some of the connections, and reading it sums them up.

use tokio_postgres::Row;

use super::channel::Channel;
use super::failure::Failure;
use crate::ledger::batch::{Amounts, Count, TallyChanges, TallyKey};

/// The number of shards of a tally.
const SHARDS: i64 = 32;

/// Writes changes of tallies in the order of their keys, so that transactions don't deadlock.
pub(super) async fn write(channel: &Channel, changes: TallyChanges) -> Result<(), Failure> {
    const SQL: &str = "INSERT INTO tally AS known (shard, account, endpoint, name, state, current, renders, estimated, consumed, \
         paid_renders, paid_credits) SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::boolean[], \
         $7::bigint[], $8::bigint[], $9::double precision[], $10::bigint[], $11::double precision[]) \
         ON CONFLICT (account, endpoint, name, state, current, shard) DO UPDATE SET renders = known.renders + excluded.renders, \
         estimated = known.estimated + excluded.estimated, consumed = known.consumed + excluded.consumed, \
         paid_renders = known.paid_renders + excluded.paid_renders, paid_credits = known.paid_credits + excluded.paid_credits";
    let rows: Vec<(TallyKey, Amounts)> = changes.rows().collect();
    if rows.is_empty() {
        return Ok(());
    }
    let shard = channel.name.rem_euclid(SHARDS);
    macro_rules! column {
        ($of:expr) => {
            rows.iter().map($of).collect::<Vec<_>>()
        };
    }
    channel
        .execute(
            SQL,
            &[
                &shard,
                &column!(|(key, _)| key.account.as_str()),
                &column!(|(key, _)| key.endpoint.as_str()),
                &column!(|(key, _)| key.name.as_str()),
                &column!(|(key, _)| key.state),
                &column!(|(key, _)| key.is_current),
                &column!(|(_, sum)| sum.renders),
                &column!(|(_, sum)| sum.estimated),
                &column!(|(_, sum)| sum.consumed),
                &column!(|(_, sum)| sum.paid_renders),
                &column!(|(_, sum)| sum.paid_credits),
            ],
        )
        .await
        .map(drop)
}

/// The counts of a row, from a column on.
pub(super) fn read_count(row: &Row, first: usize) -> Result<Count, Failure> {
    Ok(Count {
        rows: row.try_get::<_, i64>(first)?.cast_unsigned(),
        estimated: row.try_get::<_, i64>(first + 1)?.cast_unsigned(),
        consumed: row.try_get(first + 2)?,
        paid_rows: row.try_get::<_, i64>(first + 3)?.cast_unsigned(),
        paid_credits: row.try_get(first + 4)?,
    })
}
