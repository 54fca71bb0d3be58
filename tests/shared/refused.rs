//! A database server that refuses everyone, or doesn't answer: the message, and the next step.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;

use serde_json::json;

use crate::cluster::{Cluster, Disk, shared};
use crate::support::World;

#[test]
fn what_may_be_an_address_is_refused_and_makes_nothing() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    for address in ["host=db password=hunter2", "postgres:/me:hunter2@db/j2v", "postgres:me:hunter2@db", "me:hunter2@db/j2v"] {
        let refused = world.j2v_with(&[("J2V_LEDGER", address)], "submit a.json --key k").exits(2);
        refused.tells("postgres://USER@HOST/DATABASE").hides("hunter2");
    }
    let made: Vec<_> = std::fs::read_dir(world.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((made, world.posts()), (vec!["a.json".into()], 0));
}

#[test]
fn a_tilde_in_the_ledgers_place_is_the_home_folder() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.j2v_with(&[("J2V_LEDGER", "~/kept/x.db")], "submit a.json --key k").exits(0);
    assert!(world.has("kept/x.db") && !world.has("~"));
}

#[test]
fn what_only_tells_makes_no_ledger() {
    let world = World::new();
    for line in ["history", "batch --status", "webhook list"] {
        world.j2v(line);
    }
    assert!(!world.has("ledger.db"));
}

#[test]
fn a_role_without_rights_and_a_missing_database_are_told_with_what_helps() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let name = url.rsplit('/').next().unwrap();
    world.movie("a.json", &json!({}));
    cluster.psql(name, &format!("CREATE ROLE guest_{name} LOGIN"));
    world.j2v_with(&[("J2V_LEDGER", &url)], "submit a.json --key k").exits(0);
    let guest = cluster.url(&format!("guest_{name}"), name);
    world.j2v_with(&[("J2V_LEDGER", &guest)], "submit a.json --key l").exits(1).tells("permission denied").tells("docs/postgresql.md");
    let nowhere = cluster.url("j2v", "nowhere");
    world.j2v_with(&[("J2V_LEDGER", &nowhere)], "submit a.json --key l").exits(1).tells("create the database");
    assert_eq!(world.accepted(), 1);
}

#[test]
fn a_wrong_password_is_told_with_what_sets_it_and_never_repeated() {
    let Some(mut cluster) = Cluster::start(Disk::Honest, &[]) else { return };
    let (world, url) = (World::new(), cluster.database());
    world.movie("a.json", &json!({}));
    cluster.psql(url.rsplit('/').next().unwrap(), "CREATE ROLE guest SUPERUSER LOGIN PASSWORD 'canary-right'");
    let rules = "host all guest 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
    cluster.while_down(|data| std::fs::write(data.join("pg_hba.conf"), rules).unwrap());
    let guest = url.replace("j2v@", "guest@");
    let wrong = guest.replace("guest@", "guest:canary-wrong@");
    for ledger in [&[("J2V_LEDGER", wrong.as_str())][..], &[("J2V_LEDGER", guest.as_str()), ("PGPASSWORD", "canary-wrong")]] {
        for line in ["submit a.json --key k", "history", "listen --bind 127.0.0.1:0"] {
            let run = world.j2v_with(ledger, line).exits(1).tells("password").tells("PGPASSWORD");
            assert!(!run.stderr.contains("canary"), "{}", run.stderr);
        }
    }
    world.j2v_with(&[("J2V_LEDGER", &guest)], "submit a.json --key k").exits(1).tells("PGPASSWORD");
    assert_eq!(world.posts(), 0);
    world.j2v_with(&[("J2V_LEDGER", &guest), ("PGPASSWORD", "canary-right")], "submit a.json --key k").exits(0);
}

#[test]
fn a_value_of_the_address_is_not_repeated() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), format!("{}?options=hunter2", cluster.database()));
    world.movie("a.json", &json!({}));
    world.j2v_with(&[("J2V_LEDGER", &url)], "submit a.json --key k").exits(1).hides("hunter2");
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_server_that_is_full_or_silent_ends_with_the_command_to_type_again() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let url = format!("postgres://j2v@127.0.0.1:{}/j2v", silent.local_addr().unwrap().port());
    let run = world.j2v_with(&[("J2V_LEDGER", &url)], "submit a.json --key k").exits(7);
    assert_eq!(run.next(), ["j2v submit a.json --key k"]);
    let Some(cluster) = shared() else { return };
    let full = cluster.database();
    let name = full.rsplit('/').next().unwrap();
    cluster.psql(name, &format!("CREATE ROLE crowd_{name} LOGIN CONNECTION LIMIT 0"));
    let run = world.j2v_with(&[("J2V_LEDGER", &cluster.url(&format!("crowd_{name}"), name))], "submit a.json --key k").exits(7);
    assert_eq!(run.tells("too many connections").next(), ["j2v submit a.json --key k"]);
    assert_eq!(world.posts(), 0);
}

#[test]
fn a_table_that_another_holds_is_told_as_busy() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let ledger = [("J2V_LEDGER", url.as_str())];
    world.movie("a.json", &json!({}));
    world.j2v_with(&ledger, "submit a.json --key k").exits(0);
    let mut psql = cluster.psql_command(url.rsplit('/').next().unwrap(), "");
    let mut holder = psql.args(["-f", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = holder.stdin.take().unwrap();
    stdin.write_all(b"BEGIN; LOCK j2v.render; SELECT 'held';\n").unwrap();
    let mut told = std::io::BufReader::new(holder.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("held") {
        std::io::BufRead::read_line(&mut told, &mut line).unwrap();
    }
    let run = world.j2v_with(&ledger, "submit a.json --key l").exits(1).tells("locked");
    assert_eq!((run.next(), world.posts()), (vec!["j2v submit a.json --key l"], 1));
    drop(stdin);
    holder.wait().unwrap();
}

#[test]
fn a_ledger_that_is_lost_in_the_middle_of_a_batch_names_the_next_run() {
    let Some(mut cluster) = Cluster::start(Disk::Fast, &[]) else { return };
    let (world, url) = (World::new(), cluster.database());
    world.write("a.json", r#"{"resolution": "sd", "scenes": [{"duration": 2, "elements": [{"type": "text", "text": "{{city}}"}]}]}"#);
    let rows: Vec<String> = (0..60).map(|nth| format!("key-{nth},town {nth}")).collect();
    world.write("rows.csv", format!("key,city\n{}\n", rows.join("\n")));
    let line = "batch a.json --rows rows.csv --key key --no-wait --rate 10/s";
    let run = crate::together::start(&world, &url, line);
    crate::running::until("some are accepted", || world.accepted() >= 5);
    cluster.kill();
    let run = run.end().hides("nothing was sent");
    assert!(run.code != 0 && run.next().iter().any(|next| next.starts_with("j2v batch a.json")), "{run:?}");
    cluster.up();
    let ledger = [("J2V_LEDGER", url.as_str())];
    assert!((0..30).any(|_| world.j2v_with(&ledger, "batch a.json --rows rows.csv --key key --no-wait").code == 0));
    assert_eq!(world.accepted(), 60);
}
