//! The ledger's file: made whole and for its owner's eyes only, or refused.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::schema;
use crate::ledger::LedgerError;
use crate::world::World;

/// The file that was opened. By then it may have been moved, deleted or replaced: what is committed to it afterwards no
/// other process would ever see, a claim for one.
pub(super) struct Home {
    path: PathBuf,
    identity: Option<Identity>,
}

/// What tells two files of one name apart: device and number.
type Identity = (u64, u64);

impl Home {
    /// The file that is at `path` now.
    pub(super) fn of(path: PathBuf) -> Self {
        Self { identity: identity(&path), path }
    }

    /// Refuses to go on when another file, or none, has the name by now.
    pub(super) fn check(&self) -> Result<(), Failure> {
        if identity(&self.path) == self.identity { Ok(()) } else { Err(Failure::Gone) }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Elsewhere a file that is open can't be moved.
#[cfg(not(unix))]
fn identity(_: &Path) -> Option<Identity> {
    None
}

/// Makes sure that there is a ledger that nobody else can read, and says where it is once every link is followed:
/// processes that come by different names must meet at the same locks.
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

/// Writes the whole ledger under another name and links it into place, so that nobody ever sees half of it. Who
/// comes second takes what is there.
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

/// A folder that only its owner can enter; one that is there stays as it is.
pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// Creates a file that only its owner can read; one that is there is an error.
pub(super) fn create_private(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options.write(true).create_new(true).open(path)
}

/// The bytes are on disk when this returns. The name in the folder is not yet: the engine syncs the folder together
/// with the log, before the first claim.
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

/// The file of that name beside the ledger.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
