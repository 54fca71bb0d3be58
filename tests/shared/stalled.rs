//! Row 80: a process that is stopped for longer than its lease continues and sends nothing.

use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::cluster::{Cluster, shared};
use crate::running::until;
use crate::support::World;
use crate::together::start;

/// Makes a claim wait at its commit while a lock is held.
const HOLD: &str = "CREATE FUNCTION public.hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     SET LOCAL lock_timeout = 0; PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
     CREATE CONSTRAINT TRIGGER hold AFTER UPDATE ON j2v.render DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
     WHEN (NEW.state = 'sending') EXECUTE FUNCTION public.hold()";

fn holder(cluster: &Cluster, database: &str) -> Child {
    let mut psql: Command = cluster.psql_command(database, "SELECT pg_advisory_lock(4711); SELECT pg_sleep(60)");
    let child = psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    until("the lock is held", || {
        cluster.psql(database, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted") == "1"
    });
    child
}

#[test]
fn row_80_a_stalled_owner_that_wakes_up_sends_nothing() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let name = url.rsplit('/').next().unwrap();
    let ledger = [("J2V_LEDGER", url.as_str())];
    world.movie("a.json", &json!({}));
    world.j2v_with(&ledger, "reconcile --fix").exits(0);
    cluster.psql(name, HOLD);
    let mut lock = holder(cluster, name);
    let stalled = start(&world, &url, "submit a.json --key k --settle-for 200ms");
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted";
    until("its claim is on the way", || cluster.psql(name, waits) == "1");
    stalled.signal("STOP");
    cluster.psql(name, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND granted");
    lock.wait().unwrap();
    until("its claim is made", || cluster.psql(name, "SELECT state FROM j2v.render") == "sending");
    cluster.psql(name, "DROP TRIGGER hold ON j2v.render");
    // The server's clock decides when a lease ends, and never within 10 s of the server's start.
    until("leases may end", || cluster.psql(name, "SELECT pg_postmaster_start_time() < clock_timestamp() - interval '10 s'") == "t");
    cluster.psql(name, "UPDATE j2v.owner SET lease_until = clock_timestamp() - interval '1 s'");
    world.j2v_with(&ledger, "submit a.json --key k --settle-for 200ms").exits(8);
    assert_eq!(cluster.psql(name, "SELECT state, epoch FROM j2v.render"), "unknown|2");
    stalled.signal("CONT");
    stalled.end().exits(8);
    assert_eq!((world.posts(), world.accepted()), (0, 0));
    world.j2v_with(&ledger, "settle k --resubmit").exits(0);
    assert_eq!(world.accepted(), 1);
}
