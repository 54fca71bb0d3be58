//! Decides which fault applies to which request: counts how often each has occurred, and draws the seed's random numbers.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::{Fault, Place};
use crate::emulator::seed::Seed;

/// The faults of the whole emulator, and how often every fault, including those of a movie, has occurred.
pub(in crate::emulator) struct Injector {
    faults: Vec<Fault>,
    seed: Seed,
    tallies: Mutex<HashMap<String, Tally>>,
}

#[derive(Default)]
struct Tally {
    met: u64,
    struck: u32,
}

impl Injector {
    /// Applies these faults to every movie.
    pub(in crate::emulator) fn new(faults: Vec<Fault>, seed: Seed) -> Self {
        Self { faults, seed, tallies: Mutex::default() }
    }

    /// The fault of a request at this place: one of the movie's own, counted under its name, or one of the emulator's.
    pub(in crate::emulator) fn due(&self, place: Place, movie: &str, own: &[Fault]) -> Option<Fault> {
        let here = |fault: &&Fault| fault.info.place == place;
        let first = own.iter().filter(here).find(|fault| self.strikes(movie, fault));
        first.or_else(|| self.faults.iter().filter(here).find(|fault| self.strikes("", fault))).cloned()
    }

    /// The faults that a new movie gets for life, from those of the whole emulator.
    pub(in crate::emulator) fn for_life(&self) -> Vec<Fault> {
        let render = self.faults.iter().filter(|fault| fault.info.place == Place::Render);
        render.filter(|fault| self.strikes("", fault)).cloned().collect()
    }

    /// Resets every count.
    pub(in crate::emulator) fn reset(&self) {
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn strikes(&self, owner: &str, fault: &Fault) -> bool {
        let name = format!("{owner} {fault}");
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(name.clone()).or_default();
        tally.met += 1;
        let lucky = fault.percent().is_none_or(|percent| self.seed.next_u64(&name, tally.met) % 100 < u64::from(percent));
        let strikes = lucky && fault.count().is_none_or(|count| tally.struck < count);
        tally.struck += u32::from(strikes);
        strikes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        Fault::parse(text).unwrap()
    }

    fn strikes(injector: &Injector, times: usize) -> usize {
        (0..times).filter(|_| injector.due(Place::Get, "", &[]).is_some()).count()
    }

    #[test]
    fn a_counted_fault_strikes_so_often_and_no_more() {
        assert_eq!(strikes(&Injector::new(vec![fault("get-hang*3")], Seed(1)), 10), 3);
    }

    #[test]
    fn a_fault_of_all_and_none_percent_strikes_always_and_never() {
        assert_eq!(strikes(&Injector::new(vec![fault("get-hang%100")], Seed(1)), 50), 50);
        assert_eq!(strikes(&Injector::new(vec![fault("get-hang%0")], Seed(1)), 50), 0);
    }

    #[test]
    fn the_same_seed_strikes_the_same_requests() {
        let struck = |seed| {
            let injector = Injector::new(vec![fault("get-hang%50")], Seed(seed));
            (0..64).map(|_| injector.due(Place::Get, "", &[]).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(struck(1), struck(1));
        assert_ne!(struck(1), struck(2));
    }

    #[test]
    fn the_counts_of_two_movies_are_apart() {
        let (injector, own) = (Injector::new(Vec::new(), Seed(1)), [fault("get-hang*1")]);
        assert!(injector.due(Place::Get, "one", &own).is_some());
        assert!(injector.due(Place::Get, "one", &own).is_none());
        assert!(injector.due(Place::Get, "two", &own).is_some());
    }

    #[test]
    fn a_fault_of_another_place_is_left_alone() {
        assert!(Injector::new(vec![fault("post-hang")], Seed(1)).due(Place::Get, "", &[]).is_none());
    }
}
