//! The course of the rows of a batch.

use std::collections::HashSet;
use std::time::Duration;

use j2v::emulator::Settings;
use j2v::ledger::batch::{Batch, Budget, Unclaimed};
use j2v::ledger::sqlite::Sqlite;
use j2v::render::event::{Cause, OutcomeStatus};
use j2v::render::identity::MovieHash;
use j2v::render::outcome::Reason;
use j2v::render::state::OnUnknown;
use j2v::work::batch::{Changed, Ended, Rules, Run, StopReason};
use j2v::world::World;

use crate::support::{Office, item, items, plan};

fn all_are(ended: &[Ended], status: OutcomeStatus) {
    let others: Vec<_> = ended.iter().filter(|end| end.outcome.status != status).collect();
    assert!(others.is_empty(), "{others:#?}");
}

fn projects(ended: &[Ended]) -> HashSet<String> {
    ended.iter().filter_map(|end| Some(end.outcome.project.as_ref()?.to_string())).collect()
}

#[tokio::test]
async fn every_row_is_rendered_once_and_a_second_run_does_nothing() {
    let office = Office::with(&[]).await;
    let mut known = HashSet::new();
    for run in 0..2 {
        let (ended, stop) = office.run(&plan(120), items(120)).await;
        assert_eq!((ended.len(), stop), (120, None));
        all_are(&ended, OutcomeStatus::Done);
        assert!(run == 0 || projects(&ended) == known);
        known = projects(&ended);
    }
    assert_eq!((known.len(), office.accepted().await), (120, 120));
}

#[tokio::test]
async fn lost_answers_are_found_again_in_one_search_for_all() {
    let office = Office::with(&["post-reset%10", "post-truncate=10%5", "post-status=502%5"]).await;
    let how = Run { settle_for: Duration::from_millis(500), ..plan(80) };
    let (ended, stop) = office.run(&how, items(80)).await;
    assert_eq!((ended.len(), stop), (80, None));
    all_are(&ended, OutcomeStatus::Done);
    assert_eq!((projects(&ended).len(), office.accepted().await), (80, 80));
}

#[tokio::test]
async fn many_lost_answers_in_a_row_hold_back_the_rest_for_a_while() {
    let office = Office::with(&["post-reset*3"]).await;
    let how = Run { concurrency: 1, settle_for: Duration::from_millis(300), ..plan(6) };
    let start = std::time::Instant::now();
    let (ended, _) = office.run(&how, items(6)).await;
    all_are(&ended, OutcomeStatus::Done);
    assert!(start.elapsed() >= Duration::from_millis(300));
    assert!(office.heard.warnings().iter().any(|warning| warning.contains("too many answers were lost")));
}

#[tokio::test]
async fn a_wrong_key_stops_all_at_once() {
    let office = Office::with(&["post-key"]).await;
    let (ended, stop) = office.run(&plan(200), items(200)).await;
    assert!(matches!(stop, Some(StopReason::Refused(refusal)) if refusal.reason == Reason::Key));
    assert_eq!(ended.len(), 200);
    assert!(ended.iter().all(|end| end.outcome.cause == Cause::Refused(Reason::Key)));
    let posts = office.requests("POST /v2/movies").await;
    assert!(posts <= 4, "{posts} POSTs with a wrong key");
}

#[tokio::test]
async fn a_row_that_the_service_refuses_harms_no_other_one() {
    let office = Office::with(&[]).await;
    let mut rows = items(30);
    rows[7].body = br#"{"scenes":[{"duration":1}],"client-data":{"emulator":{"fault":["post-refuse=Bad row"]}}}"#.to_vec();
    let (ended, stop) = office.run(&plan(30), rows).await;
    assert_eq!((ended.len(), stop, office.accepted().await), (30, None, 29));
    assert_eq!(ended[7].outcome.status, OutcomeStatus::Refused);
}

#[tokio::test]
async fn a_service_that_asks_for_patience_gets_it() {
    let office = Office::with(&["post-429=0*9"]).await;
    let (ended, stop) = office.run(&plan(30), items(30)).await;
    assert_eq!((ended.len(), stop, office.accepted().await), (30, None, 30));
    all_are(&ended, OutcomeStatus::Done);
}

/// Credits that run out in the middle and come back: the emulator is started again in its folder, on its port.
#[tokio::test]
async fn credits_that_are_used_up_pause_the_batch_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        || Settings { render_time: Duration::from_millis(50), folder: Some(folder.path().to_owned()), ..Settings::new(World::real()) };
    let mut office = Office::of(Settings { credits: Some(25), ..settings() }, Sqlite::in_memory(&World::real()).unwrap()).await;
    let (ended, stop) = office.run(&plan(60), items(60)).await;
    assert!(matches!(stop, Some(StopReason::Refused(refusal)) if refusal.reason == Reason::Credits));
    let done = ended.iter().filter(|end| end.outcome.status == OutcomeStatus::Done).count();
    assert_eq!((ended.len(), done), (60, 25));
    assert!(
        ended
            .iter()
            .filter(|end| end.outcome.status != OutcomeStatus::Done)
            .all(|end| end.outcome.cause == Cause::Refused(Reason::Credits))
    );
    office.restart(settings()).await;
    let (ended, stop) = office.run(&plan(60), items(60)).await;
    assert_eq!((ended.len(), stop), (60, None));
    all_are(&ended, OutcomeStatus::Done);
    assert_eq!((projects(&ended).len(), office.accepted().await), (60, 60), "each row once");
}

async fn keep(office: &Office, budget: Budget) {
    let batch = Batch {
        space: office.context.space.clone(),
        name: "flats".to_owned(),
        template: MovieHash::of(b"{}"),
        source: "flat.json".to_owned(),
        flags: Vec::new(),
        budget,
        created_at: office.context.world.now(),
        ended_at: None,
    };
    office.context.store.keep(batch).await.unwrap();
}

#[tokio::test]
async fn a_budget_holds_over_all_runs() {
    let office = Office::with(&[]).await;
    keep(&office, Budget { renders: Some(7), credits: None }).await;
    for _ in 0..2 {
        let (ended, stop) = office.run(&plan(20), items(20)).await;
        assert_eq!(stop, Some(StopReason::Budget(Unclaimed::Renders { cap: 7 })));
        assert_eq!((ended.len(), office.accepted().await), (20, 7));
    }
    keep(&office, Budget { renders: Some(100), credits: Some(12) }).await;
    let (_, stop) = office.run(&plan(20), items(20)).await;
    assert!(matches!(stop, Some(StopReason::Budget(_))));
    assert_eq!(office.accepted().await, 12, "each costs one credit");
}

#[tokio::test]
async fn a_changed_row_is_left_until_update_says_otherwise() {
    let office = Office::with(&[]).await;
    office.run(&plan(40), items(40)).await;
    let mut rows = items(40);
    rows[4] = item(5, "another text");
    let (ended, _) = office.run(&plan(40), rows.clone()).await;
    let left: Vec<u64> = ended.iter().filter(|end| end.is_left).map(|end| end.number).collect();
    assert_eq!((left, office.accepted().await), (vec![5], 40));
    let update = Run { rules: Rules { changed: Changed::Update, ..Rules::default() }, ..plan(40) };
    for _ in 0..2 {
        let (ended, _) = office.run(&update, rows.clone()).await;
        assert!(ended.iter().all(|end| !end.is_left && end.outcome.status == OutcomeStatus::Done));
        assert_eq!(office.accepted().await, 41);
    }
}

#[tokio::test]
async fn a_failed_render_is_followed_by_another_one_only_when_that_is_wanted() {
    let office = Office::with(&["error*2"]).await;
    for expected in [20, 20] {
        let (ended, _) = office.run(&plan(20), items(20)).await;
        assert_eq!(ended.iter().filter(|end| end.outcome.status == OutcomeStatus::Error).count(), 2);
        assert_eq!(office.accepted().await, expected);
    }
    let retry = Run { rules: Rules { changed: Changed::Ask, retry_failed: true, ..Rules::default() }, ..plan(20) };
    let (ended, _) = office.run(&retry, items(20)).await;
    all_are(&ended, OutcomeStatus::Done);
    assert_eq!(office.accepted().await, 22);
}

/// The same keys and the same movies in two batches, so that their tokens are the same: each batch gets its own videos,
/// even when answers are lost.
#[tokio::test]
async fn two_batches_with_the_same_rows_share_no_render() {
    let office = Office::with(&["post-reset%10", "post-reset-before*8"]).await;
    let quick = |name: &str| Run {
        name: name.to_owned(),
        on_unknown: Some(OnUnknown::Resubmit),
        quarantine: Some(Duration::from_millis(300)),
        settle_for: Duration::from_secs(2),
        ..plan(40)
    };
    let (flats, houses) = (quick("flats"), quick("houses"));
    let (one, other) = tokio::join!(office.run(&flats, items(40)), office.run(&houses, items(40)));
    all_are(&one.0, OutcomeStatus::Done);
    all_are(&other.0, OutcomeStatus::Done);
    assert!(projects(&one.0).is_disjoint(&projects(&other.0)));
    assert_eq!(office.accepted().await, 80);
}

#[tokio::test]
async fn a_run_that_does_not_wait_tells_the_projects() {
    let office = Office::with(&[]).await;
    let leave = Run { follow: None, ..plan(20) };
    let (ended, _) = office.run(&leave, items(20)).await;
    all_are(&ended, OutcomeStatus::Submitted);
    // The list is read once, before the first of them.
    assert_eq!((projects(&ended).len(), office.requests("GET /v2/movies").await), (20, 1));
}
