//! `j2v batch`: a table of rows, each rendered once, whatever happens in between.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Run, World};

const BATCH: &str = "batch flat.json --rows flats.jsonl --key id";

/// A movie with one variable, and a table of `rows` rows for it.
fn world_of(rows: usize) -> World {
    let world = World::new();
    movie(&world, 1);
    table(&world, rows, &[]);
    world
}

fn movie(world: &World, seconds: u32) {
    let text = format!(r#"{{"scenes":[{{"duration":{seconds},"elements":[{{"type":"text","text":"{{{{city}}}}"}}]}}]}}"#);
    world.write("flat.json", text);
}

/// Rows k0, k1, …; the rows in `moved` have another city.
fn table(world: &World, rows: usize, moved: &[usize]) {
    let city = |row: usize| if moved.contains(&row) { "Elsewhere" } else { "Berlin" };
    let line = |row: usize| format!("{{\"id\":\"k{row}\",\"city\":\"{} {row}\"}}\n", city(row));
    world.write("flats.jsonl", (0..rows).map(line).collect::<String>());
}

fn by_key(run: &Run) -> Vec<(String, String)> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let mut lines: Vec<_> = run.jsons().iter().map(|line| (text(line, "key"), text(line, "status"))).collect();
    lines.sort();
    lines
}

#[test]
fn a_row_is_a_line_and_a_video_under_its_key() {
    let world = world_of(12);
    let files: Vec<String> = (0..12).map(|row| format!("videos/k{row}.mp4")).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    for _ in 0..2 {
        world.j2v(&format!("{BATCH} --download videos/ --results results.csv")).exits(0).prints(&files).tells("12 rows: 12 done");
        assert_eq!(world.accepted(), 12);
        let results = String::from_utf8(world.read("results.csv")).unwrap();
        assert!(results.starts_with("row,key,project,status,url,file,message,length,size,credits,"), "{results}");
        assert_eq!(results.lines().count(), 13);
    }
    assert!(!world.has("results.csv.new"));
}

#[test]
fn without_waiting_the_projects_are_printed_and_the_next_run_waits() {
    let world = world_of(5);
    let sent = world.j2v(&format!("{BATCH} --no-wait")).exits(0).tells("accepted renders continue and will be charged");
    assert_eq!((sent.lines().len(), sent.next()), (5, vec![format!("j2v {BATCH}").as_str()]));
    let run = world.j2v(&format!("{BATCH} --json")).exits(0);
    let projects: BTreeSet<String> = run.jsons().iter().map(|line| line["project"].as_str().unwrap().to_owned()).collect();
    assert_eq!(projects, sent.lines().iter().map(|line| (*line).to_owned()).collect());
    assert_eq!(world.accepted(), 5);
}

#[test]
fn a_row_that_is_not_waited_for_has_its_client_data_and_the_command_that_follows_it() {
    let world = World::new();
    world.movie("flat.json", &json!({}));
    table(&world, 1, &[]);
    for line in
        [format!("{BATCH} --no-wait --client-data-columns city --json"), format!("{BATCH} --no-wait --client-data-columns city --json -q")]
    {
        let row = world.j2v(&line).exits(0).json();
        assert_eq!(row["client-data"], json!({"listing_id": "L-1", "emulator": {}, "city": "Berlin 0"}), "{row}");
        assert_eq!(
            (&row["status"], &row["next"]),
            (&json!("submitted"), &json!([format!("j2v poll {}", row["project"].as_str().unwrap())]))
        );
    }
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_quiet_batch_of_finished_rows_says_only_until_when_their_files_are_kept() {
    let world = world_of(2);
    let run = world.j2v(&format!("{BATCH} -q --results rows.csv")).exits(0).tells("the service deletes each file after 7 days");
    assert_eq!((run.lines().len(), run.stderr.lines().count()), (2, 1), "{run:?}");
}

#[test]
fn a_finished_batch_has_no_next_run_and_a_failed_row_has_one_that_renders_it() {
    let world = World::with_faults(&["error=Scene #1: too dark*1"]);
    movie(&world, 1);
    table(&world, 2, &[]);
    world.j2v(BATCH).exits(12);
    let retry = format!("j2v {BATCH} --retry-failed");
    assert_eq!(world.j2v("batch --status flat").exits(0).next(), [retry.as_str()]);
    movie(&world, 2);
    let keep = format!("j2v {BATCH} --keep --retry-failed");
    let asked = world.j2v(BATCH).exits(13);
    assert!(asked.next().contains(&keep.as_str()), "{asked:?}");
    world.j2v(keep.strip_prefix("j2v ").unwrap()).exits(0);
    assert_eq!((world.accepted(), world.j2v("batch --status flat").exits(0).next()), (3, vec![]));
}

#[test]
fn the_status_of_a_batch_that_was_not_waited_for_names_the_run_that_waits() {
    let world = world_of(2);
    world.j2v(&format!("{BATCH} --no-wait")).exits(0);
    assert_eq!(world.j2v("batch --status flat").exits(0).next(), [format!("j2v {BATCH}").as_str()]);
}

#[test]
fn a_changed_movie_stops_before_anything_is_sent_until_the_user_says_what_is_meant() {
    let world = world_of(12);
    world.j2v(BATCH).exits(0);
    movie(&world, 2);
    let asked = world.j2v(BATCH).exits(13).tells("the movie of this batch has changed").tells("12 of 12").tells("credits");
    assert_eq!(asked.next().len(), 2, "{asked:?}");
    assert_eq!(world.accepted(), 12);
    let kept = world.j2v(&format!("{BATCH} --keep --json")).exits(0).tells("the earlier render is kept");
    assert!(kept.jsons().iter().all(|line| line["status"] == "done"));
    assert_eq!(world.accepted(), 12);
    world.j2v(&format!("{BATCH} --update --download videos/")).exits(0);
    assert_eq!(world.accepted(), 24);
    assert!(world.has("videos/k0-2.mp4") && !world.has("videos/k0.mp4"));
}

#[test]
fn a_row_that_changed_is_named_and_left_and_many_of_them_stop_the_run() {
    let world = world_of(20);
    world.j2v(BATCH).exits(0);
    table(&world, 20, &[3]);
    world.j2v(BATCH).exits(0).tells("row 4 (key k3): it has changed").tells("--update");
    table(&world, 20, &[3, 4, 5]);
    world.j2v(BATCH).exits(13).tells("3 of 20").tells("row 4 (key k3)");
    assert_eq!(world.accepted(), 20);
    world.j2v(&format!("{BATCH} --update")).exits(0);
    assert_eq!(world.accepted(), 23);
    // Rows that are no longer in the table are ignored; new rows are sent.
    table(&world, 10, &[3, 4, 5]);
    world.j2v(BATCH).exits(0);
    assert_eq!(world.accepted(), 23);
}

#[test]
fn a_budget_stops_a_batch_and_a_larger_one_goes_on() {
    let world = world_of(10);
    let stopped = world.j2v(&format!("{BATCH} --max-renders 4 --json")).exits(12).tells("--max-renders 4 is reached");
    assert_eq!(by_key(&stopped).iter().filter(|(_, status)| status == "done").count(), 4);
    assert_eq!(stopped.jsons().len(), 10);
    world.j2v(BATCH).exits(12).tells("an earlier run set --max-renders 4");
    assert_eq!(world.accepted(), 4);
    world.j2v(&format!("{BATCH} --max-renders 100")).exits(0);
    assert_eq!(world.accepted(), 10);
}

#[test]
fn the_status_of_batches_comes_from_the_ledger_alone() {
    let world = World::with_faults(&["error=Scene #1: too dark*1"]);
    movie(&world, 1);
    table(&world, 6, &[]);
    world.j2v(BATCH).exits(12).tells("too dark").tells("6 rows: 5 done, 1 error");
    let requests = world.requests("GET /v2/movies");
    let all = world.j2v("batch --status").exits(0);
    assert!(all.lines()[0].starts_with("BATCH") && all.lines()[1].starts_with("flat "), "{all:?}");
    world.j2v("batch --status flat").exits(0).tells("too dark");
    let status = world.j2v("batch --status flat --json").exits(0).json();
    assert_eq!((&status["rows"], &status["done"], &status["failed"]), (&6.into(), &5.into(), &1.into()));
    world.j2v("batch --status houses").exits(2).tells("no batch called houses");
    assert_eq!(world.requests("GET /v2/movies"), requests);
    world.j2v(&format!("{BATCH} --retry-failed")).exits(0);
    assert_eq!(world.accepted(), 7);
}

#[test]
fn a_failed_row_that_was_repaired_is_rendered_again_without_a_question() {
    let world = World::with_faults(&["error=Scene #1: too dark*1"]);
    movie(&world, 1);
    table(&world, 6, &[]);
    let run = world.j2v(&format!("{BATCH} --json")).exits(12);
    let failed = by_key(&run).into_iter().find(|(_, status)| status == "error").map(|(key, _)| key).unwrap();
    table(&world, 6, &[failed.trim_start_matches('k').parse().unwrap()]);
    let asked = world.j2v(BATCH).exits(13);
    assert_eq!(asked.next().iter().filter(|next| next.contains("--retry-failed")).count(), 1, "{asked:?}");
    world.j2v(&format!("{BATCH} --retry-failed")).exits(0);
    assert_eq!(world.accepted(), 7);
}

#[test]
fn two_processes_on_one_batch_share_the_work() {
    let world = world_of(60);
    let both = [world.start(&format!("{BATCH} --json --concurrency 8")), world.start(&format!("{BATCH} --json --concurrency 8"))];
    for run in both.map(Run::of) {
        let run = run.exits(0);
        assert_eq!(by_key(&run).len(), 60);
        assert!(run.jsons().iter().all(|line| line["status"] == "done"), "{run:?}");
    }
    assert_eq!(world.accepted(), 60);
}

#[test]
fn an_interrupted_batch_says_how_to_go_on_and_goes_on() {
    let world = World::with(|settings| settings.render_time = Duration::from_secs(5));
    movie(&world, 1);
    table(&world, 40, &[]);
    let child = world.start(&format!("{BATCH} --json --rate 20/s"));
    while world.accepted() < 8 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let run = Run::of(child).exits(130).tells("interrupted");
    assert!(run.next().iter().any(|next| next.starts_with(&format!("j2v {BATCH}"))), "{run:?}");
    let sent = world.accepted();
    assert!(sent < 40);
    world.j2v(&format!("{BATCH} --no-wait")).exits(0);
    assert_eq!(world.accepted(), 40);
}

#[test]
fn what_cannot_be_a_batch_is_refused_before_anything_is_sent() {
    let world = world_of(2);
    world.j2v(&format!("{BATCH} --no-ledger")).exits(2).tells("--ledger");
    world.j2v(&format!("{BATCH} --batch submit")).exits(2).tells("--batch");
    world.j2v(&format!("{BATCH} --results results.txt")).exits(2).tells(".jsonl");
    world.j2v(&format!("{BATCH} --download videos/ --no-wait")).exits(2).tells("--no-wait");
    world.j2v(&format!("{BATCH} --update --keep")).exits(2);
    world.j2v("batch flat.json").exits(2).tells("--rows");
    assert_eq!(world.posts(), 0);
}

/// A user who sends a row of a batch again must not pay for it twice: with the batch's name, and with the scope of
/// `submit`.
#[test]
fn a_row_that_a_person_has_sent_again_is_sent_by_its_batch() {
    let world = World::with_faults(&["post-reset-before*1"]);
    movie(&world, 1);
    table(&world, 1, &[]);
    let lost = format!("{BATCH} --settle-for 300ms --quarantine 100ms");
    world.j2v(&lost).exits(8);
    let settled = world.j2v("settle k0 --resubmit").exits(7).tells("the next run of its batch");
    assert!(settled.next().iter().any(|next| next.starts_with(&format!("j2v {BATCH}"))), "{settled:?}");
    assert_eq!(world.accepted(), 0);
    world.j2v(BATCH).exits(0);
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_column_that_items_lack_or_a_joined_table_drops_is_told() {
    let world = World::new();
    movie(&world, 1);
    world.write("t.json", r#"[{"id": "a", "city": "x"}, {"id": "b"}]"#);
    world.write("rooms.csv", "id,Room Name\na,Bath\n");
    let run = world.j2v("batch flat.json --rows t.json --key id --join rooms.csv --on id --as rooms --dry-run").exits(0);
    assert!(!world.has("ledger.db"), "a dry run writes nothing");
    run.tells("t.json: item 2 has no `city`: it takes the movie's own value").tells("Room Name");
}

#[test]
fn a_row_whose_cost_has_no_upper_bound_is_not_sent_under_a_cap_and_says_why_and_what_bounds_it() {
    let world = World::new();
    let element = r#"{"type":"video","src":"https://a.example/tour.mp4","duration":"{{seconds}}"}"#;
    world.write("flat.json", format!(r#"{{"resolution":"hd","variables":{{"seconds":2}},"scenes":[{{"elements":[{element}]}}]}}"#));
    world.write("flats.jsonl", "{\"id\":\"a\",\"seconds\":3}\n{\"id\":\"b\",\"seconds\":-1}\n{\"id\":\"c\",\"seconds\":4}\n");
    let why =
        "its cost has no upper bound, and --max-credits allows 100: scene 1, element 1, video tour.mp4: the length of the asset is unknown";
    for dry in ["", " --dry-run"] {
        let run = world.j2v(&format!("{BATCH} --max-credits 100{dry}")).exits(5).tells(why).tells("flats.jsonl: item 2: ");
        run.tells("give the scene a `\"duration\"`").tells("1 of 3 rows can't be sent under --max-credits").tells("--skip-invalid");
    }
    assert_eq!(world.posts(), 0);
    let run = world.j2v(&format!("{BATCH} --max-credits 100 --skip-invalid --json")).exits(12);
    assert_eq!(by_key(&run), [("a", "done"), ("b", "invalid"), ("c", "done")].map(|(key, status)| (key.to_owned(), status.to_owned())));
    assert_eq!(world.posts(), 2, "only what has an upper bound was sent");
    world.j2v(&format!("{BATCH} --skip-invalid")).exits(12).tells("--max-credits allows 100");
    assert_eq!(world.posts(), 2, "the cap of an earlier run holds on");
}

#[test]
fn a_folder_of_movies_is_a_batch_and_a_second_run_continues_it() {
    let world = World::new();
    std::fs::create_dir(world.path("videos")).unwrap();
    for name in ["oak", "elm", "ash"] {
        world.movie(&format!("videos/{name}.json"), &json!({"render-time": "1ms"}));
    }
    world.j2v("batch videos --dry-run").exits(0).tells("3 movies: 3 to send (up to");
    assert_eq!(world.posts(), 0);
    let stopped = world.j2v("batch videos/ --max-renders 2 --no-wait").exits(12);
    assert_eq!(stopped.next(), ["j2v batch videos/ --no-wait --max-renders 3"]);
    assert_eq!(world.accepted(), 2);
    world.j2v("batch videos --max-renders 5 --download out/").exits(0);
    assert_eq!(world.accepted(), 3);
    for name in ["oak", "elm", "ash"] {
        assert!(world.has(&format!("out/{name}.mp4")), "{name}");
    }
    world.j2v("batch videos --download out/").exits(0);
    world.j2v("show videos/oak").exits(0);
    assert_eq!(world.accepted(), 3);
}

#[test]
fn a_broken_movie_of_a_folder_stops_the_batch_or_is_skipped() {
    let world = World::new();
    std::fs::create_dir(world.path("videos")).unwrap();
    world.movie("videos/good.json", &json!({"render-time": "1ms"}));
    world.write("videos/bad.json", "{");
    world.j2v("batch videos").exits(3).tells("bad.json:1").tells("1 of 2 movies can't be rendered; nothing was sent");
    assert_eq!(world.posts(), 0);
    world.j2v("batch videos --skip-invalid").exits(12);
    assert_eq!(world.accepted(), 1);
    world.j2v("batch videos/good.json").exits(2).tells("--rows TABLE is missing");
    world.j2v("batch videos/good.json --rows t.csv").exits(2).tells("--key COLUMN is missing");
}

#[test]
fn a_movie_of_a_folder_without_a_bound_is_refused_under_a_cap_only_while_it_would_be_sent() {
    let world = World::new();
    std::fs::create_dir(world.path("videos")).unwrap();
    world.movie("videos/short.json", &json!({"render-time": "1ms"}));
    world.write("videos/open.json", r#"{"resolution": "sd", "scenes": [{"elements": [{"type": "video", "src": "https://e.com/a.mp4"}]}]}"#);
    let refused = world.j2v("batch videos --max-credits 90").exits(5).tells("1 of 2 movies can't be rendered; nothing was sent");
    refused.tells("videos/open.json: its cost has no upper bound, and --max-credits allows 90");
    assert_eq!(world.posts(), 0);
    world.j2v("batch videos").exits(0);
    world.j2v("batch videos --max-credits 90").exits(0).hides("no upper bound");
    assert_eq!(world.accepted(), 2);
}

#[test]
fn rows_whose_file_is_gone_name_the_flag_that_renders_them_again() {
    let world = world_of(3);
    world.j2v(BATCH).exits(0);
    world.j2v("delete --yes flat/k0 flat/k1").exits(0);
    let gone = world.j2v(BATCH).exits(12);
    assert_eq!(gone.next(), [format!("j2v {BATCH} --retry-expired")]);
    assert_eq!(world.accepted(), 3);
    world.j2v(&format!("{BATCH} --retry-expired")).exits(0);
    assert_eq!(world.accepted(), 5);
    world.j2v(&format!("{BATCH} --retry-expired")).exits(0);
    assert_eq!(world.accepted(), 5);
}

#[test]
fn a_status_that_no_source_lists_is_told_once_for_each_render_of_a_batch() {
    let world = World::with(|settings| {
        settings.faults = vec!["get-word=polishing".parse().unwrap()];
        settings.render_time = Duration::from_secs(1);
    });
    movie(&world, 1);
    table(&world, 6, &[]);
    let run = world.j2v(BATCH).exits(0);
    assert_eq!(run.stderr.matches("unknown status `polishing`").count(), 6, "{}", run.stderr);
}

/// The rows that are saved already are done from the start: they are neither queued nor rendering.
#[test]
fn the_progress_of_an_update_counts_saved_rows_as_done() {
    let world = World::new();
    std::fs::create_dir(world.path("videos")).unwrap();
    for name in ["a", "b", "c"] {
        world.movie(&format!("videos/{name}.json"), &json!({"render-time": "1ms"}));
    }
    world.j2v("batch videos/ --download done/").exits(0).tells("3 rows: 3 done");
    world.movie("videos/c.json", &json!({"render-time": "7s"}));
    let run = world.j2v("batch videos/ --download done/ --update").exits(0).tells("3 rows: 3 done");
    run.tells("2 of 3 rows, 1 rendering, 2 done");
    assert_eq!(world.accepted(), 4);
}
