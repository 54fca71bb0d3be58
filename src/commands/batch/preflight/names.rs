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
    /// The same without the difference between upper and lower case.
    without_case: HashMap<u128, u64>,
}

impl Names {
    /// Records the names of a row; returns the fault when another row has one of them already.
    pub(super) fn take(&mut self, number: u64, key: &Key, stem: &str, recipe: &Recipe) -> Option<Remark> {
        if let Some(first) = take(&mut self.keys, key.as_str(), number) {
            let help = "each row needs a key of its own; several columns can make one: --key '{id}-{city}'";
            let fault = Remark::fault("key", number, format!("key {key} is already used by row {first}"), help);
            return Some(recipe.in_key_column(fault));
        }
        if !recipe.saves {
            return None;
        }
        let file = video_name(stem, 1);
        let fault = |kind, message| Remark::fault(kind, number, message, "use --name with a column that differs between them");
        if let Some(first) = take(&mut self.files, &file, number) {
            return Some(fault("file", format!("its video would be saved as {file}, like that of row {first}")));
        }
        let first = take(&mut self.without_case, &file.to_lowercase(), number)?;
        let fault = fault("case", format!("its video {file} and that of row {first} are one file on macOS and Windows"));
        Some(if IGNORES_CASE { fault } else { fault.into_warning() })
    }
}

/// Whether file names that differ only in case are usually one file here: then the second video has no place. Elsewhere the
/// folder may be copied to such a system, which is no reason to stop a row.
const IGNORES_CASE: bool = cfg!(any(target_os = "macos", windows));

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
