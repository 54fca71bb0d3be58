//! The further guarantees of the shared store: leases, restarts and failovers of its server, transactions that are retried,
//! the least rights that a role needs.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use j2v::ledger::postgres::{Address, Postgres};
use j2v::ledger::sharing::Sharing;
use j2v::ledger::{Change, LedgerError, PlaceResult, Record, RenderId, RenderQuery, Store};
use j2v::render::state::{Fact, State};
use j2v::world::World;

use crate::cluster::{Cluster, Disk, shared};
use crate::fixture::{accepted, at, fact, kinds, lost, named, new, open, place, row};

/// A server and an empty database on it; `None` where there is no server.
fn database() -> Option<(&'static Cluster, String, String)> {
    let cluster = shared()?;
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    Some((cluster, url, name))
}

async fn claim(store: &impl Store, render: RenderId) -> bool {
    let claim = Record { render, change: Change::Fact(Fact::Claimed), at: at(1) };
    store.record(vec![claim]).await.unwrap().remove(0).is_ok()
}

/// Makes a statement on `render` fail with these SQL states, one after another, before it works.
fn stumbles(cluster: &Cluster, database: &str, states: &[&str]) {
    let states = states.iter().enumerate().map(|(nth, state)| format!("WHEN {} THEN '{state}'", nth + 1)).collect::<Vec<_>>().join(" ");
    cluster.psql(
        database,
        &format!(
            "CREATE SEQUENCE public.stumbles; GRANT USAGE ON public.stumbles TO PUBLIC;
             CREATE FUNCTION public.stumble() RETURNS trigger LANGUAGE plpgsql AS $$
             DECLARE state text := CASE nextval('public.stumbles') {states} END;
             BEGIN
                 IF state IS NOT NULL THEN RAISE EXCEPTION 'stumbled' USING ERRCODE = state; END IF;
                 RETURN NEW;
             END $$;
             CREATE TRIGGER stumble BEFORE UPDATE ON j2v.render FOR EACH ROW EXECUTE FUNCTION public.stumble()"
        ),
    );
}

#[tokio::test]
async fn row_86_only_the_transaction_is_run_again_after_a_deadlock_or_a_serialization_failure() {
    let Some((cluster, url, name)) = database() else { return };
    let store = open(&url);
    let render = new(&store, named("a", "{}")).await.id;
    stumbles(cluster, &name, &["40001", "40P01", "40001"]);
    assert!(claim(&store, render).await);
    assert_eq!(cluster.psql(&name, "SELECT last_value FROM public.stumbles"), "4");
    assert_eq!((row(&store, render).await.submission.epoch, kinds(&store, render).await), (1, vec!["created".into(), "claimed".into()]));
}

#[tokio::test]
async fn a_fault_that_no_repetition_mends_is_told_and_leaves_nothing() {
    let Some((cluster, url, name)) = database() else { return };
    let store = open(&url);
    let render = new(&store, named("a", "{}")).await.id;
    stumbles(cluster, &name, &["53100", "P0001"]);
    let claim = || store.record(vec![Record { render, change: Change::Fact(Fact::Claimed), at: at(1) }]);
    assert!(matches!(claim().await, Err(LedgerError::Full { .. })));
    let error = claim().await.unwrap_err();
    assert!(matches!(&error, LedgerError::Engine { why, .. } if why == "stumbled"), "{error}");
    assert_eq!(row(&store, render).await.submission.state, State::Intent);
    assert!(claim().await.unwrap()[0].is_ok());
}

#[tokio::test]
async fn a_claim_is_on_disk_before_its_answer_whatever_the_role_has_by_default() {
    let Some((cluster, _, name)) = database() else { return };
    cluster.psql(&name, &format!("CREATE ROLE lazy_{name} LOGIN; GRANT CREATE ON DATABASE {name} TO lazy_{name}; ALTER ROLE lazy_{name} SET synchronous_commit = off"));
    let store = open(&cluster.url(&format!("lazy_{name}"), &name));
    let render = new(&store, named("a", "{}")).await.id;
    cluster.psql(
        &name,
        "CREATE TABLE public.seen (level text); GRANT INSERT ON public.seen TO PUBLIC;
         CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER see AFTER UPDATE ON j2v.render DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.see()",
    );
    assert!(claim(&store, render).await);
    assert_eq!(cluster.psql(&name, "SELECT level FROM public.seen"), "on");
}

#[tokio::test]
async fn row_80_whose_lease_is_over_is_taken_over_and_its_claim_stands_no_more() {
    let Some((cluster, url, name)) = database() else { return };
    let (stalled, other) = (open(&url), open(&url));
    let render = new(&stalled, named("a", "{}")).await.id;
    let claimed = fact(&stalled, render, Fact::Claimed, 1).await.render;
    assert!(stalled.stands(&claimed).await.unwrap());
    assert_eq!(other.reap(at(2)).await.unwrap(), []);
    end_leases(cluster, &name);
    assert!(!stalled.stands(&claimed).await.unwrap(), "a lease that is over is no leave to send");
    let reaped = other.reap(at(3)).await.unwrap();
    assert_eq!((reaped.len(), reaped[0].submission.state, reaped[0].submission.epoch), (1, State::Unknown, 2));
    // This store does not know of the loss yet, and claims under another name as soon as it does.
    let next = new(&stalled, named("b", "{}")).await.id;
    let again = fact(&stalled, next, Fact::Claimed, 4).await.render;
    assert_ne!(again.owner, claimed.owner);
    assert!(stalled.stands(&again).await.unwrap());
    assert!(!stalled.stands(&claimed).await.unwrap());
    // The result of its first POST still counts.
    assert_eq!(fact(&stalled, render, accepted('p'), 5).await.render.submission.state, State::Bound);
}

/// Ends every lease as if it had not been renewed for long, on a server that has been up for long.
fn end_leases(cluster: &Cluster, name: &str) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while cluster.psql(name, "SELECT pg_postmaster_start_time() < clock_timestamp() - interval '10 s'") != "t" {
        assert!(std::time::Instant::now() < until);
        thread::sleep(std::time::Duration::from_millis(200));
    }
    cluster.psql(name, "UPDATE j2v.owner SET lease_until = clock_timestamp() - interval '1 s'");
}

#[tokio::test]
async fn after_a_start_of_the_server_everybody_has_the_time_to_renew() {
    let Some(cluster) = Cluster::start(Disk::Fast, &[]) else { return };
    let url = cluster.database();
    let name = url.rsplit('/').next().unwrap().to_owned();
    let (one, other) = (open(&url), open(&url));
    let render = new(&one, named("a", "{}")).await.id;
    fact(&one, render, Fact::Claimed, 1).await;
    cluster.psql(&name, "UPDATE j2v.owner SET lease_until = clock_timestamp() - interval '1 s'");
    assert_eq!(other.reap(at(2)).await.unwrap(), []);
}

#[tokio::test]
async fn a_newer_ledger_is_refused() {
    let Some((cluster, url, name)) = database() else { return };
    drop(open(&url));
    cluster.psql(&name, "UPDATE j2v.ledger SET schema = 99");
    let refused = Postgres::open(Address::parse(&url).unwrap(), World::real()).await.err().unwrap();
    assert!(matches!(refused, LedgerError::Newer { found: 99, .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_who_open_an_empty_database_at_once_make_one_ledger() {
    let Some((_, url, _)) = database() else { return };
    let opening = (0..8).map(|_| Postgres::open(Address::parse(&url).unwrap(), World::real()));
    let stores = futures_util::future::try_join_all(opening).await.unwrap();
    let render = new(&stores[0], named("a", "{}")).await.id;
    assert_eq!(row(&stores[7], render).await.id, render);
}

/// The rights in `docs/postgresql.md`, and no more.
#[tokio::test]
async fn the_least_rights_are_enough() {
    let Some((cluster, url, name)) = database() else { return };
    drop(open(&url));
    cluster.psql(&name, "REVOKE CREATE ON SCHEMA public FROM PUBLIC");
    let url = cluster.with_least_rights(&name);
    let store = open(&url);
    let render = new(&store, named("a", "{}")).await.id;
    fact(&store, render, Fact::Claimed, 1).await;
    fact(&store, render, lost(1), 2).await;
    assert_eq!(store.reap(at(3)).await.unwrap(), []);
    assert!(store.completeness().gap.is_none());
    drop(store);
    // After a failover such a role notices it, too.
    cluster.psql(&name, "UPDATE j2v.ledger SET history = 'another/00000001'");
    assert!(open(&url).completeness().gap.is_some());
}

#[tokio::test]
async fn a_role_without_rights_is_told_so() {
    let Some((cluster, _, name)) = database() else { return };
    cluster.psql(&name, &format!("CREATE ROLE nobody_{name} LOGIN; REVOKE CREATE ON DATABASE {name} FROM PUBLIC"));
    let address = Address::parse(&cluster.url(&format!("nobody_{name}"), &name)).unwrap();
    let refused = Postgres::open(address, World::real()).await.err().unwrap();
    assert!(matches!(&refused, LedgerError::Denied { why, .. } if why.contains("permission denied")), "{refused}");
}

#[tokio::test]
async fn row_85_another_history_of_the_database_is_a_gap_and_numbers_of_lost_rows_are_nobodys() {
    let Some((cluster, url, name)) = database() else { return };
    let store = open(&url);
    let before = new(&store, named("a", "{}")).await;
    assert_eq!(store.completeness().gap, None);
    drop(store);
    cluster.psql(&name, "UPDATE j2v.ledger SET history = 'another/00000001'");
    let store = open(&url);
    let gap = store.completeness().gap.unwrap();
    assert_eq!(gap.from, before.touched_at);
    assert!(new(&store, named("b", "{}")).await.id.0 > before.id.0 + 60_000);
    // The gap is recorded, also for stores opened later.
    assert_eq!(open(&url).completeness().gap, Some(gap));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_and_comes_back_costs_nothing_but_time() {
    let Some(mut cluster) = Cluster::start(Disk::Honest, &[]) else { return };
    let store = Arc::new(open(&cluster.database()));
    let renders: Vec<RenderId> =
        store.place((0..40).map(|nth| named(&format!("key {nth}"), "{}")).collect()).await.unwrap().iter().map(id).collect();
    let killed = thread::spawn(move || {
        for _ in 0..2 {
            thread::sleep(std::time::Duration::from_millis(150));
            cluster.kill();
            cluster.up();
        }
        cluster
    });
    for (nth, render) in renders.iter().enumerate() {
        assert!(claim(&*store, *render).await, "the claim stands although its connection broke");
        fact(&*store, *render, lost(1), i64::try_from(nth).unwrap()).await;
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let cluster = killed.join().unwrap();
    let unknown = store.find(None, RenderQuery::Unsettled).await.unwrap();
    assert_eq!(unknown.iter().filter(|render| render.submission.epoch == 1).count(), 40);
    drop(store);
    drop(cluster);
}

fn id(placed: &PlaceResult) -> RenderId {
    let (PlaceResult::New(render) | PlaceResult::Existing(render)) = placed;
    render.id
}

/// A proxy between a store and its server that breaks the connection during a `COMMIT`: before the commit arrives, or
/// after it is done.
struct Breaker {
    port: u16,
    is_armed: Arc<AtomicBool>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Before,
    After,
}

impl Breaker {
    fn new(server: u16, when: When) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (port, is_armed) = (listener.local_addr().unwrap().port(), Arc::new(AtomicBool::new(false)));
        let armed = Arc::clone(&is_armed);
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (server, armed) = (TcpStream::connect(("127.0.0.1", server)).unwrap(), Arc::clone(&armed));
                thread::spawn(move || pass(client, server, when, &armed));
            }
        });
        Self { port, is_armed }
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, when: When, is_armed: &AtomicBool) {
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    let is_cut = Arc::new(AtomicBool::new(false));
    let cut = Arc::clone(&is_cut);
    thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(length @ 1..) = answers.read(&mut bytes) {
            if cut.load(Ordering::SeqCst) {
                // The answer to the COMMIT: the commit is done, and the store does not learn of it.
                break;
            }
            if back.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        back.shutdown(Shutdown::Both).ok();
        answers.shutdown(Shutdown::Both).ok();
    });
    let mut bytes = [0; 8192];
    while let Ok(length @ 1..) = client.read(&mut bytes) {
        let is_commit = bytes[..length].windows(7).any(|window| window == b"COMMIT\0");
        if is_commit && is_armed.swap(false, Ordering::SeqCst) {
            if when == When::Before {
                break;
            }
            is_cut.store(true, Ordering::SeqCst);
        }
        if server.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    if !is_cut.load(Ordering::SeqCst) {
        server.shutdown(Shutdown::Both).ok();
    }
    client.shutdown(Shutdown::Both).ok();
}

async fn a_connection_breaks_at_the_commit(when: When) {
    let Some((cluster, url, name)) = database() else { return };
    let breaker = Breaker::new(cluster.port(), when);
    let store = open(&url.replace(&format!(":{}/", cluster.port()), &format!(":{}/", breaker.port)));
    breaker.is_armed.store(true, Ordering::SeqCst);
    let PlaceResult::New(render) = place(&store, named("a", "{}")).await else { panic!("its own row is new to it") };
    breaker.is_armed.store(true, Ordering::SeqCst);
    assert!(claim(&store, render.id).await, "its own claim is nobody else's");
    breaker.is_armed.store(true, Ordering::SeqCst);
    store.record(vec![Record { render: render.id, change: Change::Shown, at: at(2) }]).await.unwrap();
    assert!(!breaker.is_armed.load(Ordering::SeqCst));
    assert_eq!(kinds(&store, render.id).await, ["created", "claimed", "note"]);
    drop(store);
    assert_eq!(cluster.psql(&name, "SELECT count(*) FROM j2v.receipt"), "0", "it takes its receipts along");
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_made_once() {
    a_connection_breaks_at_the_commit(When::After).await;
}

#[tokio::test]
async fn a_commit_that_never_arrived_is_made_once() {
    a_connection_breaks_at_the_commit(When::Before).await;
}

#[tokio::test]
async fn a_server_that_is_not_there_is_told_with_its_name_and_without_the_password() {
    let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let address = Address::parse(&format!("postgres://me:canary@127.0.0.1:{port}/renders")).unwrap();
    let error = Postgres::open(address, World::real()).await.err().unwrap();
    assert!(matches!(error, LedgerError::Unreachable { .. }), "{error:?}");
    let text = format!("{error} {error:?}");
    assert!(text.contains(&format!("postgres://me@127.0.0.1:{port}/renders")) && !text.contains("canary"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_news_that_never_come_does_not_keep_the_store_open() {
    let Some((_, url, _)) = database() else { return };
    let store = open(&url);
    let heard = store.news(None).await.unwrap();
    assert!(tokio::time::timeout(std::time::Duration::from_millis(50), store.news(Some(heard))).await.is_err());
    drop(store);
}
