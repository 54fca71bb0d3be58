//! The content of stdout and of stderr: every line of `contract.md#output`.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Run, World};

/// The fields of a line of `--json`, in their order.
const FIELDS: [&str; 15] = [
    "project",
    "status",
    "url",
    "file",
    "message",
    "duration",
    "size",
    "width",
    "height",
    "rendering_time",
    "client-data",
    "source",
    "key",
    "credits",
    "next",
];

#[test]
fn stdout_has_one_line_per_argument_in_their_order_and_an_empty_one_for_none() {
    let world = World::new();
    world.movie("slow.json", &json!({"render-time": "500ms"}));
    world.movie("bad.json", &json!({"outcome": "error"}));
    world.movie("quick.json", &json!({"render-time": "50ms"}));
    world.write("cut.json", "{");
    let run = world.j2v("submit slow.json cut.json bad.json quick.json --wait").exits(12);
    let shown: Vec<Value> = world.j2v("history --json").jsons();
    let url = |source: &str| shown.iter().find(|line| line["source"] == source).unwrap()["url"].as_str().unwrap_or_default();
    assert_eq!(run.lines(), [url("slow.json"), "", "", url("quick.json")]);
    let ids: Vec<&str> = shown.iter().map(|line| line["project"].as_str().unwrap()).collect();
    let polled = world.run(&["poll", ids[0], ids[1], ids[2]]);
    assert_eq!(polled.lines().len(), 3);
    assert_eq!(polled.lines()[1], shown[1]["url"].as_str().unwrap_or_default());
}

#[test]
fn a_line_of_json_has_exactly_these_fields_in_this_order() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    for command in ["submit a.json", "submit a.json --wait", "submit a.json --download film.mp4", "list"] {
        let run = world.j2v(&format!("{command} --json")).exits(0);
        for line in run.jsons() {
            let fields: Vec<&String> = line.as_object().unwrap().keys().collect();
            let more: &[&str] = if command == "list" { &["created_at", "ended_at", "kept_until"] } else { &[] };
            assert_eq!(fields, [FIELDS.as_slice(), more].concat(), "{command}");
        }
    }
}

#[test]
fn a_line_of_json_comes_when_its_outcome_is_known() {
    let world = World::new();
    world.movie("slow.json", &json!({"render-time": "500ms"}));
    world.movie("quick.json", &json!({"render-time": "1ms"}));
    world.write("cut.json", "{");
    let lines = world.j2v("submit slow.json quick.json cut.json --wait --json").exits(12).jsons();
    assert_eq!(lines.iter().map(|line| &line["source"]).collect::<Vec<_>>(), ["cut.json", "quick.json", "slow.json"]);
}

#[test]
fn a_finished_render_is_described_in_full() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let line = world.j2v("submit a.json --key L-1 --download film.mp4 --json").exits(0).json();
    let project = line["project"].as_str().unwrap();
    assert_eq!(line["url"], format!("{}/files/{project}.mp4", world.url().trim_end_matches("/v2")));
    assert_eq!((&line["status"], &line["file"], &line["message"]), (&json!("done"), &json!("film.mp4"), &json!(null)));
    assert_eq!((&line["duration"], &line["width"], &line["height"]), (&json!(2), &json!(640), &json!(480)));
    assert_eq!(line["size"], world.read("film.mp4").len());
    assert_eq!(line["rendering_time"], json!(0.2));
    assert_eq!((&line["source"], &line["key"]), (&json!("a.json"), &json!("L-1")));
}

#[test]
fn client_data_comes_back_without_the_token() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let sent: Value = serde_json::from_slice(&world.read("a.json")).unwrap();
    let project = world.j2v("submit a.json").exits(0);
    for command in [format!("poll {} --json", project.line()), "list --json".to_owned()] {
        let line = world.j2v(&command).exits(0).json();
        assert_eq!(line["client-data"].to_string(), sent["client-data"].to_string(), "{command}");
    }
    world.write("plain.json", r#"{"scenes": [{"duration": 2}]}"#);
    let line = world.j2v("submit plain.json --wait --json").exits(0).json();
    assert_eq!(line["client-data"], json!({}));
}

fn status(world: &World, command: &str, code: i32) -> String {
    let line = world.j2v(&format!("{command} --json")).exits(code).json();
    line["status"].as_str().unwrap().to_owned()
}

#[test]
fn every_status_of_a_render_has_its_word() {
    let world = World::new();
    let scripted = |name: &str, script: &Value| world.movie(name, script);
    scripted("a.json", &json!({}));
    scripted("slow.json", &json!({"render-time": "1h"}));
    scripted("queued.json", &json!({"status": ["pending"]}));
    scripted("failing.json", &json!({"outcome": "error"}));
    scripted("late.json", &json!({"outcome": "timeout"}));
    world.write("cut.json", "[");
    assert_eq!(status(&world, "submit a.json --key a", 0), "submitted");
    assert_eq!(status(&world, "poll a", 0), "done");
    assert_eq!(status(&world, "submit failing.json --wait", 9), "error");
    assert_eq!(status(&world, "submit late.json --wait", 10), "timeout");
    assert_eq!(status(&world, "submit slow.json --key slow --wait --timeout 0s", 11), "waiting");
    assert_eq!(status(&world, "submit queued.json --key queued", 0), "submitted");
    assert_eq!(status(&world, "poll queued --once", 11), "pending");
    assert_eq!(status(&world, "submit cut.json", 3), "invalid");
    assert_eq!(status(&world, "poll EMU0000000000000", 6), "refused");
    world.j2v("delete --yes a").exits(0);
    assert_eq!(status(&world, "poll a", 14), "deleted");
    let running = World::new();
    running.movie("a.json", &json!({"status": ["running"]}));
    running.j2v("submit a.json --key a").exits(0);
    assert_eq!(status(&running, "poll a --once", 11), "running");
    running.movie("old.json", &json!({}));
    running.j2v("submit old.json --key old").exits(0);
    running.a_week_goes_by();
    assert_eq!(status(&running, "poll old", 14), "expired");
}

#[test]
fn every_status_of_a_submission_has_its_word() {
    let faults = ["post-key*1", "post-credits*1", "post-429=700*1", "post-refuse=No*1", "post-reset-before*2"];
    let world = World::with_faults(&faults);
    world.movie("a.json", &json!({}));
    assert_eq!(status(&world, "submit a.json", 4), "unsent");
    assert_eq!(status(&world, "submit a.json", 5), "unsent");
    assert_eq!(status(&world, "submit a.json", 7), "unsent");
    assert_eq!(status(&world, "submit a.json", 6), "refused");
    assert_eq!(status(&world, "submit a.json --key lost --settle-for 0s", 8), "unknown");
    assert_eq!(status(&world, "submit a.json --key held --settle-for 0s --quarantine 0s", 8), "held");
    assert_eq!(status(&world, "settle held --abandon", 0), "abandoned");
    assert_eq!(status(&world, "submit a.json --key held", 8), "abandoned");
    let other = World::new();
    other.movie("a.json", &json!({}));
    other.movie("b.json", &json!({}));
    other.j2v("submit a.json --key k").exits(0);
    assert_eq!(status(&other, "submit b.json --key k", 13), "unsent");
}

#[test]
fn a_run_that_can_not_begin_still_has_a_line_for_every_movie() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({}));
    let nobody = [("J2V_API_KEY", "")];
    let run = world.j2v_with(&nobody, "submit a.json b.json").exits(4).prints(&["", ""]);
    assert_eq!(run.stderr.matches("there is no API key").count(), 1, "{run:?}");
    let lines = world.j2v_with(&nobody, "submit a.json b.json --json").exits(4).jsons();
    assert_eq!(lines.iter().map(|line| &line["status"]).collect::<Vec<_>>(), ["unsent", "unsent"]);
    assert_eq!(lines.iter().map(|line| &line["source"]).collect::<Vec<_>>(), ["a.json", "b.json"]);
}

#[test]
fn the_project_id_is_told_before_the_waiting_begins() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --wait").exits(0);
    let project = &world.accepted_fields("project")[0];
    let lines: Vec<&str> = run.stderr.lines().collect();
    let accepted = lines.iter().position(|line| line.contains(&format!("accepted as project {project}"))).unwrap();
    let waiting = lines.iter().position(|line| line.contains("waiting")).unwrap();
    assert!(accepted < waiting, "{run:?}");
}

#[test]
fn quiet_drops_the_progress_only() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("bad.json", &json!({"outcome": "error", "message": "Scene #1 is upside down"}));
    let run = world.j2v("submit a.json --wait --quiet").exits(0);
    let run = run.tells("accepted as project").tells("deletes the file").hides("waiting").hides("running");
    assert!(run.line().starts_with("http"));
    world.j2v("submit bad.json --wait -q").exits(9).tells("Scene #1 is upside down").tells("next: ");
}

#[test]
fn colours_are_for_terminals_or_on_demand() {
    let world = World::new();
    let line = "show nobody";
    let plain = |run: Run| assert!(!run.exits(6).stderr.contains('\u{1b}'));
    let colored = |run: Run| assert!(run.exits(6).stderr.starts_with("\u{1b}["));
    plain(world.j2v(line));
    plain(world.j2v(&format!("{line} --color never")));
    plain(world.j2v_with(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], line));
    colored(world.j2v(&format!("{line} --color always")));
    colored(world.j2v_with(&[("NO_COLOR", "1")], &format!("{line} --color always")));
    colored(world.j2v_with(&[("CLICOLOR_FORCE", "1")], line));
}

#[test]
fn what_a_hostile_server_says_moves_no_cursor() {
    // Every run checks that stderr holds no control characters.
    let world = World::with_faults(&["hostile", "get-word=\u{1b}[2Jrunning", "post-refuse=\u{1b}[31mred\u{7}\r\n*1"]);
    world.movie("a.json", &json!({}));
    world.movie("bad.json", &json!({"outcome": "error"}));
    world.j2v("submit a.json").exits(6).tells("red");
    world.j2v("submit a.json --wait").exits(0);
    world.j2v("submit bad.json --wait").exits(9).tells("click");
    for command in ["list", "history"] {
        let run = world.j2v(command).exits(0);
        assert!(run.stdout.chars().all(|c| c == '\n' || !c.is_control()), "{run:?}");
    }
}

#[test]
fn at_done_it_says_until_when_the_service_keeps_the_file() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --key L-1 --wait").exits(0).tells("deletes the file after 7 days, at");
    let until = world.j2v("show L-1 --json").json()["kept_until"].as_str().unwrap().to_owned();
    assert!(run.stderr.contains(&until), "{run:?}");
    world.j2v("submit a.json --download film.mp4").exits(0).tells("deletes the file");
}

#[test]
fn a_render_that_still_runs_goes_on_and_will_be_charged_and_the_last_word_is_how_to_resume() {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1h"}));
    let run = world.j2v("submit a.json --wait --timeout 0s").exits(11).tells("continues").tells("will be charged").prints(&[""]);
    let resume = format!("next: j2v poll {}", world.accepted_fields("project")[0]);
    assert_eq!(run.stderr.lines().last(), Some(resume.as_str()));
}

#[test]
fn a_closed_pipe_is_no_reason_to_fail() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    for line in ["build a.json a.json a.json", "submit a.json --wait"] {
        let mut child = world.start(line);
        drop(child.stdout.take());
        Run::of(child).exits(0);
    }
    let mut command = world.command(&["history"]);
    Run::of(command.stdout(Stdio::null()).spawn().unwrap()).exits(0);
}

#[test]
#[cfg(target_os = "linux")]
fn data_that_is_lost_is_a_failure() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let into_nothing = |line: &str| {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = world.command(&line.split(' ').collect::<Vec<_>>());
        Run::of(command.stdout(full).spawn().unwrap()).exits(1).tells("error: stdout could not be written")
    };
    into_nothing("build a.json");
    into_nothing("submit a.json --key k");
    // What can't be had again for nothing is on stderr then, each line whole.
    let project = world.j2v("submit a.json --key k").exits(0).line().to_owned();
    let told = into_nothing("submit a.json --key k --wait --json -q");
    assert!(told.stderr.lines().any(|line| line.starts_with(&format!("{{\"project\":\"{project}\""))), "{told:?}");
    let told = into_nothing("poll k -q");
    assert!(told.stderr.lines().any(|line| line.starts_with("http://") && line.contains("/files/EMU")), "{told:?}");
}

#[test]
fn a_look_at_what_runs_says_that_it_goes_on() {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1h"}));
    world.j2v("submit a.json --key L-1").exits(0);
    world.j2v("poll L-1 --once --quiet").exits(11).tells("continues and will be charged").tells("next: j2v poll");
}

#[test]
fn on_a_narrow_terminal_a_bar_stays_on_its_line_and_the_data_is_whole() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let binary = env!("CARGO_BIN_EXE_j2v");
    let mut command = world.command(&[] as &[&str]);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("stty cols 40 rows 24; exec {binary} submit a.json --wait")]).current_dir(world.path("."));
    shell
        .env_clear()
        .envs(command.env("TERM", "xterm").env("PATH", "/usr/bin:/bin").get_envs().filter_map(|(name, value)| Some((name, value?))));
    let screen = rexpect::session::spawn_command(shell, Some(10_000)).unwrap().exp_eof().unwrap();
    let plain = screen.replace("\u{1b}[2K", "");
    let bars: Vec<&str> = plain.split(['\r', '\n']).filter(|line| line.contains("rendering") || line.contains("queued")).collect();
    assert!(!bars.is_empty(), "{screen:?}");
    assert!(bars.iter().all(|bar| bar.chars().filter(char::is_ascii).count() <= 40), "{bars:?}");
    assert!(plain.split("\r\n").any(|line| line.contains("/files/EMU")), "{screen:?}");
}

#[test]
fn on_a_narrow_terminal_the_line_of_a_finding_is_cut_around_its_place() {
    let world = World::new();
    let text = |times: usize| "long ".repeat(times);
    let movie = format!(
        r#"{{"resolution": "sd", "comment": "{}", "qualty": "high", "scenes": [{{"duration": 2, "comment": "{}"}}]}}"#,
        text(12),
        text(12)
    );
    world.write("a.json", movie);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("stty cols 60 rows 24; exec {} check a.json --color never", env!("CARGO_BIN_EXE_j2v"))]);
    shell.current_dir(world.path(".")).env_clear().env("TERM", "xterm").env("PATH", "/usr/bin:/bin").env("HOME", world.path("."));
    let screen = rexpect::session::spawn_command(shell, Some(10_000)).unwrap().exp_eof().unwrap();
    let shown = screen.split("\r\n").find(|line| line.starts_with("1 | ")).unwrap();
    assert!(shown.contains("\"qualty\"") && shown.chars().count() <= 60, "{screen}");
    let piped = world.j2v("check a.json").exits(0).stdout;
    assert!(piped.lines().any(|line| line.starts_with("1 | ") && line.len() > 100), "{piped}");
}

#[test]
fn a_warning_of_the_settings_is_told_once() {
    let world = World::new();
    let run = world.j2v_with(&[("JSON2VIDEO_API_KEY", "another")], "history").exits(0).tells("they differ");
    assert_eq!(run.stderr.lines().count(), 1);
}

#[test]
fn the_next_command_carries_the_flags_that_composed_the_movie() {
    let world = World::new();
    world.movie("a.json", &json!({"outcome": "error"}));
    let again = ["j2v explain L-1", "j2v submit a.json --var city=Berlin --key L-1 --again"];
    assert_eq!(world.j2v("submit a.json --var city=Berlin --key L-1 --wait").exits(9).next(), again);
    assert_eq!(world.j2v("poll L-1").exits(9).next(), again, "another command knows them, too");
    assert_eq!(
        world.j2v("submit a.json --var city=Rome --key L-1").exits(13).next()[1],
        "j2v submit a.json --var city=Rome --key L-1 --again"
    );
}

#[test]
fn the_next_command_saves_where_this_one_would_have() {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1h"}));
    let run = world.j2v("submit a.json --key L-1 --download videos/ --timeout 0s").exits(11);
    assert!(run.next()[0].ends_with("--download videos/"), "{run:?}");
}

#[test]
fn without_a_ledger_no_command_is_named_that_needs_one() {
    let world = World::with_faults(&["post-reset-before"]);
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --no-ledger --settle-for 0s").exits(8);
    assert_eq!(run.next(), ["j2v list --no-ledger"]);
}

#[test]
fn an_unknown_project_is_told_in_plain_words() {
    let world = World::new();
    let run = world.j2v("poll nobody --once").exits(6).hides("TypeError").hides("waiting for");
    assert_eq!(run.next(), ["j2v history"]);
}

#[test]
fn a_refusal_to_tell_says_that_the_render_goes_on() {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1h"}));
    world.j2v("submit a.json --key L-1").exits(0);
    world.j2v_with(&[("J2V_API_KEY", "wrong")], "poll L-1").exits(4).tells("continues and will be charged");
}

#[test]
fn whatever_refuses_a_movie_the_command_that_sends_it_is_named() {
    for (fault, code) in [("post-credits", 5), ("post-key", 4), ("post-429=700", 7), ("post-refuse=No", 6)] {
        let world = World::with_faults(&[fault]);
        world.movie("a.json", &json!({}));
        let first = match code {
            4 => Some("j2v auth login"),
            5 => Some("j2v auth status"),
            6 => Some("j2v explain L-1"),
            _ => None,
        };
        let expected: Vec<&str> = first.into_iter().chain(["j2v submit a.json --key L-1"]).collect();
        assert_eq!(world.j2v("submit a.json --key L-1").exits(code).next(), expected, "{fault}");
    }
}

#[test]
fn the_next_command_keeps_the_bound_on_money_and_what_was_asked_for() {
    let world = World::with_faults(&["post-refuse=nope*1"]);
    world.movie("a.json", &json!({}));
    let flags = "--key L-1 --max-credits 20 --wait --download x/ --on-unknown resubmit";
    let refused = world.j2v(&format!("submit a.json {flags}")).exits(6);
    let again = refused.next().into_iter().find(|next| next.contains("submit")).unwrap().to_owned();
    for flag in ["--max-credits 20", "--download x/", "--on-unknown resubmit"] {
        assert!(again.contains(flag), "{flag}: {again}");
    }
    world.movie("b.json", &json!({"other": true}));
    let other = world.j2v("submit b.json --key L-1 --max-credits 20").exits(13);
    assert!(other.next().iter().any(|next| next.contains("--again") && next.contains("--max-credits 20")), "{:?}", other.next());
}

#[test]
fn a_movie_over_the_bound_names_the_command_that_shows_why() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let refused = world.j2v("submit a.json --max-credits 1").exits(5);
    assert_eq!(refused.next(), ["j2v plan a.json"]);
}

#[test]
fn a_movie_that_can_not_be_read_is_not_counted_as_checked() {
    let world = World::new();
    world.j2v("check nothing.json").exits(2).tells("1 movie: 1 could not be read").hides("0 errors");
}

#[test]
fn the_emulator_inside_the_process_charges_nobody_and_says_so() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --emulate").exits(0).hides("charged");
    world.j2v("submit a.json").exits(0).tells("you will be charged for it");
}
