//! One round of the kill loop: fifty keys on one ledger, many at a time, each killed repeatedly, while another program locks
//! the ledger now and then.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;

use crate::dice::Dice;
use crate::life::{Death, End, Life, can_trace};
use crate::moment::{MOMENTS, Moment};
use crate::oracle::{all_is_well, is_paid};
use crate::support::{Run, World};

/// The number of different videos in a round.
const KEYS: u64 = 50;

/// How often each key is killed.
const KILLS: u64 = 6;

/// How many keys are at work at once: most of their time they wait.
const ABREAST: usize = 16;

/// The most runs for one key: more than any key needs to finish.
const MOST_RUNS: usize = 60;

/// Faults of the emulator; a movie has up to two. None of them outlasts a second.
const FAULTS: [&str; 17] = [
    "post-reset*1",
    "post-close*1",
    "post-hang*1",
    "post-status=502*1",
    "post-truncate=30*1",
    "post-html*1",
    "post-reset-before*1",
    "post-status-before=502*1",
    "post-hang-before*1",
    "post-429=0*1",
    "post-slow=50ms*1",
    "list-lag=300ms",
    "get-lag=100ms",
    "get-status=503*1",
    "file-truncate=300*1",
    "file-reset=500*1",
    "get-backwards",
];

/// How often each moment has killed a run.
type Tally = Mutex<BTreeMap<&'static str, u64>>;

/// Runs the kill round of this seed and checks its result; returns how often each moment has killed a run.
pub(crate) fn kill_round(seed: u64) -> BTreeMap<&'static str, u64> {
    let faults = ["list-status=503%10", "list-reset%5", "get-reset%5", "post-drop=100*3"].map(|fault| fault.parse().unwrap());
    let world = World::with(|settings| {
        settings.faults = faults.to_vec();
        settings.seed = Some(seed);
        settings.render_time = Duration::from_millis(30);
    });
    fs::create_dir(world.path("out")).unwrap();
    let keys: Vec<String> = (0..KEYS).map(|number| format!("k{number:02}")).collect();
    let (waiting, tally, over) = (Mutex::new(keys.iter().enumerate()), Tally::default(), AtomicBool::new(false));
    world.j2v("reconcile --fix").exits(0);
    thread::scope(|scope| {
        scope.spawn(|| be_in_the_way(&world, seed, &over));
        let work = || {
            loop {
                let Some((number, key)) = waiting.lock().unwrap().next() else { return };
                Submission::new(&world, number, key, seed, &tally).suffer();
            }
        };
        let working: Vec<_> = (0..ABREAST).map(|_| scope.spawn(work)).collect();
        let failed = working.into_iter().filter_map(|one| one.join().err()).count();
        over.store(true, Ordering::Relaxed);
        assert_eq!(failed, 0, "seed {seed}");
    });
    all_is_well(&world, &keys, &format!("seed {seed}"));
    tally.into_inner().unwrap()
}

/// Another program that repeatedly locks the ledger for a moment.
fn be_in_the_way(world: &World, seed: u64, over: &AtomicBool) {
    let mut dice = Dice::of(seed, KEYS);
    let ledger = Connection::open(world.path("ledger.db")).unwrap();
    ledger.busy_timeout(Duration::from_secs(60)).unwrap();
    while !over.load(Ordering::Relaxed) {
        ledger.execute_batch("BEGIN IMMEDIATE").unwrap();
        thread::sleep(Duration::from_millis(dice.below(60)));
        ledger.execute_batch("COMMIT").unwrap();
        thread::sleep(Duration::from_millis(50 + dice.below(100)));
    }
}

/// One requested video, and the faults and kills against it.
struct Submission<'a> {
    life: Life<'a>,
    number: usize,
    dice: Dice,
    tally: &'a Tally,
    kills: u64,
    told: String,
}

impl<'a> Submission<'a> {
    fn new(world: &'a World, number: usize, key: &'a str, seed: u64, tally: &'a Tally) -> Self {
        let mut dice = Dice::of(seed, number as u64);
        let faults: Vec<&str> = (0..dice.below(3)).map(|_| *dice.pick(&FAULTS)).collect();
        world.movie(&format!("{key}.json"), &json!({ "fault": faults }));
        let told = format!("seed {seed}, {key} with {faults:?}");
        Self { life: Life { world, key }, number, dice, tally, kills: 0, told }
    }

    /// Its runs are killed at each moment in order, then at random ones; the last run is not killed.
    fn suffer(mut self) {
        let mut places: Vec<usize> = (0..4).map(|step| (self.number + step * 5) % MOMENTS.len()).collect();
        places.sort_unstable();
        for place in places {
            self.live(Some(&Death::At(MOMENTS[place].clone())));
        }
        for _ in 0..MOST_RUNS {
            if self.kills >= KILLS {
                break;
            }
            let is_traced = self.dice.below(2) == 0;
            let death = if is_traced { Death::At(Moment::anywhere(&mut self.dice)) } else { Death::After(self.dice.below(60)) };
            self.live(Some(&death));
        }
        self.come_to_rest();
    }

    /// One run of a command that a user might type; now and then another process submits the same key meanwhile.
    fn live(&mut self, death: Option<&Death>) {
        let key = self.life.key;
        let (line, submits) = match self.dice.below(11) {
            0 => (format!("poll {key} --interval 30ms --timeout 2s"), false),
            1 => (format!("settle {key}"), false),
            2 => (format!("submit {key}.json --key {key} --settle-for 400ms --request-timeout 400ms"), true),
            3 => ("reconcile --fix --download rescued/ --request-timeout 400ms".to_owned(), false),
            _ => (self.submit(), true),
        };
        let rival = (self.dice.below(6) == 0).then(|| self.life.world.start(&self.submit()));
        let end = self.life.run(&line, death);
        if let Some(rival) = rival {
            Run::of(rival);
        }
        match end {
            End::Killed => self.count(death),
            End::Impatience => self.count(None),
            End::Exited { code: 8, .. } if submits => self.decide(),
            End::Exited { .. } => {}
        }
    }

    fn submit(&self) -> String {
        let (key, video) = (self.life.key, self.video());
        format!("submit {key}.json --key {key} --wait --download {video} --interval 30ms --settle-for 400ms --request-timeout 400ms")
    }

    fn video(&self) -> String {
        self.life.world.path(&format!("out/{}.mp4", self.life.key)).display().to_string()
    }

    fn count(&mut self, death: Option<&Death>) {
        let name = match death {
            Some(Death::At(moment)) => moment.name,
            _ => "after a random time",
        };
        self.kills += 1;
        *self.tally.lock().unwrap().entry(name).or_default() += 1;
    }

    /// The user decides about a render that was searched for and not found: if it was not accepted, as the oracle shows,
    /// it is sent again. Half of these answers are lost, too; the test does not wait a minute for them.
    fn decide(&mut self) {
        if is_paid(self.life.world, self.life.key) {
            return;
        }
        let death = if self.kills < KILLS { Death::At(self.dice.pick(&MOMENTS[..10]).clone()) } else { Death::After(2_000) };
        let line = format!("settle {} --resubmit --request-timeout 400ms", self.life.key);
        match self.life.run(&line, Some(&death)) {
            End::Killed => self.count(Some(&death)),
            End::Impatience => self.count(None),
            End::Exited { .. } => {}
        }
    }

    /// Without further kills it ends, prints where its video is, and prints the same when run again.
    fn come_to_rest(&mut self) {
        let mut last = End::Killed;
        for _ in 0..MOST_RUNS {
            last = self.life.run(&self.submit(), None);
            match &last {
                End::Exited { code: 0, .. } => {
                    assert_eq!(self.life.stdout(), format!("{}\n", self.video()), "{}", self.told);
                    return;
                }
                End::Exited { code: 8, .. } => self.decide(),
                _ => {}
            }
        }
        panic!("{}: never comes to rest: {last:?}", self.told);
    }
}

/// The seed of a run: a new one each time, unless `J2V_KILL_SEED` sets one.
#[expect(clippy::disallowed_methods, reason = "a seed that failed is given once more")]
fn seed() -> u64 {
    let given = std::env::var("J2V_KILL_SEED").ok().map(|text| text.parse().unwrap());
    given.unwrap_or_else(|| u64::try_from(j2v::world::World::real().now().0).unwrap())
}

/// The most additional rounds, when a short moment has not killed any run yet.
const MORE_ROUNDS: u64 = 4;

/// Runs rounds with this many kills in total; a failure names the seed of its round.
fn kill(rounds: u64) {
    if !can_trace() {
        return;
    }
    let (seed, begin) = (seed(), std::time::Instant::now());
    println!("J2V_KILL_SEED={seed}");
    let mut all = BTreeMap::<&str, u64>::new();
    let missed = |all: &BTreeMap<&str, u64>| {
        let names = MOMENTS.iter().map(|moment| moment.name);
        names.filter(|name| !all.contains_key(name)).collect::<Vec<_>>()
    };
    for round in 0..rounds + MORE_ROUNDS {
        if round >= rounds && missed(&all).is_empty() {
            break;
        }
        for (name, count) in kill_round(seed.wrapping_add(round)) {
            *all.entry(name).or_default() += count;
        }
    }
    let kills: u64 = all.values().sum();
    println!("{kills} kills in {:.0?}, seed {seed}: {all:#?}", begin.elapsed());
    assert!(kills >= rounds * KEYS * KILLS, "only {kills} kills, seed {seed}");
    let missed = missed(&all);
    assert!(missed.is_empty(), "never killed at {missed:?}, seed {seed}");
}

#[test]
fn rows_70_to_75_three_hundred_kills_pay_nothing_twice_and_lose_nothing() {
    kill(1);
}

#[test]
#[ignore = "takes minutes: run it before a release, with `--ignored --nocapture`"]
fn rows_70_to_75_three_thousand_kills_pay_nothing_twice_and_lose_nothing() {
    kill(10);
}
