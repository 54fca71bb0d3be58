//! The guarantees of any store to several processes on one ledger, and to a process that returns to it.

use std::collections::HashSet;
use std::sync::Arc;

use j2v::ledger::{Change, PlaceResult, Record, RenderQuery, Store};
use j2v::render::state::{Fact, State};
use serde_json::json;
use tokio::task::JoinSet;

use crate::fixture::{Home, OnFile, accepted, at, fact, kinds, lost, named, new, place, row, seen, unnamed};

async fn everything_is_there_when_it_is_opened_again(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    fact(&store, render.id, accepted('p'), 2).await;
    let seen = seen('p', &json!({"status": "done", "url": "u", "duration": "12.50", "client-data": {"order": 20_000_000_000_000_001_u64}}));
    let before = fact(&store, render.id, seen, 3).await.render;
    let (told, body) = (store.history(render.id).await.unwrap(), store.body(render.id).await.unwrap());
    drop(store);
    let store = home.open();
    assert_eq!(row(&store, render.id).await, before);
    assert_eq!((store.history(render.id).await.unwrap(), store.body(render.id).await.unwrap()), (told, body));
}

async fn eight_tasks_on_two_handles_make_one_row_of_one_key(home: &impl Home) {
    let stores = [Arc::new(home.open()), Arc::new(home.open())];
    let mut tasks = JoinSet::new();
    for task in 0..8 {
        let store = Arc::clone(&stores[task % 2]);
        tasks.spawn(async move { place(&*store, named("a", "{}")).await });
    }
    let placed = tasks.join_all().await;
    assert_eq!(placed.iter().filter(|placed| matches!(placed, PlaceResult::New(_))).count(), 1);
    let ids: HashSet<_> = placed.iter().map(|(PlaceResult::New(render) | PlaceResult::Existing(render))| render.id).collect();
    assert_eq!(ids.len(), 1);
}

async fn of_eight_claims_on_two_handles_one_stands(home: &impl Home) {
    let stores = [Arc::new(home.open()), Arc::new(home.open())];
    for round in 0..20 {
        let render = new(&*stores[0], named(&format!("key {round}"), "{}")).await.id;
        let mut tasks = JoinSet::new();
        for task in 0..8 {
            let store = Arc::clone(&stores[task % 2]);
            let claim = Record { render, change: Change::Fact(Fact::Claimed), at: at(1) };
            tasks.spawn(async move { store.record(vec![claim]).await.unwrap().remove(0) });
        }
        let claims = tasks.join_all().await;
        let standing: Vec<_> = claims.into_iter().flatten().collect();
        assert_eq!(standing.len(), 1);
        assert_eq!(row(&*stores[1], render).await, standing[0].render);
    }
}

async fn what_one_handle_writes_the_other_reads(home: &impl Home) {
    let (one, other) = (home.open(), home.open());
    let render = new(&one, named("a", "{}")).await;
    fact(&other, render.id, Fact::Claimed, 1).await;
    assert_eq!(row(&one, render.id).await.submission.state, State::Sending);
    // The render is not this handle's own: without a key the same movie attaches to it.
    assert!(matches!(place(&one, unnamed(1, "{}")).await, PlaceResult::Existing(found) if found.id == render.id));
}

async fn what_a_living_owner_sends_is_left_and_what_a_dead_one_sent_is_unknown(home: &impl Home) {
    let (one, other) = (home.open(), home.open());
    let (mine, theirs) = (new(&one, named("a", "1")).await.id, new(&other, named("b", "2")).await.id);
    fact(&one, mine, Fact::Claimed, 1).await;
    fact(&other, theirs, Fact::Claimed, 1).await;
    assert_eq!(one.reap(at(2)).await.unwrap(), []);
    drop(other);
    let reaped = one.reap(at(3)).await.unwrap();
    assert_eq!(reaped.iter().map(|render| (render.id, render.submission.state)).collect::<Vec<_>>(), [(theirs, State::Unknown)]);
    assert_eq!((reaped[0].gave_up_at, reaped[0].submission.epoch), (Some(at(3)), 2));
    assert_eq!(row(&one, mine).await.submission.state, State::Sending);
    assert_eq!(kinds(&one, theirs).await, ["created", "claimed", "orphaned"]);
    assert_eq!(one.reap(at(4)).await.unwrap(), []);
}

async fn an_answer_that_comes_after_the_reaper_is_believed(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await.id;
    fact(&store, render, Fact::Claimed, 1).await;
    drop(store);
    let store = home.open();
    store.reap(at(2)).await.unwrap();
    assert_eq!(fact(&store, render, accepted('p'), 3).await.render.submission.state, State::Bound);
    // The loss of the older epoch no longer matters.
    assert_eq!(fact(&store, render, lost(1), 4).await.render.submission.state, State::Bound);
    assert!(store.find(None, RenderQuery::Unsettled).await.unwrap().is_empty());
}

macro_rules! on_file {
    ([$($name:ident),* $(,)?]) => {
        mod on_file {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&super::OnFile::new()).await;
            })*
        }
    };
}

macro_rules! on_each {
    ($names:tt) => {
        on_file!($names);
        #[cfg(all(unix, feature = "postgres"))]
        crate::fixture::on_server!(on_server, $names);
    };
}

on_each!([
    everything_is_there_when_it_is_opened_again,
    eight_tasks_on_two_handles_make_one_row_of_one_key,
    of_eight_claims_on_two_handles_one_stands,
    what_one_handle_writes_the_other_reads,
    what_a_living_owner_sends_is_left_and_what_a_dead_one_sent_is_unknown,
    an_answer_that_comes_after_the_reaper_is_believed,
]);
