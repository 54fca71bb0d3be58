//! The meaning of the flags for waiting and saving, for every command that has them.

use std::path::Path;
use std::time::Duration;

use super::renders::Known;
use super::{Call, CliError};
use crate::cli::{NameArgs, SaveArgs, SaveRules, WaitArgs};
use crate::exit::Exit;
use crate::movie::pattern::Pattern;
use crate::output::Results;
use crate::render::event::{Cause, Outcome, OutcomeStatus};
use crate::render::identity::{Key, ProjectId};
use crate::render::outcome::Reason;
use crate::render::schedule::PollInterval;
use crate::service::download::Overwrite;
use crate::service::place::{self, is_folder};
use crate::work::Context;
use crate::work::follow::Followed;
use crate::work::outcome::unbound;
use crate::work::poll::{Target, WaitPolicy};
use crate::work::save::Saving;

/// How often a command reads each render.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PollMode {
    /// Once.
    One,
    /// Until the end.
    Many,
}

/// How long a command follows its renders.
pub(super) fn patience(call: &Call, context: &Context, args: &WaitArgs, mode: PollMode) -> WaitPolicy {
    if mode == PollMode::Many && PollInterval::raises(context.locality, args.interval) {
        call.out.warning("--interval is raised to 5s: the service asks not to be polled more often");
    }
    WaitPolicy {
        poll_interval: PollInterval::new(context.locality, args.interval),
        deadline: (mode == PollMode::Many).then(|| tokio::time::Instant::now() + args.timeout),
        once: mode == PollMode::One,
    }
}

/// The waiting time of a command that has no flags for it and reads once.
pub(super) fn one_look(call: &Call, context: &Context) -> WaitPolicy {
    patience(call, context, &WaitArgs { interval: None, timeout: Duration::ZERO }, PollMode::One)
}

/// How many videos a command saves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Videos {
    /// This number.
    Count(usize),
    /// One for each row of a batch.
    OfRows,
}

/// The destinations of videos.
///
/// # Errors
/// When several would be saved in one file, or `--name` is given for a file.
pub(super) fn saving(place: &str, naming: &NameArgs, rules: &SaveRules, videos: Videos) -> Result<Saving, CliError> {
    if place == "-" {
        return Err(CliError::new(Exit::Usage, "`-` is not a place for a video: name a file, or a folder with a `/` at its end"));
    }
    if naming.name.is_some() && !is_folder(Path::new(place)) {
        let why = format!("--name names videos in a folder, but {place} is a file: with a `/` at its end it is a folder");
        return Err(CliError::new(Exit::Usage, why));
    }
    let several = match videos {
        Videos::Count(0 | 1) => None,
        // An empty place is refused when it is made ready.
        Videos::OfRows if place.is_empty() => None,
        Videos::Count(count) => Some(format!("there are {count} videos")),
        Videos::OfRows => Some("a batch has a video for each row".to_owned()),
    };
    if let Some(several) = several.filter(|_| !is_folder(Path::new(place))) {
        let why = format!("{place} is one file, but {several}: name a folder, with a `/` at its end to create it");
        return Err(CliError::new(Exit::Usage, why));
    }
    let overwrite = if rules.overwrite { Overwrite::Yes } else { Overwrite::No };
    let pattern = naming.name.as_deref().map(Pattern::parse);
    let (place, allow_private) = (place.to_owned(), rules.allow_private);
    Ok(Saving { place, name: None, pattern, overwrite, allow_private, replace: false, copies: false })
}

/// Makes sure, before anything is paid for, that the folder for the videos exists.
///
/// # Errors
/// When it doesn't exist and can't be created.
pub(super) fn make_ready(saving: &Saving) -> Result<(), CliError> {
    let place = &saving.place;
    let usage = |why: &str| CliError::new(Exit::Usage, format!("--download: {place}: {why}; nothing was sent"));
    if place.is_empty() {
        return Err(usage("the place is empty: name a file, or a folder with a `/` at its end"));
    }
    let target = place::target(Path::new(place), "video").map_err(|why| usage(&why.to_string()))?;
    match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
            Err(usage("its folder does not exist; with a `/` at its end it is created"))
        }
        _ => Ok(()),
    }
}

/// The destinations of videos, if the flags ask to save them.
///
/// # Errors
/// As [`saving`], and when `--name` is given for videos that are not saved.
pub(super) fn maybe_saving(args: &SaveArgs, naming: &NameArgs, videos: Videos) -> Result<Option<Saving>, CliError> {
    if naming.name.is_some() && args.download.is_none() {
        return Err(CliError::new(Exit::Usage, "--name names the files of --download FOLDER/, which is not given"));
    }
    args.download.as_deref().map(|place| saving(place, naming, &args.rules, videos)).transpose()
}

/// A project that is not in the ledger, as a render to follow.
fn stranger(context: &Context, index: usize, project: ProjectId) -> Followed {
    Followed { index, target: Target { project, render: None, since: context.world.now() } }
}

/// The message for a name that is neither in the ledger nor a project's.
pub(super) fn nothing(context: &Context, name: &str) -> Outcome {
    let why = format!("{name}: no such render in the ledger, and not a project (a project has 16 letters and digits)");
    Outcome { key: Key::parse(name).ok(), ..Outcome::new(OutcomeStatus::Refused) }
        .because(Cause::Refused(Reason::Request), why)
        .then(context.command.spell(&["history"]))
}

/// The named renders that can be followed; the outcome of every other one is already known.
pub(super) fn to_follow(context: &Context, known: Vec<(usize, Known)>, results: &mut Results<'_>) -> Vec<Followed> {
    let mut all = Vec::new();
    for (index, known) in known {
        match known {
            Known::Project(project) => all.push(stranger(context, index, project)),
            Known::Nothing(name) => results.end(index, nothing(context, &name)),
            Known::Render(render) => match Followed::of_render(index, &render) {
                Some(render) => all.push(render),
                None => results.end(index, unbound(context, &render)),
            },
        }
    }
    all
}
