//! What a batch may spend: the budget holds while renders run, over several runs, and whatever was read of them meanwhile.

use std::time::Duration;

use serde_json::Value;

use crate::support::World;

/// Three rows that cost at most 2 credits each, rendered so slowly that none ends.
fn world() -> World {
    let world = World::with(|settings| settings.render_time = Duration::from_secs(3600));
    world.write("flat.json", r#"{"resolution":"sd","scenes":[{"duration":2,"elements":[{"type":"text","text":"{{ city }}"}]}]}"#);
    world.write("flats.csv", "id,city\na,Rome\nb,Bonn\nc,Oslo\n");
    world
}

const BATCH: &str = "batch flat.json --rows flats.csv --key id --no-wait --max-credits 4";

#[test]
fn renders_that_run_count_with_the_most_that_they_may_cost_however_often_they_are_read() {
    let world = world();
    world.j2v(BATCH).exits(12).tells("--max-credits 4 is reached");
    assert_eq!(world.accepted(), 2);
    world.j2v("poll --once").exits(11);
    world.j2v(BATCH).exits(12).tells("--max-credits 4 is reached");
    assert_eq!(world.accepted(), 2, "the service says nothing of the cost of a render that runs");
}

#[test]
fn the_cost_of_a_render_that_runs_is_unknown_and_not_nothing() {
    let world = world();
    world.j2v(BATCH).exits(12);
    let polled = world.j2v("poll --once --json").exits(11).jsons();
    assert!(polled.iter().all(|line| line["credits"] == Value::Null), "{polled:?}");
    let listed = world.j2v("history --json").exits(0).jsons();
    assert!(listed.iter().all(|row| row["credits"] == Value::Null), "{listed:?}");
    let sum = world.j2v("history --sum --json").exits(0).json();
    assert_eq!((&sum["credits"], &sum["unknown"]), (&Value::from(0.0), &Value::from(2)));
}
