//! One process of this machine at a time sends a file to a path, and notes that it does. The note identifies what a
//! killed process left on the server.

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use super::UploadError;
use crate::render::identity::hex;
use crate::service::media::MediaPath;

/// The note about a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The file is being registered, or its bytes are being sent.
    Sending,
    /// The server accepted all bytes.
    Sent,
}

/// The right to send to one path, held until it is dropped.
pub(super) struct Turn {
    path: MediaPath,
    note: Option<(PathBuf, Mutex<File>)>,
    has_been_refused: Cell<bool>,
}

impl Turn {
    /// Takes the right; waits while another process of this machine has it.
    pub(super) async fn take(notes: Option<&Path>, space: &str, path: &MediaPath) -> Result<Self, UploadError> {
        let turn = Self { path: path.clone(), note: None, has_been_refused: Cell::new(false) };
        let Some(folder) = notes else { return Ok(turn) };
        let name = hex(&Sha256::digest(format!("{space}\n{path}")));
        let file = folder.join(name);
        let (folder, at) = (folder.to_path_buf(), file.clone());
        let opened = tokio::task::spawn_blocking(move || -> io::Result<File> {
            fs::create_dir_all(folder)?;
            let note = File::options().create(true).truncate(false).read(true).write(true).open(at)?;
            note.lock()?;
            Ok(note)
        });
        let failed = |why| UploadError::Notes { path: file.clone(), why };
        let note = opened.await.map_err(|why| failed(io::Error::other(why)))?.map_err(failed)?;
        Ok(Self { note: Some((file, Mutex::new(note))), ..turn })
    }

    pub(super) fn path(&self) -> &MediaPath {
        &self.path
    }

    /// The note of this machine about the path.
    pub(super) fn mark(&self) -> Option<Mark> {
        let (_, note) = self.note.as_ref()?;
        let mut word = String::new();
        let mut note = note.lock().ok()?;
        note.rewind().and_then(|()| note.read_to_string(&mut word)).ok()?;
        match word.as_str() {
            "sending" => Some(Mark::Sending),
            "sent" => Some(Mark::Sent),
            _ => None,
        }
    }

    pub(super) fn set(&self, mark: Mark) -> Result<(), UploadError> {
        let word = match mark {
            Mark::Sending => "sending",
            Mark::Sent => "sent",
        };
        self.write(word)
    }

    /// Empties the note. A note that remains is wrong only where nothing was registered.
    pub(super) fn clear(&self) {
        drop(self.write(""));
    }

    fn write(&self, word: &str) -> Result<(), UploadError> {
        let Some((path, note)) = &self.note else { return Ok(()) };
        let failed = |why| UploadError::Notes { path: path.clone(), why };
        let mut note = note.lock().map_err(|_| failed(io::Error::other("another thread failed")))?;
        let written = note.set_len(0).and_then(|()| note.rewind()).and_then(|()| note.write_all(word.as_bytes()));
        written.and_then(|()| note.sync_data()).map_err(failed)
    }

    /// Whether this is the first refused URL for the path.
    pub(super) fn refused_first(&self) -> bool {
        !self.has_been_refused.replace(true)
    }
}
