//! Why a run sends nothing more although rows are left.

use crate::ledger::Render;
use crate::ledger::batch::Unclaimed;
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::outcome::{Reason, Refusal};

/// Why a run sends nothing more. Renders that it has sent are still followed where possible.
#[derive(Debug, Clone, PartialEq)]
pub enum StopReason {
    /// The user interrupted.
    Interrupted,
    /// The service refused the key, or the credits are used up: every other row would be refused, too.
    Refused(Refusal),
    /// The batch's own budget is used up.
    Budget(Unclaimed),
    /// The service could not be reached, or was too busy for too long.
    Unreachable(String),
    /// The ledger failed.
    Ledger(String),
}

impl StopReason {
    /// What the reason means for all rows that were not sent, in one sentence.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::Interrupted => "interrupted; nothing more is sent".to_owned(),
            Self::Refused(refusal) if refusal.reason == Reason::Credits => {
                format!("the credits are used up ({}): the batch stops; its next run continues", refusal.message)
            }
            Self::Refused(refusal) => format!("the service refuses the key ({}): nothing more is sent", refusal.message),
            Self::Budget(why) => format!("{why}. Run it again with a larger budget"),
            Self::Unreachable(why) => format!("{why}: nothing more is sent"),
            Self::Ledger(why) => format!("{why}: nothing more is sent; the next run finds out what happened to what was sent"),
        }
    }

    fn cause(&self) -> Cause {
        match self {
            Self::Interrupted => Cause::Interrupted,
            Self::Refused(refusal) => Cause::Refused(refusal.reason),
            Self::Budget(_) => Cause::Refused(Reason::Credits),
            Self::Unreachable(_) => Cause::Unreachable,
            Self::Ledger(_) => Cause::Internal,
        }
    }

    /// The outcome of a row that was not sent.
    #[must_use]
    pub(in crate::work) fn outcome(&self, render: Option<&Render>) -> Outcome {
        let outcome = render
            .map_or_else(|| Outcome::new(OutcomeStatus::Unsent), |render| super::super::outcome::described(render, OutcomeStatus::Unsent));
        let why = match self {
            Self::Interrupted => "interrupted".to_owned(),
            Self::Refused(refusal) => refusal.message.clone(),
            Self::Budget(why) => why.to_string(),
            Self::Unreachable(why) | Self::Ledger(why) => why.clone(),
        };
        outcome.because(self.cause(), format!("not sent: {why}"))
    }
}
