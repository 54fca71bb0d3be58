//! Any sequence of changes leaves a store in the state of the machine alone: the rows are only the machine's memory.

use j2v::ledger::{Change, RenderQuery, Store};
use j2v::render::state::{Fact, InvalidTransition, OnUnknown, State, Submission};
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::{Home, InMemory, OnFile, accepted, change, lost, named, new, project, refused, row, seen};

fn letters() -> impl Strategy<Value = char> {
    prop_oneof![4 => Just('p'), 1 => Just('q')]
}

fn reports() -> impl Strategy<Value = Fact> {
    let words = prop::sample::select(vec!["pending", "running", "timeout", "error", "done", "deleted", "rebuilding"]);
    (letters(), words, any::<bool>()).prop_map(|(letter, status, has_url)| {
        let url = has_url.then_some("https://v/1.mp4");
        seen(letter, &json!({"status": status, "url": url}))
    })
}

fn facts() -> impl Strategy<Value = Fact> {
    prop_oneof![
        4 => Just(Fact::Claimed),
        1 => (0u64..4).prop_map(|epoch| Fact::NotSent { epoch }),
        2 => letters().prop_map(accepted),
        1 => (0u64..4).prop_map(refused),
        3 => (0u64..4).prop_map(lost),
        1 => Just(Fact::OwnerGone),
        1 => letters().prop_map(|letter| Fact::Found { project: project(letter) }),
        2 => (0u64..4).prop_map(|epoch| Fact::QuarantineOver { epoch }),
        1 => Just(Fact::Reopened),
        1 => letters().prop_map(|letter| Fact::Adopted { project: project(letter) }),
        1 => Just(Fact::Resubmitted),
        1 => Just(Fact::Abandoned),
        4 => reports(),
        1 => Just(Fact::Expired),
    ]
}

pub(crate) fn changes() -> impl Strategy<Value = Change> {
    prop_oneof![
        12 => facts().prop_map(Change::Fact),
        1 => Just(Change::Searched),
        1 => Just(Change::Shown),
        1 => prop::option::of(1..4u32).prop_map(Change::GivesWayTo),
        1 => prop::sample::select(vec![OnUnknown::Hold, OnUnknown::Resubmit]).prop_map(Change::Rule),
    ]
}

/// The state machine alone.
fn step(submission: &mut Submission, change: &Change) -> Result<(), InvalidTransition> {
    match change {
        Change::Fact(fact) => *submission = submission.step(fact)?.next,
        Change::Rule(rule) => submission.on_unknown = *rule,
        Change::Searched | Change::Shown | Change::GivesWayTo(_) | Change::Saved(_) | Change::Overwritten | Change::Quarantine(_) => {}
    }
    Ok(())
}

async fn agrees(home: &impl Home, reopens: bool, history: Vec<(usize, Change)>) {
    let mut store = home.open();
    let mut model = Vec::new();
    for name in ["a", "b"] {
        model.push((new(&store, named(name, name)).await.id, Submission::new(OnUnknown::Hold), false));
    }
    for (second, (which, wanted)) in history.into_iter().enumerate() {
        let (id, submission, is_past) = &mut model[which];
        let before = row(&store, *id).await;
        let recorded = change(&store, *id, wanted.clone(), i64::try_from(second).unwrap()).await;
        assert_eq!(step(submission, &wanted).err(), recorded.as_ref().err().copied());
        let after = row(&store, *id).await;
        assert_eq!((&after.submission, &after), (&*submission, &recorded.map_or(before, |recorded| recorded.render)));
        *is_past |= matches!(submission.state, State::Deleted | State::Expired);
        assert_eq!(store.body(*id).await.unwrap().is_none(), *is_past);
    }
    if reopens {
        drop(store);
        store = home.open();
    }
    for (id, submission, _) in &model {
        assert_eq!(&row(&store, *id).await.submission, submission);
    }
    let ids = |holds: fn(State) -> bool| model.iter().rev().filter(move |row| holds(row.1.state)).map(|row| row.0).collect::<Vec<_>>();
    let found = |which: RenderQuery| {
        let found = store.find(None, which);
        async { found.await.unwrap().into_iter().map(|render| render.id).collect::<Vec<_>>() }
    };
    assert_eq!(found(RenderQuery::Unsettled).await, ids(State::is_unsettled));
    assert_eq!(found(RenderQuery::Unfinished).await, ids(|state| matches!(state, State::Bound | State::Timeout)));
}

pub(crate) fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(test);
}

proptest! {
    #[test]
    fn a_ledger_in_memory_agrees_with_the_machine(history in prop::collection::vec((0usize..2, changes()), 0..40)) {
        run(agrees(&InMemory, false, history));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_ledger_on_file_agrees_with_the_machine(history in prop::collection::vec((0usize..2, changes()), 0..40)) {
        run(agrees(&OnFile::new(), true, history));
    }
}

#[cfg(all(unix, feature = "postgres"))]
proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_ledger_on_a_server_agrees_with_the_machine(history in prop::collection::vec((0usize..2, changes()), 0..40)) {
        if let Some(home) = crate::fixture::OnServer::new() {
            run(agrees(&home, true, history));
        }
    }
}
