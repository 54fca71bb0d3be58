//! A whole ledger moved: from a file to a server and back.

use j2v::ledger::postgres::{Address, Postgres};
use j2v::world::World as Outside;
use serde_json::json;

use crate::cluster::shared;
use crate::support::World;

#[test]
fn a_ledger_is_moved_to_a_server_and_back_and_nothing_is_missing() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    for (key, movie) in [("a", "a.json"), ("b", "b.json")] {
        world.movie(movie, &json!({}));
        world.j2v(&format!("submit {movie} --key {key} --wait")).exits(0);
    }
    let (history, story) = (world.j2v("history --json").exits(0).stdout, world.j2v("show a").exits(0).stdout);
    world.j2v(&format!("ledger copy ledger.db {url}")).exits(0).tells("render: 2 rows").tells("J2V_LEDGER=postgres://");
    let server = [("J2V_LEDGER", url.as_str())];
    assert_eq!(world.j2v_with(&server, "history --json").exits(0).stdout, history);
    assert_eq!(world.j2v_with(&server, "show a").exits(0).stdout, story);
    // Known renders stay known, and new rows get numbers of their own.
    world.j2v_with(&server, "submit a.json --key a").exits(0).tells("nothing was sent");
    world.j2v_with(&server, "submit a.json --key c --wait").exits(0);
    assert_eq!(world.accepted(), 3);
    world.j2v(&format!("ledger copy {url} back.db")).exits(0).tells("render: 3 rows");
    world.j2v("ledger check --ledger back.db").exits(0).tells("sound");
    // Copied again, it is complete already, so the copy succeeds at once; but another ledger is never mixed in.
    world.j2v(&format!("ledger copy {url} back.db")).exits(0);
    world.j2v(&format!("ledger copy ledger.db {url}")).exits(1).tells("holds other rows");
    world.j2v(&format!("ledger copy nowhere.db {url}")).exits(2).tells("no ledger");
    world.j2v("ledger copy back.db back.db").exits(2);
}

#[test]
fn a_copy_that_was_interrupted_is_taken_up() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let name = url.rsplit('/').next().unwrap();
    world.movie("a.json", &json!({}));
    for key in ["a", "b", "c"] {
        world.j2v(&format!("submit a.json --key {key}")).exits(0);
    }
    world.j2v(&format!("ledger copy ledger.db {url}")).exits(0);
    cluster.psql(name, "DELETE FROM j2v.render WHERE id = (SELECT max(id) FROM j2v.render)");
    world.j2v(&format!("ledger copy ledger.db {url}")).exits(0).tells("render: 3 rows");
    cluster.psql(name, "UPDATE j2v.render SET source = 'other' WHERE key = 'a'");
    world.j2v(&format!("ledger copy ledger.db {url}")).exits(1).tells("table render");
}

#[test]
fn a_copied_ledger_still_knows_whose_video_a_file_is() {
    let world = World::new();
    for movie in ["a.json", "b.json"] {
        world.movie(movie, &json!({}));
    }
    world.j2v("submit a.json --key a --wait --download tour.mp4").exits(0);
    world.j2v("ledger copy ledger.db copy.db").exits(0);
    world.j2v("submit b.json --key b --wait --download tour.mp4 --ledger copy.db").exits(14).tells("submit/a");
}

/// What no version writes into a column, as both stores spell it.
const DAMAGES: [&str; 6] =
    ["flags = 'no list'", "generation = -1", "attempt = 5000000000", "movie = 'zz'", "state = 'asleep'", "report = '{}'"];

#[test]
fn a_column_that_no_version_wrote_is_called_damaged_by_every_store() {
    let Some(cluster) = shared() else { return };
    for damage in DAMAGES {
        let (world, url) = (World::new(), cluster.database());
        world.movie("a.json", &json!({}));
        for ledger in ["ledger.db", &url] {
            world.j2v(&format!("submit a.json --key a --wait --ledger {ledger}")).exits(0);
        }
        let update = format!("UPDATE render SET {damage}");
        rusqlite::Connection::open(world.path("ledger.db")).unwrap().execute(&update, []).unwrap();
        cluster.psql(url.rsplit('/').next().unwrap(), &update.replace("render", "j2v.render"));
        let column = damage.split(' ').next().unwrap();
        for ledger in ["ledger.db", &url] {
            world.j2v(&format!("history --ledger {ledger}")).exits(1).tells("is damaged").tells(&format!("column `{column}` reads"));
        }
    }
}

#[test]
fn what_a_ledger_holds_against_the_rules_is_told() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let ledger = [("J2V_LEDGER", url.as_str())];
    world.movie("a.json", &json!({}));
    world.j2v_with(&ledger, "submit a.json --key a").exits(0);
    cluster.psql(url.rsplit('/').next().unwrap(), "UPDATE j2v.render SET project = NULL");
    world.j2v_with(&ledger, "ledger check").exits(1).tells("what was accepted has a project");
}

#[test]
fn pruning_forgets_what_ended_and_pays_nothing_twice() {
    let world = World::new();
    world.movie("a.json", &json!({}));
    world.movie("b.json", &json!({}));
    world.j2v("submit a.json --key a --wait").exits(0);
    world.j2v("submit b.json --wait").exits(0);
    let age = "UPDATE render SET touched_at = touched_at - 91 * 86400000";
    rusqlite::Connection::open(world.path("ledger.db")).unwrap().execute(age, []).unwrap();
    world.j2v("ledger prune --older-than 90d").exits(0).tells("2 movies").tells("1 render without a key");
    world.j2v("submit a.json --key a").exits(0).tells("nothing was sent");
    world.j2v("ledger check").exits(0);
    assert_eq!(world.accepted(), 2);
}

/// The rights in `docs/postgresql.md` are enough for a copy, and for the numbers of the rows after it.
#[test]
fn a_ledger_is_copied_with_the_least_rights_and_goes_on() {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    world.movie("a.json", &json!({}));
    for key in ["a", "b", "c"] {
        world.j2v(&format!("submit a.json --key {key} --wait")).exits(0);
    }
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        drop(Postgres::open(Address::parse(&url).unwrap(), Outside::real()).await.unwrap());
    });
    let url = cluster.with_least_rights(&name);
    world.j2v(&format!("ledger copy ledger.db {url}")).exits(0).tells("render: 3 rows");
    let server = [("J2V_LEDGER", url.as_str())];
    world.j2v_with(&server, "submit a.json --key c").exits(0).tells("nothing was sent");
    world.j2v_with(&server, "submit a.json --key d --wait").exits(0);
    assert_eq!(world.accepted(), 4);
}
