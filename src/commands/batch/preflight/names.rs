//! The names that must be unique among the rows: the key, and the file of the video.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::recipe::Recipe;
use super::remark::Remark;
use crate::render::identity::Key;
use crate::service::filename::video_name;

/// The names of the rows so far: for each a hash and the row, since there may be a million of them.
#[derive(Default)]
pub(super) struct Names {
    keys: HashMap<u128, u64>,
    files: HashMap<u128, u64>,
}

impl Names {
    /// Records the names of a row; returns the fault when another row has one of them already.
    pub(super) fn take(&mut self, number: u64, key: &Key, stem: &str, recipe: &Recipe) -> Option<Remark> {
        if let Some(first) = take(&mut self.keys, key.as_str(), number) {
            let help = "each row needs a key of its own; a pattern of several columns can be one";
            let fault = Remark::fault("key", number, format!("key {key} is already used by row {first}"), help);
            return Some(recipe.in_key_column(fault));
        }
        if !recipe.saves {
            return None;
        }
        let file = video_name(stem, 1);
        let first = take(&mut self.files, &file, number)?;
        let message = format!("its video would be saved as {file}, like that of row {first}");
        Some(Remark::fault("file", number, message, "use --name with a column that differs between them"))
    }
}

/// Records a name; returns the row that has it already.
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
