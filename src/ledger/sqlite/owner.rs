//! Which processes are alive. Each store that claims holds an operating-system lock on a file with its name, and the lock
//! ends with the process (`protocol.md#who-owns-an-intent-in-flight`). A stopped process keeps it.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use super::failure::Failure;
use super::file::{create_folder, create_private};
use crate::world::World;

/// How often another name is tried. A name holds 64 random bits, so one try is enough in practice.
const TRIES: u32 = 8;

/// The name of the only owner of a ledger in memory.
const ALONE: &str = "this process";

/// The owners of one ledger.
pub(super) struct Owners {
    /// The folder of the owners' files; `None` for a ledger in memory, which no other process can open.
    folder: Option<PathBuf>,
    world: World,
    me: Option<OwnName>,
}

struct OwnName {
    name: String,
    /// The file that shows other processes that this one lives.
    sign: Option<Sign>,
}

struct Sign {
    /// Held and never read: only the lock matters.
    _lock: File,
    path: PathBuf,
}

impl Owners {
    /// The owners of the ledger at `path`.
    pub(super) fn of(path: &Path, world: World) -> Self {
        let mut folder = path.as_os_str().to_owned();
        folder.push(".owners");
        Self { folder: Some(PathBuf::from(folder)), world, me: None }
    }

    /// The only owner of a ledger in memory.
    pub(super) fn alone(world: World) -> Self {
        Self { folder: None, world, me: Some(OwnName { name: ALONE.to_owned(), sign: None }) }
    }

    /// The name under which this store claims, once it has claimed.
    pub(super) fn me(&self) -> Option<&str> {
        self.me.as_ref().map(|me| me.name.as_str())
    }

    /// Takes a name before the first claim; takes another one if its file was removed.
    pub(super) fn enter(&mut self) -> Result<(), Failure> {
        self.me.take_if(|me| me.sign.as_ref().is_some_and(|sign| !sign.path.exists()));
        for _ in 0..TRIES {
            if self.me.is_some() {
                return Ok(());
            }
            self.me = self.folder.as_deref().map_or(Ok(None), |folder| self.try_enter(folder))?;
        }
        Err(Failure::Refused("no name for an owner is free".to_owned()))
    }

    fn try_enter(&self, folder: &Path) -> Result<Option<OwnName>, Failure> {
        let name = format!("{}-{:016x}", process::id(), self.world.rng.next_u64());
        create_folder(folder)?;
        let path = folder.join(&name);
        let file = match create_private(&path, &mut OpenOptions::new()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            file => file?,
        };
        file.lock()?;
        // Between the creation and the lock, another process may have taken the file for a dead owner's and removed it.
        Ok(path.exists().then(|| OwnName { name, sign: Some(Sign { _lock: file, path: path.clone() }) }))
    }

    /// Whether the owner of a committed row is alive. Removes the owner's file if it is not.
    pub(super) fn is_alive(&self, owner: &str) -> Result<bool, Failure> {
        let Some(folder) = &self.folder else { return Ok(owner == ALONE) };
        // A name is one segment of a path; a row with any other text has no owner.
        let is_name = owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Ok(is_name && !owner.is_empty() && !remove_if_dead(&folder.join(owner))?)
    }

    /// The names of the other living owners, without this store. Removes the files of dead ones.
    ///
    /// Call it with the ledger's write lock held: then every owner of a committed claim has its file.
    pub(super) fn others(&self) -> Result<HashSet<String>, Failure> {
        let Some(folder) = &self.folder else { return Ok(HashSet::new()) };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
            entries => entries?,
        };
        let mut alive = HashSet::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.me() != Some(name.as_str()) && !remove_if_dead(&entry.path())? {
                alive.insert(name);
            }
        }
        Ok(alive)
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        if let Some(sign) = self.me.as_ref().and_then(|me| me.sign.as_ref()) {
            // While the lock is held no process takes the file for a dead owner's. The next check removes a file that remains.
            fs::remove_file(&sign.path).ok();
        }
    }
}

/// Removes the file of an owner whose lock is gone; returns whether it was gone. An owner that can't be checked counts as
/// alive. A render wrongly taken for in flight is safe; one wrongly taken for lost is searched for without result.
fn remove_if_dead(path: &Path) -> Result<bool, Failure> {
    let file = match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(false),
        file => file?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error.into()),
        Ok(()) => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(true),
        },
    }
}
