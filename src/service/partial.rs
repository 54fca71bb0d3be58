//! A video during its download: `TARGET.partial` beside the target. A note in `TARGET.partial.etag` names its project
//! and its version. Only one process writes it, and only a whole file gets the target's name.

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read, SeekFrom};
use std::path::{Path, PathBuf};

use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::save_error::{Overwrite, SaveError};
use crate::draft;
use crate::render::identity::ProjectId;

/// The longest note, bytes: an `ETag`, a project and a number are far shorter.
const LONGEST_NOTE: u64 = 64 << 10;

/// An open, locked partial file.
pub(super) struct Partial {
    target: PathBuf,
    path: PathBuf,
    tag: PathBuf,
    file: File,
    length: u64,
    note: Note,
}

/// The note beside a partial file, one line per field.
struct Note {
    /// The `ETag` of the version that the bytes belong to. Without one the download can't be resumed.
    etag: Option<String>,
    /// The project that the video belongs to.
    project: ProjectId,
    /// The length of the whole file. It is set when the file is complete and is about to get the target's name.
    whole: Option<u64>,
}

impl Note {
    fn read(tag: &Path) -> Option<Self> {
        let mut text = String::new();
        // Opening a pipe would wait for its other end.
        fs::symlink_metadata(tag).ok().filter(fs::Metadata::is_file)?;
        fs::File::open(tag).ok()?.take(LONGEST_NOTE).read_to_string(&mut text).ok()?;
        let mut lines = text.lines();
        let etag = lines.next().filter(|etag| is_strong(etag)).map(str::to_owned);
        let project = ProjectId::parse(lines.next()?).ok()?;
        Some(Self { etag, project, whole: lines.next().and_then(|length| length.parse().ok()) })
    }

    fn write(&self, tag: &Path) -> io::Result<()> {
        let whole = self.whole.map(|length| length.to_string());
        let lines = [self.etag.as_deref(), Some(self.project.as_str()), whole.as_deref()];
        fs::write(tag, lines.map(Option::unwrap_or_default).join("\n"))
    }
}

/// Proof that the file with the target's name is this project's video, until the ledger records it.
#[derive(Debug)]
pub(super) struct Proof {
    path: PathBuf,
    tag: PathBuf,
}

impl Proof {
    /// The proof left by an earlier run that was killed after it had named the file.
    pub(super) async fn left_behind(target: &Path, project: &ProjectId) -> Option<Self> {
        let (path, tag) = (with_ending(target, ".partial"), with_ending(target, ".partial.etag"));
        let length = Note::read(&tag).filter(|note| note.project == *project)?.whole?;
        is_video_of_size(target, length).await.then_some(Self { path, tag })
    }

    /// Removes it.
    pub(super) fn remove(self) {
        // A file that can't be removed does no harm: the next run of the same video removes it.
        remove_if_there(&self.path).and_then(|()| remove_if_there(&self.tag)).ok();
    }
}

impl Partial {
    /// Opens the partial file that an earlier run left of this project's video, or starts from zero. A file without
    /// an `ETag` can't be resumed, so it starts from zero too.
    pub(super) async fn open(target: &Path, project: &ProjectId, overwrite: Overwrite) -> Result<Self, SaveError> {
        let (path, tag) = (with_ending(target, ".partial"), with_ending(target, ".partial.etag"));
        if let Some(path) = foreign(&path, &tag) {
            return Err(SaveError::InTheWay { path });
        }
        let disk = |source| SaveError::Disk { path: path.clone(), source };
        let mut file = lock(&path)?;
        if overwrite == Overwrite::No && Proof::left_behind(target, project).await.is_some() {
            // Another process named the file before our lock. Until the ledger records it, that process's note is the
            // only proof.
            return Err(SaveError::Busy { path });
        }
        let note = Note::read(&tag);
        if is_linked(&path) {
            // A killed run left one file under both names. Writing to the partial name must not change the target.
            remove_if_there(&path).map_err(disk)?;
            file = lock(&path)?;
        }
        let length = file.metadata().map_err(disk)?.len();
        let etag = note.filter(|note| note.project == *project && length > 0).and_then(|note| note.etag);
        let note = Note { etag, project: project.clone(), whole: None };
        let mut partial = Self { target: target.to_owned(), tag, file: File::from_std(file), length, note, path: path.clone() };
        if partial.note.etag.is_none() {
            partial.restart(None).await?;
        }
        Ok(partial)
    }

    /// How many bytes are stored.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The `ETag` of the version that the bytes belong to.
    pub(super) fn etag(&self) -> Option<&str> {
        self.note.etag.as_deref()
    }

    /// Discards the bytes: the next ones belong to the version `etag`.
    pub(super) async fn restart(&mut self, etag: Option<&str>) -> Result<(), SaveError> {
        self.note.etag = etag.filter(|etag| is_strong(etag)).map(str::to_owned);
        let emptied = async {
            self.file.set_len(0).await?;
            if self.note.etag.is_some() { self.note.write(&self.tag) } else { remove_if_there(&self.tag) }
        };
        emptied.await.map_err(|source| self.disk(source))?;
        self.length = 0;
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

    /// Makes the bytes durable and gives the file the target's name. Another file of that name is replaced only if
    /// `overwrite` allows it.
    pub(super) async fn keep(mut self, overwrite: Overwrite) -> Result<Proof, SaveError> {
        self.note.whole = Some(self.length);
        self.file.sync_all().await.and_then(|()| self.note.write(&self.tag)).map_err(|source| self.disk(source))?;
        let named = match overwrite {
            Overwrite::Yes => fs::rename(&self.path, &self.target),
            Overwrite::No => name_without_replacing(&self.path, &self.target),
        };
        named.and_then(|()| sync_folder(&self.target)).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SaveError::InTheWay { path: self.target.clone() },
            _ => SaveError::Disk { path: self.target.clone(), source },
        })?;
        Ok(Proof { path: self.path, tag: self.tag })
    }

    /// Leaves the file for a later run to resume, or removes it if it can't be resumed.
    pub(super) fn leave(self) -> Result<(), SaveError> {
        if self.length > 0 && self.note.etag.is_some() { Ok(()) } else { self.discard() }
    }

    /// Removes the file: the bytes are not a video.
    pub(super) fn discard(self) -> Result<(), SaveError> {
        remove_if_there(&self.path).and_then(|()| remove_if_there(&self.tag)).map_err(|source| self.disk(source))
    }

    fn disk(&self, source: io::Error) -> SaveError {
        SaveError::Disk { path: self.path.clone(), source }
    }
}

/// Which of both files is not ours: no regular file, or neither begun like a video nor described by our note. A killed run
/// leaves an empty file, the beginning of a video, or an empty note.
fn foreign(path: &Path, tag: &Path) -> Option<PathBuf> {
    let found = |path: &Path| fs::symlink_metadata(path).ok();
    let is_odd = |path: &Path| found(path).is_some_and(|found| !found.is_file());
    let holds = |path: &Path| found(path).is_some_and(|found| found.len() > 0);
    let has_note = || Note::read(tag).is_some();
    if is_odd(tag) || (holds(tag) && !has_note()) {
        return Some(tag.to_owned());
    }
    let is_ours = || !holds(path) || has_note() || begins_as_video(path);
    (is_odd(path) || !is_ours()).then(|| path.to_owned())
}

fn begins_as_video(path: &Path) -> bool {
    let mut head = Vec::new();
    fs::File::open(path).and_then(|file| file.take(8).read_to_end(&mut head)).is_ok() && looks_like_mp4(&head)
}

/// Opens a partial file, or makes it, and locks it.
fn lock(path: &Path) -> Result<fs::File, SaveError> {
    let disk = |source| SaveError::Disk { path: path.to_owned(), source };
    let busy = || SaveError::Busy { path: path.to_owned() };
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(disk)?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Err(busy()),
        Err(TryLockError::Error(source)) if source.kind() != io::ErrorKind::Unsupported => return Err(disk(source)),
        _ => {}
    }
    // Another process finished between our open and our lock: the file that we hold is its video.
    if fs::symlink_metadata(path).is_err() { Err(busy()) } else { Ok(file) }
}

/// Whether there is a video of this size already.
pub(super) async fn is_video_of_size(path: &Path, size: u64) -> bool {
    // Opening a pipe would wait for its other end.
    if !fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() == size) {
        return false;
    }
    let Ok(mut file) = File::open(path).await else { return false };
    begins_like_mp4(&mut file).await.unwrap_or(false)
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

/// Only a strong `ETag` guarantees the same bytes; a weak one does not.
fn is_strong(etag: &str) -> bool {
    etag.len() > 2 && etag.starts_with('"') && etag.ends_with('"') && etag.bytes().all(|byte| byte.is_ascii_graphic())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Gives a file a name that no other file has. A hard link does this in one step and keeps the old name. On a file
/// system without hard links, an empty file claims the name first.
fn name_without_replacing(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            OpenOptions::new().write(true).create_new(true).open(to)?;
            fs::rename(from, to)
        }
        linked => linked,
    }
}

/// Whether the file may have a second name.
#[cfg(unix)]
fn is_linked(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| std::os::unix::fs::MetadataExt::nlink(&found) > 1)
}

#[cfg(not(unix))]
fn is_linked(path: &Path) -> bool {
    path.exists()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = draft::folder_of(file);
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn what_another_process_has_named_keeps_its_proof() {
        let folder = TempDir::new().unwrap();
        let (target, project) = (folder.path().join("film.mp4"), ProjectId::parse("p").unwrap());
        let mut partial = Partial::open(&target, &project, Overwrite::No).await.unwrap();
        partial.append(b"\0\0\0\x08ftyp").await.unwrap();
        // Killed after this: the ledger knows nothing of it.
        drop(partial.keep(Overwrite::No).await.unwrap());
        assert!(matches!(Partial::open(&target, &project, Overwrite::No).await, Err(SaveError::Busy { .. })));
        Proof::left_behind(&target, &project).await.unwrap().remove();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Another project's note is not proof: the bytes under the other name stay as they are.
        let other = ProjectId::parse("q").unwrap();
        drop(Partial::open(&target, &other, Overwrite::No).await.unwrap());
        assert_eq!(fs::read(&target).unwrap(), b"\0\0\0\x08ftyp");
    }
}
