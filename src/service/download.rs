//! Saves a video, without the key: writes a partial file in the same folder, resumes it where it broke off, checks and
//! syncs it, and gives it its name last (`faults.md#files-and-security`). It never replaces an existing file silently.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Response, StatusCode, Url};
use tokio::time::Instant as Moment;

use super::answer::ConnectFault;
use super::client::Client;
use super::keyless::{Hosts, MOST_HOPS};
use super::partial::{Partial, Proof, is_video_of_size, looks_like_mp4};
use super::retry::{Failed, Next, RetryPolicy, retry_after};
pub use super::save_error::{Overwrite, SaveError};
use super::wire::{connect_fault, innermost};
use crate::render::identity::ProjectId;

/// The video of a project as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VideoSource {
    /// The project of the video.
    pub project: ProjectId,
    /// Its address: from our own reading of the project, never from a callback.
    pub url: String,
    /// Its size, bytes, if the service reported it.
    pub size: Option<u64>,
}

/// What to save, and how.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// The video.
    pub source: &'a VideoSource,
    /// The file it becomes.
    pub target: &'a Path,
    /// Whether to replace another file of that name.
    pub overwrite: Overwrite,
    /// Whether an existing video of the right size at the target counts as this one: the size alone is not proof.
    pub is_its_place: bool,
    /// The hosts that it may be downloaded from.
    pub hosts: Hosts,
    /// How long to try without progress.
    pub patience: Duration,
}

/// The progress of a download.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes on disk.
    pub received: u64,
    /// The total size, bytes, if known.
    pub total: Option<u64>,
}

/// A video that is saved. Its folder remembers whose video the file is until [`Saved::is_recorded`], also if the process
/// is killed before.
#[derive(Debug)]
#[must_use = "call `is_recorded` once it is written down where the video is"]
pub struct Saved {
    /// How many bytes this run saved; `None` when the video existed before.
    pub now: Option<u64>,
    proof: Option<Proof>,
}

impl Saved {
    /// The video was saved and recorded by an earlier run.
    pub(crate) fn earlier() -> Self {
        Self { now: None, proof: None }
    }

    /// The location of the video is recorded elsewhere: removes everything but the video from its folder.
    pub fn is_recorded(self) {
        if let Some(proof) = self.proof {
            proof.remove();
        }
    }
}

/// Why one try ended early.
enum Stopped {
    /// A temporary failure: a later try may succeed.
    Later { last: String, after: Option<Duration>, fault: Option<ConnectFault> },
    /// A permanent failure.
    Failed(SaveError),
}

impl From<SaveError> for Stopped {
    fn from(error: SaveError) -> Self {
        Self::Failed(error)
    }
}

impl Client {
    /// Saves a video. Resumes the partial file of an earlier run.
    ///
    /// # Errors
    /// When the video is gone, is not a video, has another size than promised, would replace another file, comes from
    /// an untrusted address, can't be reached in time, or can't be written.
    pub async fn save(&self, order: Order<'_>, on_progress: &mut (dyn FnMut(Progress) + Send)) -> Result<Saved, SaveError> {
        if order.overwrite == Overwrite::No && order.target.symlink_metadata().is_ok() {
            return already_there(&order).await;
        }
        let url = Url::parse(&order.source.url).map_err(|_| SaveError::Untrusted { why: "it is not a URL".to_owned() })?;
        let mut partial = match Partial::open(order.target, &order.source.project, order.overwrite).await {
            Err(busy @ SaveError::Busy { .. }) if order.overwrite == Overwrite::No => return named_meanwhile(&order).await.ok_or(busy),
            opened => opened?,
        };
        match self.fetch_all(&order, &url, &mut partial, on_progress).await {
            Ok(()) => finish(order, partial).await,
            Err(error) => {
                partial.leave()?;
                Err(error)
            }
        }
    }

    /// Downloads until the file is complete. The patience starts again whenever a try gets further than all earlier
    /// ones.
    async fn fetch_all(
        &self,
        order: &Order<'_>,
        url: &Url,
        partial: &mut Partial,
        on_progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), SaveError> {
        let (mut began, mut tries, mut furthest) = (Moment::now(), 0, partial.length());
        // An earlier run may have downloaded everything and ended before it recorded that.
        while partial.length() == 0 || Some(partial.length()) != order.source.size {
            let (last, after, fault) = match self.fetch(order, url, partial, on_progress).await {
                Ok(()) => return Ok(()),
                Err(Stopped::Failed(error)) => return Err(error),
                Err(Stopped::Later { last, after, fault }) => (last, after, fault),
            };
            if partial.length() > furthest {
                (began, tries, furthest) = (Moment::now(), 0, partial.length());
            }
            tries += 1;
            let patience = RetryPolicy::lasting(order.patience);
            let patience = fault.as_ref().map_or(patience, |fault| patience.with(fault));
            let failed = Failed { tries, elapsed: began.elapsed(), retry_after: after, fraction: self.settings.world.fraction() };
            match patience.after(&failed) {
                Next::Wait(wait) => tokio::time::sleep(wait).await,
                Next::Stop => return Err(SaveError::Unreachable { host: url.host_str().unwrap_or_default().to_owned(), last }),
            }
        }
        Ok(())
    }

    /// One try: requests the missing bytes and appends them.
    async fn fetch(
        &self,
        order: &Order<'_>,
        url: &Url,
        partial: &mut Partial,
        on_progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), Stopped> {
        let mut response = self.follow(order, url, partial).await?;
        let total = self.prepare(order, &response, partial).await?;
        on_progress(Progress { received: partial.length(), total });
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    if partial.length() == 0 && chunk.len() >= 8 && !looks_like_mp4(&chunk) {
                        partial.restart(None).await?;
                        return Err(SaveError::NotAVideo { why: "it does not begin like an MP4".to_owned() }.into());
                    }
                    partial.append(&chunk).await?;
                    if let Some(expected) = total.filter(|total| partial.length() > *total) {
                        let found = partial.length();
                        partial.restart(None).await?;
                        return Err(SaveError::Damaged { expected, found }.into());
                    }
                    on_progress(Progress { received: partial.length(), total });
                }
                Ok(None) if total.is_none_or(|total| partial.length() >= total) => return Ok(()),
                Ok(None) => return Err(later("the connection ended inside the video".to_owned())),
                Err(error) => return Err(later(innermost(&error))),
            }
        }
    }

    /// Follows redirects itself, so that each address is checked before the connection.
    async fn follow(&self, order: &Order<'_>, url: &Url, partial: &Partial) -> Result<Response, Stopped> {
        let mut url = url.clone();
        for _ in 0..=MOST_HOPS {
            self.keyless.trust(&url, order.hosts).map_err(|why| match self.keyless.trust(&url, Hosts::Any) {
                Ok(()) => SaveError::Private { why: why.to_owned() },
                Err(_) => SaveError::Untrusted { why: why.to_owned() },
            })?;
            let http = self.keyless.client(&url, order.hosts).map_err(not_connected)?;
            let sending = http.get(url.clone()).headers(resuming(partial)).send();
            let response = sending
                .await
                .map_err(|error| if error.is_connect() { not_connected(connect_fault(&error)) } else { later(innermost(&error)) })?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let location = text(response.headers(), &header::LOCATION).and_then(|location| url.join(location).ok());
            url = location.ok_or_else(|| later("a redirect without an address".to_owned()))?;
        }
        Err(SaveError::Untrusted { why: format!("it redirects more than {MOST_HOPS} times") }.into())
    }

    /// Reads the head of the answer and makes the partial file match the bytes that follow. Returns the size of the
    /// whole video.
    async fn prepare(&self, order: &Order<'_>, response: &Response, partial: &mut Partial) -> Result<Option<u64>, Stopped> {
        let headers = response.headers();
        if text(headers, &header::CONTENT_TYPE).is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
            && response.status().is_success()
        {
            return Err(SaveError::NotAVideo { why: "it sent a web page".to_owned() }.into());
        }
        match response.status() {
            StatusCode::OK => {
                partial.restart(text(headers, &header::ETAG)).await?;
                Ok(response.content_length().or(order.source.size))
            }
            StatusCode::PARTIAL_CONTENT if continues(headers, partial) => {
                Ok(response.content_length().map(|rest| partial.length().saturating_add(rest)).or(order.source.size))
            }
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                partial.restart(None).await?;
                Err(later("the server now has another version of the video".to_owned()))
            }
            status if status.is_client_error() && !matches!(status.as_u16(), 408 | 425 | 429) => {
                Err(SaveError::Gone { project: order.source.project.clone(), status: status.as_u16() }.into())
            }
            status => {
                let after = text(headers, &header::RETRY_AFTER).and_then(|header| retry_after(header, self.settings.world.now()));
                Err(Stopped::Later { last: format!("HTTP {status}"), after, fault: None })
            }
        }
    }
}

/// A file already has the name: it is this video, or a conflict.
async fn already_there(order: &Order<'_>) -> Result<Saved, SaveError> {
    let proof = Proof::left_behind(order.target, &order.source.project).await;
    let is_it = match order.source.size.filter(|_| order.is_its_place) {
        Some(size) => is_video_of_size(order.target, size).await,
        None => false,
    };
    if is_it || proof.is_some() { Ok(Saved { now: None, proof }) } else { Err(SaveError::InTheWay { path: order.target.to_owned() }) }
}

/// The file that another process has named since the last look.
async fn named_meanwhile(order: &Order<'_>) -> Option<Saved> {
    Proof::left_behind(order.target, &order.source.project).await.map(|proof| Saved { now: None, proof: Some(proof) })
}

async fn finish(order: Order<'_>, mut partial: Partial) -> Result<Saved, SaveError> {
    let found = partial.length();
    if !partial.is_mp4().await? {
        partial.discard()?;
        return Err(SaveError::NotAVideo { why: "it does not begin like an MP4".to_owned() });
    }
    if let Some(expected) = order.source.size.filter(|size| *size != found) {
        partial.discard()?;
        return Err(SaveError::Damaged { expected, found });
    }
    let proof = partial.keep(order.overwrite).await?;
    Ok(Saved { now: Some(found), proof: Some(proof) })
}

/// The headers that request the rest of the file if its version is unchanged.
fn resuming(partial: &Partial) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let range = format!("bytes={}-", partial.length()).parse();
    if let (Some(Ok(etag)), Ok(range)) = (partial.etag().filter(|_| partial.length() > 0).map(str::parse), range) {
        headers.insert(header::RANGE, range);
        headers.insert(header::IF_RANGE, etag);
    }
    headers
}

/// Whether a 206 continues exactly where the partial file ends, and belongs to the same version.
fn continues(headers: &HeaderMap, partial: &Partial) -> bool {
    let start = text(headers, &header::CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes ")?.split_once('-')?.0.parse().ok());
    let same = text(headers, &header::ETAG).is_none_or(|etag| Some(etag) == partial.etag());
    start == Some(partial.length()) && partial.length() > 0 && same
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn later(last: String) -> Stopped {
    Stopped::Later { last, after: None, fault: None }
}

fn not_connected(fault: ConnectFault) -> Stopped {
    if fault == ConnectFault::Private {
        return SaveError::Private { why: "its name leads to a private network".to_owned() }.into();
    }
    Stopped::Later { last: fault.to_string(), after: None, fault: Some(fault) }
}
