//! Row 85: a standby without the last commits takes over, or a backup is restored.

use std::fs;

use serde_json::json;

use crate::cluster::{Cluster, Disk, own, program};
use crate::support::World;

/// A copy of the cluster at this moment, without any later change.
fn standby(cluster: &Cluster) -> std::path::PathBuf {
    let folder = tempfile::Builder::new().prefix("j2v-postgres-").tempdir().unwrap().keep();
    own(&folder);
    let mut backup = program("pg_basebackup").unwrap();
    backup.args(["-h", "127.0.0.1", "-U", "j2v", "-X", "stream", "-c", "fast", "--no-sync", "-p", &cluster.port().to_string(), "-D"]);
    let copied = backup.arg(folder.join("data")).current_dir(&folder).output().unwrap();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    fs::write(folder.join("data/standby.signal"), "").unwrap();
    folder
}

#[test]
fn row_85_a_failover_that_lost_the_last_second_pays_nothing_twice() {
    let Some(mut primary) = Cluster::start(Disk::Fast, &[]) else { return };
    let (world, url) = (World::new(), primary.database());
    let name = url.rsplit('/').next().unwrap().to_owned();
    let on = |url: &str, line: &str| world.j2v_with(&[("J2V_LEDGER", url)], line);
    for movie in ["early", "lost", "new"] {
        world.movie(&format!("{movie}.json"), &json!({}));
    }
    let early = on(&url, "submit early.json --key early").exits(0).line().to_owned();
    let folder = standby(&primary);
    let lost = on(&url, "submit lost.json --key lost").exits(0).line().to_owned();
    primary.kill();
    let successor = Cluster::in_folder(folder, Disk::Fast);
    successor.psql("postgres", "SELECT pg_promote(true, 30)");
    let url = successor.url("j2v", &name);
    assert_eq!(successor.psql(&name, "SELECT count(*) FROM j2v.render WHERE key = 'lost'"), "0", "the standby never heard of it");
    on(&url, "submit early.json --key early").exits(0).prints(&[&early]);
    on(&url, "submit lost.json --key lost").exits(0).prints(&[&lost]).tells("found");
    assert_eq!(world.accepted(), 2);
    // A movie that was never sent is sent, after a search.
    on(&url, "submit new.json --key new").exits(0);
    assert_eq!(world.accepted(), 3);
    assert_eq!(successor.psql(&name, "SELECT gap_from IS NOT NULL FROM j2v.ledger"), "t");
}

#[test]
fn row_85_where_the_list_cannot_be_read_nothing_is_sent_after_a_failover() {
    let Some(cluster) = crate::cluster::shared() else { return };
    let (world, url) = (World::with_faults(&["list-status=500"]), cluster.database());
    let ledger = [("J2V_LEDGER", url.as_str())];
    world.movie("a.json", &json!({}));
    world.j2v_with(&ledger, "reconcile --fix").exits(7);
    cluster.psql(url.rsplit('/').next().unwrap(), "UPDATE j2v.ledger SET history = 'another/00000001'");
    world.j2v_with(&ledger, "submit a.json --key k").exits(7).tells("nothing was sent");
    assert_eq!(world.posts(), 0);
}
