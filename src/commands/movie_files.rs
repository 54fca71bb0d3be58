//! The files of movies that a command line names: a file, a folder of them, stdin.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::CliError;
use crate::draft;
use crate::exit::Exit;
pub(super) use crate::input::STDIN;
use crate::input::{self, InputError};
use crate::limits::MOVIE;
use crate::near;

/// The files of a folder among which a mistyped one is looked for.
const MOST_NAMES: usize = 1000;

/// The number of files that are named where none is like the mistyped one.
const FEW: usize = 5;

/// A file of a movie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MovieFile {
    /// Its path as it was typed, or inside of the folder that was typed; or [`STDIN`].
    pub(super) name: String,
    /// The name of a file that a folder holds, without its ending: the key of its movie.
    pub(super) stem: Option<String>,
}

/// The movies that were named: of a folder all files with a movie's extension, in the order of their names. Hidden folders, and
/// folders behind links, are left out.
///
/// # Errors
/// When a folder can't be read or holds no movie, or two files would be the same key.
pub(super) fn named(names: &[String]) -> Result<Vec<MovieFile>, CliError> {
    let mut files = Vec::new();
    for name in names {
        let path = Path::new(name);
        if name == STDIN || !path.is_dir() {
            files.push(MovieFile { name: name.clone(), stem: None });
        } else {
            files.extend(inside(path)?);
        }
    }
    Ok(files)
}

fn inside(folder: &Path) -> Result<Vec<MovieFile>, CliError> {
    let wrong = |why: String| CliError::new(Exit::Usage, format!("{}: {why}", folder.display()));
    let mut paths = Vec::new();
    collect(folder, &mut paths).map_err(|why| wrong(format!("the folder can't be read: {why}")))?;
    if paths.is_empty() {
        return Err(wrong("there is no movie in this folder (.json, .yaml or .yml)".to_owned()));
    }
    paths.sort_unstable();
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    Ok(paths.iter().map(|path| MovieFile { name: path.display().to_string(), stem: stem(path) }).collect())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if kind.is_dir() {
            if !entry.file_name().to_string_lossy().starts_with('.') {
                collect(&path, files)?;
            }
        } else if is_movie(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Whether a file is a movie by its name.
fn is_movie(path: &Path) -> bool {
    path.extension().and_then(OsStr::to_str).is_some_and(|ending| ["json", "yaml", "yml"].contains(&ending.to_ascii_lowercase().as_str()))
}

/// Whether a file may hold a movie a line.
pub(super) fn may_hold_lines(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(OsStr::to_str);
    name == STDIN || ending.is_some_and(|ending| ["jsonl", "ndjson"].contains(&ending.to_ascii_lowercase().as_str()))
}

/// Reads a file of a movie.
///
/// # Errors
/// When it can't be read; for one that is not there, with what was probably meant.
pub(super) fn read_movie(name: &str) -> Result<Vec<u8>, CliError> {
    input::read(name, MOVIE).map_err(|why| {
        let stop = unreadable(name, &why);
        if matches!(why, InputError::Missing) { not_there(name, stop) } else { stop }
    })
}

/// Reads a file of text that a flag names.
///
/// # Errors
/// When it can't be read, or is not UTF-8.
pub(super) fn read_text(name: &str) -> Result<String, CliError> {
    let bytes = input::read(name, MOVIE).map_err(|why| unreadable(name, &why))?;
    String::from_utf8(bytes).map_err(|_| CliError::new(Exit::Usage, format!("{name} is not UTF-8 text")))
}

/// A file that is too large is refused like one that is not a movie; one that can't be read at all is a wrong name.
fn unreadable(name: &str, why: &InputError) -> CliError {
    let exit = if matches!(why, InputError::TooLarge(_)) { Exit::Invalid } else { Exit::Usage };
    CliError::new(exit, format!("{name}: {why}"))
}

/// The message for a movie that doesn't exist, with the name that was probably meant.
fn not_there(name: &str, stop: CliError) -> CliError {
    let path = Path::new(name);
    let folder = draft::folder_of(path);
    let Ok(entries) = fs::read_dir(folder) else {
        return CliError { help: Some(format!("the folder {} does not exist either", folder.display())), ..stop };
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| is_movie(Path::new(name)));
    let mut names: Vec<String> = names.take(MOST_NAMES).collect();
    names.sort_unstable();
    let typed = path.file_name().unwrap_or_default().to_string_lossy();
    match near::nearest(&typed, &names) {
        Some(name) => {
            let path = folder.join(name);
            let path = path.strip_prefix(".").unwrap_or(&path).display().to_string();
            CliError { help: Some(format!("did you mean {path}?")), ..stop }
        }
        None if names.is_empty() => {
            CliError { help: Some("this folder has no movie: change to the right folder, or write a new one".to_owned()), ..stop }
                .then("j2v init")
        }
        None => {
            let listed = names.iter().take(FEW).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = if names.len() > FEW { ", …" } else { "" };
            CliError { help: Some(format!("the movies in {}: {listed}{more}", folder.display())), ..stop }
        }
    }
}
