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
    /// Files that are not shown, and why.
    refused: HashMap<String, String>,
    /// The sentences about those that were added since the last look.
    met: Vec<String>,
}

impl MediaList {
    /// An empty list that knows which files are not shown.
    pub(super) fn without(refused: &HashMap<String, String>) -> Self {
        Self { refused: refused.clone(), ..Self::default() }
    }

    /// Why a file is not shown; `None` if it is.
    pub(super) fn refusal(&self, url: &str) -> Option<String> {
        self.refused.get(url).map(|why| format!("{url} {why}"))
    }

    /// Why files that were added since the last look are not shown.
    pub(super) fn take_refusals(&mut self) -> Vec<String> {
        std::mem::take(&mut self.met)
    }

    /// Adds a file and returns its number.
    pub(super) fn add(&mut self, url: &str, kind: &'static str) -> usize {
        self.met.extend(self.refusal(url));
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
