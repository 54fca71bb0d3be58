//! A file of this machine on the account's media: there once, whoever asks for it and whatever was interrupted.
//!
//! The service knows no idempotency key here either: a name that is taken is refused, and a registration whose bytes never
//! came keeps its name for ever. So a place is looked at first; what a killed run of this machine has left there is
//! removed; what another machine may be sending right now is waited for, as long as its URL can be good.

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

/// The bytes of a file that say what it is.
const HEAD: usize = 4096;

/// How long a registration can still get its bytes: its URL is good for 120 s, and a body that has begun may go on.
const PENDING_FOR: Duration = Duration::from_secs(150);

/// The waits between two looks at a file that another is sending: the first, and the longest.
const LOOKS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(4));

/// How often one file is tried from the start.
const ROUNDS: u32 = 4;

/// How often the bytes of one registration are sent.
const SENDINGS: u32 = 3;

/// A file of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalFile {
    /// Where.
    pub path: PathBuf,
    /// Bytes.
    pub size: u64,
    /// Its MIME type, by its first bytes and its name.
    pub content_type: String,
}

/// Why a file can't go up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// It isn't there.
    #[error("{}: there is no such file", .0.display())]
    Missing(PathBuf),
    /// It is something else than a file.
    #[error("{}: this is not a file", .0.display())]
    NotAFile(PathBuf),
    /// There is nothing in it.
    #[error("{}: the file is empty", .0.display())]
    Empty(PathBuf),
    /// It is larger than the service takes.
    #[error("{}: the file has {size} bytes, the service takes at most {LARGEST_FILE}", path.display())]
    Large {
        /// Which.
        path: PathBuf,
        /// How large it is.
        size: u64,
    },
    /// The system said no.
    #[error("{} can't be read: {why}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
}

impl LocalFile {
    /// Looks at a file.
    ///
    /// # Errors
    /// When it can't go up.
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

    /// The place that its content alone names: the same file is in the same place, under whatever name and on whatever
    /// machine it lies.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn content_path(&self, folder: &str) -> Result<MediaPath, LocalError> {
        let hash = self.hash()?;
        Ok(MediaPath { folder: folder.to_owned(), name: format!("{}.{}", &hash[..HASH], extension(&self.content_type)) })
    }
}

/// Digits of a content's hash in its name: 160 bits.
const HASH: usize = 40;

/// Whether a name is one that [`LocalFile::content_path`] gives.
#[must_use]
pub fn is_content_name(name: &str) -> bool {
    let hash = name.split('.').next().unwrap_or_default();
    hash.len() == HASH && hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// What becomes of a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// The name says what is in it: it is the file.
    SameByName,
    /// It is the file if it holds the same bytes; another one stays, and nothing goes up.
    SameByContent,
    /// It gives way.
    Replace,
}

/// A file that is on the account's media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uploaded {
    /// Its public URL.
    pub url: String,
    /// Whether its bytes went up now.
    pub is_new: bool,
}

/// Why a file is not on the account's media.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// The service said no, or was not there.
    #[error(transparent)]
    Service(#[from] AccountError),
    /// This machine's file.
    #[error(transparent)]
    Local(#[from] LocalError),
    /// Another file has the name.
    #[error("{path} is another file on the account's media")]
    Taken {
        /// Where.
        path: String,
    },
    /// Its bytes didn't get there.
    #[error(transparent)]
    Put(#[from] PutError),
    /// What is there can't be compared.
    #[error("{path} is there already and can't be compared: {why}")]
    Compare {
        /// Where.
        path: String,
        /// Why not.
        why: FetchError,
    },
    /// The notes of what this machine is sending can't be kept.
    #[error("{} can't be used: {why}", path.display())]
    Notes {
        /// The folder or file.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// It kept not working.
    #[error("{path} could not be uploaded: its record on the server keeps changing")]
    Restless {
        /// Where.
        path: String,
    },
}

/// Puts files on the account's media.
pub struct Uploader<'a> {
    /// The service.
    pub client: &'a Client,
    /// The clock.
    pub world: &'a World,
    /// Whose media: the account and the API, as the ledger tells them apart.
    pub space: String,
    /// Where this machine notes what it is sending; without it, what a killed run left is waited out.
    pub notes: Option<PathBuf>,
    /// Counts the bytes of the file that is going up.
    pub sent: Arc<AtomicU64>,
    /// Hears that a file is registered and not yet complete: another may be sending it, or the service has not noticed.
    pub waits: &'a (dyn Fn(&MediaPath) + Sync),
}

impl Uploader<'_> {
    /// Puts a file in its place, unless it is there.
    ///
    /// # Errors
    /// Why it is not there.
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

    /// What is to be done about a file that is there: it is the one, or it goes.
    async fn settle(&self, file: &LocalFile, turn: &Turn, found: MediaFile, existing: Existing) -> Result<Option<Uploaded>, UploadError> {
        let path = turn.path();
        let there = |found: MediaFile| Ok(Some(Uploaded { url: found.url, is_new: false }));
        let found = match (found.is_uploaded(), turn.mark()) {
            (true, _) => found,
            // Our own bytes are there; the service just hasn't noticed.
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

    /// Waits until another's bytes are there. Those that can't come any more give up their place.
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

    /// Registers a file and sends its bytes; nothing when it has to be looked at anew.
    async fn send(&self, file: &LocalFile, new: &NewMedia, turn: &Turn) -> Result<Option<Uploaded>, UploadError> {
        turn.set(Mark::Sending)?;
        let grant = match self.client.register_media(new).await {
            Ok(grant) => grant,
            // It is registered, and nobody else on this machine is at it: the next look removes it.
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
                // The URL is used up, not the file: it is registered anew.
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

    /// Removes the record of a URL that was refused; once for each file.
    async fn sent_again_is_worth_it(&self, turn: &Turn) -> Result<bool, UploadError> {
        if !turn.refused_first() {
            return Ok(false);
        }
        self.client.delete_media(turn.path()).await?;
        Ok(true)
    }
}
