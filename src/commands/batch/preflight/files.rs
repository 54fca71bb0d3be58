//! `--upload` in a batch: every file that any row names, each content once, before a row's movie gets its URL.

use std::path::PathBuf;

use super::super::super::uploads::{LocalFiles, UploadMode, folder_of, folders, located};
use super::super::super::{Call, CliError};
use super::recipe::Recipe;
use super::table;
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::movie::json::Span;
use crate::movie::{Document, local_references, with_urls};
use crate::rows::Table;

/// Missing files that are named; the rest is counted.
const NAMED: usize = 5;

/// The files of the movies of rows. A path is relative to the file that it is written in: the movie, or the table.
pub(super) struct RowFiles {
    files: LocalFiles,
    written_in: WrittenIn,
}

/// Folders: of the movie's sources, and of the table.
struct WrittenIn {
    sources: Vec<PathBuf>,
    table: PathBuf,
}

impl WrittenIn {
    fn path(&self, path: &str, span: Span) -> PathBuf {
        located(Some(self.sources.get(usize::from(span.source)).unwrap_or(&self.table)), path)
    }
}

impl RowFiles {
    /// The movie of a row with URLs in the places of its files.
    pub(super) fn swapped(&self, movie: Document) -> Document {
        with_urls(movie, &mut |path, span| self.files.url(&self.written_in.path(path, span)))
    }
}

/// Uploads the files of all rows to the account's media. Uploads nothing while a row is wrong, unless wrong rows are skipped.
///
/// # Errors
/// When a file does not exist or can't be uploaded.
pub(super) async fn upload(call: &Call, args: &BatchArgs, recipe: &mut Recipe, table: &Table) -> anyhow::Result<()> {
    let written_in = WrittenIn { sources: folders(&recipe.base), table: folder_of(table.name()) };
    let (files, missing) = gathered(args, recipe, table, &written_in)?;
    if !missing.is_empty() && !args.skip_invalid {
        missing.iter().take(NAMED).for_each(|why| call.out.error(why));
        let (s, are) = if missing.len() == 1 { ("", "is") } else { ("s", "are") };
        let message = format!("{}: {} file{s} that rows name {are} not there; nothing was sent", table.name(), missing.len());
        return Err(CliError::new(Exit::Invalid, message).into());
    }
    recipe.files = Some(RowFiles { files, written_in });
    let mode = match args.dry_run {
        true => UploadMode::LookUp,
        false if args.skip_invalid || all_are_sound(recipe, table)? => UploadMode::Send,
        // The report that follows shows the faults, and that nothing was sent.
        false => UploadMode::Offline,
    };
    if let Some(RowFiles { files, .. }) = &mut recipe.files
        && !files.is_empty()
    {
        files.learn(call, mode).await?;
    }
    Ok(())
}

fn gathered(args: &BatchArgs, recipe: &mut Recipe, table: &Table, written_in: &WrittenIn) -> Result<(LocalFiles, Vec<String>), CliError> {
    let (mut files, mut missing) = (LocalFiles::default(), Vec::new());
    for row in table.rows().map_err(table::refused)? {
        let row = row.map_err(table::refused)?.placed();
        // The faults of a row are reported with all the others.
        let Some(movie) = recipe.movie(&row, &mut Vec::new()) else { continue };
        for reference in local_references(&movie) {
            if let Err(why) = files.take_path(written_in.path(&reference.path, reference.span), &args.movie.upload_to) {
                missing.push(format!("{} {}: {why}", table.unit(), row.number));
            }
        }
    }
    Ok((files, missing))
}

fn all_are_sound(recipe: &mut Recipe, table: &Table) -> Result<bool, CliError> {
    for row in table.rows().map_err(table::refused)? {
        if recipe.look_at(&row.map_err(table::refused)?.placed()).made.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}
