//! `j2v plan`: what plays when, how large, and for how many credits, as far as it can be known. It asks nobody, but
//! for `--probe`.

mod files;

use super::resolve::resolve;
use super::{Call, movies};
use crate::cli::PlanArgs;
use crate::exit::Exit;
use crate::movie::plan::plan;
use crate::output::timeline::Timeline;
use files::Files;

pub(super) async fn run(call: &Call, args: &PlanArgs) -> anyhow::Result<Exit> {
    let mut files = if args.probe { Files::to_probe(&call.settings) } else { Files::unseen() };
    let mut exits = Vec::new();
    for composed in movies::compose_all(&call.out, &args.movie)? {
        match composed.movie.and_then(|movie| resolve(&call.out, &movie)) {
            Ok(expansion) => {
                let seen = files.look_at(&call.out, &expansion).await;
                let plan = plan(&expansion, &files);
                let timeline = Timeline { source: &composed.source, plan: &plan, movie: &expansion.movie, files: seen.as_deref() };
                if args.json {
                    call.out.data(&timeline.to_json());
                } else {
                    let gap = if exits.is_empty() { "" } else { "\n" };
                    call.out.drawn(&format!("{gap}{}", timeline.to_chart(call.settings.canvas)));
                }
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
