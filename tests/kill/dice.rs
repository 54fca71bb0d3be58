//! Random numbers from a seed: the same seed gives the same numbers.

/// See <https://prng.di.unimi.it/splitmix64.c>: one addition and one mixing per number.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The random numbers of this seed; each `nth` of a seed has its own.
    pub(crate) fn of(seed: u64, nth: u64) -> Self {
        Self(seed.wrapping_mul(0xd134_2543_de82_ef95).wrapping_add(nth))
    }

    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `most`.
    pub(crate) fn below(&mut self, most: u64) -> u64 {
        self.next_u64() % most
    }

    /// One of these items.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).unwrap()]
    }
}
