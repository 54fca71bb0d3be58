//! How processes that wait on one ledger share what they read. Each says what it waits for and takes its *seat*; one
//! of them at a time has the *turn* to read for all, writes what it reads into the rows, and the others hear of it as
//! *news*. Nobody waits for somebody who is gone: a turn is free as soon as its process is dead, or has not
//! renewed it in time.

use std::time::Duration;

use super::{RenderId, Reply, Space};
use crate::world::Timestamp;

/// One watcher: a process may have several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WatcherId(pub u64);

/// How far somebody has heard of what others write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark(pub u64);

/// A render that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Which.
    pub render: RenderId,
    /// How often its status is wanted; `None` leaves that to its age.
    pub every: Option<Duration>,
}

/// What a seat says and asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Whose renders.
    pub space: Space,
    /// Who asks.
    pub seat: WatcherId,
    /// What it waits for, in place of what it waited for before.
    pub waits: Vec<Wait>,
    /// The service can't be read: whoever has the turn lets it rest until then.
    pub rest_until: Option<Timestamp>,
    /// When it asks.
    pub at: Timestamp,
    /// How long a turn stands that is not renewed, although its process lives.
    pub stands: Duration,
}

/// Who reads now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadLease {
    /// The seat that asked.
    Mine {
        /// What living others wait for, a render as often as somebody waits for it.
        guests: Vec<Wait>,
        /// Until when the seat before lets the service rest.
        rest_until: Option<Timestamp>,
    },
    /// Another living one.
    Another {
        /// Until when it lets the service rest.
        rest_until: Option<Timestamp>,
    },
}

/// The calls of a ledger that several processes wait on.
pub trait Sharing: Send + Sync {
    /// Says what a seat waits for, and asks for the turn: takes it when it is free, renews it when it is the seat's own.
    fn share(&self, share: Share) -> Reply<'_, ReadLease>;

    /// A seat waits for nothing any more: its turn is free. Without this it is so when its process ends.
    fn leave(&self, space: Space, seat: WatcherId) -> Reply<'_, ()>;

    /// Comes back when somebody else may have written since `heard`, at once without one; says how far that is. A
    /// store's own writes may be news to it or not.
    fn news(&self, heard: Option<Mark>) -> Reply<'_, Mark>;
}

/// The turn of a space as a store keeps it: what it means is the same for every store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The process, by the name that the store gave it.
    pub owner: String,
    /// Its seat.
    pub seat: WatcherId,
    /// When the turn was taken or renewed.
    pub renewed_at: Timestamp,
    /// Until when the service is left alone.
    pub rest_until: Option<Timestamp>,
}

/// What becomes of a turn when a seat asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// It is the asker's, and this is to be written.
    Written(Reader),
    /// It is the asker's, and was renewed so lately that nothing is to be written.
    Kept(Reader),
    /// It stays another's.
    Left(Reader),
}

/// What becomes of the turn `reader` when `owner` asks for it; `is_alive` says whether the reader's process lives.
///
/// # Errors
/// When `is_alive` fails.
pub fn asked<E>(reader: Option<Reader>, share: &Share, owner: &str, is_alive: impl FnOnce(&str) -> Result<bool, E>) -> Result<Asked, E> {
    let (at, rest_until) = (share.at, share.rest_until);
    let mine = |rest_until| Reader { owner: owner.to_owned(), seat: share.seat, renewed_at: at, rest_until };
    let Some(reader) = reader else { return Ok(Asked::Written(mine(rest_until))) };
    // A clock that was set back must not make a turn stand for ever.
    let age = at.since(reader.renewed_at).max(reader.renewed_at.since(at));
    if reader.owner == owner && reader.seat == share.seat {
        let is_news = reader.rest_until != rest_until || age >= share.stands / 4;
        return Ok(if is_news { Asked::Written(mine(rest_until)) } else { Asked::Kept(reader) });
    }
    if age < share.stands && is_alive(&reader.owner)? {
        return Ok(Asked::Left(reader));
    }
    // The service is as ill for the next reader as it was for the last.
    Ok(Asked::Written(mine(rest_until.max(reader.rest_until))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDS: Duration = Duration::from_secs(10);

    fn share(seat: u64, second: i64) -> Share {
        let space = Space { account: "a".to_owned(), endpoint: "e".to_owned() };
        Share { space, seat: WatcherId(seat), waits: Vec::new(), rest_until: None, at: Timestamp(second * 1000), stands: STANDS }
    }

    fn reader(owner: &str, seat: u64, second: i64) -> Reader {
        Reader { owner: owner.to_owned(), seat: WatcherId(seat), renewed_at: Timestamp(second * 1000), rest_until: None }
    }

    fn asked_by_me(reader: Option<Reader>, share: &Share, is_alive: bool) -> Asked {
        asked(reader, share, "me", |_| Ok::<_, std::convert::Infallible>(is_alive)).unwrap()
    }

    #[test]
    fn a_turn_is_taken_when_nobody_has_it_or_its_process_is_gone_or_stuck() {
        let mine = |second| Asked::Written(reader("me", 1, second));
        assert_eq!(asked_by_me(None, &share(1, 5), true), mine(5));
        assert_eq!(asked_by_me(Some(reader("other", 2, 5)), &share(1, 14), true), Asked::Left(reader("other", 2, 5)));
        assert_eq!(asked_by_me(Some(reader("other", 2, 5)), &share(1, 6), false), mine(6));
        assert_eq!(asked_by_me(Some(reader("other", 2, 5)), &share(1, 15), true), mine(15));
        assert_eq!(asked_by_me(Some(reader("other", 2, 50)), &share(1, 5), true), mine(5), "its clock was set back");
        assert_eq!(asked_by_me(Some(reader("me", 2, 5)), &share(1, 6), true), Asked::Left(reader("me", 2, 5)));
    }

    #[test]
    fn a_turn_of_its_own_is_written_again_only_now_and_then() {
        assert_eq!(asked_by_me(Some(reader("me", 1, 5)), &share(1, 7), true), Asked::Kept(reader("me", 1, 5)));
        assert_eq!(asked_by_me(Some(reader("me", 1, 5)), &share(1, 8), true), Asked::Written(reader("me", 1, 8)));
    }

    #[test]
    fn the_rest_that_a_reader_gave_the_service_is_kept_by_the_next_one() {
        let rest = Some(Timestamp(20_000));
        let resting = Reader { rest_until: rest, ..reader("other", 2, 5) };
        assert_eq!(asked_by_me(Some(resting), &share(1, 6), false), Asked::Written(Reader { rest_until: rest, ..reader("me", 1, 6) }));
    }
}
