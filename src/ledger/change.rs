//! The effect of a draft and of a change on a row. The functions are pure, and the same for every store: a store loads
//! a row, calls this module, and writes the result.

use serde_json::Value;

use super::outbox::is_news;
use super::{Again, Change, Event, NewRender, Recorded, Render, RenderId, history};
use crate::render::identity::MovieHash;
use crate::render::outcome::{Report, Status};
use crate::render::state::{Fact, InvalidTransition, State, Submission};
use crate::world::Timestamp;

/// A change that was accepted: the row after it, and the line that it adds to the history.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The row after it, and the next action.
    pub recorded: Recorded,
    /// The line for the history, if any.
    pub event: Option<Event>,
    /// Whether the stored movie is no longer needed: the service has deleted the video.
    pub drops_body: bool,
    /// Whether its outcome belongs into the outbox.
    pub is_news: bool,
}

/// Where a draft is placed.
#[derive(Debug, Clone, PartialEq)]
pub enum Placing {
    /// In an existing row.
    Existing(Box<Render>),
    /// In a new row.
    New {
        /// The number of this render of its key, counted from 1.
        generation: u32,
    },
}

/// Decides where a draft is placed. `known` is the latest generation of its key when the user gave a key. Otherwise it
/// is an unsettled row with the same movie that this process is not sending itself.
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

/// Whether a movie that is submitted again becomes a new generation of its key. A render that may have been paid for, or
/// will be, is never doubled by submitting it again.
#[must_use]
pub fn gives_way(latest: &Render, movie: MovieHash) -> bool {
    let is_the_same_wish = latest.submission.state == State::Intent && latest.movie == movie;
    !latest.submission.state.is_unsettled() && !is_the_same_wish
}

/// The row of a new draft: an intent.
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
        gives_way_to: None,
    }
}

/// Applies a change; `owner` is the name under which this store claims.
///
/// # Errors
/// When the state machine rejects the fact as out of turn: the store must write nothing.
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
        Change::Shown => {}
        Change::GivesWayTo(earlier) => render.gives_way_to = *earlier,
        Change::Rule(rule) => render.submission.on_unknown = *rule,
        Change::Quarantine(length) => render.quarantine = *length,
    }
    let action = action.unwrap_or_else(|| render.submission.action());
    let event = history::line(before, change, &render, &action, at);
    if event.is_some() {
        render.touched_at = at;
    }
    let (was, is) = (before.submission.state, render.submission.state);
    let drops_body = has_no_video(is) && !has_no_video(was);
    Ok(Applied { recorded: Recorded { render, action }, event, drops_body, is_news: is_news(was, is) })
}

fn has_no_video(state: State) -> bool {
    matches!(state, State::Deleted | State::Expired)
}

/// Sets the columns of a fact outside the submission. A fact that the state machine accepted without effect (an answer
/// of an older epoch, a refusal of a bound render) sets nothing.
fn mark(render: &mut Render, before: &Render, fact: &Fact, at: Timestamp, owner: &str) {
    let (was, is) = (before.submission.state, render.submission.state);
    match fact {
        Fact::Claimed => {
            render.owner = Some(owner.to_owned());
            render.posted_at = Some(at);
            render.gave_up_at = None;
        }
        // The latest moment counts, whichever process reports it: it may only lengthen the quarantine.
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

/// The report to keep. A lower status never replaces a higher one. Of two reports with the same rank the new one wins
/// and keeps the fields that it lacks (a callback has fewer fields than an answer to `GET`).
fn highest(kept: Option<&Report>, new: &Report) -> Report {
    let Some(kept) = kept.filter(|kept| kept.project == new.project) else { return new.clone() };
    match rank(&kept.status).cmp(&rank(&new.status)) {
        std::cmp::Ordering::Less => new.clone(),
        std::cmp::Ordering::Equal => filled(kept, new),
        std::cmp::Ordering::Greater => kept.clone(),
    }
}

/// The rank of a status (`faults.md` rows 32 to 34): `done` may still follow `timeout` and `error`.
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
    // A `null` address means that the file is gone; any other blank field is only absent.
    for (name, value) in new_fields.iter().filter(|(name, value)| !is_blank(value) || *name == "url") {
        fields.insert(name.clone(), value.clone());
    }
    Report::read(&Value::Object(fields)).unwrap_or_else(|| new.clone())
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(str::is_empty)
}
