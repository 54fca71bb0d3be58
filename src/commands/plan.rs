//! `j2v plan`: what plays when, the size of the frame, and the credits, as far as they are known. It makes no requests, except
//! with `--probe`.

use super::files::{Files, name};
use super::resolve::resolve;
use super::{Call, CliError, movies, uploads};
use crate::cli::PlanArgs;
use crate::exit::Exit;
use crate::movie::Document;
use crate::movie::plan::plan;
use crate::output::timeline::File;
use crate::output::timeline::Timeline;
use crate::service::keyless::Hosts;

pub(super) async fn run(call: &Call, args: &PlanArgs) -> anyhow::Result<Exit> {
    let mut files = if args.probe { Files::to_probe(&call.settings, Hosts::Public) } else { Files::unseen() };
    uploads::say_ignored(call, &args.movie);
    let mut exits = Vec::new();
    for composed in movies::compose_all(&call.out, &args.movie)? {
        let shown = match composed.movie {
            Ok(movie) => show(call, args, &mut files, Shown { source: &composed.source, movie: &movie, is_first: exits.is_empty() }).await,
            Err(stop) => Err(stop),
        };
        match shown {
            Ok(()) => exits.push(Exit::Done),
            Err(stop) => {
                stop.tell(&call.out);
                exits.push(stop.exit);
            }
        }
    }
    Ok(Exit::fold(exits))
}

/// A movie to show.
struct Shown<'a> {
    source: &'a str,
    movie: &'a Document,
    is_first: bool,
}

async fn show(call: &Call, args: &PlanArgs, files: &mut Files, shown: Shown<'_>) -> Result<(), CliError> {
    let expansion = resolve(&call.out, shown.movie)?;
    let uses = files.look_at(&call.out, &expansion).await?;
    for file in uses.iter().flatten() {
        if let Some(Err(error)) = files.found(&file.url) {
            call.out.warning(&format!("{}can't fetch the {}: {error}", expansion.movie.place_prefix(file.span), name(file)));
        }
    }
    let seen: Option<Vec<File>> = uses.map(|uses| uses.into_iter().map(|file| files.shown(file)).collect());
    let plan = plan(&expansion, files);
    let timeline = Timeline { source: shown.source, plan: &plan, movie: &expansion.movie, files: seen.as_deref() };
    if args.json {
        call.out.data(&timeline.to_json());
    } else {
        let gap = if shown.is_first { "" } else { "\n" };
        call.out.drawn(&format!("{gap}{}", timeline.to_chart(call.settings.canvas)));
    }
    Ok(())
}
