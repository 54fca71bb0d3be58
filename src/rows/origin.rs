//! The bytes of a table, readable more than once: a copy of a file or of stdin.
//!
//! A batch reads its table for hours. The rows that were checked must be the rows that are sent, so a later save of the
//! file must have no effect. The copy has no name, so a killed process leaves no file behind.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::RowsError;
use crate::input::{self, InputError, STDIN};
use crate::limits::TABLE;

/// How many bytes of a table are read to recognize its format.
const BEGINNING: u64 = 64 << 10;

/// The copied bytes of a table.
pub(super) struct Origin {
    name: String,
    copy: Arc<File>,
    length: u64,
}

impl Origin {
    /// Opens a table and copies it.
    pub(super) fn open(name: &str) -> Result<Self, RowsError> {
        if name == STDIN {
            return Self::copied(name, &mut io::stdin().lock());
        }
        let mut file = input::open(Path::new(name)).map_err(|why| RowsError::new(name, why.to_string()))?;
        Self::copied(name, &mut file)
    }

    /// Copies a table from an open reader.
    pub(super) fn copied(name: &str, from: &mut impl Read) -> Result<Self, RowsError> {
        let copy = tempfile::tempfile().and_then(|mut copy| io::copy(&mut from.take(TABLE.most + 1), &mut copy).map(|_| copy));
        let table = Self::kept(name, copy.map_err(|why| Self::uncopied(name, &why))?)?;
        if table.length > TABLE.most { Err(RowsError::new(name, InputError::TooLarge(TABLE).to_string())) } else { Ok(table) }
    }

    /// A table that has already been copied.
    pub(super) fn kept(name: &str, copy: File) -> Result<Self, RowsError> {
        let length = copy.metadata().map_err(|why| unreadable(name, &why))?.len();
        Ok(Self { name: name.to_owned(), copy: Arc::new(copy), length })
    }

    /// The error when the copy can't be written.
    pub(super) fn uncopied(name: &str, why: &io::Error) -> RowsError {
        let error = RowsError::new(name, format!("it can't be copied to a temporary file: {why}"));
        error.helped("a table is read from a copy of its own; TMPDIR names another folder for it")
    }

    /// Its length, bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The name of the table in messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A reader from the first byte on; several may read at the same time.
    pub(super) fn read(&self) -> Pass {
        self.read_from(0)
    }

    /// A reader from the byte `start` on.
    pub(super) fn read_from(&self, start: u64) -> Pass {
        Pass { copy: Arc::clone(&self.copy), length: self.length, at: start }
    }

    /// The first bytes.
    pub(super) fn beginning(&self) -> Result<Vec<u8>, RowsError> {
        let mut bytes = Vec::new();
        self.read().take(BEGINNING).read_to_end(&mut bytes).map_err(|why| unreadable(&self.name, &why))?;
        Ok(bytes)
    }
}

/// One reader of a table, with its own position.
pub(super) struct Pass {
    copy: Arc<File>,
    length: u64,
    at: u64,
}

impl Read for Pass {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(&self.copy, buffer, self.at)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Pass {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// The error for a table that can't be read.
pub(super) fn unreadable(name: &str, why: &io::Error) -> RowsError {
    RowsError::new(name, format!("it can't be read: {why}"))
}
