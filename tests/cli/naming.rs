//! How a render is named (`contract.md#naming-a-render`): by project, key, generation and batch. Every `next:` line is
//! a command that works when it is typed.

use serde_json::json;

use crate::support::{Run, World};

const ROWS: &str = "--rows rows.csv --key id";

/// A movie with a variable, two rows for it, and the emulator's outcome of each render.
fn world_of(faults: &[&str], outcome: &serde_json::Value) -> World {
    let world = World::with_faults(faults);
    let movie = json!({
        "resolution": "sd",
        "client-data": {"emulator": outcome},
        "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{city}}"}]}],
    });
    world.write("flat.json", movie.to_string());
    rows(&world, "Rome");
    world
}

fn rows(world: &World, city: &str) {
    world.write("rows.csv", format!("id,city\n1,{city}\n2,Oslo\n"));
}

/// Runs a command as a shell would; the tests' words need no further shell syntax.
fn typed(world: &World, command: &str) -> Run {
    let words: Vec<String> = command.split_whitespace().skip(1).map(|word| word.trim_matches('\'').to_owned()).collect();
    world.run(&words)
}

/// Checks that each printed command exists and finds its subject.
#[track_caller]
fn every_next_works(world: &World, run: &Run) {
    assert!(!run.next().is_empty(), "{run:?}");
    for command in run.next() {
        assert!(command.starts_with("j2v "), "{command}");
        if command.contains("auth login") {
            continue; // It asks a person for the key.
        }
        let after = typed(world, command);
        assert_ne!((command, after.code), (command, 2), "{after:?}");
        assert!(!after.stderr.contains("no render of") && !after.stderr.contains("unexpected argument"), "{command}: {after:?}");
    }
}

#[test]
fn a_key_of_two_batches_is_refused_with_its_full_names_and_each_of_them_works() {
    let world = world_of(&[], &json!({}));
    for batch in ["flats", "houses"] {
        world.j2v(&format!("batch flat.json {ROWS} --batch {batch}")).exits(0);
    }
    for command in ["show 1", "poll 1", "explain 1", "settle 1", "download 1 -o out/", "delete 1 --yes", "webhook replay 1"] {
        let run = world.j2v(command).exits(2).prints(&[]).tells("`1` fits 2 renders").tells("flats/1 (done").tells("houses/1 (done");
        for next in run.next() {
            typed(&world, next).exits(0);
        }
    }
    let projects = |run: Run| run.jsons().iter().map(|line| line["project"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let one = projects(world.j2v("poll flats/1 --json").exits(0));
    assert_eq!(projects(world.j2v("poll 1 --batch flats --json").exits(0)), one);
    assert_eq!(projects(world.j2v("poll flats/1#1 --json").exits(0)), one);
    assert_ne!(projects(world.j2v("poll houses/1 --json").exits(0)), one);
    world.j2v("show flats/1#2").exits(6).tells("no render of `flats/1#2`");
    let batches: Vec<_> = world.j2v("history --json").exits(0).jsons().iter().map(|row| row["batch"].clone()).collect();
    assert_eq!(batches, ["houses", "houses", "flats", "flats"]);
    assert!(world.j2v("history").exits(0).lines()[0].contains("BATCH"));
}

#[test]
fn a_submission_without_a_batch_is_called_submit() {
    let world = world_of(&[], &json!({}));
    world.movie("a.json", &json!({}));
    let id = world.j2v("submit a.json --key 1").exits(0);
    world.j2v("show 1 --json").exits(0);
    world.j2v(&format!("batch flat.json {ROWS} --batch flats")).exits(0);
    world.j2v("show 1").exits(2).tells("submit/1");
    assert_eq!(world.j2v("show submit/1 --json").exits(0).json()["project"], json!(id.line()));
    assert_eq!(world.j2v("show 1 --batch submit --json").exits(0).json()["project"], json!(id.line()));
    world.j2v("show 2").exits(0);
}

#[test]
fn a_held_row_is_settled_by_the_command_that_names_it() {
    let world = world_of(&["post-reset-before*1"], &json!({}));
    let run = world.j2v(&format!("batch flat.json {ROWS} --batch flats --concurrency 1 --settle-for 0s --quarantine 0s")).exits(12);
    let settle = run.next().into_iter().find(|next| next.contains("--abandon")).map(str::to_owned).unwrap_or_default();
    assert_eq!(settle, "j2v settle flats/1 --abandon", "{run:?}");
    typed(&world, &settle).exits(0);
    world.j2v("batch --status flats").exits(0).tells("abandoned");
}

#[test]
fn a_key_or_a_file_that_begins_like_a_flag_is_spelled_so_that_it_is_none() {
    let world = World::new();
    world.movie("-dash.json", &json!({"outcome": "error", "message": "Movie duration cannot be zero"}));
    let run = world.run(&["submit", "./-dash.json", "--key=-5", "--wait"]).exits(9);
    assert_eq!(run.next(), ["j2v explain submit/-5", "j2v submit ./-dash.json --key=-5 --again"]);
    every_next_works(&world, &run);
}

#[test]
fn a_place_that_can_not_be_is_refused_before_the_wait() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.run(&["submit", "a.json", "--key", "k", "--download", ""]).exits(2).tells("the place is empty");
    assert_eq!(world.accepted(), 0);
    world.j2v("submit a.json --key k").exits(0);
    world.j2v("poll k --download no/such/film.mp4").exits(2).tells("its folder does not exist");
    world.run(&["poll", "k", "--download", ""]).exits(2).tells("the place is empty");
    world.j2v("download k -o -").exits(2).tells("`-` is not a place for a video");
    assert!(!world.has("-"));
}

#[test]
fn every_command_that_is_offered_works() {
    let failed = world_of(&[], &json!({"outcome": "error", "message": "Movie duration cannot be zero"}));
    failed.movie("a.json", &json!({"outcome": "error", "message": "Movie duration cannot be zero"}));
    let run = failed.j2v("submit a.json --key 1 --wait").exits(9);
    assert_eq!(run.next(), ["j2v explain 1", "j2v submit a.json --key 1 --again"]);
    every_next_works(&failed, &run);
    let run = failed.j2v(&format!("batch flat.json {ROWS} --batch flats")).exits(9);
    assert!(run.next().iter().any(|next| next.contains("--retry-failed")), "{run:?}");
    every_next_works(&failed, &run);
    // By now a batch has the key, too.
    every_next_works(&failed, &failed.j2v("submit a.json --key 1 --wait").exits(9));

    let wrong = World::with_faults(&["post-key"]);
    wrong.movie("a.json", &json!({}));
    let run = wrong.j2v("submit a.json --key k").exits(4);
    assert_eq!(run.next().first(), Some(&"j2v auth login"), "{run:?}");

    let gone = World::new();
    gone.movie("a.json", &json!({}));
    let id = gone.j2v("submit a.json --key k --wait --json").exits(0).json()["project"].as_str().unwrap().to_owned();
    gone.a_week_goes_by();
    let run = gone.j2v(&format!("download {id}")).exits(14).hides("next: j2v download");
    every_next_works(&gone, &run);

    let unheard = World::new();
    for command in ["show nobody", "poll nobody", "download nobody", "settle nobody", "delete nobody --yes"] {
        let before = unheard.requests("GET /v2/movies");
        let run = unheard.j2v(command).exits(6);
        assert_eq!(unheard.requests("GET /v2/movies"), before, "a name that is no project is not sent");
        every_next_works(&unheard, &run);
    }
}

#[test]
fn rows_of_another_table_that_join_a_batch_by_its_default_name_are_told_and_offered_a_batch_of_their_own() {
    let world = world_of(&[], &json!({}));
    world.j2v(&format!("batch flat.json {ROWS}")).exits(0).hides("was started with");
    world.j2v(&format!("batch flat.json {ROWS}")).exits(0).hides("was started with");
    world.write("others.csv", "id,city\n1,Bern\n2,Kyiv\n");
    let run = world.j2v("batch flat.json --rows others.csv --key id").exits(13).tells("was started with flat.json and rows.csv");
    let apart = run.next().into_iter().find(|next| next.contains("--batch flat-others")).unwrap().to_owned();
    typed(&world, &apart).exits(0);
    assert_eq!(world.accepted(), 4);
}

#[test]
fn what_the_ledger_does_not_know_the_service_is_asked() {
    let world = World::new();
    world.movie("a.json", &json!({"outcome": "error", "message": "Movie duration cannot be zero"}));
    let id = world.j2v("submit a.json --no-ledger --wait --json").exits(9).json()["project"].as_str().unwrap().to_owned();
    assert_eq!(world.j2v(&format!("show {id} --json")).exits(0).json()["status"], json!("error"));
    world.j2v(&format!("show {id}")).exits(0).tells("not in this ledger");
    assert!(world.j2v(&format!("explain {id}")).exits(0).stdout.contains("Movie duration cannot be zero"));
    assert_eq!(world.j2v("show EMU0000000000000").exits(6).tells("does not know this project").next(), ["j2v list"]);
}

#[test]
fn a_file_is_the_video_of_one_render_whatever_its_name_and_its_size() {
    let world = world_of(&[], &json!({}));
    let line = |batch: &str| format!("batch flat.json {ROWS} --batch {batch} --download videos/");
    world.j2v(&line("flats")).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    let theirs = world.read("videos/1.mp4");
    let run = world.j2v(&line("houses")).exits(14).prints(&["", ""]).tells("it is the video of flats/1");
    assert_eq!(world.read("videos/1.mp4"), theirs, "{run:?}");
    world.j2v(&line("flats")).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    world.j2v(&format!("{} --overwrite", line("houses"))).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    world.j2v(&line("flats")).exits(14).tells("it is the video of houses/1");
    assert_eq!(world.accepted(), 4);
}

/// The number of requests for a video.
fn downloads(world: &World) -> u64 {
    let requests = world.oracle()["requests"].as_object().unwrap().clone();
    requests.iter().filter(|(kind, _)| kind.contains("/files/")).filter_map(|(_, count)| count.as_u64()).sum()
}

#[test]
fn a_verified_file_is_not_fetched_again_and_is_enough_once_the_service_has_deleted_it() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --download videos/ --overwrite");
    world.j2v(&line).exits(0);
    let fetched = downloads(&world);
    world.j2v(&line).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    assert_eq!((fetched, downloads(&world)), (2, 2));
    world.a_week_goes_by();
    world.j2v(&line).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
}

#[test]
fn with_replace_the_folder_holds_one_right_video_a_row() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --download videos/ --replace");
    world.j2v(&line).exits(0);
    let before = world.j2v("show 1 --json").exits(0).json()["project"].as_str().unwrap().to_owned();
    rows(&world, "Paris");
    world.j2v(&format!("{line} --update")).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    let now = world.j2v("show 1 --json").exits(0).json()["project"].as_str().unwrap().to_owned();
    assert_ne!(before, now);
    assert_eq!(world.read("videos/1.mp4"), world.ask("GET", &format!("/files/{now}.mp4"), ""));
    assert_eq!(world.read("videos/old/1.mp4"), world.ask("GET", &format!("/files/{before}.mp4"), ""));
    assert_eq!(std::fs::read_dir(world.path("videos")).unwrap().count(), 3);
    world.j2v(&line).exits(0);
}

#[test]
fn with_replace_the_earlier_video_survives_a_run_that_was_interrupted() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --download videos/ --replace");
    world.j2v(&line).exits(0);
    let (first, second) = (world.read("videos/1.mp4"), world.read("videos/2.mp4"));
    // What a run leaves that is interrupted while it fetches the new video: both names, one file.
    std::fs::create_dir(world.path("videos/old")).unwrap();
    std::fs::hard_link(world.path("videos/1.mp4"), world.path("videos/old/1.mp4")).unwrap();
    rows(&world, "Paris");
    world.j2v(&format!("{line} --update")).exits(0);
    assert_eq!(world.read("videos/old/1.mp4"), first);
    assert_ne!(world.read("videos/1.mp4"), first);
    assert_eq!(world.read("videos/2.mp4"), second);
}

#[test]
fn with_replace_a_file_of_the_users_own_keeps_its_name() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --download videos/ --replace");
    world.j2v(&line).exits(0);
    let first = world.read("videos/1.mp4");
    std::fs::create_dir(world.path("videos/old")).unwrap();
    world.write("videos/old/1.mp4", "my own");
    rows(&world, "Paris");
    world.j2v(&format!("{line} --update")).exits(12).tells("old/1.mp4 already exists: move it away");
    assert_eq!((world.read("videos/old/1.mp4"), world.read("videos/1.mp4")), (b"my own".to_vec(), first.clone()));
    std::fs::remove_file(world.path("videos/old/1.mp4")).unwrap();
    world.j2v(&line).exits(0);
    assert_eq!(world.read("videos/old/1.mp4"), first);
}

#[test]
fn a_batch_that_is_saved_by_a_later_emulator_asks_it_where_the_videos_are() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --emulate");
    world.j2v(&line).exits(0);
    world.j2v(&format!("{line} --download videos/")).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
}

#[test]
fn an_edit_that_is_taken_back_names_the_earlier_video_and_costs_nothing() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --download videos/ --update");
    world.j2v(&line).exits(0);
    rows(&world, "Paris");
    world.j2v(&line).exits(0).prints(&["videos/1-2.mp4", "videos/2.mp4"]);
    rows(&world, "Rome");
    for _ in 0..2 {
        world.j2v(&line).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    }
    assert_eq!(world.accepted(), 3);
}

#[test]
fn a_paid_render_of_a_row_that_left_the_table_is_named_with_the_command_that_saves_it() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS}");
    world.j2v(&format!("{line} --no-wait")).exits(0);
    world.write("rows.csv", "id,city\n2,Oslo\n");
    let run = world.j2v(&format!("{line} --download videos/")).exits(0).prints(&["videos/2.mp4"]);
    let run = run.tells("the batch has 1 render of rows that are not in the table");
    assert_eq!(run.next(), ["j2v poll --batch flat --download videos/"]);
    typed(&world, run.next()[0]).exits(0);
    assert_eq!(std::fs::read_dir(world.path("videos")).unwrap().count(), 2);
    world.j2v(&format!("{line} --download videos/")).exits(0).hides("not in the table");
}

#[test]
fn an_update_that_was_queued_and_taken_back_is_not_paid_for() {
    let world = world_of(&[], &json!({}));
    let line = format!("batch flat.json {ROWS} --download videos/");
    world.j2v(&line).exits(0);
    rows(&world, "Paris");
    world.j2v(&format!("{line} --update --max-credits 0")).exits(12).tells("--max-credits 0 is reached");
    rows(&world, "Rome");
    for rule in ["", " --keep", " --update"] {
        world.j2v(&format!("{line}{rule} --max-credits 100")).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
        assert_eq!(world.accepted(), 2, "{rule}");
    }
    rows(&world, "Paris");
    world.j2v(&format!("{line} --keep --max-credits 100")).exits(0).prints(&["videos/1.mp4", "videos/2.mp4"]);
    assert_eq!(world.accepted(), 2);
    world.j2v(&format!("{line} --update --max-credits 100")).exits(0).prints(&["videos/1-2.mp4", "videos/2.mp4"]);
    assert_eq!(world.accepted(), 3);
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let id = world.j2v("submit a.json --key k --wait --json").exits(0).json()["project"].as_str().unwrap().to_owned();
    let run = world.j2v("delete k").exits(2).prints(&[]).tells("--yes");
    world.pipe(&["delete", "-"], &format!("{id}\n")).exits(2);
    world.j2v("delete k --dry-run").exits(0).prints(&[&id]);
    world.j2v(&format!("download {id} -o one/")).exits(0);
    assert_eq!(run.next(), ["j2v delete k --yes"]);
    typed(&world, run.next()[0]).exits(0).prints(&[&id]);
}

#[test]
fn a_video_that_is_deleted_on_the_server_is_copied_from_where_it_was_saved() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --download one/").exits(0);
    world.j2v("delete k --yes").exits(0);
    let run = world.j2v("download k -o two/").exits(0);
    assert!(run.line().starts_with("two/") && world.has(run.line()), "{run:?}");
}

#[test]
fn a_single_render_that_was_put_back_into_the_ledger_is_rendered_again_by_submit() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --wait").exits(0);
    let lost: String = rusqlite::Connection::open(world.path("ledger.db"))
        .and_then(|ledger| ledger.query_row("SELECT name FROM ledger", [], |row| row.get(0)))
        .unwrap();
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        std::fs::remove_file(world.path(file)).ok();
    }
    world.j2v(&format!("reconcile --fix --adopt-from {lost}")).exits(0);
    world.j2v("delete k --yes").exits(0);
    let run = world.j2v("poll k").exits(14).tells("--again renders it again");
    assert_eq!(run.next(), ["j2v submit - --key k --again"]);
}

#[test]
fn a_submission_without_a_key_whose_project_was_never_shown_is_attached_to() {
    let world = World::with(|settings| settings.render_time = std::time::Duration::from_secs(3600));
    world.movie("a.json", &json!({"fault": ["post-hang*1"]}));
    world.crash("submit a.json");
    // Another command finds it meanwhile.
    world.j2v("list").exits(0).tells("found again");
    let id = world.j2v("submit a.json").exits(0).tells("attached to the render").line().to_owned();
    assert_eq!(world.accepted_fields("project"), [id.as_str()]);
    let other = world.j2v("submit a.json").exits(0).tells("already rendering as");
    assert_ne!(other.line(), id, "it was shown: the next one is another render");
    assert_eq!(world.accepted(), 2);
}

/// Checks that a name of two renders acts on neither, and that each of the names that it is given stands for one of them.
#[track_caller]
fn is_refused_for_names_that_fit(world: &World, name: &str, projects: [&str; 2]) {
    for command in ["show", "poll", "explain", "settle", "download -o out/", "delete --yes"] {
        let run = world.j2v(&format!("{command} {name}")).exits(2).prints(&[]).tells(&format!("`{name}` fits 2 renders"));
        let shown: Vec<String> = run
            .next()
            .into_iter()
            .map(|next| typed(world, &format!("{next} --json")).exits(0).json()["project"].as_str().unwrap().to_owned())
            .collect();
        assert!(shown.len() == 2 && projects.iter().all(|project| shown.iter().any(|shown| shown == project)), "{command}: {run:?}");
    }
    assert_eq!(world.requests("DELETE /v2/movies"), 0);
}

#[test]
fn a_key_that_ends_like_a_generation_is_never_taken_for_one() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key q --wait").exits(0);
    let second = world.j2v("submit a.json --key q --again").exits(0).line().to_owned();
    world.j2v("poll q#2").exits(0);
    let literal = world.j2v("submit a.json --key q#2").exits(0).line().to_owned();
    is_refused_for_names_that_fit(&world, "q#2", [&second, &literal]);
    assert_eq!(world.j2v("show q --json").exits(0).json()["project"], json!(second));
}

#[test]
fn a_key_that_is_the_project_of_another_render_is_never_taken_for_it() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key k").exits(0).line().to_owned();
    let other = world.j2v(&format!("submit a.json --key {project}")).exits(0).line().to_owned();
    is_refused_for_names_that_fit(&world, &project, [&project, &other]);
}

#[test]
fn a_key_with_a_slash_is_never_taken_for_a_row_of_a_batch() {
    let world = world_of(&[], &json!({}));
    world.movie("a.json", &json!({}));
    world.j2v(&format!("batch flat.json {ROWS} --batch flats")).exits(0);
    let row = world.j2v("show flats/1 --json").exits(0).json()["project"].as_str().unwrap().to_owned();
    let single = world.j2v("submit a.json --key flats/1").exits(0).line().to_owned();
    is_refused_for_names_that_fit(&world, "flats/1", [&row, &single]);
}

#[test]
fn a_key_of_the_history_names_the_render_of_its_line() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key q --wait").exits(0);
    world.j2v("submit a.json --key q --again --wait").exits(0);
    world.j2v("submit a.json --key r --wait").exits(0);
    let history = world.j2v("history").exits(0);
    let lines: Vec<Vec<&str>> = history.lines().iter().skip(1).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines.iter().map(|words| words[1]).collect::<Vec<_>>(), ["r", "q#2", "q#1"]);
    for words in &lines {
        assert_eq!(world.j2v(&format!("show {} --json", words[1])).exits(0).json()["project"], json!(words[3]), "{history:?}");
    }
}
