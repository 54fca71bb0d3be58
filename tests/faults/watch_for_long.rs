//! `faults.md#watch`, the rows that take minutes to days: the watcher on a clock that jumps, against a service that doesn't.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use j2v::ledger::sqlite::Sqlite;
use j2v::movie::Document;
use j2v::render::event::{Event, Listener, OutcomeStatus};
use j2v::render::outcome::Status;
use j2v::render::schedule::{Locality, PollInterval};
use j2v::service::client::{Client, Settings, Timeouts};
use j2v::service::endpoint::ApiUrl;
use j2v::service::secret::ApiKey;
use j2v::work::Context;
use j2v::work::poll::{PollResult, Target, WaitPolicy, poll};
use j2v::work::submit::{Order, Submitted, submit};
use j2v::world::{Clock, Timestamp, World as Outside};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::running::{abreast, until};
use crate::support::{CANARY, World};

/// A watcher of one accepted render, on a runtime whose clock can jump.
struct Watching {
    world: World,
    runtime: Runtime,
    wall: Arc<AtomicI64>,
    heard: Arc<Heard>,
    context: Context,
    poll_results: UnboundedReceiver<(usize, PollResult)>,
}

struct Jumping(Arc<AtomicI64>);

impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        Timestamp(Outside::real().now().0 + self.0.load(Ordering::Relaxed))
    }
}

#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Listener for Heard {
    fn hear(&self, event: &Event) {
        self.0.lock().unwrap().push(event.clone());
    }
}

impl Watching {
    fn with_faults(faults: &[&str]) -> Self {
        let world = World::with_faults(faults);
        let (wall, heard) = (Arc::new(AtomicI64::new(0)), Arc::new(Heard::default()));
        let context = Context { listener: Arc::clone(&heard) as _, ..context(&world, &wall) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let poll_results = runtime.block_on(begin(&context));
        Self { world, runtime, wall, heard, context, poll_results }
    }

    /// Lets the watcher run for a moment.
    fn run(&self) {
        self.runtime.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
    }

    #[track_caller]
    fn run_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        until(what, || {
            self.run();
            is_so(self)
        });
    }

    fn heard(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.heard.0.lock().unwrap().iter().filter(|event| is_it(event)).count()
    }

    fn looks(&self) -> u64 {
        self.world.requests("GET /v2/movies")
    }

    /// Moves both clocks forward by this duration at once, as after a sleep of the machine.
    fn jump(&self, by: Duration) {
        self.wall.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::Relaxed);
        self.runtime.block_on(async {
            tokio::time::pause();
            tokio::time::advance(by).await;
            tokio::time::resume();
        });
    }

    #[track_caller]
    fn sees_nothing_final(&mut self) {
        assert!(self.poll_results.is_empty(), "{:?}", self.poll_results.try_recv());
    }

    #[track_caller]
    fn poll_result(&mut self) -> PollResult {
        let limit = Duration::from_secs(20);
        self.runtime.block_on(async { tokio::time::timeout(limit, self.poll_results.recv()).await }).unwrap().unwrap().1
    }
}

/// A context of the library whose clock is off by a number of milliseconds.
fn context(world: &World, wall: &Arc<AtomicI64>) -> Context {
    let outside = Outside { clock: Arc::new(Jumping(Arc::clone(wall))), ..Outside::real() };
    let url = ApiUrl::parse(world.url()).unwrap();
    let (key, timeouts) = (ApiKey::parse(CANARY).unwrap(), Timeouts::default());
    let ledger = Sqlite::in_memory(&outside).unwrap();
    Context::new(Client::new(Settings { url, key, timeouts, world: outside.clone() }), ledger, outside)
}

fn order() -> Order {
    Order::new(Document::parse("a.json", r#"{"resolution":"sd","scenes":[{"duration":2}]}"#).unwrap(), "a.json")
}

async fn begin(context: &Context) -> UnboundedReceiver<(usize, PollResult)> {
    let Submitted::Bound(render) = submit(context, &order()).await.unwrap() else { panic!("it was not accepted") };
    let project = render.submission.project.clone().unwrap();
    let target = Target { project, since: render.bound_at.unwrap(), render: Some(*render) };
    let poll_interval = PollInterval::new(Locality::Loopback, Some(Duration::from_millis(20)));
    let (sender, poll_results) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(poll(context.clone(), vec![target], WaitPolicy { poll_interval, deadline: None, once: false }, sender));
    poll_results
}

#[test]
fn row_30_a_project_that_we_bound_is_not_given_up_within_two_minutes() {
    let mut watching = Watching::with_faults(&["get-lag=1h", "list-lag=1h"]);
    watching.run_until("it was denied three times", |watching| watching.looks() > 3);
    watching.jump(Duration::from_secs(100));
    watching.run_until("and three times more", |watching| watching.looks() > 6);
    watching.sees_nothing_final();
}

#[test]
fn row_31_a_project_that_status_and_list_deny_for_minutes_is_unknown_to_the_server() {
    let mut watching = Watching::with_faults(&["get-lag=1h", "list-lag=1h"]);
    watching.run_until("it was denied", |watching| watching.looks() > 3);
    watching.sees_nothing_final();
    watching.jump(Duration::from_secs(121));
    assert!(matches!(watching.poll_result(), PollResult::Missing));
}

#[test]
fn row_31_a_project_that_the_list_still_shows_is_not_unknown_to_the_server() {
    let mut watching = Watching::with_faults(&["get-typeerror"]);
    // The interval is 20 ms: by then it is rendered.
    watching.run_until("it was denied often", |watching| watching.looks() > 20);
    watching.jump(Duration::from_secs(121));
    assert!(matches!(watching.poll_result(), PollResult::Ended(report) if report.status == Status::Done && report.url.is_some()));
}

#[test]
fn row_36_done_without_a_url_is_read_for_two_minutes_and_then_told_as_it_is() {
    let mut watching = Watching::with_faults(&["done-without-url"]);
    let is_done = |event: &Event| matches!(event, Event::Status { status: Status::Done, .. });
    watching.run_until("it is done", |watching| watching.heard(is_done) > 0);
    watching.jump(Duration::from_secs(100));
    watching.run();
    watching.sees_nothing_final();
    watching.jump(Duration::from_secs(21));
    assert!(matches!(watching.poll_result(), PollResult::Ended(report) if report.url.is_none()));
}

#[test]
fn row_38_a_service_that_is_ill_for_hours_is_asked_on_until_it_is_well() {
    let mut watching = Watching::with_faults(&["get-status=503*40"]);
    let is_ill = |event: &Event| matches!(event, Event::Unreadable { .. });
    while watching.looks() < 41 {
        let before = watching.looks();
        watching.sees_nothing_final();
        watching.jump(Duration::from_secs(300));
        watching.run_until("it was asked within five minutes", |watching| watching.looks() > before);
    }
    assert!(matches!(watching.poll_result(), PollResult::Ended(report) if report.status == Status::Done));
    assert!(watching.heard(is_ill) > 0);
}

#[test]
fn row_40_after_a_night_asleep_a_render_is_looked_at_once_and_not_in_a_burst() {
    let mut watching = Watching::with_faults(&["get-word=rendering", "get-slow=20ms"]);
    watching.run_until("it was looked at", |watching| watching.looks() > 0);
    let before = watching.looks();
    watching.jump(Duration::from_secs(8 * 3600));
    watching.run_until("it is done", |watching| watching.heard(|event| matches!(event, Event::Status { .. })) > 1);
    assert!(watching.looks() < before + 30, "{} looks", watching.looks() - before);
    assert!(matches!(watching.poll_result(), PollResult::Ended(_)));
}

#[test]
fn an_interruption_ends_the_watch_whatever_is_out() {
    let mut watching = Watching::with_faults(&["get-hang"]);
    watching.run_until("the status was asked", |watching| watching.looks() > 0);
    watching.context.interrupt.cancel();
    assert!(matches!(watching.poll_result(), PollResult::Interrupted(_)));
}

#[test]
fn row_39_a_clock_that_is_set_while_a_lost_answer_is_looked_for_moves_no_deadline() {
    abreast([-86_400_000, 86_400_000], |day| {
        let world = World::with_faults(&["post-reset-before"]);
        let wall = Arc::new(AtomicI64::new(0));
        let order = Order { settle_for: Duration::from_secs(2), ..order() };
        let submitted = std::thread::scope(|scope| {
            scope.spawn(|| {
                until("it is being looked for", || world.requests("GET /v2/movies") > 0);
                wall.fetch_add(day, Ordering::Relaxed);
            });
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let limit = Duration::from_secs(20);
            runtime.block_on(async { tokio::time::timeout(limit, submit(&context(&world, &wall), &order)).await })
        });
        let Submitted::Over(outcome) = submitted.expect("it looks for days").unwrap() else { panic!("nothing was accepted") };
        // A day later the quarantine is over as well: the user decides.
        assert_eq!((outcome.status, world.posts()), (if day < 0 { OutcomeStatus::Unknown } else { OutcomeStatus::Held }, 1));
    });
}
