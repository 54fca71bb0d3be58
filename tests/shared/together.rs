//! Several machines on one ledger, without faults.

use std::thread;

use serde_json::json;

use crate::cluster::shared;
use crate::receiver::Receiver;
use crate::running::{Running, until};
use crate::support::World;

/// A command of a machine whose ledger is at a URL.
pub(crate) fn start(world: &World, ledger: &str, line: &str) -> Running {
    let mut command = world.command(&line.split_whitespace().collect::<Vec<_>>());
    command.env("J2V_LEDGER", ledger);
    Running::of(command)
}

#[test]
fn every_command_works_on_a_ledger_that_is_shared() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let ledger = [("J2V_LEDGER", url.as_str())];
    world.movie("a.json", &json!({}));
    let project = world.j2v_with(&ledger, "submit a.json --key k").exits(0).line().to_owned();
    world.j2v_with(&ledger, "submit a.json --key k").exits(0).prints(&[&project]).tells("nothing was sent");
    assert!(world.j2v_with(&ledger, "poll k").exits(0).line().starts_with("http"));
    assert!(world.j2v_with(&ledger, "history").exits(0).stdout.contains(&project));
    assert!(world.j2v_with(&ledger, "show k").exits(0).stdout.contains("claimed"));
    world.j2v_with(&ledger, "ledger check").exits(1).tells("fsync = off");
    world.j2v_with(&ledger, "ledger prune --older-than 90d").exits(0).tells("0 movies");
    world.j2v_with(&ledger, "ledger prune --older-than 6d").exits(2);
    // Another account is another space, in which the same key is another render.
    let other = [("J2V_LEDGER", url.as_str()), ("J2V_API_URL", &world.url().replace("127.0.0.1", "localhost"))];
    assert_ne!(world.j2v_with(&other, "submit a.json --key k").exits(0).line(), project);
    assert_eq!(world.accepted(), 2);
}

#[test]
fn what_only_looks_makes_no_tables() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let ledger = [("J2V_LEDGER", url.as_str())];
    world.movie("a.json", &json!({}));
    world.write("rows.csv", "key\n1\n");
    world.j2v_with(&ledger, "submit a.json --key k --dry-run").exits(0);
    world.j2v_with(&ledger, "batch a.json --rows rows.csv --key key --dry-run").exits(0);
    let told = world.j2v_with(&ledger, "doctor").exits(0).stdout;
    assert!(told.contains("none yet; the first submit makes its tables in postgres://"), "{told}");
    assert_eq!(cluster.psql(url.rsplit('/').next().unwrap(), "SELECT to_regnamespace('j2v') IS NULL"), "t");
    world.j2v_with(&ledger, "submit a.json --key k").exits(0);
    assert!(world.j2v_with(&ledger, "doctor").exits(0).stdout.contains("it answers"));
}

#[test]
fn two_machines_that_submit_one_key_at_once_pay_once() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    world.movie("a.json", &json!({}));
    let runs: Vec<_> = (0..4).map(|_| start(&world, &url, "submit a.json --key k")).collect();
    let projects: Vec<String> = runs.into_iter().map(|run| run.end().exits(0).line().to_owned()).collect();
    assert!(projects.iter().all(|project| *project == projects[0]), "{projects:?}");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn several_machines_work_one_batch_together() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    world.write("a.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{city}}"}]}]}"#);
    let rows: Vec<String> = (0..40).map(|nth| format!("key-{nth},town {nth}")).collect();
    world.write("rows.csv", format!("key,city\n{}\n", rows.join("\n")));
    let runs: Vec<_> = (0..4).map(|_| start(&world, &url, "batch a.json --rows rows.csv --key key")).collect();
    for run in runs {
        run.end().exits(0);
    }
    assert_eq!(world.accepted(), 40);
    let counts = "SELECT count(DISTINCT project), count(DISTINCT owner) > 1 FROM j2v.render";
    assert_eq!(cluster.psql(url.rsplit('/').next().unwrap(), counts), "40|t", "each row once, and not by one machine alone");
    world.j2v_with(&[("J2V_LEDGER", &url)], "batch --status").exits(0);
}

#[test]
fn what_one_machine_learns_ends_the_wait_of_another_without_a_question() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    world.movie("a.json", &json!({"render-time": "1h"}));
    world.j2v_with(&[("J2V_LEDGER", &url)], "submit a.json --key k").exits(0);
    let waiting = start(&world, &url, "poll k --interval 10m");
    until("it waits", || cluster.psql(url.rsplit('/').next().unwrap(), "SELECT count(*) FROM j2v.waiting") == "1");
    let listens = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    until("it listens", || cluster.psql(url.rsplit('/').next().unwrap(), listens) == "1");
    let before = reads(&world);
    // Another machine learns of the end, whichever way.
    let name = url.rsplit('/').next().unwrap();
    let project = cluster.psql(name, "SELECT project FROM j2v.render");
    let report = json!({"project": project, "status": "done", "success": true, "url": "https://v.example/1.mp4"}).to_string();
    cluster.psql(
        name,
        &format!(
            "UPDATE j2v.render SET state = 'done', report = '{report}', read_at = (extract(epoch FROM now()) * 1000)::bigint; \
             NOTIFY j2v_news, 'another machine'"
        ),
    );
    assert_eq!(waiting.end().exits(0).line(), "https://v.example/1.mp4");
    assert_eq!(reads(&world), before, "it asked the service nothing");
}

#[test]
fn a_callback_that_one_machine_receives_ends_the_wait_of_another() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let receiver = Receiver::of(start(&world, &url, "listen --bind 127.0.0.1:0 --poll-after 1h"));
    world.movie("a.json", &json!({"render-time": "3s"}));
    let project = world.j2v_with(&[("J2V_LEDGER", &url)], "submit a.json --key k").exits(0).line().to_owned();
    let waiting = start(&world, &url, "poll k --interval 10m");
    let listens = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    until("it listens to the database", || cluster.psql(url.rsplit('/').next().unwrap(), listens) != "0");
    let question = format!("/v2/movies?project={project}");
    until("the render ends", || String::from_utf8_lossy(&world.ask("GET", &question, "")).contains("\"done\""));
    let before = reads(&world);
    assert_eq!(receiver.post(&json!({"project": project, "status": "done"}).to_string()), 200);
    assert!(waiting.end().exits(0).line().contains(&project));
    assert_eq!(reads(&world), before + 1, "one question confirms it, and whoever waits asks none");
    receiver.stop();
}

fn reads(world: &World) -> u64 {
    world.requests("GET /v2/movies")
}

#[test]
fn a_password_is_never_shown() {
    let world = World::new();
    let with_password = "postgres://me:canary-of-the-ledger@127.0.0.1:1/renders";
    let run = world.j2v_with(&[("J2V_LEDGER", with_password)], "history").exits(7).hides("canary-of-the-ledger");
    assert!(run.stderr.contains("postgres://me@127.0.0.1:1/renders"), "{}", run.stderr);
    world.j2v(&format!("history --ledger {with_password}")).exits(2).hides("canary-of-the-ledger").tells("PGPASSWORD");
    let plain = [("J2V_LEDGER", "postgres://me:canary-of-the-ledger@db.invalid/renders?sslmode=disable")];
    world.j2v_with(&plain, "history").exits(2).hides("canary-of-the-ledger").tells("in the clear");
}

#[test]
fn a_server_that_restarts_is_waited_for() {
    let Some(mut cluster) = crate::cluster::Cluster::start(crate::cluster::Disk::Honest, &[]) else { return };
    let (world, url) = (World::new(), cluster.database());
    world.movie("a.json", &json!({"render-time": "2s"}));
    let waiting = start(&world, &url, "submit a.json --key k --wait");
    waiting.until_it_tells("waiting for the render");
    cluster.kill();
    let back = thread::spawn(move || {
        cluster.up();
        cluster
    });
    waiting.end().exits(0);
    drop(back.join().unwrap());
    assert_eq!(world.accepted(), 1);
}
