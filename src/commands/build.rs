//! `j2v build`: composes movies from files and flags and prints them; sends nothing.

use super::uploads::{self, UploadMode};
use super::{Call, movies};
use crate::cli::BuildArgs;
use crate::exit::Exit;

pub(super) async fn run(call: &Call, args: &BuildArgs) -> anyhow::Result<Exit> {
    let mut exits = Vec::new();
    let mut all = movies::compose_all(&call.out, &args.movie)?;
    if args.movie.upload {
        uploads::swap(call, &args.movie, None, &mut all, UploadMode::Send).await?;
    }
    for composed in all {
        match composed.movie {
            Ok(movie) => {
                call.out.document(&if args.compact { movie.to_compact() } else { movie.to_pretty() });
                exits.push(Exit::Done);
            }
            Err(stop) => {
                stop.tell(&call.out);
                exits.push(stop.exit);
            }
        }
    }
    Ok(Exit::fold(exits))
}
