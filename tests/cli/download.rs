//! Saving videos: the path, no replaced files, no half files.

use std::fs;

use serde_json::json;

use crate::support::World;

fn rendered(faults: &[&str]) -> (World, String) {
    let world = World::with_faults(faults);
    world.movie("a.json", &json!({"render-time": "1ms"}));
    let project = world.j2v("submit a.json --key L-1").exits(0).line().to_owned();
    (world, project)
}

/// The video in the emulator.
fn original(world: &World, project: &str) -> Vec<u8> {
    world.ask("GET", &format!("/files/{project}.mp4"), "")
}

#[test]
fn it_saves_into_the_current_folder_by_project() {
    let (world, project) = rendered(&[]);
    let name = format!("./{project}.mp4");
    world.j2v("download L-1").exits(0).prints(&[&name]);
    assert_eq!(world.read(&name), original(&world, &project));
}

#[test]
fn a_place_is_an_existing_folder_one_to_be_made_or_a_file() {
    let (world, project) = rendered(&[]);
    fs::create_dir(world.path("here")).unwrap();
    let inside = |folder: &str| format!("{folder}/{project}.mp4");
    world.j2v("download L-1 -o here").exits(0).prints(&[&inside("here")]);
    world.j2v("download L-1 -o new/deep/").exits(0).prints(&[&inside("new/deep")]);
    world.j2v("download L-1 -o film.mp4").exits(0).prints(&["film.mp4"]);
    world.j2v("poll L-1 --download other.mp4").exits(0).prints(&["other.mp4"]);
    for name in [inside("here"), inside("new/deep"), "film.mp4".to_owned(), "other.mp4".to_owned()] {
        assert_eq!(world.read(&name), original(&world, &project));
    }
}

#[test]
fn nothing_is_left_beside_the_video() {
    let (world, project) = rendered(&[]);
    world.j2v("download L-1 -o out/").exits(0);
    let left: Vec<_> = fs::read_dir(world.path("out")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [format!("{project}.mp4").as_str()]);
}

#[test]
fn a_file_in_the_way_stays_unless_overwrite_is_said() {
    let (world, project) = rendered(&[]);
    world.write("film.mp4", "holiday");
    let run = world.j2v("download L-1 -o film.mp4").exits(14).prints(&[""]).tells("already exists");
    assert_eq!(world.read("film.mp4"), b"holiday");
    let next = run.next();
    assert_eq!(next, [format!("j2v download {project} -o film.mp4 --overwrite")]);
    let words: Vec<&str> = next[0].split(' ').skip(1).collect();
    world.run(&words).exits(0).prints(&["film.mp4"]);
    assert_eq!(world.read("film.mp4"), original(&world, &project));
}

#[test]
fn what_is_saved_already_is_not_fetched_again() {
    let (world, project) = rendered(&[]);
    world.j2v("download L-1 -o film.mp4").exits(0);
    let fetched = world.requests(&format!("GET /files/{project}.mp4"));
    world.j2v("download L-1 -o film.mp4").exits(0).prints(&["film.mp4"]);
    assert_eq!(world.requests(&format!("GET /files/{project}.mp4")), fetched);
    // Nor after it was also saved elsewhere, as `reconcile --fix` from cron does.
    world.j2v("download L-1 -o other/").exits(0);
    world.j2v("download L-1 -o film.mp4").exits(0).prints(&["film.mp4"]);
    assert_eq!(world.requests(&format!("GET /files/{project}.mp4")), fetched + 1);
    world.write("film.mp4", "holiday");
    world.j2v("download L-1 -o film.mp4").exits(14).tells("already exists");
}

#[test]
fn a_broken_download_is_taken_up_where_it_broke_off() {
    for fault in ["file-truncate=700*2", "file-reset=900*1", "file-status=503*1"] {
        let (world, project) = rendered(&[fault]);
        world.j2v("download L-1 -o film.mp4").exits(0);
        assert_eq!(world.read("film.mp4"), original(&world, &project), "{fault}");
    }
}

#[test]
fn an_address_that_has_expired_is_asked_for_anew() {
    let (world, project) = rendered(&["file-expired"]);
    world.j2v("download L-1 -o film.mp4").exits(0).prints(&["film.mp4"]);
    assert!(!world.read("film.mp4").is_empty(), "{project}");
}

#[test]
fn a_web_page_is_no_video() {
    let (world, _) = rendered(&["file-html"]);
    world.j2v("download L-1 -o film.mp4").exits(14).tells("web page").tells("next: j2v download");
    assert!(!world.has("film.mp4"));
}

#[test]
fn a_deleted_video_can_not_be_saved_and_says_so() {
    let (world, _) = rendered(&[]);
    world.j2v("delete --yes L-1").exits(0);
    world.j2v("download L-1").exits(14).prints(&[""]).tells("deleted");
}

#[test]
fn names_come_from_stdin_too_and_keep_their_order() {
    let (world, first) = rendered(&[]);
    let second = world.j2v("submit a.json").exits(0).line().to_owned();
    let run = world.pipe(&["download", "-", "-o", "out/"], &format!("{second}\n{first}\n")).exits(0);
    assert_eq!(run.lines(), [format!("out/{second}.mp4"), format!("out/{first}.mp4")]);
    world.pipe(&["download", "-", "-o", "one.mp4"], &format!("{second}\n{first}\n")).exits(2);
}

#[test]
fn the_video_is_asked_for_without_the_key() {
    let (world, _) = rendered(&[]);
    world.j2v("download L-1").exits(0);
    let keys = world.oracle()["keys"].clone();
    assert!(keys.get("misplaced").is_none(), "{keys}");
}

#[test]
fn a_redirect_to_another_host_gets_no_key_either() {
    let other = World::new();
    let target = format!("file-redirect={}/nowhere.mp4", other.url().trim_end_matches("/v2"));
    let (world, _) = rendered(&[&target]);
    world.j2v("download L-1 -o film.mp4").exits(14);
    let keys = other.oracle()["keys"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert!(keys.iter().all(|kind| kind == "accepted"), "only this test's own questions carry a key: {keys:?}");
}

#[test]
fn a_file_of_the_same_size_is_not_taken_for_another_video() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({}));
    let a = world.j2v("submit a.json --key a --download film.mp4").exits(0);
    world.j2v("submit b.json --key b --wait").exits(0);
    let first = world.read(a.line());
    world.j2v("download b -o film.mp4").exits(14).tells("film.mp4 already exists");
    world.j2v("download a -o film.mp4").exits(0).prints(&["film.mp4"]);
    world.j2v("download b -o film.mp4 --overwrite").exits(0);
    assert_ne!(world.read("film.mp4"), first);
}

#[test]
fn the_next_command_leaves_the_video_of_another_render_alone() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({}));
    world.j2v("submit a.json --key a --download film.mp4").exits(0);
    let first = world.read("film.mp4");
    let run = world.j2v("submit b.json --key b --download film.mp4").exits(14).tells("film.mp4 already exists: it is the video of");
    let next = run.next()[0].to_owned();
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    let saved = world.run(&words).exits(0);
    assert!(saved.line().starts_with("film-") && !next.contains("--overwrite"), "{next}");
    assert_eq!(world.read("film.mp4"), first);
    assert_ne!(world.read(saved.line()), first);
}

#[test]
fn one_render_that_is_named_twice_is_saved_for_both() {
    let (world, project) = rendered(&["file-slow=20000"]);
    let file = format!("out/{project}.mp4");
    world.j2v(&format!("poll {project} {project} --download out/")).exits(0).prints(&[&file, &file]);
    let other = format!("more/{project}.mp4");
    world.j2v("download L-1 L-1 -o more/").exits(0).prints(&[&other, &other]);
}

#[test]
fn the_only_copy_of_a_deleted_video_is_not_written_over_itself() {
    let (world, project) = rendered(&[]);
    world.j2v("download L-1 -o a/").exits(0);
    let (file, video) = (format!("a/{project}.mp4"), world.read(format!("a/{project}.mp4").as_str()));
    world.j2v(&format!("delete {project} --yes")).exits(0);
    fs::create_dir(world.path("b")).unwrap();
    fs::hard_link(world.path(&file), world.path(&format!("b/{project}.mp4"))).unwrap();
    std::os::unix::fs::symlink(world.path("a"), world.path("c")).unwrap();
    world.write("thesis", "mine");
    fs::create_dir(world.path("d")).unwrap();
    std::os::unix::fs::symlink(world.path("thesis"), world.path(&format!("d/{project}.mp4"))).unwrap();
    for folder in ["b", "c", "d"] {
        let place = format!("{folder}/{project}.mp4");
        world.j2v(&format!("download {project} -o {folder}/ --overwrite")).exits(0).prints(&[&place]);
        assert_eq!((world.read(&place), world.read(&file)), (video.clone(), video.clone()), "{folder}");
    }
    assert_eq!(world.read("thesis"), b"mine");
}

#[test]
fn what_could_not_be_saved_has_no_path() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key a --download .").exits(0);
    world.write("film.mp4", "mine");
    world.j2v("download a -o film.mp4").exits(14).prints(&[""]);
    assert!(world.j2v("download a -o film.mp4 --json").exits(14).json()["file"].is_null());
}

#[test]
fn a_name_is_made_of_what_the_render_carries() {
    let world = World::new();
    world.write(
        "a.json",
        r#"{"client-data": {"city": "Köln (Süd)", "price": 250000, "emulator": {"render-time": "1ms"}}, "scenes": [{"duration": 2}]}"#,
    );
    let submit = world.run(&["submit", "a.json", "--key", "L-1", "--download", "new/", "--name", "{city}, {price} {key}"]);
    submit.exits(0).prints(&["new/Köln (Süd), 250000 L-1.mp4"]);
    world.run(&["download", "L-1", "-o", "two/", "--name", "{source}-{key}"]).exits(0).prints(&["two/a-L-1.mp4"]);
    world.run(&["poll", "L-1", "--download", "three/", "--name", "{project}"]).exits(0);
    world
        .run(&["download", "L-1", "-o", "four/", "--name", "{town}"])
        .exits(14)
        .tells("has no `town`, but key, project, source, city, price");
    world.run(&["download", "L-1", "-o", "five.mp4", "--name", "{key}"]).exits(2).tells("with a `/` at its end");
}

#[test]
fn a_name_that_no_video_will_have_is_refused_before_anything_is_paid() {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1ms"}));
    world.run(&["submit", "a.json", "--download", "new/", "--name", "{town}"]).exits(2).tells("there are key, project, source, listing_id");
    world.write("b.json", r#"{"client-data": {"town": null}, "scenes": [{"duration": 2}]}"#);
    world.run(&["submit", "b.json", "--download", "new/", "--name", "{town}"]).exits(2).tells("there are key, project, source;");
    world.run(&["submit", "a.json", "--wait", "--name", "{key}"]).exits(2).tells("--download FOLDER/");
    world.run(&["submit", "a.json", "--download", "new/", "--name", "{batch}"]).exits(2).tells("a.json has no `batch`");
    world.write("c.json", r#"{"client-data": {"batch": "May"}, "scenes": [{"duration": 2}]}"#);
    world.run(&["submit", "c.json", "--download", "new/", "--name", "{batch}", "--dry-run"]).exits(0);
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_line_holds_the_movies_client_data_before_the_service_reports_it() {
    let world = World::new();
    world.write("a.json", r#"{"client-data": {"listing": 7}, "scenes": [{"duration": 2}]}"#);
    let submitted = world.j2v("submit a.json --json").exits(0).json();
    assert_eq!((&submitted["status"], &submitted["client-data"]), (&json!("submitted"), &json!({"listing": 7})));
}

#[test]
fn a_video_that_the_service_has_deleted_is_copied_from_where_it_was_saved() {
    let (world, id) = rendered(&[]);
    world.j2v(&format!("download {id} -o one/")).exits(0);
    world.j2v(&format!("delete {id} --yes")).exits(0);
    let (one, two) = (format!("one/{id}.mp4"), format!("two/{id}.mp4"));
    world.j2v(&format!("download {id} -o two/")).exits(0).prints(&[&two]);
    assert_eq!(world.read(&one), world.read(&two));
    fs::remove_dir_all(world.path("one")).unwrap();
    world.j2v(&format!("download {id} -o three/")).exits(14).prints(&[""]);
}

#[test]
fn a_video_that_the_service_has_deleted_is_not_said_to_be_saved_again() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let file = world.j2v("submit a.json --key k --download videos/").exits(0).line().to_owned();
    world.a_week_goes_by();
    for command in ["submit a.json --key k --download other/", "poll k --download other/"] {
        let run = world.j2v(command).exits(0).prints(&[&file]).tells("nothing was saved at other/").hides("saved as");
        assert!(run.next().iter().any(|next| next.starts_with("j2v download EMU") && next.ends_with(" -o other/")), "{run:?}");
        let line = world.j2v(&format!("{command} --json")).exits(0).json();
        assert!(line["message"].as_str().unwrap().contains("the service has deleted the file"), "{line}");
    }
    world.j2v("poll k --download videos/").exits(0).prints(&[&file]).tells("the one saved earlier is").hides("nothing was saved at");
    fs::remove_file(world.path(&file)).unwrap();
    world.j2v("poll k --download videos/").exits(14).prints(&[""]).hides("saved as").tells("--again");
}
