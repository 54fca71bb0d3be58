//! `j2v init`: valid starters, and no lost files.

use j2v::movie::Document;
use j2v::movie::check::Resolved;

use crate::support::World;

const STARTERS: [(&str, &str, &str); 3] =
    [("listing", "14.5 s", "14 or 15"), ("slideshow", "13 s", "13"), ("captions", "11.5 s", "11 or 12")];

#[test]
fn it_writes_a_starter_and_says_how_to_go_on() {
    let world = World::at("http://127.0.0.1:1/v2");
    let run = world.j2v("init").exits(0).prints(&["listing.json"]);
    assert_eq!(run.next(), ["j2v submit listing.json --emulate --wait --download ."]);
    assert!(world.has("listing.json") && !world.has("state"));
    world.j2v("init nonsense").exits(2).tells("listing, slideshow, captions");
}

#[test]
fn a_starter_checks_without_a_finding_and_plans_to_a_known_length_and_price() {
    let world = World::at("https://api.json2video.com/v2");
    for (name, length, credits) in STARTERS {
        let file = format!("{name}.json");
        world.j2v(&format!("init {name}")).exits(0).prints(&[&file]);
        world.j2v(&format!("check {file} --deny warnings")).exits(0).prints(&[]);
        let plan = Resolved::of(&Document::read(&file, world.read(&file)).unwrap()).plan;
        assert_eq!((plan.duration.to_string().as_str(), plan.credits.amount.to_string().as_str()), (length, credits), "{name}");
    }
}

#[test]
fn a_starter_is_rendered_by_the_emulator() {
    let world = World::new();
    for (name, ..) in STARTERS {
        world.j2v(&format!("init {name}")).exits(0);
        world.j2v(&format!("submit {name}.json --wait")).exits(0);
    }
}

#[test]
fn a_file_that_is_there_is_left_alone_unless_it_may_go() {
    let world = World::at("http://127.0.0.1:1/v2");
    world.write("captions.json", "mine");
    let run = world.j2v("init captions").exits(2).prints(&[]).tells("captions.json already exists");
    assert_eq!((run.next(), world.read("captions.json").as_slice()), (vec!["j2v init captions --overwrite"], b"mine".as_slice()));
    world.j2v("init captions --overwrite").exits(0);
    assert!(world.read("captions.json").starts_with(b"{\n"));
}
