//! The events that the use cases report to the output. No other types pass between the two.

use std::path::PathBuf;
use std::time::Duration;

use super::identity::{Key, ProjectId};
use super::outcome::{Reason, Report, Status};
use super::state::State;

/// One event of one render, or of the run.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The service accepted a movie: you will be charged for it.
    Accepted {
        /// What the service made.
        project: ProjectId,
        /// The submission's key.
        key: Key,
        /// Where the movie came from.
        source: String,
    },
    /// The key (or an interrupted submission of the same movie) had a render already; nothing was sent.
    Attached {
        /// The key.
        key: Key,
        /// The state of that render.
        state: State,
        /// Its project, if one is known.
        project: Option<ProjectId>,
    },
    /// Nothing was accepted; the POST is tried again.
    TryingAgain {
        /// What happened.
        why: String,
        /// After how long.
        after: Duration,
    },
    /// A POST may have been accepted; j2v searches the server for it.
    LookingFor {
        /// The submission's key.
        key: Key,
        /// What arrived instead of a usable answer.
        why: String,
    },
    /// A lost answer was found again.
    FoundAgain {
        /// The project.
        project: ProjectId,
        /// The name of its render: `KEY`, or `BATCH/KEY`.
        name: String,
        /// The command that follows it.
        next: String,
    },
    /// The service made a second project for one render.
    Extra {
        /// The one that the ledger holds.
        kept: Option<ProjectId>,
        /// The second one.
        extra: ProjectId,
        /// The command that deletes its file.
        next: String,
    },
    /// j2v now polls this render.
    Following {
        /// The project.
        project: ProjectId,
    },
    /// The service reported on a render.
    Status {
        /// The project.
        project: ProjectId,
        /// The status that the service reports.
        status: Status,
        /// The time since the service accepted the movie.
        age: Duration,
    },
    /// A render can't be read for the moment.
    Unreadable {
        /// The project, or `None` when it was the list.
        project: Option<ProjectId>,
        /// What happened.
        why: String,
    },
    /// A video is on its way.
    Downloading {
        /// The project.
        project: ProjectId,
        /// Bytes on disk.
        got: u64,
        /// Bytes in all, if known.
        of: Option<u64>,
    },
    /// The outcome of a render is known.
    Ended(Box<Outcome>),
    /// A callback arrived and is stored.
    Heard {
        /// The project that it names, if it can be read.
        project: Option<ProjectId>,
    },
    /// An outcome was delivered to an application.
    Delivered {
        /// The project.
        project: ProjectId,
        /// How it ended.
        status: String,
        /// The application that received it.
        to: String,
    },
    /// The delivery of an outcome to an application failed.
    Undelivered {
        /// The project.
        project: ProjectId,
        /// How it ended.
        status: String,
        /// What happened.
        why: String,
        /// The wait before the next try; `None` when there is none.
        again: Option<Duration>,
        /// The command to run next.
        next: String,
    },
    /// How far a run of many renders is.
    Progress(Box<Progress>),
    /// Something a person should know.
    Warning(String),
}

/// How far a run of many renders is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How many there are.
    pub rows: u64,
    /// Not accepted yet.
    pub queued: u64,
    /// Accepted and not ended.
    pub rendering: u64,
    /// Ended well.
    pub done: u64,
    /// Ended otherwise.
    pub failed: u64,
    /// The credits of the ended renders, as far as the service reports them.
    pub credits: f64,
    /// Since the run began.
    pub elapsed: Duration,
    /// How long the rest will take, from what was measured.
    pub left: Option<Duration>,
}

/// What became of a render, in the words of the contract (`contract.md#output`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutcomeStatus {
    /// Accepted; not waited for.
    Submitted,
    /// Queued, as of the one look that was asked for.
    Pending,
    /// Rendering, as of the one look that was asked for.
    Running,
    /// Rendered.
    Done,
    /// The render failed.
    Error,
    /// The API stopped waiting; it may still finish.
    Timeout,
    /// The movie is invalid; nothing was sent.
    Invalid,
    /// Nothing was accepted.
    Unsent,
    /// The service refused the request, or knows no such project.
    Refused,
    /// A POST may have been accepted.
    Unknown,
    /// Looked for and not found; a person decides.
    Held,
    /// The deadline passed, it still runs.
    Waiting,
    /// The file was deleted on the server.
    Deleted,
    /// The file is gone after its 7 days.
    Expired,
    /// A person gave it up.
    Abandoned,
}

impl OutcomeStatus {
    /// The word of the contract.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Done => "done",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Invalid => "invalid",
            Self::Unsent => "unsent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Waiting => "waiting",
            Self::Deleted => "deleted",
            Self::Expired => "expired",
            Self::Abandoned => "abandoned",
        }
    }
}

/// Why an outcome is not a success, where the status alone doesn't show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The status says everything.
    None,
    /// The service refused, for this reason.
    Refused(Reason),
    /// The service could not be reached or kept failing.
    Unreachable,
    /// The command line is wrong for it (its file can't be read, say).
    Usage,
    /// The key was used before for another movie.
    OtherMovie,
    /// Rendered, but the file could not be saved.
    Unsaved,
    /// Rendered, but the video of another generation of its key has the file's name.
    OtherGeneration,
    /// `j2v` itself failed.
    Internal,
    /// Interrupted by the user.
    Interrupted,
}

/// The outcome of one render: what a line of `--json` holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The result of the render.
    pub status: OutcomeStatus,
    /// Why, where the status doesn't tell.
    pub cause: Cause,
    /// The project, if one is known.
    pub project: Option<ProjectId>,
    /// The submission's key, if the ledger knows one.
    pub key: Option<Key>,
    /// Where the movie came from.
    pub source: Option<String>,
    /// What the service said last.
    pub report: Option<Report>,
    /// The movie's own `client-data`, where the service has reported none.
    pub client_data: Option<serde_json::Value>,
    /// Where the video was saved.
    pub file: Option<PathBuf>,
    /// What went wrong, for people.
    pub message: Option<String>,
    /// The commands to run next.
    pub next: Vec<String>,
}

impl Outcome {
    /// An outcome that knows nothing but its status.
    #[must_use]
    pub fn new(status: OutcomeStatus) -> Self {
        Self {
            status,
            cause: Cause::None,
            project: None,
            key: None,
            source: None,
            report: None,
            client_data: None,
            file: None,
            message: None,
            next: Vec::new(),
        }
    }

    /// The same with a cause and what went wrong.
    #[must_use]
    pub fn because(mut self, cause: Cause, message: impl Into<String>) -> Self {
        self.cause = cause;
        self.message = Some(message.into());
        self
    }

    /// The same with a command that leads on.
    #[must_use]
    pub fn then(mut self, command: impl Into<String>) -> Self {
        self.next.push(command.into());
        self
    }
}

/// Receives the events of a run, one at a time.
pub trait Listener: Send + Sync {
    /// Receives one event.
    fn hear(&self, event: &Event);
}
