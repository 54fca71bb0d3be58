//! The work of the store inside a transaction: the calls of [`crate::ledger::Store`] in terms of rows. A call needs a few
//! statements, whatever the number of rows.

use std::collections::{HashMap, HashSet};

use futures_util::future::{try_join, try_join3, try_join5};

use super::channel::Channel;
use super::engine::Session;
use super::failure::Failure;
use super::recovery::Restored;
use super::rows::RenderName;
use super::{outbox, owner, rows, tally, write};
use crate::ledger::batch::TallyChanges;
use crate::ledger::change::{Placing, apply, placing, wanted};
use crate::ledger::columns::{MARKS, STATE};
use crate::ledger::{Again, Change, Event, NewRender, PlaceResult, Record, Recorded, Render, RenderId, Space, history};
use crate::render::identity::MovieHash;
use crate::render::state::{Fact, InvalidTransition};
use crate::world::Timestamp;

/// What a ledger knows of the keys and the movies of drafts.
struct Known {
    /// The latest generations of the keys that users gave.
    latest: Vec<Render>,
    /// The unsettled rows with the movies of the other drafts.
    unsettled: Vec<Render>,
    restored: Restored,
}

/// Places drafts: each as a new intent, or on an existing row.
pub(super) async fn place(session: &Session<'_>, drafts: &[NewRender]) -> Result<Vec<PlaceResult>, Failure> {
    let mut known = known(session, drafts).await?;
    let Settled { mut placed, bodies, counts } = settle(drafts, &mut known);
    if !bodies.is_empty() {
        insert(session.channel, &mut placed, &bodies).await?;
    }
    try_join(tally::write(session.channel, counts), known.restored.write(session.channel)).await?;
    Ok(placed)
}

async fn known(session: &Session<'_>, drafts: &[NewRender]) -> Result<Known, Failure> {
    let channel = session.channel;
    let (named, unnamed): (Vec<&NewRender>, Vec<&NewRender>) = drafts.iter().partition(|draft| draft.named);
    let keys: Vec<RenderName<'_>> = named.iter().map(|draft| (&draft.space, draft.scope.as_str(), &draft.key)).collect();
    let latest = async { if named.is_empty() { Ok(Vec::new()) } else { rows::latest(channel, &keys).await } };
    let unsettled =
        async { if unnamed.is_empty() { Ok(Vec::new()) } else { rows::unsettled(channel, &unnamed, session.owner.as_deref()).await } };
    let (mut latest, unsettled, restored) = try_join3(latest, unsettled, Restored::of(channel, &named)).await?;
    if named.iter().any(|draft| draft.again == Again::Yes) && !latest.is_empty() {
        // A row that a new generation replaces must not be sent meanwhile.
        let ids: Vec<i64> = latest.iter().map(|render| render.id.0).collect();
        latest = rows::locked(channel, &ids).await?;
    }
    Ok(Known { latest, unsettled, restored })
}

/// The placement of drafts, the bodies of those that become new rows, and the counts for the tallies.
struct Settled<'a> {
    placed: Vec<PlaceResult>,
    bodies: Vec<&'a [u8]>,
    counts: TallyChanges,
}

/// Decides where each draft is placed, one after the other. A new row has a negative number until it gets its own.
fn settle<'a>(drafts: &'a [NewRender], known: &mut Known) -> Settled<'a> {
    let name = |draft: &'a NewRender| (&draft.space, draft.scope.as_str(), &draft.key);
    let mut latest: HashMap<RenderName<'_>, Render> =
        known.latest.iter().map(|render| ((&render.space, render.scope.as_str(), &render.key), render.clone())).collect();
    let lost: HashMap<(&Space, &str, MovieHash), &Render> =
        known.unsettled.iter().map(|render| ((&render.space, render.scope.as_str(), render.movie), render)).collect();
    let mut settled = Settled { placed: Vec::with_capacity(drafts.len()), bodies: Vec::new(), counts: TallyChanges::default() };
    for draft in drafts {
        if draft.named
            && !latest.contains_key(&name(draft))
            && let Some(restored) = known.restored.claim(draft)
        {
            settled.counts.enter(&restored, None);
            latest.insert(name(draft), restored);
        }
        let found =
            if draft.named { latest.get(&name(draft)) } else { lost.get(&(&draft.space, draft.scope.as_str(), draft.movie)).copied() };
        match placing(draft, found.cloned()) {
            Placing::Existing(render) => settled.placed.push(PlaceResult::Existing(*render)),
            Placing::New { generation } => {
                settled.bodies.push(draft.body.as_slice());
                let nth = i64::try_from(settled.bodies.len()).unwrap_or(i64::MAX);
                let render = wanted(RenderId(-nth), draft, generation);
                settled.counts.enter(&render, latest.get(&name(draft)));
                latest.insert(name(draft), render.clone());
                settled.placed.push(PlaceResult::New(render));
            }
        }
    }
    settled
}

async fn insert(channel: &Channel, placed: &mut [PlaceResult], bodies: &[&[u8]]) -> Result<(), Failure> {
    let numbers = write::numbers(channel, bodies.len()).await?;
    let mut renders = Vec::with_capacity(bodies.len());
    for placed in placed {
        let (is_new, render) = match placed {
            PlaceResult::New(render) => (true, render),
            PlaceResult::Existing(render) => (false, render),
        };
        if let Some(number) = usize::try_from(-render.id.0).ok().and_then(|nth| numbers.get(nth.checked_sub(1)?)) {
            render.id = RenderId(*number);
        }
        if is_new {
            renders.push(render.clone());
        }
    }
    let inserted: HashSet<RenderId> = write::insert(channel, &renders).await?.into_iter().collect();
    if let Some(taken) = renders.iter().find(|render| !inserted.contains(&render.id)) {
        let why = || Failure::Refused(format!("the random key {} is taken: try again", taken.key));
        return Err(if taken.named { Failure::Raced } else { why() });
    }
    let stories: Vec<(RenderId, Event)> = renders.iter().map(|render| (render.id, history::created(render))).collect();
    try_join(write::bodies(channel, &numbers, bodies), write::tell(channel, &stories)).await.map(drop)
}

/// The results of changes.
pub(super) struct Changes {
    /// The rows before them, in the order of their numbers.
    found: Vec<Render>,
    /// The rows after the last of them.
    now: HashMap<RenderId, Render>,
    events: Vec<(RenderId, Event)>,
    /// The rows whose movies are no longer needed.
    past: Vec<i64>,
    /// The renders whose outcome is news, as they were then.
    news: Vec<Render>,
}

impl Changes {
    /// No changes yet of some locked rows.
    pub(super) fn of(found: Vec<Render>) -> Self {
        let now = found.iter().map(|render| (render.id, render.clone())).collect();
        Self { found, now, events: Vec::new(), past: Vec::new(), news: Vec::new() }
    }

    /// The current state of a row.
    pub(super) fn row(&self, id: RenderId) -> Result<&Render, Failure> {
        self.now.get(&id).ok_or_else(|| Failure::Refused(format!("there is no render {}", id.0)))
    }

    /// Records one change.
    pub(super) fn take_in(&mut self, record: &Record, owner: &str) -> Result<Result<Recorded, InvalidTransition>, Failure> {
        let before = self.row(record.render)?;
        let applied = match apply(before, &record.change, record.at, owner) {
            Ok(applied) => applied,
            Err(out_of_turn) => return Ok(Err(out_of_turn)),
        };
        let after = applied.recorded.render.clone();
        if applied.drops_body {
            self.past.push(after.id.0);
        }
        if applied.is_news {
            self.news.push(after.clone());
        }
        self.events.extend(applied.event.map(|event| (after.id, event)));
        self.now.insert(after.id, after);
        Ok(Ok(applied.recorded))
    }
}

/// Rows by their numbers, locked; each of them must exist.
pub(super) async fn lock(channel: &Channel, ids: &[RenderId]) -> Result<Vec<Render>, Failure> {
    let mut numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    rows::locked(channel, &numbers).await
}

/// Records changes with every affected row locked; the state machine decides the effect of each.
pub(super) async fn record(session: &Session<'_>, records: &[Record]) -> Result<Vec<Result<Recorded, InvalidTransition>>, Failure> {
    let ids: Vec<RenderId> = records.iter().map(|record| record.render).collect();
    let mut changes = Changes::of(lock(session.channel, &ids).await?);
    let owner = session.owner.as_deref().unwrap_or_default();
    let results = records.iter().map(|record| changes.take_in(record, owner)).collect::<Result<_, _>>()?;
    write(session.channel, changes).await?;
    Ok(results)
}

/// Writes the results of changes: all statements are sent at once.
pub(super) async fn write(channel: &Channel, changes: Changes) -> Result<(), Failure> {
    let Changes { found, mut now, events, past, news } = changes;
    let steps: Vec<(Render, Render)> = found.into_iter().filter_map(|before| now.remove(&before.id).map(|after| (before, after))).collect();
    let moved: Vec<&(Render, Render)> = steps.iter().filter(|(before, after)| before != after).collect();
    try_join5(
        update(channel, &moved),
        async { if events.is_empty() { Ok(()) } else { write::tell(channel, &events).await } },
        async { if past.is_empty() { Ok(()) } else { write::drop_bodies(channel, &past).await } },
        async { if news.is_empty() { Ok(()) } else { outbox::put_where_there_is_a_receiver(channel, &news).await } },
        count(channel, &steps),
    )
    .await
    .map(drop)
}

async fn update(channel: &Channel, moved: &[&(Render, Render)]) -> Result<(), Failure> {
    match moved {
        [] => Ok(()),
        [(before, after)] => write::change(channel, before, after).await,
        _ => {
            let rows: Vec<Render> = moved.iter().map(|(_, after)| after.clone()).collect();
            write::update(channel, &rows, STATE.iter().chain(&MARKS)).await
        }
    }
}

/// Counts the changes of batches' rows.
async fn count(channel: &Channel, steps: &[(Render, Render)]) -> Result<(), Failure> {
    let counted: Vec<&(Render, Render)> = steps.iter().filter(|(before, after)| TallyChanges::is_counted(before, after)).collect();
    if counted.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = counted.iter().map(|(_, after)| after.id.0).collect();
    // Checked after the rows were locked: a transaction that makes the next generation locks them as well.
    let overtaken = rows::overtaken(channel, &ids).await?;
    let mut counts = TallyChanges::default();
    for (before, after) in counted {
        counts.step(before, after, !overtaken.contains(&after.id));
    }
    tally::write(channel, counts).await
}

/// Deletes the leases that have ended, and turns what their owners were sending into `unknown`.
pub(super) async fn reap(session: &Session<'_>, at: Timestamp) -> Result<Vec<Render>, Failure> {
    owner::bury(session.channel).await?;
    let orphans = rows::orphans(session.channel).await?;
    let ids: Vec<RenderId> = orphans.iter().map(|render| render.id).collect();
    let mut changes = Changes::of(orphans);
    let mut reaped = Vec::with_capacity(ids.len());
    for render in ids {
        let gone = changes.take_in(&Record { render, change: Change::Fact(Fact::OwnerGone), at }, "")?;
        reaped.extend(gone.map(|recorded| recorded.render));
    }
    write(session.channel, changes).await?;
    Ok(reaped)
}
