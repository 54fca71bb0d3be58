//! A video on its way: `TARGET.partial` beside the target, with the server's mark of that version of the file in
//! `TARGET.partial.etag`. Only one process writes it, and only a whole file gets the target's name.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::download::{Overwrite, SaveError};

/// An open, locked partial file.
pub(super) struct Partial {
    target: PathBuf,
    path: PathBuf,
    tag: PathBuf,
    file: File,
    length: u64,
    etag: Option<String>,
}

impl Partial {
    /// Opens what an earlier run left behind, or begins anew. Without the mark of its version the rest can't be
    /// asked for, so that such a file begins anew, too.
    pub(super) async fn open(target: &Path) -> Result<Self, SaveError> {
        let (path, tag) = (with_ending(target, ".partial"), with_ending(target, ".partial.etag"));
        if fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
            return Err(SaveError::InTheWay { path });
        }
        let disk = |source| SaveError::Disk { path: path.clone(), source };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(disk)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(SaveError::Busy { path }),
            Err(TryLockError::Error(source)) if source.kind() != io::ErrorKind::Unsupported => return Err(disk(source)),
            _ => {}
        }
        if fs::symlink_metadata(&path).is_err() {
            // Another process finished between our opening and our lock: what we hold is its video.
            return Err(SaveError::Busy { path });
        }
        let length = file.metadata().map_err(disk)?.len();
        let etag = fs::read_to_string(&tag).ok().filter(|etag| is_strong(etag) && length > 0);
        let mut partial = Self { target: target.to_owned(), tag, file: File::from_std(file), length, etag, path: path.clone() };
        if partial.etag.is_none() {
            partial.restart(None).await?;
        }
        Ok(partial)
    }

    /// How many bytes are there.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The mark of the version that the bytes are of.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Throws the bytes away: the next ones are of the version `etag`.
    pub(super) async fn restart(&mut self, etag: Option<&str>) -> Result<(), SaveError> {
        let etag = etag.filter(|etag| is_strong(etag));
        let emptied = async {
            self.file.set_len(0).await?;
            match etag {
                Some(etag) => fs::write(&self.tag, etag),
                None => remove_if_there(&self.tag),
            }
        };
        emptied.await.map_err(|source| self.disk(source))?;
        self.length = 0;
        self.etag = etag.map(str::to_owned);
        Ok(())
    }

    /// Adds bytes at the end.
    pub(super) async fn append(&mut self, bytes: &[u8]) -> Result<(), SaveError> {
        let written = async {
            self.file.seek(SeekFrom::Start(self.length)).await?;
            self.file.write_all(bytes).await?;
            self.file.flush().await
        };
        written.await.map_err(|source| self.disk(source))?;
        self.length += u64::try_from(bytes.len()).unwrap_or(0);
        Ok(())
    }

    /// Whether the file begins like an MP4.
    pub(super) async fn is_mp4(&mut self) -> Result<bool, SaveError> {
        begins_like_mp4(&mut self.file).await.map_err(|source| self.disk(source))
    }

    /// Makes the bytes durable and gives them the target's name, which is not taken from another file unless
    /// `overwrite` says so.
    pub(super) async fn keep(self, overwrite: Overwrite) -> Result<(), SaveError> {
        self.file.sync_all().await.map_err(|source| self.disk(source))?;
        let named = match overwrite {
            Overwrite::Yes => fs::rename(&self.path, &self.target),
            Overwrite::No => rename_no_replace(&self.path, &self.target),
        };
        named.and_then(|()| remove_if_there(&self.tag)).and_then(|()| sync_folder(&self.target)).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SaveError::InTheWay { path: self.target.clone() },
            _ => SaveError::Disk { path: self.target.clone(), source },
        })
    }

    /// Leaves it for a later run to go on with, or removes it if none could.
    pub(super) fn leave(self) -> Result<(), SaveError> {
        if self.length > 0 && self.etag.is_some() { Ok(()) } else { self.discard() }
    }

    /// Removes it: what came was no video.
    pub(super) fn discard(self) -> Result<(), SaveError> {
        remove_if_there(&self.path).and_then(|()| remove_if_there(&self.tag)).map_err(|source| self.disk(source))
    }

    fn disk(&self, source: io::Error) -> SaveError {
        SaveError::Disk { path: self.path.clone(), source }
    }
}

/// Whether there is a video of this size already.
pub(super) async fn is_video_of_size(path: &Path, size: u64) -> bool {
    let Ok(mut file) = File::open(path).await else { return false };
    let fits = file.metadata().await.is_ok_and(|found| found.is_file() && found.len() == size);
    fits && begins_like_mp4(&mut file).await.unwrap_or(false)
}

async fn begins_like_mp4(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::with_capacity(8);
    file.seek(SeekFrom::Start(0)).await?;
    file.take(8).read_to_end(&mut head).await?;
    Ok(looks_like_mp4(&head))
}

/// An MP4 begins with a box of the type `ftyp`: four bytes of length, then the type.
pub(super) fn looks_like_mp4(head: &[u8]) -> bool {
    head.get(4..8) == Some(b"ftyp")
}

/// Only a strong mark promises the same bytes; a weak one does not.
fn is_strong(etag: &str) -> bool {
    etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"') && etag.bytes().all(|byte| byte.is_ascii_graphic())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Gives a file a name that nobody has. A hard link does it in one step; where there are none, the name is
/// claimed with an empty file first.
fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Ok(()) => fs::remove_file(from),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            OpenOptions::new().write(true).create_new(true).open(to)?;
            fs::rename(from, to)
        }
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}
