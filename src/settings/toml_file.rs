//! A file of settings in TOML. A part that can't be parsed is refused with its place.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use crate::input::{self, InputError};
use crate::limits::SETTINGS;
use crate::movie::diagnostic::{Position, Source, excerpt};
use crate::near::suggestion;

/// A file as it is written.
pub(super) struct TomlFile {
    path: PathBuf,
    source: Source,
}

/// Why a file can't be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}{}: {what}", path.display(), at.map(|at| format!(":{at}")).unwrap_or_default())]
pub(crate) struct TomlError {
    path: PathBuf,
    at: Option<Position>,
    what: String,
}

impl TomlError {
    /// What is wrong, without the place.
    pub(super) fn what(&self) -> &str {
        &self.what
    }
}

impl TomlFile {
    /// Reads the file; `None` where it doesn't exist.
    pub(super) fn read(path: &Path) -> Result<Option<Self>, TomlError> {
        let failed = |what: String| TomlError { path: path.to_owned(), at: None, what };
        match input::read_file(path, SETTINGS) {
            Ok(bytes) => {
                let text = String::from_utf8(bytes).map_err(|_| failed("it is not UTF-8 text".to_owned()))?;
                Ok(Some(Self::new(path, text)))
            }
            Err(InputError::Missing) => Ok(None),
            Err(why) => Err(failed(why.to_string())),
        }
    }

    /// The text at a path.
    pub(super) fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), source: Source::new("", text) }
    }

    /// The text as it is written.
    pub(super) fn into_text(self) -> String {
        self.source.text
    }

    /// The content of the file.
    pub(super) fn table(&self) -> Result<DeTable<'_>, TomlError> {
        DeTable::parse(&self.source.text).map(Spanned::into_inner).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            self.wrong(start, format!("this is not TOML: {}", error.message().replace('\n', ", ")))
        })
    }

    /// The line that contains a byte.
    pub(super) fn line(&self, at: usize) -> usize {
        self.position(at).line
    }

    /// Refuses the file because of the text at a byte.
    pub(super) fn wrong(&self, at: usize, what: String) -> TomlError {
        TomlError { path: self.path.clone(), at: Some(self.position(at)), what }
    }

    /// Refuses the file because of a line.
    pub(super) fn wrong_in_line(&self, line: usize, what: String) -> TomlError {
        TomlError { path: self.path.clone(), at: Some(Position { line, column: 1 }), what }
    }

    /// Refuses an unknown setting.
    pub(super) fn unknown(&self, at: usize, name: &str, known: &[&str]) -> TomlError {
        let name = excerpt(name);
        self.wrong(at, format!("unknown setting `{name}`{}", suggestion(&name, known.iter().copied())))
    }

    fn position(&self, at: usize) -> Position {
        self.source.position(u32::try_from(at).unwrap_or(u32::MAX))
    }
}
