//! What each row has to have for itself: its key, and the file that its video is saved in.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::recipe::{Fault, Made, Recipe};
use crate::service::filename::video_name;

/// The names that rows have taken so far: of each a hash and the row, since there may be a million of them.
#[derive(Default)]
pub(super) struct Names {
    keys: HashMap<u128, u64>,
    files: HashMap<u128, u64>,
}

impl Names {
    /// Takes the names of a row.
    ///
    /// # Errors
    /// When another row has one of them already.
    pub(super) fn take(&mut self, number: u64, made: &Made, recipe: &Recipe) -> Result<(), Fault> {
        let item = &made.item;
        if let Some(first) = take(&mut self.keys, item.key.as_str(), number) {
            let why = format!("its key {} is that of row {first}, too", item.key);
            return Err(Fault::Row { kind: "key", why, help: "each row needs a key of its own; a pattern of several columns can be one" });
        }
        let stem = item.stem.as_deref().unwrap_or(item.key.as_str());
        if recipe.saves
            && let Some(first) = take(&mut self.files, &video_name(stem, 1), number)
        {
            let why = format!("its video would be saved as {}, and so would that of row {first}", video_name(stem, 1));
            return Err(Fault::Row { kind: "file", why, help: "--name with the column that tells them apart" });
        }
        Ok(())
    }
}

/// Takes a name; tells who has it already.
fn take(taken: &mut HashMap<u128, u64>, name: &str, number: u64) -> Option<u64> {
    let hash = Sha256::digest(name.as_bytes()).iter().take(16).fold(0, |sum: u128, byte| (sum << 8) | u128::from(*byte));
    let first = *taken.entry(hash).or_insert(number);
    (first != number).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_once() {
        let mut taken = HashMap::new();
        let rows = [("a", 2), ("b", 3), ("a", 4)];
        assert_eq!(rows.map(|(name, number)| take(&mut taken, name, number)), [None, None, Some(2)]);
    }
}
