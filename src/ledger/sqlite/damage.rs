//! A damaged ledger: detects the damage, and sets the ledger aside whole so that a new one can replace it
//! (`faults.md` row 83).

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::failure::Failure;
use super::file::beside;
use super::owner::Owners;
use super::{Sqlite, holder};
use crate::ledger::{LedgerError, RenderQuery, Store};
use crate::world::World;

/// Checks the ledger at `path`: its pages, its indexes, and the content of its rows. Damage is [`LedgerError::Corrupt`].
///
/// # Errors
/// When it is damaged, or can't be opened for another reason.
pub async fn check(path: &Path, world: &World) -> Result<(), LedgerError> {
    let store = Sqlite::open(path, world)?;
    if let Some(why) = store.faults().await?.into_iter().next() {
        return Err(LedgerError::Corrupt { path: path.to_owned(), why });
    }
    store.find(None, RenderQuery::All(u32::MAX)).await.map(drop)
}

/// Renames a damaged ledger and its log; returns the new name. `None` when another process has done so already, and the
/// ledger is sound now.
///
/// # Errors
/// When another process is using it, or the files can't be moved.
pub async fn set_aside(path: &Path, world: &World) -> Result<Option<PathBuf>, LedgerError> {
    let fail = |failure: Failure| holder::told(&failure, path);
    let real = fs::canonicalize(path).map_err(|why| fail(why.into()))?;
    // Held until the files are renamed: a second process then finds a sound ledger.
    let _turn = turn(&real).map_err(fail)?;
    match check(path, world).await {
        Ok(()) => return Ok(None),
        Err(LedgerError::Corrupt { .. }) => {}
        Err(other) => return Err(other),
    }
    if !Owners::of(&real, world.clone()).others().map_err(fail)?.is_empty() {
        return Err(fail(Failure::Refused("another j2v is using it: end that first".to_owned())));
    }
    let stamp: String = world.now().to_iso().chars().filter(char::is_ascii_alphanumeric).collect();
    let kept = beside(&real, &format!(".damaged-{stamp}"));
    // The log goes first: a new ledger must never find it.
    for suffix in ["-wal", "-shm", ""] {
        match fs::rename(beside(&real, suffix), beside(&kept, suffix)) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => return Err(fail(why.into())),
            _ => {}
        }
    }
    Ok(Some(kept))
}

fn turn(path: &Path) -> Result<File, Failure> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.write(true).create(true).truncate(false).open(beside(path, ".mending"))?;
    file.lock()?;
    Ok(file)
}
