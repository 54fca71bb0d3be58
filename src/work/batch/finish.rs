//! Outcomes, and the videos that are saved before them. Rows wait here by their ids only: each row is read from the
//! ledger when its turn comes.

use std::collections::{HashMap, VecDeque};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Ended;
use super::pipeline::Pipeline;
use super::row::{Ending, FinishedRow, How, Row};
use crate::ledger::{LedgerError, Render, RenderId, RenderQuery};
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::line::client_data_of_movie;
use crate::work::follow::{DOWNLOADS, Described, Followed};
use crate::work::outcome::{submitted, unbound};
use crate::work::poll::PollResult;
use crate::work::save::{Saving, VideoName};

/// Rows read from the ledger in one query.
const TOGETHER: usize = 64;

/// Reports every row's outcome, and returns when none is left to report.
pub(super) async fn finish_all(pipeline: &Pipeline<'_>, mut endings: UnboundedReceiver<Ending>, mut tell: impl FnMut(Ended)) {
    let downloads = Semaphore::new(DOWNLOADS);
    let mut waiting: VecDeque<(Ending, Option<Render>)> = VecDeque::new();
    let mut open = FuturesUnordered::new();
    loop {
        while open.len() < DOWNLOADS
            && let Some((ending, render)) = waiting.pop_front()
        {
            open.push(outcome(pipeline, &downloads, ending, render));
        }
        tokio::select! {
            biased;
            Some(told) = open.next(), if !open.is_empty() => pipeline.went_out(&mut tell, told),
            first = endings.recv(), if waiting.is_empty() => {
                let Some(first) = first else { return };
                let mut some = vec![first];
                while some.len() < TOGETHER && let Ok(next) = endings.try_recv() {
                    some.push(next);
                }
                waiting.extend(with_renders(pipeline, some).await);
            }
            () = pipeline.until_over() => return,
        }
    }
}

async fn with_renders(pipeline: &Pipeline<'_>, endings: Vec<Ending>) -> Vec<(Ending, Option<Render>)> {
    let ids: Vec<RenderId> = endings.iter().filter_map(|ending| ending.how.render()).collect();
    let found = if ids.is_empty() { Ok(Vec::new()) } else { pipeline.context.store.find(None, RenderQuery::Ids(ids)).await };
    let mut renders: HashMap<RenderId, Render> = match found {
        Ok(renders) => renders.into_iter().map(|render| (render.id, render)).collect(),
        Err(error) => {
            pipeline.ledger_failed(&error);
            return endings.into_iter().map(|ending| (unreadable(ending, &error), None)).collect();
        }
    };
    endings
        .into_iter()
        .map(|ending| {
            let render = ending.how.render().and_then(|id| renders.remove(&id));
            (ending, render)
        })
        .collect()
}

fn unreadable(ending: Ending, error: &LedgerError) -> Ending {
    let how = match ending.how {
        how @ (How::Over(_) | How::HeldBack(_)) => how,
        _ => How::Over(Box::new(Outcome::new(OutcomeStatus::Waiting).because(Cause::Internal, error.to_string()))),
    };
    Ending { how, ..ending }
}

async fn outcome(pipeline: &Pipeline<'_>, downloads: &Semaphore, ending: Ending, render: Option<Render>) -> FinishedRow {
    let Ending { row, how, was_rendering } = ending;
    let is_held_back = matches!(how, How::HeldBack(_));
    let outcome = match (how, render) {
        (How::Over(outcome) | How::HeldBack(outcome), _) => *outcome,
        (how, Some(render)) => {
            let outcome = of_render(pipeline, downloads, &row, how, &render).await;
            with_client_data(pipeline, &render, outcome).await
        }
        (_, None) => Outcome::new(OutcomeStatus::Unknown).because(Cause::Internal, "its row is no longer in the ledger"),
    };
    FinishedRow { row, outcome, was_rendering, is_held_back }
}

/// The outcome with the `client-data` of the row's movie, where that is told and the service has not reported it yet.
async fn with_client_data(pipeline: &Pipeline<'_>, render: &Render, outcome: Outcome) -> Outcome {
    let is_reported = outcome.report.as_ref().is_some_and(|report| report.client_data.is_some());
    if is_reported || !pipeline.run.tells_client_data {
        return outcome;
    }
    // A ledger that can't be read costs the line its `client-data`, not its render.
    let movie = pipeline.context.store.body(render.id).await.ok().flatten();
    Outcome { client_data: movie.as_deref().and_then(client_data_of_movie), ..outcome }
}

async fn of_render(pipeline: &Pipeline<'_>, downloads: &Semaphore, row: &Row, how: How, render: &Render) -> Outcome {
    let Some(Followed { target, .. }) = Followed::of_render(0, render) else { return unbound(pipeline.context, render) };
    let report = || render.report.clone().map(Box::new);
    let poll_result = match how {
        How::Unbound(_) | How::Over(_) | How::HeldBack(_) => return unbound(pipeline.context, render),
        How::Submitted(_) => return submitted(pipeline.context, render),
        How::Ended(_) => match report() {
            Some(report) => PollResult::Ended(report),
            None => PollResult::Runs { last: None, unread: None },
        },
        How::Runs(_) => PollResult::Runs { last: report(), unread: None },
        How::Missing(_) => PollResult::Missing,
        How::Refused(_, refusal) => PollResult::Refused(*refusal),
        How::Interrupted(_) => PollResult::Interrupted(report()),
    };
    let saving = pipeline.run.saving.as_ref().map(|saving| named(saving, row, render));
    let described = Described { context: pipeline.context, target: &target, downloads, saving: saving.as_ref() };
    described.outcome_of(poll_result).await
}

/// The video gets the row's name. A later generation's video is saved beside it.
fn named(saving: &Saving, row: &Row, render: &Render) -> Saving {
    let stem = row.stem.as_deref().unwrap_or(render.key.as_str()).to_owned();
    Saving { name: Some(VideoName { stem, generation: render.generation }), ..saving.clone() }
}
