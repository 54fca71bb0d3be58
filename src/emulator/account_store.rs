//! The templates and media of the account, as they are stored. They are held in memory and, with a folder, also in its files,
//! so that emulators of the same folder share them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A stored template.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Template {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) tags: Vec<String>,
    /// The movie as it is stored: always a text.
    pub(super) movie: String,
    pub(super) prompt: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}

impl Template {
    /// The movie, parsed.
    pub(super) fn read(&self) -> Value {
        serde_json::from_str(&self.movie).unwrap_or_default()
    }
}

/// A file of the account's media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MediaFile {
    pub(super) name: String,
    pub(super) folder: String,
    pub(super) content_type: String,
    pub(super) size: u64,
    /// The public URL's origin when it was registered: it stays, whatever process serves the folder.
    pub(super) origin: String,
    /// The key under which its bytes are received and stored.
    pub(super) grant: String,
    pub(super) registered_at: i64,
    /// When its bytes arrived.
    pub(super) stored_at: Option<i64>,
    /// It never becomes `uploaded`.
    pub(super) stuck: bool,
}

/// Templates, files and folders.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) templates: Vec<Template>,
    pub(super) files: Vec<MediaFile>,
    pub(super) folders: BTreeSet<String>,
    /// How many ids have been assigned.
    pub(super) given: u64,
}

impl Account {
    /// A template of this account.
    pub(super) fn template(&self, id: &str) -> Option<&Template> {
        self.templates.iter().find(|template| template.id == id)
    }
}

/// The account, and its storage.
pub(super) struct AccountStore {
    /// The folder of the account; `None` when it exists in memory only.
    folder: Option<PathBuf>,
    /// The folder of the bytes.
    bytes: PathBuf,
    /// Removes the bytes of an emulator without a folder on drop.
    _scratch: Option<tempfile::TempDir>,
    account: Mutex<Account>,
}

impl AccountStore {
    /// Opens the account of a folder, or an empty one.
    pub(super) fn open(folder: Option<&Path>) -> io::Result<Self> {
        let (bytes, scratch) = if let Some(folder) = folder {
            (folder.join("media"), None)
        } else {
            let scratch = tempfile::Builder::new().prefix("j2v-emulator-").tempdir()?;
            (scratch.path().to_path_buf(), Some(scratch))
        };
        Ok(Self { folder: folder.map(Path::to_path_buf), bytes, _scratch: scratch, account: Mutex::default() })
    }

    /// Runs `act` on the account and stores its changes; one call at a time, across processes.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Account) -> T) -> io::Result<T> {
        let mut account = self.account.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(folder) = &self.folder else { return Ok(act(&mut account)) };
        fs::create_dir_all(folder)?;
        let lock = File::create(folder.join("account.lock"))?;
        lock.lock()?;
        let path = folder.join("account.json");
        let before = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        *account = serde_json::from_slice(&before).unwrap_or_default();
        let result = act(&mut account);
        let after = serde_json::to_vec_pretty(&*account)?;
        if after != before {
            let beside = folder.join("account.new");
            fs::write(&beside, after)?;
            fs::rename(&beside, &path)?;
        }
        Ok(result)
    }

    /// The path of the bytes of a grant.
    pub(super) fn bytes_of(&self, grant: &str) -> io::Result<PathBuf> {
        fs::create_dir_all(&self.bytes)?;
        Ok(self.bytes.join(grant))
    }

    /// Deletes everything.
    pub(super) fn clear(&self) -> io::Result<()> {
        let grants = self.with(|account| std::mem::take(account).files)?;
        for file in grants {
            remove_bytes(&self.bytes.join(file.grant));
        }
        Ok(())
    }
}

/// Removes bytes. Bytes that never arrived count as removed.
pub(super) fn remove_bytes(path: &Path) {
    drop(fs::remove_file(path));
}
