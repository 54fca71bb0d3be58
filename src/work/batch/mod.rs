//! Running a batch: accept rows, render each once, report each outcome as soon as it is known. Rows arrive in chunks.
//! Per row the run keeps only what finds it again in the ledger, so a batch of any length needs little memory.
//!
//! Five loops share one task. `intake` places rows; `send` POSTs them; `lost` searches for lost answers; `following`
//! follows accepted renders; `finish` saves videos and reports outcomes. A row moves between them until it has its
//! outcome. The state machine of [`crate::render::state`] decides every step, as it does for a single submission.

mod count;
mod current;
mod doubt;
mod finish;
mod following;
mod intake;
mod lost;
mod pipeline;
mod row;
mod row_action;
mod send;

use std::time::Duration;

use tokio::sync::mpsc;

pub use current::current;
pub use row_action::{Changed, RowAction, Rules, Sum, Survey, row_action};

use self::pipeline::{Inbound, Pipeline};
use super::Context;
use super::save::Saving;
pub use super::send::StopReason;
use crate::ledger::LedgerError;
use crate::render::event::Outcome;
use crate::render::identity::{Key, MovieHash};
use crate::render::schedule::PollInterval;
use crate::render::state::OnUnknown;

/// A row of the table.
#[derive(Debug, Clone)]
pub enum Entry {
    /// The row can be rendered.
    Good(Item),
    /// The row can't be rendered, and the user wants the others rendered all the same.
    Bad {
        /// Its number in the table.
        number: u64,
        /// Its key, if it has one.
        key: Option<Key>,
        /// What is wrong with it.
        why: String,
    },
}

/// A row of the table, composed and checked.
#[derive(Debug, Clone)]
pub struct Item {
    /// Its number in the table.
    pub number: u64,
    /// Its key.
    pub key: Key,
    /// The file name without its extension; `None` uses the key.
    pub stem: Option<String>,
    /// The hash of its movie without the token.
    pub movie: MovieHash,
    /// The movie to send, without the token.
    pub body: Vec<u8>,
    /// The most credits that it may cost; `None` when there is no bound.
    pub estimate: Option<u64>,
}

/// The settings of a batch run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The batch's name: the scope of its keys.
    pub name: String,
    /// The movie's file.
    pub source: String,
    /// The flags, to print the command again.
    pub flags: Vec<String>,
    /// The number of rows.
    pub rows: u64,
    /// What to do with existing renders.
    pub rules: Rules,
    /// POSTs in flight at once.
    pub concurrency: usize,
    /// The shortest time between two POSTs.
    pub interval: Option<Duration>,
    /// How to follow the renders; `None` to not follow them.
    pub follow: Option<Follow>,
    /// Where to save the videos; `None` to not save them.
    pub saving: Option<Saving>,
    /// Whether outcomes tell the `client-data` of their movies, too: each such movie is read back from the ledger.
    pub tells_client_data: bool,
    /// Whether the movies carry tokens.
    pub traceable: bool,
    /// What to do when a lost answer is not found.
    pub on_unknown: Option<OnUnknown>,
    /// How long an answer may stay lost before the user decides.
    pub quarantine: Option<Duration>,
    /// How long to search for a lost answer, and how long the circuit stays open.
    pub settle_for: Duration,
}

/// How to follow renders.
#[derive(Debug, Clone, Copy)]
pub struct Follow {
    /// How often to read them.
    pub poll_interval: PollInterval,
    /// How long to follow after the last submission.
    pub timeout: Duration,
}

/// The result of one row.
#[derive(Debug)]
pub struct Ended {
    /// Its index among the rows, from 0.
    pub place: usize,
    /// Its number in the table.
    pub number: u64,
    /// Whether the row keeps its earlier render although its movie has changed.
    pub is_left: bool,
    /// Whether it was not sent because the run sends nothing more.
    pub is_held_back: bool,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Runs a batch to its end. Every row's outcome is reported once, in any order. Returns why nothing more was sent, if
/// rows are left for the next run.
///
/// # Errors
/// When the ledger fails at a step that does not belong to a single row.
pub async fn run(
    context: &Context,
    run: &Run,
    rows: mpsc::Receiver<Vec<Entry>>,
    tell: impl FnMut(Ended),
) -> Result<Option<StopReason>, LedgerError> {
    context.store.reap(context.world.now()).await?;
    let (pipeline, inbound) = Pipeline::new(context, run);
    let Inbound { queue, accepted, lost, endings } = inbound;
    let work = async {
        tokio::try_join!(
            intake::intake(&pipeline, rows),
            send::send_all(&pipeline, queue),
            lost::settle_all(&pipeline, lost),
            following::follow_all(&pipeline, accepted),
        )
    };
    tokio::select! {
        broken = work => broken.map(drop)?,
        () = finish::finish_all(&pipeline, endings, tell) => {}
        () = pipeline.hear_interruption() => {}
        () = pipeline.show_progress() => {}
    }
    Ok(pipeline.limits.stopped())
}
