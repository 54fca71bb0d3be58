//! What a file named for output may replace: nothing that the command reads, and of what is there only j2v's own.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use super::{CliError, movies};
use crate::cli::{MovieArgs, TableArgs};
use crate::draft;
use crate::exit::Exit;
use crate::output::RecordFormat;
use crate::service::copies::is_one_file;
use crate::service::place::is_folder;

/// The part of an existing file that is judged, bytes: what j2v writes names itself before its content.
const JUDGED: u64 = 1 << 20;

/// A file that a command reads, or writes besides the one that is judged.
#[derive(Clone, Copy)]
pub(super) struct Input<'a> {
    /// What it is to the command.
    what: &'static str,
    path: &'a Path,
}

/// The files that are named on the command line as the movie and its parts.
pub(super) fn inputs_of_movie(movie: &MovieArgs) -> Vec<Input<'_>> {
    let movies = movie.movies.iter().filter(|name| *name != movies::STDIN).map(|name| ("the movie", Path::new(name)));
    let parts = [("the file of --vars", &movie.vars), ("the file of --scene", &movie.scene), ("the file of --element", &movie.element)];
    let parts = parts.into_iter().flat_map(|(what, paths)| paths.iter().map(move |path| (what, path.as_path())));
    movies.chain(parts).map(|(what, path)| Input { what, path }).collect()
}

/// The files that are named on the command line as tables, and as what their columns are.
pub(super) fn inputs_of_table(table: &TableArgs) -> Vec<Input<'_>> {
    let tables =
        table.rows.iter().map(|name| ("the table of --rows", name)).chain(table.join.iter().map(|name| ("the table of --join", name)));
    let tables = tables.filter(|(_, name)| *name != movies::STDIN).map(|(what, name)| (what, Path::new(name)));
    let map = table.map_file.iter().map(|path| ("the file of --map-file", path.as_path()));
    tables.chain(map).map(|(what, path)| Input { what, path }).collect()
}

/// Another file that the command writes. What is no regular file, such as `/dev/null`, loses nothing.
pub(super) fn other_output<'a>(what: &'static str, path: Option<&'a Path>) -> Option<Input<'a>> {
    let path = path.filter(|path| fs::metadata(path).map_or(true, |there| there.is_file()))?;
    Some(Input { what, path })
}

/// The file of `--download`; a folder holds many.
pub(super) fn file_of_download(place: Option<&str>) -> Option<Input<'_>> {
    other_output("the video of --download", place.map(Path::new).filter(|place| !is_folder(place)))
}

/// Whether both paths are of one file, even if there is none yet.
fn is_one_target(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| {
        let folder = draft::folder_of(path);
        Some((folder.canonicalize().ok()?, path.file_name()?.to_owned()))
    };
    is_one_file(one, other) || place(one).is_some_and(|one| Some(one) == place(other))
}

/// Refuses to replace one of the inputs, or a file whose beginning is not `ours`. An empty file may be replaced, and what is no
/// regular file, such as `/dev/stdout`, is only written to. `done` is what the command would have done: written or sent.
///
/// # Errors
/// When the file is one of them, or can't be read; nothing was written or sent.
pub(super) fn refuse(
    (flag, done): (&str, &str),
    target: &Path,
    inputs: &[Input<'_>],
    ours: impl Fn(&[u8]) -> bool,
) -> Result<(), CliError> {
    let refused = |why: String| Err(CliError::new(Exit::Usage, format!("{flag} {}: {why}; nothing was {done}", target.display())));
    if let Some(input) = inputs.iter().find(|input| is_one_target(target, input.path)) {
        return refused(format!("this is {}, which would be lost: choose another name", input.what));
    }
    match beginning(target) {
        Ok(begins) if begins.is_empty() || ours(&begins) => Ok(()),
        Ok(_) => refused("a file that j2v did not write is there: choose another name, or move that file".to_owned()),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(why) => refused(why.to_string()),
    }
}

/// Refuses a `--results` file that replaces anything but results of an earlier run. An ending that says no format is refused
/// elsewhere.
///
/// # Errors
/// As [`refuse`]; nothing was sent.
pub(super) fn refuse_results(results: Option<&Path>, inputs: &[Input<'_>]) -> Result<(), CliError> {
    let Some((file, format)) = results.and_then(|file| Some((file, RecordFormat::of(file)?))) else { return Ok(()) };
    refuse(("--results", "sent"), file, inputs, |begins| format.is_begun_by(begins))
}

/// The beginning of a regular file; nothing of another kind of file, which may wait for a writer.
fn beginning(path: &Path) -> io::Result<Vec<u8>> {
    let mut begins = Vec::new();
    if fs::metadata(path)?.is_file() {
        File::open(path)?.take(JUDGED).read_to_end(&mut begins)?;
    }
    Ok(begins)
}
