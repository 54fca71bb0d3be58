//! What the receiver has still to ask about: the projects with open callbacks, by their progress, and the rounds of
//! requests that may start.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant as Tick;

use crate::ledger::inbox::Kept;
use crate::render::identity::ProjectId;
use crate::work::poll::Target;

/// Rounds of requests in flight at once: for renders of the ledger, and for projects that the ledger does not know.
/// Invented ids therefore delay no render.
const ROUNDS: [usize; 2] = [8, 4];

/// Up to this many renders are read singly, each in a round of its own.
const SINGLE: usize = 8;

/// More renders are read through the list, a page at a time (`service.md#list`).
const PAGE: usize = 100;

/// The longest sleep; callbacks that another process stored are seen by then.
const GLANCE: Duration = Duration::from_secs(5);

/// Whether the ledger has a render of the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ownership {
    Ours,
    Elsewhere,
}

/// Renders that are read together.
pub(super) struct Round {
    pub(super) ownership: Ownership,
    pub(super) of: Vec<(Target, Vec<Kept>)>,
}

/// The projects with open callbacks, by their progress.
#[derive(Default)]
pub(super) struct Agenda {
    /// Projects that the service did not confirm, with the time of the next look.
    pub(super) waiting: HashMap<ProjectId, Tick>,
    /// Projects with a request in flight.
    pub(super) asked: HashSet<ProjectId>,
    /// Rounds in flight: for renders of the ledger, and for unknown projects.
    pub(super) out: [usize; 2],
    /// Whether work is left for the time when a request is answered.
    pub(super) has_more: bool,
    /// When the first of `waiting` is due, or earlier.
    pub(super) soonest: Option<Tick>,
}

impl Agenda {
    /// Records the answer about a project: it is done, or asked for again after a pause.
    pub(super) fn answered(&mut self, project: ProjectId, again: Option<Duration>) {
        self.asked.remove(&project);
        let Some(pause) = again else {
            self.waiting.remove(&project);
            return;
        };
        let due = Tick::now() + pause;
        self.waiting.insert(project, due);
        self.soonest = Some(self.soonest.map_or(due, |soonest| soonest.min(due)));
    }

    /// When to look at the callbacks next, after a look at `since`.
    pub(super) fn next_look(&self, since: Tick) -> Tick {
        self.soonest.map_or(since + GLANCE, |soonest| soonest.min(since + GLANCE))
    }

    /// The rounds that may start now for one kind of project. Projects without a free round stay due.
    pub(super) fn rounds(&mut self, ownership: Ownership, mut due: Vec<(Target, Vec<Kept>)>) -> Vec<Round> {
        let size = if due.len() <= SINGLE { 1 } else { PAGE };
        let mut rounds = Vec::new();
        while !due.is_empty() && self.out[ownership as usize] < ROUNDS[ownership as usize] {
            let of: Vec<_> = due.drain(..size.min(due.len())).collect();
            self.asked.extend(of.iter().map(|(target, _)| target.project.clone()));
            self.out[ownership as usize] += 1;
            rounds.push(Round { ownership, of });
        }
        self.has_more |= !due.is_empty();
        rounds
    }
}
