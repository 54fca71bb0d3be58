//! What can be typed about sending movies: `j2v submit`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::check::GateArgs;
use super::help;
use super::movie::MovieArgs;
use super::parse::duration;
use super::waiting::{SaveArgs, WaitArgs};
use crate::render::state::OnUnknown;

// `j2v submit`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v submit listing.json                        print the project id
  j2v submit listing.json --wait --download .    print the video's path
  j2v submit listing.json --key L-4821           the same key is never paid twice
  j2v submit listing.json --key L-4821 --again   a new render of the same key
  j2v submit listing.json --max-credits 20       nothing that would cost more
  j2v submit listing.json --dry-run              the exact request, nothing sent", help::ANY))]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct SubmitArgs {
    /// Your name for the wanted video: a second submit of the same key attaches to the first
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Render a key once more, deliberately
    #[arg(long)]
    pub(crate) again: bool,
    /// Follow the render to its end and print the video's URL
    #[arg(long, short)]
    pub(crate) wait: bool,
    /// Waiting.
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    /// Saving.
    #[command(flatten)]
    pub(crate) saving: SaveArgs,
    /// One JSON object a line, a line per render, when its outcome is known
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the exact request, key redacted, and send nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// What is checked first.
    #[command(flatten)]
    pub(crate) gate: GateArgs,
    /// How long to look for a lost answer before leaving with exit code 8
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s", hide_short_help = true)]
    pub(crate) settle_for: Duration,
    /// What to do when a lost answer is not found (default: hold)
    #[arg(long, value_enum, value_name = "RULE", hide_short_help = true)]
    pub(crate) on_unknown: Option<OnUnknownArg>,
    /// How long an answer may stay lost before a person has to decide (default: 15m)
    #[arg(long, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub(crate) quarantine: Option<Duration>,
    /// Put no token into client-data: a lost answer can't be found again
    #[arg(long, hide_short_help = true)]
    pub(crate) no_token: bool,
    /// The movies and what changes them.
    #[command(flatten)]
    pub(crate) movie: MovieArgs,
}

/// How a lost answer is dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnUnknownArg {
    /// Never send again by itself.
    Hold,
    /// Send once more after the quarantine.
    Resubmit,
}

impl From<OnUnknownArg> for OnUnknown {
    fn from(rule: OnUnknownArg) -> Self {
        match rule {
            OnUnknownArg::Hold => Self::Hold,
            OnUnknownArg::Resubmit => Self::Resubmit,
        }
    }
}
