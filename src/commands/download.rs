//! `j2v download`: saves finished videos.

use super::Call;
use super::renders::resolve;
use super::session::Session;
use super::waiting;
use crate::cli::DownloadArgs;
use crate::exit::Exit;
use crate::output::{Results, Wanted};
use crate::work::follow::follow;

pub(super) async fn run(call: &Call, args: &DownloadArgs) -> anyhow::Result<Exit> {
    let session = Session::open(call).await?;
    let desk = &session.desk;
    let known = resolve(desk, &args.renders).await?;
    let saving = waiting::saving(&args.output, &args.rules, known.len())?;
    let mut results = Results::new(&call.out, args.json, Wanted::File, known.len());
    let followed = waiting::to_follow(desk, known, &mut results);
    let patience = waiting::one_look(call, desk);
    follow(desk, followed, patience, Some(&saving), |index, outcome| results.end(index, outcome)).await;
    session.close().await;
    Ok(results.finish())
}
