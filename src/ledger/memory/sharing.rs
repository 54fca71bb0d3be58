//! What each watcher waits for, and the read lease, in memory: every watcher belongs to this process, which is alive.

use super::{Memory, OWNER, reply};
use crate::ledger::sharing::{Asked, Mark, ReadLease, Reader, Share, Sharing, Wait, WatcherId, asked};
use crate::ledger::{LedgerError, Reply, Space};

/// The waits of all watchers, and the read lease.
#[derive(Default)]
pub(super) struct Seats {
    waits: Vec<(Space, WatcherId, Wait)>,
    readers: Vec<(Space, Reader)>,
}

impl Sharing for Memory {
    fn share(&self, share: Share) -> Reply<'_, ReadLease> {
        let mut seats = self.seats();
        seats.waits.retain(|(_, seat, _)| *seat != share.seat);
        seats.waits.extend(share.waits.iter().map(|wait| (share.space.clone(), share.seat, *wait)));
        let before = seats.take_reader(&share.space);
        let asked = asked(before, &share, OWNER, |_| Ok::<_, LedgerError>(true));
        reply(asked.map(|asked| {
            let (Asked::Written(reader) | Asked::Kept(reader) | Asked::Left(reader)) = asked;
            let rest_until = reader.rest_until;
            let is_mine = reader.seat == share.seat;
            seats.readers.push((share.space.clone(), reader));
            let others = seats.waits.iter().filter(|(space, seat, _)| *space == share.space && *seat != share.seat);
            let guests = others.map(|(.., wait)| *wait).collect();
            if is_mine { ReadLease::Mine { guests, rest_until } } else { ReadLease::Another { rest_until } }
        }))
    }

    fn leave(&self, space: Space, seat: WatcherId) -> Reply<'_, ()> {
        let mut seats = self.seats();
        seats.waits.retain(|(_, of, _)| *of != seat);
        seats.readers.retain(|(of, reader)| *of != space || reader.seat != seat);
        reply(Ok(()))
    }

    fn news(&self, heard: Option<Mark>) -> Reply<'_, Mark> {
        let mut writes = self.writes.subscribe();
        Box::pin(async move {
            let now = writes.wait_for(|now| heard != Some(Mark(*now))).await;
            now.map(|now| Mark(*now)).map_err(|_| LedgerError::Closed)
        })
    }
}

impl Seats {
    fn take_reader(&mut self, space: &Space) -> Option<Reader> {
        let place = self.readers.iter().position(|(of, _)| of == space)?;
        Some(self.readers.swap_remove(place).1)
    }
}
