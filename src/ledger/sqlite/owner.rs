//! Who is alive: each store that claims holds an operating-system lock on a file with its name, and the lock
//! dies with the process (`protocol.md#who-owns-an-intent-in-flight`). A stopped process keeps it.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use super::failure::Failure;
use super::file::{create_folder, create_private};
use crate::world::World;

/// How often another name is tried. A name holds 64 random bits: one try is enough in this universe.
const TRIES: u32 = 8;

/// The owners of one ledger.
pub(super) struct Owners {
    /// Where the names are.
    folder: PathBuf,
    world: World,
    me: Option<Me>,
}

struct Me {
    name: String,
    /// Held, never read: the lock is what counts.
    _lock: File,
    path: PathBuf,
}

impl Owners {
    /// The owners of the ledger at `path`.
    pub(super) fn of(path: &Path, world: World) -> Self {
        let mut folder = path.as_os_str().to_owned();
        folder.push(".owners");
        Self { folder: PathBuf::from(folder), world, me: None }
    }

    /// The name under which this store claims, once it has claimed.
    pub(super) fn me(&self) -> Option<&str> {
        self.me.as_ref().map(|me| me.name.as_str())
    }

    /// Takes a name, before the first claim; another one when somebody has removed its file.
    pub(super) fn enter(&mut self) -> Result<(), Failure> {
        self.me.take_if(|me| !me.path.exists());
        for _ in 0..TRIES {
            if self.me.is_some() {
                return Ok(());
            }
            self.me = self.try_enter()?;
        }
        Err(Failure::Refused("no name for an owner is free".to_owned()))
    }

    fn try_enter(&self) -> Result<Option<Me>, Failure> {
        let name = format!("{}-{:016x}", process::id(), self.world.rng.next_u64());
        create_folder(&self.folder)?;
        let path = self.folder.join(&name);
        let file = match create_private(&path, &mut OpenOptions::new()) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            file => file?,
        };
        file.lock()?;
        // Between the file and its lock somebody may have taken it for a dead one's and removed it.
        Ok(path.exists().then_some(Me { name, _lock: file, path: path.clone() }))
    }

    /// Whether the owner of a committed row is alive. Removes its file when it is not.
    pub(super) fn is_alive(&self, owner: &str) -> Result<bool, Failure> {
        // A name is one segment of a path; a row that says anything else is nobody's.
        let is_name = owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        Ok(is_name && !owner.is_empty() && !bury_if_dead(&self.folder.join(owner))?)
    }

    /// The names of those who are alive, this store not counted. Removes the files of the dead.
    ///
    /// Call it with the ledger's write lock held: then every owner of a committed claim has its file.
    pub(super) fn others(&self) -> Result<HashSet<String>, Failure> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(HashSet::new()),
            entries => entries?,
        };
        let mut alive = HashSet::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if self.me() != Some(name.as_str()) && !bury_if_dead(&entry.path())? {
                alive.insert(name);
            }
        }
        Ok(alive)
    }
}

impl Drop for Owners {
    fn drop(&mut self) {
        if let Some(me) = &self.me {
            // While the lock is held nobody takes the file for a dead one's. What stays behind is removed by the next who looks.
            fs::remove_file(&me.path).ok();
        }
    }
}

/// Removes the file of an owner whose lock is gone; says whether it was. Who can't be asked counts as alive: a
/// render that is thought to be on its way is safe, one that is wrongly thought lost is searched in vain.
fn bury_if_dead(path: &Path) -> Result<bool, Failure> {
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
