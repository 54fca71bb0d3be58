//! The guarantees of any store about lost renders: each is restored once, and belongs to the submission that matches it.

use j2v::ledger::batch::TableRow;
use j2v::ledger::recovery::Lost;
use j2v::ledger::{NewRender, PlaceResult, Render, RenderQuery, Store};
use j2v::render::identity::{Key, MovieHash};
use j2v::render::outcome::Report;
use j2v::render::state::State;
use j2v::render::token::{Identity, LedgerName, Token};
use serde_json::json;

use crate::fixture::{Home, accepted, at, fact, key, kinds, named, new, on_each, place, project, row, space, unnamed};

/// A render of the list, with the token of a draft.
fn lost(draft: &NewRender, generation: u32, letter: char, status: &str) -> Lost {
    let identity = Identity { scope: &draft.scope, key: &draft.key, generation, movie: draft.movie };
    let token = Token::new(&identity, 2, LedgerName::parse("k3f9xa").unwrap());
    let movie = json!({"project": project(letter).as_str(), "status": status, "url": "u", "created_at": "2026-11-20T10:00:00Z"});
    Lost { space: space(), token, report: Report::read(&movie).unwrap(), at: at(9) }
}

async fn restore(store: &impl Store, lost: Lost) -> Option<Render> {
    store.restore(vec![lost]).await.unwrap().remove(0)
}

async fn a_lost_render_is_put_back_once(home: &impl Home) {
    let store = home.open();
    let draft = named("a", "{}");
    let render = restore(&store, lost(&draft, 3, 'p', "done")).await.unwrap();
    assert_eq!((render.submission.state, render.submission.attempt, render.generation), (State::Done, 2, 3));
    assert_eq!((&render.key, render.submission.project.as_ref(), render.named), (&draft.key, Some(&project('p')), true));
    assert!(render.movie.agrees(draft.movie) && render.movie != draft.movie);
    assert_eq!((row(&store, render.id).await, store.body(render.id).await.unwrap()), (render.clone(), None));
    assert_eq!(kinds(&store, render.id).await, ["restored"]);
    assert_eq!(restore(&store, lost(&draft, 3, 'p', "done")).await, None);
    // Another project with the same token is not a new render.
    assert_eq!(restore(&store, lost(&draft, 3, 'q', "done")).await, None);
    assert_eq!(store.find(None, RenderQuery::Projects(vec![project('p'), project('q')])).await.unwrap(), [render]);
}

async fn what_the_ledger_knows_is_not_put_back(home: &impl Home) {
    let store = home.open();
    let draft = named("a", "{}");
    let render = new(&store, draft.clone()).await;
    assert_eq!(restore(&store, lost(&draft, 1, 'p', "done")).await, None, "it is this intent");
    fact(&store, render.id, accepted('q'), 1).await;
    assert_eq!(restore(&store, lost(&named("b", "[]"), 1, 'q', "done")).await, None, "its project is bound");
    assert!(restore(&store, lost(&draft, 2, 'p', "running")).await.is_some(), "the second generation is another render");
}

async fn a_submission_takes_its_restored_render_for_its_own(home: &impl Home) {
    let store = home.open();
    let draft = NewRender { scope: "houses".to_owned(), row: Some(TableRow { number: 7, estimate: Some(9) }), ..named("a", "{}") };
    let restored = restore(&store, lost(&draft, 1, 'p', "running")).await.unwrap();
    let PlaceResult::Existing(render) = place(&store, draft.clone()).await else { panic!("it is paid for twice") };
    assert_eq!((render.id, &render.scope, render.movie, &render.source), (restored.id, &draft.scope, draft.movie, &draft.source));
    assert_eq!((render.submission.state, render.row), (State::Bound, draft.row));
    assert_eq!(row(&store, render.id).await, render);
    // In another scope it is another render.
    new(&store, named("a", "{}")).await;
}

async fn a_long_key_is_known_again_by_its_hash(home: &impl Home) {
    let store = home.open();
    let long = NewRender { key: Key::parse(&"k".repeat(300)).unwrap(), ..named("a", "{}") };
    let restored = restore(&store, lost(&long, 1, 'p', "done")).await.unwrap();
    assert!(restored.key.as_str().starts_with("sha256-"), "{}", restored.key);
    let PlaceResult::Existing(render) = place(&store, long.clone()).await else { panic!("it is paid for twice") };
    assert_eq!((render.id, render.key), (restored.id, long.key));
}

async fn of_several_restored_renders_of_a_key_its_movie_tells_which(home: &impl Home) {
    let store = home.open();
    let (first, second) = (named("a", "1"), named("a", "2"));
    let one = restore(&store, lost(&first, 1, 'p', "done")).await.unwrap();
    // An older token names no batch: the first submission of its key in any batch matches it.
    let older = Token::parse(&format!("a#2.{}.1", second.movie.short())).unwrap();
    let two = restore(&store, Lost { token: older, ..lost(&second, 2, 'q', "done") }).await.unwrap();
    assert!(matches!(place(&store, first).await, PlaceResult::Existing(render) if render.id == one.id));
    // A submission without a key matches none of them.
    new(&store, unnamed(1, "2")).await;
    let third = NewRender { scope: "other".to_owned(), movie: MovieHash::of(b"3"), ..named("a", "3") };
    assert!(
        matches!(place(&store, third).await, PlaceResult::Existing(render) if render.id == two.id && !render.movie.agrees(MovieHash::of(b"3")))
    );
    assert_eq!(store.find(None, RenderQuery::AnyKey(key("a"))).await.unwrap().len(), 2);
}

async fn what_was_of_a_batch_is_found_by_that_batch_only(home: &impl Home) {
    let store = home.open();
    let of_batch = NewRender { scope: "flats".to_owned(), ..named("a", "{}") };
    let restored = restore(&store, lost(&of_batch, 1, 'p', "done")).await.unwrap();
    assert_eq!((restored.own_scope(), restored.batch()), (Some("flats"), Some("flats")));
    new(&store, named("a", "{}")).await;
    assert!(matches!(place(&store, of_batch).await, PlaceResult::Existing(render) if render.id == restored.id));
}

async fn a_ledger_keeps_its_name(home: &impl Home) {
    let name = home.open().name();
    LedgerName::parse(&name.to_string()).unwrap();
    assert_eq!(home.open().name(), name);
}

on_each!([
    a_ledger_keeps_its_name,
    what_was_of_a_batch_is_found_by_that_batch_only,
    a_lost_render_is_put_back_once,
    what_the_ledger_knows_is_not_put_back,
    a_submission_takes_its_restored_render_for_its_own,
    a_long_key_is_known_again_by_its_hash,
    of_several_restored_renders_of_a_key_its_movie_tells_which,
]);
