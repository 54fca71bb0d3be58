//! `j2v init`: writes a starter movie to a new file.

use std::path::Path;

use super::new_file::{not_written, write};
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
