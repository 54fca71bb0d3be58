//! `faults.md#files-and-security`, rows 90 to 95 and 100: a video is saved whole and under the right name, or not at all.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use j2v::world::{Clock, Timestamp, World as Outside};
use serde_json::{Value, json};

use crate::peer::{Peer, answer, json as json_with};
use crate::running::{Running, abreast, until};
use crate::support::{Run, World};

/// A video saved in spite of these faults equals, byte for byte, the video without them.
#[track_caller]
fn arrives_whole(faults: &[&str]) -> World {
    let world = World::new();
    world.movie("a.json", &json!({ "fault": faults }));
    let run = world.j2v("submit a.json --download out/ --request-timeout 1s").exits(0);
    let clean = World::new();
    clean.movie("a.json", &json!({}));
    clean.j2v("submit a.json --download clean.mp4").exits(0);
    let (came, sent) = (world.read(run.line()), clean.read("clean.mp4"));
    assert!(came.len() == sent.len() && came[4..8] == *b"ftyp", "{faults:?}: {} of {} bytes", came.len(), sent.len());
    assert_eq!(files(&world, "out"), [run.line().rsplit('/').next().unwrap()], "nothing else is left");
    assert_eq!(world.accepted(), 1);
    world
}

fn json_answer(body: &Value) -> Vec<u8> {
    json_with("200 OK", body)
}

fn files(world: &World, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(world.path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A world with one finished render with the key `k`.
fn rendered(emulator: &Value) -> World {
    let world = World::new();
    world.movie("a.json", emulator);
    world.j2v("submit a.json --key k --wait").exits(0);
    world
}

fn project(world: &World) -> String {
    world.oracle()["accepted"][0]["project"].as_str().unwrap().to_owned()
}

#[test]
fn row_90_a_video_that_breaks_off_is_resumed_wherever_it_broke() {
    let breaks = ["truncate=0", "truncate=1", "truncate=8", "truncate=500", "reset=0", "reset=7", "reset=9", "reset=500"];
    abreast(breaks, |place| drop(arrives_whole(&[&format!("file-{place}*1")])));
    arrives_whole(&["file-truncate=100*1", "file-reset=50*1", "file-status=503*1"]);
}

#[test]
fn row_90_only_what_is_missing_of_the_same_version_is_asked_for() {
    let elsewhere = Peer::answering(|request| {
        let (etag, whole) = ("ETag: \"v1\"\r\n", "\0\0\0\u{18}ftypisom\0\0\0\0isommp42");
        let is_resumed = request.to_lowercase().contains("range: bytes=10-");
        if is_resumed {
            return answer("206 Partial Content", &format!("{etag}Content-Range: bytes 10-23/24\r\n"), &whole[10..]);
        }
        let mut broken = answer("200 OK", etag, whole);
        broken.truncate(broken.len() - 14);
        broken
    });
    let service = service("JkGxEoPRF9EgRb32", Some(&format!("http://{}/v.mp4", elsewhere.address())));
    let world = World::at(&format!("http://{}/v2", service.address()));
    world.movie("a.json", &json!({}));
    let run = world.j2v("submit a.json --download out/").exits(0);
    assert_eq!(world.read(run.line()), b"\0\0\0\x18ftypisom\0\0\0\0isommp42");
    let heard = elsewhere.heard();
    assert!(heard.len() == 2 && heard[1].to_lowercase().contains("if-range: \"v1\""), "{heard:?}");
}

#[test]
fn row_90_a_video_that_stalls_is_asked_for_again() {
    arrives_whole(&["file-hang*1"]);
}

#[test]
fn row_90_what_an_interrupted_run_fetched_is_not_fetched_again() {
    let world = rendered(&json!({ "fault": ["file-slow=400*1"] }));
    let running = Running::start(&world, "download k -o out/");
    until("something is there", || partial_length(&world) > 0);
    running.signal("KILL");
    running.end();
    let kept = partial_length(&world);
    assert!(kept > 0);
    world.j2v("download k -o out/").exits(0);
    let video = world.read(&format!("out/{}.mp4", project(&world)));
    assert_eq!(&video[4..8], b"ftyp");
}

fn partial_length(world: &World) -> u64 {
    fs::metadata(world.path(&format!("out/{}.mp4.partial", project(world)))).map_or(0, |found| found.len())
}

#[test]
fn row_91_another_version_of_the_file_is_begun_anew() {
    abreast(["file-416*1", "file-no-range", "file-etag"], |fault| drop(arrives_whole(&["file-truncate=300*1", fault])));
}

#[test]
fn row_92_an_address_that_expired_is_asked_for_anew() {
    arrives_whole(&["file-expired"]);
}

/// A clock that can be set back by a number of milliseconds.
struct SetBack(Arc<AtomicI64>);

impl Clock for SetBack {
    fn now(&self) -> Timestamp {
        Timestamp(Outside::real().now().0 - self.0.load(Ordering::Relaxed))
    }
}

#[test]
fn row_92_a_file_past_its_seven_days_is_expired_and_no_dead_url() {
    let back = Arc::new(AtomicI64::new(8 * 86_400_000));
    let clock = Arc::new(SetBack(Arc::clone(&back)));
    let world = World::with(|settings| settings.world = Outside { clock, ..Outside::real() });
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key k --wait").exits(0);
    back.store(0, Ordering::Relaxed);
    let run = world.j2v("poll k --json").exits(14).tells("deleted the file after its 7 days").tells("--again");
    assert_eq!((run.json()["status"].clone(), run.json()["url"].clone()), (json!("expired"), json!(null)));
    world.j2v("download k").exits(14);
    assert_eq!((world.accepted(), world.j2v("history --json").json()["state"].clone()), (1, json!("expired")));
}

#[test]
fn row_93_a_web_page_is_not_saved_as_a_video() {
    let world = rendered(&json!({ "fault": ["file-html"] }));
    world.j2v("download k -o out/").exits(14).tells("web page").tells("next: j2v download EMU");
    assert!(files(&world, "out").iter().all(|name| !name.ends_with(".mp4")), "{:?}", files(&world, "out"));
}

#[test]
fn row_94_a_file_in_the_way_stays_as_it_is() {
    let world = rendered(&json!({}));
    world.write("film.mp4", "my own film");
    let run = world.j2v("download k -o film.mp4").exits(14).tells("film.mp4 already exists").tells("--overwrite");
    assert_eq!((run.stdout.as_str(), world.read("film.mp4")), ("\n", b"my own film".to_vec()));
    world.j2v("download k -o film.mp4 --overwrite").exits(0);
    assert_eq!(&world.read("film.mp4")[4..8], b"ftyp");
    world.j2v("download k -o film.mp4").exits(0);
}

#[cfg(unix)]
#[test]
fn row_94_files_beside_the_video_that_are_not_ours_stay_and_nothing_waits_for_a_pipe() {
    let world = rendered(&json!({}));
    let name = format!("{}.mp4", project(&world));
    world.write("film.mp4.partial", "my notes");
    world.j2v("download k -o film.mp4").exits(14).tells("film.mp4.partial already exists");
    assert_eq!(world.read("film.mp4.partial"), b"my notes");
    world.write("other.mp4.partial.etag", "my notes");
    world.j2v("download k -o other.mp4").exits(14).tells("other.mp4.partial.etag already exists");
    assert_eq!(world.read("other.mp4.partial.etag"), b"my notes");
    for pipe in [format!("{name}.partial.etag"), format!("{name}.partial"), name] {
        fs::create_dir_all(world.path("out")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(world.path("out").join(&pipe)).status().unwrap();
        assert!(made.success());
        world.j2v("download k -o out/").exits(14).tells("already exists");
        fs::remove_file(world.path("out").join(&pipe)).unwrap();
    }
    world.j2v("download k -o out/").exits(0);
}

#[test]
fn row_94_two_processes_that_save_one_video_make_one_file() {
    let world = rendered(&json!({ "fault": ["file-slow=20000"] }));
    let running: Vec<Running> = (0..2).map(|_| Running::start(&world, "download k -o out/")).collect();
    let ended: Vec<Run> = running.into_iter().map(Running::end).collect();
    assert!(ended.iter().all(|run| run.code == 0), "{ended:?}");
    assert_eq!(files(&world, "out"), [format!("{}.mp4", project(&world))]);
}

#[cfg(unix)]
#[test]
fn row_95_a_link_under_the_name_of_the_video_is_not_written_through() {
    let world = rendered(&json!({}));
    let (name, outside) = (format!("{}.mp4", project(&world)), world.path("outside"));
    fs::write(&outside, "precious").unwrap();
    fs::create_dir(world.path("out")).unwrap();
    for link in [name.clone(), format!("{name}.partial")] {
        std::os::unix::fs::symlink(&outside, world.path("out").join(&link)).unwrap();
        world.j2v("download k -o out").exits(14).tells("already exists");
        assert_eq!(world.read("outside"), b"precious", "{link}");
        fs::remove_file(world.path("out").join(&link)).unwrap();
    }
    std::os::unix::fs::symlink(&outside, world.path("out").join(&name)).unwrap();
    world.j2v("download k -o out --overwrite").exits(0);
    assert_eq!(world.read("outside"), b"precious");
}

#[test]
fn row_95_names_from_the_server_stay_in_the_folder() {
    let world = rendered(&json!({ "fault": ["hostile"] }));
    world.j2v("download k -o out/").exits(0);
    assert_eq!(files(&world, "out"), [format!("{}.mp4", project(&world))]);
    assert!(!std::path::Path::new("/tmp/j2v-was-here.mp4").exists());
}

/// A service that renders everything at once, with this project id and this URL; without a URL it serves the video itself.
fn service(project: &str, url: Option<&str>) -> Peer {
    let (project, url) = (project.to_owned(), url.map(str::to_owned));
    Peer::answering(move |request| {
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let movie = json!({
            "success": true, "status": "done", "project": project, "created_at": Outside::real().now().to_iso(),
            "url": url.clone().unwrap_or_else(|| format!("http://{host}/video.mp4")),
        });
        match request.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["POST", _] => json_answer(&json!({"success": true, "project": project, "timestamp": "2026-11-23T10:00:00.000Z"})),
            ["GET", path] if path.contains("project=") => json_answer(&json!({"success": true, "movie": movie})),
            ["GET", "/video.mp4"] => answer("200 OK", "Content-Type: video/mp4\r\n", "\0\0\0\u{18}ftypisom\0\0\0\0isommp42"),
            _ => json_answer(&json!({"success": true, "movies": []})),
        }
    })
}

#[test]
fn row_95_an_id_that_is_a_path_stays_in_the_folder() {
    abreast(["../../../x", "/etc/passwd", "..", "C:\\x", "CON", "a\u{0}b", "a/b", "\u{202e}4pm.exe"], |id| {
        let service = service(id, None);
        let world = World::at(&format!("http://{}/v2", service.address()));
        world.movie("a.json", &json!({}));
        let run = world.j2v("submit a.json --download out/ --settle-for 100ms");
        let saved = if world.path("out").exists() { files(&world, "out") } else { Vec::new() };
        let is_plain = |name: &String| !name.starts_with(['.', '-']) && name.ends_with(".mp4") && !name.contains(['\\', ':', '\u{202e}']);
        assert!(saved.iter().all(is_plain) && saved.len() <= 1, "{id}: {saved:?} {run:?}");
        assert_eq!(run.code == 0, saved.len() == 1, "{id}: {run:?}");
        assert_eq!(service.heard().iter().filter(|request| request.starts_with("POST")).count(), 1);
    });
}

#[test]
fn row_100_a_video_at_a_private_address_is_not_fetched() {
    let hosts = ["169.254.169.254", "10.0.0.1", "2852039166", "[::ffff:169.254.169.254]", "[fe80::1]", "0.0.0.0", "192.168.1.1:8080"];
    abreast(hosts, |host| {
        let service = service("JkGxEoPRF9EgRb32", Some(&format!("https://{host}/latest/meta-data")));
        let world = World::at(&format!("http://{}/v2", service.address()));
        world.movie("a.json", &json!({}));
        let run = world.j2v("submit a.json --download out/").exits(14).tells("not trusted").tells("--allow-private accepts it");
        let next = run.next();
        assert!(next.iter().any(|next| next.contains("-o out/") && next.ends_with("--allow-private")), "{next:?}");
        assert!(files(&world, "out").iter().all(|name| !name.ends_with(".mp4")), "{host}");
    });
}

#[test]
fn row_100_of_an_address_that_no_flag_accepts_no_flag_is_named() {
    for url in ["file:///etc/passwd", "ftp://example.com/a.mp4"] {
        let service = service("JkGxEoPRF9EgRb32", Some(url));
        let world = World::at(&format!("http://{}/v2", service.address()));
        world.movie("a.json", &json!({}));
        world.j2v("submit a.json --download out/").exits(14).tells("not trusted").hides("--allow-private");
        world.j2v("poll JkGxEoPRF9EgRb32 --download out/ --allow-private").exits(14).tells("not trusted");
    }
}

#[test]
fn row_100_a_redirect_of_a_video_to_a_private_address_is_not_followed() {
    let world = rendered(&json!({ "fault": ["file-redirect=302:https://169.254.169.254/latest"] }));
    world.j2v("download k -o out/").exits(14).tells("not trusted");
}

#[test]
fn row_100_a_video_elsewhere_that_begins_like_none_is_refused() {
    let elsewhere = Peer::answering(|_| answer("200 OK", "Content-Type: video/mp4\r\n", "#!/bin/sh -- not a video at all"));
    let world = rendered(&json!({ "fault": [format!("file-redirect=302:http://{}/x.mp4", elsewhere.address())] }));
    world.j2v("download k -o out/").exits(14).tells("did not send a video");
    assert!(files(&world, "out").iter().all(|name| !name.ends_with(".mp4")));
}
