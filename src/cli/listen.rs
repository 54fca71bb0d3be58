//! What can be typed about callbacks: `j2v listen` and `j2v webhook`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::builder::ArgPredicate;
use clap::{Args, Subcommand};

use super::deliver::DeliverArgs;
use super::fields::FieldArgs;
use super::help;
use super::parse::duration;
use super::renders::ScopeArgs;
use crate::exit::Exit;
use crate::service::webhook::Shape;

/// A command that serves until it is stopped.
const LISTEN: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Key, Exit::Interrupted];

/// A command that sends a callback again, or has an outcome delivered again that the service confirms.
const REPLAY: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Key, Exit::Refused, Exit::Unreachable];

/// A command that sends a callback to somebody.
const SEND: &[Exit] = &[Exit::Done, Exit::Internal, Exit::Usage, Exit::Refused, Exit::Unreachable];

// `j2v listen`.
#[derive(Debug, Args)]
#[command(after_long_help = help::json_page("listen", "\
A callback is on disk before it is answered, and the service is asked before anything is done
about it. A render of the ledger that stays silent is polled. Each outcome reaches the program or
the URL at least once, and never twice at a time; a failure is tried again for three days. Without
--exec and --forward each outcome is a line of JSON on stdout.

Examples:
  j2v listen --public-url https://hooks.example.com --exec ./on-video.sh
  j2v listen --forward http://127.0.0.1:8080/videos
  j2v submit listing.json --webhook @listen      the URL of this ledger's receiver
  j2v listen --json >> outcomes.jsonl            a line for each outcome", LISTEN))]
pub(crate) struct ListenArgs {
    /// The address to serve on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:3000")]
    pub(crate) bind: SocketAddr,
    /// The URL at which the service reaches it, through a tunnel or a proxy. The path is added; it is kept, and
    /// used by `--webhook @listen`
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// The path of callbacks (default: /json2video-callback/SECRET, made once and kept)
    #[arg(long, value_name = "PATH", hide_short_help = true)]
    pub(crate) path: Option<String>,
    /// Trust what a callback says instead of asking the service
    #[arg(long, hide_short_help = true)]
    pub(crate) trust: bool,
    /// Poll a render whose callback has not come for this long
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "10m")]
    pub(crate) poll_after: Duration,
    /// How often such a render is polled (at least 5s unless the API is on loopback)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) interval: Option<Duration>,
    /// Stop listening after this time (default: never)
    #[arg(long, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub(crate) timeout: Option<Duration>,
    /// When stopping, wait this long for running programs
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "30s", hide_short_help = true)]
    pub(crate) grace: Duration,
    /// Also print each outcome as a line of JSON, with --exec or --forward
    #[arg(long, default_value_if("field", ArgPredicate::IsPresent, "true"))]
    pub(crate) json: bool,
    /// What of it is printed.
    #[command(flatten)]
    pub(crate) fields: FieldArgs,
    /// Delivery of outcomes.
    #[command(flatten)]
    pub(crate) deliver: DeliverArgs,
}

// `j2v webhook`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v webhook send http://127.0.0.1:3000/callback    try out a receiver
  j2v webhook replay JkGxEoPRF9EgRb32                an outcome once more
  j2v webhook parse < body.json                      what a callback tells", SEND))]
pub(crate) struct WebhookArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) action: WebhookCommand,
}

/// Test webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookCommand {
    /// Send a callback as the service would, to test a receiver
    Send(SendArgs),
    /// Deliver an outcome again, or send a received callback to a URL
    Replay(ReplayArgs),
    /// Read a callback's body from stdin and print it as one line of JSON
    Parse(ParseArgs),
}

// `j2v webhook send`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Examples:
  j2v webhook send http://127.0.0.1:3000/callback
  j2v webhook send --shape guide --form --status error http://127.0.0.1:3000/callback
  j2v webhook send --set /client-data/listing=L-7 http://127.0.0.1:3000/callback
  j2v webhook send --render L-4821 @listen       what the ledger knows of a render
  j2v webhook send --dry-run @listen             print the body, send nothing", SEND))]
pub(crate) struct SendArgs {
    /// Where to; `@listen` is this ledger's own receiver
    #[arg(value_name = "URL")]
    pub(crate) to: String,
    /// The body's shape: reference, tutorial or guide
    #[arg(long, value_name = "SHAPE", default_value = "tutorial")]
    pub(crate) shape: Shape,
    /// As a form instead of JSON
    #[arg(long)]
    pub(crate) form: bool,
    /// The status to report
    #[arg(long, value_name = "done|error", value_parser = ["done", "error"], default_value = "done", conflicts_with = "render")]
    pub(crate) status: String,
    /// Set any place of the body by JSON Pointer (/client-data/listing:=7)
    #[arg(long, value_name = "POINTER=TEXT|POINTER:=JSON", allow_hyphen_values = true)]
    pub(crate) set: Vec<String>,
    /// Use this render of the ledger (default: an invented one)
    #[arg(long, value_name = "PROJECT|KEY")]
    pub(crate) render: Option<String>,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Print the body and send nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

// `j2v webhook replay`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
Without --to the render's outcome is delivered again by a running `j2v listen`, or the next `j2v poll
--missed --exec`, hands it over once more. With --to the body is sent as it came, byte for byte.

Examples:
  j2v webhook replay                             the last callbacks that came
  j2v webhook replay JkGxEoPRF9EgRb32            its outcome once more
  j2v webhook replay JkGxEoPRF9EgRb32 --to http://127.0.0.1:8080/callback", REPLAY))]
pub(crate) struct ReplayArgs {
    /// A project or a key (KEY, KEY#N, BATCH/KEY)
    #[arg(value_name = "PROJECT|KEY")]
    pub(crate) render: Option<String>,
    /// Whose keys are meant.
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
    /// Send the last callback of the render here instead; `@listen` is this ledger's own receiver
    #[arg(long, value_name = "URL", requires = "render")]
    pub(crate) to: Option<String>,
}

// `j2v webhook parse`.
#[derive(Debug, Args)]
#[command(after_long_help = help::page("\
A callback is only a hint: anyone who knows its URL may have sent it.

Examples:
  j2v webhook parse < body.json | jq -r .url     any of the three shapes, JSON or a form
  j2v webhook parse --record < body.json         for a receiver of your own: the ledger knows
                                                 that it came, and `poll --missed` leaves it out", help::OFFLINE))]
pub(crate) struct ParseArgs {
    /// Record in the ledger that the callback was received and delivered
    #[arg(long)]
    pub(crate) record: bool,
}
