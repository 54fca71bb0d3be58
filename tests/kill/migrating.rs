//! A ledger of the first `j2v` migrated to the newest schema, by a process that is killed at any moment of the migration.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use rusqlite::Connection;

use crate::life::{Death, End, Life, can_trace};
use crate::moment::Moment;
use crate::oracle::is_sound;
use crate::support::World;

/// The schema of version 0.1.0 as it was released, and one render that was paid for.
const FIRST: &str = include_str!("../fixtures/ledger-1.sql");

#[test]
fn a_kill_at_any_moment_of_a_migration_leaves_a_ledger_that_the_next_command_leads_on() {
    if !can_trace() {
        return;
    }
    let world = World::new();
    let life = Life { world: &world, key: "k" };
    let mut kills = 0;
    for nth in 1..=12 {
        for (file, calls) in [("ledger.db-wal", "pwrite64"), ("ledger.db", "fcntl"), ("ledger.db-shm", "fcntl")] {
            old_ledger(&world);
            let death = Death::At(Moment::of_calls(Some(file), calls, nth));
            kills += u32::from(life.run("history --json", Some(&death)) == End::Killed);
            let row = world.j2v("history --json").exits(0).json();
            assert_eq!((row["key"].as_str(), row["project"].as_str()), (Some("old"), Some("EMUprojectofold1")), "{calls} {nth}");
            is_sound(&world, calls);
        }
    }
    assert!(kills > 12, "only {kills} kills");
}

/// Replaces the ledger with the old one.
fn old_ledger(world: &World) {
    for ending in ["", "-wal", "-shm"] {
        // At first these files do not exist.
        fs::remove_file(world.path(&format!("ledger.db{ending}"))).ok();
    }
    let sql = FIRST.replace("ENDPOINT", world.url());
    Connection::open(world.path("ledger.db")).unwrap().execute_batch(&sql).unwrap();
    fs::set_permissions(world.path("ledger.db"), fs::Permissions::from_mode(0o600)).unwrap();
}
