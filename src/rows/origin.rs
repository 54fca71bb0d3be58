//! Where a table's bytes come from, so that they can be read more than once: a file, or what stdin gave.

use std::fs::{File, Metadata};
use std::io::{self, BufReader, ErrorKind, Read};

use tempfile::NamedTempFile;

use super::RowsError;

/// The name of a table that comes from stdin.
pub(super) const STDIN: &str = "-";

/// As much of a table as says what it is.
const BEGINNING: u64 = 64 << 10;

/// Where a table's bytes come from.
pub(super) struct Origin {
    name: String,
    place: Place,
    /// The file as it was found.
    found: Metadata,
}

enum Place {
    File,
    Spooled(NamedTempFile),
}

impl Origin {
    /// Finds a table; what stdin gives is kept in a temporary file.
    pub(super) fn open(name: &str) -> Result<Self, RowsError> {
        let opened = if name == STDIN { spooled() } else { File::open(name).map(|file| (Place::File, file)) };
        let opened = opened.and_then(|(place, file)| file.metadata().map(|found| (place, found)));
        let (place, found) = opened.map_err(|why| unreadable(name, &why))?;
        if found.is_dir() {
            return Err(RowsError::new(name, "this is a folder, not a table"));
        }
        Ok(Self { name: name.to_owned(), place, found })
    }

    /// What messages call it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The bytes from the first on.
    pub(super) fn read(&self) -> Result<BufReader<File>, RowsError> {
        let file = match &self.place {
            Place::File => File::open(&self.name),
            Place::Spooled(file) => file.reopen(),
        };
        let opened = file.and_then(|file| Ok((file.metadata()?, file)));
        let (now, file) = opened.map_err(|why| unreadable(&self.name, &why))?;
        if now.len() != self.found.len() || now.modified().ok() != self.found.modified().ok() {
            return Err(RowsError::new(&self.name, "the table changed while it was read; run the command again"));
        }
        Ok(BufReader::with_capacity(1 << 16, file))
    }

    /// The first bytes.
    pub(super) fn beginning(&self) -> Result<Vec<u8>, RowsError> {
        let mut bytes = Vec::new();
        self.read()?.take(BEGINNING).read_to_end(&mut bytes).map_err(|why| unreadable(&self.name, &why))?;
        Ok(bytes)
    }
}

/// Takes in all of stdin.
fn spooled() -> io::Result<(Place, File)> {
    let file = NamedTempFile::new()?;
    io::copy(&mut io::stdin().lock(), &mut file.as_file())?;
    let again = file.reopen()?;
    Ok((Place::Spooled(file), again))
}

/// What the system says of a file that can't be read.
pub(super) fn unreadable(name: &str, why: &io::Error) -> RowsError {
    match why.kind() {
        ErrorKind::NotFound => RowsError::new(name, "there is no such file"),
        _ => RowsError::new(name, format!("it can't be read: {why}")),
    }
}
