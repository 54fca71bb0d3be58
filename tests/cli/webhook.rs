//! `j2v webhook` and `--webhook @listen`: test callbacks, explanations, and the message without a receiver.

use serde_json::json;

use crate::support::World;

#[test]
fn a_callback_of_any_shape_is_told_in_the_same_line() {
    let world = World::new();
    for shape in ["reference", "tutorial", "guide"] {
        for form in [&[][..], &["--form"]] {
            let send = [&["webhook", "send", "http://127.0.0.1:9/", "--dry-run", "--shape", shape], form].concat();
            let body = world.run(&send).exits(0).line().to_owned();
            let told = world.pipe(&["webhook", "parse"], &body).exits(0).json();
            assert_eq!((&told["status"], &told["size"]), (&json!("done"), &json!(5_421_988)), "{body}");
        }
    }
}

#[test]
fn a_failure_is_told_as_one_and_left_open_where_the_shape_cannot_say() {
    let world = World::new();
    let body = |shape: &str| {
        world.run(&["webhook", "send", "http://127.0.0.1:9/", "-n", "--status", "error", "--shape", shape]).exits(0).line().to_owned()
    };
    assert_eq!(world.pipe(&["webhook", "parse"], &body("guide")).exits(0).json()["status"], "error");
    assert_eq!(world.pipe(&["webhook", "parse"], &body("reference")).exits(0).json()["status"], json!(null));
}

#[test]
fn a_body_takes_fields_of_ones_own() {
    let world = World::new();
    let sent = ["webhook", "send", "http://127.0.0.1:9/", "-n", "--set", "/client-data/listing=L-7", "--set", "/duration:=1.5"];
    let body = world.run(&sent).exits(0).line().to_owned();
    let told = world.pipe(&["webhook", "parse"], &body).exits(0).json();
    assert_eq!((&told["client-data"]["listing"], &told["duration"]), (&json!("L-7"), &json!(1.5)));
    let form = world.run(&[&sent[..], &["--form"]].concat()).exits(0).stdout;
    assert!(form.contains("listing"), "{form}");
    for (wrong, why) in [("/duration", "has no `=`"), ("duration=7", "/duration"), ("/project/x=7", "/project")] {
        world.run(&["webhook", "send", "http://127.0.0.1:9/", "--set", wrong]).exits(2).tells(why).tells("nothing was sent");
    }
}

#[test]
fn what_is_no_callback_is_refused() {
    let world = World::new();
    for body in ["", "{}", "nonsense"] {
        world.pipe(&["webhook", "parse"], body).exits(2).tells("stdin is not a callback").prints(&[]);
    }
}

#[test]
fn an_endpoint_that_is_not_there_is_told() {
    let world = World::new();
    world.j2v("webhook send http://127.0.0.1:9/callback").exits(7).tells("http://127.0.0.1:9/…");
    world.j2v("webhook send ftp://127.0.0.1/").exits(2).tells("neither `https://` nor `http://`");
    world.j2v("webhook send --render nobody http://127.0.0.1:9/").exits(6);
    world.j2v("webhook replay nobody").exits(2).tells("no outcome to deliver");
    world.j2v("webhook replay nobody --to http://127.0.0.1:9/").exits(2).tells("no callback was received");
}

#[test]
fn our_own_receiver_is_named_once_it_is_known() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v("build a.json --webhook @listen").exits(2).tells("@listen").tells("next: j2v listen --public-url");
    let listen = "listen --bind 127.0.0.1:0 --timeout 1ms --path /mine --public-url";
    world
        .j2v(&format!("{listen} https://hooks.example.com/tunnel/"))
        .exits(0)
        .tells("the service is to call https://hooks.example.com/tunnel/mine");
    let built = world.j2v("build a.json --webhook @listen --compact").exits(0).json();
    assert_eq!(built["exports"][0]["destinations"][0]["endpoint"], "https://hooks.example.com/tunnel/mine");
    // The next command repeats `@listen` as it was typed: the URL holds a secret.
    world.j2v("submit a.json --key a --webhook @listen").exits(0).hides("hooks.example.com");
}

#[test]
fn a_receiver_that_cannot_be_is_refused_before_it_listens() {
    let world = World::new();
    world.j2v("listen --no-ledger").exits(2).tells("leave out --no-ledger");
    world.j2v("listen --path nowhere").exits(2).tells("it begins with `/`");
    world.j2v("listen --path /health").exits(2);
    world.j2v("listen --public-url nonsense").exits(2).tells("--public-url");
    world.j2v("listen --exec ./missing.sh").exits(2).tells("there is no program ./missing.sh");
    world.j2v("listen --forward nonsense").exits(2).tells("--forward");
    let address = world.url().trim_start_matches("http://").trim_end_matches("/v2").to_owned();
    world.run(&["listen", "--bind", &address]).exits(2).tells("the address is already in use").tells("next: j2v listen --bind 127.0.0.1:0");
}

#[test]
fn a_signing_secret_of_others_is_refused_and_never_shown() {
    let world = World::new();
    world.write("secret", "whsec_canary\n");
    world.j2v("listen --forward http://127.0.0.1:9/ --forward-secret secret").exits(2).hides("whsec_canary");
    world.j2v_with(&[("J2V_FORWARD_SECRET", "whsec_canary")], "listen --forward http://127.0.0.1:9/").exits(2).hides("whsec_canary");
    world.j2v("listen --bind 127.0.0.1:0 --timeout 1ms --forward http://127.0.0.1:9/").exits(0).tells("a signing secret was made");
    world.j2v("listen --bind 127.0.0.1:0 --timeout 1ms --forward http://127.0.0.1:9/").exits(0).hides("a signing secret was made");
}
