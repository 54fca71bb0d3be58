//! A receiver whose ledger is on a server, killed again and again while callbacks come: each one that was answered is
//! printed in the end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::callbacks::{count, post_all};
use crate::cluster::shared;
use crate::dice::Dice;
use crate::receiver::Receiver;
use crate::running::until;
use crate::support::World;

/// Callbacks between two kills.
const CALLBACKS: usize = 100;

#[test]
fn a_receiver_on_a_shared_ledger_that_is_killed_loses_no_answered_callback() {
    survives(5, 1);
}

/// The long form: `cargo test --test shared receiver_killed -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn sixty_kills_of_a_receiver_on_a_shared_ledger_lose_no_answered_callback() {
    survives(60, 2);
}

fn survives(kills: usize, seed: u64) {
    let Some(cluster) = shared() else { return };
    let (world, url) = (World::new(), cluster.database());
    let flags = format!("--trust --ledger {url}");
    let mut dice = Dice::of(seed, 0);
    let mut printed = Vec::new();
    let mut receiver = Receiver::start(&world, &flags);
    let address = receiver.address().to_owned();
    for kill in 0..kills {
        let numbers: Vec<usize> = (kill * CALLBACKS..(kill + 1) * CALLBACKS).collect();
        let moment = usize::try_from(dice.below(CALLBACKS as u64)).unwrap();
        let answered = AtomicUsize::new(0);
        let unanswered = thread::scope(|scope| {
            let posting = scope.spawn(|| post_all(&receiver, &numbers, &answered));
            until("as many are answered", || answered.load(Ordering::Relaxed) >= moment);
            receiver.running.signal("KILL");
            posting.join().unwrap()
        });
        printed.push(receiver.running.end().stdout);
        receiver = Receiver::on(&world, &address, &flags);
        assert_eq!(post_all(&receiver, &unanswered, &answered), [0; 0], "the next one answers all");
    }
    let texts = |last: &str| printed.iter().map(String::as_str).chain([last]).map(str::to_owned).collect::<Vec<_>>();
    let is_told = || count(&texts(&receiver.running.printed()).iter().map(String::as_str).collect::<Vec<_>>()).len() == kills * CALLBACKS;
    until("each outcome is printed", is_told);
    receiver.stop();
}
