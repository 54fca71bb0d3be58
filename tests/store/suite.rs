//! The guarantees of any store to the owner of one handle.

use std::path::PathBuf;

use j2v::ledger::{Change, LedgerError, NewRender, PlaceResult, Record, RenderId, RenderQuery, Space, Store};
use j2v::render::identity::Key;
use j2v::render::outcome::Status;
use j2v::render::state::{Action, Fact, InvalidTransition, OnUnknown, State};
use serde_json::json;

use crate::fixture::{
    Home, accepted, again, at, change, fact, key, kinds, lost, named, new, on_each, place, project, refused, row, seen, space, unnamed,
};

async fn a_draft_becomes_an_intent_with_all_that_it_says(home: &impl Home) {
    let store = home.open();
    let draft = NewRender { on_unknown: OnUnknown::Resubmit, traceable: false, ..named("a", "{}") };
    let render = new(&store, draft.clone()).await;
    assert_eq!((render.submission.state, render.generation, render.named), (State::Intent, 1, true));
    assert_eq!((&render.key, render.movie, &render.source, &render.flags), (&draft.key, draft.movie, &draft.source, &draft.flags));
    assert_eq!((render.submission.on_unknown, render.traceable, render.quarantine), (OnUnknown::Resubmit, false, draft.quarantine));
    assert_eq!((render.created_at, render.touched_at, render.owner.as_ref()), (at(0), at(0), None));
    assert_eq!(row(&store, render.id).await, render);
    assert_eq!(store.body(render.id).await.unwrap().as_deref(), Some(b"{}".as_slice()));
}

async fn a_key_that_is_there_attaches_whatever_its_movie(home: &impl Home) {
    let store = home.open();
    let first = new(&store, named("a", "{}")).await;
    assert_eq!(place(&store, named("a", "{}")).await, PlaceResult::Existing(first.clone()));
    assert_eq!(place(&store, named("a", "[]")).await, PlaceResult::Existing(first));
}

async fn one_batch_makes_one_row_a_key(home: &impl Home) {
    let store = home.open();
    let placed = store.place(vec![named("a", "1"), named("b", "2"), named("a", "1")]).await.unwrap();
    let (PlaceResult::New(first), PlaceResult::New(_), PlaceResult::Existing(third)) = (&placed[0], &placed[1], &placed[2]) else {
        panic!("{placed:?}")
    };
    assert_eq!(first, third);
}

async fn scope_account_and_endpoint_tell_keys_apart(home: &impl Home) {
    let store = home.open();
    new(&store, named("a", "{}")).await;
    new(&store, NewRender { scope: "batch-7".to_owned(), ..named("a", "{}") }).await;
    new(&store, NewRender { space: Space { account: "other".to_owned(), ..space() }, ..named("a", "{}") }).await;
    new(&store, NewRender { space: Space { endpoint: "emulator".to_owned(), ..space() }, ..named("a", "{}") }).await;
    assert_eq!(store.find(None, RenderQuery::AnyKey(key("a"))).await.unwrap().len(), 4);
    assert_eq!(store.find(Some(space()), RenderQuery::AnyKey(key("a"))).await.unwrap().len(), 2);
    assert_eq!(store.find(Some(space()), RenderQuery::Key("submit".to_owned(), key("a"))).await.unwrap().len(), 1);
}

async fn again_makes_the_next_generation_of_what_has_ended(home: &impl Home) {
    let store = home.open();
    let first = new(&store, named("a", "{}")).await;
    fact(&store, first.id, Fact::Abandoned, 1).await;
    let second = new(&store, again(named("a", "[]"))).await;
    assert_eq!((second.generation, second.submission.state), (2, State::Intent));
    fact(&store, second.id, Fact::Claimed, 2).await;
    fact(&store, second.id, accepted('p'), 3).await;
    let third = new(&store, again(named("a", "[]"))).await;
    assert_eq!(third.generation, 3);
    let all = store.find(None, RenderQuery::Key("submit".to_owned(), key("a"))).await.unwrap();
    assert_eq!(all.iter().map(|render| render.generation).collect::<Vec<_>>(), [3, 2, 1]);
    assert!(matches!(place(&store, named("a", "{}")).await, PlaceResult::Existing(render) if render == third));
}

async fn again_never_doubles_what_may_have_been_paid(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    let steps = [(None, State::Intent), (Some(Fact::Claimed), State::Sending), (Some(lost(1)), State::Unknown)];
    for (step, state) in steps.into_iter().chain([(Some(Fact::QuarantineOver { epoch: 1 }), State::Held)]) {
        if let Some(step) = step {
            fact(&store, render.id, step, 1).await;
        }
        let PlaceResult::Existing(found) = place(&store, again(named("a", "{}"))).await else { panic!("doubled in {state:?}") };
        assert_eq!((found.id, found.submission.state), (render.id, state));
    }
}

async fn without_a_key_each_submission_is_a_render_of_its_own(home: &impl Home) {
    let store = home.open();
    let first = new(&store, unnamed(1, "{}")).await;
    new(&store, unnamed(2, "{}")).await;
    fact(&store, first.id, Fact::Claimed, 1).await;
    // This store is sending it: a second submission of the same process is intended.
    new(&store, unnamed(3, "{}")).await;
    fact(&store, first.id, accepted('p'), 2).await;
    new(&store, unnamed(4, "{}")).await;
}

async fn without_a_key_an_unsettled_render_of_the_same_movie_comes_first(home: &impl Home) {
    let store = home.open();
    let first = new(&store, unnamed(1, "{}")).await;
    fact(&store, first.id, Fact::Claimed, 1).await;
    let first = fact(&store, first.id, lost(1), 2).await.render;
    assert_eq!(place(&store, unnamed(2, "{}")).await, PlaceResult::Existing(first.clone()));
    new(&store, unnamed(3, "another movie")).await;
    new(&store, NewRender { scope: "batch".to_owned(), ..unnamed(4, "{}") }).await;
    new(&store, NewRender { space: Space { account: "other".to_owned(), ..space() }, ..unnamed(5, "{}") }).await;
    let first = fact(&store, first.id, Fact::QuarantineOver { epoch: 1 }, 3).await.render;
    assert_eq!(place(&store, unnamed(6, "{}")).await, PlaceResult::Existing(first));
}

async fn a_random_key_that_is_taken_is_no_ones_render(home: &impl Home) {
    let store = home.open();
    new(&store, unnamed(1, "{}")).await;
    let error = store.place(vec![unnamed(1, "[]")]).await.unwrap_err();
    assert!(error.to_string().contains(Key::random(1).as_str()), "{error}");
}

async fn a_claim_names_its_owner_and_stands_once(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    let claimed = fact(&store, render.id, Fact::Claimed, 1).await;
    assert_eq!((claimed.action, claimed.render.submission.epoch, claimed.render.posted_at), (Action::Post, 1, Some(at(1))));
    assert!(claimed.render.owner.is_some());
    let second = change(&store, render.id, Change::Fact(Fact::Claimed), 2).await;
    assert_eq!(second, Err(InvalidTransition { state: State::Sending }));
    assert_eq!(row(&store, render.id).await, claimed.render);
    assert_eq!(kinds(&store, render.id).await, ["created", "claimed"]);
}

async fn what_is_out_of_turn_leaves_the_rest_of_its_batch_alone(home: &impl Home) {
    let store = home.open();
    let (a, b) = (new(&store, named("a", "1")).await, new(&store, named("b", "2")).await);
    let claim = |render: RenderId| Record { render, change: Change::Fact(Fact::Claimed), at: at(1) };
    let results = store.record(vec![claim(a.id), claim(a.id), claim(b.id)]).await.unwrap();
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    assert_eq!(store.find(None, RenderQuery::Unsettled).await.unwrap().len(), 2);
}

async fn a_batch_that_names_no_row_writes_nothing(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    let note = |render: RenderId| Record { render, change: Change::Shown, at: at(1) };
    let error = store.record(vec![note(render.id), note(RenderId(99))]).await.unwrap_err();
    assert!(matches!(&error, LedgerError::Engine { why, .. } if why.contains("99")), "{error}");
    assert_eq!(kinds(&store, render.id).await, ["created"]);
}

async fn an_answer_binds_and_a_second_project_is_told(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    let bound = fact(&store, render.id, accepted('p'), 2).await;
    assert_eq!((bound.action, bound.render.bound_at), (Action::Watch, Some(at(2))));
    let alarm = fact(&store, render.id, Fact::Found { project: project('q') }, 3).await;
    assert_eq!(alarm.action, Action::Alarm(project('q')));
    assert_eq!((&alarm.render.submission, alarm.render.bound_at), (&bound.render.submission, Some(at(2))));
    assert_eq!(kinds(&store, render.id).await, ["created", "claimed", "accepted", "alarm"]);
    assert_eq!(store.find(None, RenderQuery::Project(project('p'))).await.unwrap(), [alarm.render]);
    assert!(store.find(None, RenderQuery::Project(project('q'))).await.unwrap().is_empty());
}

async fn a_refusal_is_kept_and_one_of_an_older_epoch_is_not(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    let rejected = fact(&store, render.id, refused(1), 2).await.render;
    assert_eq!(rejected.refusal.unwrap().message, "no credits left");
    let again = new(&store, named("b", "{}")).await;
    fact(&store, again.id, Fact::Claimed, 1).await;
    fact(&store, again.id, lost(1), 2).await;
    fact(&store, again.id, Fact::Resubmitted, 3).await;
    let sent = fact(&store, again.id, Fact::Claimed, 4).await.render;
    assert_eq!(fact(&store, again.id, refused(1), 5).await.render, sent);
    assert_eq!(kinds(&store, again.id).await, ["created", "claimed", "lost", "resubmitted", "claimed"]);
}

async fn the_way_of_a_lost_reply_is_written_down(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    assert_eq!(fact(&store, render.id, lost(1), 31).await.render.gave_up_at, Some(at(31)));
    let searched = change(&store, render.id, Change::Searched, 40).await.unwrap();
    assert_eq!((searched.render.searched_at, searched.render.touched_at, searched.action), (Some(at(40)), at(31), Action::Search));
    let held = fact(&store, render.id, Fact::QuarantineOver { epoch: 1 }, 950).await;
    assert_eq!((held.render.submission.state, held.action), (State::Held, Action::Ask));
    let adopted = fact(&store, render.id, Fact::Adopted { project: project('p') }, 960).await.render;
    assert_eq!((adopted.submission.state, adopted.bound_at, adopted.touched_at), (State::Bound, Some(at(960)), at(960)));
    assert_eq!(kinds(&store, render.id).await, ["created", "claimed", "lost", "held", "adopted"]);
    let events = store.history(render.id).await.unwrap();
    assert_eq!(events.iter().map(|event| event.at).collect::<Vec<_>>(), [at(0), at(1), at(31), at(950), at(960)]);
}

async fn polls_tell_a_story_only_when_something_changed(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    fact(&store, render.id, accepted('p'), 2).await;
    for (second, status) in
        [(10, "pending"), (20, "running"), (30, "running"), (40, "pending"), (50, "error"), (60, "done"), (70, "running")]
    {
        let seen = fact(&store, render.id, seen('p', &json!({"status": status, "message": status})), second).await.render;
        assert_eq!(seen.read_at, Some(at(second)));
    }
    let seen: Vec<_> =
        store.history(render.id).await.unwrap().into_iter().filter(|event| event.kind == "seen").map(|event| event.detail).collect();
    assert_eq!(seen, ["pending: pending", "running: running", "error: error", "done: done"]);
    let last = row(&store, render.id).await;
    assert_eq!((last.submission.state, last.report.unwrap().status, last.touched_at), (State::Done, Status::Done, at(60)));
}

async fn a_url_is_kept_while_it_is_not_said_and_gone_once_it_is_null(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    fact(&store, render.id, accepted('p'), 2).await;
    fact(&store, render.id, seen('p', &json!({"status": "done", "url": "https://v/1.mp4", "size": 9})), 3).await;
    let report = fact(&store, render.id, seen('p', &json!({"status": "done", "duration": 2.5})), 4).await.render.report.unwrap();
    assert_eq!((report.url.as_deref(), report.size, report.duration.unwrap().as_f64()), (Some("https://v/1.mp4"), Some(9), Some(2.5)));
    assert!(store.body(render.id).await.unwrap().is_some());
    let gone = fact(&store, render.id, seen('p', &json!({"status": "done", "url": null})), 5).await.render.report.unwrap();
    assert_eq!((gone.url, gone.size), (None, Some(9)));
    let deleted =
        fact(&store, render.id, seen('p', &json!({"status": "done", "url": null, "deleted_at": "2026-01-01T00:00:00.000Z"})), 5).await;
    let report = deleted.render.report.unwrap();
    assert_eq!((deleted.render.submission.state, report.url), (State::Deleted, None));
    assert_eq!(store.body(render.id).await.unwrap(), None);
}

async fn an_expired_render_gives_up_its_body_and_keeps_its_hash(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    fact(&store, render.id, accepted('p'), 2).await;
    fact(&store, render.id, seen('p', &json!({"status": "done", "url": "u"})), 3).await;
    let expired = fact(&store, render.id, Fact::Expired, 4).await.render;
    assert_eq!((expired.submission.state, expired.movie), (State::Expired, render.movie));
    assert_eq!(store.body(render.id).await.unwrap(), None);
}

async fn saved_noted_and_ruled_is_written_and_told(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    change(&store, render.id, Change::Saved(PathBuf::from("out/a b.mp4")), 1).await.unwrap();
    change(&store, render.id, Change::Shown, 2).await.unwrap();
    let ruled = change(&store, render.id, Change::Rule(OnUnknown::Resubmit), 3).await.unwrap();
    assert_eq!(ruled.render.submission.on_unknown, OnUnknown::Resubmit);
    assert_eq!((ruled.render.file.as_deref(), ruled.action), (Some("out/a b.mp4".as_ref()), Action::Connect));
    assert_eq!(row(&store, render.id).await, ruled.render);
    assert_eq!(kinds(&store, render.id).await, ["created", "saved", "note", "rule"]);
    let of_file = |name: &str| RenderQuery::File(PathBuf::from(name));
    assert_eq!(store.find(None, of_file("out/a b.mp4")).await.unwrap(), [ruled.render]);
    assert_eq!(store.find(None, of_file("out/b.mp4")).await.unwrap(), []);
    change(&store, render.id, Change::Overwritten, 4).await.unwrap();
    assert_eq!(store.find(None, of_file("out/a b.mp4")).await.unwrap(), []);
    for earlier in [Some(7), None] {
        let told = change(&store, render.id, Change::GivesWayTo(earlier), 5).await.unwrap();
        assert_eq!((told.render.gives_way_to, row(&store, render.id).await), (earlier, told.render));
    }
    assert_eq!(kinds(&store, render.id).await[4..], ["overwritten", "edit", "edit"]);
}

async fn rows_are_found_by_what_is_asked_newest_first(home: &impl Home) {
    let store = home.open();
    let mut ids = Vec::new();
    for (name, facts) in [
        ("intent", vec![]),
        ("sending", vec![Fact::Claimed]),
        ("unknown", vec![Fact::Claimed, lost(1)]),
        ("held", vec![Fact::Claimed, lost(1), Fact::QuarantineOver { epoch: 1 }]),
        ("bound", vec![Fact::Claimed, accepted('b')]),
        ("timeout", vec![Fact::Claimed, accepted('t'), seen('t', &json!({"status": "timeout"}))]),
        ("done", vec![Fact::Claimed, accepted('d'), seen('d', &json!({"status": "done"}))]),
    ] {
        let render = new(&store, named(name, name)).await;
        for step in facts {
            fact(&store, render.id, step, 1).await;
        }
        ids.push(render.id);
    }
    new(&store, NewRender { space: Space { account: "other".to_owned(), ..space() }, ..named("intent", "{}") }).await;
    let keys = |which: RenderQuery| {
        let found = store.find(Some(space()), which);
        async { found.await.unwrap().into_iter().map(|render| render.key.to_string()).collect::<Vec<_>>() }
    };
    assert_eq!(keys(RenderQuery::Unsettled).await, ["held", "unknown", "sending"]);
    assert_eq!(keys(RenderQuery::Unfinished).await, ["timeout", "bound"]);
    assert_eq!(keys(RenderQuery::All(3)).await, ["done", "timeout", "bound"]);
    assert_eq!(keys(RenderQuery::Id(ids[3])).await, ["held"]);
    assert_eq!(keys(RenderQuery::Project(project('d'))).await, ["done"]);
    assert_eq!(keys(RenderQuery::AnyKey(key("nobody"))).await, [""; 0]);
    assert_eq!(store.find(None, RenderQuery::All(99)).await.unwrap().len(), 8);
}

async fn a_store_never_reaps_what_it_sends_itself(home: &impl Home) {
    let store = home.open();
    let render = new(&store, named("a", "{}")).await;
    fact(&store, render.id, Fact::Claimed, 1).await;
    assert_eq!(store.reap(at(2)).await.unwrap(), []);
    assert_eq!(row(&store, render.id).await.submission.state, State::Sending);
}

on_each!([
    a_draft_becomes_an_intent_with_all_that_it_says,
    a_key_that_is_there_attaches_whatever_its_movie,
    one_batch_makes_one_row_a_key,
    scope_account_and_endpoint_tell_keys_apart,
    again_makes_the_next_generation_of_what_has_ended,
    again_never_doubles_what_may_have_been_paid,
    without_a_key_each_submission_is_a_render_of_its_own,
    without_a_key_an_unsettled_render_of_the_same_movie_comes_first,
    a_random_key_that_is_taken_is_no_ones_render,
    a_claim_names_its_owner_and_stands_once,
    what_is_out_of_turn_leaves_the_rest_of_its_batch_alone,
    a_batch_that_names_no_row_writes_nothing,
    an_answer_binds_and_a_second_project_is_told,
    a_refusal_is_kept_and_one_of_an_older_epoch_is_not,
    the_way_of_a_lost_reply_is_written_down,
    polls_tell_a_story_only_when_something_changed,
    a_url_is_kept_while_it_is_not_said_and_gone_once_it_is_null,
    an_expired_render_gives_up_its_body_and_keeps_its_hash,
    saved_noted_and_ruled_is_written_and_told,
    rows_are_found_by_what_is_asked_newest_first,
    a_store_never_reaps_what_it_sends_itself,
]);
