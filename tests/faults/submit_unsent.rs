//! `faults.md#submit`, rows 1 to 4: no connection is made, so nothing was sent, and the user is told so.

use serde_json::{Value, json};

use crate::peer::{Peer, answer, closed_address, self_signed};
use crate::running::{Running, abreast, until};
use crate::support::{Run, World};

fn world(url: &str) -> World {
    let world = World::at(url);
    world.movie("a.json", &json!({}));
    world
}

/// The row of a submission that was never sent is still an intent.
#[track_caller]
fn is_an_intent(world: &World) {
    let row = world.j2v("history --json").exits(0).json();
    assert_eq!((&row["state"], &row["project"]), (&json!("intent"), &Value::Null), "{row}");
}

#[track_caller]
fn nothing_accepted(run: Run, words: &str) {
    let run = run.exits(7).tells(words).tells("nothing was accepted");
    assert_eq!(run.stdout, "\n", "an empty line for a movie without a project");
}

#[test]
fn row_01_a_service_that_comes_up_in_time_gets_the_movie_once() {
    let address = closed_address();
    let down = world(&format!("http://{address}/v2"));
    let running = Running::start(&down, "submit a.json --key k --wait");
    running.until_it_tells("trying again");
    let up = World::with(|settings| settings.bind = address);
    running.end().exits(0).tells("accepted as project EMU");
    assert_eq!(up.accepted(), 1);
}

#[test]
fn row_02_an_unknown_host_is_named_and_tried_for_ten_seconds() {
    let world = world("https://no-such-host.invalid/v2");
    let run = world.j2v("submit a.json --key k");
    assert!(run.stderr.matches("trying again").count() > 1, "{}", run.stderr);
    nothing_accepted(run, "no-such-host.invalid");
    is_an_intent(&world);
}

#[test]
fn row_03_a_certificate_that_nobody_signed_hears_no_request() {
    let (address, came) = self_signed();
    let world = world(&format!("https://{address}/v2"));
    nothing_accepted(world.j2v("submit a.json --key k"), "certificate is not trusted");
    assert!(*came.lock().unwrap() > 1, "it is tried for 10 s");
    is_an_intent(&world);
}

#[test]
fn row_03_a_peer_that_speaks_no_tls_hears_no_request() {
    let peer = Peer::blurting(answer("400 Bad Request", "", "this is plain HTTP"));
    let world = world(&format!("https://{}/v2", peer.address()));
    let running = Running::start(&world, "submit a.json --key k");
    running.until_it_tells("TLS could not be agreed on");
    running.signal("INT");
    running.end().exits(130).tells("nothing was sent");
    assert!(peer.heard().iter().all(|heard| !heard.contains("POST")), "{:?}", peer.heard());
    is_an_intent(&world);
}

#[test]
fn rows_01_and_03_a_closed_port_and_a_stalled_handshake_are_given_up_after_ten_seconds() {
    let stalled = Peer::silent();
    let urls = [
        (format!("http://{}/v2", closed_address()), "the connection was refused"),
        (format!("https://{}/v2", stalled.address()), "no connection was made in time"),
    ];
    abreast(urls, |(url, words)| {
        let world = world(&url);
        nothing_accepted(world.j2v("submit a.json --key k"), words);
        is_an_intent(&world);
    });
    assert!(stalled.heard().iter().all(|heard| !heard.contains("POST")), "{:?}", stalled.heard());
}

#[test]
fn row_03_an_interruption_while_a_handshake_stalls_sends_nothing() {
    let peer = Peer::silent();
    let world = world(&format!("https://{}/v2", peer.address()));
    let running = Running::start(&world, "submit a.json --key k");
    until("the handshake has begun", || !peer.heard().is_empty());
    running.signal("INT");
    running.end().exits(130).tells("nothing was sent");
    is_an_intent(&world);
}

#[test]
fn row_04_a_proxy_that_makes_no_tunnel_proves_that_nothing_was_sent() {
    let proxy = Peer::answering(|_| answer("407 Proxy Authentication Required", "Content-Type: text/html\r\n", "<html>log in</html>"));
    let world = world("https://api.invalid/v2");
    let mut command = world.command(&["submit", "a.json", "--key", "k"]);
    command.env("HTTPS_PROXY", format!("http://{}", proxy.address()));
    nothing_accepted(Run::of(command.spawn().unwrap()), "the proxy did not connect us");
    let heard = proxy.heard();
    assert!(heard.iter().all(|request| request.starts_with("CONNECT api.invalid:443 ")), "{heard:?}");
    assert!(!heard.concat().to_lowercase().contains("x-api-key"), "{heard:?}");
    is_an_intent(&world);
}

#[test]
fn row_04_a_web_page_in_the_place_of_a_tunnel_proves_that_nothing_was_sent() {
    // Captive portals answer 200 to everything; the bytes after it are not TLS.
    let proxy = Peer::answering(|_| answer("200 OK", "Content-Type: text/html\r\n", "<html>accept our terms</html>"));
    let world = world("https://api.invalid/v2");
    let mut command = world.command(&["submit", "a.json", "--key", "k"]);
    command.env("HTTPS_PROXY", format!("http://{}", proxy.address()));
    let running = Running::of(command);
    running.until_it_tells("nothing was accepted");
    running.signal("INT");
    let run = running.end().exits(130);
    assert!(!run.stderr.contains('<') && !proxy.heard().concat().contains("POST"), "{run:?}");
    is_an_intent(&world);
}
