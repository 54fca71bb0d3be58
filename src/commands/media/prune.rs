//! `j2v media prune`: deletes files that `--upload` put on the account's media and that nothing needs any more.

use std::collections::HashSet;

use super::super::account_failure::failed;
use super::super::session::{Session, ledger_failed};
use super::super::{Call, CliError};
use super::counted;
use crate::cli::MediaPruneArgs;
use crate::exit::Exit;
use crate::ledger::RenderQuery;
use crate::output::bytes;
use crate::service::media::{MediaFile, MediaPath, stored_folder};
use crate::work::Context;
use crate::work::upload::is_content_name;

pub(super) async fn run(call: &Call, args: &MediaPruneArgs) -> anyhow::Result<Exit> {
    let session = Session::of_what_is_there(call).await?;
    let ended = prune(call, &session.context, args).await;
    session.close().await;
    ended
}

async fn prune(call: &Call, context: &Context, args: &MediaPruneArgs) -> anyhow::Result<Exit> {
    if !context.remembers {
        return Err(CliError::new(Exit::Usage, "prune reads the ledger to see which renders need a file: leave out --no-ledger").into());
    }
    let folder = stored_folder(&args.folder);
    let found = context.client.media_folder(&folder, None).await.map_err(|error| failed(&error))?;
    let ours: Vec<MediaFile> = found.files.into_iter().filter(|file| is_content_name(&file.name)).collect();
    let needed = needed(context, &ours).await?;
    let (mut count, mut size) = (0, 0);
    for file in ours.iter().filter(|file| !needed.contains(&file.name)) {
        if !args.dry_run {
            let path = MediaPath { folder: folder.clone(), name: file.name.clone() };
            context.client.delete_media(&path).await.map_err(|error| failed(&error))?;
        }
        call.out.data(&file.path());
        count += 1;
        size += file.size;
        if call.interrupt.is_cancelled() {
            return Ok(Exit::Interrupted);
        }
    }
    let done = if args.dry_run { "would be deleted" } else { "deleted" };
    let kept = ours.len() as u64 - count;
    call.out.progress(&format!("{} ({}) {done}, {kept} still used", counted(count, "upload"), bytes(size)));
    Ok(Exit::Done)
}

/// The files that an unfinished render or a template names.
async fn needed(context: &Context, files: &[MediaFile]) -> anyhow::Result<HashSet<String>> {
    let mut needed = HashSet::new();
    let mut note = |text: &str| needed.extend(files.iter().filter(|file| text.contains(&file.name)).map(|file| file.name.clone()));
    for which in [RenderQuery::Unfinished, RenderQuery::Unsettled, RenderQuery::Resends] {
        for render in context.store.find(None, which).await.map_err(ledger_failed)? {
            let body = context.store.body(render.id).await.map_err(ledger_failed)?;
            note(&String::from_utf8_lossy(&body.unwrap_or_default()));
        }
    }
    for summary in context.client.templates().await.map_err(|error| failed(&error))? {
        let template = context.client.template(&summary.id).await.map_err(|error| failed(&error))?;
        note(&template.movie);
    }
    Ok(needed)
}
