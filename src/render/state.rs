//! The protocol of one render as a pure state machine: from a submission and a fact it computes the next submission
//! and the next action (`protocol.md#states`).
//!
//! What makes a second payment impossible: `intent` is entered again only from proof that nothing was
//! accepted, by the opt-in resubmission, or by a person; and a POST leaves only from a claim of `intent`.

use super::identity::ProjectId;
use super::outcome::{Refusal, Report, Status};

/// The state of a render in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Requested; no POST has been sent.
    Intent,
    /// Claimed by a process that may be writing the request.
    Sending,
    /// A POST may have been accepted; j2v searches the server for it.
    Unknown,
    /// Looked for past the quarantine and not found: a person decides.
    Held,
    /// The service refused the request; nothing was accepted.
    Rejected,
    /// A person gave it up.
    Abandoned,
    /// Accepted: the project is known and renders.
    Bound,
    /// Rendered.
    Done,
    /// The render failed.
    Error,
    /// The API stopped waiting; the render may still finish.
    Timeout,
    /// The file was deleted on the server.
    Deleted,
    /// The service has deleted the file after its 7 days.
    Expired,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 12] = [
        Self::Intent,
        Self::Sending,
        Self::Unknown,
        Self::Held,
        Self::Rejected,
        Self::Abandoned,
        Self::Bound,
        Self::Done,
        Self::Error,
        Self::Timeout,
        Self::Deleted,
        Self::Expired,
    ];

    /// The word under which it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Sending => "sending",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Abandoned => "abandoned",
            Self::Bound => "bound",
            Self::Done => "done",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn shown(self) -> &'static str {
        if self == Self::Bound { "rendering" } else { self.as_str() }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a project is known for it.
    #[must_use]
    pub fn is_bound(self) -> bool {
        matches!(self, Self::Bound | Self::Done | Self::Error | Self::Timeout | Self::Deleted | Self::Expired)
    }

    /// Whether a POST may have been accepted and its outcome is not known yet.
    #[must_use]
    pub fn is_unsettled(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown | Self::Held)
    }

    /// Whether its outcome is known. An `error` may still become `done` (`faults.md` row 34), and a `done` may be deleted; a
    /// `timeout` is no end.
    #[must_use]
    pub fn has_ended(self) -> bool {
        matches!(self, Self::Done | Self::Error | Self::Deleted | Self::Expired)
    }
}

/// What to do when a POST stays unknown past the quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OnUnknown {
    /// Never send again automatically.
    Hold,
    /// Send again, at most as often as `resubmits_left` allows.
    Resubmit,
}

impl OnUnknown {
    /// The word under which it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Resubmit => "resubmit",
        }
    }

    /// Reads a stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Hold, Self::Resubmit].into_iter().find(|rule| rule.as_str() == word)
    }
}

/// The part of one generation of a key that the protocol needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// The current state.
    pub state: State,
    /// Grows with each claim and each take-over; an answer of an older epoch changes nothing.
    pub epoch: u64,
    /// The n-th POST, from 1.
    pub attempt: u32,
    /// What to do past the quarantine.
    pub on_unknown: OnUnknown,
    /// How many automatic resubmissions are left.
    pub resubmits_left: u32,
    /// The project, once one is known.
    pub project: Option<ProjectId>,
}

impl Submission {
    /// Whether its own rule sends it again after the quarantine, once the whole list doesn't show it.
    #[must_use]
    pub fn may_resubmit(&self) -> bool {
        self.on_unknown == OnUnknown::Resubmit && self.resubmits_left > 0
    }
}

/// What happened to a render.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A process claims it in order to send it. The claim is durable before the first byte of the request.
    Claimed,
    /// Proof that the claim of this epoch sent nothing that was accepted.
    NotSent {
        /// The claim's epoch.
        epoch: u64,
    },
    /// The answer to our own POST: always believed.
    Accepted {
        /// What the service made.
        project: ProjectId,
    },
    /// The service refused the POST of this epoch.
    Refused {
        /// The claim's epoch.
        epoch: u64,
        /// Why.
        refusal: Refusal,
    },
    /// The POST of this epoch may have been accepted: no usable answer came.
    Lost {
        /// The claim's epoch.
        epoch: u64,
        /// What arrived instead of a usable answer.
        why: String,
    },
    /// The process that sent it is gone.
    OwnerGone,
    /// The token was found on the server.
    Found {
        /// The project that carries it.
        project: ProjectId,
    },
    /// A healthy sweep that covered the window ended after the quarantine and found nothing. For a render that is held
    /// already it counts only if the rule to resubmit was chosen since.
    QuarantineOver {
        /// The epoch that was looked for.
        epoch: u64,
    },
    /// The cause of the refusal seems to be gone: the same submission is requested again.
    Reopened,
    /// A person names the project.
    Adopted {
        /// The project named.
        project: ProjectId,
    },
    /// A person has it sent again.
    Resubmitted,
    /// A person gives it up.
    Abandoned,
    /// The service reports on the project.
    Seen(Box<Report>),
    /// The service has deleted the file after its 7 days.
    Expired,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open a connection, then claim.
    Connect,
    /// The claim is durable: the request may be written, once.
    Post,
    /// Look for the token on the server.
    Search,
    /// Ask a person: adopt, resubmit or abandon.
    Ask,
    /// Follow the project.
    Watch,
    /// Nothing more.
    Rest,
    /// The service made a second project for one render: say so, offer to delete it.
    Alarm(ProjectId),
}

/// The outcome of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The submission after the fact.
    pub next: Submission,
    /// What is to be done now.
    pub action: Action,
}

/// A fact that is not allowed in this state: another process was faster, or a person asks for a change that the state
/// forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the render is `{}` by now", state.as_str())]
pub struct InvalidTransition {
    /// The current state.
    pub state: State,
}

impl Submission {
    /// A new intent.
    #[must_use]
    pub fn new(on_unknown: OnUnknown) -> Self {
        Self { state: State::Intent, epoch: 0, attempt: 1, on_unknown, resubmits_left: 1, project: None }
    }

    /// The action for a submission in this state, in any process that finds it.
    #[must_use]
    pub fn action(&self) -> Action {
        match self.state {
            State::Intent => Action::Connect,
            State::Sending | State::Unknown => Action::Search,
            State::Held => Action::Ask,
            State::Bound | State::Timeout => Action::Watch,
            State::Rejected | State::Abandoned | State::Done | State::Error | State::Deleted | State::Expired => Action::Rest,
        }
    }

    /// Applies a fact.
    ///
    /// # Errors
    /// When this state doesn't allow the fact: a claim of a submission that is not an intent, or a decision about one
    /// that needs none.
    pub fn step(&self, fact: &Fact) -> Result<Transition, InvalidTransition> {
        match fact {
            Fact::Claimed => self.claimed(),
            Fact::NotSent { epoch } => Ok(self.if_mine(*epoch, State::Intent)),
            Fact::Refused { epoch, .. } => Ok(self.if_mine(*epoch, State::Rejected)),
            Fact::Lost { epoch, .. } => Ok(self.if_mine(*epoch, State::Unknown)),
            Fact::OwnerGone => Ok(self.owner_gone()),
            Fact::Accepted { project } => Ok(self.bind(project, self.epoch)),
            Fact::Found { project } => Ok(self.found(project)),
            Fact::QuarantineOver { epoch } => Ok(self.quarantine_over(*epoch)),
            Fact::Reopened => self.decide(&[State::Rejected], Self::again),
            Fact::Adopted { project } => {
                let open = [State::Unknown, State::Held, State::Abandoned, State::Rejected];
                self.decide(&open, |now| now.bind(project, now.epoch + 1).next)
            }
            Fact::Resubmitted => self.decide(&[State::Unknown, State::Held, State::Abandoned], Self::again),
            Fact::Abandoned => {
                let open = [State::Intent, State::Unknown, State::Held, State::Rejected];
                self.decide(&open, |now| Self { state: State::Abandoned, epoch: now.epoch + 1, ..now.clone() })
            }
            Fact::Seen(report) => Ok(self.seen(report)),
            Fact::Expired => Ok(self.expired()),
        }
    }

    fn claimed(&self) -> Result<Transition, InvalidTransition> {
        if self.state != State::Intent {
            return Err(InvalidTransition { state: self.state });
        }
        Ok(Transition { next: Self { state: State::Sending, epoch: self.epoch + 1, ..self.clone() }, action: Action::Post })
    }

    /// An answer of the claim's own epoch moves the row; one of an older epoch is history.
    fn if_mine(&self, epoch: u64, state: State) -> Transition {
        let mine = matches!(self.state, State::Sending | State::Unknown) && self.epoch == epoch;
        self.to(if mine { state } else { self.state })
    }

    fn owner_gone(&self) -> Transition {
        if self.state != State::Sending {
            return self.stay();
        }
        settled(Self { state: State::Unknown, epoch: self.epoch + 1, ..self.clone() })
    }

    fn found(&self, project: &ProjectId) -> Transition {
        match self.state {
            State::Sending | State::Unknown | State::Held | State::Abandoned => self.bind(project, self.epoch + 1),
            _ => self.bind(project, self.epoch),
        }
    }

    /// Records the project. A second project for the same render always raises an alarm.
    fn bind(&self, project: &ProjectId, epoch: u64) -> Transition {
        match &self.project {
            Some(known) if known == project => self.stay(),
            Some(_) => Transition { next: self.clone(), action: Action::Alarm(project.clone()) },
            None => settled(Self { state: State::Bound, epoch, project: Some(project.clone()), ..self.clone() }),
        }
    }

    /// A sweep takes a while: a submission that it didn't find may have been sent again since.
    fn quarantine_over(&self, epoch: u64) -> Transition {
        match self.state {
            _ if self.epoch != epoch => self.stay(),
            State::Unknown | State::Held if self.may_resubmit() => {
                settled(Self { resubmits_left: self.resubmits_left - 1, ..self.again() })
            }
            State::Unknown => self.to(State::Held),
            _ => self.stay(),
        }
    }

    fn again(&self) -> Self {
        Self { state: State::Intent, epoch: self.epoch + 1, attempt: self.attempt + 1, ..self.clone() }
    }

    fn decide(&self, from: &[State], change: impl FnOnce(&Self) -> Self) -> Result<Transition, InvalidTransition> {
        if from.contains(&self.state) { Ok(settled(change(self))) } else { Err(InvalidTransition { state: self.state }) }
    }

    /// The highest status is kept; `error` and `timeout` may still become `done` (`faults.md` rows 32 to 34).
    fn seen(&self, report: &Report) -> Transition {
        if !self.state.is_bound() {
            return self.stay();
        }
        if self.project.as_ref() != Some(&report.project) {
            return Transition { next: self.clone(), action: Action::Alarm(report.project.clone()) };
        }
        let state = match (self.state, &report.status) {
            (State::Deleted | State::Expired, _) => self.state,
            (_, Status::Deleted) => State::Deleted,
            (_, Status::Done) => State::Done,
            (State::Bound | State::Timeout, Status::Error) => State::Error,
            (State::Bound, Status::Timeout) => State::Timeout,
            (state, _) => state,
        };
        self.to(state)
    }

    fn expired(&self) -> Transition {
        self.to(if self.state == State::Done { State::Expired } else { self.state })
    }

    fn to(&self, state: State) -> Transition {
        settled(Self { state, ..self.clone() })
    }

    fn stay(&self) -> Transition {
        settled(self.clone())
    }
}

fn settled(next: Submission) -> Transition {
    Transition { action: next.action(), next }
}
