//! What can be typed about putting the ledger and the server side by side.

use std::time::Duration;

use clap::Args;
use clap::builder::ArgPredicate;

use super::deliver::DeliverArgs;
use super::fields::FieldArgs;
use super::help;
use super::parse::{Moment, duration, moment};
use super::waiting::SaveRules;
use crate::exit::Exit;
use crate::render::token::LedgerName;

const ENDS: &[Exit] = &[
    Exit::Done,
    Exit::Internal,
    Exit::Usage,
    Exit::Key,
    Exit::Refused,
    Exit::Unreachable,
    Exit::Unknown,
    Exit::Waiting,
    Exit::Mixed,
    Exit::Unsaved,
    Exit::Interrupted,
];

const PAGE: &str = "\
What is found, and the exit code until it is fixed (several kinds make 12):
  held, unknown   8    the answer to the POST was lost; each is searched for first
  resend          8    to be sent again; --fix sends it if its rule is --on-unknown resubmit
  duplicate       8    a second project for one render, by its token
  found, lost     8    on the server, and the ledger doesn't know it; --fix: it does
  vanished        6    accepted, and the service does not know this project
  missed          11   it ended, and no webhook and no poll told; --fix: the ledger knows
  undelivered     1    an application has not heard of it; --exec and --forward hand it on
  expiring        14*  rendered, not saved, soon deleted; --download saves it
  unsaved         14*  rendered and not saved; --download saves it
  elsewhere       0    made by another ledger: another machine's, or another folder's
  foreign         0    on the server without a token of j2v's
  * with --download; for what is expiring with --expiring, too
--fix POSTs nothing else, and may be run by two at once.

Examples:
  j2v reconcile                                  what is wrong, or soon will be
  j2v reconcile --fix --download videos/         fix it, and save what is rendered (for cron)
  j2v reconcile --fix --exec ./on-video.sh       and deliver every outcome that was not delivered
  j2v reconcile --fix --adopt-from k3f9xa        rebuild a ledger that is lost (--from reads back further)";

// `j2v reconcile`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("reconcile", PAGE, ENDS))]
pub(crate) struct ReconcileArgs {
    /// Fix what can be fixed
    #[arg(long)]
    pub(crate) fix: bool,
    /// With --fix: take over the renders of another, lost ledger, by the name in their tokens
    #[arg(long, value_name = "LEDGER", requires = "fix", value_parser = LedgerName::parse)]
    pub(crate) adopt_from: Option<LedgerName>,
    /// Read the server's list from this day or time on, UTC (default: since the oldest unfinished render, 7 days at least)
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub(crate) from: Option<Moment>,
    /// Read it up to this day or time, UTC (default: now)
    #[arg(long, value_name = "DATE", value_parser = moment)]
    pub(crate) to: Option<Moment>,
    /// Renders silent for less than this are not counted as missed
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m")]
    pub(crate) older_than: Duration,
    /// List what the service deletes within this time (default: 2d)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) expiring: Option<Duration>,
    /// With --fix: save the videos that were not saved to this folder (existing, or ending in `/`)
    #[arg(long, value_name = "FOLDER", requires = "fix")]
    pub(crate) download: Option<String>,
    /// What may be done for that.
    #[command(flatten)]
    pub(crate) rules: SaveRules,
    /// One JSON object a line
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// With --fix: delivery of outcomes.
    #[command(flatten)]
    pub(crate) deliver: DeliverArgs,
}
