//! A second name or a copy of a saved video. A copy is never half written, and another file is replaced only where the
//! caller allows it (`faults.md#files-and-security`).

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::save_error::Overwrite;
use crate::draft;

/// Whether both paths lead to one file: by links of either kind, too.
#[must_use]
pub(crate) fn is_one_file(one: &Path, other: &Path) -> bool {
    let are_linked = match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => has_one_inode(&one, &other),
        _ => false,
    };
    are_linked || one.canonicalize().is_ok_and(|one| other.canonicalize().is_ok_and(|other| one == other))
}

/// A terminal or a pipe has one inode for all that write to it: only regular files are compared.
#[cfg(unix)]
fn has_one_inode(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    one.is_file() && (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn has_one_inode(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    false
}

/// Gives a file a second name, or a copy where the file system has no hard links. An earlier run may have done so already.
///
/// # Errors
/// `AlreadyExists` when another file has that name: it stays as it is.
pub(crate) fn give_second_name(file: &Path, name: &Path) -> io::Result<()> {
    match fs::hard_link(file, name) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
            if is_one_file(file, name) || has_same_bytes(file, name)? {
                Ok(())
            } else {
                Err(why)
            }
        }
        Err(_) => copy(file, name, Overwrite::No),
        linked => linked,
    }
}

/// Copies a file. The copy has its name once it is whole and on disk; a link of that name is replaced, not followed.
///
/// # Errors
/// `AlreadyExists` when another file has that name and must stay; else what the disk says.
pub(crate) fn copy(file: &Path, to: &Path, overwrite: Overwrite) -> io::Result<()> {
    let mut from = File::open(file)?;
    let mut draft = draft::beside(to)?;
    io::copy(&mut from, &mut draft)?;
    draft.as_file().set_permissions(from.metadata()?.permissions())?;
    draft.as_file().sync_all()?;
    let named = if overwrite == Overwrite::Yes { draft.persist(to) } else { draft.persist_noclobber(to) };
    named.map(drop).map_err(|failed| failed.error)
}

fn has_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (found, expected) = (fs::symlink_metadata(other)?, fs::metadata(one)?);
    if !found.is_file() || found.len() != expected.len() {
        return Ok(false);
    }
    let (mut one, mut other) = (BufReader::new(File::open(one)?), BufReader::new(File::open(other)?));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let length = left.len().min(right.len());
        if length == 0 {
            return Ok(left.is_empty() && right.is_empty());
        }
        if left[..length] != right[..length] {
            return Ok(false);
        }
        one.consume(length);
        other.consume(length);
    }
}
