//! What can be typed: clap types only. Nothing here acts; [`crate::settings`] says what it means.

mod check;
mod emulator;
mod movie;
mod parse;
mod resolve;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use check::{CheckArgs, GateArgs, InitArgs, Starter};
pub(crate) use movie::MovieArgs;
pub(crate) use parse::Moment;
pub(crate) use resolve::{ExpandArgs, PlanArgs};

use crate::emulator::{Fault, Shape};
use parse::duration;

const EXIT_CODES: &str = "\
Exit codes:
  0    all done
  1    an unexpected failure of j2v itself
  2    wrong usage
  3    the movie is invalid: nothing was sent
  4    the key is missing, wrong or not allowed
  5    credits or quota are used up, or --max-credits would be passed
  6    the service refused the request, or knows no such project
  7    the service could not be reached: nothing was accepted
  8    unknown or held: a POST may have been accepted
  9    a render ended in `error`
  10   a render ended in `timeout`: it may still finish
  11   the deadline passed and the render still runs
  12   several movies with different outcomes
  13   this --key was used before for another movie: nothing was sent
  14   rendered, but the file could not be saved
  130  interrupted

Environment:
  J2V_API_KEY  the key (or JSON2VIDEO_API_KEY)
  J2V_API_URL  the API, by default https://api.json2video.com/v2
  J2V_LEDGER   the ledger's file, by default in the platform's state folder
  J2V_PROFILE  the account's name, by which keys of renders are told apart
  NO_COLOR     no colours (--color outweighs it)";

/// Build JSON2Video movies, submit each exactly once, follow it to its end, get the video.
#[derive(Debug, Parser)]
#[command(name = "j2v", version, after_long_help = EXIT_CODES, max_term_width = 100)]
pub(crate) struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Use the service's emulator inside this process: no key, no network, no cost
    #[arg(long, global = true)]
    pub(crate) emulate: bool,
    /// Show no progress (errors and warnings are still shown)
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// When to use colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: When,
    /// The API's URL (default: `$J2V_API_URL`, then <https://api.json2video.com/v2>)
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) api_url: Option<String>,
    /// The ledger's file (default: `$J2V_LEDGER`, then the platform's state folder)
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, conflicts_with = "no_ledger")]
    pub(crate) ledger: Option<PathBuf>,
    /// Remember nothing: a crash can then cost a second payment
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) no_ledger: bool,
    /// Give up a request that has no answer after this time
    #[arg(long, global = true, value_name = "TIME", value_parser = duration, default_value = "30s", hide_short_help = true)]
    pub(crate) request_timeout: Duration,
}

impl GlobalArgs {
    /// The flags that another command needs to meet the same service and ledger, for a person to type.
    #[must_use]
    pub(crate) fn to_flags(&self) -> Vec<String> {
        let mut flags = Vec::new();
        if self.emulate {
            flags.push("--emulate".to_owned());
        }
        if let Some(url) = &self.api_url {
            flags.extend(["--api-url".to_owned(), url.clone()]);
        }
        if self.no_ledger {
            flags.push("--no-ledger".to_owned());
        }
        if let Some(ledger) = &self.ledger {
            flags.extend(["--ledger".to_owned(), ledger.display().to_string()]);
        }
        flags
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The commands that are built. Their arguments are described when one of them is asked for. What a command does
/// stands here and nowhere else: clap would take a doc comment on its arguments for a better description.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Write a starter movie to edit
    Init(InitArgs),
    /// Compose a movie from files and flags and print it; nothing is sent
    Build(BuildArgs),
    /// Check movies offline: every fault with its place, its rule and a way out
    Check(Box<CheckArgs>),
    /// Print a movie with its variables, expressions, conditions and iterations resolved
    Expand(ExpandArgs),
    /// Show what plays when, how long the movie is and what it costs, before it is paid for
    Plan(PlanArgs),
    /// Submit movies, each exactly once; with --wait follow them, with --download save the videos
    Submit(Box<SubmitArgs>),
    /// Follow renders to their end and print the videos' URLs
    Poll(PollArgs),
    /// List the renders on the server, all pages
    List(ListArgs),
    /// Decide a submission whose outcome nobody knows
    Settle(SettleArgs),
    /// List the renders in the ledger
    History(HistoryArgs),
    /// Tell one render's whole story
    Show(ShowArgs),
    /// Save finished videos: resumable, verified, never over another file
    Download(DownloadArgs),
    /// Delete rendered files on the server
    Delete(DeleteArgs),
    /// Print the JSON Schema of a movie, for editors
    #[command(after_long_help = check::SCHEMA)]
    Schema,
    /// Run the service's emulator on this machine
    Emulator(EmulatorArgs),
}

// `j2v build`.
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// Print each movie on one line
    #[arg(long)]
    pub(crate) compact: bool,
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

// Waiting.
#[derive(Debug, Clone, Args)]
pub(crate) struct WaitArgs {
    /// How often a render is read (raised to 5s unless the API is on loopback)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) interval: Option<Duration>,
    /// Stop waiting after this time; the render goes on
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "20m")]
    pub(crate) timeout: Duration,
}

// Saving.
#[derive(Debug, Clone, Args)]
pub(crate) struct SaveArgs {
    /// Save each video: a folder (existing, or ending in `/`) or a file
    #[arg(long, value_name = "PLACE")]
    pub(crate) download: Option<String>,
    /// What may be done for that.
    #[command(flatten)]
    pub(crate) rules: SaveRules,
}

// What may be done to save a video.
#[derive(Debug, Clone, Args)]
pub(crate) struct SaveRules {
    /// Write over a file that is in the way
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Fetch a video from a private network address too
    #[arg(long, hide_short_help = true)]
    pub(crate) allow_private: bool,
}

// `j2v submit`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  j2v submit listing.json                        print the project id
  j2v submit listing.json --wait --download .    print the video's path
  j2v submit listing.json --key L-4821           the same key is never paid twice
  j2v submit listing.json --key L-4821 --again   a new render of the same key
  j2v submit listing.json --max-credits 20       nothing that would cost more
  j2v submit listing.json --dry-run              the exact request, nothing sent")]
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

// `j2v poll`.
#[derive(Debug, Args)]
pub(crate) struct PollArgs {
    /// Projects or keys; `-` reads them from stdin; none: all that the ledger holds unfinished
    #[arg(value_name = "PROJECT|KEY")]
    pub(crate) renders: Vec<String>,
    /// Only renders whose webhook never came
    #[arg(long, conflicts_with = "renders")]
    pub(crate) missed: bool,
    /// With --missed: only renders accepted longer ago than this
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m", requires = "missed")]
    pub(crate) older_than: Duration,
    /// Look once and don't wait
    #[arg(long)]
    pub(crate) once: bool,
    /// Waiting.
    #[command(flatten)]
    pub(crate) waiting: WaitArgs,
    /// Saving.
    #[command(flatten)]
    pub(crate) saving: SaveArgs,
    /// One JSON object a line, a line per render, when its outcome is known
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// From this day or time on, UTC (default: 7 days ago)
    #[arg(long, value_name = "DATE", value_parser = parse::moment)]
    pub(crate) from: Option<Moment>,
    /// Up to this day or time, UTC (default: now)
    #[arg(long, value_name = "DATE", value_parser = parse::moment)]
    pub(crate) to: Option<Moment>,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v settle`.
#[derive(Debug, Args)]
#[command(after_long_help = "\
Examples:
  j2v settle L-4821                              look for it on the server now
  j2v settle L-4821 --adopt JkGxEoPRF9EgRb32     it is this project
  j2v settle L-4821 --resubmit                   send it again: pays again if it was accepted
  j2v settle L-4821 --abandon                    give it up")]
pub(crate) struct SettleArgs {
    /// The submission's key
    pub(crate) key: String,
    /// It is this project
    #[arg(long, value_name = "PROJECT", group = "decision")]
    pub(crate) adopt: Option<String>,
    /// Send it again: pays again if it was accepted after all
    #[arg(long, group = "decision")]
    pub(crate) resubmit: bool,
    /// Give it up
    #[arg(long, group = "decision")]
    pub(crate) abandon: bool,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// A project or a key
    #[arg(value_name = "PROJECT|KEY")]
    pub(crate) render: String,
    /// One JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v download`.
#[derive(Debug, Args)]
pub(crate) struct DownloadArgs {
    /// Projects or keys; `-` reads them from stdin
    #[arg(value_name = "PROJECT|KEY", required = true)]
    pub(crate) renders: Vec<String>,
    /// Where to: a folder (existing, or ending in `/`) or a file
    #[arg(long, short, value_name = "PLACE", default_value = ".")]
    pub(crate) output: String,
    /// What may be done for that.
    #[command(flatten)]
    pub(crate) rules: SaveRules,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Projects or keys; `-` reads them from stdin
    #[arg(value_name = "PROJECT|KEY", required = true)]
    pub(crate) renders: Vec<String>,
    /// One JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
}

// `j2v emulator`.
#[derive(Debug, Args)]
#[command(after_long_help = emulator::help())]
pub(crate) struct EmulatorArgs {
    /// The address to serve on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8025")]
    pub(crate) bind: SocketAddr,
    /// How long a render takes
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "2s")]
    pub(crate) render_time: Duration,
    /// The same seed gives the same ids and times
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// How many credits the account has (default: plenty)
    #[arg(long, value_name = "N")]
    pub(crate) credits: Option<u64>,
    /// A fault to make, see the list below; repeatable
    #[arg(long, value_name = "NAME[=ARG][*COUNT][%PERCENT]")]
    pub(crate) fault: Vec<Fault>,
    /// The shape of the webhook's body
    #[arg(long, value_name = "SHAPE", default_value = "reference")]
    pub(crate) webhook_shape: Shape,
    /// Keep the renders in this folder (default: in memory only)
    #[arg(long, value_name = "DIR")]
    pub(crate) folder: Option<PathBuf>,
    /// The one key that is taken (default: any but those that begin with `wrong`)
    #[arg(long, value_name = "KEY")]
    pub(crate) accept_key: Option<String>,
}
