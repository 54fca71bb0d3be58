//! Saving a rendered video: the target, the download through the service's downloader, and the message when it fails. The
//! ledger gets the file's path once the file has its name (`protocol.md#what-is-on-disk-when`).

mod words;

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use tokio::time::{Instant as Tick, sleep};

use self::words::named;
pub use self::words::words_of_submission;
use super::Context;
use crate::ledger::history::SAVED;
use crate::ledger::{Change, LedgerError, Render, RenderQuery};
use crate::movie::pattern::Pattern;
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::{Report, Status};
use crate::render::state::Fact;
use crate::service::copies::{self, is_one_file};
use crate::service::download::{Order, Overwrite, Progress, SaveError, Saved, VideoSource};
use crate::service::filename::video_name;
use crate::service::keyless::Hosts;
use crate::service::place::{self, here};
use crate::service::read::ReadError;

/// How long one video is retried while no bytes arrive.
const TRYING: Duration = Duration::from_secs(60);

/// How often to look whether another process has saved the video.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The flag that lets videos be fetched from private networks.
pub(super) const ALLOW_PRIVATE: &str = "--allow-private";

/// Where videos are saved, and what is allowed for it.
#[derive(Debug, Clone)]
pub struct Saving {
    /// A folder or a file, as the user typed it.
    pub place: String,
    /// The video's name in a folder; `None` names it after its project.
    pub name: Option<VideoName>,
    /// The name for each video in a folder, as the user wrote it: text with `{key}`, `{listing_id}` or another of the render's
    /// own words in it. It becomes [`Self::name`] once the render is known.
    pub pattern: Option<Pattern>,
    /// Whether an existing file is overwritten.
    pub overwrite: Overwrite,
    /// Whether to fetch from private network addresses.
    pub allow_private: bool,
    /// Whether the video of a later generation takes the name of the earlier one, which moves into the folder `old`.
    pub replace: bool,
    /// Whether a video that the service has deleted is copied from where it was saved.
    pub copies: bool,
}

impl Saving {
    /// The flags that the command was given for its videos, besides their place.
    pub(super) fn flags(&self) -> impl Iterator<Item = &str> {
        self.name_flag().into_iter().flatten().chain(self.allow_private.then_some(ALLOW_PRIVATE))
    }

    /// The flag that names the videos, where the user gave it.
    pub(super) fn name_flag(&self) -> Option<[&str; 2]> {
        self.pattern.as_ref().map(|pattern| ["--name", pattern.as_str()])
    }
}

/// The video's name in a folder, made of the row's name and the generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoName {
    /// The row's name, unchanged; it may hold any characters.
    pub stem: String,
    /// The n-th deliberate render of its key, from 1.
    pub generation: u32,
}

/// Why a video was not saved.
#[derive(Debug, thiserror::Error)]
pub enum Unsaved {
    /// The service has deleted it after its 7 days.
    #[error("the service has deleted the file after its 7 days")]
    Expired,
    /// It can't be fetched or written; the text says why.
    #[error("{0}")]
    Failed(String),
    /// It is at an address that is fetched from only where private networks are allowed; the text says why.
    #[error("{0}")]
    Private(String),
    /// The file was deleted on the server.
    #[error("the file was deleted on the server")]
    Deleted,
    /// Another file has the name.
    #[error("{} already exists{}", path.display(), way_out(whose.as_ref()))]
    InTheWay {
        /// The file's path.
        path: PathBuf,
        /// The render whose video the file is, if the ledger knows.
        whose: Option<Whose>,
    },
    /// Another process, or another order of this one, is saving it.
    #[error("another process is saving {}", path.display())]
    Busy {
        /// The unfinished file.
        path: PathBuf,
    },
    /// The user interrupted; the bytes fetched so far are kept.
    #[error("interrupted")]
    Interrupted,
    /// It is saved, but the ledger could not record it.
    #[error("saved as {}, but {error}", file.display())]
    Ledger {
        /// The saved file.
        file: PathBuf,
        /// The ledger's error.
        error: LedgerError,
    },
}

/// The render that a file in the way belongs to.
#[derive(Debug)]
pub enum Whose {
    /// Another generation of the same key, by its name.
    Generation(String),
    /// A render of another key, by its name.
    Other(String),
}

fn way_out(whose: Option<&Whose>) -> String {
    match whose {
        None => "; --overwrite replaces it".to_owned(),
        Some(Whose::Generation(name)) => format!(": it is the video of {name}, another render of this key"),
        Some(Whose::Other(name)) => format!(": it is the video of {name}; use another folder"),
    }
}

/// Saves the video of a finished render. A URL that no longer works is requested again once.
///
/// # Errors
/// See [`Unsaved`].
pub async fn save_video(context: &Context, report: &Report, render: Option<&Render>, saving: &Saving) -> Result<PathBuf, Unsaved> {
    let saving = &named(saving, report, render)?;
    let (file, saved) = tokio::select! {
        saved = fetch_in_turn(context, report, render, saving) => saved?,
        () = context.interrupt.cancelled() => return Err(Unsaved::Interrupted),
    };
    if let Some(render) = render {
        let recorded = context.record(render.id, Change::Saved(place::absolute(&file))).await;
        recorded.map_err(|error| Unsaved::Ledger { file: file.clone(), error })?.ok();
    }
    saved.is_recorded();
    Ok(file)
}

/// Fetches a video. While another process saves the same one, waits for it: its file is then found here.
async fn fetch_in_turn(context: &Context, report: &Report, render: Option<&Render>, saving: &Saving) -> Result<(PathBuf, Saved), Unsaved> {
    let (mut since, mut grown) = (Tick::now(), None);
    loop {
        let path = match fetch(context, report, render, saving).await {
            Err(Unsaved::Busy { path }) => path,
            fetched => return fetched,
        };
        let length = path.metadata().ok().map(|found| found.len());
        if length != grown {
            (since, grown) = (Tick::now(), length);
        }
        if since.elapsed() >= TRYING {
            return Err(Unsaved::Busy { path });
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn fetch(context: &Context, report: &Report, render: Option<&Render>, saving: &Saving) -> Result<(PathBuf, Saved), Unsaved> {
    let name = file_name(saving, &report.project);
    let target = place::target(Path::new(&saving.place), &name).map_err(|why| Unsaved::Failed(format!("{}: {why}", saving.place)))?;
    let others = others(context, render, &target).await;
    let is_named_by_project = saving.name.is_none() && target.ends_with(&name);
    let is_its_place = is_named_by_project || (others.is_empty() && is_its(context, report, render, &target).await);
    if saving.name.is_some() && others.is_empty() && render.and_then(saved_file).is_some_and(|file| is_same(&file, &target)) {
        // The file is complete, and the ledger knows its render: another run leaves it alone, even when it may
        // overwrite.
        return Ok((target, Saved::earlier()));
    }
    let overwrite = if saving.replace { make_way(&target, render, saving, &others)? } else { saving.overwrite };
    let place = Destination { target: &target, is_its_place, overwrite };
    let saved = fetch_fresh(context, report, &place, saving).await.map_err(|why| named_by(why, render, &others))?;
    for other in &others {
        let change = if saving.replace { Change::Saved(place::absolute(&set_aside(&target, saving, other))) } else { Change::Overwritten };
        context.record(other.id, change).await.map_err(|error| Unsaved::Ledger { file: target.clone(), error })?.ok();
    }
    Ok((target, saved))
}

/// The name of a video in a folder.
fn file_name(saving: &Saving, project: &ProjectId) -> String {
    match &saving.name {
        Some(VideoName { stem, .. }) if saving.replace => video_name(stem, 1),
        Some(VideoName { stem, generation }) => video_name(stem, *generation),
        None => video_name(project.as_str(), 1),
    }
}

/// The target file of a video.
struct Destination<'a> {
    target: &'a Path,
    is_its_place: bool,
    overwrite: Overwrite,
}

/// Fetches a video. When its URL no longer works, the service is asked for it once more.
async fn fetch_fresh(context: &Context, report: &Report, place: &Destination<'_>, saving: &Saving) -> Result<Saved, Unsaved> {
    let mut report = report.clone();
    for is_last in [false, true] {
        let Some(url) = report.url.clone() else { return Err(gone(context, &report)) };
        let source = VideoSource { url, size: report.size, project: report.project.clone() };
        match attempt(context, &source, place, saving).await {
            Err(SaveError::Gone { .. }) if !is_last => report = fresh(context, &report.project).await?,
            Err(SaveError::Gone { .. }) => return Err(gone(context, &report)),
            // The host may have moved, as an emulator does that was started again.
            Err(error @ SaveError::Unreachable { .. }) if !is_last => match fresh(context, &report.project).await {
                Ok(now) if now.url != report.url => report = now,
                _ => return Err(Unsaved::Failed(with_cause(&error))),
            },
            Err(SaveError::Busy { path }) => return Err(Unsaved::Busy { path }),
            Err(SaveError::InTheWay { path }) => return Err(Unsaved::InTheWay { path, whose: None }),
            Err(error @ SaveError::Private { .. }) => return Err(Unsaved::Private(with_cause(&error))),
            Err(error) => return Err(Unsaved::Failed(with_cause(&error))),
            Ok(saved) => return Ok(saved),
        }
    }
    Err(gone(context, &report))
}

/// The other renders whose video is at the target, according to the ledger.
async fn others(context: &Context, render: Option<&Render>, target: &Path) -> Vec<Render> {
    if target.symlink_metadata().is_err() {
        return Vec::new();
    }
    // A ledger that can't be read names no render: the existing file is then checked in another way.
    let mut found = context.store.find(None, RenderQuery::File(place::absolute(target))).await.unwrap_or_default();
    found.retain(|other| render.is_none_or(|render| render.id != other.id));
    found
}

/// Whether the existing file is this video: it was saved there before, or was at least written after this render ended.
/// Opening it shows whether it is a video of the right length; another render's video may have the same length.
async fn is_its(context: &Context, report: &Report, render: Option<&Render>, target: &Path) -> bool {
    let Ok(found) = target.metadata() else { return false };
    if let Some(render) = render {
        let (here, place) = (target.display().to_string(), place::absolute(target));
        if render.file.as_deref().is_some_and(|file| is_same(file, target)) {
            return true;
        }
        let place = place.display().to_string();
        let was_saved_there = |event: &crate::ledger::Event| event.kind == SAVED && (event.detail == place || event.detail == here);
        if context.store.history(render.id).await.is_ok_and(|history| history.iter().any(was_saved_there)) {
            return true;
        }
    }
    let ahead = context.client.server_offset().unwrap_or_default();
    let written = found.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).and_then(|at| i64::try_from(at.as_millis()).ok());
    report.ended_at.zip(written).is_some_and(|(ended, written)| written.saturating_sub(ahead) >= ended.0)
}

fn is_same(one: &Path, other: &Path) -> bool {
    place::absolute(one) == place::absolute(other)
}

fn named_by(why: Unsaved, render: Option<&Render>, others: &[Render]) -> Unsaved {
    let (Unsaved::InTheWay { path, .. }, Some(other)) = (&why, others.first()) else { return why };
    let whose = if others.iter().all(|other| is_of_its_key(render, other)) {
        Whose::Generation(format!("{}#{}", other.full_name(), other.generation))
    } else {
        Whose::Other(other.full_name())
    };
    Unsaved::InTheWay { path: path.clone(), whose: Some(whose) }
}

/// Whether another render is a generation of the same key.
fn is_of_its_key(render: Option<&Render>, other: &Render) -> bool {
    render.is_some_and(|render| other.space == render.space && other.scope == render.scope && other.key == render.key)
}

/// A name beside a path that another video has.
pub(super) fn with_project(path: &Path, project: &ProjectId) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(video_name(&format!("{stem}-{project}"), 1))
}

/// The path for the video of an earlier generation when a later one takes its name.
fn set_aside(target: &Path, saving: &Saving, earlier: &Render) -> PathBuf {
    let stem = saving.name.as_ref().map_or(earlier.key.as_str(), |name| &name.stem);
    target.parent().unwrap_or(Path::new("")).join("old").join(video_name(stem, earlier.generation))
}

/// Gives the videos of earlier generations of the same key a second name, in the folder `old`. They have both names
/// until the new video takes the first one.
fn make_way(target: &Path, render: Option<&Render>, saving: &Saving, others: &[Render]) -> Result<Overwrite, Unsaved> {
    if others.is_empty() || !others.iter().all(|other| is_of_its_key(render, other)) {
        return Ok(saving.overwrite);
    }
    for other in others {
        let aside = set_aside(target, saving, other);
        let folder = aside.parent().map_or(Ok(()), std::fs::create_dir_all);
        folder.and_then(|()| copies::give_second_name(target, &aside)).map_err(|why| {
            let (target, aside) = (target.display(), aside.display());
            Unsaved::Failed(match why.kind() {
                ErrorKind::AlreadyExists => format!("{aside} already exists: move it away, the earlier video of {target} gets this name"),
                _ => format!("{target} can't be saved as {aside}: {why}"),
            })
        })?;
    }
    Ok(Overwrite::Yes)
}

/// The saved video, if the file is still there and complete.
pub(super) fn saved_file(render: &Render) -> Option<PathBuf> {
    let size = render.report.as_ref().and_then(|report| report.size);
    let is_it = |file: &PathBuf| file.metadata().is_ok_and(|found| found.is_file() && size.is_none_or(|size| size == found.len()));
    render.file.as_deref().map(here).filter(is_it)
}

/// The place that was requested for a video that is saved already.
fn requested(report: &Report, render: Option<&Render>, saving: &Saving) -> io::Result<PathBuf> {
    let saving = named(saving, report, render).map_err(io::Error::other)?;
    place::target(Path::new(&saving.place), &file_name(&saving, &report.project))
}

/// Whether a saved video is at the requested place.
pub(super) fn is_there(file: &Path, report: &Report, render: Option<&Render>, saving: &Saving) -> bool {
    requested(report, render, saving).is_ok_and(|target| is_one_file(file, &target))
}

/// Copies a saved video to the requested place; an error if another file has the name.
pub(super) fn copied(file: &Path, report: &Report, render: Option<&Render>, saving: &Saving) -> io::Result<PathBuf> {
    let target = requested(report, render, saving)?;
    if is_one_file(file, &target) {
        return Ok(target);
    }
    match copies::copy(file, &target, saving.overwrite) {
        Err(why) if why.kind() == ErrorKind::AlreadyExists => {
            Err(io::Error::other(format!("{} already exists; --overwrite replaces it", target.display())))
        }
        done => done.map(|()| target),
    }
}

async fn attempt(context: &Context, source: &VideoSource, place: &Destination<'_>, saving: &Saving) -> Result<Saved, SaveError> {
    let hosts = if saving.allow_private { Hosts::Any } else { Hosts::Public };
    let mut tell = |progress: Progress| {
        context.tell(&Event::Downloading { project: source.project.clone(), got: progress.received, of: progress.total });
    };
    let Destination { target, is_its_place, overwrite } = *place;
    let order = Order { source, target, overwrite, is_its_place, hosts, patience: TRYING };
    context.client.save(order, &mut tell).await
}

fn with_cause(error: &SaveError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

async fn fresh(context: &Context, project: &ProjectId) -> Result<Report, Unsaved> {
    context.client.read(project, TRYING).await.map_err(|error: ReadError| Unsaved::Failed(error.to_string()))
}

fn gone(context: &Context, report: &Report) -> Unsaved {
    if report.is_expired(context.service_now()) {
        return Unsaved::Expired;
    }
    if report.status == Status::Deleted {
        return Unsaved::Deleted;
    }
    Unsaved::Failed("the service has no file for it (deleted, or not there yet)".to_owned())
}

/// Records in the ledger that the service has deleted the file.
///
/// # Errors
/// When the ledger fails.
pub async fn expired(context: &Context, render: &Render) -> Result<(), LedgerError> {
    context.learn(render, Fact::Expired).await.map(drop)
}
