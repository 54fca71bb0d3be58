//! The flags of every command.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::parse::duration;

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
    /// The profile of config.toml to use (default: `$J2V_PROFILE`)
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    pub(crate) profile: Option<String>,
    /// The API's URL (default: `$J2V_API_URL`, then <https://api.json2video.com/v2>)
    #[arg(long, global = true, value_name = "URL", hide_short_help = true)]
    pub(crate) api_url: Option<String>,
    /// The ledger file (default: `$J2V_LEDGER`, then the platform's state folder)
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true, conflicts_with = "no_ledger")]
    pub(crate) ledger: Option<PathBuf>,
    /// Record nothing: after a crash a render can be paid for twice
    #[arg(long, global = true, hide_short_help = true)]
    pub(crate) no_ledger: bool,
    /// Give up a request without an answer after this time
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
        if let Some(profile) = &self.profile {
            flags.extend(["--profile".to_owned(), profile.clone()]);
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
