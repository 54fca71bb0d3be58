//! Which processes are alive. Each store that claims has a lease in the ledger and renews it while it lives. Only the
//! server's clock decides (`protocol.md#who-owns-an-intent-in-flight`).

use std::process;
use std::time::Duration;

use super::channel::Channel;
use super::failure::Failure;
use super::restored;
use crate::world::World;

/// How often a lease is renewed: it survives three lost renewals.
pub(super) const HEARTBEAT: Duration = Duration::from_millis(2500);

/// The condition that the owner in a column is alive. After a start of the server every owner gets the time to renew.
macro_rules! is_alive {
    ($owner:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM owner WHERE owner.name = ",
            $owner,
            " AND (lease_until > clock_timestamp() OR pg_postmaster_start_time() > clock_timestamp() - interval '10 s'))"
        )
    };
}

pub(super) use is_alive;

/// Takes or renews a lease of 10 s.
const RENEW: &str = "INSERT INTO owner (name, entered_at, lease_until) \
     VALUES ($1, clock_timestamp(), clock_timestamp() + interval '10 s') \
     ON CONFLICT (name) DO UPDATE SET lease_until = excluded.lease_until";

/// Renews a lease unless it was deleted.
const BEAT: &str = "UPDATE owner SET lease_until = clock_timestamp() + interval '10 s' WHERE name = $1";

/// Holds a lease until the end of the transaction; its deletion waits for that. Also returns the stamp of the tables.
const HOLD: &str =
    concat!("SELECT (", restored::stamp!(), ") FROM owner WHERE name = $1 AND lease_until > clock_timestamp() FOR KEY SHARE");

/// Deletes the leases that have ended.
const BURY: &str = "DELETE FROM owner WHERE name IN (SELECT name FROM owner WHERE lease_until < clock_timestamp() \
     AND pg_postmaster_start_time() < clock_timestamp() - interval '10 s' FOR UPDATE SKIP LOCKED)";

/// A new name: the machine and the process for people, and enough random bits to be unique.
pub(super) fn name(world: &World) -> String {
    let host = whoami::hostname().unwrap_or_else(|_| "unknown".to_owned());
    format!("{host}-{}-{:016x}", process::id(), world.rng.next_u64())
}

/// Takes a lease under a name.
pub(super) async fn enter(channel: &Channel, name: &str) -> Result<(), Failure> {
    channel.execute(RENEW, &[&name]).await.map(drop)
}

/// Renews a lease; returns whether there was one.
pub(super) async fn beat(channel: &Channel, name: &str) -> Result<bool, Failure> {
    Ok(channel.execute(BEAT, &[&name]).await? > 0)
}

/// Makes sure that a lease lasts until the end of the transaction; returns the stamp of the tables.
pub(super) async fn hold(channel: &Channel, name: &str) -> Result<String, Failure> {
    channel.optional(HOLD, &[&name]).await?.map_or(Err(Failure::LeaseOver), |row| Ok(row.try_get(0)?))
}

/// Ends a lease.
pub(super) async fn leave(channel: &Channel, name: &str) -> Result<(), Failure> {
    channel.execute("DELETE FROM owner WHERE name = $1", &[&name]).await.map(drop)
}

/// Deletes the leases that have ended.
pub(super) async fn bury(channel: &Channel) -> Result<(), Failure> {
    channel.execute(BURY, &[]).await.map(drop)
}
