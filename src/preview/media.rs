//! The files of the pictures, each once, in the order of the movie. The page refers to them by number.

use std::collections::HashMap;

use serde::Serialize;

/// A file of the movie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Media {
    /// Its address, as the movie writes it.
    pub url: String,
    /// Its assumed kind: `image`, `video`, `audio`, `mask`.
    pub kind: &'static str,
}

/// The files so far.
#[derive(Debug, Default)]
pub(super) struct MediaList {
    files: Vec<Media>,
    known: HashMap<String, usize>,
}

impl MediaList {
    /// Adds a file and returns its number.
    pub(super) fn add(&mut self, url: &str, kind: &'static str) -> usize {
        if let Some(index) = self.known.get(url) {
            return *index;
        }
        let index = self.files.len();
        self.files.push(Media { url: url.to_owned(), kind });
        self.known.insert(url.to_owned(), index);
        index
    }

    /// All files.
    pub(super) fn into_files(self) -> Vec<Media> {
        self.files
    }
}
