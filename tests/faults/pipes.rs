//! Closed streams and full disks: no panic, no lost render, the right exit code.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::{CANARY, Run, World};

/// Runs a shell line in which `j2v` is the real binary.
fn shell(world: &World, line: &str) -> Run {
    let j2v = world.command::<&str>(&[]);
    let mut command = Command::new("/bin/bash");
    command.arg("-c").arg(format!("j2v() {{ '{}' \"$@\"; }}; {line}", j2v.get_program().to_str().unwrap()));
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command.envs(j2v.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(j2v.get_current_dir().unwrap());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let run = Run::of(command.spawn().unwrap());
    assert!(!run.stderr.contains("anic") && !run.stdout.contains(CANARY), "{run:?}");
    run
}

#[test]
fn a_closed_pipe_on_stdout_ends_nothing_early() {
    let world = World::new();
    for name in ["a.json", "b.json"] {
        world.movie(name, &json!({}));
    }
    let run = shell(&world, "j2v submit a.json b.json --wait | true; echo ${PIPESTATUS[0]}");
    assert_eq!(run.line(), "0", "{run:?}");
    assert_eq!(world.accepted(), 2);
}

#[test]
fn a_closed_stderr_ends_nothing_early() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("broken.json", &json!({ "outcome": "error" }));
    let run = shell(&world, "j2v submit a.json --wait 2>&-");
    assert!(run.exits(0).line().ends_with(".mp4"));
    let run = shell(&world, "{ j2v submit a.json --wait 2>&1 >/dev/null; echo $? >code; } | true; cat code");
    assert_eq!(run.line(), "0", "{run:?}");
    shell(&world, "j2v submit broken.json --wait 2>&-").exits(9);
    assert_eq!(world.accepted(), 3);
}

#[test]
fn a_closed_stdout_ends_nothing_early() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = shell(&world, "j2v submit a.json --wait >&-");
    assert_eq!((run.code, world.accepted()), (0, 1), "{run:?}");
    let run = shell(&world, "j2v --help | true; j2v submit --help | head -1 >/dev/null; j2v history | true");
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn row_77_a_full_disk_at_the_durable_step_sends_nothing() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = shell(&world, "trap '' XFSZ; ulimit -f 8; j2v submit a.json").exits(1).tells("nothing was sent");
    assert_eq!((run.stdout.as_str(), world.requests("POST /v2/movies")), ("\n", 0));
}

#[test]
fn row_77_a_full_disk_under_a_video_is_told_and_leaves_no_half_video() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let url = world.j2v("submit a.json --wait").exits(0).line().to_owned();
    let project = url.rsplit('/').next().unwrap().trim_end_matches(".mp4");
    let run = shell(&world, &format!("trap '' XFSZ; ulimit -f 1; j2v download {project} --no-ledger -o film.mp4")).exits(14);
    run.tells("could not be written").tells("next: j2v download");
    assert!(!world.path("film.mp4").exists());
    world.j2v(&format!("download {project} -o film.mp4")).exits(0);
}

#[test]
fn a_full_disk_behind_stdout_loses_no_render() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = shell(&world, "j2v submit a.json --wait >/dev/full");
    assert!(run.stderr.contains("accepted as project EMU"), "{run:?}");
    assert_eq!(world.accepted(), 1);
}
