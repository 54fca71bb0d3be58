//! All projects of an emulator, in memory, and with a folder also as one file each.
//!
//! Emulators that share a folder see each other's projects: a lookup reads a project again when its file is newer than
//! the record in memory. A file appears and changes as a whole.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use super::seed::Seed;
use super::state::Record;

/// The projects, by id.
pub(super) struct Store {
    seed: Seed,
    folder: Option<PathBuf>,
    known: HashMap<String, Known>,
    spent: u64,
}

struct Known {
    record: Arc<Record>,
    stamp: Option<Stamp>,
}

/// Distinguishes the states of a file.
#[derive(PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Stamp {
    fn of(found: &fs::Metadata) -> Self {
        Self { modified: found.modified().ok(), length: found.len() }
    }
}

impl Store {
    /// A store; with a folder, `FOLDER/projects` is made.
    pub(super) fn open(seed: Seed, folder: Option<&Path>) -> io::Result<Self> {
        let folder = folder.map(|folder| folder.join("projects"));
        if let Some(folder) = &folder {
            fs::create_dir_all(folder)?;
        }
        Ok(Self { seed, folder, known: HashMap::new(), spent: 0 })
    }

    /// Gives a new record its number and project, and keeps it.
    pub(super) fn add(&mut self, mut record: Record) -> io::Result<Record> {
        if self.known.is_empty() {
            self.read_folder()?;
        }
        record.number = u64::try_from(self.known.len()).unwrap_or(u64::MAX);
        loop {
            record.number += 1;
            record.project = self.seed.project_id(record.number);
            if self.known.contains_key(&record.project) {
                continue;
            }
            match self.write(&record, Write::New) {
                // The project belongs to another emulator; once known, it is skipped at once.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => self.refresh(&record.project.clone())?,
                Err(error) => return Err(error),
                Ok(stamp) => {
                    self.remember(record.clone(), stamp);
                    return Ok(record);
                }
            }
        }
    }

    /// The project of this id.
    pub(super) fn find(&mut self, project: &str) -> io::Result<Option<Arc<Record>>> {
        self.refresh(project)?;
        Ok(self.known.get(project).map(|known| known.record.clone()))
    }

    /// All projects, newest first.
    pub(super) fn all(&mut self) -> io::Result<Vec<Arc<Record>>> {
        self.read_folder()?;
        let mut all: Vec<Arc<Record>> = self.known.values().map(|known| known.record.clone()).collect();
        all.sort_by(|one, other| (other.created_at, other.number, &other.project).cmp(&(one.created_at, one.number, &one.project)));
        Ok(all)
    }

    /// Stores a changed record.
    pub(super) fn update(&mut self, record: Record) -> io::Result<()> {
        let stamp = self.write(&record, Write::Again)?;
        self.remember(record, stamp);
        Ok(())
    }

    /// Credits spent on all projects.
    pub(super) fn spent(&mut self) -> io::Result<u64> {
        if self.known.is_empty() {
            self.read_folder()?;
        }
        Ok(self.spent)
    }

    /// Deletes every project and its file.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        for path in self.files()? {
            fs::remove_file(path)?;
        }
        self.known.clear();
        self.spent = 0;
        Ok(())
    }

    fn remember(&mut self, record: Record, stamp: Option<Stamp>) {
        let credits = record.credits();
        let before = self.known.insert(record.project.clone(), Known { record: Arc::new(record), stamp });
        self.spent = self.spent + credits - before.map_or(0, |known| known.record.credits());
    }

    fn path(&self, project: &str) -> Option<PathBuf> {
        let safe = !project.is_empty() && project.bytes().all(|byte| byte.is_ascii_alphanumeric());
        self.folder.as_ref().filter(|_| safe).map(|folder| folder.join(format!("{project}.json")))
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
        Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "json")).collect())
    }

    fn read_folder(&mut self) -> io::Result<()> {
        for path in self.files()? {
            if let Some(project) = path.file_stem().and_then(|stem| stem.to_str()) {
                self.refresh(project)?;
            }
        }
        Ok(())
    }

    /// Reads a project's file again if it changed. A file that can't be parsed is not a project.
    fn refresh(&mut self, project: &str) -> io::Result<()> {
        let Some(path) = self.path(project) else { return Ok(()) };
        let stamp = match fs::metadata(&path) {
            Ok(found) => Stamp::of(&found),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.forget(project);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        if self.known.get(project).is_some_and(|known| known.stamp.as_ref() == Some(&stamp)) {
            return Ok(());
        }
        if let Ok(record) = serde_json::from_slice(&fs::read(path)?) {
            self.remember(record, Some(stamp));
        }
        Ok(())
    }

    fn forget(&mut self, project: &str) {
        if let Some(known) = self.known.remove(project) {
            self.spent -= known.record.credits();
        }
    }

    /// Writes a new file and moves it into place, so that no process reads half a file. The name of a new project is first
    /// claimed with an empty file: two emulators never assign it twice.
    fn write(&self, record: &Record, write: Write) -> io::Result<Option<Stamp>> {
        static WRITTEN: AtomicU64 = AtomicU64::new(0);
        let Some(path) = self.path(&record.project) else { return Ok(None) };
        let unique = format!("{}-{}.new", std::process::id(), WRITTEN.fetch_add(1, Ordering::Relaxed));
        let beside = path.with_extension(unique);
        if write == Write::New {
            fs::File::create_new(&path)?;
        }
        fs::write(&beside, serde_json::to_vec_pretty(record)?)?;
        fs::rename(&beside, &path)?;
        Ok(Some(Stamp::of(&fs::metadata(&path)?)))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Write {
    /// No project with this id may exist.
    New,
    /// It replaces the existing file.
    Again,
}
