//! Keys that `auth login` stores: a file for each profile, which only its owner can read.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::profile_name::ProfileName;

/// The file of a profile's key.
pub(crate) fn path(folder: &Path, profile: &str) -> PathBuf {
    folder.join("keys").join(profile)
}

/// The profiles that have a stored key.
pub(super) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("keys")).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| ProfileName::parse(name).is_ok()).collect()
}

/// Stores a key. The old key stays until the new one is on disk.
pub(crate) fn keep(path: &Path, key: &str) -> io::Result<()> {
    replace(path, &format!("{}\n", key.trim()))
}

/// Writes a file that only its owner can read, and the folders above it. The file is never half written.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(folder)?;
    }
    // A name that no profile has, so that it is never read as a key.
    let draft = path.with_file_name(format!(".{}.new", std::process::id()));
    let written = create(&draft).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.and_then(|()| fs::rename(&draft, path)).inspect_err(|_| {
        // The failure itself is reported; a leftover draft is not worth a second message.
        let _ = fs::remove_file(&draft);
    })
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(true).open(path)
}

/// The permission bits, where others may do one of `forbidden` with the file.
#[cfg(unix)]
pub(super) fn exposed(path: &Path, forbidden: u32) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & forbidden != 0).then_some(mode)
}

/// The permission bits, where others may do one of `forbidden` with the file.
#[cfg(not(unix))]
pub(super) fn exposed(_: &Path, _: u32) -> Option<u32> {
    None
}
