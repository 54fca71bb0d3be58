//! The guarantees of any store to processes that wait on one ledger: one of them holds the read lease, and all learn of new
//! entries.

use std::time::Duration;

use j2v::ledger::sharing::{ReadLease, Share, Sharing, Wait, WatcherId};
use j2v::ledger::{NewRender, RenderId, Space, Store};
use j2v::world::Timestamp;

use crate::fixture::{Home, at, named, new, on, on_each, space};

const STANDS: Duration = Duration::from_secs(10);

fn wait(render: RenderId) -> Wait {
    Wait { render, every: None }
}

fn share(watcher: u64, renders: &[RenderId], second: i64) -> Share {
    let waits = renders.iter().copied().map(wait).collect();
    Share { space: space(), watcher: WatcherId(watcher), waits, rest_until: None, at: at(second), stands: STANDS }
}

fn mine(others: &[RenderId]) -> ReadLease {
    ReadLease::Mine { others: others.iter().copied().map(wait).collect(), rest_until: None }
}

fn another() -> ReadLease {
    ReadLease::Another { rest_until: None }
}

/// Two rows, in the order of their names.
async fn two(store: &impl Store) -> [RenderId; 2] {
    [new(store, named("a", "1")).await.id, new(store, named("b", "2")).await.id]
}

async fn one_seat_reads_for_all(home: &impl Home) {
    let store = home.open();
    let [a, b] = two(&store).await;
    assert_eq!(store.share(share(1, &[a], 0)).await.unwrap(), mine(&[]));
    assert_eq!(store.share(share(2, &[b], 1)).await.unwrap(), another());
    assert_eq!(store.share(share(1, &[a], 2)).await.unwrap(), mine(&[b]));
    // The render that it waits for now counts, not an earlier one.
    assert_eq!(store.share(share(2, &[a], 3)).await.unwrap(), another());
    assert_eq!(store.share(share(1, &[a], 4)).await.unwrap(), mine(&[a]));
    assert_eq!(store.share(share(2, &[], 5)).await.unwrap(), another());
    assert_eq!(store.share(share(1, &[a], 6)).await.unwrap(), mine(&[]));
}

async fn a_turn_is_given_up_and_taken_over(home: &impl Home) {
    let store = home.open();
    let [a, b] = two(&store).await;
    store.share(share(1, &[a], 0)).await.unwrap();
    assert_eq!(store.share(share(2, &[b], 1)).await.unwrap(), another());
    store.leave(space(), WatcherId(1)).await.unwrap();
    assert_eq!(store.share(share(2, &[b], 2)).await.unwrap(), mine(&[]));
    // A watcher without the read lease gives up nothing.
    store.leave(space(), WatcherId(1)).await.unwrap();
    assert_eq!(store.share(share(1, &[a], 3)).await.unwrap(), another());
}

async fn a_turn_that_is_not_renewed_is_taken_although_its_process_lives(home: &impl Home) {
    let store = home.open();
    let [a, b] = two(&store).await;
    store.share(share(1, &[a], 0)).await.unwrap();
    store.share(share(1, &[a], 8)).await.unwrap();
    assert_eq!(store.share(share(2, &[b], 17)).await.unwrap(), another());
    assert_eq!(store.share(share(2, &[b], 18)).await.unwrap(), mine(&[a]));
    assert_eq!(store.share(share(1, &[a], 19)).await.unwrap(), another());
}

async fn each_space_has_a_turn_of_its_own(home: &impl Home) {
    let store = home.open();
    let [a, _] = two(&store).await;
    let other = Space { account: "other".to_owned(), ..space() };
    let theirs = new(&store, NewRender { space: other.clone(), ..named("a", "1") }).await.id;
    assert_eq!(store.share(share(1, &[a], 0)).await.unwrap(), mine(&[]));
    assert_eq!(store.share(Share { space: other, ..share(2, &[theirs], 1) }).await.unwrap(), mine(&[]));
}

async fn the_interval_and_the_rest_are_passed_on(home: &impl Home) {
    let store = home.open();
    let [a, b] = two(&store).await;
    let rest_until = Some(Timestamp(at(60).0));
    store.share(Share { rest_until, ..share(1, &[a], 0) }).await.unwrap();
    let often = Wait { render: b, every: Some(Duration::from_millis(250)) };
    let asked = Share { waits: vec![often], ..share(2, &[], 1) };
    assert_eq!(store.share(asked.clone()).await.unwrap(), ReadLease::Another { rest_until });
    assert_eq!(store.share(share(1, &[a], 2)).await.unwrap(), ReadLease::Mine { others: vec![often], rest_until: None });
    assert_eq!(store.share(Share { at: at(3), ..asked }).await.unwrap(), another());
}

async fn what_a_dead_process_waited_for_and_its_turn_die_with_it(home: &impl Home) {
    let (one, other) = (home.open(), home.open());
    let [a, b] = two(&one).await;
    assert_eq!(other.share(share(1, &[b], 0)).await.unwrap(), mine(&[]));
    assert_eq!(one.share(share(1, &[a], 1)).await.unwrap(), another());
    drop(other);
    assert_eq!(one.share(share(1, &[a], 2)).await.unwrap(), mine(&[]));
}

async fn news_come_from_other_handles(home: &impl Home) {
    let (one, other) = (home.open(), home.open());
    let heard = one.news(None).await.unwrap();
    let mut news = one.news(Some(heard));
    assert!(tokio::time::timeout(Duration::from_millis(150), &mut news).await.is_err(), "nobody has written");
    new(&other, named("a", "1")).await;
    let heard = news.await.unwrap();
    // Entries written while no handle waited are news, too.
    new(&other, named("b", "2")).await;
    assert_ne!(one.news(Some(heard)).await.unwrap(), heard);
}

#[tokio::test]
async fn news_of_a_ledger_in_memory_come_from_everybody() {
    let store = crate::fixture::InMemory.open();
    let heard = store.news(None).await.unwrap();
    let news = store.news(Some(heard));
    new(&store, named("a", "1")).await;
    assert_ne!(news.await.unwrap(), heard);
}

on_each!([
    one_seat_reads_for_all,
    a_turn_is_given_up_and_taken_over,
    a_turn_that_is_not_renewed_is_taken_although_its_process_lives,
    each_space_has_a_turn_of_its_own,
    the_interval_and_the_rest_are_passed_on,
]);

on!(
    several_handles,
    crate::fixture::OnFile::new(),
    [what_a_dead_process_waited_for_and_its_turn_die_with_it, news_come_from_other_handles]
);
#[cfg(all(unix, feature = "postgres"))]
crate::fixture::on_server!(
    several_handles_on_server,
    [what_a_dead_process_waited_for_and_its_turn_die_with_it, news_come_from_other_handles]
);
