//! `j2v expand`: prints movies with everything resolved that can be resolved offline; sends nothing.

use super::resolve::resolve;
use super::{Call, movies, uploads};
use crate::cli::ExpandArgs;
use crate::exit::Exit;

pub(super) fn run(call: &Call, args: &ExpandArgs) -> anyhow::Result<Exit> {
    uploads::say_ignored(call, &args.movie);
    let mut exits = Vec::new();
    for composed in movies::compose_all(&call.out, &args.movie)? {
        match composed.movie.and_then(|movie| resolve(&call.out, &movie)) {
            Ok(expansion) => {
                let movie = expansion.movie;
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
