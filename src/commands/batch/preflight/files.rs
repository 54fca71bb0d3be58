//! The files that the movies of rows name, each content once, and their URLs.

use std::path::PathBuf;

use super::super::super::Call;
use super::super::super::uploads::{LocalFiles, UploadMode, folder_of, folders, located};
use crate::movie::json::Span;
use crate::movie::{Document, local_references, with_urls};

/// The files of the movies of rows. A path is relative to the file that it is written in: the movie, or the table.
pub(super) struct RowFiles {
    files: LocalFiles,
    written_in: WrittenIn,
}

/// Folders: of the movie's sources, and of the table.
struct WrittenIn {
    sources: Vec<PathBuf>,
    table: PathBuf,
}

impl WrittenIn {
    fn path(&self, path: &str, span: Span) -> PathBuf {
        located(Some(self.sources.get(usize::from(span.source)).unwrap_or(&self.table)), path)
    }
}

impl RowFiles {
    /// No files yet, of a movie with this base and of a table with this name.
    pub(super) fn new(base: &Document, table: &str) -> Self {
        let written_in = WrittenIn { sources: folders(base), table: folder_of(table) };
        Self { files: LocalFiles::default(), written_in }
    }

    /// Records the files that the movie of a row names. Returns the reason for each that can't be uploaded.
    pub(super) fn take(&mut self, movie: &Document, folder: &str) -> Vec<String> {
        let references = local_references(movie).into_iter();
        let refused =
            references.filter_map(|reference| self.files.take_path(self.written_in.path(&reference.path, reference.span), folder).err());
        refused.collect()
    }

    /// Looks up the URLs, as far as the mode allows.
    ///
    /// # Errors
    /// When a file can't be uploaded.
    pub(super) async fn learn(&mut self, call: &Call, mode: UploadMode) -> anyhow::Result<()> {
        if self.files.is_empty() { Ok(()) } else { self.files.learn(call, mode).await }
    }

    /// The movie of a row with URLs in the places of its files.
    pub(super) fn swapped(&self, movie: Document) -> Document {
        with_urls(movie, &mut |path, span| self.files.url(&self.written_in.path(path, span)))
    }
}
