//! Saving a rendered video: where to, through the service's downloader, and what to say when it can't be had.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Desk;
use super::watch::is_long_over;
use crate::ledger::story::SAVED;
use crate::ledger::{Change, LedgerError, Render};
use crate::render::event::Event;
use crate::render::identity::ProjectId;
use crate::render::outcome::Report;
use crate::render::state::Fact;
use crate::service::download::{Order, Overwrite, Progress, SaveError, Saved, VideoSource};
use crate::service::filename::video_name;
use crate::service::keyless::Hosts;
use crate::service::place;
use crate::service::read::ReadError;

/// For how long one video is tried while nothing arrives.
const TRYING: Duration = Duration::from_secs(60);

/// Where videos go and what may be done for that.
#[derive(Debug, Clone)]
pub struct Saving {
    /// A folder or a file, as the user typed it.
    pub place: String,
    /// What the video is called in a folder; by its project where this is `None`.
    pub name: Option<VideoName>,
    /// Whether a file in the way gives way.
    pub overwrite: Overwrite,
    /// Whether private network addresses are fetched from.
    pub allow_private: bool,
}

/// What a video is called in a folder: the n-th one of a row after the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoName {
    /// The row's name, whatever it holds.
    pub stem: String,
    /// The n-th deliberate render of its key, from 1.
    pub generation: u32,
}

/// Why a video was not saved.
#[derive(Debug)]
pub enum Unsaved {
    /// The service has deleted it after its 7 days.
    Expired,
    /// It can't be had, or not be written; the words say why.
    Failed(String),
    /// A file is in the way.
    InTheWay(PathBuf),
    /// The user interrupted; what was fetched so far is kept.
    Interrupted,
    /// It is saved, but the ledger could not be told.
    Ledger {
        /// Where it is.
        file: PathBuf,
        /// Why the ledger could not be told.
        error: LedgerError,
    },
}

/// Saves the video of a finished render; a dead URL is asked for anew once.
///
/// # Errors
/// See [`Unsaved`].
pub async fn save_video(desk: &Desk, report: &Report, render: Option<&Render>, saving: &Saving) -> Result<PathBuf, Unsaved> {
    let (file, saved) = tokio::select! {
        saved = fetch(desk, report, render, saving) => saved?,
        () = desk.interrupt.cancelled() => return Err(Unsaved::Interrupted),
    };
    if let Some(render) = render {
        let recorded = desk.record(render.id, Change::Saved(file.clone())).await;
        recorded.map_err(|error| Unsaved::Ledger { file: file.clone(), error })?.ok();
    }
    saved.is_recorded();
    Ok(file)
}

async fn fetch(desk: &Desk, report: &Report, render: Option<&Render>, saving: &Saving) -> Result<(PathBuf, Saved), Unsaved> {
    let name = match &saving.name {
        Some(VideoName { stem, generation }) => video_name(stem, *generation),
        None => video_name(report.project.as_str(), 1),
    };
    let target = place::target(Path::new(&saving.place), &name).map_err(|why| Unsaved::Failed(format!("{}: {why}", saving.place)))?;
    let is_its_place = target.ends_with(&name) || was_saved_there(desk, render, &target).await;
    let mut report = report.clone();
    for is_last in [false, true] {
        let Some(url) = report.url.clone() else { return Err(gone(desk, &report)) };
        let source = VideoSource { url, size: report.size, project: report.project.clone() };
        match attempt(desk, &source, (&target, is_its_place), saving).await {
            Err(SaveError::Gone { .. }) if !is_last => report = fresh(desk, &report.project).await?,
            Err(SaveError::Gone { .. }) => return Err(gone(desk, &report)),
            Err(SaveError::InTheWay { path }) => return Err(Unsaved::InTheWay(path)),
            Err(error) => return Err(Unsaved::Failed(with_cause(&error))),
            Ok(saved) => return Ok((target, saved)),
        }
    }
    Err(gone(desk, &report))
}

/// Whether the video was saved there before, if elsewhere since.
async fn was_saved_there(desk: &Desk, render: Option<&Render>, target: &Path) -> bool {
    let Some(render) = render.filter(|_| target.symlink_metadata().is_ok()) else { return false };
    if render.file.as_deref() == Some(target) {
        return true;
    }
    let place = target.display().to_string();
    // A ledger that can't be read names no place: the file stays in the way.
    desk.store.story(render.id).await.is_ok_and(|story| story.iter().any(|event| event.kind == SAVED && event.detail == place))
}

async fn attempt(desk: &Desk, source: &VideoSource, (target, is_its_place): (&Path, bool), saving: &Saving) -> Result<Saved, SaveError> {
    let hosts = if saving.allow_private { Hosts::Any } else { Hosts::Public };
    let mut tell = |progress: Progress| {
        desk.tell(&Event::Downloading { project: source.project.clone(), got: progress.received, of: progress.total });
    };
    let order = Order { source, target, overwrite: saving.overwrite, is_its_place, hosts, patience: TRYING };
    desk.client.save(order, &mut tell).await
}

fn with_cause(error: &SaveError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

async fn fresh(desk: &Desk, project: &ProjectId) -> Result<Report, Unsaved> {
    desk.client.read(project, TRYING).await.map_err(|error: ReadError| Unsaved::Failed(error.to_string()))
}

fn gone(desk: &Desk, report: &Report) -> Unsaved {
    if is_long_over(report, desk.service_now()) {
        return Unsaved::Expired;
    }
    Unsaved::Failed("the service has no file for it (deleted, or not there yet)".to_owned())
}

/// Tells the ledger that the file is gone for good.
///
/// # Errors
/// When the ledger fails.
pub async fn expired(desk: &Desk, render: &Render) -> Result<(), LedgerError> {
    desk.learn(render, Fact::Expired).await.map(drop)
}
