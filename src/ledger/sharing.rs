//! How processes that wait on one ledger share their polling. Each *watcher* records what it waits for. One watcher at a
//! time holds the *read lease*: it polls for all and writes the results into the rows. The others learn of them as
//! *news*. No watcher waits for a process that is gone: a lease is free as soon as its process is dead, or has not
//! renewed it in time.

use std::time::Duration;

use super::{RenderId, Reply, Space};
use crate::world::Timestamp;

/// One watcher: a process may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WatcherId(pub u64);

/// How far a listener has seen the writes of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewsPosition(pub u64);

/// A render that a watcher waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The render's row.
    pub render: RenderId,
    /// The polling interval that was asked for; `None` when it follows from the render's age.
    pub every: Option<Duration>,
}

/// A watcher's request for the read lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// The space of the renders.
    pub space: Space,
    /// The watcher that asks.
    pub watcher: WatcherId,
    /// What it waits for. This replaces what it waited for before.
    pub waits: Vec<Wait>,
    /// The service can't be read: the holder of the read lease makes no request before this time.
    pub rest_until: Option<Timestamp>,
    /// The time of the request.
    pub at: Timestamp,
    /// How long a read lease lasts without renewal although its process lives.
    pub stands: Duration,
}

/// The holder of the read lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadLease {
    /// The watcher that asked.
    Mine {
        /// The renders that other living watchers wait for, one entry for each watcher that waits for a render.
        others: Vec<Wait>,
        /// The time before which the previous holder makes no request to the service.
        rest_until: Option<Timestamp>,
    },
    /// Another living watcher.
    Another {
        /// The time before which it makes no request to the service.
        rest_until: Option<Timestamp>,
    },
}

/// The sharing calls of a ledger that several processes wait on.
pub trait Sharing: Send + Sync {
    /// Records what a watcher waits for, and asks for the read lease: takes it if it is free, renews it if the watcher has it.
    fn share(&self, share: Share) -> Reply<'_, ReadLease>;

    /// Ends a watcher's waits and frees its read lease. The end of its process does the same.
    fn leave(&self, space: Space, watcher: WatcherId) -> Reply<'_, ()>;

    /// Returns when another store may have written since `heard`, or at once if `heard` is `None`. The result is the new
    /// position. A store's own writes may count as news.
    fn news(&self, heard: Option<NewsPosition>) -> Reply<'_, NewsPosition>;
}

/// The read lease of a space as a store keeps it; its meaning is the same for every store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseHolder {
    /// The process, by the name that its store gave it.
    pub owner: String,
    /// The watcher that holds the lease.
    pub watcher: WatcherId,
    /// When the lease was taken or renewed.
    pub renewed_at: Timestamp,
    /// The time before which no request is made to the service.
    pub rest_until: Option<Timestamp>,
}

/// The result for a read lease when a watcher asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseDecision {
    /// The watcher that asked has it; the store must write this.
    Written(LeaseHolder),
    /// The watcher that asked has it, and renewed it so recently that the store writes nothing.
    Kept(LeaseHolder),
    /// Another watcher keeps it.
    Left(LeaseHolder),
}

/// The result for the read lease `reader` when `owner` asks for it. `is_alive` returns whether a process lives.
///
/// # Errors
/// When `is_alive` fails.
pub fn asked<E>(
    reader: Option<LeaseHolder>,
    share: &Share,
    owner: &str,
    is_alive: impl FnOnce(&str) -> Result<bool, E>,
) -> Result<LeaseDecision, E> {
    let (at, rest_until) = (share.at, share.rest_until);
    let mine = |rest_until| LeaseHolder { owner: owner.to_owned(), watcher: share.watcher, renewed_at: at, rest_until };
    let Some(reader) = reader else { return Ok(LeaseDecision::Written(mine(rest_until))) };
    // A clock that was set back must not make a lease last for ever.
    let age = at.since(reader.renewed_at).max(reader.renewed_at.since(at));
    if reader.owner == owner && reader.watcher == share.watcher {
        let is_news = reader.rest_until != rest_until || age >= share.stands / 4;
        return Ok(if is_news { LeaseDecision::Written(mine(rest_until)) } else { LeaseDecision::Kept(reader) });
    }
    if age < share.stands && is_alive(&reader.owner)? {
        return Ok(LeaseDecision::Left(reader));
    }
    // The service is as unavailable to the next reader as it was to the last.
    Ok(LeaseDecision::Written(mine(rest_until.max(reader.rest_until))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDS: Duration = Duration::from_secs(10);

    fn share(watcher: u64, second: i64) -> Share {
        let space = Space { account: "a".to_owned(), endpoint: "e".to_owned() };
        Share { space, watcher: WatcherId(watcher), waits: Vec::new(), rest_until: None, at: Timestamp(second * 1000), stands: STANDS }
    }

    fn reader(owner: &str, watcher: u64, second: i64) -> LeaseHolder {
        LeaseHolder { owner: owner.to_owned(), watcher: WatcherId(watcher), renewed_at: Timestamp(second * 1000), rest_until: None }
    }

    fn asked_by_me(reader: Option<LeaseHolder>, share: &Share, is_alive: bool) -> LeaseDecision {
        asked(reader, share, "me", |_| Ok::<_, std::convert::Infallible>(is_alive)).unwrap()
    }

    #[test]
    fn a_turn_is_taken_when_nobody_has_it_or_its_process_is_gone_or_stuck() {
        let mine = |second| LeaseDecision::Written(reader("me", 1, second));
        assert_eq!(asked_by_me(None, &share(1, 5), true), mine(5));
        assert_eq!(asked_by_me(Some(reader("other", 2, 5)), &share(1, 14), true), LeaseDecision::Left(reader("other", 2, 5)));
        assert_eq!(asked_by_me(Some(reader("other", 2, 5)), &share(1, 6), false), mine(6));
        assert_eq!(asked_by_me(Some(reader("other", 2, 5)), &share(1, 15), true), mine(15));
        assert_eq!(asked_by_me(Some(reader("other", 2, 50)), &share(1, 5), true), mine(5), "its clock was set back");
        assert_eq!(asked_by_me(Some(reader("me", 2, 5)), &share(1, 6), true), LeaseDecision::Left(reader("me", 2, 5)));
    }

    #[test]
    fn a_turn_of_its_own_is_written_again_only_now_and_then() {
        assert_eq!(asked_by_me(Some(reader("me", 1, 5)), &share(1, 7), true), LeaseDecision::Kept(reader("me", 1, 5)));
        assert_eq!(asked_by_me(Some(reader("me", 1, 5)), &share(1, 8), true), LeaseDecision::Written(reader("me", 1, 8)));
    }

    #[test]
    fn the_rest_that_a_reader_gave_the_service_is_kept_by_the_next_one() {
        let rest = Some(Timestamp(20_000));
        let resting = LeaseHolder { rest_until: rest, ..reader("other", 2, 5) };
        assert_eq!(
            asked_by_me(Some(resting), &share(1, 6), false),
            LeaseDecision::Written(LeaseHolder { rest_until: rest, ..reader("me", 1, 6) })
        );
    }
}
