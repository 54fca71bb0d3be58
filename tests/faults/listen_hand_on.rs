//! Delivery of outcomes to a program or a URL: once each, never two at a time for one render, repeated after a failure.

use std::sync::atomic::{AtomicUsize, Ordering};

use j2v::service::signature::SigningSecret;
use j2v::world::Timestamp;
use serde_json::json;

use crate::peer::{Peer, answer};
use crate::receiver::{PROGRAM, Receiver, got, shown, submit, until_got};
use crate::running::until;
use crate::support::World;

fn lines(world: &World, name: &str) -> Vec<String> {
    if !world.has(name) {
        return Vec::new();
    }
    String::from_utf8(world.read(name)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_program_that_fails_is_run_again_and_told_of_with_the_next_command() {
    let world = World::new();
    let script = "read -r line; if [ -e failed ]; then printf '%s\\n' \"$line\" >> got; else echo loud; : > failed; exit 3; fi\n";
    world.write("on.sh", script);
    let receiver = Receiver::start(&world, PROGRAM);
    let project = submit(&world, "k", &json!({}));
    receiver.running.until_it_tells("was not delivered: /bin/sh ended with exit code 3; trying again in 5 s");
    receiver.running.until_it_tells(&format!("next: j2v show {project}"));
    receiver.running.until_it_tells("loud");
    until_got(&world, 1);
    receiver.running.until_it_tells("`done` delivered to /bin/sh");
    assert_eq!(receiver.running.printed(), "", "what a program prints is not our data");
    receiver.stop();
    assert_eq!(shown(&world, "k")["deliveries"][0]["attempts"], 2);
}

#[test]
fn a_receiver_that_is_stopped_says_that_it_waits_for_a_program_that_runs() {
    let world = World::new();
    world.write("on.sh", "echo begin >> log; while [ ! -e go ]; do sleep 0.05; done\n");
    let receiver = Receiver::start(&world, PROGRAM);
    submit(&world, "k", &json!({}));
    until("the program runs", || lines(&world, "log") == ["begin"]);
    receiver.running.signal("INT");
    receiver.running.until_it_tells("waiting for the deliveries under way (interrupt again to leave at once)");
    world.write("go", "");
    receiver.running.end().exits(0).tells("stopped; 1 delivered, 0 failed");
}

#[test]
fn a_program_that_outlives_a_kill_is_not_run_beside_itself() {
    let world = World::new();
    let wait = "while [ ! -e go ]; do sleep 0.05; done";
    world.write(
        "on.sh",
        format!("echo \"begin $J2V_KEY\" >> log\nif [ \"$J2V_KEY\" = slow ]; then {wait}; fi\necho \"end $J2V_KEY\" >> log\n"),
    );
    let first = Receiver::start(&world, PROGRAM);
    submit(&world, "slow", &json!({}));
    until("the program runs", || lines(&world, "log") == ["begin slow"]);
    first.running.signal("KILL");
    // The program still has its stderr, which therefore never ends before the program does.
    drop(first);
    let second = Receiver::start(&world, PROGRAM);
    submit(&world, "quick", &json!({}));
    until("another render's program has ended", || lines(&world, "log").contains(&"end quick".to_owned()));
    world.write("go", "");
    until("the slow one has run to its end twice", || lines(&world, "log").iter().filter(|line| *line == "end slow").count() == 2);
    second.stop();
    let slow: Vec<String> = lines(&world, "log").into_iter().filter(|line| line.ends_with("slow")).collect();
    assert_eq!(slow, ["begin slow", "end slow", "begin slow", "end slow"], "two ran at a time");
}

#[test]
fn a_stop_waits_for_the_program_that_runs() {
    let world = World::new();
    world.write("on.sh", "echo begin >> log; while [ ! -e go ]; do sleep 0.05; done; echo end >> log\n");
    let receiver = Receiver::start(&world, PROGRAM);
    submit(&world, "k", &json!({}));
    until("the program runs", || lines(&world, "log") == ["begin"]);
    receiver.running.signal("TERM");
    world.write("go", "");
    receiver.running.end().exits(0).tells("stopped; 1 delivered, 0 failed");
    assert_eq!((lines(&world, "log").len(), &shown(&world, "k")["deliveries"][0]["progress"]), (2, &json!("done")));
}

#[test]
fn a_url_is_signed_by_standard_webhooks_and_tried_again_under_the_same_id() {
    let world = World::new();
    let calls = AtomicUsize::new(0);
    let elsewhere = Peer::answering(|_| answer("200 OK", "", ""));
    let location = format!("Location: http://{}/\r\n", elsewhere.address());
    let application = Peer::answering(move |_| match calls.fetch_add(1, Ordering::Relaxed) {
        0 => answer("307 Temporary Redirect", &location, ""),
        _ => answer("204 No Content", "", ""),
    });
    let receiver = Receiver::start(&world, &format!("--forward http://{}/videos?token=canary", application.address()));
    submit(&world, "k", &json!({}));
    receiver.running.until_it_tells("answered 307; trying again in 5 s");
    receiver.running.until_it_tells("delivered to http://127.0.0.1:");
    assert!(!receiver.running.told().contains("canary"), "the query is the application's secret");
    receiver.stop();
    let heard = application.heard();
    let header = |request: &str, name: &str| {
        let prefix = format!("{name}: ");
        request.lines().find_map(|line| line.strip_prefix(&prefix)).unwrap().to_owned()
    };
    let secret = SigningSecret::parse(&String::from_utf8(world.read("ledger.db.whsec")).unwrap()).unwrap();
    for request in &heard {
        let (id, time) = (header(request, "webhook-id"), header(request, "webhook-timestamp"));
        let body = request.split("\r\n\r\n").nth(1).unwrap();
        assert_eq!(header(request, "webhook-signature"), secret.sign(&id, Timestamp(time.parse::<i64>().unwrap() * 1000), body));
        assert!(!request.to_ascii_lowercase().contains("api-key"), "{request}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["key"], "k");
    }
    assert_eq!((heard.len(), header(&heard[0], "webhook-id")), (2, header(&heard[1], "webhook-id")));
    assert_eq!(elsewhere.heard().len(), 0, "a redirect was followed");
}

#[test]
fn an_application_that_is_gone_gets_no_more_until_somebody_wants_it() {
    let world = World::new();
    let application = Peer::answering(|_| answer("410 Gone", "", ""));
    let receiver = Receiver::start(&world, &format!("--forward http://{}/", application.address()));
    let project = submit(&world, "k", &json!({}));
    receiver.running.until_it_tells(&format!("next: j2v webhook replay {project}"));
    assert_eq!(application.heard().len(), 1);
    world.run(&["webhook", "replay", "k"]).exits(0).tells("will be delivered again");
    until("it was tried once more", || application.heard().len() == 2);
    receiver.stop();
}

#[test]
fn cron_alone_closes_the_gap_and_hands_each_outcome_on_once() {
    let world = World::new();
    world.write("on.sh", "read -r line; printf '%s\\n' \"$line\" >> got\n");
    let missed = format!("poll --missed --older-than 0s {PROGRAM}");
    world.j2v(&missed).exits(0).prints(&[]);
    for name in ["a", "b"] {
        world.movie(&format!("{name}.json"), &json!({}));
        world.run(&["submit", &format!("{name}.json"), "--key", name]).exits(0);
    }
    // Another command is the first to see the end of one of them.
    world.j2v("poll a").exits(0);
    world.j2v(&missed).exits(0);
    world.j2v(&missed).exits(0).prints(&[]);
    let mut keys: Vec<String> = got(&world).iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect();
    keys.sort();
    assert_eq!(keys, ["a", "b"]);
}

#[test]
fn a_failing_program_of_cron_is_told_and_is_no_success() {
    let world = World::new();
    world.write("on.sh", "exit 1\n");
    let missed = format!("poll --missed --older-than 0s {PROGRAM}");
    world.movie("a.json", &json!({}));
    world.j2v("submit a.json --key a").exits(0);
    world.j2v(&missed).exits(1).tells("was not delivered");
    world.j2v("poll --exec /bin/sh").exits(2).tells("use them with --missed");
}

#[test]
fn what_a_receiver_of_one_s_own_recorded_is_replayed_only_if_the_service_confirms_it() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key k --wait --json").exits(0).json()["project"].as_str().unwrap().to_owned();
    let record = |url: &str| {
        let body = json!({"project": project, "success": true, "url": url, "duration": 2}).to_string();
        world.pipe(&["webhook", "parse", "--record"], &body).exits(0);
    };
    record("https://evil.example/another.mp4");
    world.j2v("webhook replay k").exits(6).tells("does not confirm").tells("is not delivered");
    world.j2v(&format!("delete {project} --yes")).exits(0);
    world.j2v("webhook replay k").exits(6).tells("does not confirm");
    let other = world.j2v("submit a.json --key l --wait --json").exits(0).json();
    let body = json!({"project": other["project"], "success": true, "url": other["url"], "duration": 2}).to_string();
    world.pipe(&["webhook", "parse", "--record"], &body).exits(0);
    world.j2v("webhook replay l").exits(0).tells("will be delivered again");
    world.j2v("webhook replay l").exits(0).tells("will be delivered again");
}

#[test]
fn what_a_receiver_of_one_s_own_recorded_is_not_missed() {
    let world = World::new();
    world.write("on.sh", "read -r line; printf '%s\\n' \"$line\" >> got\n");
    world.movie("a.json", &json!({}));
    let project = world.j2v("submit a.json --key a").exits(0).line().to_owned();
    let body = json!({"success": true, "movie": {"project": project, "status": "done", "url": "https://a/v.mp4"}}).to_string();
    let told = world.pipe(&["webhook", "parse", "--record"], &body).exits(0).json();
    assert_eq!((&told["key"], &told["status"], &told["url"]), (&json!("a"), &json!("done"), &json!("https://a/v.mp4")));
    assert_eq!(shown(&world, "a")["state"], "bound", "what a body says changes no render");
    world.j2v(&format!("poll --missed --older-than 0s {PROGRAM}")).exits(0).prints(&[]);
    world.j2v("poll a").exits(0);
    world.j2v(&format!("poll --missed --older-than 0s {PROGRAM}")).exits(0);
    assert_eq!(got(&world).len(), 0);
}
