//! Reads the file or stdin that the user names, and never more than a limit. A device or a pipe without an end is
//! refused: reading it would fill memory.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::limits::Limit;

/// The name of stdin.
pub const STDIN: &str = "-";

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// It doesn't exist.
    #[error("there is no such file")]
    Missing,
    /// It is a folder.
    #[error("this is a folder, not a file")]
    Folder,
    /// It is neither a file nor a pipe.
    #[error("this is a device, not a file or a pipe")]
    Device,
    /// It is larger than the limit.
    #[error("it has {}", .0.passed())]
    TooLarge(Limit),
    /// The reason of the operating system.
    #[error("it can't be read: {0}")]
    Unreadable(io::Error),
}

impl From<io::Error> for InputError {
    fn from(why: io::Error) -> Self {
        match why.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::IsADirectory => Self::Folder,
            _ => Self::Unreadable(why),
        }
    }
}

/// Opens a regular file or a pipe.
///
/// # Errors
/// When it doesn't exist, is something else, or can't be opened.
pub fn open(path: &Path) -> Result<File, InputError> {
    // Checked before it is opened, because opening a device can already have an effect.
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_dir() {
        return Err(InputError::Folder);
    }
    if is_device(kind) {
        return Err(InputError::Device);
    }
    Ok(File::open(path)?)
}

#[cfg(unix)]
fn is_device(kind: std::fs::FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_char_device() || kind.is_block_device()
}

#[cfg(not(unix))]
fn is_device(_: std::fs::FileType) -> bool {
    false
}

/// The whole content of a file; of `-`, the whole of stdin.
///
/// # Errors
/// As [`open`], and when it is larger than the limit.
pub fn read(name: &str, limit: Limit) -> Result<Vec<u8>, InputError> {
    if name == STDIN { read_all(&mut io::stdin().lock(), limit) } else { read_file(Path::new(name), limit) }
}

/// The whole content of a file, whatever its name.
///
/// # Errors
/// As [`read`].
pub fn read_file(path: &Path, limit: Limit) -> Result<Vec<u8>, InputError> {
    read_all(&mut open(path)?, limit)
}

fn read_all(from: &mut impl Read, limit: Limit) -> Result<Vec<u8>, InputError> {
    let mut bytes = Vec::new();
    from.take(limit.most + 1).read_to_end(&mut bytes)?;
    if limit.is_passed_by(bytes.len()) { Err(InputError::TooLarge(limit)) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::SETTINGS;

    #[test]
    fn a_stream_without_an_end_is_read_up_to_the_limit() {
        assert!(matches!(read_all(&mut io::repeat(b'x'), SETTINGS), Err(InputError::TooLarge(SETTINGS))));
        assert_eq!(read_all(&mut &b"abc"[..], SETTINGS).unwrap(), b"abc");
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_folders_are_not_files() {
        assert!(matches!(read("/dev/zero", SETTINGS), Err(InputError::Device)));
        assert!(matches!(read("/", SETTINGS), Err(InputError::Folder)));
        assert!(matches!(read("/nowhere/at/all", SETTINGS), Err(InputError::Missing)));
    }
}
