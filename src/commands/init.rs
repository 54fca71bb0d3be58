//! `j2v init`: writes a starter movie to a new file.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use super::{Call, CliError, templates};
use crate::cli::{InitArgs, Starter, TemplatePullArgs, TemplatesCommand};
use crate::exit::Exit;

pub(super) async fn run(call: &Call, args: &InitArgs) -> anyhow::Result<Exit> {
    if let Some(id) = &args.from_template {
        let pull = TemplatePullArgs { id: id.clone(), file: None, overwrite: args.overwrite };
        return templates::run(call, &TemplatesCommand::Pull(pull)).await;
    }
    let (name, movie) = match args.starter {
        Starter::Listing => ("listing", include_str!("starters/listing.json")),
        Starter::Slideshow => ("slideshow", include_str!("starters/slideshow.json")),
        Starter::Captions => ("captions", include_str!("starters/captions.json")),
    };
    let path = format!("{name}.json");
    write(Path::new(&path), movie, args.overwrite)
        .map_err(|why| CliError { help: None, ..not_written(Path::new(&path), &why) }.then(format!("j2v init {name} --overwrite")))?;
    call.out.data(&path);
    call.out.hint(&format!("j2v submit {path} --emulate --wait --download ."));
    Ok(Exit::Done)
}

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
