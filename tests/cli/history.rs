//! `j2v history` and `j2v show`: the content of the ledger.

use serde_json::json;

use crate::support::World;

#[test]
fn history_lists_every_render_newest_first_with_key_source_state_project_attempts_cost_and_outcome() {
    let world = World::with_faults(&["post-credits*1"]);
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({"outcome": "error", "message": "Scene #1 is upside down"}));
    world.j2v("submit a.json --key L-1").exits(5);
    world.j2v("submit a.json --key L-1 --wait").exits(0);
    world.j2v("submit b.json --key L-2 --wait").exits(9);
    world.j2v("submit a.json --key L-1 --again").exits(0);
    let run = world.j2v("history").exits(0);
    let rows: Vec<Vec<&str>> = run.lines().iter().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["CREATED", "BATCH", "KEY", "STATE", "PROJECT", "POSTS", "CREDITS", "SOURCE", "OUTCOME"]);
    assert_eq!((rows[1][1], rows[1][2]), ("L-1#2", "rendering"));
    assert_eq!((rows[2][1], rows[2][2]), ("L-2", "error"));
    assert_eq!(rows[2][5], "0", "a failed render costs nothing");
    assert!(run.lines()[2].ends_with("b.json  Scene #1 is upside down"), "{run:?}");
    assert_eq!(&rows[3][1..7], ["L-1#1", "done", rows[3][3], "2", "2", "a.json"]);
    assert!(rows[3][3].starts_with("EMU") && rows[3][7].starts_with("http"));
    assert_eq!(rows.len(), 4);
    for (name, state) in [("L-1", "bound"), ("L-1#2", "bound"), ("L-1#1", "done")] {
        assert_eq!(world.j2v(&format!("show {name} --json")).exits(0).json()["state"], state, "{name}");
    }
    world.j2v("show L-1#3").exits(6);
}

#[test]
fn history_as_json_is_one_object_a_render() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key L-1 --download film.mp4").exits(0);
    let line = world.j2v("history --json").exits(0).json();
    let fields =
        ["key", "generation", "source", "state", "project", "attempts", "status", "url", "file", "credits", "created_at", "kept_until"];
    assert!(fields.iter().all(|field| !line[field].is_null()), "{line}");
    assert_eq!((&line["state"], &line["attempts"], &line["file"]), (&json!("done"), &json!(1), &json!("film.mp4")));
}

#[test]
fn a_fresh_ledger_has_no_history_and_needs_no_key() {
    let world = World::new();
    let run = world.j2v_with(&[("J2V_API_KEY", "")], "history").exits(0);
    assert_eq!(run.lines().len(), 1, "the headings alone: {run:?}");
    world.j2v_with(&[("J2V_API_KEY", "")], "history --json").exits(0).prints(&[]);
}

#[test]
fn show_tells_every_attempt_in_the_order_of_time() {
    let world = World::with_faults(&["post-credits*1", "post-reset-before*1"]);
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key L-1 --quarantine 0s").exits(5);
    world.j2v("submit a.json --key L-1 --settle-for 0s").exits(8);
    world.j2v("settle L-1 --resubmit").exits(0);
    world.j2v("poll L-1").exits(0);
    let shown = world.j2v("show L-1 --json").exits(0).json();
    let story = shown["story"].as_array().unwrap();
    let events: Vec<&str> = story.iter().map(|event| event["event"].as_str().unwrap()).collect();
    let expected = "created claimed refused reopened claimed lost held resubmitted claimed accepted seen";
    assert!(events.join(" ").starts_with(expected), "{events:?}");
    assert!(story.is_sorted_by_key(|event| event["at"].as_str().unwrap().to_owned()));
    assert_eq!(shown["attempts"], 3);
    let told = world.j2v("show L-1").exits(0);
    let place = |word: &str| told.stdout.find(word).unwrap_or_else(|| panic!("no `{word}` in {}", told.stdout));
    assert!(
        place("Insufficient credits") < place("lost") && place("lost") < place("by a person") && place("by a person") < place("accepted ")
    );
}

#[test]
fn show_finds_a_render_by_project_and_tells_what_was_sent_and_came_back() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key L-1").exits(0);
    world.j2v("poll L-1").exits(0);
    let shown = world.run(&["show", project.line(), "--json"]).exits(0).json();
    assert_eq!(shown["token"], world.accepted_fields("token")[0]);
    assert_eq!(shown["report"]["status"], "done");
    let sent: serde_json::Value = serde_json::from_str(shown["body"].as_str().unwrap()).unwrap();
    assert_eq!(sent, serde_json::from_slice::<serde_json::Value>(&world.read("a.json")).unwrap());
    let told = world.run(&["show", project.line()]).exits(0);
    assert!(told.stdout.contains(project.line()) && told.stdout.contains("listing_id"), "{told:?}");
}

#[test]
fn show_of_a_stranger_says_where_to_look() {
    let world = World::new();
    let run = world.j2v("show L-9").exits(6).prints(&[]);
    assert_eq!(run.next(), ["j2v history"]);
}

#[test]
fn history_can_be_filtered_cut_short_and_summed_up() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({"outcome": "error", "message": "no"}));
    world.j2v("submit a.json --key one --wait").exits(0);
    world.j2v("submit b.json --key two --wait").exits(9);
    let keys = |line: &str| -> Vec<String> {
        world.j2v(line).exits(0).jsons().iter().map(|render| render["key"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(keys("history --json"), ["two", "one"]);
    assert_eq!(keys("history --json --state done"), ["one"]);
    assert_eq!(keys("history --json --state done --state error"), ["two", "one"]);
    assert_eq!(keys("history --json --limit 1"), ["two"]);
    assert_eq!(keys("history --json --since 1h --batch submit"), ["two", "one"]);
    assert!(world.j2v("history --json --batch flats").exits(0).stdout.is_empty());
    assert!(world.j2v("history --json --since 2999-01-01").exits(0).stdout.is_empty());
    world.j2v("history --state finished").exits(2).tells("one of: intent, ");
    world.j2v("history --sum --since 2999-01-01").exits(0).prints(&["0 renders, 0 credits, 0 s of video"]);
    assert_eq!(world.j2v("history --sum --json").exits(0).json(), json!({"renders": 2, "credits": 2.0, "duration": 2.0, "unknown": 0}));
    world.j2v("history --sum").exits(0).prints(&["2 renders, 2 credits, 2 s of video"]);
}
