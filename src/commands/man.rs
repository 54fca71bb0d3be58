//! `j2v man`: manual pages, made from the text of `--help`.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use super::{Call, CliError};
use crate::cli::{Cli, ManArgs};
use crate::exit::Exit;

pub(super) fn run(call: &Call, args: &ManArgs) -> anyhow::Result<Exit> {
    // `help`, which clap adds by itself, needs no page.
    let command = Cli::command().disable_help_subcommand(true);
    let mut command = command.mut_subcommands(|inner| inner.disable_help_subcommand(true));
    // Clap builds the arguments of a command only when it is called for: this builds all.
    command.build();
    match &args.out {
        Some(folder) => {
            let count = write(command, folder)
                .map_err(|why| CliError::new(Exit::Internal, format!("{} can't be written: {why}", folder.display())))?;
            call.out.progress(&format!("{count} pages are in {}", folder.display()));
        }
        None => call.out.drawn(page(command)?.trim_end()),
    }
    Ok(Exit::Done)
}

fn page(command: clap::Command) -> anyhow::Result<String> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(String::from_utf8(page)?)
}

/// A page for each command.
fn write(command: clap::Command, folder: &Path) -> std::io::Result<usize> {
    fs::create_dir_all(folder)?;
    clap_mangen::generate_to(command, folder)?;
    Ok(fs::read_dir(folder)?.filter_map(Result::ok).filter(|entry| entry.path().extension().is_some_and(|ending| ending == "1")).count())
}
