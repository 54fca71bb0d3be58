//! `--upload` in a batch: every file that any row names, each content once, before a row's movie gets its URL.

use super::super::super::uploads::UploadMode;
use super::super::super::{Call, CliError};
use super::files::RowFiles;
use super::recipe::Recipe;
use super::table;
use crate::cli::BatchArgs;
use crate::exit::Exit;
use crate::rows::Table;

/// Missing files that are named; the rest is counted.
const NAMED: usize = 5;

/// Uploads the files of all rows to the account's media. Uploads nothing while a row is wrong, unless wrong rows are skipped.
///
/// # Errors
/// When a file does not exist or can't be uploaded.
pub(super) async fn upload(call: &Call, args: &BatchArgs, recipe: &mut Recipe, table: &Table) -> anyhow::Result<()> {
    let (files, missing) = gathered(args, recipe, table)?;
    if !missing.is_empty() && !args.skip_invalid {
        missing.iter().take(NAMED).for_each(|why| call.out.error(why));
        let (s, are) = if missing.len() == 1 { ("", "is") } else { ("s", "are") };
        let message = format!("{}: {} file{s} that rows name {are} not there; nothing was sent", table.name(), missing.len());
        return Err(CliError::new(Exit::Invalid, message).into());
    }
    recipe.files = Some(files);
    let mode = match args.dry_run {
        true => UploadMode::LookUp,
        false if args.skip_invalid || all_are_sound(recipe, table)? => UploadMode::Send,
        // The report that follows shows the faults, and that nothing was sent.
        false => UploadMode::Offline,
    };
    if let Some(files) = &mut recipe.files {
        files.learn(call, mode).await?;
    }
    Ok(())
}

fn gathered(args: &BatchArgs, recipe: &mut Recipe, table: &Table) -> Result<(RowFiles, Vec<String>), CliError> {
    let (mut files, mut missing) = (RowFiles::new(&recipe.base, table.name()), Vec::new());
    for row in table.rows().map_err(table::refused)? {
        let row = row.map_err(table::refused)?.placed();
        // The faults of a row are reported with all the others.
        let Some(movie) = recipe.movie(&row, &mut Vec::new()) else { continue };
        let refused = files.take(&movie, &args.movie.upload_to).into_iter();
        missing.extend(refused.map(|why| format!("{} {}: {why}", table.unit(), row.number)));
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
