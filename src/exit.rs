//! The exit codes of the contract (`contract.md#exit-codes`), and the rule that combines several outcomes into one code.

use std::process::ExitCode;

use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::outcome::Reason;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Everything is done.
    Done = 0,
    /// An unexpected failure of `j2v` itself.
    Internal = 1,
    /// Wrong usage.
    Usage = 2,
    /// The movie is invalid: nothing was sent.
    Invalid = 3,
    /// The key is missing, wrong or not allowed.
    Key = 4,
    /// Credits or quota are used up.
    Credits = 5,
    /// The service refused the request for another reason, or has no such project.
    Refused = 6,
    /// The service could not be reached or kept failing: nothing was accepted.
    Unreachable = 7,
    /// A POST may have been accepted.
    Unknown = 8,
    /// A render ended in `error`.
    Error = 9,
    /// A render ended in `timeout`.
    Timeout = 10,
    /// The deadline passed while the render was still running.
    Waiting = 11,
    /// Several movies with different outcomes.
    Mixed = 12,
    /// The key was used before for another movie.
    OtherMovie = 13,
    /// Rendered, but the file could not be saved.
    Unsaved = 14,
    /// Interrupted.
    Interrupted = 130,
}

impl Exit {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 16] = [
        Self::Done,
        Self::Internal,
        Self::Usage,
        Self::Invalid,
        Self::Key,
        Self::Credits,
        Self::Refused,
        Self::Unreachable,
        Self::Unknown,
        Self::Error,
        Self::Timeout,
        Self::Waiting,
        Self::Mixed,
        Self::OtherMovie,
        Self::Unsaved,
        Self::Interrupted,
    ];

    /// Its meaning, in the words of the help.
    #[must_use]
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "all done",
            Self::Internal => "an unexpected failure of j2v itself",
            Self::Usage => "wrong usage",
            Self::Invalid => "the movie is invalid: nothing was sent",
            Self::Key => "the key is missing, wrong or not allowed",
            Self::Credits => "credits or quota are used up, or --max-credits would be passed",
            Self::Refused => "the service refused the request, or knows no such project",
            Self::Unreachable => "the service could not be reached: nothing was accepted",
            Self::Unknown => "unknown or held: a POST may have been accepted",
            Self::Error => "a render ended in `error`",
            Self::Timeout => "a render ended in `timeout`: it may still finish",
            Self::Waiting => "the deadline passed and the render still runs",
            Self::Mixed => "several movies with different outcomes",
            Self::OtherMovie => "this --key was used for another movie, or a batch waits for --update or --keep: nothing was sent",
            Self::Unsaved => "rendered, but the file could not be saved",
            Self::Interrupted => "interrupted",
        }
    }

    /// The code for one outcome.
    #[must_use]
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome.cause {
            Cause::Refused(reason) => return Self::of_refusal(reason),
            Cause::Unreachable => return Self::Unreachable,
            Cause::Usage => return Self::Usage,
            Cause::OtherMovie => return Self::OtherMovie,
            Cause::Unsaved | Cause::OtherGeneration => return Self::Unsaved,
            Cause::Internal => return Self::Internal,
            Cause::Interrupted => return Self::Interrupted,
            Cause::None => {}
        }
        match outcome.status {
            OutcomeStatus::Submitted | OutcomeStatus::Done => Self::Done,
            OutcomeStatus::Pending | OutcomeStatus::Running | OutcomeStatus::Waiting => Self::Waiting,
            OutcomeStatus::Error => Self::Error,
            OutcomeStatus::Timeout => Self::Timeout,
            OutcomeStatus::Invalid => Self::Invalid,
            OutcomeStatus::Unsent => Self::Unreachable,
            OutcomeStatus::Refused => Self::Refused,
            OutcomeStatus::Unknown | OutcomeStatus::Held | OutcomeStatus::Abandoned => Self::Unknown,
            OutcomeStatus::Deleted | OutcomeStatus::Expired => Self::Unsaved,
        }
    }

    /// The code for a definite refusal by the service.
    #[must_use]
    pub(crate) fn of_refusal(reason: Reason) -> Self {
        match reason {
            Reason::Key => Self::Key,
            Reason::Credits => Self::Credits,
            Reason::Request => Self::Refused,
        }
    }

    /// The code for several outcomes: theirs where they agree, else [`Exit::Mixed`]. An interruption outweighs all others.
    #[must_use]
    pub(crate) fn fold(codes: impl IntoIterator<Item = Self>) -> Self {
        codes
            .into_iter()
            .reduce(|all, code| match (all, code) {
                (Self::Interrupted, _) | (_, Self::Interrupted) => Self::Interrupted,
                (all, code) if all == code => all,
                _ => Self::Mixed,
            })
            .unwrap_or(Self::Done)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreeing_outcomes_keep_their_code_and_others_are_mixed() {
        assert_eq!(Exit::fold([]), Exit::Done);
        assert_eq!(Exit::fold([Exit::Error, Exit::Error]), Exit::Error);
        assert_eq!(Exit::fold([Exit::Done, Exit::Error]), Exit::Mixed);
        assert_eq!(Exit::fold([Exit::Done, Exit::Interrupted, Exit::Error]), Exit::Interrupted);
    }
}
