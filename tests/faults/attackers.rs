//! Attacks on the receiver's port: floods of connections that send nothing, write slowly or never read, during real
//! callbacks; a service that never answers; a ledger locked by others. Each real callback is stored and answered, and a
//! stop ends everything.

use std::io::Write;
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;

use crate::peer::{Peer, closed_address};
use crate::receiver::{PROGRAM, Receiver, request, shown, submit, until_got};
use crate::running::{Running, until};
use crate::support::World;

/// The behaviour of an attacker's connection.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It sends nothing.
    Silent,
    /// It writes its request a byte at a time.
    SlowToWrite,
    /// It sends requests repeatedly, and reads no answer.
    NeverReads,
}

const MANNERS: [Manner; 3] = [Manner::Silent, Manner::SlowToWrite, Manner::NeverReads];

/// Connections to a receiver that are kept open until it cuts them.
struct Flood {
    streams: Vec<(TcpStream, Manner)>,
}

impl Flood {
    fn of(receiver: &Receiver, count: usize, manners: &[Manner]) -> Self {
        raise_the_limit_of_files();
        let path = &receiver.url["http://".len() + receiver.address().len()..];
        let asks = format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").repeat(200);
        let head = format!("POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n");
        let open = |nth: usize| {
            let manner = manners[nth % manners.len()];
            let stream = TcpStream::connect(receiver.address()).ok()?;
            stream.set_nonblocking(true).ok()?;
            // A connection that the receiver cuts is not an error here.
            match manner {
                Manner::Silent => {}
                Manner::SlowToWrite => drop((&stream).write_all(head.as_bytes())),
                Manner::NeverReads => drop((&stream).write_all(asks.as_bytes())),
            }
            Some((stream, manner))
        };
        Self { streams: (0..count).filter_map(open).collect() }
    }

    /// Repeats its behaviour until `over`.
    fn go_on(&self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            for (stream, manner) in &self.streams {
                if matches!(manner, Manner::SlowToWrite) {
                    let mut stream = stream;
                    stream.write_all(b"x").ok();
                }
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A flood needs more open files than a process has by default.
fn raise_the_limit_of_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).ok();
}

/// Posts `count` callbacks while others flood the receiver; returns how long each took.
fn posted_amid(receiver: &Receiver, flood: &Flood, count: usize) -> Vec<Duration> {
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| flood.go_on(&over));
        let times = (0..count).map(|nth| {
            let begin = Instant::now();
            let body = json!({"project": format!("EMUreal{nth:09}"), "status": "done", "url": "https://a/v.mp4"});
            assert_eq!(receiver.post(&body.to_string()), 200, "callback {nth}");
            begin.elapsed()
        });
        let times = times.collect();
        over.store(true, Ordering::Relaxed);
        times
    })
}

fn kept(world: &World) -> usize {
    let ledger = Connection::open(world.path("ledger.db")).unwrap();
    ledger
        .query_row("SELECT count(*) FROM callback WHERE project LIKE 'EMUreal%'", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .try_into()
        .unwrap()
}

/// A stop ends it under any attack: its own deadline for that is 5 s.
#[track_caller]
fn is_stopped(receiver: Receiver) {
    receiver.running.signal("TERM");
    receiver.running.end().exits(0).tells("stopped");
}

#[test]
fn row_57_a_place_for_everybody_is_not_kept_by_those_who_never_read() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    let flood = Flood::of(&receiver, 300, &[Manner::NeverReads]);
    posted_amid(&receiver, &flood, 100);
    assert_eq!(kept(&world), 100);
    is_stopped(receiver);
}

#[test]
fn row_57_a_flood_of_any_manners_keeps_no_callback_out_and_no_stop_up() {
    for (count, callbacks) in [(256, 100), (1000, 200)] {
        let world = World::new();
        let receiver = Receiver::start(&world, "");
        let flood = Flood::of(&receiver, count, &MANNERS);
        posted_amid(&receiver, &flood, callbacks);
        assert_eq!(kept(&world), callbacks, "amid {count}");
        is_stopped(receiver);
    }
}

/// The long form: `cargo test --test faults attackers -- --ignored --nocapture` prints how long a callback waits.
#[test]
#[ignore = "3,000 connections; its figures are for people"]
fn row_57_of_1000_callbacks_amid_3000_connections_each_is_kept_and_answered() {
    for count in [256, 3000] {
        for manners in [&MANNERS[..1], &MANNERS[1..2], &MANNERS[2..], &MANNERS] {
            let world = World::new();
            let receiver = Receiver::start(&world, "");
            let flood = Flood::of(&receiver, count, manners);
            let mut times = posted_amid(&receiver, &flood, 1000);
            times.sort();
            println!("{count} of {manners:?}: median {:?}, 99 of 100 within {:?}, all within {:?}", times[500], times[989], times[999]);
            assert_eq!(kept(&world), 1000);
            let begin = Instant::now();
            is_stopped(receiver);
            println!("    stopped within {:?}", begin.elapsed());
        }
    }
}

#[test]
fn a_status_that_never_comes_keeps_no_other_outcome_back_and_no_stop_up() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "--interval 50ms");
    let hung = submit(&world, "hung", &json!({"fault": ["get-hang"]}));
    receiver.running.until_it_tells(&format!("{hung}: callback received"));
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        submit(&world, name, &json!({}));
    }
    let mut told: Vec<String> = until_got(&world, names.len()).iter().map(|line| line["key"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, names);
    is_stopped(receiver);
}

#[test]
fn a_service_that_answers_nothing_at_all_holds_up_no_stop() {
    let silent = Peer::silent();
    let world = World::at(&format!("http://{}/v2", silent.address()));
    let receiver = Receiver::start(&world, "--interval 50ms --poll-after 0s");
    assert_eq!(receiver.post(r#"{"project":"JkGxEoPRF9EgRb32","status":"done"}"#), 200);
    until("the service was asked", || !silent.heard().is_empty());
    is_stopped(receiver);
}

#[test]
fn whoever_invents_projects_keeps_no_render_back() {
    let world = World::new();
    let receiver = Receiver::with_program(&world, "");
    for nth in 0..300 {
        assert_eq!(receiver.post(&json!({"project": format!("EMUfalse{nth:08}"), "status": "done"}).to_string()), 200);
    }
    submit(&world, "k", &json!({}));
    assert_eq!(until_got(&world, 1)[0]["key"], "k");
    is_stopped(receiver);
}

#[test]
fn health_promises_that_a_callback_would_be_kept() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    let health = || request(&format!("http://{}/health", receiver.address()), "GET", "text/plain", b"").0;
    assert_eq!(health(), 200);
    let lock = Connection::open(world.path("ledger.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    until("it says no", || health() == 503);
    assert_eq!(receiver.post(r#"{"project":"p"}"#), 503);
    lock.execute_batch("COMMIT").unwrap();
    until("it says yes again", || health() == 200);
    assert_eq!(receiver.post(r#"{"project":"p"}"#), 200);
    is_stopped(receiver);
}

/// A receiver for which the disk can become full: a write beyond the limit of files fails, and doesn't end it.
#[cfg(target_os = "linux")]
fn on_a_disk_that_may_be_full(world: &World) -> Receiver {
    let own = world.command(&["listen", "--bind", "127.0.0.1:0"]);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(own.get_program()).args(own.get_args());
    command.env_clear().envs(own.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(world.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Receiver::of(Running::of(command))
}

#[cfg(target_os = "linux")]
#[test]
fn health_says_no_while_the_disk_is_full_and_yes_when_there_is_room_again() {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    let world = World::new();
    let receiver = on_a_disk_that_may_be_full(&world);
    let process = Pid::from_raw(i32::try_from(receiver.running.id()).unwrap());
    let health = || request(&format!("http://{}/health", receiver.address()), "GET", "text/plain", b"").0;
    let post = |nth: u32| {
        receiver.post(&json!({"project": format!("EMUreal{nth:09}"), "status": "done", "padding": "x".repeat(10_000)}).to_string())
    };
    assert_eq!((health(), post(0)), (200, 200));
    let limits = prlimit(process, Resource::Fsize, Rlimit { current: Some(0), maximum: None }).unwrap();
    until("it says no", || health() == 503);
    assert_eq!((post(1), health()), (503, 503));
    prlimit(process, Resource::Fsize, limits).unwrap();
    until("it says yes again", || health() == 200);
    assert_eq!(post(2), 200);
    is_stopped(receiver);
}

#[test]
fn a_service_that_is_down_keeps_nothing_back_that_is_believed_at_its_word() {
    let world = World::at(&format!("http://{}/v2", closed_address()));
    let receiver = Receiver::start(&world, "--trust --interval 50ms");
    for nth in 0..20 {
        assert_eq!(receiver.post(&json!({"project": format!("UnknownStatus{nth:03}"), "status": "simmering"}).to_string()), 200);
    }
    assert_eq!(receiver.post(r#"{"project":"AnybodyOf16Bytes","status":"done","url":"https://a/v.mp4"}"#), 200);
    until("it is printed", || receiver.running.printed().contains("AnybodyOf16Bytes"));
    is_stopped(receiver);
}

#[test]
fn a_program_sees_what_is_documented_and_a_secret_only_where_it_is_asked_for() {
    let world = World::new();
    world.write("on.sh", "read -r line; env > environment; printf %s \"${J2V_API_KEY:+given}\" > key; echo \"$line\" >> got\n");
    let receiver = Receiver::start(&world, PROGRAM);
    submit(&world, "k", &json!({}));
    until_got(&world, 1);
    is_stopped(receiver);
    // The end of every world checks that no file contains the key.
    let told = String::from_utf8(world.read("environment")).unwrap();
    assert!(told.contains("J2V_STATUS=done") && told.contains("HOME=") && told.contains("J2V_LEDGER="), "{told}");
    assert_eq!(world.read("key"), b"");
    world.write("on.sh", "read -r line; printf %s \"${J2V_API_KEY:+given}\" > key; echo \"$line\" >> got\n");
    let receiver = Receiver::start(&world, &format!("--exec-env J2V_API_KEY {PROGRAM}"));
    submit(&world, "l", &json!({}));
    until_got(&world, 2);
    is_stopped(receiver);
    assert_eq!(world.read("key"), b"given");
    world.j2v(&format!("listen --exec-env J2V_FORWARD_SECRET {PROGRAM}")).exits(2).tells("$J2V_FORWARD_SECRET is not set");
}

#[test]
fn an_outcome_that_waits_for_what_a_program_left_behind_says_so() {
    let world = World::new();
    world.write("on.sh", "exec 3<&0\n(while [ ! -e go ]; do sleep 0.05; done) <&3 &\nread -r line; echo \"$line\" >> got\n");
    let receiver = Receiver::start(&world, PROGRAM);
    submit(&world, "k", &json!({}));
    until_got(&world, 1);
    until("it is written down", || shown(&world, "k")["deliveries"][0]["progress"] == "done");
    world.j2v("webhook replay k").exits(0);
    receiver.running.until_it_tells("still holds the input of an earlier run");
    world.write("go", "");
    until_got(&world, 2);
    is_stopped(receiver);
}

#[test]
fn a_receiver_whose_terminal_is_gone_stops_and_one_that_nohup_started_goes_on() {
    let world = World::new();
    let receiver = Receiver::start(&world, "");
    receiver.running.signal("HUP");
    receiver.running.end().exits(0).tells("stopped");
    let mut command = world.command(&["listen", "--bind", "127.0.0.1:0"]);
    let program = command.get_program().to_owned();
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let environment: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command = Command::new("/usr/bin/nohup");
    command.arg(program).args(arguments).env_clear().envs(environment).current_dir(world.path(""));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let receiver = Receiver::of(Running::of(command));
    receiver.running.signal("HUP");
    assert_eq!(receiver.post("{}"), 200);
    is_stopped(receiver);
}

#[test]
fn a_wait_whose_terminal_is_gone_ends_with_the_command_that_goes_on() {
    let world = World::new();
    world.movie("a.json", &json!({"render-time": "1h"}));
    let running = Running::start(&world, "submit a.json --key k --wait");
    running.until_it_tells("accepted as project");
    running.signal("HUP");
    let run = running.end().exits(130);
    assert!(run.next().iter().any(|next| next.starts_with("j2v poll")), "{}", run.stderr);
}

#[test]
fn the_first_command_of_a_machine_may_be_a_forwarding_receiver() {
    let world = World::new();
    let ledger = world.path("new/folder/ledger.db").display().to_string();
    let run = world.j2v(&format!("listen --ledger {ledger} --bind 127.0.0.1:0 --timeout 10ms --forward http://127.0.0.1:9/"));
    run.exits(0).tells("a signing secret was made");
}

#[test]
fn a_public_url_is_kept_beside_an_api_on_this_machine() {
    let world = World::new();
    Receiver::start(&world, "--public-url https://hooks.example.com").stop();
    let again = Receiver::start(&world, "");
    assert!(again.url.starts_with("https://hooks.example.com/"), "{}", again.url);
    again.stop();
}

#[test]
fn what_the_reference_tells_of_a_failure_keeps_its_client_data() {
    let world = World::new();
    let body = json!({"project": "JkGxEoPRF9EgRb32", "id": "q", "client-data": {"order_id": 7, "j2v": "k#1.0123abcd.1"}});
    let told = world.pipe(&["webhook", "parse"], &body.to_string()).exits(0).json();
    assert_eq!((&told["status"], &told["client-data"]), (&json!(null), &json!({"order_id": 7})));
}
