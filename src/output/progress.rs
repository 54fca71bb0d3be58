//! Progress bars on a terminal: one line per render while there are few, one line for all when there are many.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::human;
use crate::render::event::{self, Event};
use crate::render::identity::ProjectId;
use crate::render::outcome::Status;

/// More lines than this would push the messages off a small terminal.
const MOST_LINES: usize = 8;

const TICK: Duration = Duration::from_millis(120);

/// The bars, or nothing where stderr is not a terminal or the user asked for quiet.
pub(super) struct Progress {
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: HashMap<ProjectId, ProgressBar>,
    /// The one line of a batch.
    run: Option<ProgressBar>,
    summary: Option<ProgressBar>,
    following: u64,
    ended: u64,
}

impl Progress {
    pub(super) fn new(shown: bool) -> Self {
        let bars = shown.then(|| Bars { all: MultiProgress::with_draw_target(ProgressDrawTarget::stderr()), state: Mutex::default() });
        Self { bars }
    }

    pub(super) fn is_shown(&self) -> bool {
        self.bars.is_some()
    }

    /// A bar for a file that is being uploaded.
    pub(super) fn upload(&self, name: &str, size: u64) -> UploadBar {
        UploadBar(self.bars.as_ref().map(|bars| {
            let bar = bars.all.add(ProgressBar::new(size).with_style(download(true)));
            bar.set_prefix(super::sanitize::line(name).into_owned());
            bar
        }))
    }

    /// Removes the bars from the screen while something is written.
    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bars {
            Some(bars) => bars.all.suspend(write),
            None => write(),
        }
    }

    /// Shows an event on a bar; returns false when it has to be reported in words.
    pub(super) fn hear(&self, event: &Event) -> bool {
        let Some(bars) = &self.bars else { return false };
        let mut state = bars.state.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Following { project } => state.follow(&bars.all, project),
            Event::Status { project, status, .. } => state.status(project, status),
            Event::Downloading { project, got, of } => state.downloading(project, *got, *of),
            Event::Progress(progress) => state.run(&bars.all, progress),
            Event::Ended(outcome) => {
                state.end(outcome.project.as_ref());
                return false;
            }
            _ => return false,
        }
        true
    }
}

/// A bar that disappears when it is dropped.
pub(crate) struct UploadBar(Option<ProgressBar>);

impl UploadBar {
    /// Shows how many bytes are uploaded.
    pub(crate) fn at(&self, sent: u64) {
        if let Some(bar) = &self.0 {
            bar.set_position(sent);
        }
    }
}

impl Drop for UploadBar {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

impl State {
    fn follow(&mut self, all: &MultiProgress, project: &ProjectId) {
        self.following += 1;
        if self.lines.len() < MOST_LINES {
            let line = all.add(ProgressBar::new_spinner().with_style(spinner()));
            line.set_prefix(super::sanitize::line(project.as_str()).into_owned());
            line.set_message("queued");
            line.enable_steady_tick(TICK);
            self.lines.insert(project.clone(), line);
        } else {
            let summary = self.summary.get_or_insert_with(|| {
                let summary = all.add(ProgressBar::new(0).with_style(counter()));
                summary.enable_steady_tick(TICK);
                summary
            });
            summary.set_length(self.following);
        }
    }

    /// One line for a whole batch.
    fn run(&mut self, all: &MultiProgress, progress: &event::Progress) {
        let line = self.run.get_or_insert_with(|| {
            let line = all.add(ProgressBar::new(progress.rows).with_style(run()));
            line.enable_steady_tick(TICK);
            line
        });
        line.set_length(progress.rows);
        line.set_position(progress.done + progress.failed);
        line.set_message(human::progress(progress));
        if progress.done + progress.failed >= progress.rows {
            line.finish_and_clear();
        }
    }

    fn status(&self, project: &ProjectId, status: &Status) {
        let word = match status {
            Status::Pending => "queued",
            Status::Running => "rendering",
            other => other.as_str(),
        };
        if let Some(line) = self.lines.get(project) {
            line.set_message(super::sanitize::line(word).into_owned());
        }
    }

    fn downloading(&self, project: &ProjectId, got: u64, of: Option<u64>) {
        let Some(line) = self.lines.get(project) else { return };
        if line.length().is_none() {
            line.set_style(download(of.is_some()));
            line.reset_elapsed();
            line.set_length(of.unwrap_or(0));
        }
        line.set_position(got);
    }

    fn end(&mut self, project: Option<&ProjectId>) {
        self.ended += 1;
        if let Some(line) = project.and_then(|project| self.lines.remove(project)) {
            line.finish_and_clear();
        }
        if let Some(summary) = &self.summary {
            summary.set_position(self.ended);
            if self.ended >= self.following {
                summary.finish_and_clear();
            }
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn spinner() -> ProgressStyle {
    style("{spinner} {prefix} {wide_msg} {elapsed}")
}

fn counter() -> ProgressStyle {
    style("{spinner} {pos} of {len} renders ended {elapsed}")
}

fn run() -> ProgressStyle {
    style("{spinner} {bar:12} {wide_msg}").progress_chars("=> ")
}

fn download(knows_the_end: bool) -> ProgressStyle {
    if knows_the_end {
        style("{spinner} {prefix} {bar:24} {decimal_bytes} of {decimal_total_bytes} {decimal_bytes_per_sec}").progress_chars("=> ")
    } else {
        style("{spinner} {prefix} {decimal_bytes} {decimal_bytes_per_sec}")
    }
}
