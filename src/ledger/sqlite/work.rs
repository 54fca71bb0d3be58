//! The work of the store inside a transaction: the calls of [`crate::ledger::Store`] in terms of rows.

use super::failure::Failure;
use super::job::Session;
use super::{outbox, recovery, rows, tally};
use crate::ledger::batch::Unclaimed;
use crate::ledger::change::{Applied, Placing, apply, placing, wanted};
use crate::ledger::columns::{MARKS, STATE};
use crate::ledger::{Change, NewRender, PlaceResult, Record, Recorded, Render, RenderId, history};
use crate::render::state::{Fact, InvalidTransition};
use crate::world::Timestamp;

/// Places one draft: as a new intent, or on an existing row.
pub(super) fn place(session: &Session<'_>, draft: &NewRender) -> Result<PlaceResult, Failure> {
    let known = if draft.named {
        match rows::latest(session.connection, &draft.space, &draft.scope, &draft.key)? {
            None => recovery::claim(session, draft)?,
            known => known,
        }
    } else {
        rows::unsettled(session.connection, &draft.space, &draft.scope, draft.movie, session.owners.me())?
    };
    match placing(draft, known) {
        Placing::Existing(render) => Ok(PlaceResult::Existing(*render)),
        Placing::New { generation } => insert(session, draft, generation).map(PlaceResult::New),
    }
}

fn insert(session: &Session<'_>, draft: &NewRender, generation: u32) -> Result<Render, Failure> {
    let mut render = wanted(RenderId(0), draft, generation);
    render.id = rows::insert(session.connection, &render, Some(&draft.body))?;
    tally::entered(session.connection, &render)?;
    rows::tell(session.connection, render.id, &history::created(&render))?;
    Ok(render)
}

/// Records one change.
pub(super) fn record(session: &Session<'_>, record: &Record) -> Result<Result<Recorded, InvalidTransition>, Failure> {
    take_in(session, &load(session, record.render)?, &record.change, record.at)
}

fn load(session: &Session<'_>, render: RenderId) -> Result<Render, Failure> {
    let found = rows::load(session.connection, render)?;
    found.ok_or_else(|| Failure::Refused(format!("there is no render {}", render.0)))
}

fn take_in(session: &Session<'_>, before: &Render, change: &Change, at: Timestamp) -> Result<Result<Recorded, InvalidTransition>, Failure> {
    let owner = session.owners.me().unwrap_or_default();
    match apply(before, change, at, owner) {
        Ok(applied) => write(session, before, applied).map(Ok),
        Err(out_of_turn) => Ok(Err(out_of_turn)),
    }
}

fn write(session: &Session<'_>, before: &Render, applied: Applied) -> Result<Recorded, Failure> {
    let Applied { recorded, event, drops_body, is_news } = applied;
    let after = &recorded.render;
    if after.submission != before.submission {
        rows::update(session.connection, after, STATE.iter().chain(&MARKS))?;
    } else if after != before {
        rows::update(session.connection, after, MARKS.iter())?;
    }
    if drops_body {
        rows::drop_body(session.connection, after.id)?;
    }
    if let Some(event) = event {
        rows::tell(session.connection, after.id, &event)?;
    }
    if is_news {
        outbox::put_where_there_is_a_receiver(session.connection, after)?;
    }
    tally::moved(session.connection, before, after)?;
    Ok(recorded)
}

/// Claims one render, if the budget of its batch allows it.
pub(super) fn claim(session: &Session<'_>, render: RenderId, at: Timestamp) -> Result<Result<Recorded, Unclaimed>, Failure> {
    let before = load(session, render)?;
    if before.row.is_some()
        && let Err(over) = tally::afford(session.connection, render)?
    {
        return Ok(Err(over));
    }
    Ok(take_in(session, &before, &Change::Fact(Fact::Claimed), at)?.map_err(Unclaimed::from))
}

/// Turns the renders that dead processes were sending into `unknown`.
pub(super) fn reap(session: &Session<'_>, at: Timestamp) -> Result<Vec<Render>, Failure> {
    let mut sending = rows::sending(session.connection)?;
    sending.retain(|render| render.owner.as_deref() != session.owners.me());
    if sending.is_empty() {
        return Ok(Vec::new());
    }
    let alive = session.owners.others()?;
    let gone = sending.into_iter().filter(|render| !render.owner.as_ref().is_some_and(|owner| alive.contains(owner)));
    let orphaned = |render: Render| {
        let record = Record { render: render.id, change: Change::Fact(Fact::OwnerGone), at };
        self::record(session, &record).map(|recorded| recorded.map_or(render, |recorded| recorded.render))
    };
    gone.map(orphaned).collect()
}
