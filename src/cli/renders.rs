//! What can be typed about renders that were submitted: followed, listed, decided, saved, deleted.

use std::time::Duration;

use clap::Args;
use clap::builder::ArgPredicate;

use super::deliver::DeliverArgs;
use super::fields::FieldArgs;
use super::help;
use super::parse::{Moment, duration, moment};
use super::waiting::{NameArgs, SaveArgs, SaveRules, WaitArgs};

// Whose keys are meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct ScopeArgs {
    /// The keys are those of this batch (`submit`: those without a batch)
    #[arg(long, value_name = "NAME")]
    pub(crate) batch: Option<String>,
}

// `j2v poll`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("poll", "\
Examples:
  j2v poll JkGxEoPRF9EgRb32 --download .         wait, save, print the path
  j2v poll                                       everything in the ledger that has not ended
  j2v poll L-4821 --once --json                  one look, for programs
  j2v poll --missed --older-than 10m             what should have called back by now
  j2v poll --missed --exec ./on-video.sh         and deliver each outcome, once (for cron)", help::RENDERS))]
pub(crate) struct PollArgs {
    /// Projects or keys (KEY, KEY#N, BATCH/KEY); `-` reads them from stdin; default: all unfinished renders of the ledger
    #[arg(value_name = "PROJECT|KEY")]
    pub(crate) renders: Vec<String>,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Only renders whose webhook never came; --exec or --forward delivers the undelivered outcomes
    #[arg(long, conflicts_with = "renders")]
    pub(crate) missed: bool,
    /// With --missed: only renders accepted longer ago than this
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m", requires = "missed")]
    pub(crate) older_than: Duration,
    /// Check once and don't wait
    #[arg(long)]
    pub(crate) once: bool,
    /// Waiting.
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    /// Saving.
    #[command(flatten)]
    pub(crate) saving: SaveArgs,
    /// Their names.
    #[command(flatten)]
    pub(crate) naming: NameArgs,
    /// Print one JSON object per render as its outcome is known
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// Delivery of outcomes.
    #[command(flatten)]
    pub(crate) deliver: DeliverArgs,
}

// `j2v list`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("list", "\
Examples:
  j2v list                                       the last 7 days
  j2v list --from 2026-11-01 --to 2026-11-07     a week, both days included
  j2v list --status error --limit 5              the last five that failed
  j2v list --json | jq -r .url", help::SERVICE))]
pub(crate) struct ListArgs {
    /// From this day or time on, UTC (default: 7 days ago)
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub(crate) from: Option<Moment>,
    /// Up to this day or time, UTC (default: now)
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub(crate) to: Option<Moment>,
    /// Only renders with this status of the service, such as done or error; repeatable
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Vec<String>,
    /// At most this many, newest first
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// One JSON object a line
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

// `j2v settle`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("settle", "\
Examples:
  j2v settle L-4821                              look for it on the server now
  j2v settle L-4821 --adopt JkGxEoPRF9EgRb32     it is this project
  j2v settle L-4821 --resubmit                   send it again: pays again if it was accepted
  j2v settle flats/L-4821 --abandon              give it up: a row of the batch flats", help::RENDERS))]
pub(crate) struct SettleArgs {
    /// The submission's key (KEY, KEY#N, BATCH/KEY)
    pub(crate) key: String,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// It is this project
    #[arg(long, value_name = "PROJECT", group = "decision")]
    pub(crate) adopt: Option<String>,
    /// Send it again; it is paid for twice if it was accepted after all
    #[arg(long, group = "decision")]
    pub(crate) resubmit: bool,
    /// Give it up
    #[arg(long, group = "decision")]
    pub(crate) abandon: bool,
    /// One JSON object a line
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

// `j2v history`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("history", "\
Examples:
  j2v history                                    every render of this ledger, newest first
  j2v history --state held --state unknown       what needs a decision
  j2v history --since 7d --sum                   what the last week has cost
  j2v history --batch flats --json | jq -r .url", help::OFFLINE))]
pub(crate) struct HistoryArgs {
    /// Only renders of this batch (`submit`: those without one)
    #[arg(long, value_name = "NAME")]
    pub(crate) batch: Option<String>,
    /// Only renders in this state, as the list shows it; repeatable
    #[arg(long, value_name = "STATE")]
    pub(crate) state: Vec<String>,
    /// Only renders from this day or time on (2026-11-01, 7d)
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub(crate) since: Option<Moment>,
    /// At most this many, newest first
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Show their total cost instead of each render
    #[arg(long)]
    pub(crate) sum: bool,
    /// One JSON object a line
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

// `j2v show`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("show", "\
Examples:
  j2v show JkGxEoPRF9EgRb32                      by its project
  j2v show L-4821 --json                         by its key, for programs", help::OFFLINE))]
pub(crate) struct ShowArgs {
    /// A project or a key (KEY, KEY#N, BATCH/KEY); the service is asked for a project that is not in the ledger
    #[arg(value_name = "PROJECT|KEY")]
    pub(crate) render: String,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// One JSON object
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

// `j2v download`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("download", "\
Examples:
  j2v download JkGxEoPRF9EgRb32                  into this folder
  j2v download JkGxEoPRF9EgRb32 -o videos/       a folder, made if missing
  j2v list --json | jq -r .project | j2v download - -o videos/", help::RENDERS))]
pub(crate) struct DownloadArgs {
    /// Projects or keys (KEY, KEY#N, BATCH/KEY); `-` reads them from stdin
    #[arg(value_name = "PROJECT|KEY", required = true)]
    pub(crate) renders: Vec<String>,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// A folder (existing, or ending in `/`) or a file (default: `download` of the profile, then `.`)
    #[arg(long, short, aliases = ["download", "out"], value_name = "PLACE")]
    pub(crate) output: Option<String>,
    /// Their names.
    #[command(flatten)]
    pub(crate) naming: NameArgs,
    /// What may be done for that.
    #[command(flatten)]
    pub(crate) rules: SaveRules,
    /// One JSON object a line
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}

// `j2v delete`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("delete", "\
Examples:
  j2v delete JkGxEoPRF9EgRb32                    the file; the service keeps the entry; asks first
  j2v delete L-4821 flats/L-4822 --yes           by their keys, in a script
  j2v delete - --dry-run < projects.txt          show what would be deleted", help::SERVICE))]
pub(crate) struct DeleteArgs {
    /// Projects or keys (KEY, KEY#N, BATCH/KEY); `-` reads them from stdin
    #[arg(value_name = "PROJECT|KEY", required = true)]
    pub(crate) renders: Vec<String>,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Don't ask for confirmation (needed without a terminal)
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Show what would be deleted, and delete nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// One JSON object a line
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
}
