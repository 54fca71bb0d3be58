//! From a callback to one process to the end of the wait of another, including the request to the service in between.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cluster::Cluster;
use crate::receiver::Receiver;
use crate::running::{Running, until};
use crate::support::World;

const ROUNDS: usize = 20;

/// The median and the maximum of several rounds.
pub(crate) fn to_the_end_of_a_wait(cluster: &Cluster) {
    let (world, url) = (World::new(), cluster.database());
    let start = |line: &str| {
        let mut command = world.command(&line.split_whitespace().collect::<Vec<_>>());
        command.env("J2V_LEDGER", &url);
        Running::of(command)
    };
    let receiver = Receiver::of(start("listen --bind 127.0.0.1:0 --poll-after 1h"));
    world.movie("a.json", &json!({"render-time": "1s"}));
    let name = url.rsplit('/').next().unwrap();
    let mut times: Vec<Duration> = Vec::new();
    for round in 0..ROUNDS {
        let project = world.j2v_with(&[("J2V_LEDGER", &url)], &format!("submit a.json --key k{round}")).exits(0).line().to_owned();
        let waiting = start(&format!("poll k{round} --interval 10m"));
        until("it waits", || cluster.psql(name, "SELECT count(*) FROM j2v.waiting") == "1");
        let question = format!("/v2/movies?project={project}");
        until("the render ends", || String::from_utf8_lossy(&world.ask("GET", &question, "")).contains("\"done\""));
        let begin = Instant::now();
        assert_eq!(receiver.post(&json!({"project": project, "status": "done"}).to_string()), 200);
        waiting.end().exits(0);
        times.push(begin.elapsed());
    }
    receiver.stop();
    times.sort_unstable();
    let of = |place: usize| times.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0;
    println!(
        "from a callback to the end of another process, which waited: median {:.1} ms, longest {:.1} ms",
        of(ROUNDS / 2),
        of(ROUNDS - 1)
    );
}
