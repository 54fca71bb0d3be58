//! The emulator's clock: the machine's, or with a seed one that starts at a fixed time and runs at the same speed.
//!
//! With a folder, the start is stored there, so that the emulators of one folder agree on the time.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::world::{Timestamp, World};

/// The time of a seeded clock at its start: 2026-01-15T12:00:00.000Z.
const START: i64 = 1_768_478_400_000;

/// The emulator's time.
#[derive(Clone)]
pub(super) struct Clock {
    world: World,
    ahead: i64,
}

impl Clock {
    /// The machine's clock, or a seeded one.
    pub(super) fn open(world: World, seeded: bool, folder: Option<&Path>) -> io::Result<Self> {
        if !seeded {
            return Ok(Self { world, ahead: 0 });
        }
        let started = match folder {
            Some(folder) => kept(&folder.join("clock"), world.now())?,
            None => world.now(),
        };
        Ok(Self { world, ahead: START.saturating_sub(started.0) })
    }

    /// The time now.
    pub(super) fn now(&self) -> Timestamp {
        Timestamp(self.world.now().0.saturating_add(self.ahead))
    }
}

/// The time in the file; a new or damaged file gets `now`.
fn kept(path: &Path, now: Timestamp) -> io::Result<Timestamp> {
    match fs::read_to_string(path) {
        Ok(text) => {
            if let Some(started) = Timestamp::from_iso(&text) {
                return Ok(started);
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::write(path, now.to_iso())?;
    Ok(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seeded_clock_starts_at_the_same_moment_always() {
        let clock = Clock::open(World::real(), true, None).unwrap();
        assert!(clock.now().to_iso().starts_with("2026-01-15T12:0"));
    }

    #[test]
    fn emulators_of_one_folder_agree_on_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = Clock::open(World::real(), true, Some(folder.path())).unwrap();
        let second = Clock::open(World::real(), true, Some(folder.path())).unwrap();
        assert_eq!(first.ahead, second.ahead);
    }
}
