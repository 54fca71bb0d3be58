//! The guarantees of any store about callbacks and deliveries.

use j2v::ledger::inbox::{Callback, CallbackId, Callbacks, Inbox, Received};
use j2v::ledger::outbox::{Announcement, Attempt, AttemptResult, Deliveries, Delivery, Heard, Keeping, Outbox, Progress};
use j2v::ledger::{RenderId, Space, Store};
use j2v::render::outcome::Report;
use j2v::render::state::Fact;
use serde_json::json;

use crate::fixture::{Home, accepted, at, fact, named, new, on, on_each, project, seen, space};

fn callback(letter: char, raw: &str, second: i64) -> Callback {
    Callback {
        space: space(),
        project: Some(project(letter)),
        token: Some("a#1.0123abcd.1".to_owned()),
        content_type: "application/json".to_owned(),
        raw: raw.as_bytes().to_vec(),
        at: at(second),
    }
}

fn other() -> Space {
    Space { account: "other".to_owned(), ..space() }
}

async fn receive(store: &impl Store, callback: Callback) -> Received {
    store.receive(vec![callback]).await.unwrap().remove(0)
}

async fn ids(store: &impl Store, which: Callbacks) -> Vec<i64> {
    store.callbacks(Some(space()), which).await.unwrap().into_iter().map(|kept| kept.id.0).collect()
}

fn announcement(letter: char, status: &str) -> Announcement {
    let report = Report::read(&json!({"project": project(letter).as_str(), "status": status})).unwrap();
    Announcement { space: space(), report, at: at(10), heard: Heard::NotYet }
}

async fn take(store: &impl Store, second: i64) -> Vec<Delivery> {
    store.take(space(), 99, at(second)).await.unwrap()
}

async fn tell(store: &impl Store, delivery: &Delivery, result: AttemptResult, second: i64) {
    let attempt = Attempt { delivery: delivery.id, result, detail: "told".to_owned(), at: at(second) };
    store.record_attempts(vec![attempt]).await.unwrap();
}

async fn bound(store: &impl Store, letter: char) -> RenderId {
    let render = new(store, named(&letter.to_string(), "{}")).await.id;
    fact(store, render, Fact::Claimed, 1).await;
    fact(store, render, accepted(letter), 2).await;
    render
}

async fn receives(store: &impl Store) {
    store.keep_receiver(space(), Keeping::default(), at(0)).await.unwrap();
}

async fn row_51_a_callback_that_comes_twice_is_kept_once(home: &impl Home) {
    let store = home.open();
    let received = store.receive(vec![callback('p', "1", 1), callback('p', "1", 2), callback('p', "2", 3)]).await.unwrap();
    assert_eq!(received[0], Received::New(CallbackId(1)));
    assert_eq!(received[1], Received::Known(CallbackId(1)));
    assert!(matches!(received[2], Received::New(_)), "{received:?}");
    assert_eq!(receive(&store, callback('p', "1", 4)).await, Received::Known(CallbackId(1)));
    assert!(matches!(receive(&store, callback('q', "1", 4)).await, Received::New(_)), "the same body for another project");
    assert!(matches!(receive(&store, Callback { space: other(), ..callback('p', "1", 4) }).await, Received::New(_)));
    let kept = store.callbacks(None, Callbacks::Id(CallbackId(1))).await.unwrap().remove(0);
    assert_eq!((kept.received_at, kept.size, kept.settled_at), (at(1), 1, None));
    assert_eq!((kept.project, kept.token.as_deref()), (Some(project('p')), Some("a#1.0123abcd.1")));
    assert_eq!(store.raw(CallbackId(1)).await.unwrap().as_deref(), Some(b"1".as_slice()));
    assert_eq!(store.raw(CallbackId(99)).await.unwrap(), None);
}

async fn row_56_a_body_that_nobody_can_read_is_kept_as_it_came(home: &impl Home) {
    let store = home.open();
    let raw = vec![0, 255, 7];
    let unread = Callback { project: None, token: None, raw: raw.clone(), ..callback('p', "", 1) };
    let Received::New(id) = receive(&store, unread.clone()).await else { panic!("it was there before") };
    assert_eq!(receive(&store, unread).await, Received::Known(id));
    assert_eq!(store.raw(id).await.unwrap(), Some(raw));
    assert_eq!(store.callbacks(None, Callbacks::Open { after: CallbackId::NONE, most: 9 }).await.unwrap()[0].project, None);
}

async fn callbacks_are_found_by_what_is_asked(home: &impl Home) {
    let store = home.open();
    for (letter, second) in [('p', 1), ('q', 2), ('p', 3), ('r', 4)] {
        receive(&store, callback(letter, &second.to_string(), second)).await;
    }
    receive(&store, Callback { space: other(), ..callback('p', "5", 5) }).await;
    assert_eq!(ids(&store, Callbacks::Of(vec![project('p'), project('r')])).await, [1, 3, 4]);
    assert_eq!(ids(&store, Callbacks::Of(Vec::new())).await, [0; 0]);
    assert_eq!(ids(&store, Callbacks::Last(2)).await, [4, 3]);
    assert_eq!(store.callbacks(None, Callbacks::Last(1)).await.unwrap()[0].id, CallbackId(5));
    store.handled(vec![CallbackId(1), CallbackId(3)], at(6)).await.unwrap();
    store.handled(vec![CallbackId(1)], at(7)).await.unwrap();
    assert_eq!(ids(&store, Callbacks::Open { after: CallbackId::NONE, most: 9 }).await, [2, 4]);
    assert_eq!(ids(&store, Callbacks::Open { after: CallbackId::NONE, most: 1 }).await, [2]);
    assert_eq!(ids(&store, Callbacks::Open { after: CallbackId(2), most: 9 }).await, [4]);
    assert_eq!(store.callbacks(None, Callbacks::Id(CallbackId(1))).await.unwrap()[0].settled_at, Some(at(6)));
}

async fn row_53_a_callback_for_an_unknown_project_waits_for_its_render_and_is_forgotten_without_one(home: &impl Home) {
    let store = home.open();
    receive(&store, callback('p', "1", 1)).await;
    receive(&store, callback('q', "2", 1)).await;
    receive(&store, callback('r', "3", 50)).await;
    bound(&store, 'p').await;
    assert_eq!(store.forget(at(20)).await.unwrap(), 1);
    assert_eq!(ids(&store, Callbacks::Last(9)).await, [3, 1]);
}

async fn an_outcome_is_announced_once_and_only_a_final_one(home: &impl Home) {
    let store = home.open();
    let outcomes = ["running", "timeout", "error", "error", "done", "deleted"].map(|status| announcement('p', status));
    assert_eq!(store.announce(outcomes.to_vec()).await.unwrap(), [false, false, true, false, true, true]);
    let elsewhere = Announcement { space: other(), ..announcement('p', "done") };
    assert_eq!(store.announce(vec![elsewhere]).await.unwrap(), [true]);
    let found = store.deliveries(Some(space()), Deliveries::Of(vec![project('p')])).await.unwrap();
    assert_eq!(found.iter().map(|delivery| delivery.status.as_str()).collect::<Vec<_>>(), ["error", "done", "deleted"]);
    assert!(found.iter().all(|delivery| delivery.progress == Progress::Due && delivery.attempts == 0));
}

async fn two_outcomes_of_one_render_are_never_out_at_a_time(home: &impl Home) {
    let store = home.open();
    store.announce(vec![announcement('p', "error"), announcement('p', "done"), announcement('q', "done")]).await.unwrap();
    let taken = take(&store, 11).await;
    let facts: Vec<_> = taken.iter().map(|delivery| (delivery.project.clone(), delivery.status.as_str(), delivery.attempts)).collect();
    assert_eq!(facts, [(project('p'), "error", 1), (project('q'), "done", 1)]);
    assert!(taken.iter().all(|delivery| delivery.progress == Progress::Taken && delivery.owner.is_some()));
    assert_eq!(take(&store, 12).await, []);
    tell(&store, &taken[0], AttemptResult::Over, 13).await;
    let next = take(&store, 14).await;
    assert_eq!((next.len(), next[0].status.as_str()), (1, "done"));
    assert_eq!(store.deliveries(None, Deliveries::Open(9)).await.unwrap().len(), 2);
}

async fn an_attempt_that_failed_waits_for_its_time(home: &impl Home) {
    let store = home.open();
    assert_eq!(store.next_due(space()).await.unwrap(), None);
    store.announce(vec![announcement('p', "done")]).await.unwrap();
    assert_eq!(store.next_due(space()).await.unwrap(), Some(at(10)));
    assert_eq!(take(&store, 9).await, []);
    let first = take(&store, 10).await.remove(0);
    tell(&store, &first, AttemptResult::Again(at(40)), 15).await;
    assert_eq!(store.next_due(space()).await.unwrap(), Some(at(40)));
    assert_eq!(take(&store, 39).await, []);
    let second = take(&store, 40).await.remove(0);
    assert_eq!((second.id, second.attempts, second.detail.as_deref()), (first.id, 2, Some("told")));
    tell(&store, &second, AttemptResult::Later(at(42)), 41).await;
    let third = take(&store, 42).await.remove(0);
    assert_eq!(third.attempts, 2);
    tell(&store, &third, AttemptResult::GivenUp, 43).await;
    assert_eq!((take(&store, 99).await, store.next_due(space()).await.unwrap()), (vec![], None));
    assert_eq!(store.deliveries(Some(space()), Deliveries::GivenUp(9)).await.unwrap()[0].id, first.id);
    tell(&store, &third, AttemptResult::Over, 44).await;
    tell(&store, &third, AttemptResult::Again(at(50)), 45).await;
    assert_eq!(take(&store, 50).await, [], "nobody has taken it");
}

async fn an_outcome_can_be_wanted_again_however_it_stands(home: &impl Home) {
    let store = home.open();
    store.announce(vec![announcement('p', "done")]).await.unwrap();
    let first = take(&store, 10).await.remove(0);
    tell(&store, &first, AttemptResult::Wanted(at(11)), 11).await;
    assert_eq!(store.deliveries(None, Deliveries::Open(9)).await.unwrap()[0], first, "somebody is at it");
    tell(&store, &first, AttemptResult::Again(at(90)), 12).await;
    assert_eq!(take(&store, 20).await, [], "it is in back-off");
    for (nth, end) in [AttemptResult::Over, AttemptResult::GivenUp, AttemptResult::Again(at(90))].into_iter().enumerate() {
        tell(&store, &first, AttemptResult::Wanted(at(20)), 20).await;
        let taken = take(&store, 20).await;
        assert_eq!((taken.len(), taken[0].attempts), (1, u32::try_from(nth).unwrap() + 2));
        tell(&store, &taken[0], end, 21).await;
        assert_eq!(take(&store, 22).await, []);
    }
}

async fn only_who_took_it_says_how_it_went(home: &impl Home) {
    let store = home.open();
    store.announce(vec![announcement('p', "done")]).await.unwrap();
    let delivery = store.deliveries(None, Deliveries::Open(9)).await.unwrap().remove(0);
    tell(&store, &delivery, AttemptResult::Over, 11).await;
    assert_eq!(take(&store, 12).await.len(), 1, "nobody had taken it");
}

async fn what_the_application_has_heard_by_itself_is_not_told(home: &impl Home) {
    let store = home.open();
    let heard = |letter, status| Announcement { heard: Heard::Already, ..announcement(letter, status) };
    store.announce(vec![announcement('p', "done"), announcement('q', "done")]).await.unwrap();
    let taken = store.take(space(), 1, at(11)).await.unwrap().remove(0);
    assert_eq!(store.announce(vec![heard('p', "done"), heard('q', "done"), heard('r', "done")]).await.unwrap(), [false, false, true]);
    store.announce(vec![announcement('r', "done")]).await.unwrap();
    assert_eq!(take(&store, 12).await, []);
    tell(&store, &taken, AttemptResult::Over, 13).await;
    assert_eq!(store.deliveries(None, Deliveries::Open(9)).await.unwrap(), []);
}

async fn a_render_that_ends_is_announced_where_somebody_receives(home: &impl Home) {
    let store = home.open();
    let before = bound(&store, 'a').await;
    fact(&store, before, seen('a', &json!({"status": "done"})), 3).await;
    let unfinished = bound(&store, 'b').await;
    receives(&store).await;
    fact(&store, unfinished, seen('b', &json!({"status": "running"})), 4).await;
    fact(&store, unfinished, seen('b', &json!({"status": "timeout"})), 5).await;
    fact(&store, unfinished, seen('b', &json!({"status": "error", "message": "no"})), 6).await;
    fact(&store, unfinished, seen('b', &json!({"status": "done", "url": "u"})), 7).await;
    fact(&store, unfinished, Fact::Expired, 8).await;
    fact(&store, before, Fact::Expired, 8).await;
    let open = store.deliveries(None, Deliveries::Open(9)).await.unwrap();
    let facts: Vec<_> = open.iter().map(|delivery| (delivery.project.clone(), delivery.status.as_str(), delivery.due_at)).collect();
    assert_eq!(facts, [(project('b'), "error", at(2)), (project('b'), "done", at(2))]);
    assert_eq!(open[0].report.message.as_deref(), Some("no"));
    assert_eq!(open[1].report.url.as_deref(), Some("u"));
}

async fn what_is_kept_about_a_receiver_stays_until_it_is_said_anew(home: &impl Home) {
    let store = home.open();
    assert_eq!(store.receiver(space()).await.unwrap(), None);
    let made = Keeping { path_if_none: Some("/made".to_owned()), ..Keeping::default() };
    let first = store.keep_receiver(space(), made, at(1)).await.unwrap();
    assert_eq!((first.path.as_deref(), first.public_url.as_deref(), first.since), (Some("/made"), None, at(1)));
    let second = Keeping { path_if_none: Some("/other".to_owned()), public_url: Some("https://a/made".to_owned()), ..Keeping::default() };
    let second = store.keep_receiver(space(), second, at(2)).await.unwrap();
    assert_eq!((second.path.as_deref(), second.public_url.as_deref(), second.since), (Some("/made"), Some("https://a/made"), at(1)));
    let third = store.keep_receiver(space(), Keeping { path: Some("/mine".to_owned()), ..Keeping::default() }, at(3)).await.unwrap();
    assert_eq!((third.path.as_deref(), third.public_url.as_deref()), (Some("/mine"), Some("https://a/made")));
    assert_eq!(store.receiver(space()).await.unwrap(), Some(third));
    assert_eq!(store.receiver(other()).await.unwrap(), None);
}

on_each!([
    row_51_a_callback_that_comes_twice_is_kept_once,
    row_56_a_body_that_nobody_can_read_is_kept_as_it_came,
    callbacks_are_found_by_what_is_asked,
    row_53_a_callback_for_an_unknown_project_waits_for_its_render_and_is_forgotten_without_one,
    an_outcome_is_announced_once_and_only_a_final_one,
    two_outcomes_of_one_render_are_never_out_at_a_time,
    an_attempt_that_failed_waits_for_its_time,
    an_outcome_can_be_wanted_again_however_it_stands,
    only_who_took_it_says_how_it_went,
    what_the_application_has_heard_by_itself_is_not_told,
    a_render_that_ends_is_announced_where_somebody_receives,
    what_is_kept_about_a_receiver_stays_until_it_is_said_anew,
]);

async fn what_the_living_took_is_theirs_and_what_the_dead_took_is_due_again(home: &impl Home) {
    let (one, two) = (home.open(), home.open());
    one.announce(vec![announcement('p', "error"), announcement('p', "done"), announcement('q', "done")]).await.unwrap();
    let theirs = two.take(space(), 1, at(11)).await.unwrap().remove(0);
    assert_eq!(theirs.status, "error");
    assert!(one.next_due(space()).await.unwrap() <= Some(at(11)), "they may be gone");
    let mine = take(&one, 12).await;
    assert_eq!(mine.iter().map(|delivery| delivery.project.clone()).collect::<Vec<_>>(), [project('q')], "not another of `p`");
    tell(&one, &theirs, AttemptResult::Over, 13).await;
    drop(two);
    let again = take(&one, 14).await;
    assert_eq!(again.iter().map(|delivery| (delivery.id, delivery.attempts)).collect::<Vec<_>>(), [(theirs.id, 2)]);
}

async fn eight_tasks_on_two_handles_take_each_outcome_once(home: &impl Home) {
    let stores = [std::sync::Arc::new(home.open()), std::sync::Arc::new(home.open())];
    let outcomes = ('a'..='p').flat_map(|letter| [announcement(letter, "error"), announcement(letter, "done")]).collect();
    stores[0].announce(outcomes).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8 {
        let store = std::sync::Arc::clone(&stores[task % 2]);
        tasks.spawn(async move { store.take(space(), 5, at(20)).await.unwrap() });
    }
    let mut taken: Vec<_> = tasks.join_all().await.into_iter().flatten().map(|delivery| delivery.project).collect();
    let all = taken.len();
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), all, "two of one render were taken");
}

on!(
    shared,
    crate::fixture::OnFile::new(),
    [what_the_living_took_is_theirs_and_what_the_dead_took_is_due_again, eight_tasks_on_two_handles_take_each_outcome_once,]
);
