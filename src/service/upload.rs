//! Uploads a file in two steps: the API registers the file and signs a URL; a storage host receives the bytes at that
//! URL.
//!
//! The signed URL is a secret for two minutes: it is never shown, and the key never goes to it. The request has to be
//! exactly the one that was signed: two headers, no chunks, no redirect.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::stream;
use reqwest::{Body, Method, Url, header};
use serde::Deserialize;
use serde_json::json;
use tokio::fs::File;
use tokio::io::AsyncReadExt;

use super::account::{AccountError, Call};
use super::client::Client;
use super::keyless::Hosts;
use super::media::{FILE, MediaPath};
use super::wire::{connect_fault, innermost};

/// The size of one read from the disk, bytes.
const PIECE: usize = 256 << 10;

/// The longest time without any byte sent.
const STALLED: Duration = Duration::from_secs(30);

/// A file to upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMedia {
    /// The path in the account's media.
    pub path: MediaPath,
    /// Its MIME type.
    pub content_type: String,
    /// Bytes, at least 1.
    pub size: u64,
}

/// The permission to send the bytes of one file.
pub struct UploadGrant {
    url: Url,
    /// The public URL of the file, once its bytes are stored.
    pub file_url: String,
    /// How long the signed URL is valid, from the moment of the API's answer.
    pub lasts: Duration,
}

impl fmt::Debug for UploadGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UploadGrant").field("url", &"[REDACTED]").field("file_url", &self.file_url).finish_non_exhaustive()
    }
}

/// Why the upload of the bytes failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PutError {
    /// The file can't be read, or has changed.
    #[error("the file can't be read: {0}")]
    File(std::io::Error),
    /// The file is not the one that was registered.
    #[error("the file has changed while it was uploaded")]
    Changed,
    /// The signed URL has expired, or is not for these bytes.
    #[error("the storage host refused the signed URL (HTTP {0}): it is good for 2 minutes")]
    Expired(u16),
    /// No connection, no answer, or no useful answer: the same bytes may be sent again.
    #[error("the storage host did not take the file: {0}")]
    Failed(String),
}

#[derive(Deserialize)]
struct Registered {
    #[serde(rename = "uploadUrl", default)]
    upload_url: Option<String>,
    #[serde(rename = "fileUrl", default)]
    file_url: Option<String>,
    #[serde(rename = "expiresIn", default)]
    expires_in: Option<u64>,
}

impl Client {
    /// Registers a file, once. Its record then exists, and the service waits for its bytes.
    ///
    /// # Errors
    /// [`AccountError::Conflict`] when the name is taken, even by an unfinished upload. [`AccountError::Lost`] when
    /// the file may be registered. The other errors as for every call.
    pub async fn register_media(&self, new: &NewMedia) -> Result<UploadGrant, AccountError> {
        let mut body = json!({ "name": new.path.name, "contentType": new.content_type, "size": new.size });
        if !new.path.folder.is_empty() {
            body["folder"] = json!(new.path.folder);
        }
        let registered: Registered = self.account(&Call::once(Method::POST, FILE, &[], body)).await?;
        let broken = |why: &str| AccountError::Broken { host: self.url().host().to_owned(), why: why.to_owned() };
        let url = registered.upload_url.ok_or_else(|| broken("the file was registered without a URL to send its bytes to"))?;
        let url = Url::parse(&url).map_err(|_| broken("the URL to send the file's bytes to can't be read"))?;
        if self.url().same_origin(&url) || !(url.scheme() == "https" || self.url().is_loopback()) {
            return Err(broken("the URL to send the file's bytes to is not one of a storage host"));
        }
        let file_url =
            registered.file_url.filter(|url| !url.is_empty()).ok_or_else(|| broken("the file was registered without a public URL"))?;
        Ok(UploadGrant { url, file_url, lasts: Duration::from_secs(registered.expires_in.unwrap_or(120)) })
    }

    /// Sends the bytes of a registered file, once; `sent` counts them as they go.
    ///
    /// # Errors
    /// Why the bytes are not stored.
    pub async fn put_media(&self, grant: &UploadGrant, new: &NewMedia, from: &Path, sent: &Arc<AtomicU64>) -> Result<(), PutError> {
        let file = File::open(from).await.map_err(PutError::File)?;
        if file.metadata().await.map_err(PutError::File)?.len() != new.size {
            return Err(PutError::Changed);
        }
        let client = self.keyless.uploader(&grant.url).map_err(|fault| PutError::Failed(fault.to_string()))?;
        sent.store(0, Ordering::Relaxed);
        let sending = client
            .put(grant.url.clone())
            .header(header::CONTENT_TYPE, &new.content_type)
            .header(header::CONTENT_LENGTH, new.size)
            .body(body(file, new.size, Arc::clone(sent)))
            .send();
        let answer = tokio::select! {
            answer = sending => answer,
            () = stalled(sent) => return Err(PutError::Failed(format!("no byte moved for {} s", STALLED.as_secs()))),
        };
        match answer {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) if matches!(answer.status().as_u16(), 400 | 403) => Err(PutError::Expired(answer.status().as_u16())),
            Ok(answer) => Err(PutError::Failed(format!("HTTP {}", answer.status().as_u16()))),
            Err(error) if error.is_connect() => Err(PutError::Failed(connect_fault(&error).to_string())),
            Err(error) => Err(PutError::Failed(innermost(&error))),
        }
    }
}

/// The bytes of a file, one piece in memory at a time. If the file has grown meanwhile, the body still ends at the
/// registered size.
fn body(file: File, size: u64, sent: Arc<AtomicU64>) -> Body {
    Body::wrap_stream(stream::try_unfold((file, size, sent), |(mut file, left, sent)| async move {
        if left == 0 {
            return Ok(None);
        }
        let wanted = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
        let mut piece = vec![0; wanted];
        let got = file.read(&mut piece).await?;
        if got == 0 {
            return Err(std::io::Error::other("the file has become shorter while it was uploaded"));
        }
        piece.truncate(got);
        sent.fetch_add(got as u64, Ordering::Relaxed);
        Ok(Some((piece, (file, left - got as u64, sent))))
    }))
}

/// Returns when no byte has been sent for [`STALLED`].
async fn stalled(sent: &AtomicU64) {
    let mut before = sent.load(Ordering::Relaxed);
    loop {
        tokio::time::sleep(STALLED).await;
        let now = sent.load(Ordering::Relaxed);
        if now == before {
            return;
        }
        before = now;
    }
}

/// Why a file could not be downloaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The service gave a URL that is not allowed.
    #[error("its URL is not to be trusted: {0}")]
    Untrusted(&'static str),
    /// The host did not deliver the file.
    #[error("its host did not hand it out ({0})")]
    Failed(String),
    /// The bytes could not be stored.
    #[error("{0}")]
    Disk(String),
}

impl Client {
    /// Downloads a file of the account's media from its public URL, without the key, a piece at a time.
    ///
    /// # Errors
    /// When the file can't be downloaded whole.
    pub async fn fetch_media(&self, url: &str, mut piece: impl FnMut(&[u8]) -> std::io::Result<()>) -> Result<u64, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Untrusted("it can't be read"))?;
        self.keyless.trust(&url, Hosts::Public).map_err(FetchError::Untrusted)?;
        let client = self.keyless.client(&url, Hosts::Public).map_err(|fault| FetchError::Failed(fault.to_string()))?;
        let failed = |error: &reqwest::Error| FetchError::Failed(innermost(error));
        let mut answer = client.get(url).send().await.map_err(|error| failed(&error))?;
        if !answer.status().is_success() {
            return Err(FetchError::Failed(format!("HTTP {}", answer.status().as_u16())));
        }
        let mut received = 0;
        while let Some(bytes) = answer.chunk().await.map_err(|error| failed(&error))? {
            received += bytes.len() as u64;
            piece(&bytes).map_err(|why| FetchError::Disk(why.to_string()))?;
        }
        Ok(received)
    }
}
