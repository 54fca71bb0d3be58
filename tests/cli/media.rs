//! `j2v media`: files on the account's media, once and whole, whatever fails in between.

use std::fs;

use serde_json::json;

use crate::support::World;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0";

/// A world with a picture in it.
fn world(faults: &[&str]) -> World {
    let world = World::with_faults(faults);
    world.write("logo.png", PNG);
    world
}

fn uploads(world: &World) -> u64 {
    world.requests("PUT /upload")
}

/// Checks that the key never went to the storage host, and that no output of the run held a signed URL.
#[track_caller]
fn keeps_its_secrets(world: &World) {
    assert_eq!(world.oracle()["keys"]["misplaced"], serde_json::Value::Null, "the key went to another host");
}

#[test]
fn a_file_is_put_with_its_type_and_its_url_is_printed() {
    let world = world(&[]);
    let run = world.j2v("media put logo.png --to brand/2026").exits(0);
    assert!(run.line().ends_with("/emulator/files/brand/2026/logo.png"), "{run:?}");
    assert!(!run.stderr.contains("X-Amz-Signature"), "{run:?}");
    let file = world.j2v("media list brand/2026 --json").exits(0).json();
    assert_eq!((&file["path"], &file["type"], &file["size"]), (&json!("brand/2026/logo.png"), &json!("image"), &json!(PNG.len())));
    world.j2v("media get brand/2026/logo.png --out back.png").exits(0).prints(&["back.png"]);
    assert_eq!(world.read("back.png"), PNG);
    world.j2v("media get brand/2026/logo.png --out back.png").exits(14).tells("back.png already exists; --overwrite");
    let run = world.j2v("media get brand/nothing.png").exits(6).tells("brand/nothing.png: the account's media have no such file");
    assert_eq!(run.next(), ["j2v media list brand"]);
    keeps_its_secrets(&world);
}

#[test]
fn the_same_bytes_are_not_sent_twice_and_others_of_the_name_stay_unless_replaced() {
    let world = world(&[]);
    let url = world.j2v("media put logo.png").exits(0).line().to_owned();
    world.j2v("media put logo.png").exits(0).prints(&[&url]).tells("is there already, with the same bytes");
    assert_eq!(uploads(&world), 1);
    let mut other = PNG.to_vec();
    other.reverse();
    world.write("logo.png", &other);
    world.j2v("media put logo.png").exits(6).prints(&[""]).tells("logo.png is another file on the account's media").tells("--replace");
    world.j2v("media put logo.png --replace").exits(0).prints(&[&url]);
    world.j2v("media get logo.png --overwrite").exits(0);
    assert_eq!(world.read("logo.png"), other);
}

#[test]
fn names_that_the_service_changes_are_told_and_two_that_become_one_are_refused() {
    let world = world(&[]);
    world.write("a b.png", PNG);
    world.write("a_b.png", PNG);
    let run = world.run(&["media", "put", "a b.png"]).exits(0).tells("a b.png is stored as a_b.png");
    assert!(run.line().ends_with("/a_b.png"));
    world.run(&["media", "put", "a b.png", "a_b.png"]).exits(2).tells("would both be stored as a_b.png; nothing was uploaded");
    world.write("empty.png", "");
    world.j2v("media put empty.png").exits(2).tells("empty.png: the file is empty");
    world.j2v("media put missing.png").exits(2).tells("missing.png: there is no such file");
}

#[test]
fn what_goes_wrong_on_the_way_is_put_right() {
    for fault in ["media-lost*1", "media-status=503*1", "upload-drop=4*1", "upload-lost*1", "upload-status=503*1", "upload-expired*1"] {
        let world = world(&[fault]);
        let run = world.j2v("media put logo.png --to x").exits(0);
        assert!(run.line().ends_with("/x/logo.png"), "{fault}: {run:?}");
        world.j2v("media get x/logo.png --out back.png").exits(0);
        assert_eq!(world.read("back.png"), PNG, "{fault}");
        assert_eq!(world.j2v("media list x --json").exits(0).jsons().len(), 1, "{fault}");
        keeps_its_secrets(&world);
    }
}

#[test]
fn what_can_not_be_put_right_is_told_and_leaves_nothing_half() {
    for (fault, exit, words) in [
        ("usage-blocked", 5, "the storage is blocked until it is paid for"),
        ("media-blocked", 5, "the storage is blocked until it is paid for"),
        ("media-role", 4, "the key's role is too low"),
        ("media-no-url", 7, "registered without a URL"),
        ("upload-expired", 7, "refused the signed URL"),
        ("upload-drop=4", 7, "did not take the file"),
        ("upload-status=500", 7, "HTTP 500"),
    ] {
        let world = world(&[fault]);
        let run = world.j2v("media put logo.png --to x").exits(exit).tells(words);
        assert!(!run.stderr.contains("X-Amz-Signature") && !run.stderr.contains("/upload/"), "{fault}: {run:?}");
        if !fault.starts_with("media-no-url") {
            assert_eq!(world.j2v("media list x --json").exits(0).jsons().len(), 0, "{fault}");
        }
        keeps_its_secrets(&world);
    }
}

#[test]
fn an_upload_that_was_killed_is_done_by_the_next_run() {
    for fault in ["media-hang*1", "upload-hang*1"] {
        let world = world(&[fault]);
        let before = world.requests("POST /v2/media/file");
        let mut child = world.start("media put logo.png --to x");
        let kind = if fault.starts_with("media") { "POST /v2/media/file" } else { "PUT /upload" };
        while world.requests(kind) == before {
            assert!(child.try_wait().unwrap().is_none(), "{fault}: it ended before its answer came");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        world.j2v("media put logo.png --to x").exits(0);
        assert_eq!(world.j2v("media list x --json").exits(0).jsons().len(), 1, "{fault}");
        world.j2v("media get x/logo.png --out back.png").exits(0);
        assert_eq!(world.read("back.png"), PNG, "{fault}");
    }
}

#[test]
fn a_file_is_moved_when_it_is_there_for_certain_and_never_lost() {
    let world = world(&["move-loses"]);
    let old = world.j2v("media put logo.png").exits(0).line().to_owned();
    let run = world.j2v("media move logo.png brand").exits(0).tells(&old);
    assert!(run.line().ends_with("/brand/logo.png"), "{run:?}");
    world.j2v("media get brand/logo.png").exits(14).tells("logo.png already exists");
    world.j2v("media move brand/logo.png /").exits(0);
    world.j2v("media move logo.png /").exits(0).tells("logo.png is already there");
    world.j2v("media move nothing.png x").exits(6).tells("nothing.png: the account's media have no such file");
    let lost = world_with_lost_moves();
    lost.j2v("media put logo.png").exits(0);
    lost.j2v("media move logo.png brand").exits(0);
    assert_eq!(lost.j2v("media list brand --json").exits(0).jsons().len(), 1);
}

fn world_with_lost_moves() -> World {
    world(&["move-lost*1"])
}

#[test]
fn folders_are_made_listed_and_deleted_with_all_that_is_in_them() {
    let world = world(&[]);
    world.run(&["media", "mkdir", "a/b", "my films"]).exits(0).prints(&["a/b", "myfilms"]).tells("my films is myfilms");
    world.j2v("media put logo.png --to a").exits(0);
    world.j2v("media put logo.png --to a/b").exits(0);
    let tree = world.j2v("media list --tree --json").exits(0).jsons();
    let paths: Vec<_> = tree.iter().map(|branch| branch["folder"].as_str().unwrap()).collect();
    assert_eq!(paths, ["", "a", "a/b", "myfilms", "temp"]);
    let run = world.j2v("media delete a").exits(6).tells("a: the account's media have no such file");
    assert!(run.next().contains(&"j2v media delete -r a"), "{run:?}");
    world.j2v("media delete -r a").exits(0).prints(&["a"]).tells("deleted, with 2 files");
    assert_eq!(world.j2v("media list --tree --json").exits(0).jsons().len(), 3);
    world.j2v("media delete logo.png").exits(6).tells("the account's media have no such file");
    world.j2v("media list none").exits(0).prints(&[]).tells("there is nothing in the folder none");
    world.j2v("media put logo.png").exits(0);
    world.j2v("media delete logo.png").exits(0).prints(&["logo.png"]);
    assert_eq!(world.j2v("media list --json").exits(0).jsons().iter().filter(|line| line["path"].is_string()).count(), 0);
}

#[test]
fn usage_tells_bytes_and_what_they_cost() {
    let world = world(&[]);
    world.j2v("media put logo.png --temp").exits(0);
    world.j2v("media put logo.png").exits(0).tells("stay free of charge");
    world.j2v("media move logo.png kept").exits(0);
    let usage = world.j2v("media usage --json").exits(0).json();
    assert_eq!(usage, json!({"used_bytes": PNG.len(), "free_bytes": 52_428_800, "credits_per_week": 0.0, "blocked": false}));
    let run = world.j2v("media usage").exits(0);
    assert!(run.line().contains("free of charge: 0 credits a week"), "{run:?}");
}

#[test]
fn two_processes_at_once_send_a_file_once() {
    let world = world(&[]);
    let children: Vec<_> = (0..4).map(|_| world.start("media put logo.png --to x")).collect();
    let urls: Vec<_> = children.into_iter().map(|child| crate::support::Run::of(child).exits(0).line().to_owned()).collect();
    assert!(urls.iter().all(|url| *url == urls[0]), "{urls:?}");
    assert_eq!(uploads(&world), 1);
}

#[test]
fn a_file_larger_than_memory_would_like_goes_up_whole() {
    let world = World::new();
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    fs::write(world.path("large.bin"), &bytes).unwrap();
    world.j2v("media put large.bin").exits(0);
    world.j2v("media get large.bin --out back.bin").exits(0);
    assert!(world.read("back.bin") == bytes);
}

/// Starts a command and kills it at its n-th request; returns whether it was killed.
fn killed_at(world: &World, line: &str, n: u64) -> bool {
    let all = || world.oracle()["requests"].as_object().map_or(0, |all| all.values().filter_map(serde_json::Value::as_u64).sum::<u64>());
    let before = all();
    let mut child = world.start(line);
    while all() < before + n {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

#[test]
fn an_upload_that_is_killed_at_any_request_is_one_whole_file_in_the_end() {
    let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
    let mut kills = 0;
    for n in 1..=6 {
        let world = world(&[]);
        world.write("large.bin", &bytes);
        for _ in 0..3 {
            kills += u32::from(killed_at(&world, "media put large.bin --to x", n));
        }
        world.j2v("media put large.bin --to x").exits(0);
        assert_eq!(world.j2v("media list x --json").exits(0).jsons().len(), 1, "killed at request {n}");
        world.j2v("media get x/large.bin --out back.bin").exits(0);
        assert!(world.read("back.bin") == bytes, "killed at request {n}");
    }
    assert!(kills > 0, "no run was killed on its way");
}
