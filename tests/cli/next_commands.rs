//! The commands that are named as the next ones work as they are printed, and what is refused is refused in true words.

use std::fs;

use serde_json::json;

use crate::support::World;

#[test]
fn a_template_is_named_again_as_it_was_typed() {
    let world = World::new();
    let run = world.j2v("submit --template nosuchtemplate --key TT").exits(6);
    assert_eq!(run.next(), ["j2v explain TT", "j2v submit --template nosuchtemplate --key TT"]);
    let run = world.j2v("submit --template nosuchtemplate --max-credits 1").exits(5);
    assert_eq!(run.next(), ["j2v plan --template nosuchtemplate"]);
}

#[test]
fn a_batch_of_this_folder_has_the_folders_name() {
    let world = World::new();
    for folder in ["films", "films/more"] {
        fs::create_dir(world.path(folder)).unwrap();
    }
    world.movie("films/a.json", &json!({}));
    for (inside, name) in [("films", "."), ("films", "./"), ("films/more", "..")] {
        let mut command = world.command(&["batch", name]);
        crate::support::Run::of(command.current_dir(world.path(inside)).spawn().unwrap()).exits(0).hides("needs a name");
    }
    world.j2v("batch --status films").exits(0);
    assert_eq!(world.posts(), 1, "all three are the batch `films`");
}

#[test]
fn a_page_whose_address_is_taken_is_named_with_its_movie() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let run = world.j2v(&format!("preview a.json --port {port}")).exits(2).tells("already in use");
    assert_eq!(run.next(), ["j2v preview a.json --port 0"]);
}

#[test]
fn a_deletion_of_names_from_stdin_is_confirmed_by_their_names() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key A --wait").exits(0);
    let project = world.accepted_fields("project").remove(0);
    let run = world.pipe(&["delete", "-"], "A\n").exits(2);
    assert_eq!(run.next(), [format!("j2v delete {project} --yes")]);
}

#[test]
fn a_page_that_cant_be_written_is_told_by_the_name_that_was_given() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let run = world.j2v("preview a.json --out nodir/x.html");
    run.tells("nodir/x.html").tells("nodir does not exist").hides("j2v-new");
}

#[test]
fn the_emulators_video_has_the_length_that_a_variable_says() {
    let world = World::new();
    world.write("m.json", r#"{"variables":{"d":20},"scenes":[{"duration":"{{d}}","elements":[{"type":"text","text":"x"}]}]}"#);
    let told = world.j2v("submit m.json --wait --json").exits(0).json();
    assert_eq!((told["duration"].as_f64(), told["credits"].as_f64()), (Some(20.0), Some(20.0)), "{told}");
}
