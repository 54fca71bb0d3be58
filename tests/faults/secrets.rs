//! Rows 97 to 99: the key goes only to the API: not to another host, not to a command line, not to disk. (Every test of
//! this binary also looks for it in the output and in each file of its world.)

use std::fs;

use serde_json::json;

use crate::peer::{Peer, answer};
use crate::running::{Running, abreast, until};
use crate::support::{CANARY, World};

#[cfg(target_os = "linux")]
#[test]
fn row_97_no_process_shows_the_key_while_a_command_runs() {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": ["post-hang"] }));
    let running = Running::start(&world, "submit a.json --request-timeout 1s --wait");
    until("the movie is accepted", || world.accepted() == 1);
    let own = format!("/proc/{}", running.id());
    for file in ["cmdline", "comm", "maps"] {
        assert!(!holds_the_key(&format!("{own}/{file}")), "{file}");
    }
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    for process in processes.filter(|path| path.join("cmdline").exists()) {
        assert!(!holds_the_key(&format!("{}/cmdline", process.display())), "{}", process.display());
    }
    running.end().exits(0);
}

fn holds_the_key(path: &str) -> bool {
    fs::read(path).is_ok_and(|bytes| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes()))
}

#[test]
fn row_97_the_key_is_in_no_message_whatever_goes_wrong() {
    let faults = ["post-key", "post-reset", "post-html", "get-html*1", "list-html*1", "get-status=500*1", "file-html", "hostile", "error"];
    abreast(faults, |fault| {
        let world = World::new();
        world.movie("a.json", &json!({ "fault": [fault] }));
        world.j2v("submit a.json --key k --download out/ --settle-for 300ms");
        for line in ["history --json", "show k", "show k --json", "list --json", "poll k --json", "submit a.json --dry-run"] {
            world.j2v(line);
        }
    });
}

#[test]
fn row_98_a_redirect_takes_the_key_nowhere() {
    // The status, the list and the deletion of a service that redirects elsewhere.
    abreast([301, 302, 303, 307, 308], |status| {
        let elsewhere = Peer::answering(|_| answer("200 OK", "", "{}"));
        let location = format!("Location: http://{}/v2/movies\r\n", elsewhere.address());
        let api = Peer::answering(move |_| answer(&format!("{status} Moved"), &location, ""));
        let world = World::at(&format!("http://{}/v2", api.address()));
        world.movie("a.json", &json!({}));
        for line in
            ["submit a.json --key k --settle-for 100ms", "poll JkGxEoPRF9EgRb32 --timeout 100ms", "list", "delete --yes JkGxEoPRF9EgRb32"]
        {
            assert_ne!(world.j2v(line).code, 0, "{line}");
        }
        assert!(elsewhere.heard().is_empty(), "{status}: {:?}", elsewhere.heard());
        assert!(api.heard().iter().all(|request| request.contains(CANARY)), "the API itself gets it");
    });
}

#[test]
fn row_98_the_host_of_a_video_never_sees_the_key() {
    let elsewhere = Peer::answering(|_| answer("200 OK", "Content-Type: video/mp4\r\n", "\0\0\0\u{18}ftypisom\0\0\0\0isommp42"));
    let world = World::new();
    world.movie("a.json", &json!({ "fault": [format!("file-redirect=302:http://{}/v.mp4", elsewhere.address())] }));
    // Its size differs from the size that the service reported.
    world.j2v("submit a.json --download out/").exits(14).tells("damaged");
    let heard = elsewhere.heard().concat();
    assert!(heard.starts_with("GET /v.mp4 ") && !heard.contains(CANARY) && !heard.to_lowercase().contains("x-api-key"), "{heard}");
    assert_eq!(world.oracle()["keys"]["misplaced"], json!(null), "nor do the files of the service");
}

#[cfg(unix)]
#[test]
fn row_99_what_is_remembered_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --wait").exits(0);
    let folder = world.path("ledger.db").parent().unwrap().to_owned();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("ledger.db") {
            let mode = entry.metadata().unwrap().permissions().mode() & 0o077;
            assert_eq!(mode, 0, "{}: {mode:o}", entry.path().display());
        }
    }
}

#[test]
fn row_102_the_emulator_says_what_it_is() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    assert!(world.j2v("submit a.json").exits(0).line().starts_with("EMU"));
}
