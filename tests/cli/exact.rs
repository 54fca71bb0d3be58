//! `client-data` comes back as it went: each number digit by digit, wherever it is printed, kept or handed on.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Run, World};

/// Numbers that a double would change, and one text with the form of a number.
const DATA: &str =
    r#"{"order":98765432109876543210,"price":1.50,"small":0.10000000000000000555,"list":[1e+3,{"deep":-0.0}],"text":"1.50"}"#;

fn world() -> World {
    let world = World::new();
    world.write("a.json", format!(r#"{{"resolution":"sd","client-data":{DATA},"scenes":[{{"duration":2}}]}}"#));
    world
}

#[track_caller]
fn assert_exact(place: &str, text: &str) {
    assert!(text.contains(&format!(r#""client-data":{DATA}"#)), "{place}: {text}");
}

#[test]
fn every_command_prints_the_numbers_of_client_data_as_they_were_sent() {
    let world = world();
    for command in ["submit a.json --key k --json", "submit a.json --key k --wait --json", "poll k --json", "list --json"] {
        assert_exact(command, world.j2v(command).exits(0).line());
    }
    let project = world.j2v("submit a.json --key k").exits(0).line().to_owned();
    let shown = world.j2v("show k --json").exits(0);
    assert!(shown.stdout.contains(&DATA[1..DATA.len() - 1]), "{shown:?}");
    let body = format!(r#"{{"project":"{project}","status":"done","url":"https://a/v.mp4","client-data":{DATA}}}"#);
    assert_exact("webhook parse", world.pipe(&["webhook", "parse"], &body).exits(0).line());
}

#[test]
fn a_program_is_handed_the_numbers_of_client_data_as_they_were_sent() {
    let world = world();
    world.j2v("submit a.json --key k").exits(0);
    while world.j2v("list --json").json()["status"] != "done" {}
    let script = "#!/bin/sh\ncat > told.json\n";
    world.write("hear.sh", script);
    std::fs::set_permissions(world.path("hear.sh"), PermissionsExt::from_mode(0o755)).unwrap();
    world.j2v("poll --missed --older-than 0s --exec ./hear.sh").exits(0);
    assert_exact("--exec", &String::from_utf8(world.read("told.json")).unwrap());
}

#[test]
fn a_callback_about_a_render_is_made_with_the_numbers_as_they_were_sent() {
    let world = world();
    world.j2v("submit a.json --key k --wait").exits(0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = format!("http://{}/", listener.local_addr().unwrap());
    let child = world.start(&format!("webhook send --render k {to}"));
    let (mut stream, _) = listener.accept().unwrap();
    let mut heard = String::new();
    while !heard.ends_with('}') {
        let mut piece = [0; 4096];
        let count = stream.read(&mut piece).unwrap();
        assert!(count > 0, "{heard}");
        heard.push_str(std::str::from_utf8(&piece[..count]).unwrap());
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").unwrap();
    Run::of(child).exits(0);
    assert!(heard.contains(&DATA[1..DATA.len() - 1]), "{heard}");
}

#[test]
fn a_name_made_of_a_number_of_client_data_has_its_digits() {
    let world = world();
    world
        .run(&["submit", "a.json", "--download", "videos/", "--name", "{order}-{price}"])
        .exits(0)
        .prints(&["videos/98765432109876543210-1.50.mp4"]);
}
