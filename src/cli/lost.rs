//! The flags of every command that may lose the answer to a POST (`protocol.md#cases`).

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::parse::duration;
use crate::render::state::OnUnknown;

// What to do about a lost answer.
#[derive(Debug, Clone, Args)]
pub(crate) struct LostArgs {
    /// How long to look for a lost answer before exit code 8
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "60s", hide_short_help = true)]
    pub(crate) settle_for: Duration,
    /// What to do when a lost answer is not found (default: hold)
    #[arg(long, value_enum, value_name = "RULE", hide_short_help = true)]
    pub(crate) on_unknown: Option<OnUnknownArg>,
    /// How long an answer may be lost before a person has to decide (default: 15m)
    #[arg(long, value_name = "TIME", value_parser = duration, hide_short_help = true)]
    pub(crate) quarantine: Option<Duration>,
    /// Put no token into client-data: a lost answer can't be found automatically
    #[arg(long, hide_short_help = true)]
    pub(crate) no_token: bool,
}

impl LostArgs {
    /// The flags that a later run of the same rows needs, as they are typed.
    pub(super) fn to_flags(&self) -> Vec<String> {
        let rule = self.on_unknown.and_then(|rule| rule.to_possible_value());
        let single = [
            ("--on-unknown", rule.map(|rule| rule.get_name().to_owned())),
            ("--quarantine", self.quarantine.map(|length| format!("{}ms", length.as_millis()))),
        ];
        let single = single.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?])).flatten();
        single.chain(self.no_token.then(|| "--no-token".to_owned())).collect()
    }
}

/// How a lost answer is dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnUnknownArg {
    /// Never send again automatically.
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
