//! Running a batch: rows in, each rendered once, outcomes out, as each is known. Rows come in chunks and nothing is
//! kept of a row but what finds it again in the ledger: a batch of any length needs little memory.
//!
//! Five loops share one task. `intake` places rows; `send` POSTs them; `lost` looks for answers that were lost;
//! `fly` follows what was accepted; `finish` saves videos and tells outcomes. A row travels between them until it
//! has its outcome. The machine of [`crate::render::state`] decides every step, as it does for a single submission.

mod claim;
mod count;
mod current;
mod doubt;
mod finish;
mod intake;
mod lost;
mod pipeline;
mod poller;
mod row_action;
mod send;
mod send_limits;
mod slots;
mod stop;

use std::time::Duration;

use tokio::sync::mpsc;

pub use current::current;
pub use row_action::{Changed, RowAction, Rules, Sum, Survey, row_action};
pub use stop::StopReason;

use self::pipeline::{Inbound, Pipeline};
use super::Context;
use super::save::Saving;
use crate::ledger::LedgerError;
use crate::render::event::Outcome;
use crate::render::identity::{Key, MovieHash};
use crate::render::schedule::PollInterval;
use crate::render::state::OnUnknown;

/// A row of the table, as it comes in.
#[derive(Debug, Clone)]
pub enum Entry {
    /// It can be rendered.
    Good(Item),
    /// It can't, and the user wants the others all the same.
    Bad {
        /// Its number, as its table counts.
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
    /// Its number, as its table counts.
    pub number: u64,
    /// Its key.
    pub key: Key,
    /// The name of its file less the ending; the key where there is none.
    pub stem: Option<String>,
    /// The hash of its movie before the token.
    pub movie: MovieHash,
    /// The movie as it is sent, less the token.
    pub body: Vec<u8>,
    /// The most credits that it may cost; `None` when nothing bounds it.
    pub estimate: Option<u64>,
}

/// How a batch is run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The batch's name: the scope of its keys.
    pub name: String,
    /// The movie's file.
    pub source: String,
    /// The flags, for whoever has to type the command once more.
    pub flags: Vec<String>,
    /// How many rows there are.
    pub rows: u64,
    /// What is done with renders that are there already.
    pub rules: Rules,
    /// POSTs that are out at once.
    pub concurrency: usize,
    /// The time between two POSTs.
    pub interval: Option<Duration>,
    /// How the renders are followed; `None` when they aren't.
    pub follow: Option<Follow>,
    /// Where the videos go.
    pub saving: Option<Saving>,
    /// Whether tokens go with the movies.
    pub traceable: bool,
    /// What to do when a lost answer is not found.
    pub on_unknown: Option<OnUnknown>,
    /// How long an answer may stay lost before a person decides.
    pub quarantine: Option<Duration>,
    /// How long to look for a lost answer, and how long the circuit stays open.
    pub settle_for: Duration,
}

/// How renders are followed.
#[derive(Debug, Clone, Copy)]
pub struct Follow {
    /// How often they are read.
    pub poll_interval: PollInterval,
    /// For how long after the last submission.
    pub timeout: Duration,
}

/// What became of one row.
#[derive(Debug)]
pub struct Ended {
    /// Its place among the rows, from 0.
    pub place: usize,
    /// Its number, as its table counts.
    pub number: u64,
    /// Whether its render stands although the row is another one by now.
    pub is_left: bool,
    /// Whether it was not sent for the reason for which nothing was any more.
    pub is_held_back: bool,
    /// Its outcome.
    pub outcome: Outcome,
}

/// Runs a batch to its end: every row that comes in has its outcome told, once, in whatever order. Gives back why
/// it sent nothing more, if rows are left for the next run.
///
/// # Errors
/// When the ledger fails at something that is no row's.
pub async fn run(
    context: &Context,
    run: &Run,
    rows: mpsc::Receiver<Vec<Entry>>,
    tell: impl FnMut(Ended),
) -> Result<Option<StopReason>, LedgerError> {
    context.store.reap(context.world.now()).await?;
    let (pipeline, inbound) = Pipeline::new(context, run);
    let Inbound { queue, to_poller, lost, endings } = inbound;
    let work = async {
        tokio::try_join!(
            intake::intake(&pipeline, rows),
            send::send_all(&pipeline, queue),
            lost::settle_all(&pipeline, lost),
            poller::follow_all(&pipeline, to_poller),
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
