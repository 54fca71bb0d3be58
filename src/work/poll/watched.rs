//! What the poller is given of a render.

use std::time::Duration;

use crate::ledger::{Render, RenderId};
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::render::state::State;
use crate::world::Timestamp;

/// A render to poll, as a command knows it.
#[derive(Debug, Clone)]
pub struct Target {
    /// The project.
    pub project: ProjectId,
    /// Its row, if the ledger has one.
    pub render: Option<Render>,
    /// When the service accepted it; the best time that the ledger has.
    pub since: Timestamp,
}

impl Target {
    /// The render of a row; `None` while its project is not known.
    #[must_use]
    pub fn of_render(render: &Render) -> Option<Self> {
        let project = render.submission.project.clone()?;
        Some(Self { project, render: Some(render.clone()), since: render.listed_at() })
    }
}

/// A render to poll: no more than the poller needs, since there may be very many.
#[derive(Debug)]
pub(in crate::work) struct Watched {
    pub(super) project: ProjectId,
    /// Its row, if the ledger has one.
    pub(super) row: Option<LedgerRow>,
    /// When the service accepted it, on the service's clock: [`Render::listed_at`].
    pub(super) since: Timestamp,
    /// The same on this machine's clock: [`Render::accepted_at`].
    pub(super) accepted_at: Timestamp,
    /// The last report, if it is kept.
    pub(super) last: Option<Box<Report>>,
    /// The size of its movie, bytes; 0 if it is not known.
    pub(super) weight: u32,
}

/// What the ledger last said of a render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LedgerRow {
    pub(super) id: RenderId,
    /// Whether this ledger bound it, and so knows that it was accepted.
    pub(super) is_bound: bool,
    pub(super) read_at: Option<Timestamp>,
    pub(super) state: State,
}

impl LedgerRow {
    pub(super) fn of(render: &Render) -> Self {
        Self { id: render.id, is_bound: render.bound_at.is_some(), read_at: render.read_at, state: render.submission.state }
    }
}

impl Watched {
    /// A target, with the report that its row has.
    pub(super) fn of_target(target: &Target) -> Self {
        let render = target.render.as_ref();
        Self {
            project: target.project.clone(),
            row: render.map(LedgerRow::of),
            since: target.since,
            accepted_at: render.map_or(target.since, Render::accepted_at),
            last: render.and_then(|render| render.report.clone()).map(Box::new),
            weight: 0,
        }
    }

    /// A row of a batch, whose movie has at most `weight` bytes; `None` while its project is not known.
    pub(in crate::work) fn of_row(render: &Render, weight: usize) -> Option<Self> {
        let project = render.submission.project.clone()?;
        let row = Some(LedgerRow::of(render));
        Some(Self {
            project,
            row,
            since: render.listed_at(),
            accepted_at: render.accepted_at(),
            last: None,
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
        })
    }

    /// How long ago it was accepted.
    pub(super) fn age(&self, now: Timestamp) -> Duration {
        now.since(self.accepted_at)
    }
}
