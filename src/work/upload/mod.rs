//! Uploads a local file to the account's media, exactly once, whichever process asks for it and whatever was
//! interrupted.
//!
//! The service has no idempotency key here either. It refuses a name that is taken, and a registration whose bytes
//! never came keeps its name for ever. So the path is looked at first. What a killed run of this machine left there is
//! removed. A file that another machine may be sending is waited for as long as its URL can be valid.

mod kind;
mod turn;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sha2::{Digest, Sha256};

pub use self::kind::{content_type, extension};
use self::turn::{Mark, Turn};
use crate::render::identity::hex;
use crate::service::account::AccountError;
use crate::service::client::Client;
use crate::service::media::{LARGEST_FILE, MediaFile, MediaPath};
use crate::service::upload::{FetchError, NewMedia, PutError};
use crate::world::{Timestamp, World};

/// How many bytes at the start of a file are read to detect its type.
const HEAD: usize = 4096;

/// How long a registration can still receive its bytes: its URL is valid for 120 s, and a body that has begun may go
/// on.
const PENDING_FOR: Duration = Duration::from_secs(150);

/// The pauses between two looks at a file that another process is sending: the first, and the longest.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(4));

/// How often one file is tried from the start.
const ROUNDS: u32 = 4;

/// How often the bytes of one registration are sent.
const SENDINGS: u32 = 3;

/// A file on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Its path.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its MIME type, from its first bytes and its name.
    pub content_type: String,
}

/// Why a file can't be uploaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The file does not exist.
    #[error("{}: there is no such file", .0.display())]
    Missing(PathBuf),
    /// The path is not a file.
    #[error("{}: this is not a file", .0.display())]
    NotAFile(PathBuf),
    /// The file is empty.
    #[error("{}: the file is empty", .0.display())]
    Empty(PathBuf),
    /// The file is larger than the service accepts.
    #[error("{}: the file has {size} bytes, the service takes at most {LARGEST_FILE}", path.display())]
    Large {
        /// The file's path.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// The system can't read the file.
    #[error("{} can't be read: {why}", path.display())]
    Unreadable {
        /// The file's path.
        path: PathBuf,
        /// The system's error.
        why: std::io::Error,
    },
}

impl LocalFile {
    /// Reads the size and the type of a file.
    ///
    /// # Errors
    /// When it can't be uploaded.
    pub fn look(path: &Path) -> Result<Self, LocalError> {
        let unreadable = |why: std::io::Error| match why.kind() {
            std::io::ErrorKind::NotFound => LocalError::Missing(path.to_path_buf()),
            _ => LocalError::Unreadable { path: path.to_path_buf(), why },
        };
        let found = std::fs::metadata(path).map_err(unreadable)?;
        if !found.is_file() {
            return Err(LocalError::NotAFile(path.to_path_buf()));
        }
        match found.len() {
            0 => return Err(LocalError::Empty(path.to_path_buf())),
            size if size > LARGEST_FILE => return Err(LocalError::Large { path: path.to_path_buf(), size }),
            _ => {}
        }
        let mut head = Vec::new();
        std::fs::File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head)).map_err(unreadable)?;
        let content_type = content_type(path, &head);
        Ok(Self { path: path.to_path_buf(), size: found.len(), content_type: content_type.to_owned() })
    }

    /// The SHA-256 of its bytes, in hexadecimal.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn hash(&self) -> Result<String, LocalError> {
        let unreadable = |why| LocalError::Unreadable { path: self.path.clone(), why };
        let mut hasher = Sha256::new();
        let mut file = std::fs::File::open(&self.path).map_err(unreadable)?;
        let mut piece = vec![0; 256 << 10];
        loop {
            match file.read(&mut piece).map_err(unreadable)? {
                0 => break,
                read => hasher.update(&piece[..read]),
            }
        }
        Ok(hex(&hasher.finalize()))
    }

    /// The path that depends on the content alone: the same file has the same path, under any name and on any machine.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn content_path(&self, folder: &str) -> Result<MediaPath, LocalError> {
        let hash = self.hash()?;
        Ok(MediaPath { folder: folder.to_owned(), name: format!("{}.{}", &hash[..HASH], extension(&self.content_type)) })
    }
}

/// The hexadecimal digits of the content's hash in its name: 160 bits.
const HASH: usize = 40;

/// Whether a name has the form that [`LocalFile::content_path`] gives.
#[must_use]
pub fn is_content_name(name: &str) -> bool {
    let hash = name.split('.').next().unwrap_or_default();
    hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// What to do with a file that already has the path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Keep it: the name is made from the content, so it is the file.
    SameByName,
    /// Keep it if it holds the same bytes. Otherwise it stays and nothing is uploaded.
    SameByContent,
    /// Replace it.
    Replace,
}

/// A file on the account's media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Its public URL.
    pub url: String,
    /// Whether its bytes were uploaded now.
    pub is_new: bool,
}

/// Why a file is not on the account's media.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The service refused the request or could not be reached.
    #[error(transparent)]
    Service(#[from] AccountError),
    /// The local file can't be uploaded.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// Another file has the path.
    #[error("{path} is another file on the account's media")]
    Taken {
        /// The path.
        path: String,
    },
    /// The bytes could not be uploaded.
    #[error(transparent)]
    Put(#[from] PutError),
    /// The existing file can't be compared.
    #[error("{path} is there already and can't be compared: {why}")]
    Compare {
        /// The path.
        path: String,
        /// The error of the comparison.
        why: FetchError,
    },
    /// The notes about uploads in progress can't be kept.
    #[error("{} can't be used: {why}", path.display())]
    Notes {
        /// The folder or file of the notes.
        path: PathBuf,
        /// The system's error.
        why: std::io::Error,
    },
    /// The upload failed on every try.
    #[error("{path} could not be uploaded: its record on the server keeps changing")]
    Restless {
        /// The path.
        path: String,
    },
}

/// Uploads files to the account's media.
pub struct Uploader<'a> {
    /// The service.
    pub client: &'a Client,
    /// The clock.
    pub world: &'a World,
    /// The space of the media: the account and the API, as the ledger distinguishes them.
    pub space: String,
    /// The folder where this machine notes its uploads in progress. Without it, what a killed run left is waited out.
    pub notes: Option<PathBuf>,
    /// Counts the sent bytes of the current file.
    pub sent: Arc<AtomicU64>,
    /// Called when a file is registered and not yet complete: another process may be sending it, or the service has not
    /// noticed the end.
    pub waits: &'a (dyn Fn(&MediaPath) + Sync),
}

impl Uploader<'_> {
    /// Uploads a file to a path, unless it is there.
    ///
    /// # Errors
    /// When the file is not there afterwards.
    pub async fn put(&self, file: &LocalFile, path: &MediaPath, existing: Existing) -> Result<Uploaded, UploadError> {
        let turn = Turn::take(self.notes.as_deref(), &self.space, path).await?;
        let new = NewMedia { path: path.clone(), content_type: file.content_type.clone(), size: file.size };
        for _ in 0..ROUNDS {
            let found = match self.client.media_file(path).await {
                Ok(found) => Some(found),
                Err(AccountError::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            if let Some(found) = found
                && let Some(there) = self.settle(file, &turn, found, existing).await?
            {
                return Ok(there);
            }
            if let Some(uploaded) = self.send(file, &new, &turn).await? {
                return Ok(uploaded);
            }
        }
        Err(UploadError::Restless { path: path.to_string() })
    }

    /// Decides about an existing file: it is the requested one, or it is removed.
    async fn settle(&self, file: &LocalFile, turn: &Turn, found: MediaFile, existing: Existing) -> Result<Option<Uploaded>, UploadError> {
        let path = turn.path();
        let there = |found: MediaFile| Ok(Some(Uploaded { url: found.url, is_new: false }));
        let found = match (found.is_uploaded(), turn.mark()) {
            (true, _) => found,
            // Our own bytes are there; the service has not noticed it yet.
            (false, Some(Mark::Sent)) if found.size == file.size && existing == Existing::SameByName => return there(found),
            (false, Some(Mark::Sending)) => {
                self.client.delete_media(path).await?;
                return Ok(None);
            }
            (false, _) => match self.wait_for(path, found).await? {
                Some(found) => found,
                None => return Ok(None),
            },
        };
        match existing {
            Existing::SameByName if found.size == file.size => there(found),
            Existing::SameByContent if found.size == file.size && self.is_same(file, path, &found).await? => there(found),
            Existing::SameByName | Existing::SameByContent => Err(UploadError::Taken { path: path.to_string() }),
            Existing::Replace => {
                self.client.delete_media(path).await?;
                Ok(None)
            }
        }
    }

    /// Waits until another process's bytes are there. A registration whose bytes can't come any more is removed.
    async fn wait_for(&self, path: &MediaPath, mut found: MediaFile) -> Result<Option<MediaFile>, UploadError> {
        let (first, longest) = LOOKS;
        let ahead = self.client.server_offset().unwrap_or_default();
        let age = |found: &MediaFile| {
            let now = Timestamp(self.world.now().0.saturating_sub(ahead));
            found.created_at.as_deref().and_then(Timestamp::from_iso).map(|at| now.since(at))
        };
        let (mut waited, mut wait) = (Duration::ZERO, first);
        loop {
            if waited.max(age(&found).unwrap_or_default()) > PENDING_FOR {
                self.client.delete_media(path).await?;
                return Ok(None);
            }
            if waited.is_zero() {
                (self.waits)(path);
            }
            tokio::time::sleep(wait).await;
            waited += wait;
            wait = (wait * 2).min(longest);
            found = match self.client.media_file(path).await {
                Ok(found) if found.is_uploaded() => return Ok(Some(found)),
                Ok(found) => found,
                Err(AccountError::NotFound { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
        }
    }

    async fn is_same(&self, file: &LocalFile, path: &MediaPath, found: &MediaFile) -> Result<bool, UploadError> {
        let mut hasher = Sha256::new();
        let fetched = self.client.fetch_media(&found.url, |piece| {
            hasher.update(piece);
            Ok(())
        });
        fetched.await.map_err(|why| UploadError::Compare { path: path.to_string(), why })?;
        Ok(hex(&hasher.finalize()) == file.hash()?)
    }

    /// Registers a file and sends its bytes. Returns `None` when the path has to be looked at again.
    async fn send(&self, file: &LocalFile, new: &NewMedia, turn: &Turn) -> Result<Option<Uploaded>, UploadError> {
        turn.set(Mark::Sending)?;
        let grant = match self.client.register_media(new).await {
            Ok(grant) => grant,
            // It is registered, and no other process of this machine is sending it: the next look removes it.
            Err(AccountError::Lost { .. }) => return Ok(None),
            Err(error) => {
                turn.clear();
                return if matches!(error, AccountError::Conflict { .. }) { Ok(None) } else { Err(error.into()) };
            }
        };
        let began = tokio::time::Instant::now();
        for sending in 1.. {
            match self.client.put_media(&grant, new, &file.path, &self.sent).await {
                Ok(()) => {
                    turn.set(Mark::Sent)?;
                    return Ok(Some(Uploaded { url: grant.file_url, is_new: true }));
                }
                Err(PutError::Failed(_)) if sending < SENDINGS && began.elapsed() < grant.lasts => {}
                // The URL is used up, not the file: the file is registered again.
                Err(PutError::Expired(_)) if self.sent_again_is_worth_it(turn).await? => return Ok(None),
                Err(error) => {
                    self.client.delete_media(turn.path()).await?;
                    turn.clear();
                    return Err(error.into());
                }
            }
        }
        Ok(None)
    }

    /// Removes the registration of a refused URL, once for each file.
    async fn sent_again_is_worth_it(&self, turn: &Turn) -> Result<bool, UploadError> {
        if !turn.refused_first() {
            return Ok(false);
        }
        self.client.delete_media(turn.path()).await?;
        Ok(true)
    }
}
