//! Row 59: a callback that was answered is on disk, whatever happens to the process.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::callbacks::{count, post_all};
use crate::receiver::Receiver;
use crate::running::until;
use crate::support::World;

const CALLBACKS: usize = 10_000;

#[test]
fn row_59_of_10_000_callbacks_none_is_lost_across_a_sigkill() {
    let world = World::new();
    let (first, answered) = (Receiver::start(&world, "--trust"), AtomicUsize::new(0));
    let all: Vec<usize> = (0..CALLBACKS).collect();
    let address = first.address().to_owned();
    let unanswered = thread::scope(|scope| {
        let posting = scope.spawn(|| post_all(&first, &all, &answered));
        until("half of them are answered", || answered.load(Ordering::Relaxed) >= CALLBACKS / 2);
        first.running.signal("KILL");
        posting.join().unwrap()
    });
    let survived = CALLBACKS - unanswered.len();
    assert!(survived >= CALLBACKS / 2);
    let before = first.running.end().stdout;
    let second = Receiver::on(&world, &address, "--trust");
    assert_eq!(post_all(&second, &unanswered, &answered), [0; 0], "the second one answers all");
    let left = |least: usize| until("more is printed", || second.running.printed().lines().count() >= least);
    (0..CALLBACKS.saturating_sub(count(&[&before]).len())).step_by(500).for_each(left);
    until("each outcome is printed", || count(&[&before, &second.running.printed()]).len() == CALLBACKS);
    second.running.signal("TERM");
    let after = second.running.end().exits(0).stdout;
    let counts = count(&[&before, &after]);
    assert_eq!(counts.len(), CALLBACKS, "no outcome was lost");
    // The last lines printed before the kill may not be recorded as printed: the promise is at least once.
    let twice = counts.values().filter(|count| **count > 1).count();
    assert!(twice <= 256 && counts.values().all(|count| *count <= 2), "{twice} were printed twice");
}
