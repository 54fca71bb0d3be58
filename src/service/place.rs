//! The file in which `--download PLACE` saves a video (`contract.md#waiting`).

use std::io;
use std::path::{Path, PathBuf};

/// The file for a video: `place/name` if `place` is an existing folder or ends with a separator (the folder is then
/// made); else `place` itself. Links in `place` are the user's own choice.
///
/// # Errors
/// When the folder can't be made.
pub fn target(place: &Path, name: &str) -> io::Result<PathBuf> {
    if ends_like_a_folder(place) {
        std::fs::create_dir_all(place)?;
    }
    Ok(if is_folder(place) { place.join(name) } else { place.to_owned() })
}

/// Whether `place` can hold several videos: an existing folder, or one that is to be made.
#[must_use]
pub fn is_folder(place: &Path) -> bool {
    ends_like_a_folder(place) || place.is_dir()
}

/// The place independent of the working directory: the form that is stored.
#[must_use]
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A stored place, relative to the working directory.
#[must_use]
pub fn here(path: &Path) -> PathBuf {
    let folder = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&folder).unwrap_or(path).to_owned()
}

fn ends_like_a_folder(place: &Path) -> bool {
    place.to_string_lossy().ends_with(std::path::is_separator)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_receives_the_video_and_anything_else_is_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        assert_eq!(target(root, "p.mp4").unwrap(), root.join("p.mp4"));
        let new = root.join("new/deep/");
        assert_eq!(target(&new, "p.mp4").unwrap(), new.join("p.mp4"));
        assert!(new.is_dir());
        assert_eq!(target(&root.join("film.mp4"), "p.mp4").unwrap(), root.join("film.mp4"));
        assert!(!root.join("film.mp4").exists());
    }
}
