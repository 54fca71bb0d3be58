//! The files and snippets that the page may request, by number. Nothing else can be requested.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::file::Origin;

/// The most entries kept, for a page that stays open for days while a movie is edited.
const MOST: usize = 50_000;

/// What the page may request.
#[derive(Debug, Default)]
pub struct Shelf {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    files: Numbered<Origin>,
    pages: Numbered<String>,
}

/// Entries and their numbers.
#[derive(Debug)]
struct Numbered<T> {
    all: Vec<T>,
    known: HashMap<T, usize>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { all: Vec::new(), known: HashMap::new() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Numbered<T> {
    fn put(&mut self, thing: T) -> usize {
        if let Some(number) = self.known.get(&thing) {
            return *number;
        }
        if self.all.len() < MOST {
            self.known.insert(thing.clone(), self.all.len());
            self.all.push(thing);
        }
        self.all.len() - 1
    }
}

impl Shelf {
    /// Adds a file and returns its number.
    pub fn put_file(&self, origin: Origin) -> usize {
        self.kept().files.put(origin)
    }

    /// Adds a snippet and returns its number.
    pub fn put_page(&self, html: &str) -> usize {
        self.kept().pages.put(html.to_owned())
    }

    /// The file with a number.
    #[must_use]
    pub fn file(&self, number: usize) -> Option<Origin> {
        self.kept().files.all.get(number).cloned()
    }

    /// The snippet with a number.
    #[must_use]
    pub fn page(&self, number: usize) -> Option<String> {
        self.kept().pages.all.get(number).cloned()
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::Folder;
    use super::*;

    #[test]
    fn a_file_keeps_its_number_and_what_was_never_put_there_has_none() {
        let shelf = Shelf::default();
        let [logo, photo] = ["https://cdn.example/logo.png", "./photo.jpg"].map(|address| Folder::default().origin(address));
        assert_eq!([shelf.put_file(logo.clone()), shelf.put_file(photo), shelf.put_file(logo)], [0, 1, 0]);
        assert!(shelf.file(2).is_none() && shelf.page(0).is_none());
    }
}
