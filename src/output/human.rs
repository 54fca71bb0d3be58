//! Events in plain words, one line each, for stderr.

use std::time::Duration;

use super::Out;
use crate::quantity::counted;
use crate::render::event::{Cause, Event, Outcome, OutcomeStatus, Progress};
use crate::render::outcome::Report;

/// Reports an event. Leaves out events that a progress bar already shows.
pub(super) fn tell(out: &Out, event: &Event, bars: bool) {
    match event {
        Event::Accepted { project, key, source } => {
            out.note(&format!(
                "{source}: accepted as project {project} (key {key}){}",
                if out.is_free { "" } else { "; you will be charged for it" }
            ));
        }
        Event::Attached { key, state, project } => {
            let which = project.as_ref().map(|project| format!(", project {project}")).unwrap_or_default();
            out.note(&format!("attached to the render of key {key}{which}, which is {}; nothing was sent", state.shown()));
        }
        Event::TryingAgain { why, after } => out.note(&format!("{why}: nothing was accepted; trying again in {}", length(*after))),
        Event::LookingFor { key, why } => {
            out.warning(&format!("{why}: the movie may have been accepted; looking for key {key} on the server, nothing is sent twice"));
        }
        Event::FoundAgain { project, name, next } => {
            out.note(&format!("found again: key {name} is project {project} (`{next}` follows it)"));
        }
        Event::Extra { kept, extra, next } => {
            let kept = kept.as_ref().map(|kept| format!(" beside {kept}")).unwrap_or_default();
            out.warning(&format!("the service made a second project for one render: {extra}{kept}; it was charged as well"));
            out.hint(next);
        }
        Event::Following { project } if !bars => out.progress(&format!("{project}: waiting for the render")),
        Event::Status { project, status, age } if !bars => out.progress(&format!("{project}: {}, {}", status.as_str(), length(*age))),
        Event::Unreadable { project, why } => {
            let what = project.as_ref().map_or_else(|| "the list of renders".to_owned(), ToString::to_string);
            out.progress(&format!("{what}: can't be read at the moment ({why}); trying again"));
        }
        Event::Progress(run) if !bars => now_and_then(out, run),
        Event::Following { .. } | Event::Status { .. } | Event::Downloading { .. } | Event::Progress(_) => {}
        Event::Ended(outcome) => ended(out, outcome),
        Event::Heard { project: Some(project) } => out.progress(&format!("{project}: callback received")),
        Event::Heard { project: None } => out.warning("received a callback without a project; it is kept as it came"),
        Event::Delivered { project, status, to } => out.progress(&format!("{project}: `{status}` delivered to {to}")),
        Event::Undelivered { project, status, why, again: Some(again), next } => {
            out.warning(&format!("{project}: `{status}` was not delivered: {why}; trying again in {}", length(*again)));
            out.hint(next);
        }
        Event::Undelivered { project, status, why, again: None, next } => {
            out.error(&format!("{project}: `{status}` was not delivered: {why}"));
            out.hint(next);
        }
        Event::Warning(text) => out.warning(text),
    }
}

/// The progress of a batch, in words.
pub(super) fn progress(progress: &Progress) -> String {
    let mut words = vec![format!("{} of {} rows", progress.done + progress.failed, progress.rows)];
    let counts = [("queued", progress.queued), ("rendering", progress.rendering), ("done", progress.done), ("failed", progress.failed)];
    words.extend(counts.into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| format!("{count} {word}")));
    if progress.credits > 0.0 {
        words.push(counted(rounded(progress.credits), "credit"));
    }
    words.extend(progress.left.map(|left| format!("about {} left", length(left))));
    words.join(", ")
}

/// Credits without the rounding error of their addition.
pub(super) fn rounded(credits: f64) -> f64 {
    (credits * 100.0).round() / 100.0
}

/// Where no bar is shown, prints a line at longer and longer intervals, so that progress doesn't fill a log of hours.
fn now_and_then(out: &Out, run: &Progress) {
    if out.is_time_for_progress(run.elapsed) {
        out.progress(&progress(run));
    }
}

fn ended(out: &Out, outcome: &Outcome) {
    let name = name(outcome);
    let message = outcome.message.as_deref().unwrap_or_default();
    match (outcome.cause, outcome.status) {
        (Cause::None, OutcomeStatus::Submitted) => {}
        (Cause::None, OutcomeStatus::Done) => done(out, outcome, &name),
        (Cause::None, OutcomeStatus::Pending | OutcomeStatus::Running) => {
            out.note(&format!("{name}: {}; the render continues and will be charged", outcome.status.as_str()));
        }
        (Cause::Interrupted, _) | (Cause::None, OutcomeStatus::Waiting) => out.note(&format!("{name}: {message}")),
        (_, OutcomeStatus::Timeout) => out.error(&format!("{name}: the service reports a timeout; it may still finish. {message}")),
        (_, OutcomeStatus::Error) => out.error(&format!("{name}: the render failed: {message}")),
        (_, OutcomeStatus::Invalid) => out.error(&format!("{}; nothing was sent", named(&name, message))),
        _ => out.error(&named(&name, message)),
    }
    for command in &outcome.next {
        out.hint(command);
    }
}

/// The message after the name of its subject, unless the message already begins with that name.
fn named(name: &str, message: &str) -> String {
    if message.starts_with(name) { message.to_owned() } else { format!("{name}: {message}") }
}

fn done(out: &Out, outcome: &Outcome, name: &str) {
    let facts = outcome.report.as_ref().map(facts).unwrap_or_default();
    match &outcome.file {
        // Nothing was saved now: the message says whose file it is.
        _ if outcome.message.is_some() => out.progress(&format!("{name}: done{facts}; {}", outcome.message.as_deref().unwrap_or_default())),
        Some(file) => out.progress(&format!("{name}: done{facts}; saved as {}", file.display())),
        None => out.progress(&format!("{name}: done{facts}")),
    }
    if let Some(until) = outcome.report.as_ref().filter(|report| report.url.is_some()).and_then(Report::kept_until) {
        out.note(&format!("{name}: the service deletes the file after 7 days, at {}", until.to_iso()));
    }
}

fn facts(report: &Report) -> String {
    let mut facts = Vec::new();
    facts.extend(report.duration.as_ref().map(|seconds| format!("{seconds} s")));
    facts.extend(report.width.zip(report.height).map(|(width, height)| format!("{width}x{height}")));
    facts.extend(report.size.map(bytes));
    facts.extend(report.credits.map(|credits| counted(credits, "credit")));
    if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) }
}

/// The name of an outcome: its project, else its source, else its key.
pub(super) fn name(outcome: &Outcome) -> String {
    let project = outcome.project.as_ref().map(ToString::to_string);
    project
        .or_else(|| outcome.source.clone())
        .or_else(|| outcome.key.as_ref().map(ToString::to_string))
        .unwrap_or_else(|| "the movie".to_owned())
}

/// A number of bytes for people: `912 B`, `3.4 kB`, `12.0 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let size = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.1} GB", size / 1e9),
    }
}

/// A duration for people: `850 ms`, `12 s`, `3 min 20 s`, `2 h 5 min`.
pub(super) fn length(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => format!("{} ms", length.as_millis()),
        1..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_told_as_people_do() {
        assert_eq!(length(Duration::from_millis(850)), "850 ms");
        assert_eq!(length(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(length(Duration::from_secs(7_500)), "2 h 5 min");
        assert_eq!(bytes(912), "912 B");
        assert_eq!(bytes(12_000_000), "12.0 MB");
    }
}
