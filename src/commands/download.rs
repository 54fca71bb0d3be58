//! `j2v download`: saves finished videos.

use super::waiting::{self, Videos};
use super::{Call, session_group};
use crate::cli::DownloadArgs;
use crate::exit::Exit;
use crate::output::{Results, Wanted};
use crate::work::save::Saving;

pub(super) async fn run(call: &Call, args: &DownloadArgs) -> anyhow::Result<Exit> {
    let session_groups = session_group::meet(call, &args.renders, args.scope.batch.as_deref()).await?;
    let count = session_groups.iter().map(|session_group| session_group.known.len()).sum();
    let place = args.output.as_deref().or(call.settings.download.as_deref()).unwrap_or(".");
    let saving = Saving { copies: true, ..waiting::saving(place, &args.naming, &args.rules, Videos::Count(count))? };
    let mut results = Results::new(&call.out, args.json, Wanted::File, count);
    session_group::follow_all(session_groups, |context| waiting::one_look(call, context), Some(&saving), &mut results).await;
    Ok(results.finish())
}
