//! `j2v init`: a movie to start from, in a file of its own.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};

use super::{Call, Stop};
use crate::cli::{InitArgs, Starter};
use crate::exit::Exit;

pub(super) fn run(call: &Call, args: &InitArgs) -> anyhow::Result<Exit> {
    let (name, movie) = match args.starter {
        Starter::Listing => ("listing", include_str!("starters/listing.json")),
        Starter::Slideshow => ("slideshow", include_str!("starters/slideshow.json")),
        Starter::Captions => ("captions", include_str!("starters/captions.json")),
    };
    let path = format!("{name}.json");
    write(&path, movie, args.overwrite).map_err(|why| match why.kind() {
        ErrorKind::AlreadyExists => {
            Stop::new(Exit::Usage, format!("{path} already exists; nothing was written")).then(format!("j2v init {name} --overwrite"))
        }
        _ => Stop::new(Exit::Usage, format!("{path} can't be written: {why}")),
    })?;
    call.out.data(&path);
    call.out.hint(&format!("j2v submit {path} --emulate --wait --download ."));
    Ok(Exit::Done)
}

/// A file that is there already is written over only when that is wanted; nobody can put one there in between.
fn write(path: &str, movie: &str, overwrite: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true);
    if overwrite {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    options.open(path)?.write_all(movie.as_bytes())
}
