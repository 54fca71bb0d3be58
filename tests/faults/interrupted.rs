//! Row 25: Ctrl-C and SIGTERM, once and twice, with a terminal and without. Whatever is running, the last message states
//! what was paid for and names the command that continues; that command finishes the job without a second POST.

use std::process::Stdio;

use rexpect::process::WaitStatus;
use rexpect::session::{Options, PtySession, spawn_with_options};
use serde_json::json;

use crate::peer::closed_address;
use crate::running::{Running, abreast, next_command, until};
use crate::support::{CANARY, Run, World};

/// Runs the command that an interrupted run printed; it must finish the job.
#[track_caller]
fn goes_on(world: &World, interrupted: &Run) -> Run {
    let resumed = world.j2v(next_command(interrupted)).exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
    resumed
}

#[test]
fn row_25_an_interruption_of_the_wait_names_the_project_and_the_way_on() {
    abreast(["INT", "TERM"], |signal| {
        let world = World::new();
        world.movie("a.json", &json!({ "render-time": "700ms" }));
        let running = Running::start(&world, "submit a.json --wait");
        running.until_it_tells("waiting for the render");
        running.signal(signal);
        let run = running.end().exits(130).tells("the render continues and will be charged");
        assert_eq!(run.stdout, "\n");
        assert!(goes_on(&world, &run).line().ends_with(".mp4"));
    });
}

#[test]
fn row_25_an_interruption_of_poll_names_the_way_on_for_each_render() {
    let world = World::new();
    for name in ["a.json", "b.json"] {
        world.movie(name, &json!({ "render-time": "1h" }));
    }
    world.j2v("submit a.json b.json").exits(0);
    let running = Running::start(&world, "poll");
    running.until_it_tells("waiting for the render");
    running.signal("INT");
    let run = running.end().exits(130);
    assert_eq!(run.stderr.matches("next: j2v poll EMU").count(), 2, "{}", run.stderr);
}

#[test]
fn row_25_a_post_that_is_out_gets_its_grace() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-slow=600ms"] }));
    let running = Running::start(&world, "submit a.json --wait");
    until("the POST is out", || world.requests("POST /v2/movies") == 1);
    running.signal("INT");
    running.until_it_tells("waiting 10 s more for the answer");
    let run = running.end().exits(130).tells("accepted as project EMU");
    goes_on(&world, &run);
}

#[test]
fn row_25_a_second_interruption_leaves_a_post_behind_that_is_found_again() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-hang"] }));
    let running = Running::start(&world, "submit a.json --key k --json");
    until("the movie is accepted", || world.accepted() == 1);
    running.signal("INT");
    running.until_it_tells("`j2v settle k`");
    running.signal("INT");
    let run = running.end().exits(130).tells("the movie may have been accepted").tells("next: j2v settle k");
    assert_eq!((&run.json()["status"], &run.json()["next"][0]), (&json!("unknown"), &json!("j2v settle k")));
    assert!(world.j2v("settle k").exits(0).line().starts_with("EMU"));
    world.j2v("submit a.json --key k --wait").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_25_after_an_interruption_no_further_movie_is_sent() {
    let world = World::new();
    let names: Vec<String> = (0..6).map(|number| format!("{number}.json")).collect();
    for name in &names {
        world.movie(name, &json!({ "fault": ["post-slow=500ms"] }));
    }
    let running = Running::start(&world, &format!("submit {}", names.join(" ")));
    until("four are out", || world.requests("POST /v2/movies") == 4);
    running.signal("INT");
    let run = running.end().exits(130).tells("nothing was sent");
    assert_eq!(run.lines().iter().filter(|line| line.starts_with("EMU")).count(), 4, "{run:?}");
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (4, 4));
}

#[test]
fn row_25_an_interruption_of_the_search_for_a_lost_answer_names_the_way_on() {
    let world = World::with_faults(&["list-hang*1"]);
    world.movie("a.json", &json!({ "fault": ["post-reset"] }));
    let running = Running::start(&world, "submit a.json --key k");
    until("it is looked for", || world.requests("GET /v2/movies") == 1);
    running.signal("INT");
    running.end().exits(130).tells("the movie may have been accepted").tells("next: j2v settle k");
    assert!(world.j2v("settle k").exits(0).line().starts_with("EMU"));
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_25_an_interruption_of_a_status_that_hangs_is_heard() {
    let world = World::with_faults(&["get-hang*1"]);
    world.movie("a.json", &json!({}));
    let running = Running::start(&world, "submit a.json --wait");
    until("the status was asked", || world.requests("GET /v2/movies") == 1);
    running.signal("TERM");
    goes_on(&world, &running.end().exits(130));
}

#[test]
fn row_25_an_interruption_between_refused_connections_sends_nothing() {
    let world = World::at(&format!("http://{}/v2", closed_address()));
    world.movie("a.json", &json!({}));
    let running = Running::start(&world, "submit a.json --key k --wait");
    running.until_it_tells("trying again");
    running.signal("INT");
    let run = running.end().exits(130).tells("nothing was sent");
    assert_eq!(run.stdout, "\n");
    assert_eq!(world.j2v("history --json").json()["state"], "intent");
}

#[test]
fn row_25_an_interrupted_download_goes_on_where_it_was() {
    abreast(["INT", "TERM"], |signal| {
        let world = World::new();
        world.movie("a.json", &json!({ "fault": ["file-slow=400*1"] }));
        let running = Running::start(&world, "submit a.json --download out/");
        until("the video is on its way", || world.oracle()["requests"].to_string().contains("/files/"));
        running.signal(signal);
        let run = running.end().exits(130).tells("the video is not saved yet");
        let video = world.read(goes_on(&world, &run).line());
        assert_eq!(&video[4..8], b"ftyp");
    });
}

/// A command on its own terminal.
fn on_a_terminal(world: &World, line: &str) -> PtySession {
    let mut command = world.command(&line.split_whitespace().collect::<Vec<_>>());
    command.env("TERM", "xterm").stdin(Stdio::inherit()).stdout(Stdio::inherit()).stderr(Stdio::inherit());
    let options = Options::new().timeout_ms(Some(20_000));
    spawn_with_options(command, options).unwrap()
}

/// The exit of a command on a terminal, and the text on the terminal.
#[track_caller]
fn ended(mut session: PtySession) -> (i32, String) {
    let shown = session.exp_eof().unwrap();
    let WaitStatus::Exited(_, code) = session.process().wait().unwrap() else { panic!("no exit: {shown}") };
    assert!(!shown.contains(CANARY) && !shown.contains("panicked"), "{shown}");
    (code, shown)
}

#[test]
fn row_25_ctrl_c_on_a_terminal_leaves_it_clean_and_names_the_way_on() {
    let world = World::new();
    world.movie("a.json", &json!({ "render-time": "700ms" }));
    let mut session = on_a_terminal(&world, "submit a.json --wait");
    session.exp_string("rendering").unwrap();
    session.send_control('c').unwrap();
    let (code, shown) = ended(session);
    assert_eq!(code, 130, "{shown}");
    let next = shown.lines().rev().find_map(|line| line.split("j2v poll EMU").nth(1)).unwrap().trim().to_owned();
    world.j2v(&format!("poll EMU{next}")).exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_25_ctrl_c_on_a_terminal_while_a_video_comes_keeps_what_came() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["file-slow=400*1"] }));
    let mut session = on_a_terminal(&world, "submit a.json --key k --download out/");
    session.exp_string(" of ").unwrap();
    session.send_control('c').unwrap();
    let (code, shown) = ended(session);
    assert!(code == 130 && shown.contains("the video is not saved yet") && shown.contains("j2v download EMU"), "{shown}");
    world.j2v("download k -o out/").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn row_25_ctrl_c_on_a_terminal_between_refused_connections_sends_nothing() {
    let world = World::at(&format!("http://{}/v2", closed_address()));
    world.movie("a.json", &json!({}));
    let mut session = on_a_terminal(&world, "submit a.json --wait");
    session.exp_string("trying again").unwrap();
    session.send_control('c').unwrap();
    let (code, shown) = ended(session);
    assert!(code == 130 && shown.contains("nothing was sent"), "{shown}");
}

#[test]
fn row_25_ctrl_c_twice_on_a_terminal_leaves_at_once() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-hang"] }));
    let mut session = on_a_terminal(&world, "submit a.json --key k");
    until("the movie is accepted", || world.accepted() == 1);
    session.send_control('c').unwrap();
    session.exp_string("j2v settle k").unwrap();
    session.send_control('c').unwrap();
    let (code, shown) = ended(session);
    assert_eq!(code, 130, "{shown}");
    world.j2v("submit a.json --key k --wait").exits(0);
    assert_eq!((world.accepted(), world.requests("POST /v2/movies")), (1, 1));
}

#[test]
fn bars_are_drawn_on_a_terminal_and_nowhere_else() {
    let world = World::new();
    world.movie("a.json", &json!({ "render-time": "500ms" }));
    let (code, shown) = ended(on_a_terminal(&world, "submit a.json --wait"));
    assert!(code == 0 && shown.contains("rendering") && shown.contains("\u{1b}["), "{shown:?}");
    let (code, quiet) = ended(on_a_terminal(&world, "submit a.json --wait --quiet"));
    assert!(code == 0 && !quiet.contains("rendering"), "{quiet:?}");
    let plain = world.j2v("submit a.json --wait").exits(0);
    assert!(!plain.stderr.contains(['\u{1b}', '\r']), "{:?}", plain.stderr);
}

#[test]
fn row_96_words_of_the_server_move_no_cursor_on_a_terminal_or_off_it() {
    let world = World::with_faults(&["hostile"]);
    world.movie("a.json", &json!({ "outcome": "error" }));
    let plain = world.j2v("submit a.json --wait").exits(9).tells("click");
    assert!(plain.stderr.chars().all(|c| c == '\n' || (!c.is_control() && c != '\u{202e}')), "{:?}", plain.stderr);
    let (code, shown) = ended(on_a_terminal(&world, "submit a.json --wait"));
    assert_eq!(code, 9);
    for evil in ["\u{1b}[2J", "\u{1b}]8", "\u{7}", "\u{202e}", "\0", "\r\nj2v: all done"] {
        assert!(!shown.contains(evil), "{evil:?} in {shown:?}");
    }
    let json = world.j2v("poll --json").stdout;
    assert!(!json.contains('\u{1b}'), "{json:?}");
}

#[test]
fn a_file_is_deleted_at_a_terminal_only_after_a_yes() {
    let world = World::new();
    world.movie("a.json", &json!({ "render-time": "1ms" }));
    world.j2v("submit a.json --key L-1 --wait").exits(0);
    for (answer, deleted) in [("", false), ("n", false), ("y", true)] {
        let mut session = on_a_terminal(&world, "delete L-1");
        session.exp_string("[y/N]").unwrap();
        session.send_line(answer).unwrap();
        let (ended, shown) = ended(session);
        assert_eq!((ended, shown.contains("the file was deleted")), (0, deleted), "{answer}: {shown}");
    }
}
