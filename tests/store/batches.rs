//! The guarantees of any store about batches: the latest of many keys at once, a budget that the claim itself enforces, and
//! a tally that is right without counting.

use j2v::ledger::batch::{Batch, BatchStatus, Batches, Budget, Count, TableRow, Unclaimed};
use j2v::ledger::{Change, NewRender, PlaceResult, Record, Render, RenderId, Store};
use j2v::render::identity::MovieHash;
use j2v::render::state::{Fact, State};
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::{Home, InMemory, OnFile, accepted, again, at, change, fact, key, lost, named, new, on_each, row, seen, space};
use crate::model::{changes, run};

const NAME: &str = "flats";

fn batch(budget: Budget) -> Batch {
    Batch {
        space: space(),
        name: NAME.to_owned(),
        template: MovieHash::of(b"{}"),
        source: "flat.json".to_owned(),
        flags: vec!["--rows".to_owned(), "flats.csv".to_owned()],
        budget,
        created_at: at(0),
        ended_at: None,
    }
}

/// A draft of a row that costs at most 10 credits.
fn of_row(number: u64, movie: &str) -> NewRender {
    let row = Some(TableRow { number, estimate: Some(10) });
    NewRender { scope: NAME.to_owned(), row, ..named(&format!("flat {number}"), movie) }
}

async fn standing(store: &impl Store) -> BatchStatus {
    store.batches(Some(space()), Some(NAME.to_owned())).await.unwrap().remove(0)
}

async fn claim(store: &impl Store, render: RenderId) -> Result<Render, Unclaimed> {
    let claimed = store.claim(vec![render], at(1)).await.unwrap().remove(0);
    claimed.map(|recorded| recorded.render)
}

async fn a_batch_is_kept_and_its_budget_stays_until_another_is_given(home: &impl Home) {
    let store = home.open();
    let first = store.keep(batch(Budget { renders: Some(5), credits: None })).await.unwrap();
    assert_eq!((&first.batch, first.tally.all()), (&batch(Budget { renders: Some(5), credits: None }), Count::default()));
    let later = Batch { created_at: at(9), ended_at: Some(at(9)), template: MovieHash::of(b"[]"), ..batch(Budget::default()) };
    let second = store.keep(later.clone()).await.unwrap().batch;
    assert_eq!(second, Batch { created_at: at(0), budget: Budget { renders: Some(5), credits: None }, ..later });
    store.keep(Batch { name: "houses".to_owned(), created_at: at(2), ..batch(Budget::default()) }).await.unwrap();
    let names = |all: Vec<BatchStatus>| all.into_iter().map(|standing| standing.batch.name).collect::<Vec<_>>();
    assert_eq!(names(store.batches(Some(space()), None).await.unwrap()), ["houses", NAME]);
    assert_eq!(names(store.batches(None, Some("houses".to_owned())).await.unwrap()), ["houses"]);
    assert_eq!(names(store.batches(None, Some("boats".to_owned())).await.unwrap()), [""; 0]);
}

async fn the_latest_of_many_keys_comes_in_their_order(home: &impl Home) {
    let store = home.open();
    new(&store, named("flat 1", "elsewhere")).await;
    let placed = store.place((1..=3).map(|number| of_row(number, "{}")).collect()).await.unwrap();
    let PlaceResult::New(second) = &placed[1] else { panic!("{placed:?}") };
    assert_eq!(second.row, Some(TableRow { number: 2, estimate: Some(10) }));
    fact(&store, second.id, Fact::Abandoned, 1).await;
    let renewed = new(&store, again(of_row(2, "[]"))).await;
    let keys = ["flat 3", "flat 2", "nobody"].map(key).to_vec();
    let found = store.latest(space(), NAME.to_owned(), keys).await.unwrap();
    let ids: Vec<_> = found.iter().map(|render| render.as_ref().map(|render| (render.key.to_string(), render.generation))).collect();
    assert_eq!(ids, [Some(("flat 3".to_owned(), 1)), Some(("flat 2".to_owned(), 2)), None]);
    let members = store.members(space(), NAME.to_owned(), RenderId(0), 2).await.unwrap();
    assert_eq!(members.iter().map(|render| render.row.unwrap().number).collect::<Vec<_>>(), [1, 3]);
    assert_eq!(store.members(space(), NAME.to_owned(), members[1].id, 9).await.unwrap(), [renewed]);
}

async fn a_claim_keeps_to_the_renders_of_the_budget(home: &impl Home) {
    let store = home.open();
    store.keep(batch(Budget { renders: Some(2), credits: None })).await.unwrap();
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(new(&store, of_row(number, "{}")).await.id);
    }
    let claims = store.claim(ids.clone(), at(1)).await.unwrap();
    assert_eq!(claims.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, false, false]);
    assert_eq!(claims[2], Err(Unclaimed::Renders { cap: 2 }));
    assert_eq!(row(&store, ids[2]).await.submission.state, State::Intent);
    // A refused row returns its place in the budget; a lost one does not, not even when the user gives it up.
    fact(&store, ids[0], Fact::NotSent { epoch: 1 }, 2).await;
    claim(&store, ids[2]).await.unwrap();
    fact(&store, ids[1], lost(1), 2).await;
    fact(&store, ids[1], Fact::Abandoned, 3).await;
    assert_eq!(claim(&store, ids[3]).await, Err(Unclaimed::Renders { cap: 2 }));
    store.keep(batch(Budget { renders: Some(3), credits: None })).await.unwrap();
    claim(&store, ids[3]).await.unwrap();
    assert!(matches!(claim(&store, ids[3]).await, Err(Unclaimed::Renders { cap: 3 })));
}

async fn a_claim_keeps_to_the_credits_of_the_budget(home: &impl Home) {
    let store = home.open();
    store.keep(batch(Budget { renders: None, credits: Some(25) })).await.unwrap();
    let mut ids = Vec::new();
    for number in 1..=4 {
        ids.push(new(&store, of_row(number, "{}")).await.id);
    }
    claim(&store, ids[0]).await.unwrap();
    claim(&store, ids[1]).await.unwrap();
    assert_eq!(claim(&store, ids[2]).await, Err(Unclaimed::Credits { cap: 25, spent: 20.0, wanted: Some(10) }));
    // The actual cost counts as soon as the service reports it.
    fact(&store, ids[0], accepted('p'), 2).await;
    fact(&store, ids[0], seen('p', &json!({"status": "done", "consumed_credits": [3]})), 3).await;
    claim(&store, ids[2]).await.unwrap();
    let unbounded = NewRender { row: Some(TableRow { number: 9, estimate: None }), ..of_row(9, "{}") };
    let unbounded = new(&store, unbounded).await.id;
    assert_eq!(claim(&store, unbounded).await, Err(Unclaimed::Credits { cap: 25, spent: 23.0, wanted: None }));
    let tally = standing(&store).await.tally;
    assert_eq!((tally.all().consumed, tally.all().paid_credits, tally.all().paid_rows), (3.0, 23.0, 3));
    // A render outside a batch has no budget.
    let other = new(&store, named("a", "{}")).await.id;
    claim(&store, other).await.unwrap();
    assert!(matches!(claim(&store, other).await, Err(Unclaimed::InvalidTransition(_))));
}

async fn an_older_generation_is_paid_for_and_stands_no_more(home: &impl Home) {
    let store = home.open();
    store.keep(batch(Budget::default())).await.unwrap();
    let first = new(&store, of_row(1, "{}")).await.id;
    claim(&store, first).await.unwrap();
    fact(&store, first, accepted('p'), 2).await;
    let second = new(&store, again(of_row(1, "[]"))).await.id;
    // The first one ends after the second was submitted.
    fact(&store, first, seen('p', &json!({"status": "done", "consumed_credits": [4]})), 3).await;
    claim(&store, second).await.unwrap();
    let tally = standing(&store).await.tally;
    assert_eq!(tally.current.iter().map(|(state, count)| (*state, count.rows)).collect::<Vec<_>>(), [(State::Sending, 1)]);
    assert_eq!((tally.earlier.rows, tally.earlier.consumed, tally.earlier.paid_credits), (1, 4.0, 4.0));
    assert_eq!((tally.rows(&[State::Sending, State::Done]), tally.rows(&[State::Done])), (1, 0));
}

async fn who_sends_is_told(home: &impl Home) {
    let store = home.open();
    let standing = store.keep(batch(Budget::default())).await.unwrap();
    assert_eq!(store.workers(space(), NAME.to_owned()).await.unwrap(), []);
    let mut ids = Vec::new();
    for number in 1..=3 {
        ids.push(new(&store, of_row(number, "{}")).await.id);
    }
    claim(&store, ids[0]).await.unwrap();
    claim(&store, ids[1]).await.unwrap();
    fact(&store, ids[0], accepted('p'), 2).await;
    // A render outside a batch does not count in this one.
    let other = new(&store, named("a", "{}")).await.id;
    claim(&store, other).await.unwrap();
    let workers = store.workers(space(), standing.batch.name).await.unwrap();
    let told: Vec<_> = workers.iter().map(|worker| (worker.is_alive, worker.claimed, worker.sending, worker.last_at)).collect();
    assert_eq!(told, [(true, 2, 1, at(1))]);
}

on_each!([
    who_sends_is_told,
    a_batch_is_kept_and_its_budget_stays_until_another_is_given,
    the_latest_of_many_keys_comes_in_their_order,
    a_claim_keeps_to_the_renders_of_the_budget,
    a_claim_keeps_to_the_credits_of_the_budget,
    an_older_generation_is_paid_for_and_stands_no_more,
]);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_together_keep_to_the_budget() {
    let home = OnFile::new();
    let stores = [home.open(), home.open()];
    stores[0].keep(batch(Budget { renders: Some(7), credits: None })).await.unwrap();
    let drafts = (0..40).map(|number| of_row(number, "{}")).collect();
    let ids: Vec<RenderId> =
        stores[0].place(drafts).await.unwrap().iter().map(|(PlaceResult::New(render) | PlaceResult::Existing(render))| render.id).collect();
    let claims = ids.iter().enumerate().map(|(place, id)| stores[place % 2].claim(vec![*id], at(1)));
    let claims = futures_util::future::join_all(claims).await;
    assert_eq!(claims.into_iter().filter(|claims| claims.as_ref().unwrap()[0].is_ok()).count(), 7);
    assert_eq!(standing(&stores[1]).await.tally.all().paid_rows, 7);
}

#[tokio::test]
async fn whoever_is_gone_is_told_with_what_it_was_sending() {
    let home = OnFile::new();
    let (stays, goes) = (home.open(), home.open());
    stays.keep(batch(Budget::default())).await.unwrap();
    let ids = [new(&stays, of_row(1, "{}")).await.id, new(&stays, of_row(2, "{}")).await.id];
    claim(&stays, ids[0]).await.unwrap();
    goes.claim(vec![ids[1]], at(5)).await.unwrap().remove(0).unwrap();
    drop(goes);
    let workers = stays.workers(space(), NAME.to_owned()).await.unwrap();
    let told: Vec<_> = workers.iter().map(|worker| (worker.is_alive, worker.sending, worker.last_at)).collect();
    assert_eq!(told, [(false, 1, at(5)), (true, 1, at(1))]);
}

/// The running tally of a store equals the count that another store makes at the end.
async fn counts(home: &impl Home, history: &[(usize, bool, Change)]) -> BatchStatus {
    let store = home.open();
    store.keep(batch(Budget::default())).await.unwrap();
    for (second, (which, renews, wanted)) in (1..).zip(history) {
        let number = u64::try_from(*which).unwrap();
        let movie = second.to_string();
        let draft = of_row(number, if *renews { &movie } else { "{}" });
        let draft = if *renews { again(draft) } else { draft };
        let (PlaceResult::New(render) | PlaceResult::Existing(render)) = store.place(vec![draft]).await.unwrap().remove(0);
        let target = if *renews { RenderId(1) } else { render.id };
        change(&store, target, wanted.clone(), second).await.ok();
        let report = seen('p', &json!({"status": "running", "consumed_credits": [second]}));
        let record = Record { render: render.id, change: Change::Fact(report), at: at(second) };
        store.record(vec![record]).await.unwrap().remove(0).ok();
    }
    standing(&store).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_tally_is_what_counting_would_find(history in prop::collection::vec((0usize..3, prop::bool::weighted(0.2), changes()), 0..40)) {
        run(async {
            let (counted, found) = (counts(&OnFile::new(), &history).await, counts(&InMemory, &history).await);
            assert_eq!(counted, found);
        });
    }
}
