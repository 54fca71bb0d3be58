//! A file that is written beside another one and takes its place when it is whole.
//!
//! The process that writes a draft holds a lock on it, which ends with the process. So the next draft of the same name can remove
//! what a killed run has left, and nothing of a run that lives.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// The end of a draft's name, which no file of the user has.
const ENDING: &str = ".j2v-new";

/// The letters of chance in a draft's name.
const CHANCE: usize = 6;

/// How often a draft is made again that another run has taken for one of a killed run: it may see one before its lock.
const ROUNDS: usize = 8;

/// A draft beside a path. Its name is its own, as two runs may write at once; it is removed unless it takes its place. Its file
/// has to stay open until then.
///
/// # Errors
/// When the folder can't be written to.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder_of(path);
    made(path, folder).map_err(|why| without_draft(&why, folder))
}

/// The failure without the draft's name, which the user never chose.
fn without_draft(why: &io::Error, folder: &Path) -> io::Error {
    if why.kind() == io::ErrorKind::NotFound && !folder.exists() {
        return io::Error::new(why.kind(), format!("its folder {} does not exist", folder.display()));
    }
    why.kind().into()
}

fn made(path: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    sweep(folder, &prefix.to_string_lossy());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(ENDING).rand_bytes(CHANCE);
    // Temporary files are for their owner alone; what takes their place is a file like any other, as the umask has it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    for _ in 1..ROUNDS {
        let draft = builder.tempfile_in(folder)?;
        let is_taken = matches!(draft.as_file().try_lock(), Err(TryLockError::WouldBlock)) || !draft.path().exists();
        if !is_taken {
            return Ok(draft);
        }
    }
    builder.tempfile_in(folder)
}

/// Writes a file so that its path holds all of it or what was there before. A link stays, and what it leads to is replaced;
/// permissions stay, too. What is no regular file, such as `/dev/stdout`, is only written to.
///
/// # Errors
/// When it can't be written.
pub(crate) fn replace(target: &Path, content: &[u8]) -> io::Result<()> {
    let there = fs::metadata(target).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return fs::write(target, content);
    }
    let target = target.canonicalize().unwrap_or_else(|_| target.to_path_buf());
    let mut draft = beside(&target)?;
    draft.write_all(content)?;
    if let Some(there) = there {
        draft.as_file().set_permissions(there.permissions())?;
    }
    draft.persist(&target).map(drop).map_err(|why| why.error)
}

/// The folder of a file; `.` for a name alone.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Removes the drafts that killed runs have left. What can't be removed disturbs nobody.
fn sweep(folder: &Path, prefix: &str) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let chance = name.to_str().and_then(|name| name.strip_prefix(prefix)?.strip_suffix(ENDING));
        let is_draft = chance.is_some_and(|chance| chance.len() == CHANCE) && entry.file_type().is_ok_and(|kind| kind.is_file());
        // The lock is held until the draft is removed, so that nobody takes it meanwhile.
        if is_draft
            && let Ok(file) = File::open(entry.path())
            && file.try_lock().is_ok()
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}
