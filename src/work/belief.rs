//! The rules of belief: which answers about an accepted render count at once, and which only after a while (`faults.md` rows
//! 30, 31 and 36), and how long a service that can't be read is left alone. `poll::doubt` applies them.

use std::time::Duration;

use tokio::time::Instant as Tick;

use super::Context;
use crate::policy::{DENIALS, DENIED_FOR, INVISIBLE_FOR, LIST_MARGIN, LONGEST_REST, READING_LIST, URL_LATE};
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::state::State;
use crate::world::Timestamp;

/// The answers about one render that are not believed yet.
#[derive(Debug, Default)]
pub(super) struct Doubt {
    /// Since when the service denies the project, and how often it has.
    denied: Option<(Tick, u32)>,
    /// Since when it reports the render as `done` without a URL.
    urlless: Option<Tick>,
}

impl Doubt {
    /// Records "no such project" for a render that was accepted `age` ago. Returns whether the list decides now.
    pub(super) fn denied(&mut self, age: Duration) -> bool {
        let (since, denials) = self.denied.get_or_insert_with(|| (Tick::now(), 0));
        *denials += 1;
        age >= INVISIBLE_FOR && *denials >= DENIALS && since.elapsed() >= DENIED_FOR
    }

    /// Records that the service knows the project.
    pub(super) fn seen(&mut self) {
        self.denied = None;
    }

    /// Whether a `done` without its URL is read again: the URL comes late.
    pub(super) fn awaits_url(&mut self, state: State, report: &Report, now: Timestamp) -> bool {
        let is_urlless = state == State::Done && report.url.is_none() && !report.is_expired(now);
        is_urlless && self.urlless.get_or_insert_with(Tick::now).elapsed() < URL_LATE
    }
}

/// How long to leave the service alone after `failures` reads in a row that failed, where reads are otherwise `pause` apart
/// (`faults.md` row 38).
pub(super) fn rest_after(failures: u32, pause: Duration) -> Duration {
    pause.saturating_mul(1 << failures.min(6)).min(LONGEST_REST.max(pause))
}

/// Says that a status is a word that no source lists (`faults.md` row 35).
pub(super) fn tell_of_unknown_word(context: &Context, report: &Report) {
    if let Status::Other(word) = &report.status {
        let why = format!("{}: the service reports the unknown status `{word}`; taken as running", report.project);
        context.tell(&Event::Warning(why));
    }
}

/// What the service's list says of a project.
pub(super) enum Listed {
    /// It is on the list.
    Shown(Box<Report>),
    /// The whole list was read, and does not show it.
    Absent,
    /// The list could not be read to its end.
    Unread,
}

/// Looks for a project, created at about `since`, on the list. What the status denies and the whole list does not show is
/// missing.
pub(super) async fn on_the_list(context: &Context, project: &ProjectId, since: Timestamp) -> Listed {
    let window = context.window(since.minus(LIST_MARGIN), context.world.now().plus(LIST_MARGIN));
    let Ok(sweep) = context.client.sweep(window, READING_LIST).await else { return Listed::Unread };
    match sweep.reports.into_iter().find(|report| report.project == *project) {
        Some(report) => Listed::Shown(Box::new(report)),
        None if sweep.whole => Listed::Absent,
        None => Listed::Unread,
    }
}
