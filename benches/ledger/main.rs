//! How fast the shared ledger claims and completes, compared with the same statements by hand in `pgbench`, and how that
//! changes as the ledger grows: `cargo bench --bench ledger`. Needs PostgreSQL's programs.
#![cfg(all(unix, feature = "postgres"))]
#![expect(clippy::unwrap_used, reason = "a benchmark ends at its first surprise")]
#![expect(clippy::print_stdout, reason = "its figures are what it is for")]

mod callback;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/cluster/mod.rs"]
mod cluster;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/faults/receiver.rs"]
mod receiver;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/faults/running.rs"]
mod running;
#[expect(dead_code, reason = "the tests use the rest")]
#[path = "../../tests/cli/support.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use j2v::ledger::postgres::{Address, Postgres};
use j2v::ledger::{Change, Record, RenderId, Store};
use j2v::render::identity::ProjectId;
use j2v::render::state::Fact;
use j2v::world::World;

use cluster::{Cluster, Disk, program};

/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(4);

/// The same by hand: a claim and a completion, each a transaction that writes its receipt, locks the row, changes it and
/// adds to its history. The claiming worker holds its lease.
const BY_HAND: &str = "SELECT nextval('public.bench') AS id \\gset
BEGIN;
SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, true);
INSERT INTO j2v.receipt VALUES (:client_id, :id, now()) ON CONFLICT (channel) DO UPDATE SET nth = excluded.nth, at = excluded.at;
SELECT 1 FROM j2v.owner WHERE name = 'by hand' AND lease_until > clock_timestamp() FOR KEY SHARE;
SELECT * FROM j2v.render WHERE id = :id FOR UPDATE;
UPDATE j2v.render SET state = 'sending', epoch = epoch + 1, owner = 'by hand', posted_at = 1, touched_at = 1 WHERE id = :id;
INSERT INTO j2v.event SELECT :id, coalesce(max(nth), 0) + 1, 1, 'claimed', 'attempt 1, epoch 1' FROM j2v.event WHERE render = :id;
COMMIT;
BEGIN;
INSERT INTO j2v.receipt VALUES (:client_id, :id, now()) ON CONFLICT (channel) DO UPDATE SET nth = excluded.nth, at = excluded.at;
SELECT * FROM j2v.render WHERE id = :id FOR UPDATE;
UPDATE j2v.render SET state = 'bound', project = 'p' || :id, bound_at = 1, touched_at = 1 WHERE id = :id;
INSERT INTO j2v.event SELECT :id, coalesce(max(nth), 0) + 1, 1, 'accepted', 'p' FROM j2v.event WHERE render = :id;
COMMIT;
";

fn main() {
    let Some(cluster) = Cluster::start(Disk::Honest, &[]) else { return };
    callback::to_the_end_of_a_wait(&cluster);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("claims and completions a second, of {} cores", std::thread::available_parallelism().map_or(0, usize::from));
    for workers in [1, 4, 16] {
        let ours = runtime.block_on(ours(&cluster, &filled(&cluster, 60_000), workers));
        let theirs = by_hand(&cluster, workers);
        println!("  {workers:>2} workers: {ours:>7.0} j2v, {theirs:>7.0} pgbench, {:>3.0} %", 100.0 * ours / theirs);
    }
    println!("as the ledger grows, 4 workers");
    for rows in [10_000, 100_000, 1_000_000] {
        let ours = runtime.block_on(ours(&cluster, &filled(&cluster, rows), 4));
        println!("  {rows:>9} rows: {ours:>7.0} a second");
    }
}

/// A ledger with that many renders, of which the newest (at most 60,000) are intents.
fn filled(cluster: &Cluster, rows: i64) -> String {
    let url = cluster.database();
    drop(open(&url));
    let name = url.rsplit('/').next().unwrap();
    cluster.psql(
        name,
        &format!(
            "INSERT INTO j2v.render (account, endpoint, scope, key, named, generation, movie, traceable, source, flags, state, epoch, attempt, \
             on_unknown, resubmits_left, project, quarantine, created_at, touched_at) SELECT 'default', 'https://api.example/v2', 'batch', \
             'key-' || nth, true, 1, repeat('0', 64), true, 'movie.json', '[]', CASE WHEN nth > {rows} - 60000 THEN 'intent' ELSE 'done' END, \
             0, 1, 'hold', 1, CASE WHEN nth > {rows} - 60000 THEN NULL ELSE 'old' || nth END, 900000, 1700000000000, 1700000000000 \
             FROM generate_series(1, {rows}) AS nth"
        ),
    );
    cluster.psql(name, "INSERT INTO j2v.event SELECT id, 1, 1, 'created', 'generation 1' FROM j2v.render");
    cluster.psql(name, &format!("CREATE SEQUENCE public.bench START {}", (rows - 59_999).max(1)));
    cluster.psql(name, "VACUUM ANALYZE");
    cluster.psql(name, "CHECKPOINT");
    url
}

fn open(url: &str) -> Postgres {
    let opening = Postgres::open(Address::parse(url).unwrap(), World::real());
    std::thread::scope(|threads| {
        let opened = threads.spawn(|| tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(opening));
        opened.join().unwrap().unwrap()
    })
}

/// Each worker has its own store, as another process would.
async fn ours(cluster: &Cluster, url: &str, workers: usize) -> f64 {
    let name = url.rsplit('/').next().unwrap();
    let first: i64 = cluster.psql(name, "SELECT last_value FROM public.bench").parse().unwrap();
    let next = Arc::new(AtomicI64::new(first));
    let begin = Instant::now();
    let working: Vec<_> = (0..workers)
        .map(|_| {
            let (store, next) = (open(url), Arc::clone(&next));
            tokio::spawn(async move {
                let mut done = 0_u32;
                while begin.elapsed() < SPAN {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    let project = ProjectId::parse(&format!("project{id:09}")).unwrap();
                    for fact in [Fact::Claimed, Fact::Accepted { project }] {
                        let record = Record { render: RenderId(id), change: Change::Fact(fact), at: World::real().now() };
                        store.record(vec![record]).await.unwrap().remove(0).unwrap();
                    }
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for worker in working {
        done += worker.await.unwrap();
    }
    f64::from(done) / begin.elapsed().as_secs_f64()
}

fn by_hand(cluster: &Cluster, workers: usize) -> f64 {
    let url = filled(cluster, 60_000);
    cluster.psql(url.rsplit('/').next().unwrap(), "INSERT INTO j2v.owner VALUES ('by hand', now(), now() + interval '1 hour')");
    let script = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(script.path(), BY_HAND).unwrap();
    cluster::own(script.path());
    let mut pgbench = program("pgbench").unwrap();
    pgbench.args(["-n", "-M", "prepared", "-T", &SPAN.as_secs().to_string(), "-c", &workers.to_string(), "-f"]).arg(script.path());
    pgbench.args(["-h", "127.0.0.1", "-U", "j2v", "-p", &cluster.port().to_string(), url.rsplit('/').next().unwrap()]);
    let output = pgbench.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let tps = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next());
    tps.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).parse().unwrap()
}
