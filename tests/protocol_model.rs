//! Checks the state machine of `render::state` against the model of the protocol (`protocol.md`); its figures come from a model written apart from this code. It
//! explores every interleaving of two workers, crashes, lost replies, late requests, list lag and stolen leases with *our*
//! machine moving the row. It must reach as many states as the model does, and break no promise.
#![expect(clippy::unwrap_used, reason = "what the tests make up is well formed")]
#![expect(clippy::struct_excessive_bools, reason = "the model's switches are switches")]

use std::collections::{HashSet, VecDeque};

use j2v::render::identity::ProjectId;
use j2v::render::outcome::{Reason, Refusal};
use j2v::render::state::{Fact, OnUnknown, State, Submission};
use proptest::prelude::*;

const WORKERS: usize = 2;
const MOST_CRASHES: u8 = 2;
const MOST_POSTS: u8 = 3;
const MOST_CLAIMS: u8 = 4;

/// A worker's memory, which is lost when the worker is killed.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Memory {
    Nothing,
    Claimed,
    Accepted,
    Lost,
    Rejected,
    NotSent,
}

#[derive(Clone, Copy)]
struct Config {
    policy: OnUnknown,
    lag: bool,
    stall: bool,
    sound: bool,
    fence: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct World {
    row: State,
    owner: Option<usize>,
    epoch: u64,
    made: u8,
    visible: u8,
    in_flight: u8,
    memory: [Memory; WORKERS],
    crashes: u8,
    posts: u8,
    quarantined: bool,
    claims: u8,
    claimed_epoch: [u64; WORKERS],
}

fn project() -> ProjectId {
    ProjectId::parse("p").unwrap()
}

impl World {
    fn start() -> Self {
        Self {
            row: State::Intent,
            owner: None,
            epoch: 0,
            made: 0,
            visible: 0,
            in_flight: 0,
            memory: [Memory::Nothing; WORKERS],
            crashes: 0,
            posts: 0,
            quarantined: false,
            claims: 0,
            claimed_epoch: [0; WORKERS],
        }
    }

    /// Lets the machine take the step; `None` when the fact is out of order.
    fn step(self, config: Config, fact: &Fact) -> Option<Self> {
        let now = Submission {
            state: self.row,
            epoch: self.epoch,
            attempt: 1,
            on_unknown: config.policy,
            resubmits_left: u32::from(self.posts < MOST_POSTS),
            project: self.row.is_bound().then(project),
        };
        let next = now.step(fact).ok()?.next;
        Some(Self { row: next.state, epoch: next.epoch, ..self })
    }

    fn with(mut self, worker: usize, memory: Memory) -> Self {
        self.memory[worker] = memory;
        self
    }

    fn accepted(mut self, config: Config) -> Self {
        self.made += 1;
        self.visible += u8::from(!config.lag);
        self
    }

    fn next(self, config: Config) -> Vec<Self> {
        let mut next = Vec::new();
        for worker in 0..WORKERS {
            self.claim(config, worker, &mut next);
            self.send(config, worker, &mut next);
            self.answer(config, worker, &mut next);
        }
        self.take_over(config, &mut next);
        self.network(config, &mut next);
        self.reconcile(config, &mut next);
        next
    }

    fn claim(self, config: Config, worker: usize, next: &mut Vec<Self>) {
        let may = self.memory[worker] == Memory::Nothing && self.posts < MOST_POSTS && self.claims < MOST_CLAIMS;
        if let Some(mut claimed) = self.step(config, &Fact::Claimed).filter(|_| may) {
            claimed.owner = Some(worker);
            claimed.claims += 1;
            claimed.claimed_epoch[worker] = claimed.epoch;
            next.push(claimed.with(worker, Memory::Claimed));
        }
    }

    fn send(self, config: Config, worker: usize, next: &mut Vec<Self>) {
        if self.memory[worker] != Memory::Claimed {
            return;
        }
        let holds = self.row == State::Sending && self.owner == Some(worker) && self.epoch == self.claimed_epoch[worker];
        if config.fence && !holds {
            next.push(self.with(worker, Memory::Nothing));
            return;
        }
        let posted = Self { posts: self.posts + 1, ..self };
        next.push(self.with(worker, Memory::NotSent));
        next.push(posted.with(worker, Memory::Rejected));
        next.push(posted.accepted(config).with(worker, Memory::Accepted));
        next.push(posted.accepted(config).with(worker, Memory::Lost));
        next.push(Self { in_flight: self.in_flight + 1, ..posted }.with(worker, Memory::Lost));
    }

    fn answer(self, config: Config, worker: usize, next: &mut Vec<Self>) {
        let epoch = self.claimed_epoch[worker];
        let fact = match self.memory[worker] {
            Memory::Nothing => return,
            Memory::Claimed => None,
            Memory::Accepted => Some(Fact::Accepted { project: project() }),
            Memory::Lost => Some(Fact::Lost { epoch, why: String::new() }),
            Memory::Rejected => Some(Fact::Refused { epoch, refusal: Refusal { reason: Reason::Request, message: String::new() } }),
            Memory::NotSent => Some(Fact::NotSent { epoch }),
        };
        next.extend(fact.and_then(|fact| self.step(config, &fact)).map(|after| after.with(worker, Memory::Nothing)));
        if self.crashes < MOST_CRASHES {
            next.push(Self { crashes: self.crashes + 1, ..self }.with(worker, Memory::Nothing));
        }
    }

    fn take_over(self, config: Config, next: &mut Vec<Self>) {
        let gone = self.owner.is_none_or(|owner| self.memory[owner] == Memory::Nothing);
        if self.row == State::Sending && (gone || config.stall) {
            next.extend(self.step(config, &Fact::OwnerGone));
        }
    }

    fn network(self, config: Config, next: &mut Vec<Self>) {
        if self.in_flight > 0 {
            let landed = Self { in_flight: self.in_flight - 1, ..self };
            next.push(landed.accepted(config));
            next.push(landed);
        }
        if self.visible < self.made {
            next.push(Self { visible: self.made, ..self });
        }
    }

    fn reconcile(self, config: Config, next: &mut Vec<Self>) {
        if matches!(self.row, State::Unknown | State::Held) && self.visible > 0 {
            next.extend(self.step(config, &Fact::Found { project: project() }));
        }
        let quiet = self.in_flight == 0
            && self.visible == self.made
            && self.memory.iter().all(|memory| !matches!(memory, Memory::Claimed | Memory::Accepted));
        if self.row == State::Unknown && self.visible == 0 && (quiet || !config.sound) {
            // The model marks a quarantine that ended by its rule, not one that its limit of POSTs cut short.
            let by_rule = config.policy == OnUnknown::Hold || self.posts < MOST_POSTS;
            next.extend(
                self.step(config, &Fact::QuarantineOver { epoch: self.epoch })
                    .map(|after| Self { quarantined: self.quarantined || by_rule, ..after }),
            );
        }
    }
}

struct Explored {
    states: usize,
    most_projects: u8,
    lost: bool,
    stuck: bool,
}

fn explore(config: Config) -> Explored {
    let start = World::start();
    let mut seen = HashSet::from([start]);
    let mut queue = VecDeque::from([start]);
    let mut explored = Explored { states: 0, most_projects: 0, lost: false, stuck: false };
    while let Some(world) = queue.pop_front() {
        explored.most_projects = explored.most_projects.max(world.made);
        let next = world.next(config);
        if next.is_empty() {
            explored.lost |= world.made > 0 && world.row != State::Bound;
            let settled = matches!(world.row, State::Bound | State::Rejected | State::Held);
            explored.stuck |= !settled && world.posts < MOST_POSTS && world.claims < MOST_CLAIMS;
        }
        queue.extend(next.into_iter().filter(|&world| seen.insert(world)));
    }
    explored.states = seen.len();
    explored
}

/// The number of states that the model reaches and the most projects that it makes, from a run of the model
/// (policy, lag, stall, sound quarantine, fence).
const MODEL: [(OnUnknown, [bool; 4], usize, u8); 20] = {
    const N: bool = false;
    const Y: bool = true;
    use OnUnknown::{Hold, Resubmit};
    [
        (Hold, [N, N, Y, Y], 521, 1),
        (Hold, [N, N, Y, N], 521, 1),
        (Hold, [N, N, N, Y], 641, 1),
        (Hold, [N, Y, Y, Y], 901, 1),
        (Hold, [N, Y, Y, N], 901, 1),
        (Hold, [N, Y, N, Y], 1161, 1),
        (Hold, [N, Y, N, N], 1201, 1),
        (Hold, [Y, N, Y, Y], 641, 1),
        (Hold, [Y, N, N, Y], 801, 1),
        (Hold, [Y, Y, Y, Y], 1101, 1),
        (Hold, [Y, Y, N, Y], 1521, 1),
        (Hold, [Y, Y, N, N], 1521, 1),
        (Resubmit, [N, N, Y, Y], 5297, 1),
        (Resubmit, [N, N, N, Y], 16_509, 3),
        (Resubmit, [N, Y, Y, Y], 37_127, 1),
        (Resubmit, [N, Y, N, Y], 141_353, 3),
        (Resubmit, [Y, N, Y, Y], 6593, 1),
        (Resubmit, [Y, N, N, Y], 28_741, 3),
        (Resubmit, [Y, Y, Y, Y], 46_051, 1),
        (Resubmit, [Y, Y, N, Y], 290_381, 3),
    ]
};

#[test]
fn the_machine_reaches_what_the_model_reaches_and_no_more() {
    for (policy, [lag, stall, sound, fence], states, projects) in MODEL {
        let explored = explore(Config { policy, lag, stall, sound, fence });
        let name = format!("{policy:?} lag={lag} stall={stall} sound={sound} fence={fence}");
        assert_eq!((explored.states, explored.most_projects), (states, projects), "{name}");
        if policy == OnUnknown::Hold || sound {
            assert!(explored.most_projects <= 1 && !explored.lost && !explored.stuck, "{name}");
        }
    }
}

fn fact() -> impl Strategy<Value = Fact> {
    let refusal = Refusal { reason: Reason::Request, message: String::new() };
    let epoch = 0u64..6;
    prop_oneof![
        Just(Fact::Claimed),
        epoch.clone().prop_map(|epoch| Fact::NotSent { epoch }),
        Just(Fact::Accepted { project: project() }),
        epoch.clone().prop_map(move |epoch| Fact::Refused { epoch, refusal: refusal.clone() }),
        epoch.clone().prop_map(|epoch| Fact::Lost { epoch, why: String::new() }),
        Just(Fact::OwnerGone),
        Just(Fact::Found { project: project() }),
        epoch.clone().prop_map(|epoch| Fact::QuarantineOver { epoch }),
        Just(Fact::Reopened),
        Just(Fact::Adopted { project: project() }),
        Just(Fact::Resubmitted),
        Just(Fact::Abandoned),
        Just(Fact::Expired),
        seen(),
    ]
}

fn seen() -> impl Strategy<Value = Fact> {
    prop_oneof![Just("pending"), Just("running"), Just("done"), Just("error"), Just("timeout"), Just("nonsense")].prop_map(|status| {
        let movie = serde_json::json!({"project": "p", "status": status});
        Fact::Seen(Box::new(j2v::render::outcome::Report::read(&movie).unwrap()))
    })
}

proptest! {
    #[test]
    fn no_history_sends_again_without_proof(facts in prop::collection::vec(fact(), 0..60)) {
        let mut now = Submission::new(OnUnknown::Resubmit);
        for fact in facts {
            let Ok(step) = now.step(&fact) else { continue };
            let next = step.next;
            prop_assert!(next.epoch >= now.epoch && next.attempt >= now.attempt);
            prop_assert!(now.project.is_none() || next.project == now.project, "a project is never forgotten");
            if next.state == State::Sending && now.state != State::Sending {
                prop_assert_eq!((&fact, now.state), (&Fact::Claimed, State::Intent));
            }
            if next.state == State::Intent && now.state != State::Intent {
                let proof = matches!(fact, Fact::NotSent { epoch } if epoch == now.epoch);
                let decided = matches!(fact, Fact::Reopened | Fact::Resubmitted);
                let opted_in = matches!(fact, Fact::QuarantineOver { epoch } if epoch == now.epoch) && next.resubmits_left < now.resubmits_left;
                prop_assert!(proof || decided || opted_in, "{:?} from {:?}", fact, now.state);
            }
            if now.state == State::Done {
                prop_assert!(matches!(next.state, State::Done | State::Deleted | State::Expired), "{:?}", fact);
            }
            prop_assert_eq!(next.state.is_bound(), next.project.is_some());
            now = next;
        }
    }
}
