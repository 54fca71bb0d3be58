//! `j2v plan`: what plays when, how large, and for how many credits, as far as it can be known; sends nothing.

use super::resolve::resolve;
use super::{Call, movies};
use crate::cli::PlanArgs;
use crate::exit::Exit;
use crate::movie::plan::{NoAssets, plan};
use crate::output::timeline::Timeline;

pub(super) fn run(call: &Call, args: &PlanArgs) -> anyhow::Result<Exit> {
    let mut exits = Vec::new();
    for composed in movies::compose_all(&call.out, &args.movie)? {
        match composed.movie.and_then(|movie| resolve(&call.out, &movie)) {
            Ok(expansion) => {
                let plan = plan(&expansion, &NoAssets);
                let timeline = Timeline { source: &composed.source, plan: &plan, movie: &expansion.movie };
                if args.json {
                    call.out.data(&timeline.to_json());
                } else {
                    let gap = if exits.is_empty() { "" } else { "\n" };
                    call.out.data(&format!("{gap}{}", timeline.to_chart(call.settings.canvas)));
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
