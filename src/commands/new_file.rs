//! A movie that a command writes to a new file, and the refusal where the file is there already.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::CliError;
use crate::exit::Exit;

/// The message and exit code for a file that could not be written.
pub(super) fn not_written(path: &Path, why: &io::Error) -> CliError {
    let path = path.display();
    match why.kind() {
        ErrorKind::AlreadyExists => {
            let stop = CliError::new(Exit::Usage, format!("{path} already exists; nothing was written"));
            CliError { help: Some("--overwrite replaces it".to_owned()), ..stop }
        }
        _ => CliError::new(Exit::Usage, format!("{path} can't be written: {why}")),
    }
}

/// Writes a movie. An existing file is replaced only on request. No file can appear between the check and the write.
pub(super) fn write(path: &Path, movie: &str, overwrite: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if overwrite {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path)?.write_all(movie.as_bytes())
}
