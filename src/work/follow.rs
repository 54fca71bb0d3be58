//! Following renders to their outcomes: the poller and the downloads run side by side.

use std::path::PathBuf;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::{Semaphore, mpsc};

use super::poll::{PollResult, Target, WaitPolicy, poll};
use super::save::{self, Saving, Unsaved, Whose, save_video, saved_file};
use super::{Context, Submission};
use crate::ledger::Render;
use crate::render::event::{Cause, Event, Outcome, OutcomeStatus};
use crate::render::outcome::{Reason, Report, Status};
use crate::render::state::State;
use crate::service::place::here;

/// The reminder for a render that is still under way.
const GOES_ON: &str = "the render continues and will be charged";

/// Videos downloaded at once.
pub(super) const DOWNLOADS: usize = 4;

/// A render to follow, and the index of the argument that named it.
#[derive(Debug, Clone)]
pub struct Followed {
    /// The index of its argument.
    pub index: usize,
    /// What to watch.
    pub target: Target,
}

impl Followed {
    /// The render of a row; `None` while its project is not known.
    #[must_use]
    pub fn of_render(index: usize, render: &Render) -> Option<Self> {
        Some(Self { index, target: Target::of_render(render)? })
    }
}

/// Follows every render to its outcome, and passes each outcome with its index to `end` as soon as it is known.
pub async fn follow(
    context: &Context,
    followed: Vec<Followed>,
    wait: WaitPolicy,
    saving: Option<&Saving>,
    mut end: impl FnMut(usize, Outcome),
) {
    let is_over = |followed: &Followed| followed.target.render.as_ref().is_some_and(|render| render.submission.state.has_ended());
    for followed in followed.iter().filter(|followed| !wait.once && !is_over(followed)) {
        context.tell(&Event::Following { project: followed.target.project.clone() });
    }
    let (sender, mut poll_results) = mpsc::unbounded_channel();
    let targets = followed.iter().map(|followed| followed.target.clone()).collect();
    let watcher = tokio::spawn(poll(context.clone(), targets, wait, sender));
    let downloads = Semaphore::new(DOWNLOADS);
    let mut endings = FuturesUnordered::new();
    let mut is_watching = true;
    while is_watching || !endings.is_empty() {
        tokio::select! {
            poll_result = poll_results.recv(), if is_watching => match poll_result {
                Some((place, poll_result)) => {
                    let (followed, downloads) = (&followed[place], &downloads);
                    let described = Described { context, target: &followed.target, downloads, saving };
                    endings.push(async move { (followed.index, described.outcome_of(poll_result).await) });
                }
                None => is_watching = false,
            },
            Some((index, outcome)) = endings.next(), if !endings.is_empty() => end(index, outcome),
        }
    }
    // The watcher has sent everything. Joining it can only report a panic, which needs no handling here.
    let _ = watcher.await;
}

/// The outcome of a render that has ended according to the ledger, without a request to the service.
pub async fn remembered(context: &Context, render: &Render) -> Option<Outcome> {
    let (project, report) = (render.submission.project.clone()?, render.report.clone()?);
    let target = Target { project, render: Some(render.clone()), since: render.created_at };
    let downloads = Semaphore::new(0);
    let described = Described { context, target: &target, downloads: &downloads, saving: None };
    Some(described.ended(report).await)
}

/// Turns the result of a watcher into an outcome.
pub(super) struct Described<'a> {
    pub(super) context: &'a Context,
    pub(super) target: &'a Target,
    pub(super) downloads: &'a Semaphore,
    pub(super) saving: Option<&'a Saving>,
}

impl Described<'_> {
    pub(super) async fn outcome_of(&self, poll_result: PollResult) -> Outcome {
        match poll_result {
            PollResult::Ended(report) => self.ended(*report).await,
            PollResult::Looked(report) => self.looked(report.map(|report| *report)),
            PollResult::Runs { last, unread } => self.runs(last.map(|report| *report), unread.as_deref()),
            PollResult::Missing => self
                .outcome(OutcomeStatus::Refused, None)
                .because(Cause::None, "the service does not know this project; does it belong to another account?")
                .then(self.context.command.spell(&["list"])),
            PollResult::Unreachable(why) => self
                .outcome(OutcomeStatus::Waiting, None)
                .because(Cause::Unreachable, format!("its state is unknown: {why}"))
                .then(self.poll()),
            PollResult::Refused(refusal) => {
                let message = self.going_on(&format!("the service refuses the request: {}", refusal.message));
                let mut outcome = self.outcome(OutcomeStatus::Waiting, None).because(Cause::Refused(refusal.reason), message);
                if refusal.reason == Reason::Key {
                    outcome = outcome.then(self.context.command.spell(&["auth", "login"]));
                }
                outcome.then(self.poll())
            }
            PollResult::Broken(message) => {
                self.outcome(OutcomeStatus::Waiting, None).because(Cause::Internal, self.going_on(&message)).then(self.poll())
            }
            PollResult::Interrupted(report) => {
                let message = if report.is_some() { format!("interrupted; {GOES_ON}") } else { self.going_on("interrupted") };
                self.outcome(OutcomeStatus::Waiting, report.map(|report| *report))
                    .because(Cause::Interrupted, format!("{message}. The next command resumes"))
                    .then(self.poll())
            }
        }
    }

    /// The message, with the reminder that the render continues. The reminder is added only when the ledger has the
    /// render.
    fn going_on(&self, what: &str) -> String {
        if self.target.render.is_some() { format!("{what}; {GOES_ON}") } else { what.to_owned() }
    }

    fn outcome(&self, status: OutcomeStatus, report: Option<Report>) -> Outcome {
        let render = self.target.render.as_ref();
        Outcome {
            project: Some(self.target.project.clone()),
            key: render.map(|render| render.key.clone()),
            source: render.map(|render| render.source.clone()),
            file: render.and_then(|render| render.file.as_deref()).map(here),
            report: report.or_else(|| render.and_then(|render| render.report.clone())),
            ..Outcome::new(status)
        }
    }

    fn poll(&self) -> String {
        let project = ["poll", self.target.project.as_str()];
        let place = self.saving.map(|saving| ["--download", &saving.place]);
        let flags = self.saving.into_iter().flat_map(Saving::flags);
        self.context.command.spell(&project.into_iter().chain(place.into_iter().flatten()).chain(flags).collect::<Vec<_>>())
    }

    fn render_again(&self, submission: Submission) -> Option<String> {
        let render = self.target.render.as_ref()?;
        Some(self.context.command.send(render, submission))
    }

    fn looked(&self, report: Option<Report>) -> Outcome {
        let status = match report.as_ref().map(|report| &report.status) {
            Some(Status::Pending) => OutcomeStatus::Pending,
            Some(Status::Running | Status::Other(_)) => OutcomeStatus::Running,
            _ => OutcomeStatus::Waiting,
        };
        let message = if report.is_some() { "still rendering" } else { "its status could not be read" };
        self.outcome(status, report).because(Cause::None, message).then(self.poll())
    }

    fn runs(&self, report: Option<Report>, unread: Option<&str>) -> Outcome {
        let message = match (unread, &report) {
            (Some(why), _) => self.going_on(&format!("timed out; its status could not be read: {why}")),
            (None, Some(report)) if report.status == Status::Done => {
                "timed out; the service says `done` but gave no URL yet; the render will be charged".to_owned()
            }
            (None, Some(_)) => format!("timed out; {GOES_ON}"),
            (None, None) => self.going_on("timed out before its status was read"),
        };
        self.outcome(OutcomeStatus::Waiting, report).because(Cause::None, message).then(self.poll())
    }

    async fn ended(&self, report: Report) -> Outcome {
        match &report.status {
            _ if self.target.render.as_ref().is_some_and(|render| render.submission.state == State::Expired) => self.expired(report).await,
            // A video for which the service returns a URL exists, whatever the clocks say.
            Status::Done if report.url.is_some() => self.done(report).await,
            Status::Done if report.is_expired(self.context.service_now()) => self.expired(report).await,
            Status::Done => self
                .outcome(OutcomeStatus::Error, Some(report))
                .because(Cause::None, "the service says `done` but gives no URL")
                .then(self.poll()),
            Status::Deleted => self.kept(OutcomeStatus::Deleted, report, &Unsaved::Deleted),
            Status::Timeout => self
                .outcome(OutcomeStatus::Timeout, Some(report))
                .because(Cause::None, "Check again later; you will be charged if it finishes")
                .then(self.poll()),
            _ => self.failed(report),
        }
    }

    fn failed(&self, report: Report) -> Outcome {
        let message = report.message.clone().unwrap_or_else(|| "the service gives no reason".to_owned());
        let name = self.target.render.as_ref().map_or_else(|| report.project.to_string(), |render| self.context.command.name(render));
        let explain = self.context.command.spell(&["explain", &name]);
        let mut outcome = self.outcome(OutcomeStatus::Error, Some(report)).because(Cause::None, message).then(explain);
        outcome.next.extend(self.render_again(Submission::Again));
        outcome
    }

    async fn done(&self, report: Report) -> Outcome {
        let Some(saving) = self.saving else { return self.outcome(OutcomeStatus::Done, Some(report)) };
        let turn = self.downloads.acquire().await;
        let saved = save_video(self.context, &report, self.target.render.as_ref(), saving).await;
        drop(turn);
        let resume = self.download(saving);
        let outcome = Outcome { file: None, ..self.outcome(OutcomeStatus::Done, Some(report.clone())) };
        match saved {
            Ok(file) => Outcome { file: Some(file), ..outcome },
            Err(Unsaved::Expired) => self.expired(report).await,
            Err(why @ Unsaved::Deleted) => self.kept(OutcomeStatus::Deleted, report, &why),
            Err(why @ Unsaved::InTheWay { .. }) => {
                let next = match &why {
                    // The file is another paid video: the next command leaves it alone.
                    Unsaved::InTheWay { path, whose: Some(_) } => {
                        let free = save::with_project(path, &report.project);
                        self.context.command.spell(&["download", report.project.as_str(), "-o", &free.to_string_lossy()])
                    }
                    _ => format!("{resume} --overwrite"),
                };
                let is_of_its_key = matches!(why, Unsaved::InTheWay { whose: Some(Whose::Generation(_)), .. });
                let cause = if is_of_its_key { Cause::OtherGeneration } else { Cause::Unsaved };
                outcome.because(cause, format!("rendered, but {why}")).then(next)
            }
            Err(why @ Unsaved::Private(_)) => {
                outcome.because(Cause::Unsaved, format!("rendered, but not saved: {why}")).then(format!("{resume} {}", save::ALLOW_PRIVATE))
            }
            Err(why @ (Unsaved::Busy { .. } | Unsaved::Failed(_))) => {
                outcome.because(Cause::Unsaved, format!("rendered, but not saved: {why}")).then(resume)
            }
            Err(Unsaved::Interrupted) => {
                outcome.because(Cause::Interrupted, "interrupted; rendered, but the video is not saved yet").then(resume)
            }
            Err(why @ Unsaved::Ledger { .. }) => outcome.because(Cause::Internal, why.to_string()).then(resume),
        }
    }

    async fn expired(&self, report: Report) -> Outcome {
        if let Some(render) = &self.target.render
            && let Err(error) = save::expired(self.context, render).await
        {
            self.context.tell(&Event::Warning(error.to_string()));
        }
        self.kept(OutcomeStatus::Expired, report, &Unsaved::Expired)
    }

    /// The server no longer has the file. A saved copy replaces it; without one only a new render helps.
    fn kept(&self, status: OutcomeStatus, mut report: Report, why: &Unsaved) -> Outcome {
        report.url = None;
        if let Some(file) = self.target.render.as_ref().and_then(saved_file) {
            return self.saved_before(file, &report);
        }
        let again = match self.target.render.as_ref().map(|render| render.batch().is_some()) {
            Some(true) => "; --retry-expired renders it again",
            Some(false) => "; --again renders it again",
            None => "",
        };
        let mut outcome = self.outcome(status, Some(report)).because(Cause::None, format!("{why}{again}"));
        outcome.file = None;
        outcome.next.extend(self.render_again(Submission::Anew));
        outcome
    }
}

impl Described<'_> {
    /// The video that an earlier run saved. `download` copies it to the requested place; any other command says that nothing
    /// was saved now.
    fn saved_before(&self, file: PathBuf, report: &Report) -> Outcome {
        let render = self.target.render.as_ref();
        let outcome = self.outcome(OutcomeStatus::Done, Some(report.clone()));
        let deleted = |so: &str| format!("the service has deleted the file; {so}");
        match self.saving {
            Some(saving) if saving.copies => match save::copied(&file, report, render, saving) {
                Ok(file) => Outcome { file: Some(file), ..outcome },
                Err(why) => Outcome { file: None, ..outcome }
                    .because(Cause::Unsaved, deleted(&format!("the saved one, {}, was not copied: {why}", file.display()))),
            },
            Some(saving) if !save::is_there(&file, report, render, saving) => {
                let message = deleted(&format!("the one saved earlier is {}, and nothing was saved at {}", file.display(), saving.place));
                Outcome { file: Some(file), message: Some(message), ..outcome }.then(self.download(saving))
            }
            _ => {
                let message = deleted(&format!("the one saved earlier is {}", file.display()));
                Outcome { file: Some(file), message: Some(message), ..outcome }
            }
        }
    }

    /// The command that saves the video at the requested place.
    fn download(&self, saving: &Saving) -> String {
        let words = ["download", self.target.project.as_str(), "-o", &saving.place];
        self.context.command.spell(&words.into_iter().chain(saving.flags()).collect::<Vec<_>>())
    }
}
