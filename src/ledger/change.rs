//! What a draft and a change make of a row. Pure, and the same for every store: a store loads a row, asks
//! here, and writes what comes back.

use serde_json::Value;

use super::{Again, Change, Event, NewRender, Recorded, Render, RenderId, story};
use crate::render::identity::MovieHash;
use crate::render::outcome::{Report, Status};
use crate::render::state::{Fact, InvalidTransition, State, Submission};
use crate::world::Timestamp;

/// A change that was taken in: the row after it, and the line it adds to the story.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The row after it and what is to be done now.
    pub recorded: Recorded,
    /// What is told of it, if anything.
    pub event: Option<Event>,
}

/// Where a draft goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Placing {
    /// To a row that is there.
    Existing(Box<Render>),
    /// To a new row.
    New {
        /// Which render of its key it is, from 1.
        generation: u32,
    },
}

/// Decides where a draft goes. `known` is the latest generation of its key when the user gave one, else an
/// unsettled row with the same movie that this process doesn't send itself.
#[must_use]
pub fn placing(draft: &NewRender, known: Option<Render>) -> Placing {
    match known {
        None => Placing::New { generation: 1 },
        Some(latest) if draft.named && draft.again == Again::Yes && gives_way(&latest, draft.movie) => {
            Placing::New { generation: latest.generation + 1 }
        }
        Some(known) => Placing::Existing(Box::new(known)),
    }
}

/// Whether a movie that is asked for again becomes a new generation of its key. What may have been paid for, or will be, is
/// never doubled by asking again.
#[must_use]
pub fn gives_way(latest: &Render, movie: MovieHash) -> bool {
    let is_the_same_wish = latest.submission.state == State::Intent && latest.movie == movie;
    !latest.submission.state.is_unsettled() && !is_the_same_wish
}

/// The row of a draft: an intent.
#[must_use]
pub fn wanted(id: RenderId, draft: &NewRender, generation: u32) -> Render {
    Render {
        id,
        space: draft.space.clone(),
        scope: draft.scope.clone(),
        key: draft.key.clone(),
        named: draft.named,
        generation,
        movie: draft.movie,
        traceable: draft.traceable,
        source: draft.source.clone(),
        flags: draft.flags.clone(),
        row: draft.row,
        submission: Submission::new(draft.on_unknown),
        owner: None,
        quarantine: draft.quarantine,
        created_at: draft.at,
        touched_at: draft.at,
        posted_at: None,
        gave_up_at: None,
        searched_at: None,
        bound_at: None,
        read_at: None,
        refusal: None,
        report: None,
        file: None,
    }
}

/// Takes in a change; `owner` is the name under which this store claims.
///
/// # Errors
/// When the machine says that the fact is out of turn: nothing is to be written.
pub fn apply(before: &Render, change: &Change, at: Timestamp, owner: &str) -> Result<Applied, InvalidTransition> {
    let mut render = before.clone();
    let mut action = None;
    match change {
        Change::Fact(fact) => {
            let step = before.submission.step(fact)?;
            render.submission = step.next;
            action = Some(step.action);
            mark(&mut render, before, fact, at, owner);
        }
        Change::Searched => render.searched_at = Some(at),
        Change::Saved(path) => render.file = Some(path.clone()),
        Change::Overwritten => render.file = None,
        Change::Note(_) => {}
        Change::Rule(rule) => render.submission.on_unknown = *rule,
        Change::Quarantine(length) => render.quarantine = *length,
    }
    let action = action.unwrap_or_else(|| render.submission.action());
    let event = story::line(before, change, &render, &action, at);
    if event.is_some() {
        render.touched_at = at;
    }
    Ok(Applied { recorded: Recorded { render, action }, event })
}

/// Whether the movie as it is sent is of no more use: the service has deleted the video.
#[must_use]
pub fn is_past(state: State) -> bool {
    matches!(state, State::Deleted | State::Expired)
}

/// What a fact writes beside the submission. A fact that the machine let pass without effect (an answer of an
/// older epoch, a refusal of what is bound) writes nothing.
fn mark(render: &mut Render, before: &Render, fact: &Fact, at: Timestamp, owner: &str) {
    let (was, is) = (before.submission.state, render.submission.state);
    match fact {
        Fact::Claimed => {
            render.owner = Some(owner.to_owned());
            render.posted_at = Some(at);
            render.gave_up_at = None;
        }
        // The latest moment counts, whoever tells it: the quarantine may only grow longer by it.
        Fact::Lost { .. } if is == State::Unknown => render.gave_up_at = Some(at),
        Fact::OwnerGone if was == State::Sending => render.gave_up_at = Some(at),
        Fact::Refused { refusal, .. } if was != is => render.refusal = Some(refusal.clone()),
        Fact::Accepted { .. } | Fact::Found { .. } | Fact::Adopted { .. } if before.submission.project != render.submission.project => {
            render.bound_at = Some(at);
        }
        Fact::Seen(report) if render.submission.project.as_ref() == Some(&report.project) => {
            render.read_at = Some(at);
            render.report = Some(highest(before.report.as_ref(), report));
        }
        _ => {}
    }
}

/// The report to keep: a lower status never replaces a higher one; of two with the same rank the new one
/// stands, and keeps what it doesn't say itself (a callback says less than an answer to `GET`).
fn highest(kept: Option<&Report>, new: &Report) -> Report {
    let Some(kept) = kept.filter(|kept| kept.project == new.project) else { return new.clone() };
    match rank(&kept.status).cmp(&rank(&new.status)) {
        std::cmp::Ordering::Less => new.clone(),
        std::cmp::Ordering::Equal => filled(kept, new),
        std::cmp::Ordering::Greater => kept.clone(),
    }
}

/// How far a status is (`protocol.md`2 to 34): `done` may still come after `timeout` and `error`.
fn rank(status: &Status) -> u8 {
    match status {
        Status::Pending => 0,
        Status::Running | Status::Other(_) => 1,
        Status::Timeout => 2,
        Status::Error => 3,
        Status::Done => 4,
        Status::Deleted => 5,
    }
}

fn filled(kept: &Report, new: &Report) -> Report {
    let (Some(old_fields), Some(new_fields)) = (kept.raw.as_object(), new.raw.as_object()) else { return new.clone() };
    let mut fields = old_fields.clone();
    // An address that is `null` by now is gone; any other blank is only not said.
    for (name, value) in new_fields.iter().filter(|(name, value)| !is_blank(value) || *name == "url") {
        fields.insert(name.clone(), value.clone());
    }
    Report::read(&Value::Object(fields)).unwrap_or_else(|| new.clone())
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}
