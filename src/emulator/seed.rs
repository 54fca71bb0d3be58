//! Repeatable random numbers: one for every (seed, subject, n), the same on every machine.

/// The seed of one emulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(pub(super) u64);

impl Seed {
    /// The n-th random number about a subject.
    pub(super) fn next_u64(self, subject: &str, n: u64) -> u64 {
        let about = subject.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        mixed(mixed(self.0 ^ about).wrapping_add(n))
    }

    /// The id of the n-th project: `EMU`, so that it can't be mistaken for a paid render, and 13 letters and digits.
    pub(super) fn project_id(self, n: u64) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let letter = |place: u64| {
            let next_u64 = self.next_u64("project", n.wrapping_mul(13).wrapping_add(place));
            char::from(LETTERS[usize::try_from(next_u64 % 62).unwrap_or(0)])
        };
        "EMU".chars().chain((0..13).map(letter)).collect()
    }
}

/// The finaliser of `SplitMix64`: every bit of the input affects every bit of the output.
fn mixed(number: u64) -> u64 {
    let one = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let two = (one ^ (one >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let three = (two ^ (two >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    three ^ (three >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_well_formed_and_all_different() {
        let ids: HashSet<String> = (0..10_000).map(|n| Seed(7).project_id(n)).collect();
        assert_eq!(ids.len(), 10_000);
        assert!(ids.iter().all(|id| id.len() == 16 && id.starts_with("EMU") && id.bytes().all(|byte| byte.is_ascii_alphanumeric())));
    }

    #[test]
    fn the_same_seed_names_the_same_projects() {
        assert_eq!(Seed(7).project_id(3), Seed(7).project_id(3));
        assert_ne!(Seed(7).project_id(3), Seed(8).project_id(3));
    }
}
