//! The inbox and the outbox in memory.

use std::collections::{HashMap, HashSet};

use super::{Memory, OWNER, reply};
use crate::ledger::inbox::{Callback, CallbackId, Callbacks, Inbox, Kept, Received};
use crate::ledger::outbox::{
    Announcement, Attempt, BY_ITSELF, Deliveries, Delivery, DeliveryId, Heard, Keeping, Outbox, Progress, Receiver, is_final,
};
use crate::ledger::{Render, Reply, Space};
use crate::render::outcome::Report;
use crate::world::Timestamp;

/// Callbacks that arrived and deliveries to make.
#[derive(Default)]
pub(super) struct Mail {
    letters: Vec<Letter>,
    /// The number of callbacks and deliveries so far: a number is never given twice.
    named: i64,
    deliveries: Vec<Delivery>,
    receivers: HashMap<Space, Receiver>,
}

struct Letter {
    kept: Kept,
    hash: [u8; 32],
    raw: Vec<u8>,
}

impl Inbox for Memory {
    fn receive(&self, callbacks: Vec<Callback>) -> Reply<'_, Vec<Received>> {
        let mut mail = self.mail();
        reply(Ok(callbacks.into_iter().map(|callback| mail.receive(callback)).collect()))
    }

    fn callbacks(&self, space: Option<Space>, which: Callbacks) -> Reply<'_, Vec<Kept>> {
        let mail = self.mail();
        let is_wanted = |kept: &Kept| {
            space.as_ref().is_none_or(|space| kept.space == *space)
                && match &which {
                    Callbacks::Id(id) => kept.id == *id,
                    Callbacks::Open(_) => kept.settled_at.is_none(),
                    Callbacks::Of(projects) => kept.project.as_ref().is_some_and(|project| projects.contains(project)),
                    Callbacks::Last(_) => true,
                }
        };
        let mut found: Vec<Kept> = mail.letters.iter().map(|letter| &letter.kept).filter(|kept| is_wanted(kept)).cloned().collect();
        if let Callbacks::Last(_) = which {
            found.reverse();
        }
        if let Callbacks::Open(most) | Callbacks::Last(most) = which {
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        }
        reply(Ok(found))
    }

    fn raw(&self, callback: CallbackId) -> Reply<'_, Option<Vec<u8>>> {
        reply(Ok(self.mail().letters.iter().find(|letter| letter.kept.id == callback).map(|letter| letter.raw.clone())))
    }

    fn settle(&self, callbacks: Vec<CallbackId>, at: Timestamp) -> Reply<'_, ()> {
        let mut mail = self.mail();
        for letter in mail.letters.iter_mut().filter(|letter| callbacks.contains(&letter.kept.id)) {
            letter.kept.settled_at.get_or_insert(at);
        }
        reply(Ok(()))
    }

    fn forget(&self, before: Timestamp) -> Reply<'_, u64> {
        let known: HashSet<_> = {
            let rows = self.rows();
            let named = rows.iter().filter_map(|row| Some((row.render.space.clone(), row.render.submission.project.clone()?)));
            named.collect()
        };
        let mut mail = self.mail();
        let count = mail.letters.len();
        let is_known = |kept: &Kept| kept.project.clone().is_some_and(|project| known.contains(&(kept.space.clone(), project)));
        mail.letters.retain(|letter| letter.kept.received_at >= before || is_known(&letter.kept));
        reply(Ok(u64::try_from(count - mail.letters.len()).unwrap_or(u64::MAX)))
    }
}

impl Outbox for Memory {
    fn announce(&self, outcomes: Vec<Announcement>) -> Reply<'_, Vec<bool>> {
        let mut mail = self.mail();
        reply(Ok(outcomes.iter().map(|outcome| mail.announce(outcome)).collect()))
    }

    fn next_due(&self, space: Space) -> Reply<'_, Option<Timestamp>> {
        let mail = self.mail();
        let due = mail.deliveries.iter().filter(|delivery| delivery.space == space && delivery.progress == Progress::Due);
        reply(Ok(due.map(|delivery| delivery.due_at).min()))
    }

    fn take(&self, space: Space, most: u32, at: Timestamp) -> Reply<'_, Vec<Delivery>> {
        reply(Ok(self.mail().take(&space, most, at)))
    }

    fn delivered(&self, attempts: Vec<Attempt>) -> Reply<'_, ()> {
        let mut mail = self.mail();
        for attempt in attempts {
            if let Some(delivery) = mail.deliveries.iter_mut().find(|delivery| delivery.id == attempt.delivery) {
                tell(delivery, attempt);
            }
        }
        reply(Ok(()))
    }

    fn deliveries(&self, space: Option<Space>, which: Deliveries) -> Reply<'_, Vec<Delivery>> {
        let is_wanted = |delivery: &&Delivery| {
            space.as_ref().is_none_or(|space| delivery.space == *space)
                && match &which {
                    Deliveries::Of(projects) => projects.contains(&delivery.project),
                    Deliveries::Open(_) => matches!(delivery.progress, Progress::Due | Progress::Taken),
                    Deliveries::GivenUp(_) => delivery.progress == Progress::GivenUp,
                }
        };
        let mut found: Vec<Delivery> = self.mail().deliveries.iter().filter(is_wanted).cloned().collect();
        if let Deliveries::Open(most) | Deliveries::GivenUp(most) = which {
            found.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        }
        reply(Ok(found))
    }

    fn receiver(&self, space: Space) -> Reply<'_, Option<Receiver>> {
        reply(Ok(self.mail().receivers.get(&space).cloned()))
    }

    fn keep_receiver(&self, space: Space, keeping: Keeping, at: Timestamp) -> Reply<'_, Receiver> {
        let mut mail = self.mail();
        let receiver = mail.receivers.entry(space).or_insert(Receiver { path: None, public_url: None, since: at });
        receiver.path = keeping.path.or_else(|| receiver.path.take()).or(keeping.path_if_none);
        receiver.public_url = keeping.public_url.or_else(|| receiver.public_url.take());
        reply(Ok(receiver.clone()))
    }
}

impl Mail {
    fn receive(&mut self, callback: Callback) -> Received {
        let hash = callback.hash();
        let is_it =
            |letter: &&Letter| letter.hash == hash && letter.kept.space == callback.space && letter.kept.project == callback.project;
        if let Some(known) = self.letters.iter().find(is_it) {
            return Received::Known(known.kept.id);
        }
        self.named += 1;
        let id = CallbackId(self.named);
        let Callback { space, project, token, content_type, raw, at } = callback;
        let size = u64::try_from(raw.len()).unwrap_or(u64::MAX);
        let kept = Kept { id, space, project, token, content_type, size, received_at: at, settled_at: None };
        self.letters.push(Letter { kept, hash, raw });
        Received::New(id)
    }

    /// Adds the outcome of a render if its space has a receiver.
    pub(super) fn put_if_received(&mut self, render: &Render) {
        if let Some(report) = render.report.as_ref().filter(|_| self.receivers.contains_key(&render.space)) {
            self.put(&render.space, report, render.bound_at.unwrap_or(render.touched_at));
        }
    }

    fn announce(&mut self, outcome: &Announcement) -> bool {
        let Announcement { space, report, at, heard } = outcome;
        let is_new = self.put(space, report, *at);
        let is_it = |delivery: &&mut Delivery| {
            let waits = matches!(delivery.progress, Progress::Due | Progress::GivenUp);
            waits && delivery.space == *space && delivery.project == report.project && delivery.status == report.status.as_str()
        };
        if *heard == Heard::Already
            && let Some(delivery) = self.deliveries.iter_mut().find(is_it)
        {
            delivery.progress = Progress::Done;
            delivery.touched_at = *at;
            delivery.detail = Some(BY_ITSELF.to_owned());
        }
        is_new
    }

    fn put(&mut self, space: &Space, report: &Report, at: Timestamp) -> bool {
        let status = report.status.as_str();
        let is_it = |delivery: &Delivery| delivery.space == *space && delivery.project == report.project && delivery.status == status;
        if !is_final(&report.status) || self.deliveries.iter().any(is_it) {
            return false;
        }
        let id = DeliveryId(i64::try_from(self.deliveries.len()).unwrap_or(i64::MAX).saturating_add(1));
        self.deliveries.push(Delivery {
            id,
            space: space.clone(),
            project: report.project.clone(),
            status: status.to_owned(),
            report: report.clone(),
            progress: Progress::Due,
            attempts: 0,
            due_at: at,
            owner: None,
            touched_at: at,
            detail: None,
        });
        true
    }

    fn take(&mut self, space: &Space, most: u32, at: Timestamp) -> Vec<Delivery> {
        let ours = || self.deliveries.iter().filter(|delivery| delivery.space == *space);
        let mut busy: HashSet<_> =
            ours().filter(|delivery| delivery.progress == Progress::Taken).map(|delivery| delivery.project.clone()).collect();
        let mut due: Vec<_> = ours().filter(|delivery| delivery.progress == Progress::Due && delivery.due_at <= at).collect();
        due.sort_by_key(|delivery| (delivery.due_at, delivery.id));
        let wanted: HashSet<_> = due
            .into_iter()
            .filter(|delivery| busy.insert(delivery.project.clone()))
            .take(usize::try_from(most).unwrap_or(usize::MAX))
            .map(|delivery| delivery.id)
            .collect();
        let taken = self.deliveries.iter_mut().filter(|delivery| wanted.contains(&delivery.id)).map(|delivery| {
            delivery.progress = Progress::Taken;
            delivery.owner = Some(OWNER.to_owned());
            delivery.attempts += 1;
            delivery.touched_at = at;
            delivery.clone()
        });
        taken.collect()
    }
}

fn tell(delivery: &mut Delivery, attempt: Attempt) {
    if attempt.handed.is_wanted() == (delivery.progress == Progress::Taken) {
        return;
    }
    let (progress, due_at, uncounted) = attempt.handed.comes_to();
    delivery.progress = progress;
    delivery.due_at = due_at.unwrap_or(delivery.due_at);
    delivery.attempts -= uncounted;
    delivery.owner = None;
    delivery.touched_at = attempt.at;
    delivery.detail = Some(attempt.detail);
}
