//! The history of a render: a change adds at most one line. The functions are pure, and the same for every store.
//!
//! A change without effect adds no line: a render is polled hundreds of times, and its history is for people. The few lines
//! that also decide something are read here, where they are written; ledgers hold their words, so those don't change.

use super::{Change, Event, Render};
use crate::render::outcome::Report;
use crate::render::state::{Action, Fact, OnUnknown, State};
use crate::world::Timestamp;

/// The kind of a line that says where a video was saved.
pub const SAVED: &str = "saved";

const ACCEPTED: &str = "accepted";
const FOUND: &str = "found";
const SHOWN: &str = "its project was shown";

/// Whether the user who submitted a render without a key never saw its project: the answer was lost with the process, and
/// another command has found the project since.
#[must_use]
pub fn is_unseen(history: &[Event]) -> bool {
    let was_shown = history.iter().any(|event| event.kind == ACCEPTED || event.detail == SHOWN);
    !was_shown && history.iter().any(|event| event.kind == FOUND)
}

/// The first line: the render was requested.
#[must_use]
pub fn created(render: &Render) -> Event {
    let detail = format!("generation {} of {}, from {}", render.generation, render.key, render.source);
    Event { at: render.created_at, kind: "created".to_owned(), detail }
}

/// The first line of a render that was restored after the ledger lost it.
#[must_use]
pub fn restored(render: &Render) -> Event {
    let detail = "put back from its token on the server's list; its file, its flags and what came before are not known".to_owned();
    Event { at: render.touched_at, kind: "restored".to_owned(), detail }
}

/// The line that a change adds, if any. `action` is the protocol's next action.
#[must_use]
pub fn line(before: &Render, change: &Change, after: &Render, action: &Action, at: Timestamp) -> Option<Event> {
    let (kind, detail) = match (change, action) {
        (Change::Fact(_), Action::Alarm(second)) => ("alarm", format!("the service made a second project: {second}")),
        (Change::Fact(Fact::Seen(_)), _) => seen(before, after)?,
        (Change::Fact(fact), _) if before.submission != after.submission => fact_line(fact, before, after),
        // The row holds the time of the last search; dozens of searches without a result would bury the other lines.
        (Change::Fact(_) | Change::Searched | Change::Quarantine(_), _) => return None,
        (Change::Saved(path), _) => (SAVED, path.display().to_string()),
        (Change::Overwritten, _) => ("overwritten", "its file is another render's now".to_owned()),
        (Change::GivesWayTo(Some(earlier)), _) => ("edit", format!("taken back: generation {earlier} counts for the row")),
        (Change::GivesWayTo(None), _) => ("edit", "made again: this generation counts for the row".to_owned()),
        (Change::Shown, _) => ("note", SHOWN.to_owned()),
        (Change::Rule(OnUnknown::Hold), _) => ("rule", "hold it when it stays unknown".to_owned()),
        (Change::Rule(OnUnknown::Resubmit), _) => ("rule", "resubmit it once when it stays unknown".to_owned()),
    };
    Some(Event { at, kind: kind.to_owned(), detail })
}

fn fact_line(fact: &Fact, before: &Render, after: &Render) -> (&'static str, String) {
    let attempt = || format!("attempt {}", after.submission.attempt);
    match fact {
        Fact::Claimed => ("claimed", format!("{}, epoch {}", attempt(), after.submission.epoch)),
        Fact::NotSent { .. } => ("not-sent", "nothing was accepted".to_owned()),
        Fact::Accepted { project } => (ACCEPTED, project.to_string()),
        Fact::Refused { refusal, .. } => ("refused", refusal.message.clone()),
        Fact::Lost { why, .. } => ("lost", why.clone()),
        Fact::OwnerGone => ("orphaned", format!("the process that sent it is gone ({})", before.owner.as_deref().unwrap_or("nameless"))),
        Fact::Found { project } => (FOUND, project.to_string()),
        Fact::QuarantineOver { .. } if after.submission.state == State::Held => ("held", "looked for and not found".to_owned()),
        Fact::QuarantineOver { .. } => ("resubmitted", format!("looked for and not found: {}", attempt())),
        Fact::Reopened => ("reopened", attempt()),
        Fact::Adopted { project } => ("adopted", project.to_string()),
        Fact::Resubmitted => ("resubmitted", format!("by a person: {}", attempt())),
        Fact::Abandoned => ("abandoned", "by a person".to_owned()),
        Fact::Seen(report) => ("seen", report.status.as_str().to_owned()),
        Fact::Expired => ("expired", "the service has deleted the file".to_owned()),
    }
}

fn seen(before: &Render, after: &Render) -> Option<(&'static str, String)> {
    let status = |render: &Render| render.report.as_ref().map(|report| report.status.clone());
    let news = before.submission.state != after.submission.state || status(before) != status(after);
    after.report.as_ref().filter(|_| news).map(|report| ("seen", in_words(report)))
}

fn in_words(report: &Report) -> String {
    let status = report.status.as_str();
    report.message.as_ref().map_or_else(|| status.to_owned(), |message| format!("{status}: {message}"))
}
