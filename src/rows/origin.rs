//! Where a table's bytes come from, so that they can be read more than once: a copy of a file, or of what stdin gave.
//!
//! A batch reads its table for hours. What was checked has to be what is sent, so a table that somebody saves meanwhile
//! must be without effect, and the copy has no name that a killed process could leave behind.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use super::RowsError;
use crate::input::{self, InputError, STDIN};
use crate::limits::TABLE;

/// As much of a table as says what it is.
const BEGINNING: u64 = 64 << 10;

/// Where a table's bytes come from.
pub(super) struct Origin {
    name: String,
    copy: Arc<File>,
    length: u64,
}

impl Origin {
    /// Finds a table and copies it.
    pub(super) fn open(name: &str) -> Result<Self, RowsError> {
        if name == STDIN {
            return Self::copied(name, &mut io::stdin().lock());
        }
        let mut file = input::open(Path::new(name)).map_err(|why| RowsError::new(name, why.to_string()))?;
        Self::copied(name, &mut file)
    }

    /// Copies what somebody else found.
    pub(super) fn copied(name: &str, from: &mut impl Read) -> Result<Self, RowsError> {
        let copy = tempfile::tempfile().and_then(|mut copy| io::copy(&mut from.take(TABLE.most + 1), &mut copy).map(|_| copy));
        let table = Self::kept(name, copy.map_err(|why| Self::uncopied(name, &why))?)?;
        if table.length > TABLE.most { Err(RowsError::new(name, InputError::TooLarge(TABLE).to_string())) } else { Ok(table) }
    }

    /// A table whose copy is there.
    pub(super) fn kept(name: &str, copy: File) -> Result<Self, RowsError> {
        let length = copy.metadata().map_err(|why| unreadable(name, &why))?.len();
        Ok(Self { name: name.to_owned(), copy: Arc::new(copy), length })
    }

    /// What the system says when there is no place for a copy.
    pub(super) fn uncopied(name: &str, why: &io::Error) -> RowsError {
        let error = RowsError::new(name, format!("it can't be copied to a temporary file: {why}"));
        error.helped("a table is read from a copy of its own; TMPDIR names another folder for it")
    }

    /// Its length, bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The bytes from the first on; several may read at the same time.
    pub(super) fn read(&self) -> Pass {
        self.read_from(0)
    }

    /// The bytes from one on, which is the first of what is read.
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

/// One reading of a table, at a place of its own.
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

/// What the system says of a table that can't be read.
pub(super) fn unreadable(name: &str, why: &io::Error) -> RowsError {
    RowsError::new(name, format!("it can't be read: {why}"))
}
