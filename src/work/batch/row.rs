//! A row on its way through a run: what is kept of it, what the loops pass on with it, and how it ends.

use crate::ledger::RenderId;
use crate::render::event::Outcome;
use crate::render::outcome::Refusal;

/// What a run keeps of a row that is under way.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// Its index among the rows, from 0.
    pub(super) place: usize,
    /// Its number in the table.
    pub(super) number: u64,
    /// The file name without its extension, where that differs from the key.
    pub(super) stem: Option<Box<str>>,
    /// Whether the row keeps its earlier render although its movie has changed.
    pub(super) is_left: bool,
    /// The number of doubts in the ledger when the service's list was last read for it.
    pub(super) looked: u64,
}

/// A row whose render was accepted.
pub(super) struct Accepted {
    pub(super) row: Row,
    pub(super) id: RenderId,
}

/// A row whose answer is lost, or that another process is sending.
pub(super) struct Lost {
    pub(super) row: Row,
    pub(super) id: RenderId,
}

/// A row that is about to get its outcome.
pub(super) struct Ending {
    pub(super) row: Row,
    pub(super) how: How,
    /// Whether this run followed it.
    pub(super) was_rendering: bool,
}

/// How a row ends.
pub(super) enum How {
    /// Its outcome is already known.
    Over(Box<Outcome>),
    /// It is not sent because the run sends nothing more.
    HeldBack(Box<Outcome>),
    /// It is accepted and not followed.
    Submitted(RenderId),
    /// It has no project.
    Unbound(RenderId),
    /// The service returned its final status.
    Ended(RenderId),
    /// The time for following is over.
    Runs(RenderId),
    /// The service knows no such project.
    Missing(RenderId),
    /// The service refuses the request.
    Refused(RenderId, Box<Refusal>),
    /// The user interrupted.
    Interrupted(RenderId),
}

impl How {
    /// Its render, which its outcome is read from; none if the outcome is already known.
    pub(super) fn render(&self) -> Option<RenderId> {
        match self {
            Self::Over(_) | Self::HeldBack(_) => None,
            Self::Submitted(id) | Self::Unbound(id) | Self::Ended(id) | Self::Runs(id) | Self::Missing(id) | Self::Refused(id, _) => {
                Some(*id)
            }
            Self::Interrupted(id) => Some(*id),
        }
    }
}

/// A row whose outcome is to be reported.
pub(super) struct FinishedRow {
    pub(super) row: Row,
    pub(super) outcome: Outcome,
    pub(super) was_rendering: bool,
    pub(super) is_held_back: bool,
}
