//! A file that is written beside another one and takes its place when it is whole.

use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

/// A draft beside a path. Its name is its own, as two runs may write at once; it is removed unless it takes its place.
///
/// # Errors
/// When the folder can't be written to.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = path.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".new");
    // Temporary files are for their owner alone; what takes their place is a file like any other, as the umask has it.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}
