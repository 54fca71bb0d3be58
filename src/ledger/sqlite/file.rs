//! The ledger's file: created whole and readable only by its owner, or refused.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::schema;
use crate::ledger::LedgerError;
use crate::world::World;

/// The file that was opened. It may have been moved, deleted or replaced since then: no other process would ever see what
/// is committed to it afterwards, a claim for one.
pub(super) struct Home {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What distinguishes two files of the same name: device and inode number.
type Identity = (u64, u64);

impl Home {
    /// The file that is at `path` now.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { identity: identity(&path), path }
    }

    /// Fails when another file, or none, now has the name.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if identity(&self.path) == self.identity { Ok(()) } else { Err(Failure::Gone) }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// On other systems an open file can't be moved.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// Makes sure that a ledger exists that no other user can read. Returns its path with all links resolved: processes that
/// use different names must use the same locks.
pub(super) fn ensure(path: &Path, world: &World) -> Result<PathBuf, LedgerError> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create(path, world).map_err(|failure| failure.at(path))?;
            fs::metadata(path)
        }
        found => found,
    };
    let open = |error: io::Error| Failure::System(error).at(path);
    let found = found.map_err(open)?;
    if !found.is_file() {
        return Err(open(io::Error::other("it is not a file")));
    }
    refuse_exposed(path, &found)?;
    fs::canonicalize(path).map_err(open)
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, found: &fs::Metadata) -> Result<(), LedgerError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(LedgerError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), LedgerError> {
    Ok(())
}

/// Writes the whole ledger under another name and links it into place, so that no process ever sees half of it. A
/// process that comes second uses the file that is there.
fn create(path: &Path, world: &World) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let log = beside(path, "-wal");
    if fs::metadata(&log).is_ok_and(|found| found.len() > 0) && !path.exists() {
        return Err(Failure::Logless(log));
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".new-{:016x}", world.rng.next_u64()));
    let draft = PathBuf::from(draft);
    let made = write_synced(&draft, &schema::image()?).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match made {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(removed?),
        made => Ok(made.and(removed)?),
    }
}

/// Creates a folder that only its owner can enter; an existing one stays as it is.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Creates a file that only its owner can read; an existing one is an error.
pub(super) fn create_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// Writes a file whose bytes are on disk when this returns. Its name in the folder is not yet: the engine syncs the folder
/// together with the log, before the first claim.
#[cfg(unix)]
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    create_private(path, OpenOptions::new().custom_flags(libc::O_DSYNC))?.write_all(bytes)
}

#[cfg(not(unix))]
fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = create_private(path, &mut OpenOptions::new())?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// The path of a file beside the ledger: the ledger's name plus a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
