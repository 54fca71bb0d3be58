//! The flags of every command that hands outcomes to an application.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::parse::duration;

// Delivery.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Delivery")]
pub(crate) struct DeliverArgs {
    /// Run this program for each outcome: a line of JSON on stdin, `J2V_PROJECT`, `J2V_STATUS`, `J2V_URL` …
    /// in its environment, no shell. Everything after it belongs to the program; exit code 0 means delivered
    #[arg(long, value_names = ["PROGRAM", "ARG"], num_args = 1.., allow_hyphen_values = true, conflicts_with = "forward")]
    pub(crate) exec: Vec<OsString>,
    /// Pass this environment variable to the program although it holds a secret of j2v, such as `J2V_API_KEY`; repeatable
    #[arg(long, value_name = "NAME", requires = "exec", hide_short_help = true)]
    pub(crate) exec_env: Vec<String>,
    /// POST each outcome to this URL, signed as Standard Webhooks; a 2xx answer means delivered
    #[arg(long, value_name = "URL")]
    pub(crate) forward: Option<String>,
    /// Stop a program that takes longer than this
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "5m", requires = "exec", hide_short_help = true)]
    pub(crate) exec_timeout: Duration,
    /// The file with the signing secret, `whsec_…` (default: `$J2V_FORWARD_SECRET`, then one created beside
    /// the ledger)
    #[arg(long, value_name = "FILE", requires = "forward", hide_short_help = true)]
    pub(crate) forward_secret: Option<PathBuf>,
}

impl DeliverArgs {
    /// Whether outcomes are handed to anybody.
    #[must_use]
    pub(crate) fn is_any(&self) -> bool {
        !self.exec.is_empty() || self.forward.is_some()
    }
}
